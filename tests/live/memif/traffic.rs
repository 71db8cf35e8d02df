//! Packets through chains of testpmd, counted by its own counters.

use crate::support::{Bed, Engine, Group, On, text};
use std::time::{Duration, Instant};

/// Gives the testpmd of a container a command.
pub(crate) const CTL: &str = "/var/lib/vnfctl/testpmd-ctl";

/// A group with testpmd; `app` = further keys of the app.
pub(crate) fn testpmd(name: &str, engine: Engine, app: &str) -> Group {
    let comma = if app.is_empty() { "" } else { ", " };
    let app = format!("{{ kind = \"testpmd\", memory_mib = 64{comma}{app} }}");
    // On both CPUs of the DUT: so many that poll have little time on one.
    Group::new(name, engine)
        .key("cpu_skip", name.len() % 2)
        .without("command")
        .key("app", app)
        .key("image", text("live-testpmd"))
        .key("image_file", text("node:/lab-images/testpmd.tar"))
}

/// The testpmds of one node.
pub(crate) struct Traffic<'a> {
    bed: &'a Bed,
    on: &'a On<'a>,
    node: &'a str,
}

impl<'a> Traffic<'a> {
    pub(crate) fn new(bed: &'a Bed, on: &'a On<'a>, node: &'a str) -> Self {
        Self { bed, on, node }
    }

    #[track_caller]
    fn tells(&self, short: &str, command: &str) -> String {
        let container = format!("{}-{}_{short}", self.bed.name, self.node);
        self.on.args(&["exec", &container, "--", CTL, command]).exits(0).stdout
    }

    /// Received and sent packets of each port.
    #[track_caller]
    pub(crate) fn counted(&self, short: &str) -> Vec<[u64; 2]> {
        let text = self.tells(short, "show port stats all");
        let all = |what: &str| -> Vec<u64> {
            let lines = text.lines().filter_map(|line| line.trim().strip_prefix(what));
            let words = lines.filter_map(|line| line.split_whitespace().next());
            words.map(|word| word.parse().expect("a number")).collect()
        };
        all("RX-packets:").into_iter().zip(all("TX-packets:")).map(|(rx, tx)| [rx, tx]).collect()
    }

    /// Sends from every port of one container, less at a time than a ring holds, until all of it
    /// has arrived at another. Returns what every port has sent.
    #[track_caller]
    pub(crate) fn sends(&self, from: &str, to: &str, times: u32) -> u64 {
        let received = |short: &str| self.counted(short).iter().map(|[rx, _]| *rx).collect();
        let transmitted = || self.counted(from).iter().map(|[_, tx]| *tx).collect::<Vec<u64>>();
        let (earlier, before): (Vec<u64>, Vec<u64>) = (received(to), transmitted());
        for _ in 0..times {
            let said = self.tells(from, "stop\nstart tx_first 10");
            assert!(said.contains("packet forwarding - ports="), "{said}");
            let sent: Vec<u64> =
                transmitted().iter().zip(&before).map(|(tx, old)| tx - old).collect();
            assert!(sent.iter().all(|sent| *sent > 0), "{sent:?}");
            let since = Instant::now();
            loop {
                let now: Vec<u64> = received(to);
                let arrived: Vec<u64> =
                    now.iter().zip(&earlier).map(|(rx, old)| rx - old).collect();
                if arrived == sent {
                    break;
                }
                assert!(arrived.iter().zip(&sent).all(|(got, sent)| got <= sent), "{arrived:?}");
                if since.elapsed() > Duration::from_secs(30) {
                    let counters = self.on.args(&["exec", "--", CTL, "show port stats all"]);
                    let logs = self.on.run("logs");
                    panic!("{arrived:?} of {sent:?} arrived\n{counters}\n{logs}");
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        transmitted()[0] - before[0]
    }
}
