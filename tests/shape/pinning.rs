//! Whole SMT cores of NUMA node 1, proven thread by thread and page by page, on every engine.

use crate::dut::Dut;
use crate::on_both;
use crate::truth::COMMAND;

on_both!(docker_and_native_are_pinned, podman_and_lxc_are_pinned);

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

fn docker_and_native_are_pinned(dut: &Dut) {
    are_pinned(dut, &[DOCKER, NATIVE]);
}

fn podman_and_lxc_are_pinned(dut: &Dut) {
    are_pinned(dut, &[PODMAN, LXC]);
}

/// Two groups of two whole cores fill NUMA node 1: one says so, the other names a NIC.
fn are_pinned(dut: &Dut, engines: &[Engine; 2]) {
    let mut groups = format!("[defaults]\ncpu_count = 2\nsmt_used = true\ncommand = {COMMAND}\n");
    let wheres = ["cpu_skip = 0\ncpuset_mems = 1\n", "cpu_skip = 2\ninterfaces = [\"eth1\"]\n"];
    for (engine, place) in engines.iter().zip(wheres) {
        groups += &format!("[groups.{}]\n{}\n{place}", engine.group, engine.keys);
    }
    let containers = engines.each_ref().map(|engine| format!("pin-DUT1_{}1", engine.group));
    let cpus = [dut.cores([0, 1]), dut.cores([2, 3])];
    let on = dut.topology("pin", "", &groups);
    let wanted = [0, 1].map(|at| (containers[at].clone(), cpus[at].clone(), vec![1]));
    assert_eq!(on.placements(), wanted);

    let before = dut.traces();
    on.run("up").exits(0);
    let all_hold = || [0, 1].map(|at| dut.holds(&containers[at], &cpus[at]).threads);
    let threads = all_hold();
    on.run("verify").exits(0);

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
