//! A node behind ssh as a peer: one session, a channel for the lane and a few beside it.

use super::pump::{Input, Peer, Program, Round, Wire};
use super::session::{AGAIN, Connection, soon};
use super::{Stop, Stream, Target, TransportError};
use crate::command::quote;
use crate::model::{Become, SshTarget};
use ssh2::Channel;
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

/// Commands in flight: the shell needs the next one while the result of the last is on its way.
const DEPTH: usize = 4;

/// How much is read in one round before the caller looks at it.
const ROUND: usize = 1024 * 1024;

/// A session to a node.
pub(super) struct SshPeer {
    target: Target,
    ssh: SshTarget,
    connection: Arc<Connection>,
}

impl SshPeer {
    /// Logs in to `target` through `ssh`.
    pub(super) fn open(
        target: &Target,
        ssh: &SshTarget,
        stop: &Stop,
    ) -> Result<Self, TransportError> {
        let connection = Arc::new(Connection::open(target, ssh, stop)?);
        Ok(Self { target: target.clone(), ssh: ssh.clone(), connection })
    }
}

impl Peer for SshPeer {
    fn shell(
        &mut self,
        program: Program,
        patience: Duration,
        stop: &Stop,
    ) -> Result<Box<dyn Wire>, TransportError> {
        let words = program.argv(self.target.r#become);
        let line = words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
        let connection = &self.connection;
        let limit = soon(patience);
        let failed = |error: ssh2::Error| connection.lost(error.message());
        let mut channel = connection
            .repeat(limit, stop, || connection.session.channel_session())?
            .map_err(failed)?;
        let line = format!("exec {line}");
        connection.repeat(limit, stop, || channel.exec(&line))?.map_err(failed)?;
        Ok(Box::new(SshWire {
            connection: Arc::clone(connection),
            channel,
            announced_end: false,
            buffer: vec![0; 64 * 1024],
        }))
    }

    fn renew(&mut self) -> Result<(), TransportError> {
        self.connection = Arc::new(Connection::open(&self.target, &self.ssh, &Stop::new())?);
        Ok(())
    }

    fn depth(&self) -> usize {
        DEPTH
    }

    fn r#become(&self) -> Become {
        self.target.r#become
    }
}

struct SshWire {
    connection: Arc<Connection>,
    channel: Channel,
    announced_end: bool,
    buffer: Vec<u8>,
}

impl SshWire {
    /// Gives whether bytes moved and whether a packet is stuck half-way.
    fn write(&mut self, input: &mut Input) -> Result<(bool, bool), TransportError> {
        let mut moved = false;
        loop {
            let chunk = input.chunk().map_err(|error| self.connection.lost(&error.to_string()))?;
            if chunk.is_empty() {
                break;
            }
            match self.channel.write(chunk) {
                Ok(count) => {
                    input.consume(count);
                    moved = true;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok((moved, self.connection.is_clogged()));
                }
                // The far end closed; what it printed and its end tell why.
                Err(_) => input.abandon(),
            }
        }
        if input.is_finished() && !self.announced_end {
            match self.channel.send_eof() {
                Err(error) if error.code() == AGAIN => {
                    return Ok((moved, self.connection.is_clogged()));
                }
                // It may have closed already, which reading will tell.
                _ => self.announced_end = true,
            }
        }
        Ok((moved, false))
    }

    fn read(
        &mut self,
        stream: Stream,
        sink: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<bool, TransportError> {
        let mut source = match stream {
            Stream::Stdout => self.channel.stream(0),
            _ => self.channel.stderr(),
        };
        let mut total = 0;
        while total < ROUND {
            match source.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(count) => {
                    sink(stream, &self.buffer[..count]);
                    total += count;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(self.connection.lost(&error.to_string())),
            }
        }
        Ok(total > 0)
    }
}

impl Wire for SshWire {
    fn round(
        &mut self,
        input: &mut Input,
        sink: &mut dyn FnMut(Stream, &[u8]),
        wait: Duration,
    ) -> Result<Round, TransportError> {
        let (mut moved, clogged) = self.write(input)?;
        if !clogged {
            let came = self.read(Stream::Stdout, sink)? | self.read(Stream::Stderr, sink)?;
            if came {
                self.connection.heard();
                moved = true;
            }
            if self.channel.eof() {
                return Ok(Round::Ended);
            }
            // Reading one stream may have brought in packets of the other.
            moved |= self.channel.read_window().available > 0;
        }
        if !moved && !wait.is_zero() {
            self.connection.wait(clogged, wait)?;
        }
        Ok(Round::Open)
    }
}

impl Drop for SshWire {
    fn drop(&mut self) {
        // The end of input ends an idle shell; the end of the session does the rest.
        let _ = self.channel.send_eof();
        let _ = self.channel.close();
    }
}
