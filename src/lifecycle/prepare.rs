//! From a request to a plan: see, place, compare. Nothing is changed here.

use super::failure::{Failure, NodeFailure};
use super::hugepages::require_hugepages;
use super::packers::packers;
use super::place::{place, silent};
use super::session::{Seen, Session};
use crate::command::{Command, Stdin, quote};
use crate::engine::{Labels, Observed};
use crate::link::LinkSpec;
use crate::model::{Loaded, Node, Topology, start_order};
use crate::plan::{
    Assignment, Observation, Plan, Refusal, Rendering, Request, Transfer, Verb, Wanted, build,
    lacking, orphans, switch_steps, targets, unable_to_watch, wanted_switches,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a changing verb asks for.
pub struct ChangeRequest<'a> {
    /// The verb.
    pub verb: Verb,
    /// Whether a container (name, group, node) is meant.
    pub is_selected: &'a dyn Fn(&str, &str, &str) -> bool,
    /// Whether a node is meant.
    pub is_node_meant: &'a dyn Fn(&Node) -> bool,
    /// Replace containers whose specification changed.
    pub recreate: bool,
    /// From the stop signal to the end by force.
    pub grace: Duration,
    /// Deadline of every command instead of its own.
    pub timeout: Option<Duration>,
    /// Serve the nodes that answer when others do not.
    pub keep_going: bool,
    /// How images go from node to node; who is where and has what is found out.
    pub transfer: Transfer,
}

/// Everything known before the first act.
#[derive(Debug, Default)]
pub struct Prepared<'a> {
    /// What would be done.
    pub plan: Plan,
    /// Every container that should be, on the nodes seen.
    pub wanted: Vec<Wanted<'a>>,
    /// Every link that should be, by node.
    pub links: BTreeMap<String, Vec<LinkSpec>>,
    /// What is.
    pub observation: Observation,
    /// How many of the wanted containers were selected.
    pub meant: usize,
    /// Nodes left out.
    pub failures: Vec<NodeFailure>,
    /// What a person should know: node and sentence.
    pub warnings: Vec<(String, String)>,
}

/// Sees the nodes, places, and plans.
pub fn prepare<'a>(
    session: &Session<'a>,
    request: &ChangeRequest<'_>,
) -> Result<Prepared<'a>, Failure> {
    if !session.loaded.topology.groups.is_empty() {
        let seen = session.see(request.is_node_meant).require(request.keep_going)?;
        if request.verb != Verb::Distribute {
            return prepare_from(session.loaded, seen, request);
        }
        let packers = packers(session, &seen.observation, request.transfer.packing);
        let transfer = Transfer { packers, ..request.transfer.clone() };
        return prepare_from(session.loaded, seen, &ChangeRequest { transfer, ..*request });
    }
    let mut seen = session.see_all(request.is_node_meant).require(request.keep_going)?;
    let warnings = leave_out_silent_engines(&mut seen);
    let mut prepared = prepare_from(session.loaded, seen, request)?;
    prepared.warnings.extend(warnings);
    Ok(prepared)
}

/// As [`prepare`], over what was seen already (or is known from saved machines).
pub fn prepare_from<'a>(
    loaded: &'a Loaded,
    seen: Seen,
    request: &ChangeRequest<'_>,
) -> Result<Prepared<'a>, Failure> {
    let topology = &loaded.topology;
    let Seen { observation, failures } = seen;
    let mut prepared = Prepared { failures, ..Prepared::default() };
    let raises =
        request.verb.is_about_images() || matches!(request.verb, Verb::Create | Verb::Up(_));
    let rendering =
        if raises || request.verb.is_inside() { Rendering::Whole } else { Rendering::Control };
    let assignments = if raises {
        let placed = place(topology, &observation)?;
        prepared.warnings = placed.warnings;
        placed.assignments
    } else {
        prepared.warnings = silent(&observation);
        as_found(topology, &observation)
    };
    prepared.wanted = specify(loaded, &assignments, rendering)?;
    if raises {
        prepared.warnings.extend(strays(topology, &observation, &prepared.wanted));
    }
    prepared.links = observation
        .keys()
        .map(|node| (node.clone(), crate::plan::wanted_links(topology, node)))
        .collect();
    let depends_on: BTreeMap<String, Vec<String>> = topology
        .groups
        .iter()
        .map(|group| (group.name.clone(), group.depends_on.clone()))
        .collect();
    let order = start_order(&topology.groups);
    let here = topology.nodes.iter().filter(|node| node.ssh.is_none());
    let here = here.map(|node| node.name.clone()).collect();
    let transfer = Transfer { here, ..request.transfer.clone() };
    let plan_request = Request {
        verb: request.verb,
        topology: &topology.name,
        is_selected: request.is_selected,
        depends_on: &depends_on,
        order: &order,
        recreate: request.recreate,
        grace: request.grace,
        timeout: request.timeout,
        transfer: &transfer,
    };
    let is_meant =
        |one: &&Wanted<'_>| (request.is_selected)(&one.spec.name, &one.group.name, one.node);
    prepared.meant = prepared.wanted.iter().filter(is_meant).count();
    if raises {
        let meant = prepared.wanted.iter().filter(is_meant);
        let mut unable: Vec<Refusal> = meant.flat_map(Wanted::refusals).collect();
        unable.extend(lacking(prepared.wanted.iter().filter(is_meant), &observation));
        let facts = |one: &Wanted<'_>| observation.get(one.node).map(|state| &state.facts);
        let meant = prepared.wanted.iter().filter(is_meant);
        let watched = meant.filter_map(|one| Some(unable_to_watch(one, facts(one)?)));
        unable.extend(watched.flatten());
        if !unable.is_empty() {
            return Err(Failure::Unable(unable));
        }
    }
    let targets = targets(&prepared.wanted, &prepared.links, &observation);
    // Whoever puts something into them has heard by now of one that cannot be rendered.
    let switches = wanted_switches(topology).unwrap_or_default();
    let steps = switch_steps(&plan_request, &prepared.wanted, &switches, &observation);
    let mut plan = steps.map_err(Failure::Refused)?;
    plan.append(build(&plan_request, &targets).map_err(Failure::Refused)?);
    for step in &mut plan.steps {
        address(&mut step.command, topology);
    }
    prepared.plan = plan;
    prepared.warnings.extend(require_hugepages(&plan_request, &targets)?);
    drop(targets);
    prepared.observation = observation;
    Ok(prepared)
}

