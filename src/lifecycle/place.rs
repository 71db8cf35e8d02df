//! Placement of a whole topology: each node's machine and interfaces, given to the pure placement.

use super::failure::Failure;
use crate::cpu::{GroupRequest, place as place_node};
use crate::facts::Facts;
use crate::model::{Group, Mems, Node, Topology};
use crate::plan::{Assignment, Observation, Refusal};

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

/// The NUMA node a group names, or where most of its interfaces are (a tie goes to the first
/// named); `None` = placement's choice. An error is message and hint.
fn numa(group: &Group, node: &Node, facts: &Facts) -> Result<Option<u32>, (String, String)> {
    if let Mems::Node(numa) = group.cpuset_mems {
        return Ok(Some(numa));
    }
    let mut votes: Vec<(u32, usize)> = Vec::new();
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
            // The kernel does not say where it is: a machine with one NUMA node.
            Some(None) => {}
            Some(Some(numa)) => match votes.iter_mut().find(|(known, _)| known == numa) {
                Some((_, count)) => *count += 1,
                None => votes.push((*numa, 1)),
            },
        }
    }
    let most = votes.iter().map(|(_, count)| *count).max();
    Ok(votes.iter().find(|(_, count)| Some(*count) == most).map(|(numa, _)| *numa))
}

/// Facts of a node known only by a saved machine: an interface that it does not tell of is on an
/// unknown NUMA node.
pub fn saved_facts(node: &Node, mut known: Facts) -> Facts {
    for interface in node.interfaces.values() {
        known.pci.entry(interface.pci.clone()).or_insert(None);
    }
    known
}
