//! Packets through chains of testpmd, counted by its own counters.

use crate::support::{Bed, Ended, Engine, Group, On, text};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Gives the testpmd of a container a command.
pub(crate) const CTL: &str = "/var/lib/vnfctl/testpmd-ctl";

/// Says the pid of the testpmd of a container.
const PID: &str = "echo pid $(cat /var/lib/vnfctl/testpmd/pid)";

/// Until all has arrived.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// Received and sent packets of each port.
type Counts = Vec<[u64; 2]>;

/// The testpmds of one node.
pub(crate) struct Traffic<'a> {
    bed: &'a Bed,
    on: &'a On<'a>,
    node: &'a str,
}

/// What passed while a generator sent.
#[derive(Debug)]
pub(crate) struct Passed {
    /// By every port of the generator.
    pub(crate) sent: u64,
    counts: BTreeMap<String, Counts>,
}

impl Passed {
    /// Received and sent meanwhile by each port of a container.
    #[track_caller]
    pub(crate) fn by(&self, short: &str) -> &[[u64; 2]] {
        self.counts.get(short).expect("a container of this node")
    }
}

/// A testpmd: its pid, its counters.
#[derive(Debug, PartialEq, Eq, Default)]
struct Seen {
    pid: String,
    counts: Counts,
}

impl<'a> Traffic<'a> {
    pub(crate) fn new(bed: &'a Bed, on: &'a On<'a>, node: &'a str) -> Self {
        Self { bed, on, node }
    }

    /// Sends from every port of one container, less at a time than a ring holds, until all of it
    /// has arrived at another. DPDK's driver may crash when peers come and go: what was measured
    /// while a testpmd was started anew is measured again.
    #[track_caller]
    pub(crate) fn sends(&self, from: &str, to: &str, times: u32) -> Passed {
        let mut trouble = String::new();
        for _ in 0..3 {
            self.settles();
            let lives = self.lives();
            match self.measured(from, to, times) {
                Ok(passed) if self.lives() == lives => return passed,
                measured => trouble = format!("{measured:?}"),
            }
            assert_ne!(self.lives(), lives, "no testpmd was started anew\n{trouble}");
            tell(&format!("measured again, as a testpmd was started anew meanwhile\n{trouble}"));
        }
        panic!("a testpmd was started anew each time\n{trouble}");
    }

    /// Waits until all is as it should be, where a testpmd was started anew after the last verb.
    #[track_caller]
    fn settles(&self) {
        let since = Instant::now();
        loop {
            let proof = self.on.run("verify");
            if proof.code == 0 {
                return;
            }
            tell(&format!("not yet as it should be: {proof}"));
            assert!(since.elapsed() < PATIENCE, "{proof}\n{}", self.on.run("logs"));
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    fn measured(&self, from: &str, to: &str, times: u32) -> Result<Passed, String> {
        let before = self.seen()?;
        let mut sent = 0;
        for _ in 0..times {
            let said = self.tells(from, "stop\nstart tx_first 10")?;
            if !said.contains("packet forwarding - ports=") {
                return Err(said);
            }
            let since = Instant::now();
            loop {
                let passed = since_then(&before, &self.seen()?)?;
                let all: Vec<u64> = passed[from].iter().map(|[_, sent]| *sent).collect();
                let arrived: Vec<u64> = passed[to].iter().map(|[received, _]| *received).collect();
                if all.iter().any(|now| *now != all[0] || *now <= sent) {
                    return Err(format!("{all:?} sent after {sent}"));
                }
                if arrived == all {
                    sent = all[0];
                    break;
                }
                if since.elapsed() > PATIENCE || arrived.iter().zip(&all).any(|(to, of)| to > of) {
                    let logs = self.on.run("logs");
                    return Err(format!("{arrived:?} of {all:?} arrived\n{passed:#?}\n{logs}"));
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        let counts = since_then(&before, &self.seen()?)?;
        Ok(Passed { sent, counts })
    }

    fn tells(&self, short: &str, command: &str) -> Result<String, String> {
        let container = format!("{}-{}_{short}", self.bed.name, self.node);
        let ended = self.on.args(&["exec", &container, "--", CTL, command]);
        if ended.code == 0 { Ok(ended.stdout) } else { Err(ended.to_string()) }
    }

    /// Every testpmd of the node, by its short name.
    fn seen(&self) -> Result<BTreeMap<String, Seen>, String> {
        let ended = self.inside(&format!("{PID}; {CTL} show port stats all"));
        if ended.code != 0 {
            return Err(ended.to_string());
        }
        let mut all: BTreeMap<String, Seen> = BTreeMap::new();
        for (short, line) in self.lines(&ended.stdout) {
            let seen = all.entry(short.to_owned()).or_default();
            let number = |rest: &str| -> u64 {
                let word = rest.split_whitespace().next().expect("a number");
                word.parse().expect("a number")
            };
            if let Some(pid) = line.strip_prefix("pid ") {
                pid.clone_into(&mut seen.pid);
            } else if let Some(rest) = line.strip_prefix("RX-packets:") {
                seen.counts.push([number(rest), 0]);
            } else if let Some(rest) = line.strip_prefix("TX-packets:") {
                seen.counts.last_mut().expect("RX comes first")[1] = number(rest);
            }
        }
        Ok(all)
    }

    /// The pid of every testpmd that runs.
    fn lives(&self) -> Vec<String> {
        let ended = self.inside(PID);
        let pids = self.lines(&ended.stdout).map(|(short, line)| format!("{short} {line}"));
        let mut pids: Vec<String> = pids.collect();
        pids.sort();
        pids
    }

    /// Runs a script in every container of the node.
    fn inside(&self, script: &str) -> Ended {
        let all = format!("{}-{}_*", self.bed.name, self.node);
        self.on.args(&["exec", &all, "--", "sh", "-c", script])
    }

    /// Short name and text of what they said.
    fn lines<'t>(&self, stdout: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
        let prefix = format!("{}-{}_", self.bed.name, self.node);
        stdout.lines().filter_map(move |line| {
            let (name, line) = line.split_once('|')?;
            Some((name.trim().strip_prefix(&prefix)?, line.trim()))
        })
    }
}

/// What the suite shows of a case that passes, too.
#[expect(clippy::print_stderr, reason = "a crash of the driver is no failure, but is seen")]
fn tell(what: &str) {
    eprintln!("{what}");
}

/// What was counted since `before`, unless a testpmd was started anew.
fn since_then(
    before: &BTreeMap<String, Seen>,
    now: &BTreeMap<String, Seen>,
) -> Result<BTreeMap<String, Counts>, String> {
    let mut all = BTreeMap::new();
    for (short, old) in before {
        let new = now.get(short).filter(|new| new.pid == old.pid);
        let new = new.ok_or_else(|| format!("{short}: another testpmd: {old:?}, {now:?}"))?;
        let mut counts = Counts::new();
        for (new, old) in new.counts.iter().zip(&old.counts) {
            match (new[0].checked_sub(old[0]), new[1].checked_sub(old[1])) {
                (Some(received), Some(sent)) => counts.push([received, sent]),
                _ => return Err(format!("{short}: counts back from {old:?} to {new:?}")),
            }
        }
        all.insert(short.clone(), counts);
    }
    Ok(all)
}
