//! Sees what is: facts, containers and links of all nodes at once.

use super::claims::passing;
use super::failure::NodeFailure;
use super::neighbours::{self, Neighbours, ask_neighbours, grant};
use crate::app::{AppState, Switch, SwitchState, parse_states, parse_switch, query_states};
use crate::command::Command;
use crate::engine::{Inventory, State, engine};
use crate::executor::Lanes;
use crate::facts::{self, Cpusets, Facts};
use crate::link::{LinkSpec, ObservedLink, driver};
use crate::model::{EngineKind, Image, LinkKind};
use crate::plan::{NodeState, Observation};
use crate::transport::{Exit, Output, Stop, Transport, TransportError};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What to look for on one node.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// PCI addresses whose NUMA node is asked for.
    pub pci: Vec<String>,
    /// Engines and the images asked for of each. `None` = every engine the node has.
    pub engines: Option<BTreeMap<EngineKind, Vec<Image>>>,
    /// Links.
    pub links: Vec<LinkSpec>,
    /// Containers with an app: engine and name.
    pub apps: BTreeSet<(EngineKind, String)>,
    /// The topology's part in the node's own VPP.
    pub switch: Option<Switch>,
    /// Whether to look at whatever else has CPUs on the node too: containers of its other engines.
    pub others: bool,
    /// Deadline of every command instead of its own.
    pub timeout: Option<Duration>,
    /// Facts that are known already: the node is not probed again.
    pub facts: Option<Facts>,
}

/// Looks at all nodes at once; nodes that cannot be used are returned beside the others.
pub fn observe(
    lanes: &Lanes<'_>,
    looks: &BTreeMap<String, Look>,
    stop: &Stop,
) -> (Observation, Vec<NodeFailure>) {
    let results: Vec<(&String, Result<NodeState, TransportError>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = looks
            .iter()
            .map(|(node, look)| (node, scope.spawn(|| observe_node(lanes, node, look, stop))))
            .collect();
        let join = |(node, thread): (_, std::thread::ScopedJoinHandle<'_, _>)| {
            (node, thread.join().expect("observing does not panic"))
        };
        threads.into_iter().map(join).collect()
    });
    let mut observation = Observation::new();
    let mut failures = Vec::new();
    for (node, result) in results {
        match result {
            Ok(state) => {
                observation.insert(node.clone(), state);
            }
            Err(error) => failures.push(NodeFailure { node: node.clone(), error }),
        }
    }
    (observation, failures)
}

/// What the probe prints on a node, word for word, for the addresses and engines of a look.
pub(super) fn probed(
    lanes: &Lanes<'_>,
    node: &str,
    look: &Look,
    stop: &Stop,
) -> Result<String, TransportError> {
    let mut probe = [facts::probe(&look.pci, &EngineKind::ALL)];
    hasten(&mut probe, look.timeout);
    let output = ask(lanes, node, &probe, stop)?;
    read_probe(node, &output[0])
}

/// Looks at one node. A container that comes or goes between two questions looks like a
/// stranger's cgroup: what only one of two looks sees is none.
fn observe_node(
    lanes: &Lanes<'_>,
    node: &str,
    look: &Look,
    stop: &Stop,
) -> Result<NodeState, TransportError> {
    let first = look_once(lanes, node, look, stop)?;
    let before = passing(&first);
    if before.is_empty() || !look.others {
        return Ok(first);
    }
    let (facts, links, apps) = (Some(first.facts), Vec::new(), BTreeSet::new());
    let again = Look { links, apps, switch: None, facts, ..look.clone() };
    let mut state = look_once(lanes, node, &again, stop)?;
    (state.links, state.apps, state.switch) = (first.links, first.apps, first.switch);
    let after = passing(&state);
    state.cpusets.retain(|one| before.contains(&one.path) || !after.contains(&one.path));
    Ok(state)
}

