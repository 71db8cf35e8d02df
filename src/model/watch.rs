//! How the containers of a group are watched: probes and what is done when they end or fail.
//! Types only.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// What a watcher does for each container of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watch {
    /// Whether it lives, and, without `readiness`, whether it is ready.
    pub probe: Option<Probe>,
    /// Whether it is ready.
    pub readiness: Option<Probe>,
    /// What is done when it ends, or when its probe fails.
    pub restart: RestartPolicy,
}

impl Watch {
    /// Whether there is nothing to watch for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The probe that says when it is ready.
    pub fn readiness(&self) -> Option<&Probe> {
        self.readiness.as_ref().or(self.probe.as_ref())
    }
}

/// What is done when a first process ends, or when a probe fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RestartPolicy {
    /// Nothing; it is shown.
    #[default]
    No,
    /// It is started again when it ended with another code than 0, or when its probe fails.
    OnFailure,
    /// It is started again however it ended.
    Always,
}

impl RestartPolicy {
    /// Every policy with its word.
    pub const CHOICES: [(&'static str, Self); 3] =
        [("no", Self::No), ("on-failure", Self::OnFailure), ("always", Self::Always)];

    /// The word of the topology file.
    pub fn word(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::OnFailure => "on-failure",
            Self::Always => "always",
        }
    }
}

/// A question to a container, asked again and again. Times are whole seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What is asked.
    pub question: Question,
    /// From one question to the next.
    pub every: Duration,
    /// Failures in a row after which it counts as failing.
    pub fails: u32,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How long after its start failures do not count.
    pub start: Duration,
    /// How long `up` waits for the first answer; `None` = the app's, or
    /// [`Probe::READY_TIMEOUT`].
    pub ready_timeout: Option<Duration>,
}

impl Probe {
    /// How long `up` waits where the file says nothing.
    pub const READY_TIMEOUT: Duration = Duration::from_secs(30);
}

/// What a probe asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// These words run inside end with code 0.
    Exec(Vec<String>),
    /// In the container's network somebody listens here.
    Tcp(SocketAddr),
    /// A GET of this path there is answered by a status from 200 to 399, as in Kubernetes.
    Http(SocketAddr, String),
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exec(words) => write!(f, "exec {}", words.first().map_or("", String::as_str)),
            Self::Tcp(at) => write!(f, "tcp {at}"),
            Self::Http(at, path) => write!(f, "http {at}{path}"),
        }
    }
}
