//! No core twice: what others on the node have is left alone, and named.

use crate::support::{Bed, Engine, Group, Topology, exclusively};

exclusively!(a_core_is_never_given_twice);

/// Who the stranger is does not depend on who is placed.
mod a_core_of_a_stranger_is_left_alone {
    crate::support::tests!(a_core_of_a_stranger_is_left_alone exclusive;
        exclusive_native_local Native Local, exclusive_docker_ssh Docker Ssh);
}

/// A topology beside that of the case; its traces count as the case's.
fn other(bed: &Bed) -> Topology {
    let mut other = bed.topology().exclusive();
    other.name = format!("{}-other", bed.name);
    other.prefix = format!("{}-b-", bed.name);
    other
}

fn a_core_is_never_given_twice(bed: &Bed) {
    let group = Group::new("VNF", bed.engine);
    let on = bed.on(&bed.topology().exclusive().group(group.clone())).up();
    let tasks = bed.tasks(bed.first("VNF1"));
    assert!(tasks.iter().all(|task| task.cpus == "1"), "{tasks:?}");
    // Whatever engine the other one names.
    for engine in Engine::ALL {
        let name = bed.container("VNF1");
        let beside = bed.on(&other(bed).group(Group::new("VNF", engine)));
        beside.run("up").exits(5).says(&name).says(&format!("`{}`", bed.name)).says("CPU 1");
    }
    let beside = bed.on(&other(bed).group(group));
    for words in ["create", "plan up", "check"] {
        beside.run(words).exits(5).says(&bed.container("VNF1"));
    }
    beside.run("status").exits(7).says("absent").says(&bed.container("VNF1"));
    beside.run("down").did_nothing();
    on.run("stop --grace 1s").exits(0);
    beside.run("up").exits(5).says(&bed.container("VNF1"));
    on.run("start").exits(0);
    on.run("up").did_nothing();
    on.run("down --grace 1s").exits(0);
    let beside = beside.up();
    on.run("up").exits(5).says(&other(bed).name);
    beside.down();
}

/// Ends what [`strangers`] began.
const END: &str = "docker rm -f STRANGER >/dev/null 2>&1
    for d in /sys/fs/cgroup/cpuset/STRANGER /sys/fs/cgroup/STRANGER; do
        [ -d $d ] || continue
        while read -r pid; do kill -KILL $pid; done <$d/cgroup.procs
        until rmdir $d 2>/dev/null; do sleep 0.02; done
    done; exit 0";

/// What somebody else runs on CPU 1, and how it is told.
const STRANGERS: [(&str, &str); 2] = [
    (
        "docker import /lab-images/busybox.tar stranger-image >/dev/null &&
         docker run -d --name STRANGER --cpuset-cpus 1 stranger-image sleep 1000",
        "docker container `STRANGER`",
    ),
    (
        "if [ -d /sys/fs/cgroup/cpuset ]; then c=/sys/fs/cgroup/cpuset; else
             c=/sys/fs/cgroup; echo +cpuset >$c/cgroup.subtree_control; fi
         mkdir $c/STRANGER && echo 0 >$c/STRANGER/cpuset.mems && echo 1 >$c/STRANGER/cpuset.cpus &&
         { sleep 1000 >/dev/null 2>&1 & echo $! >$c/STRANGER/cgroup.procs; }",
        "cgroup `/STRANGER`",
    ),
];

fn a_core_of_a_stranger_is_left_alone(bed: &Bed) {
    let stranger = format!("{}-stranger", bed.name);
    let group = Group::new("VNF", bed.engine);
    let on = bed.on(&bed.topology().exclusive().group(group));
    for (begin, told) in STRANGERS {
        let [begin, end, told] = [begin, END, told].map(|text| text.replace("STRANGER", &stranger));
        bed.dut.must(&begin);
        let refused = ["up", "check"].map(|words| on.run(words));
        let ended = bed.dut.sh(&end);
        for refused in refused {
            refused.exits(5).says(&told);
        }
        ended.exits(0);
        assert_eq!(bed.traces(), "", "nothing was made");

        // One that comes later is a warning; the container is where it should be.
        let on = bed.on(&bed.topology().exclusive().group(Group::new("VNF", bed.engine))).up();
        bed.dut.must(&begin);
        let looked = ["status", "verify", "up"].map(|words| on.run(words));
        bed.dut.sh(&end).exits(0);
        for looked in looked {
            looked.exits(0).says(&told).says("warning: DUT1");
        }
        on.down();
    }
}
