//! Locks and reservations between real runs.

use crate::support::{Bed, Ended, Engine, Group, On, Place, exclusively_in_both_places, text};
use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

exclusively_in_both_places!(
    the_second_run_waits_and_then_goes,
    a_killed_run_gives_its_lock_up,
    a_run_of_the_same_topology_is_kept_out,
    a_reserved_node_is_left_alone,
    ctrl_c_while_waiting_takes_nothing,
    twenty_at_once_never_get_one_core_twice,
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
        assert!(start.elapsed() < Duration::from_mins(1), "no lock: {}", says());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Neither file nor process of a lock is left; nobody else is on the DUT.
#[track_caller]
fn unlocked(bed: &Bed) {
    let start = Instant::now();
    let left =
        || bed.dut.must("ls -d /run/vnfctl/[l]ock* 2>/dev/null; pgrep -fl '[/]run/vnfctl/lock'; :");
    while !left().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(3), "{}", left());
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
    assert_eq!(ended(holder).code, 137);
    first.run("up").exits(0);
    second.run("down --grace 1s").exits(0);
    first.down();
    unlocked(bed);
}

/// Signals vnfctl itself, wherever it runs.
fn kill(bed: &Bed, on: &On<'_>, child: &Child, signal: &str) {
    match bed.place {
        Place::Ssh => {
            let pid = child.id().to_string();
            let ended = std::process::Command::new("kill").args(["-s", signal, &pid]).status();
            assert!(ended.expect("there is a kill").success());
        }
        // Its pid in the DUT is another one.
        Place::Local => {
            bed.dut
                .must(&format!("kill -s {signal} $(pgrep -f '^/lab-share/vnfctl -t {}')", on.file));
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
    if bed.place == Place::Local {
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

fn a_reserved_node_is_left_alone(bed: &Bed) {
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine)));
    let reserve = "reserve --as alice --ttl 1h --reason tuning";
    on.run(&format!("{reserve} --dry-run")).exits(0).says("would be reserved").says("tuning");
    assert_eq!(bed.dut.read("/var/lib/vnfctl/reservation"), None, "a dry run");
    let kept = on.run(&format!("{reserve} -o json")).exits(0).json();
    let one = &kept["reservations"][0];
    assert_eq!((&one["node"], &one["person"]), (&"DUT1".into(), &"alice".into()), "{kept}");
    assert!(one["since"].is_string() && one["until"].is_string(), "{kept}");
    let file = bed.dut.read("/var/lib/vnfctl/reservation").expect("it survives a reboot");
    assert!(String::from_utf8_lossy(&file).starts_with("person alice\nreason tuning\n"));
    for verb in ["acquire", "create", "up", "start", "stop", "restart", "down", "destroy --yes"] {
        let told = on.run(&format!("{verb} --as bob")).exits(8);
        for part in ["DUT1 is reserved for `alice`", "tuning", "`--as alice`", "release --force"] {
            assert!(told.stderr.contains(part), "{verb}: {told}");
        }
    }
    assert_eq!(bed.traces(), "", "somebody went on");
    on.run("status").exits(7).says("note: DUT1 is reserved for `alice`");
    on.run("plan").exits(0);
    on.run("up --as alice").exits(0);
    // Renewed, with a warning about what runs; not by somebody else.
    let again = on.run("reserve --as alice --reason more").exits(0).says("it is released");
    assert!(again.stderr.contains(&format!("topology `{}` runs there", bed.name)), "{again}");
    on.run("reserve --as bob --reason mine").exits(8).says("more");
    on.run("reserve --as bob --reason mine --dry-run").exits(8).says("more");
    on.run("release --as bob").exits(8);
    on.run("release --as bob --dry-run").exits(8).says("more");
    on.run("release --as alice --dry-run").exits(0).says("would be released").says("more");
    on.run("down --as alice --grace 1s").exits(0);
    on.run("release --as bob --force").exits(0).says("alice");
    on.run("release --as bob").exits(0).says("nothing to do");
    assert_eq!(bed.dut.read("/var/lib/vnfctl/reservation"), None);
    // An end that has passed counts as none.
    on.run("reserve --as alice --ttl 1s --reason short").exits(0);
    std::thread::sleep(Duration::from_millis(2100));
    on.run("up --as bob").exits(0);
    on.run("reserve --as bob --reason mine").exits(0);
    on.run("release --as bob").exits(0);
    on.down();
    unlocked(bed);
}

#[test]
fn reservations_are_all_or_none_exclusive() {
    let bed = Bed::exclusive("all_or_none", Engine::Native, Place::Ssh);
    let topology = bed.topology().node("DUT2", &format!("ssh = {}", text("dut9")));
    let on = bed.on(&topology.group(Group::new("VNF", bed.engine)));
    on.run("reserve --reason tuning").exits(4);
    assert_eq!(bed.dut.read("/var/lib/vnfctl/reservation"), None);
    on.run("reserve --node DUT1 --reason tuning").exits(0);
    on.run("reserve --node DUT3 --reason tuning").exits(2).says("no node matches `DUT3`");
    on.run("release --node DUT1").exits(0).says("tuning");
    unlocked(&bed);
}

/// Topologies that want one CPU each, on a node that has two.
fn twenty_at_once_never_get_one_core_twice(bed: &Bed) {
    let one = |number: usize| {
        let mut topology =
            bed.topology().node("DUT1", &format!("{}\nsystem_cpus = 0", bed.node_keys()));
        topology.name = format!("{}-{number}", bed.name);
        topology.prefix = format!("{}-", topology.name);
        let group = Group::new("VNF", bed.engine);
        let toml = topology.exclusive().group(group).toml().replace("cpu_skip = 1\n", "");
        bed.on_text(&format!("placement = \"auto\"\n{toml}"))
    };
    let all: Vec<On<'_>> = (0..20).map(one).collect();
    let runs: Vec<Child> = all.iter().map(|on| start(on, "up --lock-wait 2m")).collect();
    let ends: Vec<Ended> = runs.into_iter().map(ended).collect();
    let mut owners: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, end) in ends.iter().enumerate() {
        let pid = bed.pid(bed.engine, &format!("{}-{number}-DUT1_VNF1", bed.name));
        match (end.code, pid) {
            (0, Some(pid)) => {
                for task in bed.tasks(pid) {
                    let owners = owners.entry(task.cpus).or_default();
                    if !owners.contains(&number) {
                        owners.push(number);
                    }
                }
            }
            (5 | 8, None) => assert!(
                end.stderr.starts_with("error: ") || end.stderr.contains("\nerror: "),
                "{end}"
            ),
            _ => panic!("run {number}: {pid:?} {end}"),
        }
    }
    let told: Vec<i32> = ends.iter().map(|end| end.code).collect();
    assert_eq!(owners.keys().collect::<Vec<_>>(), ["0", "1"], "{owners:?} {told:?}");
    assert!(owners.values().all(|owners| owners.len() == 1), "{owners:?} {told:?}");
    assert_eq!(told.iter().filter(|code| **code == 0).count(), 2, "{told:?}");
    for on in &all {
        on.run("down --grace 1s").exits(0);
    }
    assert_eq!(bed.traces(), "", "left by `down`");
    unlocked(bed);
}

