//! Packets through chains of testpmd, counted by its own counters.

use crate::support::{Bed, Engine, Group, On, text};
use std::time::{Duration, Instant};

/// Gives the testpmd of a container a command.
pub(crate) const CTL: &str = "/var/lib/vnfctl/testpmd-ctl";

/// Packets per port that one burst of [`Traffic::sends`] sends: less than a ring of 512 holds.
const BURST: u64 = 320;

/// A group with testpmd; `app` = further keys of the app.
pub(crate) fn testpmd(name: &str, engine: Engine, app: &str) -> Group {
    let comma = if app.is_empty() { "" } else { ", " };
    let app = format!("{{ kind = \"testpmd\", memory_mib = 64{comma}{app} }}");
    Group::new(name, engine)
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

    /// Sends bursts from every port of one container until all of each has arrived at another.
    /// Returns what every port has sent.
    #[track_caller]
    pub(crate) fn sends(&self, from: &str, to: &str, bursts: u64) -> u64 {
        let mut wanted: Vec<u64> = self.counted(to).iter().map(|[rx, _]| *rx).collect();
        for _ in 0..bursts {
            let said = self.tells(from, "stop\nstart tx_first 10");
            assert!(said.contains("packet forwarding - ports="), "{said}");
            wanted.iter_mut().for_each(|wanted| *wanted += BURST);
            let since = Instant::now();
            loop {
                let arrived: Vec<u64> = self.counted(to).iter().map(|[rx, _]| *rx).collect();
                if arrived == wanted {
                    break;
                }
                assert!(arrived.iter().zip(&wanted).all(|(got, sent)| got <= sent), "{arrived:?}");
                let late = since.elapsed() > Duration::from_secs(30);
                assert!(
                    !late,
                    "{arrived:?} of {wanted:?} arrived, {from} {:?}",
                    self.counted(from)
                );
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        bursts * BURST
    }
}
