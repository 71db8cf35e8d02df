//! The one question to a node.

use crate::command::Command;
use crate::model::EngineKind;

const SCRIPT: &str = include_str!("probe.sh");

/// One command that prints everything of [`Facts`](super::Facts): one round trip. `pci` are the
/// addresses whose NUMA node matters, `engines` those whose version matters.
pub fn probe(pci: &[String], engines: &[EngineKind]) -> Command {
    probe_runtimes(pci, engines, &[])
}

/// As [`probe`], also for the OCI runtimes that the engines of `runtimes` can start.
pub fn probe_runtimes(pci: &[String], engines: &[EngineKind], runtimes: &[EngineKind]) -> Command {
    let engines = engines.iter().map(|engine| engine.word().to_owned());
    let runtimes = runtimes.iter().map(|engine| format!("{}+runtimes", engine.word()));
    let arguments = pci.iter().cloned().chain(["--".to_owned()]);
    Command::sh(SCRIPT, arguments.chain(engines).chain(runtimes))
}
