//! What a verb asks of the planner, and what the planner may answer instead of a plan.

use super::compare::{NodeState, Observation};
use super::wanted::Wanted;
use crate::engine::{Observed, Packing};
use crate::link::LinkSpec;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Images present.
    Acquire,
    /// Images of recipes present.
    Build,
    /// Images on all nodes as on one.
    Distribute,
    /// Containers exist and run, links made.
    Create,
    /// The software of apps in containers that run.
    Install,
    /// The files of apps in containers that run; apps started (anew), ready, connected.
    Configure,
    /// Stopped containers run.
    Start,
    /// Running containers stopped.
    Stop,
    /// Stopped and started.
    Restart,
    /// Gone.
    Destroy,
    /// All stages up to this one.
    Up(Stage),
    /// Stopped and gone.
    Down,
}

impl Verb {
    /// Whether it makes images present, and nothing else.
    pub fn is_about_images(self) -> bool {
        matches!(self, Self::Acquire | Self::Build | Self::Up(Stage::Acquire))
    }

    /// Whether it makes containers, and so gives cores out by the file.
    pub fn creates(self) -> bool {
        match self {
            Self::Create => true,
            Self::Up(stage) => stage >= Stage::Create,
            _ => false,
        }
    }

    /// Whether the software of apps is to be there when it is done.
    pub fn installs(self) -> bool {
        match self {
            Self::Install => true,
            Self::Up(stage) => stage >= Stage::Install,
            _ => false,
        }
    }

    /// Whether apps are to run as configured when it is done.
    pub fn configures(self) -> bool {
        match self {
            Self::Configure => true,
            Self::Up(stage) => stage >= Stage::Configure,
            _ => false,
        }
    }

    /// Whether it is about what is inside containers that run, and about nothing else.
    pub fn is_inside(self) -> bool {
        matches!(self, Self::Install | Self::Configure)
    }
}

/// A stage of `up`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Images present.
    Acquire,
    /// Containers run, links made.
    Create,
    /// The apps' software is in them.
    Install,
    /// The apps run as configured, ready and connected.
    Configure,
    /// Reality checked.
    Verify,
}

/// What is asked for.
pub struct Request<'a> {
    /// The verb.
    pub verb: Verb,
    /// Name of the topology.
    pub topology: &'a str,
    /// Whether a container (name, group, node) is meant.
    pub is_selected: &'a dyn Fn(&str, &str, &str) -> bool,
    /// Groups each group depends on; empty when the file is gone.
    pub depends_on: &'a BTreeMap<String, Vec<String>>,
    /// Groups whose containers are there before those of each group: `depends_on`, and what pods add.
    pub order: &'a BTreeMap<String, Vec<String>>,
    /// Replace containers whose specification changed.
    pub recreate: bool,
    /// From the stop signal to the end by force.
    pub grace: Duration,
    /// Deadline of every command instead of its own.
    pub timeout: Option<Duration>,
    /// How images go from node to node.
    pub transfer: &'a Transfer,
}

/// How images go from node to node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transfer {
    /// The node whose images count; `None` = as most nodes have them.
    pub from: Option<String>,
    /// What they are packed with, between nodes that both have it.
    pub packing: Packing,
    /// Nodes that have the packer.
    pub packers: BTreeSet<String>,
    /// Nodes on this machine: nothing is packed for a way that is none.
    pub here: BTreeSet<String>,
}

/// One node with what should be and what is.
pub struct Target<'a> {
    /// Name of the node.
    pub node: &'a str,
    /// All wanted containers of the node, in dependency order.
    pub wanted: Vec<&'a Wanted<'a>>,
    /// All wanted links of the node.
    pub links: &'a [LinkSpec],
    /// What was seen.
    pub state: &'a NodeState,
}

impl<'a> Target<'a> {
    /// The wanted container that one which was seen is.
    pub(super) fn wanted_of(&self, found: &Observed) -> Option<&'a Wanted<'a>> {
        let is_it = |wanted: &&&Wanted<'_>| {
            wanted.spec.name == found.name && wanted.group.engine == found.engine
        };
        self.wanted.iter().find(is_it).copied()
    }

    /// The container whose network namespace one has: its own, or that of its pod.
    pub(super) fn namespace_owner<'n>(&'n self, name: &'n str) -> &'n str {
        let wanted = self.wanted.iter().find(|wanted| wanted.spec.name == name);
        let seat = wanted.and_then(|wanted| wanted.spec.pod.as_ref());
        seat.and_then(|seat| seat.owner.as_deref()).unwrap_or(name)
    }
}

/// Why nothing is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Name of the node.
    pub node: String,
    /// Name of the container; empty when it concerns the node.
    pub container: String,
    /// What is wrong, a sentence without its end.
    pub message: String,
    /// How to mend it.
    pub hint: String,
}

/// The targets of an observation, for callers that hold everything by node.
pub fn targets<'a>(
    wanted: &'a [Wanted<'a>],
    links: &'a BTreeMap<String, Vec<LinkSpec>>,
    observation: &'a Observation,
) -> Vec<Target<'a>> {
    let mut by_node: BTreeMap<&str, Vec<&Wanted<'_>>> = BTreeMap::new();
    for one in wanted {
        by_node.entry(one.node).or_default().push(one);
    }
    observation
        .iter()
        .map(|(node, state)| Target {
            node,
            wanted: by_node.remove(node.as_str()).unwrap_or_default(),
            links: links.get(node).map_or(&[], Vec::as_slice),
            state,
        })
        .collect()
}
