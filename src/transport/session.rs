//! One ssh session: handshake, waiting without blocking, keepalive.

use super::connect::{Way, past, ready};
use super::known_hosts::Known;
use super::openssh::{self, Resolved};
use super::pump::TICK;
use super::{Stop, Target, TransportError, auth};
use crate::model::SshTarget;
use rustix::event::PollFlags;
use ssh2::{BlockDirections, ErrorCode, MethodType, Session};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// `LIBSSH2_ERROR_EAGAIN`: call again when the socket is ready.
pub(super) const AGAIN: ErrorCode = ErrorCode::Session(-37);

/// A gap between two waits that means nobody was waiting, rather than nobody answering.
const PAUSE: Duration = Duration::from_secs(1);

/// An authenticated session and its socket.
pub(super) struct Connection {
    pub(super) session: Session,
    pub(super) node: String,
    way: Way,
    keepalive: Duration,
    silence: Duration,
    quiet: Mutex<Quiet>,
}

/// Since when nothing came while we waited.
#[derive(Debug, Clone, Copy)]
struct Quiet {
    since: Instant,
    looked: Instant,
}

impl Connection {
    /// Resolves, connects, checks the host key, authenticates.
    pub(super) fn open(
        target: &Target,
        ssh: &SshTarget,
        stop: &Stop,
    ) -> Result<Self, TransportError> {
        let resolved = openssh::resolve(target, ssh)?;
        let known = Known::read(&resolved);
        let way = Way::open(target, &resolved, stop)?;
        let mut connection = Self::over(way, target, &resolved)?;
        let limit = soon(resolved.timeout);
        connection.handshake(&known, &resolved, limit, stop)?;
        known.check(&connection.session, &resolved)?;
        // Signing agents may ask a person to touch a key, servers may be slow to refuse.
        let limit = soon(resolved.timeout);
        match auth::authenticate(&mut connection, &resolved, limit, stop) {
            Ok(()) => Ok(connection),
            Err(TransportError::Lost { node, reason }) => {
                Err(TransportError::Unreachable { node, reason })
            }
            Err(error) => Err(error),
        }
    }

    fn over(way: Way, target: &Target, resolved: &Resolved) -> Result<Self, TransportError> {
        let fail = |reason: String| TransportError::Unreachable {
            node: target.node.clone(),
            reason: format!("{}: {reason}", resolved.address()),
        };
        let mut session = Session::new().map_err(|error| fail(error.to_string()))?;
        session.set_tcp_stream(way.fd.try_clone().map_err(|error| fail(error.to_string()))?);
        session.set_blocking(false);
        let seconds = u32::try_from(resolved.keepalive.as_secs()).unwrap_or(u32::MAX);
        session.set_keepalive(true, seconds);
        Ok(Self {
            session,
            node: target.node.clone(),
            way,
            keepalive: resolved.keepalive,
            silence: resolved.keepalive * (resolved.keepalive_count + 1),
            quiet: Mutex::new(Quiet { since: soon(Duration::ZERO), looked: soon(Duration::ZERO) }),
        })
    }

    fn handshake(
        &mut self,
        known: &Known,
        resolved: &Resolved,
        limit: Instant,
        stop: &Stop,
    ) -> Result<(), TransportError> {
        let supported = self.session.supported_algs(MethodType::HostKey).unwrap_or_default();
        if let Some(order) = known.preference(&supported) {
            // Without the preference the key is merely more often unknown.
            let _ = self.session.method_pref(MethodType::HostKey, &order);
        }
        let result = self.settle(limit, stop, Session::handshake);
        let failure = match result {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.message().to_owned(),
            Err(TransportError::Lost { reason, .. }) => reason,
            Err(error) => return Err(error),
        };
        let reason = self.way.complaint().unwrap_or(failure);
        Err(TransportError::Unreachable {
            node: self.node.clone(),
            reason: format!("{}: {reason}", resolved.address()),
        })
    }

    /// Repeats a call of libssh2 until it no longer asks to be called again.
    pub(super) fn settle<T>(
        &mut self,
        limit: Instant,
        stop: &Stop,
        mut call: impl FnMut(&mut Session) -> Result<T, ssh2::Error>,
    ) -> Result<Result<T, ssh2::Error>, TransportError> {
        let mut session = self.session.clone();
        self.repeat(limit, stop, || call(&mut session))
    }

    /// As [`Connection::settle`], for calls that bring their own session.
    pub(super) fn repeat<T>(
        &self,
        limit: Instant,
        stop: &Stop,
        mut call: impl FnMut() -> Result<T, ssh2::Error>,
    ) -> Result<Result<T, ssh2::Error>, TransportError> {
        loop {
            match call() {
                Err(error) if error.code() == AGAIN => {}
                result => return Ok(result),
            }
            if stop.is_requested() {
                return Err(TransportError::Interrupted);
            }
            if past(limit) {
                return Err(self.lost("no answer in time"));
            }
            ready(&self.way.fd, self.directions(), TICK);
        }
    }

    /// Whether libssh2 holds a packet the socket did not take as a whole. Until it is gone no
    /// other packet may be begun, a window adjustment of a read included.
    pub(super) fn is_clogged(&self) -> bool {
        self.directions().contains(PollFlags::OUT)
    }

    fn directions(&self) -> PollFlags {
        match self.session.block_directions() {
            BlockDirections::Outbound | BlockDirections::Both => PollFlags::IN | PollFlags::OUT,
            BlockDirections::Inbound | BlockDirections::None => PollFlags::IN,
        }
    }

    /// Waits for the socket at most `wait`, keeps the connection alive, and notices its death.
    pub(super) fn wait(&self, clogged: bool, wait: Duration) -> Result<(), TransportError> {
        let wanted = if clogged { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        if self.comes(wanted, wait) {
            self.heard();
            return Ok(());
        }
        let now = soon(Duration::ZERO);
        let mut quiet = self.quiet();
        if now.duration_since(quiet.looked) > PAUSE {
            quiet.since = now;
        }
        quiet.looked = now;
        let silent = now.duration_since(quiet.since);
        drop(quiet);
        if silent >= self.silence {
            return Err(self.lost(&format!("silent for {} s", silent.as_secs())));
        }
        if silent >= self.keepalive && !clogged {
            self.session.keepalive_send().map_err(|error| self.lost(error.message()))?;
            // The answer must be seen here: libssh2 swallows it in whatever reads next.
            if self.comes(wanted, wait) {
                self.heard();
            }
        }
        Ok(())
    }

    fn comes(&self, wanted: PollFlags, wait: Duration) -> bool {
        ready(&self.way.fd, wanted, wait).is_some_and(|came| !came.is_empty())
    }

    /// The other side lives.
    pub(super) fn heard(&self) {
        let now = soon(Duration::ZERO);
        *self.quiet() = Quiet { since: now, looked: now };
    }

    fn quiet(&self) -> MutexGuard<'_, Quiet> {
        self.quiet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection broke.
    pub(super) fn lost(&self, reason: &str) -> TransportError {
        TransportError::Lost { node: self.node.clone(), reason: reason.to_owned() }
    }
}

#[expect(clippy::disallowed_methods, reason = "transport looks at the clock")]
pub(super) fn soon(wait: Duration) -> Instant {
    Instant::now() + wait
}
