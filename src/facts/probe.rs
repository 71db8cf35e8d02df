//! The one question to a node.

use crate::command::Command;
use crate::model::EngineKind;

const SCRIPT: &str = include_str!("probe.sh");

/// One command that prints everything of [`Facts`](super::Facts): one round trip. `pci` are the
/// addresses whose NUMA node matters, `engines` those whose version matters.
pub fn probe(pci: &[String], engines: &[EngineKind]) -> Command {
    let words = engines.iter().map(|engine| engine.word());
    let arguments = pci.iter().map(String::as_str).chain(["--"]).chain(words);
    Command::sh(SCRIPT, arguments)
}
