//! A topology with the lanes to its nodes: what every verb that reaches a node works with.

use super::failure::{Failure, NodeFailure};
use super::observe::{Look, observe, probed};
use crate::command::Command;
use crate::executor::Lanes;
use crate::facts::{Facts, probe_runtimes};
use crate::link::LinkSpec;
use crate::model::{EngineKind, Group, Image, Loaded, Node, Topology};
use crate::plan::{self, Observation, wanted_links, wanted_switches};
use crate::transport::{Connector, Stop, TransportError};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A topology and the way to its nodes.
pub struct Session<'a> {
    /// What was read.
    pub loaded: &'a Loaded,
    /// Lanes to its nodes.
    pub lanes: Lanes<'a>,
    /// Set when the person wants to stop.
    pub stop: &'a Stop,
    /// Deadline of every look instead of its own.
    pub(super) timeout: Option<Duration>,
}

/// What was seen, and the nodes where nothing could be seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// By node name.
    pub observation: Observation,
    /// Nodes that could not be used.
    pub failures: Vec<NodeFailure>,
}

impl<'a> Session<'a> {
    /// A session; nothing is opened before something is asked.
    pub fn new(loaded: &'a Loaded, connector: &'a dyn Connector, stop: &'a Stop) -> Self {
        Self { loaded, lanes: Lanes::new(connector), stop, timeout: None }
    }

    /// Gives every look this deadline, where there is one.
    #[must_use]
    pub fn within(self, timeout: Option<Duration>) -> Self {
        Self { timeout, ..self }
    }

    /// Looks at the nodes for which `is_meant` for what they are and who has their CPUs.
    pub fn probe(&self, is_meant: &dyn Fn(&Node) -> bool) -> Seen {
        self.see_with(is_meant, &|node| Look {
            engines: Some(BTreeMap::new()),
            links: Vec::new(),
            apps: BTreeSet::new(),
            switch: None,
            ..self.look(node)
        })
    }

    /// Looks at the nodes for which `is_meant`, for containers of every engine they have: for a
    /// topology whose file is gone.
    pub fn see_all(&self, is_meant: &dyn Fn(&Node) -> bool) -> Seen {
        self.see_with(is_meant, &|_| Look::default())
    }

    /// What the probe prints on a node, word for word: a machine to save.
    pub fn probed(&self, node: &Node) -> Result<String, Failure> {
        let look = Look { timeout: self.timeout, ..self.look(node) };
        probed(&self.lanes, &node.name, &look, self.stop).map_err(|error| match error {
            TransportError::Interrupted => Failure::Interrupted,
            error => Failure::Nodes(vec![NodeFailure { node: node.name.clone(), error }]),
        })
    }

    /// Looks at the nodes for which `is_meant`, for everything the topology has there.
    pub fn see(&self, is_meant: &dyn Fn(&Node) -> bool) -> Seen {
        self.see_with(is_meant, &|node| self.look(node))
    }

    fn see_with(&self, is_meant: &dyn Fn(&Node) -> bool, look: &dyn Fn(&Node) -> Look) -> Seen {
        let nodes = self.loaded.topology.nodes.iter().filter(|node| is_meant(node));
        let look = |node| Look { timeout: self.timeout, ..look(node) };
        let looks = nodes.map(|node| (node.name.clone(), look(node))).collect();
        let (observation, failures) = observe(&self.lanes, &looks, self.stop);
        Seen { observation, failures }
    }

    /// Looks again at the nodes of an observation: what they are is known, what they run is not.
    pub fn see_again(&self, before: &Observation) -> Seen {
        self.see_with(&|node| before.contains_key(&node.name), &|node| Look {
            facts: before.get(&node.name).map(|state| state.facts.clone()),
            others: false,
            ..self.look(node)
        })
    }

    /// Looks at nodes of which it is known what they are.
    pub(super) fn see_known(&self, facts: &BTreeMap<String, Facts>) -> Seen {
        self.see_with(&|node| facts.contains_key(&node.name), &|node| Look {
            facts: facts.get(&node.name).cloned(),
            ..self.look(node)
        })
    }

    /// The question what a node is.
    pub(super) fn probe_of(&self, node: &Node) -> Command {
        let look = self.look(node);
        let mut probe = probe_runtimes(&look.pci, &EngineKind::ALL, &look.runtimes);
        probe.deadline = self.timeout.or(probe.deadline);
        probe
    }

    /// The links of every node of the topology.
    pub fn links(&self) -> BTreeMap<String, Vec<LinkSpec>> {
        let topology = &self.loaded.topology;
        let nodes = topology.nodes.iter();
        nodes.map(|node| (node.name.clone(), wanted_links(topology, &node.name))).collect()
    }

    fn look(&self, node: &Node) -> Look {
        let topology = &self.loaded.topology;
        let mut engines: BTreeMap<EngineKind, Vec<Image>> = BTreeMap::new();
        for group in topology.groups.iter().filter(|group| group.nodes.contains(&node.name)) {
            let images = engines.entry(group.engine).or_default();
            for image in plan::images(group) {
                if !images.contains(&image) {
                    images.push(image);
                }
            }
        }
        Look {
            pci: node.interfaces.values().map(|interface| interface.pci.clone()).collect(),
            engines: Some(engines),
            runtimes: with_runtimes(topology, node),
            links: wanted_links(topology, &node.name),
            apps: containers_of(topology, node, &|group| group.app.is_some()),
            pods: containers_of(topology, node, &|group| group.pod.is_some()),
            // One that cannot be rendered is told by whoever plans.
            switch: wanted_switches(topology).ok().and_then(|mut all| all.remove(&node.name)),
            others: true,
            timeout: None,
            facts: None,
        }
    }
}

/// Engines that a group of the node asks an OCI runtime of.
fn with_runtimes(topology: &Topology, node: &Node) -> Vec<EngineKind> {
    let groups = topology.groups.iter().filter(|group| group.nodes.contains(&node.name));
    let engines = groups.filter(|group| group.runtime.is_some()).map(|group| group.engine);
    let engines = engines.filter(|kind| matches!(kind, EngineKind::Docker | EngineKind::Podman));
    engines.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Engine and name of every container of a node whose group is meant.
fn containers_of(
    topology: &Topology,
    node: &Node,
    is_meant: &dyn Fn(&Group) -> bool,
) -> BTreeSet<(EngineKind, String)> {
    let groups = topology.groups.iter().filter(|group| group.nodes.contains(&node.name));
    let groups = groups.filter(|group| is_meant(group));
    let names = groups.flat_map(|group| {
        let ordinals = 1..=group.cpu.containers();
        ordinals.map(|ordinal| {
            (group.engine, topology.container_name(&node.name, &group.name, ordinal))
        })
    });
    names.collect()
}

impl Seen {
    /// The observation when every node answered, or when those that did are enough.
    pub fn require(self, keep_going: bool) -> Result<Self, Failure> {
        let is_interrupted =
            |failure: &NodeFailure| matches!(failure.error, TransportError::Interrupted);
        if self.failures.iter().any(is_interrupted) {
            return Err(Failure::Interrupted);
        }
        let usable = self.failures.is_empty() || (keep_going && !self.observation.is_empty());
        if usable { Ok(self) } else { Err(Failure::Nodes(self.failures)) }
    }
}
