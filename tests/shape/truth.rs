//! The truth, by the kernel alone.

use crate::dut::Dut;
use std::collections::BTreeSet;

/// Anonymous pages that [`COMMAND`] touches at least: 16 MiB.
const PAGES: u64 = (16 << 20) / 4096;

/// A first process with children, of which one holds [`PAGES`]; it ends at once when told to.
pub(crate) const COMMAND: &str =
    r#"["sh", "-c", "trap 'exit 0' TERM; dd if=/dev/zero bs=16M | sleep 1000 & wait"]"#;

/// What the kernel holds for one container.
#[derive(Debug)]
pub(crate) struct Held {
    /// Ids of all its threads.
    pub(crate) threads: BTreeSet<u32>,
    /// CPUs and memory nodes of its cgroup and of each thread.
    sets: Vec<(BTreeSet<u32>, BTreeSet<u32>)>,
    /// Anonymous pages of each process on NUMA nodes 0 and 1.
    pages: Vec<[u64; 2]>,
}

/// Numbers of a set in the kernel's list format: `0-2,5`.
fn set(list: &str) -> BTreeSet<u32> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let [first, last] = [first, last].map(|end| end.parse::<u32>().expect("a number"));
        first..=last
    };
    list.split(',').flat_map(range).collect()
}

impl Dut {
    /// What the kernel holds for a container that runs.
    #[track_caller]
    pub(crate) fn held(&self, container: &str) -> Held {
        let answer = self.script(include_str!("truth.sh"), &[container]).exits(0);
        let mut held = Held { threads: BTreeSet::new(), sets: Vec::new(), pages: Vec::new() };
        for line in answer.stdout.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let number = |word: usize| words[word].parse().expect("a number");
            match words[0] {
                "cgroup" => held.sets.push((set(words[1]), set(words[2]))),
                "thread" => {
                    held.threads.insert(words[1].parse().expect("a number"));
                    held.sets.push((set(words[2]), set(words[3])));
                }
                _ => held.pages.push([number(2), number(3)]),
            }
        }
        assert!(held.threads.len() >= 3, "no children in {held:?}");
        held
    }

    /// The container has exactly these CPUs and the memory of NUMA node 1, thread by thread.
    #[track_caller]
    pub(crate) fn holds(&self, container: &str, cpus: &[u32]) -> Held {
        let held = self.held(container);
        let wanted = (cpus.iter().copied().collect(), BTreeSet::from([1]));
        let wrong = held.sets.iter().find(|found| **found != wanted);
        assert_eq!(wrong, None, "{container}: wanted {wanted:?} in {held:?}");
        assert!(held.pages.iter().all(|[elsewhere, _]| *elsewhere == 0), "{container}: {held:?}");
        assert!(held.pages.iter().any(|[_, here]| *here >= PAGES), "{container}: {held:?}");
        held
    }

    /// What containers could leave behind, one item a line.
    pub(crate) fn traces(&self) -> String {
        let all = self.script(include_str!("../lab/traces"), &["processes"]).exits(0).stdout;
        // systemd's own services come and go: a machine's first and last, a restart of the journal.
        let is_systemds = |line: &&str| {
            ["process systemd-", "cgroup system.slice/systemd-"]
                .iter()
                .any(|own| line.starts_with(own))
        };
        let lines = all.lines().filter(|line| !is_systemds(line));
        lines.fold(String::new(), |all, line| all + line + "\n")
    }

    /// Nothing is left and nothing is gone; a process may take a moment to end.
    #[track_caller]
    pub(crate) fn is_as(&self, before: &str) {
        let mut now = self.traces();
        for _ in 0..5 {
            if now == before {
                return;
            }
            now = self.traces();
        }
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        let (before, now) = (lines(before), lines(&now));
        let changed: Vec<_> = before.symmetric_difference(&now).collect();
        assert!(changed.is_empty(), "left or gone: {changed:?}");
        panic!("lines of traces twice or missing");
    }
}
