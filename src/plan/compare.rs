//! What is, held against what should be: the one computation behind plan, status and drift.

use super::wanted::Wanted;
use crate::engine::{Inventory, Observed, State};
use crate::facts::{Cpuset, Facts};
use crate::link::{LinkSpec, ObservedLink};
use crate::model::EngineKind;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Everything seen on one node.
#[derive(Debug, Clone, Default)]
pub struct NodeState {
    /// What the node is.
    pub facts: Facts,
    /// What each engine asked has; an error is what the engine said instead.
    pub inventories: BTreeMap<EngineKind, Result<Inventory, String>>,
    /// Links asked for.
    pub links: Vec<ObservedLink>,
    /// Cgroups with CPUs of their own.
    pub cpusets: Vec<Cpuset>,
}

/// Everything seen, by node name.
pub type Observation = BTreeMap<String, NodeState>;

/// What a wanted container is like in reality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It does not exist.
    Absent,
    /// Its name is taken by somebody else's container.
    Foreign {
        /// Who owns it, for people.
        owner: String,
    },
    /// It exists, made from another specification.
    Changed(Vec<Change>),
    /// Its creation was cut short.
    Broken,
    /// It exists and does not run.
    Stopped {
        /// Exit code of its last run.
        code: Option<i32>,
    },
    /// It runs; what differs from the specification in reality, one phrase each.
    Running {
        /// e.g. `CPUs 0-1, wanted 3`.
        drift: Vec<String>,
    },
}

impl Condition {
    /// Whether it is as it should be.
    pub fn is_right(&self) -> bool {
        matches!(self, Self::Running { drift } if drift.is_empty())
    }
}

/// One field of a specification that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Key of the topology file.
    pub field: String,
    /// Value the container was made with, as text; empty = not set.
    pub was: String,
    /// Value wanted now.
    pub wanted: String,
}

/// Holds one wanted container against what its engine has.
pub fn compare(wanted: &Wanted<'_>, state: &NodeState) -> Condition {
    let Some(found) = wanted.observed(state) else { return Condition::Absent };
    let Some(labels) = &found.labels else {
        return Condition::Foreign { owner: "it was not made by vnfctl".into() };
    };
    let ours = &wanted.spec.labels;
    if labels.topology != ours.topology {
        return Condition::Foreign { owner: format!("topology `{}` owns it", labels.topology) };
    }
    if found.state == State::Broken {
        return Condition::Broken;
    }
    if labels.hash != ours.hash {
        return Condition::Changed(changes(&labels.spec, &ours.spec));
    }
    match found.state {
        State::Stopped { code } => Condition::Stopped { code },
        _ => Condition::Running { drift: drift(wanted, found) },
    }
}

impl Wanted<'_> {
    /// The container of that exact name that the wanted engine has, ours or not.
    pub fn observed<'s>(&self, state: &'s NodeState) -> Option<&'s Observed> {
        let inventory = state.inventories.get(&self.group.engine)?.as_ref().ok()?;
        inventory.containers.iter().find(|container| container.name == self.spec.name)
    }
}

fn drift(wanted: &Wanted<'_>, found: &Observed) -> Vec<String> {
    let mut drift = Vec::new();
    let cpus: crate::cpu::CpuSet = wanted.spec.cpus.iter().copied().collect();
    if let Some(real) = &found.cpus
        && *real != cpus
    {
        drift.push(format!("CPUs {real}, wanted {cpus}"));
    }
    let mems: crate::cpu::CpuSet = wanted.spec.mems.iter().copied().collect();
    if let Some(real) = &found.mems
        && *real != mems
    {
        drift.push(format!("memory nodes {real}, wanted {mems}"));
    }
    drift
}

fn changes(was: &str, wanted: &str) -> Vec<Change> {
    let parse = |text: &str| match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (was, wanted) = (parse(was), parse(wanted));
    let fields: BTreeSet<&String> = was.keys().chain(wanted.keys()).collect();
    let text = |value: Option<&Value>| match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    fields
        .into_iter()
        .filter(|field| was.get(*field) != wanted.get(*field))
        .map(|field| Change {
            field: field.clone(),
            was: text(was.get(field)),
            wanted: text(wanted.get(field)),
        })
        .collect()
}

/// Containers on `node` that `topology` owns and that are not wanted any more.
pub fn orphans<'s>(
    topology: &str,
    node: &str,
    state: &'s NodeState,
    wanted: &[Wanted<'_>],
) -> Vec<&'s Observed> {
    let names: BTreeSet<(EngineKind, &str)> = wanted
        .iter()
        .filter(|wanted| wanted.node == node)
        .map(|wanted| (wanted.group.engine, wanted.spec.name.as_str()))
        .collect();
    owned(topology, state)
        .filter(|found| !names.contains(&(found.engine, found.name.as_str())))
        .collect()
}

/// All containers of a node that `topology` owns.
pub(super) fn owned<'s>(
    topology: &str,
    state: &'s NodeState,
) -> impl Iterator<Item = &'s Observed> {
    let inventories = state.inventories.values().filter_map(|inventory| inventory.as_ref().ok());
    inventories.flat_map(|inventory| &inventory.containers).filter(move |found| {
        found.labels.as_ref().is_some_and(|labels| labels.topology == topology)
    })
}

/// What differs per link; absent when nothing was observed.
pub fn compare_links<'l>(
    links: &'l [LinkSpec],
    state: &NodeState,
) -> Vec<(&'l LinkSpec, ObservedLink)> {
    let seen = |link: &LinkSpec| state.links.iter().find(|seen| seen.name == link.name).cloned();
    let absent = |link: &LinkSpec| ObservedLink {
        name: link.name.clone(),
        differences: vec!["missing".into()],
        absent: true,
    };
    links.iter().map(|link| (link, seen(link).unwrap_or_else(|| absent(link)))).collect()
}
