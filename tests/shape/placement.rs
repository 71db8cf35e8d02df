//! What is free decides: cores near a NIC, owned by every topology on the node, and huge pages.

use crate::dut::{Dut, On};
use crate::on_both;
use crate::truth::COMMAND;
use std::collections::BTreeSet;

on_both!(auto_takes_free_cores_near_the_nic, huge_pages_are_those_of_the_node);

/// Two whole cores of the NUMA node of the second NIC, wherever `auto` finds them.
fn near_the_nic<'a>(dut: &'a Dut, name: &str, keys: &str) -> On<'a> {
    let group = format!(
        "[groups.VNF]\ncpu_count = 2\nsmt_used = true\ninterfaces = [\"eth1\"]\n\
         command = {COMMAND}\n{keys}"
    );
    dut.topology(name, "placement = \"auto\"", &group)
}

fn auto_takes_free_cores_near_the_nic(dut: &Dut) {
    const NATIVE: &str = "engine = \"native\"\n";
    const PODMAN: &str = "engine = \"podman\"\nnetwork = \"none\"\n\
        image = \"live-busybox\"\nimage_file = \"node:/lab-images/busybox.tar\"\n";
    let before = dut.traces();
    // Isolated cores come first where there are any: the last two, on one of the DUTs.
    let isolated_first = if dut.is_adjacent() { [[2, 3], [0, 1]] } else { [[0, 1], [2, 3]] };
    let [cpus_one, cpus_two] = isolated_first.map(|numbers| dut.cores(numbers));

    let one = near_the_nic(dut, "one", NATIVE);
    one.run("up").exits(0);
    let held = dut.holds("one-DUT1_VNF1", &cpus_one).threads;
    let two = near_the_nic(dut, "two", PODMAN);
    two.run("up").exits(0);
    dut.holds("two-DUT1_VNF1", &cpus_two);
    assert_eq!(dut.holds("one-DUT1_VNF1", &cpus_one).threads, held, "it was left alone");
    one.run("up").did_nothing();

    let three = near_the_nic(dut, "three", NATIVE);
    let refused = three.run("up").exits(5).says("NUMA node 1").says("hint:");
    assert!(dut.script("test -e /run/vnfctl/native/three-DUT1_VNF1", &[]).code != 0, "{refused}");
    let elsewhere = near_the_nic(dut, "three", &format!("{NATIVE}numa = \"prefer\"\n"));
    let [(_, cpus, mems)] = &elsewhere.placements()[..] else { panic!("one container") };
    assert_eq!((cpus.len(), &mems[..]), (4, &[0][..]), "{cpus:?} are not of NUMA node 0");

    let owners = [("one-DUT1_VNF1", cpus_one.clone()), ("two-DUT1_VNF1", cpus_two)];
    are_told_by_the_map(&two, &owners);

    one.run("down --grace 1s").exits(0);
    three.run("up").exits(0);
    dut.holds("three-DUT1_VNF1", &cpus_one);
    for on in [two, three] {
        on.run("down --grace 1s").exits(0);
    }
    dut.is_as(&before);
}

/// `cpus` knows both NUMA nodes, and who owns which CPUs on the second.
#[track_caller]
fn are_told_by_the_map(on: &On<'_>, owners: &[(&str, Vec<u32>)]) {
    let told = on.run("cpus -o json").exits(0).json();
    let cpus = told["nodes"][0]["cpus"].as_array().expect("a list");
    let of_owner = |name: &str| -> BTreeSet<u64> {
        let is_his = |cpu: &&serde_json::Value| {
            cpu["owner"].as_str().is_some_and(|owner| owner.contains(name))
        };
        cpus.iter().filter(is_his).filter_map(|cpu| cpu["cpu"].as_u64()).collect()
    };
    for (name, wanted) in owners {
        let wanted = wanted.iter().map(|cpu| u64::from(*cpu)).collect();
        assert_eq!(of_owner(name), wanted, "{name} in {told}");
    }
    let of_node = |node: u64| cpus.iter().filter(move |cpu| cpu["numa"] == node);
    assert_eq!((of_node(0).count(), of_node(1).count()), (8, 8), "{told}");
    assert!(of_node(0).all(|cpu| cpu["owner"].is_null()), "{told}");
    let map = on.run("cpus").exits(0).says("NUMA node 0").says("NUMA node 1");
    for (name, _) in owners {
        assert!(map.stdout.contains(name), "{map}");
    }
}

fn huge_pages_are_those_of_the_node(dut: &Dut) {
    let pages = "cd /sys/devices/system/node
        for node in node0 node1; do
            echo 64 >$node/hugepages/hugepages-2048kB/nr_hugepages || exit
            cat $node/hugepages/hugepages-2048kB/free_hugepages
        done";
    assert_eq!(dut.must(pages), "64\n64");
    let before = dut.traces();
    let asking = |pages: u32| {
        let group = format!(
            "[groups.VNF]\nengine = \"native\"\ncpu_skip = 0\ncpuset_mems = 1\n\
             hugepages = {{ 2MiB = {pages} }}\ncommand = {COMMAND}\n"
        );
        dut.topology("huge", "", &group)
    };
    // The machine has 128 of them, but the container is to have those of NUMA node 1.
    asking(65).run("up").exits(5).says("NUMA node 1").says("65 asked for").says("64");
    dut.is_as(&before);
    let on = asking(64);
    on.run("up").exits(0);
    dut.holds("huge-DUT1_VNF1", &dut.core(0)[..1]);
    on.run("down --grace 1s").exits(0);
    dut.is_as(&before);
}
