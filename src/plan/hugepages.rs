//! Whether the huge pages that containers are promised exist, before anything is made. Pure.
//!
//! Held against what the kernel calls free on the one NUMA node a container's memory is bound
//! to. A container that runs is taken to have what it was made with, and asks for nothing more.
//! What others were promised or have reserved, and have not touched yet, counts as free: nobody
//! tells it by NUMA node.

use super::compare::{Condition, compare, owned};
use super::request::{Refusal, Request, Target, Verb};
use crate::engine::{Labels, State};
use crate::facts::{Facts, NumaNode};
use crate::model::{EngineKind, page_size, page_size_word};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Pages by page size in KiB.
type Pages = BTreeMap<u64, u64>;

/// What containers that are about to be made or started need.
#[derive(Debug, Default)]
struct Need {
    /// Pages in all.
    pages: u64,
    /// By group: containers, and pages of each. More than one size of need where a changed
    /// container is replaced.
    groups: BTreeMap<(String, u64), u64>,
}

/// Needs by NUMA node and page size in KiB.
type Needs = BTreeMap<(u32, u64), Need>;

/// What is not there, and what could not be looked at: node and sentence.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Hugepages {
    /// Pages that are not free.
    pub refusals: Vec<Refusal>,
    /// Nodes whose pages are not known.
    pub warnings: Vec<(String, String)>,
}

/// Holds the need of all containers that `request` would make or start against the free pages.
pub fn hugepages(request: &Request<'_>, targets: &[Target<'_>]) -> Hugepages {
    let mut found = Hugepages::default();
    for target in targets {
        let mut silent = BTreeSet::new();
        let needs = match request.verb {
            verb if verb.creates() => raised(request, target, &mut silent),
            Verb::Start | Verb::Restart => started(request, target),
            _ => Needs::new(),
        };
        let facts = &target.state.facts;
        let mut warn = |why: &str| {
            let sentence = format!("huge pages are not checked: {why}");
            found.warnings.push((target.node.to_owned(), sentence));
        };
        for engine in silent {
            warn(&format!("{} does not answer", engine.word()));
        }
        if !needs.is_empty() && facts.numa.is_empty() {
            warn("a saved `lscpu -p` does not tell them");
            continue;
        }
        let lacking = needs.iter().filter_map(|(&(numa, size), need)| {
            let (message, hint) = lack(facts, numa, size, need)?;
            Some(Refusal { node: target.node.to_owned(), container: String::new(), message, hint })
        });
        found.refusals.extend(lacking);
    }
    found
}

/// What create and up need on one node. Where an engine is `silent`, nobody knows which of its
/// containers have their pages already.
fn raised(request: &Request<'_>, target: &Target<'_>, silent: &mut BTreeSet<EngineKind>) -> Needs {
    let mut needs = Needs::new();
    for wanted in &target.wanted {
        let group = &wanted.group.name;
        let is_meant = (request.is_selected)(&wanted.spec.name, group, target.node);
        if !is_meant || wanted.group.hugepages.is_empty() {
            continue;
        }
        let engine = wanted.group.engine;
        if matches!(target.state.inventories.get(&engine), Some(Err(_))) {
            silent.insert(engine);
            continue;
        }
        let held = match compare(wanted, target.state) {
            Condition::Absent | Condition::Broken | Condition::Stopped { .. } => None,
            Condition::Changed(_) if request.recreate => wanted
                .observed(target.state)
                .filter(|found| matches!(found.state, State::Running { .. }))
                .and_then(|found| found.labels.as_ref()),
            _ => continue,
        };
        // What a replaced container has is free when its successor asks for it.
        let held = held.map(promised).unwrap_or_default();
        let Some(numa) = wanted.spec.mems.first() else { continue };
        for (size, pages) in &wanted.group.hugepages {
            let held = held.get(&(*numa, *size)).copied().unwrap_or(0);
            add(&mut needs, *numa, *size, group, pages.saturating_sub(held));
        }
    }
    needs
}

/// What start and restart need on one node; what runs has its pages.
fn started(request: &Request<'_>, target: &Target<'_>) -> Needs {
    let mut needs = Needs::new();
    for found in owned(request.topology, target.state) {
        let Some(labels) = &found.labels else { continue };
        let is_meant = (request.is_selected)(&found.name, &labels.group, target.node);
        if is_meant && matches!(found.state, State::Stopped { .. }) {
            for ((numa, size), pages) in promised(labels) {
                add(&mut needs, numa, size, &labels.group, pages);
            }
        }
    }
    needs
}

