//! Waiting for the result of a command: its frame, its deadline, its end by force.

use super::ending::{self, Reach};
use super::frame::{Frame, Frames, Timeout};
use super::pump::{Input, Peer, Program, Round, TICK, Wire};
use super::{Exit, Output, Stop, Stream, TransportError};
use crate::command::Command;
use crate::model::Become;
use std::time::{Duration, Instant};

/// What the node's own `timeout` gets beyond the deadline before we end the command from here:
/// its five seconds between the two signals, and five for the way.
const GRACE: Duration = Duration::from_secs(10);

/// How long a shell may take to start, and again to say hello; sudo and slow rc files are in it.
pub(super) const HELLO: Duration = Duration::from_secs(30);

/// How long the end of a command may take: half a second of politeness, and the way.
const ENDING: Duration = Duration::from_secs(4);

/// `timeout` exits with this at its deadline (coreutils; busybox lets the signal be seen).
const TIMED_OUT: i32 = 124;

/// A shell that said hello.
pub(super) struct Shell {
    wire: Box<dyn Wire>,
    pub(super) input: Input,
    pub(super) frames: Frames,
    pub(super) pid: Option<u32>,
}

impl Shell {
    pub(super) fn new(wire: Box<dyn Wire>, nonce: &str) -> Self {
        Self { wire, input: Input::default(), frames: Frames::new(nonce), pid: None }
    }

    pub(super) fn round(&mut self, wait: Duration) -> Result<Round, TransportError> {
        let frames = &mut self.frames;
        // Whoever waits for what is fed in has waited by then.
        let wait = if self.input.waits_for_node() { Duration::ZERO } else { wait };
        self.wire.round(&mut self.input, &mut |stream, bytes| frames.feed(stream, bytes), wait)
    }
}

/// A command on its way.
pub(super) struct Entry {
    pub(super) seq: u64,
    pub(super) program: String,
    pub(super) deadline: Option<Duration>,
    pub(super) accept: Vec<i32>,
    pub(super) start: Instant,
    /// Set until the shell was fed with it.
    pub(super) held: Option<Command>,
}

impl Entry {
    fn output(&self, frame: Frame, overdue: bool) -> Output {
        // Ours also counts the time nobody asked, the node's is cut to hundredths.
        let ours = self.start.elapsed();
        let elapsed = frame.ran.map_or(ours, |ran| ours.min(ran + Duration::from_millis(10)));
        let exit = self.exit(frame.code, elapsed, overdue);
        Output { exit, stdout: frame.stdout, stderr: frame.stderr, elapsed }
    }

    /// A shell shows a signal as 128 + its number, which an exit code may be as well; a code the
    /// command accepts is taken as a code.
    fn exit(&self, code: i32, elapsed: Duration, overdue: bool) -> Exit {
        let signal = (129..=192).contains(&code) && !self.accept.contains(&code);
        match self.deadline {
            Some(deadline) if overdue => Exit::Deadline(deadline),
            Some(deadline) if elapsed >= deadline && (signal || code == TIMED_OUT) => {
                Exit::Deadline(deadline)
            }
            _ if signal => Exit::Signal(code - 128),
            _ => Exit::Code(code),
        }
    }
}

