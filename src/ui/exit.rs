//! How vnfctl ends, and how a step's end is told.

use crate::command::Command;
use crate::transport::Exit;
use std::process;

/// The exit codes of vnfctl; they are part of its contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ExitCode {
    /// Done, or nothing to do.
    #[default]
    Done,
    /// A step failed.
    StepFailed,
    /// The command line is wrong.
    Usage,
    /// The topology file is invalid.
    TopologyInvalid,
    /// A node is unreachable or not trusted.
    NodeUnreachable,
    /// A placement is impossible.
    PlacementImpossible,
    /// `plan --exit-code`: changes pending.
    ChangesPending,
    /// `verify`, `status`: reality differs.
    RealityDiffers,
    /// A node or topology is locked by another run.
    Locked,
    /// `exec`, `shell`: the exit code of a command inside a container.
    Child(u8),
    /// Interrupted, and undo finished.
    Interrupted,
}

impl ExitCode {
    /// The number a shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::StepFailed => 1,
            Self::Usage => 2,
            Self::TopologyInvalid => 3,
            Self::NodeUnreachable => 4,
            Self::PlacementImpossible => 5,
            Self::ChangesPending => 6,
            Self::RealityDiffers => 7,
            Self::Locked => 8,
            Self::Child(code) => code,
            Self::Interrupted => 130,
        }
    }
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.code())
    }
}

/// Names of signals by number, Linux on x86 and ARM.
const SIGNALS: [(i32, &str); 20] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (5, "SIGTRAP"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (10, "SIGUSR1"),
    (11, "SIGSEGV"),
    (12, "SIGUSR2"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
    (17, "SIGCHLD"),
    (24, "SIGXCPU"),
    (25, "SIGXFSZ"),
    (30, "SIGPWR"),
    (31, "SIGSYS"),
];

/// The name of a signal, or `signal 42`.
pub fn signal_name(number: i32) -> String {
    let known = SIGNALS.iter().find(|(known, _)| *known == number);
    known.map_or_else(|| format!("signal {number}"), |(_, name)| (*name).to_owned())
}

/// How a command ended, in words: `exit code 125`, `SIGKILL`, `no end after 2m`.
///
/// A shell answers 128 + n for a child ended by signal n, so such codes name the signal too,
/// unless the command counts them among its own.
pub fn exit_phrase(exit: Exit, command: &Command) -> String {
    match exit {
        Exit::Signal(number) => format!("ended by {}", signal_name(number)),
        Exit::Deadline(limit) => format!("no end after {}", humantime::format_duration(limit)),
        Exit::Code(code) if code > 128 && code < 160 && !command.accepts(code) => {
            match SIGNALS.iter().find(|(number, _)| *number == code - 128) {
                Some((_, name)) => format!("exit code {code} ({name})"),
                None => format!("exit code {code}"),
            }
        }
        Exit::Code(code) => format!("exit code {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn ends_are_told_in_words() {
        let command = Command::new(["x"]);
        for (exit, words) in [
            (Exit::Code(1), "exit code 1"),
            (Exit::Code(137), "exit code 137 (SIGKILL)"),
            (Exit::Code(255), "exit code 255"),
            (Exit::Signal(11), "ended by SIGSEGV"),
            (Exit::Signal(42), "ended by signal 42"),
            (Exit::Deadline(Duration::from_secs(90)), "no end after 1m 30s"),
        ] {
            assert_eq!(exit_phrase(exit, &command), words);
        }
    }

    #[test]
    fn codes_are_the_documented_ones() {
        assert_eq!(ExitCode::PlacementImpossible.code(), 5);
        assert_eq!(ExitCode::Interrupted.code(), 130);
    }
}
