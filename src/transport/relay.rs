//! What a command prints on one node, read by a command of another: through a pipe of this process,
//! so that no more than its room is ever in memory, whichever side is slower.

use super::connector::Nodes;
use super::lane::Lane;
use super::pump::TICK;
use super::{Exit, Output, Stop, Stream, Transport, TransportError};
use crate::command::Command;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, PipeReader, Read, Write};
use std::thread::JoinHandle;
use std::time::Duration;

/// How the source's command ended.
type Ending = Result<Output, TransportError>;

/// A command that runs on its node, and the end of the pipe it prints into. Dropping it ends the
/// command.
#[derive(Debug)]
pub(super) struct Relay {
    node: String,
    accept: Vec<i32>,
    pipe: Option<PipeReader>,
    cut: Stop,
    source: Option<JoinHandle<Ending>>,
}

/// What a read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Come {
    /// So many bytes.
    Bytes(u64),
    /// Nothing for now.
    Nothing,
    /// Nothing will come any more; [`Relay::end`] tells whether it was all.
    End,
}

/// Why what came is not whole.
#[derive(Debug)]
pub(super) struct Broken {
    node: String,
    ending: Ending,
}

impl Relay {
    /// Starts `command` on a lane of its own to `node`.
    pub(super) fn start(
        nodes: &Nodes,
        node: &str,
        command: &Command,
        stop: &Stop,
    ) -> Result<Self, TransportError> {
        let failed = |error: io::Error| TransportError::Spawn {
            program: "a pipe".to_owned(),
            reason: error.to_string(),
        };
        let (pipe, mut into) = io::pipe().map_err(failed)?;
        let mut lane = Lane::open(node, nodes.peer(node, stop)?, nodes, stop)?;
        lane.forget_output();
        lane.send(command)?;
        let cut = Stop::new();
        let seen = cut.clone();
        let source = std::thread::spawn(move || {
            lane.receive(&seen, &mut |stream, bytes| {
                // Without a reader nobody needs the rest.
                if stream == Stream::Stdout && into.write_all(bytes).is_err() {
                    seen.request();
                }
            })
        });
        let accept = command.accept.clone();
        Ok(Self { node: node.to_owned(), accept, pipe: Some(pipe), cut, source: Some(source) })
    }

    /// Adds what has come to `bytes`, `most` at most; waits for it one [`TICK`].
    pub(super) fn read(&mut self, bytes: &mut Vec<u8>, most: u64) -> io::Result<Come> {
        let Some(pipe) = &mut self.pipe else { return Ok(Come::End) };
        let timeout = Timespec::try_from(TICK).map_err(io::Error::other)?;
        if poll(&mut [PollFd::new(pipe, PollFlags::IN)], Some(&timeout)).unwrap_or(0) == 0 {
            return Ok(Come::Nothing);
        }
        let before = bytes.len();
        let room = usize::try_from(most).unwrap_or(usize::MAX);
        bytes.resize(before.saturating_add(room), 0);
        let count = pipe.read(&mut bytes[before..]);
        bytes.truncate(before + *count.as_ref().unwrap_or(&0));
        Ok(match count? {
            0 => Come::End,
            count => Come::Bytes(count as u64),
        })
    }

    /// Whether the source's command printed all it had to print.
    pub(super) fn end(mut self) -> Result<(), Broken> {
        match self.join() {
            Some(Ok(output)) if self.is_success(output.exit) => Ok(()),
            Some(ending) => Err(Broken { node: self.node.clone(), ending }),
            None => Ok(()),
        }
    }

    fn is_success(&self, exit: Exit) -> bool {
        matches!(exit, Exit::Code(code) if code == 0 || self.accept.contains(&code))
    }

    fn join(&mut self) -> Option<Ending> {
        self.pipe = None;
        let source = self.source.take()?;
        Some(source.join().expect("a lane does not panic"))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.cut.request();
        self.join();
    }
}

impl Broken {
    /// As the result of the command that should have read it: its own was ended.
    pub(super) fn into_output(self, elapsed: Duration) -> Result<Output, TransportError> {
        let node = self.node;
        let (exit, reason) = match self.ending {
            Err(TransportError::Interrupted) => return Err(TransportError::Interrupted),
            Err(error) => (Exit::Code(1), error.to_string()),
            Ok(output) => {
                let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                (output.exit, format!("`{node}`, which gives it, failed: {words}"))
            }
        };
        Ok(Output { exit, stdout: Vec::new(), stderr: reason.into_bytes(), elapsed })
    }
}
