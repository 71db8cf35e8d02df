//! Bytes to and from one shell. Nothing here blocks: a side that only writes while the other only
//! writes would wait forever, so each round writes what fits, reads what is there, then polls.

use super::relay::{Broken, Come, Relay};
use super::{Stop, Stream, TransportError};
use crate::model::Become;
use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

/// The longest wait for bytes before the stop flag and deadlines are looked at again.
pub(super) const TICK: Duration = Duration::from_millis(50);

/// How much bulk is held in memory at a time.
const CHUNK: u64 = 256 * 1024;

/// Bulk behind the text.
#[derive(Debug)]
pub(super) enum Feed {
    /// A file of this machine.
    File(File),
    /// What a command prints on another node.
    Node(Relay),
}

/// What still has to be written: text first, then perhaps bulk, then perhaps the end of input.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    at: usize,
    feed: Option<Feed>,
    ends: bool,
    abandoned: bool,
    fed: u64,
    told: u64,
    broken: Option<Broken>,
}

impl Input {
    /// Adds text.
    pub(super) fn push(&mut self, text: &str) {
        if !self.abandoned {
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    /// Adds bulk behind all text.
    pub(super) fn push_feed(&mut self, feed: Feed) {
        self.feed = Some(feed);
    }

    /// Nothing more will be added.
    pub(super) fn end(&mut self) {
        self.ends = true;
    }

    /// The next bytes to write; empty when there is nothing to write now.
    pub(super) fn chunk(&mut self) -> io::Result<&[u8]> {
        if self.at == self.bytes.len() {
            self.bytes.clear();
            self.at = 0;
            let ended = match &mut self.feed {
                None => false,
                Some(Feed::File(file)) => file.take(CHUNK).read_to_end(&mut self.bytes)? == 0,
                Some(Feed::Node(relay)) => match relay.read(&mut self.bytes, CHUNK)? {
                    Come::Bytes(count) => {
                        self.fed += count;
                        false
                    }
                    Come::Nothing => false,
                    Come::End => true,
                },
            };
            if ended && let Some(Feed::Node(relay)) = self.feed.take() {
                self.broken = relay.end().err();
            }
        }
        Ok(&self.bytes[self.at..])
    }

    /// `count` bytes of the chunk were written.
    pub(super) fn consume(&mut self, count: usize) {
        self.at += count;
    }

    /// Whether the next chunk is waited for where it is made.
    pub(super) fn waits_for_node(&self) -> bool {
        self.at == self.bytes.len() && matches!(self.feed, Some(Feed::Node(_)))
    }

    /// How many bytes came from a node, where more have come than at the last question.
    pub(super) fn fed_since(&mut self) -> Option<u64> {
        let before = std::mem::replace(&mut self.told, self.fed);
        (before < self.fed).then_some(self.fed)
    }

    /// Why what comes from a node is not whole, once.
    pub(super) fn broken(&mut self) -> Option<Broken> {
        self.broken.take()
    }

    /// The reader has gone; the rest is dropped.
    pub(super) fn abandon(&mut self) {
        *self = Self { ends: true, abandoned: true, ..Self::default() };
    }

    /// Everything was written and the end was announced.
    pub(super) fn is_finished(&self) -> bool {
        self.ends && self.at == self.bytes.len() && self.feed.is_none() && self.broken.is_none()
    }
}

/// What one round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// Bytes moved, or nothing came within the wait.
    Open,
    /// The shell has ended; nothing more will come.
    Ended,
}

/// The two ends of one shell's streams. Dropping it ends the shell.
pub(super) trait Wire: Send {
    /// Writes, reads, and waits at most `wait` where nothing moved.
    fn round(
        &mut self,
        input: &mut Input,
        sink: &mut dyn FnMut(Stream, &[u8]),
        wait: Duration,
    ) -> Result<Round, TransportError>;
}

/// Runs its arguments as root: directly, or by a `sudo` that never asks.
pub(super) const AS_ROOT: &str = "s=; test \"$(id -u)\" = 0 || s=\"sudo -n --\"; exec $s \"$@\"";

/// What a new shell reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// Commands, from its standard input.
    Commands,
    /// A script of so many bytes; what follows is left for the script's own command.
    Script(usize),
}

impl Program {
    /// The words that start the shell, as root where `become` says so.
    ///
    /// The script of a bulk command comes through standard input as well: an argv is readable by
    /// everyone on the node, and sshd takes no more than 32 KB of it. `dd` with one byte at a
    /// time is the POSIX way to not read further than told. No word holds a line feed, a
    /// backslash or `!`: the line is read by the user's login shell, whichever that is.
    pub(super) fn argv(self, r#become: Become) -> Vec<String> {
        let mut argv = vec!["sh".to_owned()];
        if let Self::Script(length) = self {
            argv.push("-c".to_owned());
            argv.push(format!("eval \"$(dd bs=1 count={length} 2>/dev/null)\""));
        }
        if r#become == Become::Sudo {
            let head = ["sh", "-c", AS_ROOT, "vnfctl"].map(str::to_owned);
            argv.splice(0..0, head);
        }
        argv
    }
}

/// Something that can start shells: this machine, or an ssh session.
pub(super) trait Peer: Send {
    /// Starts one more shell, unless that takes longer than `patience`.
    fn shell(
        &mut self,
        program: Program,
        patience: Duration,
        stop: &Stop,
    ) -> Result<Box<dyn Wire>, TransportError>;

    /// Makes a fresh start where [`Peer::shell`] failed on a connection that is no use any more.
    fn renew(&mut self) -> Result<(), TransportError> {
        Ok(())
    }

    /// See [`super::Transport::depth`].
    fn depth(&self) -> usize;

    /// How the login user becomes root.
    fn r#become(&self) -> Become;
}
