//! A lane: one shell of a peer, and everything a [`Transport`] promises about it.

use super::bulk::content;
use super::connector::Nodes;
use super::ending::Reach;
use super::frame::{self, Timeout};
use super::pump::{Feed, Peer, Program};
use super::relay::Relay;
use super::watch::{Entry, HELLO, Shell, Watch, hello};
use super::{Output, Stop, Stream, Transport, TransportError};
use crate::command::{Command, Stdin};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// One shell kept open on a peer.
pub(super) struct Lane {
    node: String,
    peer: Box<dyn Peer>,
    /// Where commands of other nodes run whose output is read here.
    nodes: Nodes,
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
        nodes: &Nodes,
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
            nodes: nodes.clone(),
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
            if command.stdin.is_bulk() {
                return;
            }
            self.shell.input.push(&frame::snippet(command, entry.seq, self.timeout));
            entry.held = None;
        }
    }

    /// What a bulk command reads; `None` = it is none.
    fn feed(
        &self,
        entry: &Entry,
        stdin: &Stdin,
        stop: &Stop,
    ) -> Result<Option<Feed>, TransportError> {
        if let Stdin::Node { node, command, .. } = stdin {
            return Relay::start(&self.nodes, node, command, stop).map(Feed::Node).map(Some);
        }
        let file = content(stdin)
            .map_err(|reason| TransportError::Spawn { program: entry.program.clone(), reason })?;
        Ok(file.map(Feed::File))
    }

    /// A bulk command has a shell of its own, whose input is a script and then the bulk.
    fn bulk(
        &mut self,
        entry: &Entry,
        command: &Command,
        stop: &Stop,
        sink: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Output, TransportError> {
        let feed = self.feed(entry, &command.stdin, stop)?;
        let nonce = nonce();
        let script = frame::bulk(command, &nonce, self.timeout);
        let wire = self.peer.shell(Program::Script(script.len()), HELLO, stop)?;
        let mut shell = Shell::new(wire, &nonce);
        shell.input.push(&script);
        if let Some(feed) = feed {
            shell.input.push_feed(feed);
        }
        shell.input.end();
        let hello = hello(&self.node, &mut shell, self.peer.r#become(), stop)?;
        debug_assert_eq!(hello.seq, 0, "the prelude comes first");
        let mut watch = Watch::new(&self.node, self.peer.as_mut(), self.timeout);
        watch.result(&mut shell, entry, stop, sink)
    }
}

impl Lane {
    /// From now on standard output is only handed on, however much it is.
    pub(super) fn forget_output(&mut self) {
        self.shell.frames.forget_stdout();
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
        let bulk = held.as_ref().filter(|command| command.stdin.is_bulk());
        let result = if let Some(command) = bulk {
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
