//! Whether the OCI runtimes that groups ask for are on the nodes, before anything is made. Pure.

use super::compare::Observation;
use super::request::Refusal;
use super::wanted::Wanted;
use crate::model::{EngineKind, Group};
use std::collections::{BTreeMap, BTreeSet};

/// One refusal for every node, engine and runtime that does not fit. Nodes whose runtimes are not
/// known are left out.
pub fn runtimes<'w>(
    wanted: impl IntoIterator<Item = &'w Wanted<'w>>,
    observation: &Observation,
) -> Vec<Refusal> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for one in wanted {
        let engine = one.group.engine;
        let Some(runtime) = one.spec.runtime.as_deref() else { continue };
        let state = observation.get(one.node);
        let Some(known) = state.and_then(|state| state.facts.runtimes.get(&engine)) else {
            continue;
        };
        if !has_runtime(known, runtime) && seen.insert((one.node, engine, runtime)) {
            found.push(Refusal {
                node: one.node.to_owned(),
                container: String::new(),
                message: missing_runtime(one.group, runtime, known),
                hint: runtime_remedy(engine, runtime),
            });
        }
    }
    found
}

/// Whether an engine with these runtimes can start one of this name or path.
pub fn has_runtime(known: &BTreeMap<String, String>, runtime: &str) -> bool {
    // A path is podman's to try.
    runtime.starts_with('/') || known.contains_key(runtime)
}

/// That a group's runtime is missing, and which ones there are.
pub fn missing_runtime(group: &Group, runtime: &str, known: &BTreeMap<String, String>) -> String {
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    format!(
        "{} has no runtime `{runtime}` for group `{}`; it has {names}",
        group.engine.word(),
        group.name
    )
}

/// How a runtime is made known to an engine.
pub fn runtime_remedy(engine: EngineKind, runtime: &str) -> String {
    let program = match runtime {
        "kata" => "kata-runtime",
        other => other,
    };
    if engine == EngineKind::Podman {
        return format!(
            "install `{program}` on the node, or name its path in \
             /etc/containers/containers.conf: `[engine.runtimes]`, \
             `{runtime} = [\"/usr/bin/{program}\"]`"
        );
    }
    format!(
        "install `{program}` on the node, name it in /etc/docker/daemon.json, \
         `{{ \"runtimes\": {{ \"{runtime}\": {{ \"path\": \"/usr/bin/{program}\" }} }} }}`, and reload \
         the daemon (`kill -HUP $(pidof dockerd)`)"
    )
}