fn look_once(
    lanes: &Lanes<'_>,
    node: &str,
    look: &Look,
    stop: &Stop,
) -> Result<NodeState, TransportError> {
    let Some(engines) = &look.engines else {
        let text = probed(lanes, node, look, stop)?;
        let facts = facts::parse(&text).map_err(|error| lost(node, error.to_string()))?;
        let present = facts.engines.iter().filter(|(_, version)| version.is_ok());
        let engines = present.map(|(kind, _)| (*kind, Vec::new())).collect();
        return look_once(
            lanes,
            node,
            &Look { engines: Some(engines), facts: Some(facts), ..look.clone() },
            stop,
        );
    };
    let kinds: Vec<EngineKind> = engines.keys().copied().collect();
    let mut commands = Vec::new();
    if look.facts.is_none() {
        commands.push(facts::probe(&look.pci, &kinds));
    }
    commands.extend(engines.iter().map(|(kind, images)| engine(*kind).query(images)));
    let others: Vec<EngineKind> = EngineKind::ALL
        .into_iter()
        .filter(|kind| look.others && !engines.contains_key(kind))
        .collect();
    commands.push(ask_neighbours(&others));
    let links = by_kind(&look.links);
    commands.extend(links.iter().map(|(kind, links)| driver(*kind).query(links)));
    commands.extend(look.switch.iter().map(Switch::query));

    hasten(&mut commands, look.timeout);
    let outputs = ask(lanes, node, &commands, stop)?;
    let mut outputs = outputs.iter();
    let mut next = || outputs.next().expect("one output per command");
    let facts = match &look.facts {
        Some(facts) => facts.clone(),
        None => read_facts(node, next())?,
    };
    let mut inventories: BTreeMap<EngineKind, _> =
        kinds.iter().map(|&kind| (kind, read_inventory(kind, &facts, next()))).collect();
    let Neighbours { cpusets, mut others } = neighbours::read(&others, next())
        .map_err(|reason| lost(node, format!("looking at the cgroups failed: {reason}")))?;
    // A user's own containers have no cpuset of theirs: what their processes may use is all.
    let granted = inventories.values_mut().chain(others.values_mut()).flatten();
    for inventory in granted.filter(|_| facts.uid == 0) {
        inventory.containers.iter_mut().for_each(|container| grant(container, &cpusets));
    }
    let mut seen = Vec::new();
    for (kind, links) in &links {
        seen.extend(read_links(node, *kind, links, next())?);
    }
    let switch = look.switch.as_ref().map(|_| read_switch(next()));
    let Cpusets { whole, mut narrow } = cpusets;
    narrow.retain(|one| whole.as_ref().is_none_or(|whole| one.cpus != whole.cpus));
    let apps = look_inside(lanes, node, look, &inventories, stop)?;
    Ok(NodeState { facts, inventories, others, links: seen, apps, switch, cpusets: narrow })
}

/// What was delivered into the containers with an app that run. Asked when their processes are
/// known: asking an engine for them one by one takes longer than the way to the node.
fn look_inside(
    lanes: &Lanes<'_>,
    node: &str,
    look: &Look,
    inventories: &BTreeMap<EngineKind, Result<Inventory, String>>,
    stop: &Stop,
) -> Result<BTreeMap<String, AppState>, TransportError> {
    let seen = inventories.values().flatten().flat_map(|inventory| &inventory.containers);
    let running = seen.filter_map(|one| match one.state {
        State::Running { pid } if look.apps.contains(&(one.engine, one.name.clone())) => {
            Some((one.name.as_str(), format!("echo {pid}")))
        }
        _ => None,
    });
    let running: Vec<(&str, String)> = running.collect();
    if running.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut question = [query_states(running)];
    hasten(&mut question, look.timeout);
    let output = &ask(lanes, node, &question, stop)?[0];
    if output.exit != Exit::Code(0) {
        return Err(lost(node, format!("looking into the containers failed: {}", why(output))));
    }
    Ok(parse_states(&String::from_utf8_lossy(&output.stdout)))
}

