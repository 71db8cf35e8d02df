//! Which NUMA node a group is placed on, and what a person is told about it.

use crate::support::world;
use std::collections::BTreeMap;
use vnfctl::facts::{Facts, NumaNode};
use vnfctl::lifecycle::{Failure, Placed, place};
use vnfctl::plan::NodeState;

/// A machine of two sockets with a third NUMA node that has memory only; NUMA node 1 has `memory`
/// KiB. Of four NICs two are on NUMA node 1, one on 0, and of one the kernel does not know.
fn placed_with(memory: u64, group: &str) -> Result<Placed, Failure> {
    let addresses = ["18", "19", "86", "00"].map(|bus| format!("0000:{bus}:00.0"));
    let interfaces = (1..).zip(&addresses);
    let interfaces = interfaces.map(|(eth, pci)| format!("interfaces.eth{eth}.pci = \"{pci}\""));
    let interfaces = interfaces.collect::<Vec<_>>().join("\n");
    let text = format!(
        "name = \"lab\"\n[nodes.DUT1]\n{interfaces}\n[groups.VNF]\nengine = \"native\"\n{group}\n"
    );
    let sizes = [8 << 20, memory, 4 << 20];
    let numa =
        (0..).zip(sizes).map(|(id, memory_kib)| NumaNode { id, memory_kib, ..NumaNode::default() });
    let numa: Vec<NumaNode> = numa.collect();
    let with_memory = numa.iter().filter(|node| node.memory_kib > 0).map(|node| node.id).collect();
    let facts = world::facts_of("two-numa-nodes-unequal");
    let facts = Facts {
        machine: facts.machine.with_memory(with_memory, BTreeMap::new()),
        numa,
        pci: addresses.into_iter().zip([Some(1), Some(1), Some(0), None]).collect(),
        ..facts
    };
    let state = NodeState { facts, ..NodeState::default() };
    place(&world::topology(&text).topology, &BTreeMap::from([("DUT1".to_owned(), state)]))
}

fn placed(group: &str) -> Result<Placed, Failure> {
    placed_with(8 << 20, group)
}

#[track_caller]
fn warnings(group: &str) -> Vec<String> {
    placed(group).unwrap().warnings.into_iter().map(|(_, sentence)| sentence).collect()
}

#[track_caller]
fn refused(group: &str) -> (String, String) {
    let failure = placed(group).unwrap_err();
    let Failure::Placement(mut refusals) = failure else { panic!("{failure:?}") };
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    let refusal = refusals.remove(0);
    (refusal.message, refusal.hint)
}

#[test]
fn a_numa_node_that_is_not_there_is_refused_with_those_that_are() {
    let (message, hint) = refused("cpuset_mems = 7");
    assert_eq!(message, "group `VNF`: there is no NUMA node 7 (`cpuset_mems = 7`)");
    assert_eq!(
        hint,
        "NUMA nodes of this machine: 0 (CPUs 0-7,12-19, 8192 MiB of memory), 1 (CPUs 8-11,20-23, \
         8192 MiB of memory), 2 (no CPUs, 4096 MiB of memory)"
    );
    let (message, _) = refused("cpuset_mems = 2\ncpu_scarce = \"share\"");
    assert_eq!(message, "group `VNF`: NUMA node 2 has no CPUs (`cpuset_mems = 2`)");
    assert_eq!(warnings("cpuset_mems = 1"), [] as [&str; 0]);
}

#[test]
fn memory_of_a_numa_node_without_any_comes_from_another_with_a_warning() {
    let placed = placed_with(0, "cpuset_mems = 1").unwrap();
    assert_eq!(placed.assignments[0].cpus, [9]);
    assert_eq!(placed.assignments[0].mems, [0]);
    let told = "`VNF`: NUMA node 1 has no memory, memory comes from NUMA node 0";
    assert_eq!(placed.warnings, [("DUT1".to_owned(), told.to_owned())]);
}

#[test]
fn interfaces_apart_are_told() {
    assert_eq!(warnings("interfaces = [\"eth1\", \"eth2\"]"), [] as [&str; 0]);
    let told = "`VNF`: interfaces are on NUMA nodes 1 (`eth1`, `eth2`) and 0 (`eth3`); it is \
                placed on 1";
    assert_eq!(warnings("interfaces = [\"eth1\", \"eth2\", \"eth3\"]"), [told]);
    let placed = placed("interfaces = [\"eth3\", \"eth1\"]").unwrap();
    assert_eq!(placed.assignments[0].mems, [0], "a tie goes to the first");
    assert_eq!(placed.warnings.len(), 1);
    // Who names the NUMA node has decided.
    assert_eq!(warnings("cpuset_mems = 0\ninterfaces = [\"eth1\", \"eth3\"]"), [] as [&str; 0]);
}

#[test]
fn an_interface_that_the_kernel_places_nowhere_is_told() {
    let told = "`VNF`: it is not known which NUMA node `eth4` is on; `cpuset_mems` can say it";
    assert_eq!(warnings("interfaces = [\"eth4\"]"), [told]);
    assert_eq!(warnings("cpuset_mems = 1\ninterfaces = [\"eth4\"]"), [] as [&str; 0]);
}
