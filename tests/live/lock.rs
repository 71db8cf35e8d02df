//! Locks and reservations between real runs.

use crate::support::{Bed, Ended, Group, On, in_both_places};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

in_both_places!(
    the_second_run_waits_and_then_goes,
    a_killed_run_gives_its_lock_up,
    a_run_of_the_same_topology_is_kept_out,
    a_reserved_node_is_left_alone,
    ctrl_c_while_waiting_takes_nothing,
);

/// A container that takes as long as it is given to stop: its restart holds the locks.
fn stubborn(bed: &Bed) -> On<'_> {
    let command = ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"];
    bed.on(&bed.topology().group(Group::new("VNF", bed.engine).command(&command))).up()
}

/// Another topology on the same node.
fn other(bed: &Bed) -> On<'_> {
    let mut topology = bed.topology().group(Group::new("VNF", bed.engine));
    topology.name = format!("{}-b", bed.name);
    topology.prefix = format!("{}-", topology.name);
    bed.on(&topology)
}

fn start(on: &On<'_>, words: &str) -> Child {
    let mut command = on.command();
    command.args(words.split(' ')).stdin(Stdio::null());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    child.expect("it starts")
}

/// Waits until the node itself shows the lock.
#[track_caller]
fn locked(bed: &Bed, file: &str, verb: &str) {
    let start = Instant::now();
    let path = bed.dut.path(&format!("/run/vnfctl/{file}"));
    let says = || std::fs::read_to_string(&path).unwrap_or_default();
    while !says().contains(&format!("verb {verb}\n")) || !says().contains(&bed.name) {
        assert!(start.elapsed() < Duration::from_secs(60), "no lock: {}", says());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Other cases on the same DUT come and go; of these names nothing is left.
#[track_caller]
fn unlocked(bed: &Bed) {
    let start = Instant::now();
    let left = || {
        bed.dut.must(&format!(
            "grep -l '^topology {0}' /run/vnfctl/lock* 2>/dev/null; pgrep -fl '/lock.{0}'; :",
            bed.name
        ))
    };
    while !left().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(5), "{}", left());
    }
}

fn ended(child: Child) -> Ended {
    child.wait_with_output().expect("it ends").into()
}

fn the_second_run_waits_and_then_goes(bed: &Bed) {
    let (first, second) = (stubborn(bed), other(bed));
    let holder = start(&first, "restart --grace 4s");
    locked(bed, "lock", "restart");
    let told = second.run("up --lock-wait 0s").exits(8).says("hint: `--lock-wait 1m` waits for it");
    let owner = format!("(restart of `{}`, process ", bed.name);
    assert!(told.stderr.contains(" is locked by `") && told.stderr.contains(&owner), "{told}");
    assert_eq!(bed.pid(bed.engine, &format!("{}-b-DUT1_VNF1", bed.name)), None, "half-made");
    // Whoever only looks does not wait.
    let looked = Instant::now();
    second.run("plan").exits(0);
    second.run("up --dry-run").exits(0);
    second.run("status").exits(7);
    assert!(looked.elapsed() < Duration::from_secs(4), "{:?}", looked.elapsed());
    let waited = second.run("up").exits(0);
    assert!(waited.stderr.contains("waiting: ") && waited.stderr.contains(&owner), "{waited}");
    ended(holder).exits(0);
    second.run("status").exits(0);
    second.run("down --grace 1s").exits(0);
    first.down();
    unlocked(bed);
}

fn a_killed_run_gives_its_lock_up(bed: &Bed) {
    let (first, second) = (stubborn(bed), other(bed));
    let holder = start(&first, "restart --grace 2s");
    locked(bed, "lock", "restart");
    kill(bed, &first, &holder, "KILL");
    let waited = Instant::now();
    second.run("up").exits(0);
    // Its last command goes on for two seconds, and the lane's end is seen within one.
    assert!(waited.elapsed() < Duration::from_secs(12), "{:?}", waited.elapsed());
    assert_eq!(ended(holder).code, if bed.place == crate::support::Place::Ssh { 137 } else { 137 });
    first.run("up").exits(0);
    second.run("down --grace 1s").exits(0);
    first.down();
    unlocked(bed);
}

/// Signals vnfctl itself, wherever it runs.
fn kill(bed: &Bed, on: &On<'_>, child: &Child, signal: &str) {
    match bed.place {
        crate::support::Place::Ssh => {
            let pid = child.id().to_string();
            let ended = std::process::Command::new("kill").args(["-s", signal, &pid]).status();
            assert!(ended.expect("there is a kill").success());
        }
        // Its pid in the DUT is another one.
        crate::support::Place::Local => {
            bed.dut.must(&format!("kill -s {signal} $(pgrep -f '^/lab-share/vnfctl -t {}')", on.file));
        }
    }
}

fn a_run_of_the_same_topology_is_kept_out(bed: &Bed) {
    let on = stubborn(bed);
    let holder = start(&on, "stop --grace 4s");
    locked(bed, &format!("lock.{}", bed.name), "stop");
    let told = on.run("down --lock-wait 0s").exits(8);
    let what = format!("topology `{}` on DUT1 is locked by `", bed.name);
    assert!(told.stderr.contains(&what), "{told}");
    let by_name = bed.vnfctl(&["destroy", "--yes", "--lock-wait", "0s", "--name", &bed.name]);
    if bed.place == crate::support::Place::Local {
        by_name.exits(8);
    }
    // Stopping gives out no core: another topology goes on.
    other(bed).run("up --lock-wait 30s").exits(0);
    other(bed).run("down --grace 1s").exits(0);
    ended(holder).exits(0);
    on.down();
    unlocked(bed);
}

fn ctrl_c_while_waiting_takes_nothing(bed: &Bed) {
    let (first, second) = (stubborn(bed), other(bed));
    let holder = start(&first, "restart --grace 5s");
    locked(bed, "lock", "restart");
    let waiting = start(&second, "up");
    std::thread::sleep(Duration::from_millis(1500));
    kill(bed, &second, &waiting, "INT");
    let asked = Instant::now();
    let told = ended(waiting).exits(130);
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?} {told}", asked.elapsed());
    assert_eq!(bed.pid(bed.engine, &format!("{}-b-DUT1_VNF1", bed.name)), None, "half-made");
    ended(holder).exits(0);
    first.down();
    unlocked(bed);
}

/// On a DUT of its own: others would be refused meanwhile.
fn a_reserved_node_is_left_alone(bed: &Bed) {
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine)));
    let _ = on;
}