fn add(needs: &mut Needs, numa: u32, size: u64, group: &str, pages: u64) {
    if pages > 0 {
        let need = needs.entry((numa, size)).or_default();
        need.pages += pages;
        *need.groups.entry((group.to_owned(), pages)).or_default() += 1;
    }
}

/// Pages a container was made with, by NUMA node and page size.
fn promised(labels: &Labels) -> BTreeMap<(u32, u64), u64> {
    let spec: Value = serde_json::from_str(&labels.spec).unwrap_or_default();
    let pages = spec.get(FIELD).and_then(Value::as_object).into_iter().flatten();
    let numa = labels.mems.split(',').next().and_then(|first| first.parse().ok());
    let one = |(word, pages): (&String, &Value)| Some(((numa?, page_size(word)?), pages.as_u64()?));
    pages.filter_map(one).collect()
}

/// Field of a container's described specification that [`described`] is the value of.
pub(super) const FIELD: &str = "hugepages";

/// Pages as labels carry them: `{"2MiB":256}`; null = none.
pub(super) fn described(pages: &Pages) -> Value {
    if pages.is_empty() {
        return Value::Null;
    }
    pages.iter().map(|(size, pages)| (page_size_word(*size), Value::from(*pages))).collect()
}

/// Message and hint where a NUMA node does not have what is asked of it.
fn lack(facts: &Facts, numa: u32, size: u64, need: &Need) -> Option<(String, String)> {
    let word = page_size_word(size);
    let asked = need.groups.iter().map(|((group, pages), containers)| {
        let noun = if *containers == 1 { "container" } else { "containers" };
        format!("`{group}` {containers} {noun} x {pages}")
    });
    let asked = format!("{} asked for ({})", need.pages, asked.collect::<Vec<_>>().join(", "));
    let node = facts.numa.iter().find(|node| node.id == numa);
    let Some((total, free)) = node.and_then(|node| node.hugepages.get(&size).copied()) else {
        let sizes = facts.numa.iter().flat_map(|node| node.hugepages.keys());
        let sizes: BTreeSet<u64> = sizes.copied().collect();
        let message = format!("there are no huge pages of {word}: {asked}");
        return Some((message, other_sizes(&sizes)));
    };
    let missing = need.pages.checked_sub(free).filter(|missing| *missing > 0)?;
    let message =
        format!("NUMA node {numa}: {free} of {total} huge pages of {word} are free, {asked}");
    Some((message, remedy(facts, numa, size, total + missing, need.pages)))
}

fn other_sizes(sizes: &BTreeSet<u64>) -> String {
    let words: Vec<String> = sizes.iter().map(|size| page_size_word(*size)).collect();
    match words.as_slice() {
        [] => "the node's kernel has no huge pages at all".to_owned(),
        words => format!("the node's kernel has pages of {}", words.join(" and ")),
    }
}

/// What mends it: more pages where they fit, and NUMA nodes that have enough.
fn remedy(facts: &Facts, numa: u32, size: u64, pages: u64, asked: u64) -> String {
    let has_room = |node: &&NumaNode| {
        let free = node.hugepages.get(&size).map_or(0, |(_, free)| *free);
        node.id != numa && !node.cpus.0.is_empty() && free >= asked
    };
    let others = facts.numa.iter().filter(has_room);
    let others =
        others.map(|node| format!("NUMA node {} has enough (`cpuset_mems = {0}`)", node.id));
    let memory = facts.numa.iter().find(|node| node.id == numa).map_or(0, |node| node.memory_kib);
    let mut ways = if pages.saturating_mul(size) < memory {
        vec![format!("`echo {pages} > {}` as root on the node makes them", file(facts, numa, size))]
    } else {
        let memory = memory >> 10;
        vec![format!(
            "fewer containers or pages: NUMA node {numa} has {memory} MiB of memory in all"
        )]
    };
    ways.extend(others);
    ways.join("; ")
}

/// Where the kernel takes the number of pages. With one NUMA node the machine's own file is the
/// same, and kernels without NUMA have no other.
fn file(facts: &Facts, numa: u32, size: u64) -> String {
    let folder = match facts.numa.len() {
        1 => "/sys/kernel/mm".to_owned(),
        _ => format!("/sys/devices/system/node/node{numa}"),
    };
    format!("{folder}/hugepages/hugepages-{size}kB/nr_hugepages")
}