fn hasten(commands: &mut [Command], timeout: Option<Duration>) {
    for command in commands {
        command.deadline = timeout.or(command.deadline);
    }
}

fn by_kind(links: &[LinkSpec]) -> BTreeMap<LinkKind, Vec<LinkSpec>> {
    let mut kinds: BTreeMap<LinkKind, Vec<LinkSpec>> = BTreeMap::new();
    for link in links {
        kinds.entry(link.kind).or_default().push(link.clone());
    }
    kinds
}

/// Runs independent commands in one round trip: side by side where a lane costs nothing, one
/// behind the other on one lane elsewhere.
fn ask(
    lanes: &Lanes<'_>,
    node: &str,
    commands: &[Command],
    stop: &Stop,
) -> Result<Vec<Output>, TransportError> {
    if lanes.steps_per_lane(node) > 1 || commands.len() < 2 {
        return ask_one_lane(lanes, node, commands, stop);
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = commands
            .iter()
            .map(|command| {
                scope.spawn(|| ask_one_lane(lanes, node, std::slice::from_ref(command), stop))
            })
            .collect();
        let mut outputs = Vec::new();
        for thread in threads {
            outputs.extend(thread.join().expect("asking does not panic")?);
        }
        Ok(outputs)
    })
}

fn ask_one_lane(
    lanes: &Lanes<'_>,
    node: &str,
    commands: &[Command],
    stop: &Stop,
) -> Result<Vec<Output>, TransportError> {
    let mut lane: Box<dyn Transport> = lanes.take(node, stop)?;
    for command in commands {
        lane.send(command)?;
    }
    let outputs = commands
        .iter()
        .map(|_| lane.receive(stop, &mut |_, _| ()))
        .collect::<Result<Vec<_>, _>>()?;
    // A lane whose command outlived its deadline may be gone.
    if !outputs.iter().any(|output| matches!(output.exit, Exit::Deadline(_))) {
        lanes.put_back(node, lane);
    }
    Ok(outputs)
}

fn read_facts(node: &str, output: &Output) -> Result<Facts, TransportError> {
    let text = read_probe(node, output)?;
    facts::parse(&text).map_err(|error| lost(node, error.to_string()))
}

fn read_probe(node: &str, output: &Output) -> Result<String, TransportError> {
    if output.exit != Exit::Code(0) {
        return Err(lost(node, format!("the probe failed: {}", why(output))));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn lost(node: &str, reason: String) -> TransportError {
    TransportError::Lost { node: node.to_owned(), reason }
}

fn read_inventory(kind: EngineKind, facts: &Facts, output: &Output) -> Result<Inventory, String> {
    if let Some(Err(reason)) = facts.engines.get(&kind) {
        return Err(reason.clone());
    }
    if output.exit != Exit::Code(0) {
        return Err(why(output));
    }
    engine(kind).parse(&String::from_utf8_lossy(&output.stdout)).map_err(|error| error.to_string())
}

fn read_links(
    node: &str,
    kind: LinkKind,
    links: &[LinkSpec],
    output: &Output,
) -> Result<Vec<ObservedLink>, TransportError> {
    if output.exit != Exit::Code(0) {
        return Err(lost(node, format!("looking at the links failed: {}", why(output))));
    }
    let seen = driver(kind).parse(links, &String::from_utf8_lossy(&output.stdout));
    seen.map_err(|reason| lost(node, reason))
}

fn read_switch(output: &Output) -> Result<SwitchState, String> {
    if output.exit != Exit::Code(0) {
        return Err(why(output));
    }
    Ok(parse_switch(&String::from_utf8_lossy(&output.stdout)))
}

/// How a command ended, and the last line it wrote on standard error.
pub(super) fn why(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let last = stderr.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("");
    match output.exit {
        Exit::Code(_) if !last.is_empty() => last.to_owned(),
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => format!("ended by signal {signal}"),
        Exit::Deadline(after) => format!("no answer within {} s", after.as_secs()),
    }
}
