//! Transports: the only code that starts processes or opens sockets.
//!
//! A *lane* is one shell kept open on a node (locally a child, remotely one channel of one ssh
//! session). Commands are fed to it and framed, so a step costs one round trip, not a login. It
//! must not know what a container is.
//!
//! | file | job |
//! |---|---|
//! | `frame` | the text fed to the shell, and the frames it answers with; pure |
//! | `pump` | bytes to and from one shell without ever blocking |
//! | `lane` | [`Transport`] over any peer: order, what each command reads |
//! | `watch` | one command until its result: deadline, stop, end |
//! | `relay` | what a command prints on one node, read by another on another |
//! | `ending` | the script that ends a command and its descendants on its own node |
//! | `local`, `ssh` | the two peers |
//!
//! A command runs as a child of the lane's shell, so what it does to its own folder, umask or
//! variables stays with it. It never sees the lane's own standard input.

mod auth;
mod bulk;
mod connect;
mod connector;
mod ending;
mod error;
mod fake;
mod frame;
mod interactive;
mod known_hosts;
mod lane;
mod local;
mod openssh;
mod pump;
mod relay;
mod session;
mod ssh;
mod stop;
mod watch;

pub use connector::{Nodes, Target};
pub use error::TransportError;
pub use fake::{Fake, Reply};
pub use interactive::interactive;
pub use lane::nonce;
pub use local::local_lane;
pub use stop::Stop;

use crate::command::Command;
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

    /// Process id, on the node, of the shell that runs the commands: the lane lives as long as it.
    fn process(&self) -> Option<u32> {
        None
    }

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
    /// Not an output: so many bytes of another node's have gone to standard input by now.
    Fed(u64),
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
