//! The way to a node: a TCP connection, or a process that carries the bytes past jump hosts.
//! Every wait here looks at the stop flag.

use super::openssh::{self, Resolved};
use super::pump::TICK;
use super::{Stop, Target, TransportError};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use std::io::Read as _;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// An open way. Dropping it ends the process that carries it.
pub(super) struct Way {
    pub(super) fd: OwnedFd,
    carrier: Option<Child>,
}

impl Way {
    /// Opens the way to `resolved` within its timeout.
    pub(super) fn open(
        target: &Target,
        resolved: &Resolved,
        stop: &Stop,
    ) -> Result<Self, TransportError> {
        match openssh::proxy(resolved, target.ssh_config.as_deref()) {
            Some(words) => Self::carried(&words),
            None => dial(target, resolved, stop).map(|fd| Self { fd, carrier: None }),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "transport starts processes")]
    fn carried(words: &[std::ffi::OsString]) -> Result<Self, TransportError> {
        let fail = |error: std::io::Error| TransportError::Spawn {
            program: words[0].to_string_lossy().into_owned(),
            reason: error.to_string(),
        };
        let (ours, theirs) = UnixStream::pair().map_err(fail)?;
        let theirs = OwnedFd::from(theirs);
        let carrier = Command::new(&words[0])
            .args(&words[1..])
            .stdin(theirs.try_clone().map_err(fail)?)
            .stdout(theirs)
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(fail)?;
        Ok(Self { fd: ours.into(), carrier: Some(carrier) })
    }

    /// What the carrying process complained about.
    pub(super) fn complaint(&mut self) -> Option<String> {
        let carrier = self.carrier.as_mut()?;
        let _ = carrier.kill();
        let _ = carrier.wait();
        let mut words = Vec::new();
        let mut stderr = carrier.stderr.take()?;
        // Its own children may hold the stream open.
        rustix::io::ioctl_fionbio(&stderr, true).ok()?;
        let _ = stderr.read_to_end(&mut words);
        let words = String::from_utf8_lossy(&words).trim().to_owned();
        (!words.is_empty()).then_some(words)
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        if let Some(carrier) = &mut self.carrier {
            let _ = carrier.kill();
            let _ = carrier.wait();
        }
    }
}

/// Tries the addresses of the host one after the other; each gets its share of the time left.
#[expect(clippy::disallowed_methods, reason = "transport looks at the clock")]
fn dial(target: &Target, resolved: &Resolved, stop: &Stop) -> Result<OwnedFd, TransportError> {
    let unreachable = |reason: String| TransportError::Unreachable {
        node: target.node.clone(),
        reason: format!("{}: {reason}", resolved.address()),
    };
    let limit = Instant::now() + resolved.timeout;
    let addresses = look_up(resolved, limit, stop)?.map_err(unreachable)?;
    let mut reason = "no address".to_owned();
    for (index, address) in addresses.iter().enumerate() {
        let left = limit.saturating_duration_since(Instant::now());
        let share = left / u32::try_from(addresses.len() - index).unwrap_or(1);
        match reach(*address, Instant::now() + share, stop)? {
            Ok(fd) => return Ok(fd),
            Err(error) => reason = error,
        }
    }
    Err(unreachable(reason))
}

/// The system's resolver cannot be interrupted, so it works on a thread that may be left behind.
#[expect(clippy::disallowed_methods, reason = "transport looks at the clock")]
fn look_up(
    resolved: &Resolved,
    limit: Instant,
    stop: &Stop,
) -> Result<Result<Vec<SocketAddr>, String>, TransportError> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let question = (resolved.host.clone(), resolved.port);
    std::thread::spawn(move || {
        let found = question.to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        // Nobody listens after a stop or a timeout.
        let _ = sender.send(found.map_err(|error| error.to_string()));
    });
    loop {
        if let Ok(found) = receiver.recv_timeout(TICK) {
            return Ok(found);
        }
        if stop.is_requested() {
            return Err(TransportError::Interrupted);
        }
        if Instant::now() >= limit {
            return Ok(Err("its name could not be looked up in time".to_owned()));
        }
    }
}

fn reach(
    address: SocketAddr,
    limit: Instant,
    stop: &Stop,
) -> Result<Result<OwnedFd, String>, TransportError> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let fd = match rustix::net::socket_with(family, SocketType::STREAM, flags, None) {
        Ok(fd) => fd,
        Err(error) => return Ok(Err(words(error))),
    };
    match rustix::net::connect(&fd, &address) {
        Ok(()) => {}
        Err(Errno::INPROGRESS) => {
            while ready(&fd, PollFlags::OUT, TICK).is_none_or(|flags| flags.is_empty()) {
                if stop.is_requested() {
                    return Err(TransportError::Interrupted);
                }
                if past(limit) {
                    return Ok(Err("no answer in time".to_owned()));
                }
            }
            match rustix::net::sockopt::socket_error(&fd) {
                Ok(Ok(())) => {}
                Ok(Err(error)) | Err(error) => return Ok(Err(words(error))),
            }
        }
        Err(error) => return Ok(Err(words(error))),
    }
    let stream = TcpStream::from(fd);
    // A lane sends short texts and waits for short answers.
    let _ = stream.set_nodelay(true);
    Ok(Ok(stream.into()))
}

/// Waits for `wanted` at most `wait`; what came of it is empty when nothing did.
pub(super) fn ready(fd: &impl AsFd, wanted: PollFlags, wait: Duration) -> Option<PollFlags> {
    let timeout = Timespec::try_from(wait).ok()?;
    let mut fds = [PollFd::new(fd, wanted)];
    match poll(&mut fds, Some(&timeout)) {
        Ok(_) => Some(fds[0].revents()),
        Err(_) => None,
    }
}

#[expect(clippy::disallowed_methods, reason = "transport looks at the clock")]
pub(super) fn past(limit: Instant) -> bool {
    Instant::now() >= limit
}

fn words(error: Errno) -> String {
    std::io::Error::from(error).to_string()
}
