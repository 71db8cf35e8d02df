//! A world without nodes: topologies, saved machines, and what would be seen on them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use vnfctl::app::{AppState, install_digest};
use vnfctl::cpu::{CpuSet, Machine};
use vnfctl::engine::{Inventory, Observed, State};
use vnfctl::facts::{self, Facts};
use vnfctl::lifecycle::{ChangeRequest, Failure, Prepared, Seen, prepare_from, saved_facts};
use vnfctl::link::{LinkSpec, ObservedLink};
use vnfctl::model::{self, Loaded, Source, Topology};
use vnfctl::plan::{NodeState, Observation, Refusal, Stage, Step, Verb, Wanted};

/// Every verb that changes something, with its word.
pub(crate) const VERBS: [(&str, Verb); 10] = [
    ("acquire", Verb::Acquire),
    ("create", Verb::Create),
    ("install", Verb::Install),
    ("configure", Verb::Configure),
    ("up", Verb::Up(Stage::Verify)),
    ("start", Verb::Start),
    ("restart", Verb::Restart),
    ("stop", Verb::Stop),
    ("down", Verb::Down),
    ("destroy", Verb::Destroy),
];

/// A path of the repository.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The names (without ending) of a folder's files, sorted.
pub(crate) fn stems(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(path(folder)).unwrap();
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut stems: Vec<String> = entries.map(|entry| stem(entry.unwrap().path())).collect();
    stems.sort();
    stems
}

/// The names (without ending) of a folder's files with this ending, sorted.
pub(crate) fn stems_with(folder: &str, ending: &str) -> Vec<String> {
    let has_ending = |stem: &String| path(folder).join(format!("{stem}.{ending}")).exists();
    let mut stems = stems(folder);
    stems.dedup();
    stems.retain(has_ending);
    stems
}

/// A topology from its text, with no variable set.
pub(crate) fn topology(text: &str) -> Loaded {
    let source = Source { name: "test.toml".to_owned(), text: text.to_owned() };
    model::load(&[source], &|_| None)
        .unwrap_or_else(|problems| panic!("{}", vnfctl::ui::diagnostic::render(&problems, false)))
}

/// A topology that is shipped.
pub(crate) fn shipped(name: &str) -> Loaded {
    topology(&std::fs::read_to_string(path(&format!("topologies/{name}.toml"))).unwrap())
}

/// What the probe printed on a real node with cgroup v1 and v2.
pub(crate) const PROBED: &str = include_str!("../../fixtures/facts/hybrid-with-lscpu.txt");

/// The facts of a node whose CPUs are those of a saved machine.
pub(crate) fn facts_of(machine: &str) -> Facts {
    let text = std::fs::read_to_string(path(&format!("tests/fixtures/machines/{machine}.txt")));
    let machine = Machine::from_lscpu(&text.unwrap()).unwrap();
    Facts { machine, ..facts::parse(PROBED).unwrap() }
}

/// All nodes of a topology on a saved machine, with nothing on them.
pub(crate) fn empty(topology: &Topology, machine: &str) -> Observation {
    let facts = facts_of(machine);
    let state =
        |node| NodeState { facts: saved_facts(node, facts.clone()), ..NodeState::default() };
    topology.nodes.iter().map(|node| (node.name.clone(), state(node))).collect()
}

/// What a test asks for: a verb, and which containers.
pub(crate) struct Wish<'a> {
    pub(crate) verb: Verb,
    pub(crate) recreate: bool,
    pub(crate) is_selected: &'a dyn Fn(&str, &str, &str) -> bool,
}

impl Wish<'_> {
    /// A verb for everything.
    pub(crate) fn all(verb: Verb) -> Self {
        Wish { verb, recreate: false, is_selected: &|_, _, _| true }
    }

    /// As the director takes it.
    pub(crate) fn request(&self) -> ChangeRequest<'_> {
        ChangeRequest {
            verb: self.verb,
            is_selected: self.is_selected,
            is_node_meant: &|_| true,
            recreate: self.recreate,
            grace: Duration::from_secs(10),
            timeout: None,
            keep_going: false,
            transfer: vnfctl::plan::Transfer::default(),
        }
    }
}

/// What a wish comes to over an observation.
pub(crate) fn prepared<'l>(
    loaded: &'l Loaded,
    observation: &Observation,
    wish: &Wish<'_>,
) -> Result<Prepared<'l>, Failure> {
    let seen = Seen { observation: observation.clone(), failures: Vec::new() };
    prepare_from(loaded, seen, &wish.request())
}

/// Everything runs as the topology wants it.
pub(crate) fn as_wanted(loaded: &Loaded, empty: &Observation) -> Observation {
    let prepared = prepared(loaded, empty, &Wish::all(Verb::Up(Stage::Verify))).unwrap();
    running(&prepared.wanted, &prepared.links, empty)
}

