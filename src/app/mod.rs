//! Apps: what runs inside containers. Each is a pure file: files, scripts and templates out,
//! observations in. It must not know an engine: whoever plans wraps its scripts into the engine's
//! `exec`.
//!
//! A container with an app has [`LAUNCH`] as its first process: it waits until the app is
//! configured, runs it as its child, hands signals on, starts it anew on SIGHUP, and ends with its
//! code. So the engine supervises the app, `logs` shows its output, and a new configuration needs
//! no new container. Scripts that run inside need a POSIX shell and the usual small tools
//! (busybox is enough).

mod custom;
mod deploy;
mod install;
mod probe;
mod state;
mod switch;
mod template;
mod testpmd;
mod vpp;

pub use custom::Custom;
pub use deploy::{Deployment, LAUNCH, deploy};
pub use install::{InstallStep, install_digest, install_steps};
pub use probe::{Probe, parse_probe};
pub use state::{AppState, parse_states, query_states};
pub use switch::{Switch, SwitchState, parse_switch, remove_folder, remove_switch};
pub use testpmd::Testpmd;
pub use vpp::Vpp;

use crate::model::{App, AppKind};
use crate::wiring::ContainerWiring;

/// Folder inside a container where its app's files of ours lie; it outlives a stop.
///
/// `start`: script that becomes the app. `configured`, `installed`: digests of what was delivered.
/// `launcher`: pid of [`LAUNCH`]. `running`: digest and pid of the app while it runs; `ended`: digest
/// and exit code since it has ended; neither is there before its first start.
pub const FOLDER: &str = "/var/lib/vnfctl";

/// One container, as its app needs to know it.
#[derive(Debug, Clone, Copy)]
pub struct Instance<'a> {
    /// Name of the container.
    pub name: &'a str,
    /// Name of the node.
    pub node: &'a str,
    /// Name of the group.
    pub group: &'a str,
    /// Ordinal in the group, from 1.
    pub ordinal: u32,
    /// CPUs, main first; empty where nobody asked for a placement (stop, restart, destroy).
    pub cpus: &'a [u32],
    /// Memory nodes.
    pub mems: &'a [u32],
    /// Its ports and rules.
    pub wiring: &'a ContainerWiring,
    /// The app.
    pub app: &'a App,
}

/// A file as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Absolute path in the container.
    pub path: String,
    /// Content.
    pub content: String,
    /// Permissions.
    pub mode: u32,
}

/// A template or a setting that cannot become a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct RenderError {
    /// Where: `<file>:<line>`, or the key.
    pub place: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// What an app can do. Stateless.
pub trait AppDriver: Sync {
    /// Folders it writes files to, besides [`FOLDER`], `/run` and `/tmp`.
    fn folders(&self) -> &'static [&'static str] {
        &[]
    }

    /// The app's own files, besides those of `files = [..]`.
    ///
    /// # Errors
    /// A template or setting that makes no file.
    fn files(&self, instance: &Instance<'_>) -> Result<Vec<File>, RenderError>;

    /// A POSIX script whose last command is `exec PROGRAM ...`, in the foreground.
    ///
    /// # Errors
    /// A template that cannot be rendered.
    fn start(&self, instance: &Instance<'_>) -> Result<String, RenderError>;

    /// A POSIX script, run inside after the start, that waits until the app is configured, at most
    /// `ready_timeout`; exit code 0 = ready, else the reason on stderr, e.g. the failing line of
    /// VPP's exec file. `None` = ready when started. It does not wait for other containers.
    ///
    /// # Errors
    /// A template that cannot be rendered.
    fn ready(&self, instance: &Instance<'_>) -> Result<Option<String>, RenderError>;

    /// A POSIX script, run inside when the apps at the other ends are ready as well, that waits
    /// until every port is connected and packets pass, at most `ready_timeout`; exit code 0 = so it
    /// is, else a line per port that is not, with the reason and the peer, on stderr.
    fn linked(&self, instance: &Instance<'_>) -> Option<String>;

    /// A POSIX script that looks once and always ends with 0: a line `app ready` or
    /// `app <reason>`, then per memif port `port <name> up` or `port <name> <reason>`.
    ///
    /// # Errors
    /// A template that cannot be rendered.
    fn probe(&self, instance: &Instance<'_>) -> Result<String, RenderError>;

    /// What is run inside before the container is stopped; empty = nothing.
    ///
    /// # Errors
    /// A template that cannot be rendered.
    fn stop(&self, instance: &Instance<'_>) -> Result<Vec<String>, RenderError>;
}

/// The driver of an app.
pub fn driver(kind: &AppKind) -> &'static dyn AppDriver {
    match kind {
        AppKind::Custom(_) => &Custom,
        AppKind::Vpp(_) => &Vpp,
        AppKind::Testpmd(_) => &Testpmd,
    }
}
