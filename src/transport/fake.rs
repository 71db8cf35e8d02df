//! A scripted connector: the test double of this layer, for tests of the layers above.
//!
//! It starts no process and opens no socket. It is part of the library because the tests that
//! need it are not; nothing but tests uses it.

use super::{Connector, Exit, Output, Stop, Stream, Transport, TransportError};
use crate::command::Command;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a scripted node answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A command that ended.
    Output {
        /// How.
        exit: Exit,
        /// Its standard output.
        stdout: String,
        /// Its standard error.
        stderr: String,
        /// How long it takes; a stop ends it early.
        takes: Duration,
    },
    /// The connection breaks while the command runs.
    Lost,
    /// The command runs until somebody stops it.
    Hang,
}

impl Reply {
    /// Success with this standard output.
    pub fn ok(stdout: impl Into<String>) -> Self {
        let (exit, takes) = (Exit::Code(0), Duration::ZERO);
        Self::Output { exit, stdout: stdout.into(), stderr: String::new(), takes }
    }

    /// This exit code with this standard error.
    pub fn fail(code: i32, stderr: impl Into<String>) -> Self {
        let (exit, takes) = (Exit::Code(code), Duration::ZERO);
        Self::Output { exit, stdout: String::new(), stderr: stderr.into(), takes }
    }

    /// The same after `takes`; breaking and hanging know no time.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        if let Self::Output { takes, .. } = &mut self {
            *takes = delay;
        }
        self
    }
}

#[derive(Debug)]
struct Rule {
    node: String,
    needle: String,
    reply: Reply,
    left: Option<usize>,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    unreachable: Vec<String>,
    ran: Vec<(String, Command)>,
    opened: Vec<String>,
}

/// Scripted nodes. A command no rule speaks of succeeds and prints nothing. Clones share all.
#[derive(Debug, Clone, Default)]
pub struct Fake {
    state: Arc<Mutex<State>>,
    depth: usize,
}

impl Fake {
    /// Nodes where every command succeeds, one command in flight per lane.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lanes that take so many commands in flight.
    #[must_use]
    pub fn with_depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// Commands on `node` (empty = any) whose words contain `needle` get `reply`. The first rule
    /// that fits wins.
    #[must_use]
    pub fn on(self, node: &str, needle: &str, reply: Reply) -> Self {
        self.rule(node, needle, reply, None)
    }

    /// As [`Fake::on`], for the next such command only.
    #[must_use]
    pub fn once(self, node: &str, needle: &str, reply: Reply) -> Self {
        self.rule(node, needle, reply, Some(1))
    }

    /// No lane opens to `node`.
    #[must_use]
    pub fn unreachable(self, node: &str) -> Self {
        self.state().unreachable.push(node.to_owned());
        self
    }

    /// Every command that was started on `node`, in order.
    pub fn ran(&self, node: &str) -> Vec<Command> {
        let state = self.state();
        let on_node = state.ran.iter().filter(|(name, _)| name == node);
        on_node.map(|(_, command)| command.clone()).collect()
    }

    /// The node of every lane that was opened, in order.
    pub fn opened(&self) -> Vec<String> {
        self.state().opened.clone()
    }

    fn rule(self, node: &str, needle: &str, reply: Reply, left: Option<usize>) -> Self {
        let (node, needle) = (node.to_owned(), needle.to_owned());
        self.state().rules.push(Rule { node, needle, reply, left });
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, node: &str, command: &Command) -> Reply {
        let mut state = self.state();
        state.ran.push((node.to_owned(), command.clone()));
        let words = command.words();
        let rule = state.rules.iter_mut().find(|rule| {
            (rule.node.is_empty() || rule.node == node)
                && words.contains(&rule.needle)
                && rule.left != Some(0)
        });
        rule.map_or_else(
            || Reply::ok(""),
            |rule| {
                rule.left = rule.left.map(|left| left - 1);
                rule.reply.clone()
            },
        )
    }
}

impl Connector for Fake {
    fn open(&self, node: &str, stop: &Stop) -> Result<Box<dyn Transport>, TransportError> {
        if stop.is_requested() {
            return Err(TransportError::Interrupted);
        }
        if self.state().unreachable.iter().any(|name| name == node) {
            let reason = "no route to host".to_owned();
            return Err(TransportError::Unreachable { node: node.to_owned(), reason });
        }
        self.state().opened.push(node.to_owned());
        let (node, queue) = (node.to_owned(), VecDeque::new());
        Ok(Box::new(FakeLane { fake: self.clone(), node, queue, broken: false }))
    }
}