/// Containers and links run as they should.
pub(crate) fn running(
    all: &[Wanted<'_>],
    links: &BTreeMap<String, Vec<LinkSpec>>,
    empty: &Observation,
) -> Observation {
    let mut observation = empty.clone();
    for (wanted, pid) in all.iter().zip(1000..) {
        let spec = &wanted.spec;
        let found = Observed {
            engine: wanted.group.engine,
            name: spec.name.clone(),
            labels: Some(spec.labels.clone()),
            state: if spec.init {
                State::Stopped { code: Some(0) }
            } else {
                State::Running { pid }
            },
            cpus: Some(spec.cpus.iter().copied().collect()),
            mems: Some(spec.mems.iter().copied().collect()),
            cgroup_cpus: None,
            cgroup_mems: None,
            image: spec.image.name.clone().unwrap_or_default(),
        };
        let inventory = inventory(&mut observation, wanted.node, wanted.group.engine);
        inventory.containers.push(found);
        inventory.images.entry(spec.image.clone()).or_default();
        if let (Some(app), Some(deployment)) = (&wanted.group.app, &wanted.app) {
            let state = AppState {
                installed: (!app.install.is_empty()).then(|| install_digest(&app.install)),
                configured: Some(deployment.digest.clone()),
            };
            let apps = &mut observation.get_mut(wanted.node).unwrap().apps;
            apps.insert(spec.name.clone(), state);
        }
    }
    for (node, links) in links {
        let seen = links.iter().map(|link| ObservedLink {
            name: link.name.clone(),
            differences: Vec::new(),
            absent: false,
        });
        observation.get_mut(node).unwrap().links = seen.collect();
    }
    observation
}

/// What an engine of a node has, made when there is none yet.
pub(crate) fn inventory<'o>(
    observation: &'o mut Observation,
    node: &str,
    engine: model::EngineKind,
) -> &'o mut Inventory {
    let inventories = &mut observation.get_mut(node).unwrap().inventories;
    inventories.entry(engine).or_insert_with(|| Ok(Inventory::default())).as_mut().unwrap()
}

/// One container of an observation, by its exact name.
pub(crate) fn container<'o>(observation: &'o mut Observation, name: &str) -> &'o mut Observed {
    let inventories = observation.values_mut().flat_map(|state| state.inventories.values_mut());
    let mut all = inventories.flat_map(|inventory| &mut inventory.as_mut().unwrap().containers);
    all.find(|container| container.name == name).unwrap()
}

/// Takes a container out of an observation, with its links.
pub(crate) fn remove(observation: &mut Observation, name: &str) {
    for state in observation.values_mut() {
        for inventory in state.inventories.values_mut() {
            inventory.as_mut().unwrap().containers.retain(|found| found.name != name);
        }
    }
    cut(observation, name);
}

/// Its links are gone with its network namespace, and nobody looks into it.
pub(crate) fn cut(observation: &mut Observation, name: &str) {
    for state in observation.values_mut() {
        state.apps.remove(name);
    }
    for link in observation.values_mut().flat_map(|state| &mut state.links) {
        let ends = link.name.split("--").map(|end| end.split(':').next().unwrap());
        if ends.into_iter().any(|end| end == name) {
            link.absent = true;
            link.differences = vec!["missing".into()];
        }
    }
}

/// Stops a container of an observation.
pub(crate) fn stop(observation: &mut Observation, name: &str) {
    let found = container(observation, name);
    found.state = State::Stopped { code: Some(0) };
    (found.cpus, found.mems) = (None, None);
    cut(observation, name);
}

/// One CPU as a set.
pub(crate) fn cpu(number: u32) -> CpuSet {
    std::iter::once(number).collect()
}

/// The steps of a plan, a line each, or why there is none.
pub(crate) fn told(result: &Result<Prepared<'_>, Failure>) -> String {
    match result {
        Ok(prepared) => told_steps(&prepared.plan.steps),
        Err(Failure::Refused(refusals) | Failure::Placement(refusals)) => told_refusals(refusals),
        Err(other) => format!("  failed: {other}\n"),
    }
}

/// Refusals, two lines each.
pub(crate) fn told_refusals(refusals: &[Refusal]) -> String {
    let line = |refusal: &Refusal| {
        let Refusal { node, container, message, hint } = refusal;
        format!("  refused: {node} {container}: {message}\n    hint: {hint}\n")
    };
    refusals.iter().map(line).collect()
}

/// Steps, a line each.
pub(crate) fn told_steps(steps: &[Step]) -> String {
    if steps.is_empty() {
        return "  nothing to do\n".into();
    }
    let line = |(id, step): (usize, &Step)| {
        let after: Vec<String> = step.after.iter().map(|id| (id + 1).to_string()).collect();
        let after =
            if after.is_empty() { String::new() } else { format!("  <- {}", after.join(",")) };
        let undo = if step.undo.is_some() { "  (undo)" } else { "" };
        format!("  {} {} {}{after}{undo}\n", id + 1, step.node, step.sentence)
    };
    steps.iter().enumerate().map(line).collect()
}
