//! Threads of a node: the script and its parser, whose each thread is, and who took the CPUs.

use crate::support::world;
use std::process::Command;
use std::time::Duration;
use vnfctl::cpu::{CpuSet, Machine};
use vnfctl::threads::{
    Judgement, Party, Sample, Scene, Snapshot, SnapshotError, Taker, parse_snapshot,
    parse_two_snapshots, sample, sampled_cpus, snapshot, two_snapshots,
};

fn set(text: &str) -> CpuSet {
    text.parse().unwrap()
}

fn saved(name: &str) -> Snapshot {
    let path = world::path(&format!("tests/fixtures/threads/{name}.txt"));
    parse_snapshot(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn party(name: &str, topology: Option<&str>, pid: u32, cpus: &str) -> Party {
    Party {
        name: name.to_owned(),
        topology: topology.map(str::to_owned),
        pid,
        cpus: set(cpus),
        mems: set("0"),
        shared: false,
    }
}

/// Two containers of one topology and one that is not vnfctl's, on two sockets of 28 cores, CPU
/// n and n + 56 on one core.
fn cast() -> (Machine, Vec<Party>) {
    let parties = vec![
        party("VPP1", Some("lab"), 4000, "3-5"),
        party("VPP2", Some("lab"), 5000, "6-7"),
        party("web", None, 6000, ""),
    ];
    (world::facts_of("two-sockets-smt").machine, parties)
}

fn judged(snapshot: &Snapshot, change: impl Fn(&mut Vec<Party>)) -> Vec<Judgement> {
    let (machine, mut parties) = cast();
    change(&mut parties);
    let scene = Scene::new(snapshot, &machine, &parties);
    (0..2).map(|party| scene.judge(party)).collect()
}

fn names(judgement: &Judgement) -> Vec<String> {
    judgement.intruders.iter().map(ToString::to_string).collect()
}

#[test]
fn an_application_that_pins_its_threads_inside_its_cpus_is_right() {
    let of = judged(&saved("vpp-on-112-cpus"), |_| ());
    let threads: Vec<_> = of[0]
        .threads
        .iter()
        .map(|one| format!("{} {} {}", one.name, one.cpus, one.passed))
        .collect();
    assert_eq!(
        threads,
        [
            "vpp_main 3 true",
            "vpp_wk_0 4 true",
            "vpp_wk_1 5 true",
            // It sleeps since before it was moved: CPU 60 is where it last ran.
            "eal-intr-thread 3-5 true",
            "sleep (odd) name 3-5 true",
        ],
        "the cgroup below it is its own, the one that ended is not counted"
    );
    assert_eq!(of[0].granted.as_ref().unwrap().cpus, set("3-5"));
    assert_eq!(of[1].threads.len(), 2);
}

#[test]
fn a_thread_elsewhere_is_wrong() {
    let right = saved("vpp-on-112-cpus");
    let wrong = |change: &dyn Fn(&mut vnfctl::threads::Thread)| {
        let mut snapshot = right.clone();
        let thread = snapshot.threads.iter_mut().find(|one| one.tid == 4002).unwrap();
        change(thread);
        let of = judged(&snapshot, |_| ());
        let wrong: Vec<_> =
            of[0].threads.iter().filter(|one| !one.passed).map(|one| one.tid).collect();
        assert!(of[1].threads.iter().all(|one| one.passed));
        wrong
    };
    assert_eq!(wrong(&|_| ()), [0; 0]);
    assert_eq!(wrong(&|thread| thread.cpus = set("5,61").into()), [4002], "its sibling is not its");
    assert_eq!(wrong(&|thread| thread.mems = set("0-1").into()), [4002]);
    assert_eq!(wrong(&|thread| thread.last_cpu = 9), [4002], "it runs there now");
    let sleeps = |thread: &mut vnfctl::threads::Thread| (thread.last_cpu, thread.state) = (9, 'S');
    assert_eq!(wrong(&sleeps), [0; 0], "it ran there once");
}

#[test]
fn whoever_somebody_pinned_to_our_cores_is_an_intruder() {
    let snapshot = saved("vpp-on-112-cpus");
    let of = judged(&snapshot, |_| ());
    let stress = "`stress` (7000) pinned to CPU 60".to_owned();
    let web = "`web` (6000) of `web` pinned to CPUs 5-8".to_owned();
    // Neither the login and shell of the look, nor kernel threads, nor ordinary tasks.
    assert_eq!(names(&of[0]), [web.clone(), stress], "60 is the sibling of 4");
    assert_eq!(names(&of[1]), [web]);

    // On each other's CPUs: as the file says, or both sharing, but never by accident.
    let overlap = |parties: &mut Vec<Party>| parties[1].cpus = set("5,7");
    let mut moved = snapshot.clone();
    for thread in moved.threads.iter_mut().filter(|thread| thread.pid == 5000) {
        thread.cpus = set("5").into();
    }
    let mains =
        |of: &[Judgement]| names(&of[0]).iter().filter(|name| name.contains("`VPP2`")).count();
    assert_eq!(mains(&judged(&moved, overlap)), 0, "one topology gave it CPU 5");
    assert_eq!(mains(&judged(&moved, |_| ())), 2, "nobody gave it CPU 5");
    let other = |shared: bool| {
        move |parties: &mut Vec<Party>| {
            overlap(parties);
            parties[1].topology = Some("other".into());
            (parties[0].shared, parties[1].shared) = (true, shared);
        }
    };
    assert_eq!(mains(&judged(&moved, other(true))), 0);
    assert_eq!(mains(&judged(&moved, other(false))), 2);
}

#[test]
fn what_the_first_process_hands_on_is_no_pinning() {
    let mut snapshot = saved("vpp-on-112-cpus");
    // As with `CPUAffinity=` of systemd: everything is on the housekeeping CPUs.
    for thread in snapshot.threads.iter_mut().filter(|thread| thread.cpus.0.len() == 112) {
        thread.cpus = set("0-3").into();
    }
    let of = judged(&snapshot, |_| ());
    assert!(names(&of[0]).iter().all(|name| !name.contains("systemd")), "{:?}", names(&of[0]));
}

#[test]
fn a_container_without_a_cgroup_is_known_by_its_pid_namespace() {
    let text = "self\t9\nprocess\t1\t-\t/\nthread\t1\t1\tS\t0\t0\t0\t0-111\t0\tinit\n\
        process\t20\tpid:[1]\t/\nthread\t20\t20\tS\t1\t0\t3\t3-5\t0\tfirst\n\
        process\t21\tpid:[1]\t/\nthread\t21\t21\tS\t1\t0\t3\t3-5\t0\tby exec\n\
        process\t22\tpid:[2]\t/\nthread\t22\t22\tS\t1\t0\t3\t3-5\t0\tother\nend\n";
    let snapshot = parse_snapshot(text).unwrap();
    let (machine, _) = cast();
    let parties = [party("VNF1", Some("lab"), 20, "3-5"), party("VNF2", Some("lab"), 99, "6")];
    let scene = Scene::new(&snapshot, &machine, &parties);
    let judgement = scene.judge(0);
    assert_eq!(judgement.granted, None);
    assert_eq!(judgement.threads.iter().map(|one| one.tid).collect::<Vec<_>>(), [20, 21]);
    assert_eq!(names(&judgement), ["`other` (22) pinned to CPUs 3-5"]);
    assert_eq!(scene.judge(1).threads, [], "its first process is gone");
}

#[test]
fn notes_tell_what_may_come_without_being_wrong() {
    let snapshot = saved("vpp-on-112-cpus");
    let (machine, parties) = cast();
    let scene = Scene::new(&snapshot, &machine, &parties);
    let told: Vec<_> = scene
        .notes(&[0], &scene.judge(0).intruders)
        .into_iter()
        .map(|note| format!("{:?} {} {} {:?}", note.kind, note.count, note.cpus, note.names))
        .collect();
    assert_eq!(
        told,
        [
            r#"PinnedTasks 2 5,60 ["web", "stress"]"#,
            r#"Tasks 2 3-5,59-61 ["systemd", "sshd"]"#,
            // Neither ksoftirqd/4 nor migration/60 nor kworker/4:0: they belong to their CPU.
            r#"KernelThreads 4 3-5,59-61 ["kthreadd", "kworker", "kswapd0", "irq"]"#,
            // 99 is sent elsewhere now, 8 never comes.
            r#"Interrupts 2 3-5,59-61 ["98 ice-eth0-TxRx-3", "99 nvme0q1"]"#,
            r#"Governor 2 4,60 ["powersave"]"#,
            "NotIsolated 3 3-5 []",
        ]
    );
    assert_eq!(scene.notes(&[2], &[]), [], "nobody knows what it was given");
}

#[test]
fn an_output_cut_short_or_strange_is_an_error() {
    let cut = parse_snapshot("self\t1\n");
    assert_eq!(cut, Err(SnapshotError::Unfinished("self\t1".into())));
    for line in ["wat", "self\tme", "thread\t1\t1\tS", "irq\t1\tx\t-\tname", "steal\t1"] {
        assert_eq!(
            parse_snapshot(&format!("{line}\nend\n")),
            Err(SnapshotError::Line(line.into()))
        );
    }
    assert_eq!(parse_snapshot("end\nmore\n"), Err(SnapshotError::Line("more".into())));
}

/// Two snapshots of CPUs 3 and 59.
fn pair() -> (Snapshot, Snapshot) {
    let counters = |at: &str, steal: u32, irq: &str, counts: &str| {
        format!(
            "self\t9\nat\t{at}\nsteal\t3\t{steal}\nruns\t3\t{steal}0\nsoftirq\tTIMER\t{irq}\t\n\
             interrupt\t98\t{irq}\tIR-PCI-MSI 5-edge ice\ninterrupt\tLOC\t7,7\tLocal timer\n\
             process\t20\t-\t/a\nthread\t20\t20\tR\t1\t0\t3\t3\t0\tvpp\n\
             thread\t30\t30\tR\t1\t0\t59\t59\t0\thog\nprocess\t30\t-\t/\n\
             thread\t31\t31\tR\t1\t0\t3\t0-111\t0\tguest\nthread\t32\t32\tR\t1\t0\t9\t0-111\t0\tfar\n\
             thread\t33\t33\tS\t2\t69238848\t3\t3\t0\tksoftirqd/3\n{counts}end\n"
        )
    };
    let before = counters(
        "10.00",
        5,
        "1,0",
        "counters\t20\t5\t1000000000\t10\t0\t4\ncounters\t30\t6\t500\t0\t0\t-\n\
         counters\t31\t7\t500\t0\t0\t0\ncounters\t32\t7\t0\t0\t0\t0\ncounters\t33\t1\t0\t0\t0\t0\n",
    );
    let after = counters(
        "12.00",
        9,
        "3,4",
        "counters\t20\t5\t2500000000\t12\t1\t5\ncounters\t30\t66\t700000000\t0\t0\t-\n\
         counters\t31\t7\t100000500\t0\t0\t0\ncounters\t32\t7\t9000000\t0\t0\t0\n\
         counters\t33\t1\t1000000\t0\t0\t0\n",
    );
    parse_two_snapshots(&format!("{before}{after}"), &set("3,59")).unwrap()
}

#[test]
fn a_sample_counts_on_our_cores_and_ranks_who_took_them() {
    let (before, after) = pair();
    let (machine, _) = cast();
    assert_eq!(sampled_cpus(&machine, &set("3")), set("3,59"), "the sibling too");
    let parties = [party("VNF1", Some("lab"), 20, "3")];
    let Sample { seconds, cpus, containers, takers } =
        sample(&before, &Scene::new(&after, &machine, &parties), &[0]);
    assert!((seconds - 2.0).abs() < 1e-9);
    assert_eq!(
        (cpus[0].cpu, cpus[0].interrupts, cpus[0].softirqs, cpus[0].switches),
        (3, 2, 2, Some(40))
    );
    assert!((cpus[0].steal - 0.04).abs() < 1e-9);
    assert_eq!((cpus[1].cpu, cpus[1].interrupts, cpus[1].switches), (59, 4, None));
    assert_eq!((&*cpus[0].containers, &*cpus[1].containers), (&["VNF1".to_owned()][..], &[][..]));
    let own = &containers[0];
    assert!((own.run - 1.5).abs() < 1e-9);
    assert_eq!((own.voluntary, own.forced, own.migrations), (2, 1, 1));
    let told: Vec<_> = takers
        .iter()
        .map(|taker| match taker {
            Taker::Task { name, cpus, run, exact, .. } => format!("{name} {cpus} {run:.3} {exact}"),
            Taker::Interrupt { id, name, cpus, count } => format!("{id} {name} {cpus} {count}"),
        })
        .collect();
    // The second `hog` took the number of one that ended: it did all it ever did. `far` is not
    // on our CPUs, and the timer did not come.
    assert_eq!(
        told,
        ["hog 59 0.700 true", "guest 3 0.100 false", "ksoftirqd/3 3 0.001 true", "98 ice 3,59 6"]
    );
}

/// Runs the real script under a shell; `awk` too where it brings its own.
fn run(shell: &[&str], command: &vnfctl::command::Command) -> String {
    assert_eq!(command.argv[0], "sh");
    let mut child = Command::new(shell[0]);
    child.args(&shell[1..]).args(command.argv[1..].iter().map(AsRef::<str>::as_ref));
    let output = child.output().unwrap();
    assert!(output.status.success(), "{shell:?}: {output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{shell:?}");
    String::from_utf8(output.stdout).unwrap()
}

const SHELLS: [&[&str]; 2] = [&["/bin/dash"], &["/bin/busybox", "sh"]];

#[test]
fn the_script_sees_this_very_thread() {
    for shell in SHELLS {
        let (answer, seen) = std::sync::mpsc::channel::<()>();
        let named = std::thread::Builder::new().name("odd) S 1 (".into());
        let waits = named.spawn(move || seen.recv()).unwrap();
        let snapshot = parse_snapshot(&run(shell, &snapshot())).unwrap();
        answer.send(()).unwrap();
        waits.join().unwrap().unwrap();
        let pid = std::process::id();
        let threads: Vec<_> = snapshot.threads.iter().filter(|one| one.pid == pid).collect();
        let odd = threads.iter().find(|one| one.name == "odd) S 1 (").unwrap();
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let allowed = |key| status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        assert_eq!(*odd.cpus, set(allowed("Cpus_allowed_list:")));
        assert_eq!(*odd.mems, set(allowed("Mems_allowed_list:")));
        assert!(!odd.is_kernel() && odd.state == 'S' && odd.parent > 0);
        assert!(snapshot.processes.contains_key(&pid) && snapshot.me > 0);
    }
}

#[test]
fn the_script_counts_what_a_busy_thread_takes() {
    let cpus: CpuSet = (0..2).collect();
    for shell in SHELLS {
        let busy = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
        let works = std::sync::Arc::clone(&busy);
        let thread = std::thread::Builder::new().name("spins".into());
        let thread = thread.spawn(move || {
            while works.load(std::sync::atomic::Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
        let text = run(shell, &two_snapshots(Duration::from_millis(200), &cpus));
        busy.store(false, std::sync::atomic::Ordering::Relaxed);
        thread.unwrap().join().unwrap();
        let (before, after) = parse_two_snapshots(&text, &cpus).unwrap();
        let spins = after.threads.iter().find(|one| one.name == "spins").unwrap();
        let time =
            |snapshot: &Snapshot| snapshot.counters.as_ref().unwrap().threads[&spins.tid].time;
        assert!(time(&after) > time(&before));
        let counters = after.counters.unwrap();
        assert!(counters.at > before.counters.unwrap().at);
        assert!(counters.interrupts.iter().all(|(_, counts, _)| counts.len() == 2));
    }
}