/// Waits for one result and ends what must not go on.
pub(super) struct Watch<'a> {
    node: &'a str,
    peer: &'a mut dyn Peer,
    timeout: Timeout,
    /// Why the shell is no use any more.
    pub(super) ended: Option<String>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(node: &'a str, peer: &'a mut dyn Peer, timeout: Timeout) -> Self {
        Self { node, peer, timeout, ended: None }
    }

    pub(super) fn result(
        &mut self,
        shell: &mut Shell,
        entry: &Entry,
        stop: &Stop,
        sink: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Output, TransportError> {
        let mut limit = entry.deadline.and_then(|deadline| {
            let grace = if self.timeout == Timeout::Group { GRACE } else { Duration::ZERO };
            entry.start.checked_add(deadline.saturating_add(grace))
        });
        let mut overdue = false;
        let mut open = true;
        loop {
            if let Some(frame) = shell.frames.next(sink) {
                return Ok(entry.output(frame, overdue));
            }
            if !open {
                return Err(self.shell_gone(shell));
            }
            if stop.is_requested() {
                self.end(shell, Reach::Shell);
                return Err(TransportError::Interrupted);
            }
            open = shell.round(TICK)? == Round::Open;
            if let Some(fed) = shell.input.fed_since() {
                sink(Stream::Fed(fed), &[]);
            }
            if let Some(broken) = shell.input.broken() {
                self.end_before_input(shell);
                return broken.into_output(entry.start.elapsed());
            }
            let Some(deadline) = entry.deadline.filter(|_| limit.is_some_and(past)) else {
                continue;
            };
            if overdue {
                self.end(shell, Reach::Shell);
                self.ended = Some(format!("`{}` did not end at its deadline", entry.program));
                let (stdout, stderr) = shell.frames.unfinished();
                let (exit, elapsed) = (Exit::Deadline(deadline), entry.start.elapsed());
                return Ok(Output { exit, stdout, stderr, elapsed });
            }
            overdue = true;
            self.end(shell, Reach::Children);
            limit = limit.map(|_| soon(ENDING));
        }
    }

    fn shell_gone(&self, shell: &mut Shell) -> TransportError {
        let (_, stderr) = shell.frames.unfinished();
        let words = String::from_utf8_lossy(&stderr).trim().to_owned();
        let reason = if words.is_empty() { "its shell ended".to_owned() } else { words };
        TransportError::Lost { node: self.node.to_owned(), reason }
    }

    /// Ends what `shell` runs, by a shell beside it. Whoever cannot be reached for that is ended
    /// by the node's own `timeout`.
    pub(super) fn end(&mut self, shell: &Shell, reach: Reach) {
        self.tries_to_end(shell, reach);
    }

    /// One try; whether the script that ends it ran to its own end.
    fn tries_to_end(&mut self, shell: &Shell, reach: Reach) -> bool {
        let Some(pid) = shell.pid else { return false };
        let script = ending::script(pid, reach);
        let limit = soon(ENDING);
        // A peer that refuses may have no channel left; one that is silent would stay so.
        self.run_script(&script).is_ok()
            || (!past(limit) && self.peer.renew().is_ok() && self.run_script(&script).is_ok())
    }

    /// Ends a command before it can take the end of its shell's input for the end of what it
    /// reads: its shell stays meanwhile, because sshd ends the input with it. On a node that cannot
    /// be reached any more that is left to the command.
    fn end_before_input(&mut self, shell: &Shell) {
        let limit = soon(ENDING * 5);
        while !self.tries_to_end(shell, Reach::Children) && !past(limit) {}
    }

    fn run_script(&mut self, script: &str) -> Result<(), TransportError> {
        // The stop flag is set by now, and this is what it asked for.
        let mut wire = self.peer.shell(Program::Commands, ENDING, &Stop::new())?;
        let mut input = Input::default();
        input.push(script);
        input.end();
        let limit = soon(ENDING);
        while wire.round(&mut input, &mut |_, _| (), TICK)? == Round::Open {
            if past(limit) {
                let reason = "the end of a command took too long".to_owned();
                return Err(TransportError::Lost { node: self.node.to_owned(), reason });
            }
        }
        Ok(())
    }
}

/// Waits for frame 0 and takes the shell's process id from it.
pub(super) fn hello(
    node: &str,
    shell: &mut Shell,
    r#become: Become,
    stop: &Stop,
) -> Result<Frame, TransportError> {
    let limit = soon(HELLO);
    let mut open = true;
    loop {
        if let Some(frame) = shell.frames.next(&mut |_, _| ()) {
            // Whatever rc files print stands before the last line.
            let last = frame.stdout.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
            shell.pid = String::from_utf8_lossy(last).parse().ok();
            return Ok(frame);
        }
        if stop.is_requested() {
            return Err(TransportError::Interrupted);
        }
        if !open || past(limit) {
            let (_, stderr) = shell.frames.unfinished();
            let words = String::from_utf8_lossy(&stderr).trim().to_owned();
            let node = node.to_owned();
            return Err(if r#become == Become::Sudo && words.contains("sudo") {
                TransportError::Become { node, reason: words }
            } else {
                let silent = if open { "its shell does not answer" } else { "its shell ended" };
                let reason = if words.is_empty() { silent.to_owned() } else { words };
                TransportError::Unreachable { node, reason }
            });
        }
        open = shell.round(TICK)? == Round::Open;
    }
}

#[expect(clippy::disallowed_methods, reason = "transport looks at the clock")]
fn past(limit: Instant) -> bool {
    Instant::now() >= limit
}

#[expect(clippy::disallowed_methods, reason = "transport looks at the clock")]
fn soon(wait: Duration) -> Instant {
    Instant::now() + wait
}
