//! This machine as a peer: shells are children in process groups of their own, so a Ctrl-C at the
//! terminal reaches vnfctl only, and vnfctl decides what ends.

use super::connector::Nodes;
use super::lane::Lane;
use super::pump::{Input, Peer, Program, Round, Wire};
use super::{Stop, Stream, Transport, TransportError};
use crate::model::Become;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a shell whose input has ended may take to leave.
const LEAVE: Duration = Duration::from_millis(300);

/// Opens a lane on this machine. `node` names it in errors.
pub fn local_lane(
    node: &str,
    r#become: Become,
    stop: &Stop,
) -> Result<Box<dyn Transport>, TransportError> {
    Ok(Box::new(Lane::open(node, Box::new(LocalPeer::new(r#become)), &Nodes::default(), stop)?))
}

/// This machine.
pub(super) struct LocalPeer {
    r#become: Become,
}

impl LocalPeer {
    /// Shells that become root as told.
    pub(super) fn new(r#become: Become) -> Self {
        Self { r#become }
    }
}

impl Peer for LocalPeer {
    fn shell(
        &mut self,
        program: Program,
        _: Duration,
        _: &Stop,
    ) -> Result<Box<dyn Wire>, TransportError> {
        Ok(Box::new(LocalWire::start(&program.argv(self.r#become))?))
    }

    fn depth(&self) -> usize {
        1
    }

    fn r#become(&self) -> Become {
        self.r#become
    }
}

struct LocalWire {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    buffer: Vec<u8>,
}

impl LocalWire {
    #[expect(clippy::disallowed_methods, reason = "the local transport starts processes")]
    fn start(argv: &[String]) -> Result<Self, TransportError> {
        let fail = |reason: &dyn std::fmt::Display| TransportError::Spawn {
            program: argv[0].clone(),
            reason: reason.to_string(),
        };
        let mut child = Command::new(&argv[0])
            .args(&argv[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| fail(&error))?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let wire = Self { child, stdin, stdout, stderr, buffer: vec![0; 64 * 1024] };
        for fd in wire.fds().into_iter().flatten() {
            rustix::io::ioctl_fionbio(fd, true).map_err(|error| fail(&error))?;
        }
        Ok(wire)
    }

    fn fds(&self) -> [Option<BorrowedFd<'_>>; 3] {
        [
            self.stdin.as_ref().map(AsFd::as_fd),
            self.stdout.as_ref().map(AsFd::as_fd),
            self.stderr.as_ref().map(AsFd::as_fd),
        ]
    }

    fn write(&mut self, input: &mut Input) -> Result<bool, TransportError> {
        let mut moved = false;
        while let Some(stdin) = &self.stdin {
            let chunk = input.chunk().map_err(|error| lost(&error))?;
            if chunk.is_empty() {
                break;
            }
            match rustix::io::write(stdin, chunk) {
                Ok(count) => {
                    input.consume(count);
                    moved = true;
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                // The shell stopped reading; what it printed and its end tell why.
                Err(_) => input.abandon(),
            }
        }
        if input.is_finished() {
            self.stdin = None;
        }
        Ok(moved)
    }

    fn wait(&mut self, wants_write: bool, wait: Duration) -> Result<Round, TransportError> {
        let timeout = Timespec::try_from(wait).map_err(|error| lost(&error))?;
        let [stdin, stdout, stderr] = self.fds();
        let mut fds: Vec<_> = [stdout, stderr]
            .into_iter()
            .flatten()
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .collect();
        if let (Some(stdin), true) = (stdin, wants_write) {
            fds.push(PollFd::from_borrowed_fd(stdin, PollFlags::OUT));
        }
        match poll(&mut fds, Some(&timeout)) {
            // The streams may be held open by a process that outlives the shell.
            Ok(0) if matches!(self.child.try_wait(), Ok(Some(_))) => Ok(Round::Ended),
            Ok(_) | Err(Errno::INTR) => Ok(Round::Open),
            Err(error) => Err(lost(&error)),
        }
    }
}

impl Wire for LocalWire {
    fn round(
        &mut self,
        input: &mut Input,
        sink: &mut dyn FnMut(Stream, &[u8]),
        wait: Duration,
    ) -> Result<Round, TransportError> {
        let mut moved = self.write(input)?;
        moved |=
            read(&mut self.stdout, &mut self.buffer, &mut |bytes| sink(Stream::Stdout, bytes))?;
        moved |=
            read(&mut self.stderr, &mut self.buffer, &mut |bytes| sink(Stream::Stderr, bytes))?;
        if self.stdout.is_none() && self.stderr.is_none() {
            return Ok(Round::Ended);
        }
        if moved || wait.is_zero() {
            return Ok(Round::Open);
        }
        let wants_write = !input.chunk().map_err(|error| lost(&error))?.is_empty();
        self.wait(wants_write, wait)
    }
}

impl Drop for LocalWire {
    #[expect(clippy::disallowed_methods, reason = "the local transport looks at the clock")]
    fn drop(&mut self) {
        self.stdin = None;
        let until = Instant::now() + LEAVE;
        while Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        // Its own child at least; a shell that became root ended with its input.
        if let Ok(()) = self.child.kill() {
            let _ = self.child.wait();
        }
    }
}

/// Reads what is there; the stream becomes `None` at its end.
fn read<T: AsFd>(
    stream: &mut Option<T>,
    buffer: &mut [u8],
    sink: &mut dyn FnMut(&[u8]),
) -> Result<bool, TransportError> {
    let Some(fd) = stream else {
        return Ok(false);
    };
    match rustix::io::read(fd, &mut *buffer) {
        Ok(0) => *stream = None,
        Ok(count) => sink(&buffer[..count]),
        Err(Errno::AGAIN | Errno::INTR) => return Ok(false),
        Err(error) => return Err(lost(&error)),
    }
    Ok(true)
}

fn lost(error: &dyn std::fmt::Display) -> TransportError {
    TransportError::Lost { node: "this machine".to_owned(), reason: error.to_string() }
}
