//! Locks and reservations of a node: commands out, answers in. Pure; knows neither node nor engine.
//!
//! A lock is a file below `/run/vnfctl`, locked by flock(2) in the hands of a *keeper*: a small
//! process on the node that ends, and so gives the lock up, when the shell of the lane that took it
//! ends, or when nobody renewed its lease. Nothing has to be cleaned up after a run that died. The
//! file says who holds it. A reservation is a file below `/var/lib/vnfctl`, which survives a reboot.

mod answer;
mod reservation;

pub use answer::{Answer, Busy, Holder};
pub use reservation::{Reservation, parse_reservation, query_reservation};

use crate::command::Command;
use std::fmt::Write as _;
use std::time::Duration;

const TOOLS: &str = include_str!("../engine/native/tools.sh");
const PROCESS: &str = include_str!("process.sh");
const STATE: &str = include_str!("state.sh");
const RESERVATION: &str = include_str!("reservation.sh");
const KEEP: &str = concat!(include_str!("process.sh"), include_str!("keep.sh"));

/// How long a lock outlives the last word of its run, where the node cannot see that its lane is
/// dead: a cut wire.
pub const LEASE: Duration = Duration::from_mins(1);

/// How often a run renews its leases.
pub const RENEWAL: Duration = Duration::from_secs(20);

/// What the commands of this module need beyond the time they wait.
const SLACK: Duration = Duration::from_secs(30);

/// What a lock protects. In this order locks are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// One topology's containers on a node: no two runs work on them at once.
    Topology,
    /// The cores of a node: no two runs give cores out at once.
    Node,
}

/// Where locks and reservations lie on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Folder of the locks.
    pub locks: String,
    /// Folder of the reservation.
    pub reservation: String,
}

impl Default for Places {
    fn default() -> Self {
        Self { locks: "/run/vnfctl".into(), reservation: "/var/lib/vnfctl".into() }
    }
}

/// One run that asks for locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    /// A word that no other run has.
    pub run: String,
    /// Who runs it: `user@host`.
    pub owner: String,
    /// Process id of the run on the owner's machine.
    pub pid: u32,
    /// What it does.
    pub verb: String,
    /// For which topology; may be empty.
    pub topology: String,
    /// For whom: this person's reservations are no hindrance. Empty = nobody's are.
    pub person: String,
    /// Where on the node.
    pub places: Places,
    /// See [`LEASE`].
    pub lease: Duration,
}

impl Claimant {
    /// Takes locks, one after the other; waits up to `wait` for each that another run holds.
    /// `shell` is the process id of the lane's shell: with it the locks end. Its output is for
    /// [`Answer::parse`].
    pub fn take(&self, scopes: &[Scope], wait: Duration, shell: Option<u32>) -> Command {
        let mut facts = String::new();
        for (key, value) in [
            ("run", &self.run),
            ("owner", &self.owner),
            ("pid", &self.pid.to_string()),
            ("verb", &self.verb),
            ("topology", &self.topology),
        ] {
            let _ = writeln!(facts, "{key} {}", one_line(value));
        }
        let script = [TOOLS, PROCESS, STATE, RESERVATION, include_str!("take.sh")].concat();
        let args = [
            self.places.locks.clone(),
            self.places.reservation.clone(),
            one_line(&self.person),
            seconds(self.lease),
            seconds(wait),
            shell.map_or_else(|| "-".to_owned(), |shell| shell.to_string()),
            KEEP.to_owned(),
            facts.trim_end().to_owned(),
        ];
        let longest = wait.saturating_mul(u32::try_from(scopes.len()).unwrap_or(1));
        let args = args.into_iter().chain(self.files(scopes));
        Command::sh(script, args).deadline(longest.saturating_add(SLACK))
    }

    /// Gives locks back.
    pub fn release(&self, scopes: &[Scope]) -> Command {
        let script = [TOOLS, PROCESS, STATE, include_str!("release.sh")].concat();
        Command::sh(script, self.of_run(scopes)).deadline(SLACK)
    }

    /// Begins the leases anew. Prints nothing while all of them are held.
    pub fn renew(&self, scopes: &[Scope]) -> Command {
        let script = [PROCESS, STATE, include_str!("renew.sh")].concat();
        Command::sh(script, self.of_run(scopes)).deadline(RENEWAL)
    }

    fn of_run(&self, scopes: &[Scope]) -> Vec<String> {
        let head = [self.places.locks.clone(), self.run.clone()];
        head.into_iter().chain(self.files(scopes)).collect()
    }

    fn files(&self, scopes: &[Scope]) -> Vec<String> {
        let file = |scope: &Scope| match scope {
            Scope::Node => "lock".to_owned(),
            Scope::Topology => format!("lock.{}", file_name(&self.topology)),
        };
        scopes.iter().map(file).collect()
    }
}

/// A name that `--name` may have brought: as it is where it is a topology's name.
fn file_name(name: &str) -> String {
    name.bytes().fold(String::new(), |mut file, byte| {
        if byte.is_ascii_alphanumeric() || b"_-".contains(&byte) {
            file.push(char::from(byte));
        } else {
            let _ = write!(file, "%{byte:02x}");
        }
        file
    })
}

/// Files hold lines of `key value`.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whole seconds, rounded up.
fn seconds(duration: Duration) -> String {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimant(topology: &str) -> Claimant {
        Claimant {
            run: "r1".into(),
            owner: "me@here".into(),
            pid: 7,
            verb: "up".into(),
            topology: topology.into(),
            person: "me@here".into(),
            places: Places::default(),
            lease: LEASE,
        }
    }

    #[test]
    fn the_topology_comes_before_the_node() {
        let command =
            claimant("pair").take(&[Scope::Topology, Scope::Node], Duration::ZERO, Some(12));
        let args: Vec<&str> = command.argv[4..].iter().map(AsRef::as_ref).collect();
        assert_eq!(args[..6], ["/run/vnfctl", "/var/lib/vnfctl", "me@here", "60", "0", "12"]);
        assert_eq!(
            args[7..],
            ["run r1\nowner me@here\npid 7\nverb up\ntopology pair", "lock.pair", "lock"]
        );
    }

    #[test]
    fn no_name_leaves_the_folder_or_its_line() {
        assert_eq!(claimant("../x y").files(&[Scope::Topology]), ["lock.%2e%2e%2fx%20y"]);
        let odd = Claimant { owner: "me\nrun r2".into(), ..claimant("pair") };
        let command = odd.take(&[Scope::Node], Duration::from_millis(1), None);
        let args: Vec<&str> = command.argv[4..].iter().map(AsRef::as_ref).collect();
        assert_eq!(args[4..6], ["1", "-"]);
        assert!(args[7].contains("\nowner me run r2\n"), "{}", args[7]);
    }
}
