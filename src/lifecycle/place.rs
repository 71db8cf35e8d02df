//! Placement of a whole topology: each node's machine and interfaces, given to the pure placement.

use super::failure::Failure;
use super::numa::{doubts, numa};
use crate::cpu::{GroupRequest, place as place_node};
use crate::facts::Facts;
use crate::model::{Node, Topology};
use crate::plan::{Assignment, Observation, Refusal};
use std::collections::BTreeMap;

/// What placement gave.
#[derive(Debug, Clone, Default)]
pub struct Placed {
    /// CPUs and memory nodes of every container on the nodes that were seen.
    pub assignments: Vec<Assignment>,
    /// What a person should know: node and sentence.
    pub warnings: Vec<(String, String)>,
}

/// Places every group on every observed node.
pub fn place(topology: &Topology, observation: &Observation) -> Result<Placed, Failure> {
    let mut placed = Placed::default();
    let mut refusals = Vec::new();
    for node in &topology.nodes {
        let Some(state) = observation.get(&node.name) else { continue };
        match on_node(topology, node, &state.facts, &mut placed.warnings) {
            Ok(assignments) => placed.assignments.extend(assignments),
            Err(found) => refusals.extend(found),
        }
    }
    if refusals.is_empty() { Ok(placed) } else { Err(Failure::Placement(refusals)) }
}

fn on_node(
    topology: &Topology,
    node: &Node,
    facts: &Facts,
    warnings: &mut Vec<(String, String)>,
) -> Result<Vec<Assignment>, Vec<Refusal>> {
    let refusal = |message: String, hint: String| Refusal {
        node: node.name.clone(),
        container: String::new(),
        message,
        hint,
    };
    let mut refusals = Vec::new();
    let mut requests = Vec::new();
    for group in topology.groups.iter().filter(|group| group.nodes.contains(&node.name)) {
        match numa(group, node, facts) {
            Ok(numa) => requests.push(GroupRequest {
                group: &group.name,
                cpu: &group.cpu,
                numa,
                numa_policy: group.numa,
            }),
            Err((message, hint)) => refusals.push(refusal(message, hint)),
        }
        let doubts = doubts(group, node, facts).into_iter();
        warnings.extend(doubts.map(|sentence| (node.name.clone(), sentence)));
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let result = place_node(topology.placement, &facts.machine, node.system_cpus, &requests, &[]);
    let placement = result.map_err(|found| {
        found.into_iter().map(|one| refusal(one.to_string(), one.help)).collect::<Vec<_>>()
    })?;
    for warning in placement.warnings {
        warnings.push((node.name.clone(), warning.to_string()));
    }
    let mut assignments = Vec::new();
    for group in placement.groups {
        for (pinned, ordinal) in group.containers.into_iter().zip(1..) {
            assignments.push(Assignment {
                node: node.name.clone(),
                group: group.group.clone(),
                ordinal,
                cpus: pinned.cpus,
                mems: pinned.mems,
            });
        }
    }
    Ok(assignments)
}

/// Facts of a node known only by the saved text of a plain `lscpu -p`: its CPUs, and every
/// interface on an unknown NUMA node.
pub fn saved_facts(node: &Node, machine: crate::cpu::Machine) -> Facts {
    let pci = node.interfaces.values().map(|interface| (interface.pci.clone(), None));
    Facts { machine, pci: pci.collect::<BTreeMap<_, _>>(), ..Facts::default() }
}
