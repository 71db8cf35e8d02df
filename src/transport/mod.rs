//! Transports: the only code that starts processes or opens sockets.
//!
//! A *lane* is one shell kept open on a node (locally a child, remotely one channel of one ssh
//! session). Commands are fed to it and framed, so a step costs one round trip, not a login. It
//! must not know what a container is.

use crate::command::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// One open lane to a node.
pub trait Transport: Send {
    /// Feeds a command to the lane without waiting. Commands run one after the other, in order;
    /// the next starts as soon as the one before has ended, without a round trip.
    fn send(&mut self, command: &Command) -> Result<(), TransportError>;

    /// Waits for the result of the oldest command sent and not received. The deadline of a
    /// command counts from its start on the node. `sink` sees output as it comes.
    fn receive(
        &mut self,
        stop: &Stop,
        sink: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Output, TransportError>;

    /// How many commands may usefully be in flight: 1 where a round trip is free.
    fn depth(&self) -> usize {
        1
    }

    /// Sends one command and waits for it.
    fn run(&mut self, command: &Command, stop: &Stop) -> Result<Output, TransportError> {
        self.send(command)?;
        self.receive(stop, &mut |_, _| ())
    }
}

/// Opens lanes by node name; the executor knows nodes by name only.
pub trait Connector: Sync {
    /// Opens one more lane to `node`.
    fn open(&self, node: &str, stop: &Stop) -> Result<Box<dyn Transport>, TransportError>;

    /// How many steps make one more lane to `node` worth its login: 1 where lanes are free.
    fn steps_per_lane(&self, node: &str) -> usize {
        let _ = node;
        1
    }
}

/// Which output stream bytes came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a command printed and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// Standard output, complete.
    pub stdout: Vec<u8>,
    /// Standard error, complete.
    pub stderr: Vec<u8>,
    /// From its start (or from the moment it was sent) to its result.
    pub elapsed: Duration,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this code, 0..=255.
    Code(i32),
    /// It was ended by this signal.
    Signal(i32),
    /// Its deadline passed and it was ended.
    Deadline(Duration),
}

/// The flag that asks everything to end soon: set by the first Ctrl-C.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// A view of `flag`, which a signal handler may set.
    pub fn watching(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }

    /// Asks everything to end.
    pub fn request(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether the end was asked for.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Why a lane could not be opened or did not deliver.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Nobody answers there (exit 4).
    #[error("`{node}` cannot be reached: {reason}")]
    Unreachable {
        /// The node or address.
        node: String,
        /// What the system said.
        reason: String,
    },
    /// The host key is unknown or has changed (exit 4).
    #[error("`{host}` is not trusted: {reason}")]
    HostKey {
        /// Host and port.
        host: String,
        /// Unknown, changed or revoked, with fingerprints.
        reason: String,
        /// The command that mends it.
        hint: String,
    },
    /// No key was accepted (exit 4).
    #[error("`{host}` accepts no key of ours for `{user}`: tried {tried}")]
    Auth {
        /// Host and port.
        host: String,
        /// Login user.
        user: String,
        /// Keys tried.
        tried: String,
    },
    /// The login user cannot become root without a prompt (exit 4).
    #[error("`{node}`: cannot become root: {reason}")]
    Become {
        /// The node.
        node: String,
        /// What sudo said.
        reason: String,
    },
    /// A process could not be started here.
    #[error("cannot start `{program}`: {reason}")]
    Spawn {
        /// The program.
        program: String,
        /// What the system said.
        reason: String,
    },
    /// The person asked to stop; the command on the node was ended.
    #[error("interrupted")]
    Interrupted,
    /// The lane broke while a command ran; whether it finished is unknown.
    #[error("connection to `{node}` lost: {reason}")]
    Lost {
        /// The node.
        node: String,
        /// What the system said.
        reason: String,
    },
}
