//! Words and values of the command line that need a parser of their own.

use crate::model::Become;
use clap::ValueEnum;
use std::path::PathBuf;
use std::time::Duration;

/// What happens to the rest when a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OnError {
    /// Finish the steps that run, start no more
    #[default]
    Stop,
    /// Go on with everything that does not need the failed step
    KeepGoing,
    /// Take back what this run did, in reverse order
    Rollback,
}

/// Where `up` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, ValueEnum)]
pub enum Until {
    /// Images are present
    Acquire,
    /// Containers run and links are up
    Create,
    /// The software of apps is in them
    Install,
    /// Apps run as configured, ready and connected
    Configure,
    /// Everything was read back from the nodes
    #[default]
    Verify,
}

/// Verbs that have a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
#[expect(missing_docs, reason = "each is the verb of the same name")]
pub enum PlanVerb {
    #[default]
    Up,
    Down,
    Acquire,
    Build,
    Create,
    Install,
    Configure,
    Start,
    Stop,
    Restart,
    Destroy,
}

/// How images are packed on their way between nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Compress {
    /// zstd where both nodes have it and one is not this machine
    #[default]
    Auto,
    /// As they are
    None,
    /// gzip where both nodes have it: for wires slower than 300 Mbit/s
    Gzip,
    /// As auto
    Zstd,
}

/// How `plan` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// One line per step
    Table,
    /// The documented JSON shape
    Json,
    /// A POSIX script per node that does exactly that
    Sh,
}

/// What `import` lets run in the containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportApp {
    /// VPP as vswitch and as NFs
    Vpp,
    /// testpmd as NFs, between a generator and a sink: no vswitch, no NIC
    Testpmd,
}

/// Engines that `import` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "each is the engine of the same name")]
pub enum ImportEngine {
    Native,
    Docker,
    Podman,
    Lxc,
}

/// Shells that completions exist for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "each is the shell of the same name")]
pub enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

/// The saved `lscpu -p` of the nodes that match a glob: `NODE=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineFile {
    /// Glob over node names.
    pub nodes: String,
    /// The file on this machine.
    pub file: PathBuf,
}

/// A variable of the topology file: `NAME=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value; may be empty.
    pub value: String,
}

/// Reads `NODE=FILE`.
pub(super) fn machine_file(text: &str) -> Result<MachineFile, String> {
    match text.split_once('=') {
        Some((nodes, file)) if !nodes.is_empty() && !file.is_empty() => {
            Ok(MachineFile { nodes: nodes.to_owned(), file: file.into() })
        }
        _ => Err("write it as NODE=FILE, e.g. DUT1=dut1.lscpu".to_owned()),
    }
}

/// Reads `NAME=value`; the value may hold anything, `=` included.
pub(super) fn variable(text: &str) -> Result<Variable, String> {
    match text.split_once('=') {
        Some((name, value)) if crate::command::is_variable_name(name) => {
            Ok(Variable { name: name.to_owned(), value: value.to_owned() })
        }
        Some((name, _)) => Err(format!("`{name}` is not a variable name")),
        None => Err("write it as NAME=value".to_owned()),
    }
}

/// Reads a duration: `90s`, `5m`, `1h 30m`, or a bare number of seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.trim().parse() {
        return Ok(Duration::from_secs(seconds));
    }
    humantime::parse_duration(text).map_err(|error| format!("{error}; e.g. 90s, 5m, 1h 30m"))
}

/// Reads a duration longer than nothing.
pub(super) fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("it must be longer than nothing".to_owned()),
        duration => Ok(duration),
    }
}

/// Reads a flag's environment variable; an empty one is an absent one.
pub(super) fn flag(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "y" | "t" => Ok(true),
        "" | "0" | "false" | "no" | "off" | "n" | "f" => Ok(false),
        _ => Err("write 1 or 0".to_owned()),
    }
}

/// Reads a person's name: one line, not blank.
pub(super) fn person(text: &str) -> Result<String, String> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() { Err("it must name somebody".to_owned()) } else { Ok(name) }
}

/// Reads the words of [`Become`].
pub(super) fn become_word(text: &str) -> Result<Become, String> {
    match text {
        "sudo" => Ok(Become::Sudo),
        "none" => Ok(Become::None),
        _ => Err("write sudo or none".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_seconds() {
        assert_eq!(duration("90").unwrap(), Duration::from_secs(90));
        assert_eq!(duration("1h 30m").unwrap(), Duration::from_mins(90));
        assert_eq!(duration("0").unwrap(), Duration::ZERO);
        assert!(positive_duration("0s").is_err());
        assert!(duration("soon").is_err());
        assert!(duration("-1").is_err());
    }

    #[test]
    fn a_person_has_a_name() {
        assert_eq!(person(" Alice  B\n").unwrap(), "Alice B");
        assert!(person(" ").is_err());
    }

    #[test]
    fn pairs_split_at_the_first_equals_sign() {
        let pair = variable("A=b=c").unwrap();
        assert_eq!((pair.name.as_str(), pair.value.as_str()), ("A", "b=c"));
        assert_eq!(variable("A=").unwrap().value, "");
        assert!(variable("1A=x").is_err());
        assert!(variable("A").is_err());
        assert_eq!(machine_file("DUT*=a.txt").unwrap().nodes, "DUT*");
        assert!(machine_file("DUT1=").is_err());
        assert!(machine_file("=x").is_err());
    }
}
