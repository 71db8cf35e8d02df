//! A lane: one shell of a peer, and everything a [`Transport`] promises about it.

use super::bulk::{content, is_bulk};
use super::ending::{self, Reach};
use super::frame::{self, Frame, Frames, Timeout};
use super::pump::{Input, Peer, Program, Round, TICK, Wire};
use super::{Exit, Output, Stop, Stream, Transport, TransportError};
use crate::command::Command;
use crate::model::Become;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// What the node's own `timeout` gets beyond the deadline before we end the command from here:
/// its five seconds between the two signals, and five for the way.
const GRACE: Duration = Duration::from_secs(10);

/// How long a shell may take to start, and again to say hello; sudo and slow rc files are in it.
const HELLO: Duration = Duration::from_secs(30);

/// How long the end of a command may take: half a second of politeness, and the way.
const ENDING: Duration = Duration::from_secs(4);

/// `timeout` exits with this at its deadline (coreutils; busybox lets the signal be seen).
const TIMED_OUT: i32 = 124;

/// A shell that said hello.
struct Shell {
    wire: Box<dyn Wire>,
    input: Input,
    frames: Frames,
    pid: Option<u32>,
}

impl Shell {
    fn new(wire: Box<dyn Wire>, nonce: &str) -> Self {
        Self { wire, input: Input::default(), frames: Frames::new(nonce), pid: None }
    }

    fn round(&mut self, wait: Duration) -> Result<Round, TransportError> {
        let frames = &mut self.frames;
        self.wire.round(&mut self.input, &mut |stream, bytes| frames.feed(stream, bytes), wait)
    }
}

