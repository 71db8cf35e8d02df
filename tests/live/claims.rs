//! No core twice: what others on the node have is left alone, and named.

use crate::support::{Bed, Engine, Group, Topology, exclusively};

exclusively!(a_core_is_never_given_twice, a_core_of_a_stranger_is_left_alone);

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
        for words in ["up", "create", "plan up", "check"] {
            beside.run(words).exits(5).says(&name).says(&bed.name).says("CPU 1");
        }
        beside.run("status").exits(7).says(&name);
        beside.run("down").did_nothing();
    }
    let beside = bed.on(&other(bed).group(group));
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
    lxc-stop -k -n STRANGER 2>/dev/null; lxc-destroy -n STRANGER 2>/dev/null
    d=$(ls -d /sys/fs/cgroup/cpuset/STRANGER /sys/fs/cgroup/STRANGER 2>/dev/null) || exit 0
    while read -r pid; do kill -KILL $pid; done <$d/cgroup.procs
    until rmdir $d 2>/dev/null; do sleep 0.02; done";

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
