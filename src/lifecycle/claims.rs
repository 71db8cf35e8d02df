//! Who has which CPUs of a node, as seen: containers of every topology, and foreign ones.

use crate::cpu::{Claim, CpuSet, Holder};
use crate::engine::Observed;
use crate::plan::NodeState;

/// What the containers of a node have. Of a container of ours its label counts while it exists,
/// running or not; of a foreign one its CPUs while it runs, where they are fewer than the machine's.
pub fn claims(topology: &str, state: &NodeState) -> Vec<Claim> {
    let machine = &state.facts.machine;
    let all: CpuSet = machine.cpus().filter(|cpu| cpu.usable()).map(|cpu| cpu.id).collect();
    let containers = state.inventories.values().flatten().flat_map(|found| &found.containers);
    containers.filter_map(|container| claim(topology, container, &all)).collect()
}

fn claim(topology: &str, container: &Observed, all: &CpuSet) -> Option<Claim> {
    let Some(labels) = &container.labels else {
        let cpus = container.cpus.as_ref().filter(|cpus| !cpus.0.is_superset(&all.0))?;
        let what = format!("{} container {}", container.engine.word(), container.name);
        let holder = Holder::Foreign { what };
        return Some(Claim { holder, cpus: cpus.clone(), shared: false });
    };
    let cpus: Vec<u32> = labels.cpus();
    let set: CpuSet = cpus.iter().copied().collect();
    let holder = if labels.topology == topology {
        Holder::Own { group: labels.group.clone(), ordinal: labels.index, cpus }
    } else {
        Holder::Topology { topology: labels.topology.clone(), container: container.name.clone() }
    };
    (!set.0.is_empty()).then_some(Claim { holder, cpus: set, shared: labels.shared })
}
