//! What was delivered to the running containers of a node, read in one command.

use crate::command::Command;
use std::collections::BTreeMap;

/// What was delivered to one running container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppState {
    /// Digest of its installation; `None` = never finished.
    pub installed: Option<String>,
    /// Digest of its configuration; `None` = never finished, or its app has ended since.
    pub configured: Option<String>,
}

/// One command that reads what was delivered to `containers`: name and shell expression that
/// prints the pid of its first process (`Engine::first_process`). Those that do not run are left
/// out of what it prints.
pub fn query_states<'a>(containers: impl IntoIterator<Item = (&'a str, String)>) -> Command {
    let args = containers.into_iter().flat_map(|(name, pid)| [name.to_owned(), pid]);
    Command::sh(include_str!("state.sh"), args)
}

/// Parses what [`query_states`] printed, by name.
pub fn parse_states(stdout: &str) -> BTreeMap<String, AppState> {
    let one = |line: &str| {
        let mut words = line.split('\t').map(str::to_owned);
        let mut word = || words.next().filter(|word| !word.is_empty());
        Some((word()?, AppState { installed: word(), configured: word() }))
    };
    stdout.lines().filter_map(one).collect()
}
