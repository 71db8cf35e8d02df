//! `cpus`: who has which CPUs of each node, drawn or as JSON.

use super::context::Context;
use super::machines::saved;
use super::nameless::{bare_node, testbed};
use super::show::JSON_VERSION;
use super::{Cpus, Selection};
use crate::cpu::{CpuMap, Holder, MappedCpu};
use crate::engine::Observed;
use crate::lifecycle::{claims, leave_out_silent_engines};
use crate::model::{Node, is_glob};
use crate::plan::NodeState;
use crate::ui::{ExitCode, Format, cpu_map};
use anyhow::Context as _;
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn run(context: &Context<'_>, args: &Cpus) -> anyhow::Result<ExitCode> {
    let machines = args.machines.machines.iter().map(|machine| machine.nodes.as_str());
    let named = machines.filter(|name| !is_glob(name)).map(bare_node).collect();
    let loaded = testbed(context, &args.hosts, named)?;
    let topology = &loaded.topology;
    let selection = Selection { nodes: args.nodes.clone(), ..Selection::default() };
    let names = topology.nodes.iter().map(|node| ("", "", node.name.as_str()));
    if let Some(unmatched) = selection.unmatched(names).first() {
        return Err(unmatched.fault().into());
    }
    let nodes = context.nodes(topology);
    let session = context.session(&loaded, &nodes).within(args.patience.timeout);
    let mut seen = saved(&args.machines, topology)?;
    seen.observation.retain(|node, _| selection.touches(node));
    let is_saved: Vec<String> = seen.observation.keys().cloned().collect();
    let is_meant = |node: &Node| selection.touches(&node.name) && !is_saved.contains(&node.name);
    let mut asked = session.see_all(&is_meant).require(false)?;
    context.warn(&leave_out_silent_engines(&mut asked));
    if let Some(folder) = &args.save {
        for node in topology.nodes.iter().filter(|node| is_meant(node)) {
            let path = folder.join(format!("{}.probe", node.name));
            save(&path, &session.probed(node)?)?;
            context.ui.note(&format!("saved {} as {}", node.name, path.display()));
        }
    }
    seen.observation.extend(asked.observation);
    let mut maps = Vec::new();
    for node in &topology.nodes {
        let Some(state) = seen.observation.get(&node.name) else { continue };
        maps.push((node, state, map(node, state)));
    }
    if context.ui.format() == Format::Json {
        let nodes = maps.iter().map(|(node, _, map)| node_json(node, map));
        let placements = maps.iter().flat_map(|(node, state, _)| placements(&node.name, state));
        context.ui.json(&json!({
            "version": JSON_VERSION,
            "nodes": nodes.collect::<Vec<_>>(),
            "placements": placements.collect::<Vec<_>>(),
        }))?;
        return Ok(ExitCode::Done);
    }
    let paint = context.ui.stdout_paint();
    let drawn: Vec<String> =
        maps.iter().map(|(node, _, map)| cpu_map(&node.name, map, paint)).collect();
    context.ui.data(drawn.join("\n"))?;
    Ok(ExitCode::Done)
}

#[expect(clippy::disallowed_methods, reason = "the person names where to save")]
fn save(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
}

fn map(node: &Node, state: &NodeState) -> CpuMap {
    // No topology has an empty name: every container is told with its own.
    let claims = claims("", state);
    CpuMap::new(&state.facts.machine, node.system_cpus, &claims, &|holder| match holder {
        Holder::Topology { topology, container } => {
            let engine = state.containers().find(|found| found.name == *container);
            let engine = engine.map_or("gone", |found| found.engine.word());
            format!("{container} (topology {topology}, {engine})")
        }
        other => other.to_string(),
    })
}

fn node_json(node: &Node, map: &CpuMap) -> Value {
    let cpu = |mapped: &MappedCpu| {
        let cpu = &mapped.cpu;
        let known = |number: u32| (!cpu.core_unknown).then_some(number);
        let owners: Vec<&str> =
            mapped.owners.iter().map(|owner| map.owners[*owner].name.as_str()).collect();
        json!({
            "cpu": cpu.id,
            "core": known(cpu.core),
            "socket": known(cpu.socket),
            "numa": cpu.numa,
            "l3": cpu.l3,
            "slot": mapped.slot,
            "thread": known(mapped.thread),
            "kind": cpu.kind,
            "online": cpu.online,
            "allowed": cpu.allowed,
            "isolated": cpu.isolated,
            "nohz_full": cpu.nohz_full,
            "state": mapped.state.word(),
            "owner": (!owners.is_empty()).then(|| owners.join(", ")),
        })
    };
    let cpus: Vec<Value> = map.cpus.iter().map(cpu).collect();
    json!({ "node": node.name, "system_cpus": node.system_cpus, "cpus": cpus })
}

/// Every container of ours, of whichever topology, as its labels tell it.
fn placements(node: &str, state: &NodeState) -> Vec<Value> {
    let one = |found: &Observed| {
        let labels = found.labels.as_ref()?;
        let mems = labels.mems.parse::<crate::cpu::CpuSet>().unwrap_or_default();
        Some(json!({
            "container": found.name,
            "node": node,
            "group": labels.group,
            "topology": labels.topology,
            "engine": found.engine.word(),
            "cpuset_cpus": labels.cpus(),
            "cpuset_mems": mems.0,
        }))
    };
    state.containers().filter_map(one).collect()
}
