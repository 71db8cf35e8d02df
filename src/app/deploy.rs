//! What `configure` delivers to one container, and the script that delivers it.

use super::{File, Instance, RenderError};

/// The first process of a container with an app: a POSIX script, `sh -c LAUNCH`.
pub const LAUNCH: &str = "";

/// Everything about the app of one container, rendered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deployment {
    /// SHA-256 over files and start script, 16 hexadecimal digits: what `configured` holds.
    pub digest: String,
    /// Files, the app's own first.
    pub files: Vec<File>,
    /// The start script.
    pub start: String,
    /// [`super::AppDriver::ready`].
    pub ready: Option<String>,
    /// [`super::AppDriver::linked`].
    pub linked: Option<String>,
    /// [`super::AppDriver::probe`].
    pub probe: String,
    /// [`super::AppDriver::stop`].
    pub stop: Vec<String>,
}

impl Deployment {
    /// A POSIX script, run inside with [`Deployment::archive`] on its standard input, that writes
    /// the files, the start script and the digest, and starts the app, or starts it anew when what
    /// it had was different. Running it twice changes nothing the second time. Nothing is
    /// half-written when it is cut short: the digest comes last.
    pub fn script(&self) -> String {
        String::new()
    }

    /// What the script reads.
    pub fn archive(&self) -> String {
        String::new()
    }
}

/// Renders everything of one container.
///
/// # Errors
/// The first template or setting that makes no file.
pub fn deploy(instance: &Instance<'_>) -> Result<Deployment, RenderError> {
    let _ = instance;
    Ok(Deployment::default())
}
