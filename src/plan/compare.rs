//! What is, held against what should be: the one computation behind plan, status and drift.

use super::pods::is_apart;
use super::wanted::Wanted;
use crate::app::{AppState, SwitchState};
use crate::cpu::CpuSet;
use crate::engine::{Inventory, Observed, State};
use crate::facts::{Cpuset, Facts};
use crate::link::{LinkSpec, ObservedLink};
use crate::model::EngineKind;
use crate::watch::{Watcher, Watchers};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Everything seen on one node.
#[derive(Debug, Clone, Default)]
pub struct NodeState {
    /// What the node is.
    pub facts: Facts,
    /// What each engine asked has; an error is what the engine said instead.
    pub inventories: BTreeMap<EngineKind, Result<Inventory, String>>,
    /// The same of the node's other engines, where they were looked at; nothing is made of their
    /// silence but a warning.
    pub others: BTreeMap<EngineKind, Result<Inventory, String>>,
    /// Namespaces of the running containers in pods that were asked for, by name: two containers
    /// in the same network and IPC namespaces have the same text.
    pub namespaces: BTreeMap<String, String>,
    /// Links asked for.
    pub links: Vec<ObservedLink>,
    /// What was delivered into the running containers with an app, by name of the container.
    pub apps: BTreeMap<String, AppState>,
    /// What of the topology's vswitch its own VPP has, where it is one; an error is why nothing is
    /// known.
    pub switch: Option<Result<SwitchState, String>>,
    /// Watchers, also those whose container is gone.
    pub watchers: Watchers,
    /// Cgroups with CPUs of their own.
    pub cpusets: Vec<Cpuset>,
}

impl NodeState {
    /// What the engines asked for and the others have, those that answered.
    pub fn inventories(&self) -> impl Iterator<Item = &Inventory> {
        self.inventories.values().chain(self.others.values()).flatten()
    }

    /// The watcher of a container.
    pub fn watcher(&self, engine: EngineKind, container: &str) -> Option<&Watcher> {
        self.watchers.get(&(engine, container.to_owned()))
    }

    /// All containers seen.
    pub fn containers(&self) -> impl Iterator<Item = &Observed> {
        self.inventories().flat_map(|inventory| &inventory.containers)
    }
}

/// What is wrong with how a running container is watched, and whether it is by what its watcher
/// says of it: `None` = it is well, or nobody asks for a watcher.
pub fn watch_difference(wanted: &Wanted<'_>, state: &NodeState) -> Option<String> {
    let seen = state.watcher(wanted.group.engine, &wanted.spec.name);
    match seen {
        _ if wanted.group.watch.is_empty() => seen.map(|_| "it has a watcher, wanted none".into()),
        None => Some("it has no watcher".into()),
        Some(seen) => seen.complaint(),
    }
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
    /// An init container that ran to its end, as it should.
    Done,
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
        matches!(self, Self::Done) || matches!(self, Self::Running { drift } if drift.is_empty())
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
        State::Stopped { code: Some(0) } if wanted.spec.init => Condition::Done,
        State::Stopped { code } => Condition::Stopped { code },
        _ => Condition::Running { drift: drift(wanted, found, state) },
    }
}

impl Wanted<'_> {
    /// The container of that exact name that the wanted engine has, ours or not.
    pub fn observed<'s>(&self, state: &'s NodeState) -> Option<&'s Observed> {
        let inventory = state.inventories.get(&self.group.engine)?.as_ref().ok()?;
        inventory.containers.iter().find(|container| container.name == self.spec.name)
    }
}

fn drift(wanted: &Wanted<'_>, found: &Observed, state: &NodeState) -> Vec<String> {
    let pairs = [
        ("CPUs", &wanted.spec.cpus, real_cpus(found, &wanted.spec.cpus)),
        ("memory nodes", &wanted.spec.mems, real_mems(found, &wanted.spec.mems)),
    ];
    let differing = pairs.into_iter().filter_map(|(word, wanted, real)| {
        let wanted: CpuSet = wanted.iter().copied().collect();
        real.filter(|real| **real != wanted).map(|real| format!("{word} {real}, wanted {wanted}"))
    });
    let owner = wanted.spec.pod.as_ref().and_then(|seat| seat.owner.as_ref());
    let apart = owner.filter(|_| is_apart(wanted, state));
    let apart = apart.map(|owner| format!("not in the namespaces of `{owner}`, wanted its pod"));
    differing.chain(apart).collect()
}

/// The CPUs a container really has; they equal those wanted exactly when it is as it should be:
/// what its cgroup grants, or, where that is unknown or its first process may run outside the
/// wanted ones, what that process may use. Inside the grant an application pins its own threads.
pub fn real_cpus<'o>(found: &'o Observed, wanted: &[u32]) -> Option<&'o CpuSet> {
    real(found.cgroup_cpus.as_ref(), found.cpus.as_ref(), wanted)
}

/// As [`real_cpus`], for memory nodes.
pub fn real_mems<'o>(found: &'o Observed, wanted: &[u32]) -> Option<&'o CpuSet> {
    real(found.cgroup_mems.as_ref(), found.mems.as_ref(), wanted)
}

fn real<'o>(
    granted: Option<&'o CpuSet>,
    allowed: Option<&'o CpuSet>,
    wanted: &[u32],
) -> Option<&'o CpuSet> {
    let is_wanted = |numbers: &CpuSet| numbers.0.iter().all(|number| wanted.contains(number));
    match (granted, allowed) {
        (Some(granted), Some(allowed)) if is_wanted(granted) && !is_wanted(allowed) => {
            Some(allowed)
        }
        _ => granted.or(allowed),
    }
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

/// All containers of a node that `topology` owns, also those of a group that moved to another
/// engine.
pub(super) fn owned<'s>(
    topology: &str,
    state: &'s NodeState,
) -> impl Iterator<Item = &'s Observed> {
    state.containers().filter(move |found| found.is_of(topology))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Wanted are CPUs 2 and 3.
    #[track_caller]
    fn real_is(granted: Option<&str>, allowed: Option<&str>, expected: Option<&str>) {
        let set = |text: Option<&str>| text.map(|text| text.parse::<CpuSet>().unwrap());
        let (granted, allowed) = (set(granted), set(allowed));
        let found = real(granted.as_ref(), allowed.as_ref(), &[3, 2]);
        assert_eq!(found, set(expected).as_ref(), "{granted:?} {allowed:?}");
    }

    #[test]
    fn the_cgroup_tells_and_a_thread_pinned_inside_it_is_no_drift() {
        real_is(Some("2-3"), Some("2-3"), Some("2-3"));
        real_is(Some("2-3"), Some("3"), Some("2-3"));
        real_is(Some("2-3"), None, Some("2-3"));
    }

    #[test]
    fn another_grant_or_a_thread_outside_is_drift() {
        real_is(Some("0-7"), Some("2-3"), Some("0-7"));
        real_is(Some("2"), Some("2"), Some("2"));
        real_is(Some("2-3"), Some("1"), Some("1"));
        real_is(Some("2-3"), Some("1-2"), Some("1-2"));
    }

    #[test]
    fn where_the_cgroup_is_unknown_the_first_process_tells() {
        real_is(None, Some("2-3"), Some("2-3"));
        real_is(None, Some("3"), Some("3"));
        real_is(None, None, None);
    }
}
