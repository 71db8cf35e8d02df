//! The script of one watcher: what it is about, as shell words, before the part that all share.

use super::key;
use crate::command::{Command, Secret, quote};
use crate::engine::engine;
use crate::model::{EngineKind, Probe, Question, RestartPolicy, Watch};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::time::Duration;

/// From the stop signal to the end by force, where a probe fails.
const GRACE: Duration = Duration::from_secs(10);

/// What an engine may take to reach into a container, beyond the time of the question.
const REACH: u64 = 5;

/// Something that a restart takes away, and the commands that bring it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// What it is called.
    pub name: String,
    /// Takes away what is left of it.
    pub remove: Command,
    /// Makes it anew.
    pub make: Command,
}

/// One watcher as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchSpec {
    /// Engine of the container.
    pub engine: EngineKind,
    /// Its name.
    pub container: String,
    /// Topology that owns it.
    pub topology: String,
    /// Its group.
    pub group: String,
    /// Probes and policy.
    pub watch: Watch,
    /// File in the container without which nothing runs in it that could be asked.
    pub configured: Option<String>,
    /// Links with an end in its network.
    pub links: Vec<Mend>,
    /// Containers that live in its namespaces: how they are stopped and started.
    pub members: Vec<Mend>,
    /// CPUs the watcher may run on, in the kernel's list format; `None` = all.
    pub cpus: Option<String>,
    /// Values in its commands that are never shown.
    pub secrets: Vec<Secret>,
}

impl WatchSpec {
    /// Tells it from one that was made otherwise.
    pub fn digest(&self) -> String {
        let hash = Sha256::digest(self.script().as_bytes());
        let head: [u8; 8] = hash[..8].try_into().expect("SHA-256 has 32 bytes");
        format!("{:016x}", u64::from_be_bytes(head))
    }

    pub(super) fn about(&self) -> String {
        let Self { topology, group, .. } = self;
        format!("topology {topology}\ngroup {group}\ndigest {}", self.digest())
    }

    /// The whole script.
    pub fn script(&self) -> String {
        let engine = engine(self.engine);
        let name = self.container.as_str();
        let mut text = format!("# The watcher of {}.\n", key(self.engine, name));
        let mut set = |key: &str, value: &str| {
            writeln!(text, "{key}={}", quote(value)).expect("a String takes all text");
        };
        set("policy", self.watch.restart.word());
        set("cpus", self.cpus.as_deref().unwrap_or_default());
        set("first", &engine.first_process(name));
        set("code", &engine.exit_code(name));
        let revives = self.watch.restart != RestartPolicy::No;
        set("start", &if revives { engine.start(name).words() } else { String::new() });
        set("stop", &if revives { engine.stop(name, GRACE).words() } else { String::new() });
        let guard = self.configured.as_ref().map(|file| {
            let argv = ["test", "-e", file].map(str::to_owned);
            engine.administer(name, &argv).words()
        });
        set("guard", &guard.unwrap_or_default());
        for (word, probe) in [("live", &self.watch.probe), ("ready", &self.watch.readiness)] {
            set(word, &probe.as_ref().map(|probe| self.line(probe)).unwrap_or_default());
            let Some(probe) = probe else { continue };
            let seconds = probe.timeout.as_secs();
            let reach = if matches!(probe.question, Question::Exec(_)) { REACH } else { 0 };
            set(&format!("{word}_what"), &probe.question.to_string());
            let numbers = [
                ("seconds", seconds),
                ("limit", seconds + reach),
                ("every", probe.every.as_secs()),
                ("fails", probe.fails.into()),
                ("grace", probe.start.as_secs()),
            ];
            for (key, number) in numbers {
                set(&format!("{word}_{key}"), &number.to_string());
            }
        }
        for (list, verb, all) in
            [("links", "link", &self.links), ("members", "member", &self.members)]
        {
            writeln!(text, "{list}() {{\n\t:").expect("a String takes all text");
            for Mend { name, remove, make } in all.iter().filter(|_| revives) {
                let words = [name, &remove.words(), &make.words()].map(|word| quote(word));
                writeln!(text, "\t{verb} {}", words.join(" ")).expect("a String takes all text");
            }
            text.push_str("}\n");
        }
        text.push_str(include_str!("watch.sh"));
        text
    }

    /// What asks a probe, as a shell line.
    fn line(&self, probe: &Probe) -> String {
        let seconds = probe.timeout.as_secs().to_string();
        let (at, kind, path) = match &probe.question {
            Question::Exec(words) => {
                let head = ["sh", "-c", include_str!("exec.sh"), "vnfctl", &seconds];
                let argv = head.into_iter().map(str::to_owned).chain(words.iter().cloned());
                let argv: Vec<String> = argv.collect();
                return engine(self.engine).exec(&self.container, &argv, false).words();
            }
            Question::Tcp(at) => (at, "tcp", None),
            Question::Http(at, path) => (at, "http", Some(path.clone())),
        };
        let args = [kind.to_owned(), at.ip().to_string(), at.port().to_string(), seconds];
        Command::sh(include_str!("ask.sh"), args.into_iter().chain(path)).words()
    }
}
