//! Software into a container: packages of its own package manager, package files, commands.

use crate::model::{ImageFile, Install};

/// One step of an installation: a POSIX script run inside as root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallStep {
    /// For people, e.g. `packages iproute2, supervisor`.
    pub detail: String,
    /// The script.
    pub script: String,
    /// Its `$1`, `$2` and so on.
    pub args: Vec<String>,
    /// A file that the script reads from its standard input.
    pub file: Option<ImageFile>,
}

/// What an installation is known by: SHA-256 over all it asks for, 16 hexadecimal digits. The last
/// step leaves it in the container, in `installed`.
pub fn install_digest(install: &Install) -> String {
    let _ = install;
    String::new()
}

/// The steps of an installation; empty when nothing is asked for. Each may be run again.
pub fn install_steps(install: &Install) -> Vec<InstallStep> {
    let _ = install;
    Vec::new()
}
