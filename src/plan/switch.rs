//! The node's own VPP as a vswitch: what should be there, and the step that puts it there. Taking it
//! out goes with the folder of memif sockets.

use super::compare::{NodeState, Observation};
use super::request::{Refusal, Request};
use super::step::{Plan, Step};
use super::wanted::Wanted;
use crate::app::{RenderError, Switch, remove_switch};
use crate::model::Topology;
use std::collections::BTreeMap;

/// What should be in the VPP of each node that has such a vswitch.
///
/// # Errors
/// Every node whose part has a value that VPP's CLI would not read as one word.
pub fn wanted_switches(topology: &Topology) -> Result<BTreeMap<String, Switch>, Vec<RenderError>> {
    let (mut switches, mut errors) = (BTreeMap::new(), Vec::new());
    for (node, (socket, wiring)) in &topology.wiring.switches {
        match Switch::new(&topology.name, socket, wiring) {
            Ok(switch) => _ = switches.insert(node.clone(), switch),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(switches) } else { Err(errors) }
}

/// What differs in a node's VPP; `None` = all is there.
pub fn switch_difference(switch: &Switch, state: &NodeState) -> Option<String> {
    match &state.switch {
        Some(Ok(found)) if switch.is_there(found) => None,
        Some(Ok(found)) if found.tags.is_empty() => Some("not configured".to_owned()),
        Some(Ok(_)) => Some("made from another configuration".to_owned()),
        Some(Err(reason)) => Some(reason.clone()),
        None => Some("not looked at".to_owned()),
    }
}

/// The steps that put into the nodes' VPPs what is not there, on nodes where a container is meant;
/// they come before everything that waits for a link.
///
/// # Errors
/// Every node whose VPP does not answer.
pub fn switch_steps(
    request: &Request<'_>,
    wanted: &[Wanted<'_>],
    switches: &BTreeMap<String, Switch>,
    observation: &Observation,
) -> Result<Plan, Vec<Refusal>> {
    let (mut plan, mut refusals) = (Plan::default(), Vec::new());
    for (node, switch) in switches.iter().filter(|_| request.verb.configures()) {
        let Some(state) = observation.get(node) else { continue };
        let is_meant = |one: &&Wanted<'_>| {
            one.node == node && (request.is_selected)(&one.spec.name, &one.group.name, node)
        };
        if !wanted.iter().any(|one| is_meant(&one)) || switch_difference(switch, state).is_none() {
            continue;
        }
        if let Some(Err(reason)) = &state.switch {
            refusals.push(Refusal {
                node: node.clone(),
                container: String::new(),
                message: format!("its VPP is to be the vswitch: {reason}"),
                hint: "start VPP on the node, or set `cli` of the chain to the CLI socket of the \
                       one that runs"
                    .to_owned(),
            });
            continue;
        }
        let mut command = switch.configure();
        command.deadline = request.timeout.or(command.deadline);
        plan.push(Step {
            node: node.clone(),
            container: String::new(),
            verb: "configure",
            sentence: format!("configure the VPP at {} (vswitch)", switch.socket),
            command,
            undo: Some(remove_switch(request.topology)),
            after: Vec::new(),
        });
    }
    if refusals.is_empty() { Ok(plan) } else { Err(refusals) }
}
