//! Which NUMA node a group is for: the one it names, or where its interfaces are. It must not
//! look at what is free there.

use crate::cpu::CpuSet;
use crate::facts::Facts;
use crate::model::{Group, Mems, Node};
use std::collections::BTreeSet;

/// Message and hint.
pub(super) type Refused = (String, String);

/// The NUMA node a group names, or where most of its interfaces are (a tie goes to the first
/// named); `None` = placement's choice.
pub(super) fn numa(group: &Group, node: &Node, facts: &Facts) -> Result<Option<u32>, Refused> {
    match group.cpuset_mems {
        Mems::Node(numa) => named(group, numa, facts).map(Some),
        Mems::Auto => Ok(Interfaces::of(group, node, facts)?.chosen()),
    }
}

/// What a person may not expect of that choice, a sentence each.
pub(super) fn doubts(group: &Group, node: &Node, facts: &Facts) -> Vec<String> {
    // Who names a NUMA node has decided, and where there is one only, nothing is to be decided.
    if group.cpuset_mems != Mems::Auto || facts.machine.numa_nodes().0.len() < 2 {
        return Vec::new();
    }
    let interfaces = Interfaces::of(group, node, facts);
    interfaces.map(|interfaces| interfaces.doubts(&group.name)).unwrap_or_default()
}

/// CPUs and memory come from one NUMA node, so it must have CPUs. Where it has no memory,
/// placement takes the nearest that has some, with a warning.
fn named(group: &Group, numa: u32, facts: &Facts) -> Result<u32, Refused> {
    if facts.machine.cpus().any(|cpu| cpu.numa == numa) {
        return Ok(numa);
    }
    let is_there = facts.numa.iter().any(|node| node.id == numa);
    let what = if is_there {
        format!("NUMA node {numa} has no CPUs")
    } else {
        format!("there is no NUMA node {numa}")
    };
    let message = format!("group `{}`: {what} (`cpuset_mems = {numa}`)", group.name);
    Err((message, format!("NUMA nodes of this machine: {}", listed(facts))))
}

/// Every NUMA node with its CPUs and, where known, its memory.
fn listed(facts: &Facts) -> String {
    let with_cpus = facts.machine.cpus().map(|cpu| cpu.numa);
    let ids: BTreeSet<u32> = with_cpus.chain(facts.numa.iter().map(|node| node.id)).collect();
    let one = |id: u32| {
        let cpus = facts.machine.cpus().filter(|cpu| cpu.numa == id && cpu.usable());
        let cpus: CpuSet = cpus.map(|cpu| cpu.id).collect();
        let cpus = if cpus.0.is_empty() { "no CPUs".into() } else { format!("CPUs {cpus}") };
        let memory = match facts.numa.iter().find(|node| node.id == id) {
            None => String::new(),
            Some(node) if node.memory_kib == 0 => ", no memory".into(),
            Some(node) => format!(", {} MiB of memory", node.memory_kib >> 10),
        };
        format!("{id} ({cpus}{memory})")
    };
    ids.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Where the interfaces of a group are.
#[derive(Default)]
struct Interfaces<'a> {
    /// Names by NUMA node, in the order in which the group names them.
    places: Vec<(u32, Vec<&'a str>)>,
    /// Those of which the kernel does not say it.
    nowhere: Vec<&'a str>,
}

impl<'a> Interfaces<'a> {
    fn of(group: &'a Group, node: &Node, facts: &Facts) -> Result<Self, Refused> {
        let mut found = Self::default();
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
                Some(None) => found.nowhere.push(name),
                Some(Some(numa)) => {
                    match found.places.iter_mut().find(|(known, _)| known == numa) {
                        Some((_, names)) => names.push(name),
                        None => found.places.push((*numa, vec![name])),
                    }
                }
            }
        }
        Ok(found)
    }

    fn chosen(&self) -> Option<u32> {
        let most = self.places.iter().map(|(_, names)| names.len()).max();
        self.places.iter().find(|(_, names)| Some(names.len()) == most).map(|(numa, _)| *numa)
    }

    fn doubts(&self, group: &str) -> Vec<String> {
        let mut doubts = Vec::new();
        if let (Some(chosen), 2..) = (self.chosen(), self.places.len()) {
            let places =
                self.places.iter().map(|(numa, names)| format!("{numa} ({})", quoted(names)));
            let places = places.collect::<Vec<_>>().join(" and ");
            doubts.push(format!(
                "`{group}`: interfaces are on NUMA nodes {places}; it is placed on {chosen}"
            ));
        }
        if !self.nowhere.is_empty() {
            doubts.push(format!(
                "`{group}`: it is not known which NUMA node {} is on; `cpuset_mems` can say it",
                quoted(&self.nowhere)
            ));
        }
        doubts
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
