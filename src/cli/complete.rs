//! Value completers: read the topology file, never a node; a mistake completes to nothing.

use clap_complete::engine::{CompletionCandidate, PathCompleter};
use std::ffi::OsStr;

/// The variable that turns vnfctl into its own completer.
pub const VARIABLE: &str = "VNFCTL_COMPLETE";

/// Topology files.
pub(super) fn topology_files() -> PathCompleter {
    PathCompleter::file()
        .filter(|path| path.is_dir() || path.extension().is_some_and(|end| end == "toml"))
}

/// Names of containers.
pub(super) fn containers(_current: &OsStr) -> Vec<CompletionCandidate> {
    Vec::new()
}

/// Names of groups.
pub(super) fn groups(_current: &OsStr) -> Vec<CompletionCandidate> {
    Vec::new()
}

/// Names of nodes.
pub(super) fn nodes(_current: &OsStr) -> Vec<CompletionCandidate> {
    Vec::new()
}