/// A command on its way.
struct Entry {
    seq: u64,
    program: String,
    deadline: Option<Duration>,
    accept: Vec<i32>,
    start: Instant,
    /// Set until the shell was fed with it.
    held: Option<Command>,
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

/// One shell kept open on a peer.
pub(super) struct Lane {
    node: String,
    peer: Box<dyn Peer>,
    shell: Shell,
    timeout: Timeout,
    queue: VecDeque<Entry>,
    last: u64,
    broken: Option<String>,
}

impl Lane {
    /// Starts a shell on `peer` and waits for its hello.
    pub(super) fn open(
        node: &str,
        mut peer: Box<dyn Peer>,
        stop: &Stop,
    ) -> Result<Self, TransportError> {
        let nonce = nonce();
        let mut shell = Shell::new(peer.shell(Program::Commands, HELLO, stop)?, &nonce);
        shell.input.push(&frame::prelude(&nonce));
        let hello = hello(node, &mut shell, peer.r#become(), stop)?;
        let timeout = Timeout::from_hello(hello.code);
        Ok(Self {
            node: node.to_owned(),
            peer,
            shell,
            timeout,
            queue: VecDeque::new(),
            last: 0,
            broken: None,
        })
    }

    /// Feeds the shell with what may follow: everything up to the first bulk command.
    fn release(&mut self) {
        for entry in &mut self.queue {
            let Some(command) = &entry.held else { continue };
            if is_bulk(&command.stdin) {
                return;
            }
            self.shell.input.push(&frame::snippet(command, entry.seq, self.timeout));
            entry.held = None;
        }
    }

    /// A bulk command has a shell of its own, whose input is a script and then the file.
    fn bulk(
        &mut self,
        entry: &Entry,
        command: &Command,
        stop: &Stop,
        sink: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Output, TransportError> {
        let file = content(&command.stdin)
            .map_err(|reason| TransportError::Spawn { program: entry.program.clone(), reason })?;
        let nonce = nonce();
        let script = frame::bulk(command, &nonce, self.timeout);
        let wire = self.peer.shell(Program::Script(script.len()), HELLO, stop)?;
        let mut shell = Shell::new(wire, &nonce);
        shell.input.push(&script);
        if let Some(file) = file {
            shell.input.push_file(file);
        }
        shell.input.end();
        let hello = hello(&self.node, &mut shell, self.peer.r#become(), stop)?;
        debug_assert_eq!(hello.seq, 0, "the prelude comes first");
        let mut watch = Watch::new(&self.node, self.peer.as_mut(), self.timeout);
        watch.result(&mut shell, entry, stop, sink)
    }
}

impl Transport for Lane {
    #[expect(clippy::disallowed_methods, reason = "transport looks at the clock")]
    fn send(&mut self, command: &Command) -> Result<(), TransportError> {
        let program = command.argv.first().cloned().unwrap_or_default().into_owned();
        if program.is_empty() || frame::has_nul(command) {
            let reason = "no shell can be told an empty program or a NUL byte".to_owned();
            return Err(TransportError::Spawn { program, reason });
        }
        self.last += 1;
        self.queue.push_back(Entry {
            seq: self.last,
            program,
            deadline: command.deadline,
            accept: command.accept.clone(),
            start: Instant::now(),
            held: Some(command.clone()),
        });
        self.release();
        if self.broken.is_none() {
            // A lane that breaks here says so to whoever receives.
            if let Err(error) = self.shell.round(Duration::ZERO) {
                self.broken = Some(error.to_string());
            }
        }
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "transport looks at the clock")]
    fn receive(
        &mut self,
        stop: &Stop,
        sink: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Output, TransportError> {
        let lost = |reason: &str| TransportError::Lost {
            node: self.node.clone(),
            reason: reason.to_owned(),
        };
        let Some(mut entry) = self.queue.pop_front() else {
            return Err(lost("no command was sent"));
        };
        if let Some(reason) = &self.broken {
            return Err(lost(reason));
        }
        let held = entry.held.take();
        let result = if let Some(command) = &held
            && is_bulk(&command.stdin)
        {
            self.bulk(&entry, command, stop, sink)
        } else {
            let mut watch = Watch::new(&self.node, self.peer.as_mut(), self.timeout);
            let result = watch.result(&mut self.shell, &entry, stop, sink);
            self.broken = watch.ended;
            result
        };
        match &result {
            Ok(_) => {
                if let Some(next) = self.queue.front_mut() {
                    next.start = Instant::now();
                }
                self.release();
            }
            Err(TransportError::Interrupted) => self.broken = Some("interrupted".to_owned()),
            Err(TransportError::Lost { reason, .. }) => self.broken = Some(reason.clone()),
            Err(_) => self.release(),
        }
        result
    }

    fn process(&self) -> Option<u32> {
        self.shell.pid
    }

    fn depth(&self) -> usize {
        self.peer.depth()
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let running = self.queue.iter().any(|entry| entry.held.is_none());
        if self.broken.is_none() && running {
            Watch::new(&self.node, self.peer.as_mut(), self.timeout).end(&self.shell, Reach::Shell);
        }
    }
}

/// Waits for one result and ends what must not go on.
struct Watch<'a> {
    node: &'a str,
    peer: &'a mut dyn Peer,
    timeout: Timeout,
    /// Why the shell is no use any more.
    ended: Option<String>,
}

impl<'a> Watch<'a> {
    fn new(node: &'a str, peer: &'a mut dyn Peer, timeout: Timeout) -> Self {
        Self { node, peer, timeout, ended: None }
    }

    fn result(
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
    fn end(&mut self, shell: &Shell, reach: Reach) {
        let Some(pid) = shell.pid else { return };
        let script = ending::script(pid, reach);
        let limit = soon(ENDING);
        // A peer that refuses may have no channel left; one that is silent would stay so.
        if self.run_script(&script).is_err() && !past(limit) && self.peer.renew().is_ok() {
            let _ = self.run_script(&script);
        }
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
fn hello(
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

/// A word that no output holds by chance and no command can guess: it is never in an argv.
#[expect(clippy::disallowed_methods, reason = "transport looks at the clock")]
pub fn nonce() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let stack = std::ptr::from_ref(&now).addr();
    let seed = format!("{} {} {count} {stack}", std::process::id(), now.as_nanos());
    let digest = Sha256::digest(seed.as_bytes());
    digest.iter().take(12).fold("vnfctl".to_owned(), |mut word, byte| {
        let _ = write!(word, "{byte:02x}");
        word
    })
}