/// Says how a person's `ssh` reaches the nodes that a command reads from.
fn address(command: &mut Command, topology: &Topology) {
    if let Some(other) = &mut command.otherwise {
        address(other, topology);
    }
    if let Stdin::Node { node, address, .. } = &mut command.stdin
        && let Some(ssh) = topology.nodes.iter().find(|one| one.name == *node)
        && let Some(ssh) = &ssh.ssh
    {
        let port = ssh.port.map(|port| format!("-p {port} ")).unwrap_or_default();
        let user = ssh.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        *address = format!("{port}{}", quote(&format!("{user}{}", ssh.host)));
    }
}

/// What should be in all the assigned places.
pub fn wanted<'a>(
    loaded: &'a Loaded,
    assignments: &[Assignment],
) -> Result<Vec<Wanted<'a>>, Failure> {
    specify(loaded, assignments, Rendering::Whole)
}

fn specify<'a>(
    loaded: &'a Loaded,
    assignments: &[Assignment],
    rendering: Rendering,
) -> Result<Vec<Wanted<'a>>, Failure> {
    if rendering == Rendering::Whole {
        wanted_switches(&loaded.topology).map_err(Failure::Render)?;
    }
    crate::plan::wanted(&loaded.topology, assignments, &loaded.secrets, rendering)
        .map_err(Failure::Render)
}

/// Containers that the file no longer names may hold CPUs that others get now.
fn strays(
    topology: &Topology,
    observation: &Observation,
    wanted: &[Wanted<'_>],
) -> Vec<(String, String)> {
    let mut sentences = Vec::new();
    for (node, state) in observation {
        for found in orphans(&topology.name, node, state, wanted) {
            let name = &found.name;
            let removal = format!("`vnfctl destroy {name}` removes it");
            sentences.push((node.clone(), format!("`{name}` is no longer in the file; {removal}")));
        }
    }
    sentences
}

/// An engine that is installed but does not answer must not keep the others from being looked
/// at, when nobody knows which of them a topology used.
pub fn leave_out_silent_engines(seen: &mut Seen) -> Vec<(String, String)> {
    let mut warnings = Vec::new();
    for (node, state) in &mut seen.observation {
        state.inventories.retain(|kind, inventory| {
            if let Err(reason) = inventory {
                let word = kind.word();
                warnings.push((node.clone(), format!("{word} is left out: {reason}")));
            }
            inventory.is_ok()
        });
    }
    warnings
}

/// What exists has the CPUs it was made with; what does not exist has none.
fn as_found(topology: &Topology, observation: &Observation) -> Vec<Assignment> {
    let mut all = Vec::new();
    for group in &topology.groups {
        for node in &group.nodes {
            let Some(state) = observation.get(node) else { continue };
            all.extend((1..=group.cpu.containers()).map(|ordinal| {
                let name = topology.container_name(node, &group.name, ordinal);
                let is_it = |found: &&Observed| {
                    found.name == name
                        && found.engine == group.engine
                        && found.is_of(&topology.name)
                };
                let labels = state.containers().find(is_it).and_then(|one| one.labels.as_ref());
                Assignment {
                    node: node.clone(),
                    group: group.name.clone(),
                    ordinal,
                    cpus: labels.map(Labels::cpus).unwrap_or_default(),
                    mems: labels.map(Labels::mems).unwrap_or_default(),
                }
            }));
        }
    }
    all
}