/// Where the node cannot see the end of a run, the lease ends.
#[test]
fn a_cut_wire_ends_the_lock_after_its_lease_exclusive() {
    let bed = Bed::exclusive("cut_lock", Engine::Native, Place::Ssh);
    let on = stubborn(&bed);
    let holder = start(&on, "restart --grace 2s");
    locked(&bed, "lock", "restart");
    let cut =
        |verb| assert!(bed.lab.netns(&[verb, bed.dut.name]).status().expect("it starts").success());
    cut("cut");
    let since = Instant::now();
    // On the node itself, where another person works.
    let file = bed.dut.path("/tmp/cut_lock.toml");
    let mut topology = bed.topology().node("DUT1", "").group(Group::new("VNF", bed.engine));
    topology.name = format!("{}-b", bed.name);
    topology.prefix = format!("{}-", topology.name);
    std::fs::write(&file, topology.toml()).expect("the DUT has a /tmp");
    let there =
        |words: &str| bed.dut.sh(&format!("/lab-share/vnfctl -t /tmp/cut_lock.toml {words}"));
    there("up --lock-wait 0s").exits(8);
    there("up --lock-wait 2m").exits(0);
    let waited = since.elapsed();
    cut("mend");
    assert!((50..80).contains(&waited.as_secs()), "{waited:?}");
    let told = ended(holder);
    assert!([4, 8].contains(&told.code), "{told}");
    there("down --grace 1s").exits(0);
    on.run("up").exits(0);
    on.down();
    let _ = std::fs::remove_file(file);
    unlocked(&bed);
}
