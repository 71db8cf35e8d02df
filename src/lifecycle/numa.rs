//! Which NUMA node a group is for: the one it names, or where its interfaces are. It must not
//! look at what is free there.

use crate::cpu::CpuSet;
use crate::facts::Facts;
use crate::model::{Group, Mems, Node};
use std::collections::BTreeSet;

/// Message and hint.
pub(super) type Refused = (String, String);

/// The NUMA node a group names, or where most of its interfaces are (a tie goes to the first
/// named); `None` = placement's choice. What a person may not expect goes to `warnings`.
pub(super) fn numa(
    group: &Group,
    node: &Node,
    facts: &Facts,
    warnings: &mut Vec<String>,
) -> Result<Option<u32>, Refused> {
    match group.cpuset_mems {
        Mems::Node(numa) => named(group, numa, facts).map(Some),
        Mems::Auto => of_interfaces(group, node, facts, warnings),
    }
}

/// CPUs and memory come from one NUMA node, so it must have CPUs. Where it has no memory,
/// placement takes the nearest that has some, with a warning.
fn named(group: &Group, numa: u32, facts: &Facts) -> Result<u32, Refused> {
    if facts.machine.cpus().any(|cpu| cpu.numa == numa) {
        return Ok(numa);
    }
    let is_there = facts.numa.iter().any(|node| node.id == numa);
    let what = if is_there {
        format!("NUMA node {numa} has no CPUs")
    } else {
        format!("there is no NUMA node {numa}")
    };
    let message = format!("group `{}`: {what} (`cpuset_mems = {numa}`)", group.name);
    Err((message, format!("NUMA nodes of this machine: {}", listed(facts))))
}

/// Every NUMA node with its CPUs and, where known, its memory.
fn listed(facts: &Facts) -> String {
    let with_cpus = facts.machine.cpus().map(|cpu| cpu.numa);
    let ids: BTreeSet<u32> = with_cpus.chain(facts.numa.iter().map(|node| node.id)).collect();
    let one = |id: u32| {
        let cpus = facts.machine.cpus().filter(|cpu| cpu.numa == id && cpu.usable());
        let cpus: CpuSet = cpus.map(|cpu| cpu.id).collect();
        let cpus = if cpus.0.is_empty() { "no CPUs".into() } else { format!("CPUs {cpus}") };
        let memory = match facts.numa.iter().find(|node| node.id == id) {
            None => String::new(),
            Some(node) if node.memory_kib == 0 => ", no memory".into(),
            Some(node) => format!(", {} MiB of memory", node.memory_kib >> 10),
        };
        format!("{id} ({cpus}{memory})")
    };
    ids.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

fn of_interfaces(
    group: &Group,
    node: &Node,
    facts: &Facts,
    warnings: &mut Vec<String>,
) -> Result<Option<u32>, Refused> {
    let mut votes: Vec<(u32, Vec<String>)> = Vec::new();
    let mut nowhere = Vec::new();
    for name in &group.interfaces {
        let Some(interface) = node.interfaces.get(name) else { continue };
        match facts.pci.get(&interface.pci) {
            None => {
                let message = format!(
                    "group `{}`: there is no PCI device {} (`{name}`)",
                    group.name, interface.pci
                );
                return Err((message, "`lspci -D` on the node lists what there is".into()));
            }
            Some(None) => nowhere.push(format!("`{name}`")),
            Some(Some(numa)) => match votes.iter_mut().find(|(known, _)| known == numa) {
                Some((_, names)) => names.push(format!("`{name}`")),
                None => votes.push((*numa, vec![format!("`{name}`")])),
            },
        }
    }
    let most = votes.iter().map(|(_, names)| names.len()).max();
    let chosen = votes.iter().find(|(_, names)| Some(names.len()) == most).map(|(numa, _)| *numa);
    // On a machine with one NUMA node it is no question where anything is.
    if facts.machine.numa_nodes().0.len() > 1 {
        let group = &group.name;
        if let (Some(chosen), 2..) = (chosen, votes.len()) {
            let places = votes.iter().map(|(numa, names)| format!("{numa} ({})", names.join(", ")));
            let places = places.collect::<Vec<_>>().join(" and ");
            warnings.push(format!(
                "`{group}`: interfaces are on NUMA nodes {places}; it is placed on {chosen}"
            ));
        }
        if !nowhere.is_empty() {
            let names = nowhere.join(", ");
            warnings.push(format!(
                "`{group}`: it is not known which NUMA node {names} is on; `cpuset_mems` can say it"
            ));
        }
    }
    Ok(chosen)
}