struct FakeLane {
    fake: Fake,
    node: String,
    queue: VecDeque<Command>,
    broken: bool,
}

impl FakeLane {
    fn lost(&mut self) -> TransportError {
        self.broken = true;
        TransportError::Lost { node: self.node.clone(), reason: "scripted".to_owned() }
    }
}

impl Transport for FakeLane {
    fn send(&mut self, command: &Command) -> Result<(), TransportError> {
        self.queue.push_back(command.clone());
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "it stands in for something that takes time")]
    fn receive(
        &mut self,
        stop: &Stop,
        sink: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Output, TransportError> {
        let Some(command) = self.queue.pop_front().filter(|_| !self.broken) else {
            return Err(self.lost());
        };
        let start = Instant::now();
        let reply = self.fake.start(&self.node, &command);
        let lasts = |limit: Option<Duration>| {
            while limit.is_none_or(|limit| start.elapsed() < limit) {
                if stop.is_requested() {
                    return true;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            stop.is_requested()
        };
        let takes = match &reply {
            Reply::Output { takes, .. } => Some(*takes),
            Reply::Lost => return Err(self.lost()),
            Reply::Hang => None,
        };
        let limit = match (takes, command.deadline) {
            (Some(takes), Some(deadline)) => Some(takes.min(deadline)),
            (takes, deadline) => takes.or(deadline),
        };
        if lasts(limit) {
            self.broken = true;
            return Err(TransportError::Interrupted);
        }
        let elapsed = start.elapsed();
        let output = match (reply, command.deadline) {
            (Reply::Output { exit, stdout, stderr, takes }, deadline)
                if deadline.is_none_or(|deadline| takes < deadline) =>
            {
                sink(Stream::Stdout, stdout.as_bytes());
                sink(Stream::Stderr, stderr.as_bytes());
                Output { exit, stdout: stdout.into(), stderr: stderr.into(), elapsed }
            }
            (_, deadline) => {
                let exit = Exit::Deadline(deadline.unwrap_or_default());
                Output { exit, stdout: Vec::new(), stderr: Vec::new(), elapsed }
            }
        };
        Ok(output)
    }

    fn depth(&self) -> usize {
        self.fake.depth.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_answer_in_order_and_what_ran_is_kept() {
        let fake = Fake::new()
            .once("DUT1", "docker ps", Reply::fail(1, "busy"))
            .on("", "docker ps", Reply::ok("a\n"))
            .unreachable("DUT9");
        let stop = Stop::new();
        let mut lane = fake.open("DUT1", &stop).unwrap();
        let command = Command::new(["docker", "ps"]);
        assert_eq!(lane.run(&command, &stop).unwrap().exit, Exit::Code(1));
        assert_eq!(lane.run(&command, &stop).unwrap().stdout, b"a\n");
        assert_eq!(lane.run(&Command::new(["true"]), &stop).unwrap().stdout, b"");
        assert_eq!(fake.ran("DUT1").len(), 3);
        assert!(matches!(fake.open("DUT9", &stop), Err(TransportError::Unreachable { .. })));
        assert_eq!(fake.opened(), ["DUT1"]);
    }

    #[test]
    fn a_hang_ends_at_the_deadline_or_at_a_stop() {
        let fake = Fake::new().on("", "sleep", Reply::Hang).on("", "cut", Reply::Lost);
        let stop = Stop::new();
        let mut lane = fake.open("DUT1", &stop).unwrap();
        let deadline = Duration::from_millis(5);
        let sleep = Command::new(["sleep"]).deadline(deadline);
        assert_eq!(lane.run(&sleep, &stop).unwrap().exit, Exit::Deadline(deadline));
        let told = lane.run(&Command::new(["cut"]), &stop);
        assert!(matches!(told, Err(TransportError::Lost { .. })), "{told:?}");
        let mut lane = fake.open("DUT1", &stop).unwrap();
        stop.request();
        let told = lane.run(&sleep, &stop);
        assert!(matches!(told, Err(TransportError::Interrupted)), "{told:?}");
    }
}
