//! Whole SMT cores of NUMA node 1, proven thread by thread and page by page, on every engine.

use crate::dut::Dut;
use crate::on_both;
use crate::truth::COMMAND;
use serde_json::Value;
use std::collections::BTreeSet;

on_both!(docker_and_native_are_pinned, podman_and_lxc_are_pinned, nspawn_is_pinned);

/// How a group of an engine is written, and how somebody pins its container behind our back.
struct Engine {
    group: &'static str,
    keys: &'static str,
    /// Puts container `$1` onto CPU 0 and the memory of NUMA node 0.
    moves: &'static str,
}

const DOCKER: Engine = Engine {
    group: "DOCKER",
    keys: "engine = \"docker\"\nnetwork = \"none\"\n\
           image = \"live-busybox\"\nimage_file = \"node:/lab-images/busybox.tar\"",
    moves: "docker update --cpuset-cpus 0 --cpuset-mems 0 $1",
};
const PODMAN: Engine = Engine {
    group: "PODMAN",
    keys: "engine = \"podman\"\nnetwork = \"none\"\n\
           image = \"live-busybox\"\nimage_file = \"node:/lab-images/busybox.tar\"",
    moves: "podman update --cpuset-cpus 0 --cpuset-mems 0 $1",
};
const LXC: Engine = Engine {
    group: "LXC",
    keys: "engine = \"lxc\"\n\
           image = \"live-busybox\"\nimage_file = \"node:/lab-images/busybox.tar\"",
    moves: "lxc-cgroup -n $1 cpuset.cpus 0 && lxc-cgroup -n $1 cpuset.mems 0",
};
const NATIVE: Engine = Engine {
    group: "NATIVE",
    keys: "engine = \"native\"",
    moves: "cd /sys/fs/cgroup/vnfctl/$1 && echo 0 >cpuset.cpus && echo 0 >cpuset.mems",
};

/// `set-property` is how somebody pins a machine of systemd's.
const NSPAWN: Engine = Engine {
    group: "NSPAWN",
    keys: "engine = \"nspawn\"\n\
           image = \"live-busybox\"\nimage_file = \"node:/lab-images/busybox.tar\"",
    moves: "machinectl status $(echo $1 | tr _ -) >/dev/null &&
        systemctl set-property --runtime vnfctl-$1.scope AllowedCPUs=0 AllowedMemoryNodes=0",
};

fn docker_and_native_are_pinned(dut: &Dut) {
    are_pinned(dut, &[DOCKER, NATIVE]);
}

fn podman_and_lxc_are_pinned(dut: &Dut) {
    are_pinned(dut, &[PODMAN, LXC]);
}

fn nspawn_is_pinned(dut: &Dut) {
    are_pinned(dut, &[NSPAWN, Engine { group: "OTHER", ..NSPAWN }]);
}

/// Two groups of two whole cores fill NUMA node 1: one says so, the other names a NIC.
fn are_pinned(dut: &Dut, engines: &[Engine; 2]) {
    let defaults = format!("[defaults]\ncpu_count = 2\nsmt_used = true\ncommand = {COMMAND}\n");
    let wheres = ["cpu_skip = 0\ncpuset_mems = 1\n", "cpu_skip = 2\ninterfaces = [\"eth1\"]\n"];
    let group =
        |at: usize| format!("[groups.{}]\n{}\n{}", engines[at].group, engines[at].keys, wheres[at]);
    let groups = [defaults, group(0), group(1)].concat();
    let containers = engines.each_ref().map(|engine| format!("pin-DUT1_{}1", engine.group));
    let cpus = [dut.cores([0, 1]), dut.cores([2, 3])];
    let on = dut.topology("pin", "", &groups);
    let wanted = [0, 1].map(|at| (containers[at].clone(), cpus[at].clone(), vec![1]));
    assert_eq!(on.placements(), wanted);

    let before = dut.traces();
    on.run("up").exits(0);
    let all_hold = || [0, 1].map(|at| dut.holds(&containers[at], &cpus[at]).threads);
    let threads = all_hold();
    let report = on.run("verify -o json").exits(0).json();
    containers.iter().zip(&threads).for_each(|(name, threads)| are_proven(&report, name, threads));
    let open = list(&report["notes"]).find(|note| note["kind"] == "not_isolated");
    let open = open.and_then(|note| note["cpus"].as_str());
    assert_eq!(open, Some(if dut.is_adjacent() { "8-11" } else { "4-7,12-15" }), "{report}");

    // What somebody moves is seen, and moved back with its memory, without a restart.
    for (engine, container) in engines.iter().zip(&containers) {
        dut.script(engine.moves, &[container]).exits(0);
    }
    let status = on.run("status").exits(7);
    for container in &containers {
        assert!(status.stdout.contains(container), "{status}");
    }
    on.run("verify").exits(7);
    on.run("up").exits(0).says("repin");
    assert_eq!(all_hold(), threads, "a repin is no restart");
    on.run("up").did_nothing();

    on.run("restart --grace 1s").exits(0);
    all_hold().iter().zip(&threads).for_each(|(now, then)| assert!(now.is_disjoint(then)));
    on.run("status").exits(0);
    on.run("down --grace 1s").exits(0);
    dut.is_as(&before);
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("a list").iter()
}

/// `verify` knows each of these threads and finds it right.
#[track_caller]
fn are_proven(report: &Value, container: &str, threads: &BTreeSet<u32>) {
    let told = list(&report["containers"]).find(|one| one["container"] == container);
    let told = told.unwrap_or_else(|| panic!("no {container} in {report}"));
    let right = list(&told["threads"]).filter(|thread| thread["passed"] == true);
    let right: BTreeSet<u64> = right.filter_map(|thread| thread["tid"].as_u64()).collect();
    assert!(threads.iter().all(|tid| right.contains(&u64::from(*tid))), "{threads:?} in {told}");
}
