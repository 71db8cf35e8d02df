//! What somebody changes behind our back is seen by `status` and mended by `up`.

use crate::support::{Bed, Engine, Group, everywhere};

everywhere!(
    killed_is_started_again,
    removed_is_made_again,
    repinned_is_pinned_back,
    a_thread_pinned_inside_is_no_drift,
);

fn killed_is_started_again(bed: &Bed) {
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine).count(2))).up();
    let (killed, other) = (bed.first("VNF1"), bed.first("VNF2"));
    bed.dut.must(&format!("kill -KILL {killed}; while [ -d /proc/{killed} ]; do sleep 0.02; done"));
    on.run("status").exits(7).says("stopped");
    on.run("verify").exits(7);
    on.run("plan --exit-code").exits(6);
    on.run("up").exits(0);
    on.run("status").exits(0);
    let again = bed.first("VNF1");
    assert!(bed.tasks(again).iter().all(|task| task.cpus == "1"));
    assert_eq!(bed.first("VNF2"), other, "the other one was left alone");
    on.down();
}

fn removed_is_made_again(bed: &Bed) {
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine).count(2))).up();
    let other = bed.first("VNF2");
    let name = bed.container("VNF1");
    bed.dut.must(&match bed.engine {
        Engine::Docker | Engine::Podman => format!("{} rm -f {name}", bed.engine.word()),
        Engine::Lxc => format!("lxc-stop -k -n {name}; lxc-destroy -n {name}"),
        // Nobody has a command for it: kill it, and take its folder away.
        Engine::Native | Engine::Nspawn => {
            let (pid, word) = (bed.first("VNF1"), bed.engine.word());
            format!("kill -KILL {pid}; sleep 0.3; rm -r /run/vnfctl/{word}/{name}")
        }
    });
    on.run("status").exits(7).says("absent");
    on.run("up").exits(0).says("create");
    on.run("status").exits(0);
    bed.first("VNF1");
    assert_eq!(bed.first("VNF2"), other, "the other one was left alone");
    on.down();
}

fn repinned_is_pinned_back(bed: &Bed) {
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine))).up();
    let pid = bed.first("VNF1");
    bed.move_away("VNF1", "0");
    assert!(bed.tasks(pid).iter().all(|task| task.cpus == "0"), "the test itself works");
    on.run("status").exits(7).says("CPUs 0, wanted 1");
    on.run("verify").exits(7);
    on.run("up").exits(0).says("repin");
    on.run("status").exits(0);
    assert_eq!(bed.first("VNF1"), pid, "pinned, not restarted");
    for task in bed.tasks(pid) {
        assert_eq!((task.cpus.as_str(), task.mems.as_str()), ("1", "0"), "{task:?}");
    }
    bed.binds_memory("VNF1");
    on.run("up").did_nothing();
    on.run("restart --grace 1s").exits(0);
    bed.binds_memory("VNF1");
    assert!(bed.tasks(bed.first("VNF1")).iter().all(|task| task.cpus == "1"), "and stays so");
    on.down();
}

/// As VPP pins its main thread inside the CPUs it was given.
fn a_thread_pinned_inside_is_no_drift(bed: &Bed) {
    let group = Group::new("VNF", bed.engine).key("cpu_count", 2).key("cpu_skip", 0);
    let keys = format!("{}\nsystem_cpus = 0", bed.node_keys());
    let on = bed.on(&bed.topology().node("DUT1", &keys).group(group)).up();
    let pid = bed.first("VNF1");
    bed.dut.must(&format!("taskset -pc 1 {pid}"));
    let first = |task: &crate::support::Task| task.pid == pid && task.cpus == "1";
    assert!(bed.tasks(pid).iter().any(first), "the test itself works");
    on.run("status").exits(0).says("0-1");
    on.run("verify").exits(0);
    on.run("up").did_nothing();
    assert!(bed.tasks(pid).iter().any(first), "and stays pinned");
    on.down();
}
