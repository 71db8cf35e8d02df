//! Locks and reservations by their real scripts, on lanes of this machine, in a folder of the test.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use vnfctl::command::Command;
use vnfctl::lock::{Answer, Claimant, LEASE, Places, Reservation, Scope};
use vnfctl::lock::{parse_reservation, query_reservation};
use vnfctl::model::Become;
use vnfctl::transport::{Exit, Stop, Transport, TransportError, local_lane};

const BOTH: [Scope; 2] = [Scope::Topology, Scope::Node];
const NOW: Duration = Duration::ZERO;

/// A place for locks that is not the machine's own.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn places(&self) -> Places {
        let path = |name| self.0.path().join(name).display().to_string();
        Places { locks: path("run"), reservation: path("var") }
    }

    fn claimant(&self, run: &str, topology: &str) -> Claimant {
        Claimant {
            run: run.into(),
            owner: format!("{run}@here"),
            pid: 7,
            verb: "up".into(),
            topology: topology.into(),
            person: format!("{run}@here"),
            places: self.places(),
            lease: LEASE,
        }
    }

    /// Nothing is left within two seconds, which is what a keeper may take.
    #[track_caller]
    fn is_empty(&self) {
        let start = Instant::now();
        let mark = self.0.path().display().to_string();
        let is_ours = |process: &Path| {
            let words = std::fs::read(process.join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&words).contains(&mark)
        };
        let left = || {
            let files = std::fs::read_dir(self.0.path()).unwrap().flatten();
            let processes = std::fs::read_dir("/proc").unwrap().flatten();
            let processes = processes.filter(|entry| is_ours(&entry.path()));
            files.chain(processes).map(|entry| entry.path()).collect::<Vec<_>>()
        };
        while !left().is_empty() {
            assert!(start.elapsed() < Duration::from_secs(2), "left: {:?}", left());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

type Lane = Box<dyn Transport>;

fn lane() -> Lane {
    local_lane("here", Become::None, &Stop::new()).unwrap()
}

#[track_caller]
fn ran(lane: &mut Lane, command: &Command) -> String {
    let output = lane.run(command, &Stop::new()).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.exit, stderr.as_str()), (Exit::Code(0), ""));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn take(lane: &mut Lane, claimant: &Claimant, scopes: &[Scope], wait: Duration) -> Answer {
    let shell = lane.process();
    Answer::parse(&ran(lane, &claimant.take(scopes, wait, shell))).unwrap()
}

#[test]
fn the_second_is_told_who_was_first() {
    let bench = Bench::new();
    let (first, second) = (bench.claimant("one", "a"), bench.claimant("two", "b"));
    let (mut lane, mut other) = (lane(), lane());
    let answer = take(&mut lane, &first, &BOTH, NOW);
    assert_eq!((answer.taken.as_slice(), &answer.busy), (&BOTH[..], &None));
    let answer = take(&mut other, &second, &BOTH, NOW);
    assert_eq!(answer.taken, [Scope::Topology], "another topology");
    let busy = answer.busy.unwrap();
    let holder = busy.holder.unwrap();
    assert_eq!((busy.scope, holder.owner.as_str(), holder.pid), (Scope::Node, "one@here", 7));
    assert_eq!((holder.verb.as_str(), holder.topology.as_str()), ("up", "a"));
    assert!(holder.since > 0 && holder.age < 5);
    let same = take(&mut other, &bench.claimant("three", "a"), &BOTH, NOW);
    assert_eq!(same.busy.unwrap().scope, Scope::Topology);
    assert_eq!(ran(&mut other, &first.renew(&BOTH)), "");
    assert_eq!(ran(&mut other, &second.renew(&BOTH)), "lost lock\n");
    // Nobody can give back what is another's.
    ran(&mut other, &second.release(&BOTH));
    assert_eq!(ran(&mut other, &first.renew(&BOTH)), "");
    ran(&mut lane, &first.release(&BOTH));
    bench.is_empty();
}

#[test]
fn whoever_waits_gets_it() {
    let bench = Bench::new();
    let (first, second) = (bench.claimant("one", "a"), bench.claimant("two", "a"));
    let (mut lane, mut other) = (lane(), lane());
    take(&mut lane, &first, &BOTH, NOW);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let start = Instant::now();
            (take(&mut other, &second, &BOTH, Duration::from_secs(20)), start.elapsed())
        });
        std::thread::sleep(Duration::from_millis(500));
        ran(&mut lane, &first.release(&BOTH));
        let (answer, waited) = waiting.join().unwrap();
        assert_eq!(answer.taken, BOTH);
        assert!(waited >= Duration::from_millis(400), "{waited:?}");
    });
    let answer = take(&mut lane, &first, &BOTH, Duration::from_secs(1));
    assert_eq!(answer.busy.unwrap().holder.unwrap().owner, "two@here");
    ran(&mut other, &second.release(&BOTH));
    bench.is_empty();
}

#[test]
fn a_lock_ends_with_its_lane() {
    let bench = Bench::new();
    let (mut lane, mut other) = (lane(), lane());
    take(&mut lane, &bench.claimant("one", "a"), &BOTH, NOW);
    drop(lane);
    let second = bench.claimant("two", "b");
    let start = Instant::now();
    assert_eq!(take(&mut other, &second, &BOTH, Duration::from_secs(20)).taken, BOTH);
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    drop(other);
    bench.is_empty();
}

#[test]
fn a_lease_that_is_not_renewed_ends_the_lock_and_the_lane() {
    let bench = Bench::new();
    let short = Claimant { lease: Duration::from_secs(3), ..bench.claimant("one", "a") };
    let (mut lane, mut other) = (lane(), lane());
    take(&mut lane, &short, &BOTH, NOW);
    let second = bench.claimant("two", "b");
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(1500));
        assert_eq!(ran(&mut other, &short.renew(&BOTH)), "");
        assert!(take(&mut other, &second, &[Scope::Node], NOW).busy.is_some(), "it was renewed");
    }
    assert_eq!(take(&mut other, &second, &[Scope::Node], Duration::from_secs(20)).taken.len(), 1);
    // What is fed to the lane now must not run.
    let told = lane.run(&Command::new(["touch", &bench.places().locks]), &Stop::new());
    assert!(matches!(told, Err(TransportError::Lost { .. })), "{told:?}");
    assert!(ran(&mut other, &short.renew(&[Scope::Node])).contains("lost"));
    ran(&mut other, &second.release(&[Scope::Node]));
    bench.is_empty();
}

#[test]
fn a_keeper_that_was_killed_is_no_hindrance() {
    let bench = Bench::new();
    let first = bench.claimant("one", "a");
    let (mut lane, mut other) = (lane(), lane());
    take(&mut lane, &first, &[Scope::Node], NOW);
    let file = format!("{}/lock", bench.places().locks);
    let facts = std::fs::read_to_string(&file).unwrap();
    let keeper = facts.lines().find_map(|line| line.strip_prefix("keeper ")).unwrap();
    let pid = keeper.split(' ').next().unwrap();
    ran(&mut other, &Command::new(["kill", "-KILL", pid]));
    ran(&mut other, &Command::new(["sleep", "0.1"]));
    assert_eq!(ran(&mut other, &first.renew(&[Scope::Node])), "lost lock\n");
    let second = bench.claimant("two", "b");
    assert_eq!(take(&mut other, &second, &[Scope::Node], NOW).taken, [Scope::Node]);
    ran(&mut other, &second.release(&[Scope::Node]));
    // Its last file goes with its own release.
    take(&mut lane, &first, &[Scope::Node], NOW);
    let facts = std::fs::read_to_string(&file).unwrap();
    let keeper = facts.lines().find_map(|line| line.strip_prefix("keeper ")).unwrap();
    ran(&mut other, &Command::new(["kill", "-KILL", keeper.split(' ').next().unwrap()]));
    ran(&mut lane, &first.release(&[Scope::Node]));
    drop((lane, other));
    bench.is_empty();
}

#[test]
fn one_run_may_know_a_node_by_two_names() {
    let bench = Bench::new();
    let run = bench.claimant("one", "a");
    let (mut lane, mut other) = (lane(), lane());
    assert_eq!(take(&mut lane, &run, &BOTH, NOW).taken, BOTH);
    assert_eq!(take(&mut other, &run, &BOTH, NOW).taken, BOTH);
    // As the next of its line it is another one.
    let next = bench.claimant("one.1", "a");
    assert!(take(&mut other, &next, &BOTH, NOW).busy.is_some());
    ran(&mut other, &run.release(&BOTH));
    ran(&mut lane, &run.release(&BOTH));
    bench.is_empty();
}

#[test]
fn of_many_at_once_one_works_at_a_time() {
    let bench = Bench::new();
    let (inside, most, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for number in 0..12 {
            let (bench, inside, most, done) = (&bench, &inside, &most, &done);
            scope.spawn(move || {
                let run = bench.claimant(&format!("r{number}"), &format!("t{number}"));
                let mut lane = lane();
                let answer = take(&mut lane, &run, &BOTH, Duration::from_mins(1));
                assert_eq!(answer.taken, BOTH);
                most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(20));
                inside.fetch_sub(1, Ordering::SeqCst);
                done.fetch_add(1, Ordering::SeqCst);
                ran(&mut lane, &run.release(&BOTH));
            });
        }
    });
    assert_eq!((most.into_inner(), done.into_inner()), (1, 12));
    bench.is_empty();
}

#[test]
fn a_reservation_keeps_others_out_until_it_ends() {
    let bench = Bench::new();
    let places = bench.places();
    let (alice, bob) = (bench.claimant("alice", "a"), bench.claimant("bob", "b"));
    let mut lane = lane();
    let answer = take(&mut lane, &alice, &[Scope::Node], NOW);
    let kept = Reservation::anew("alice@here", "a 'new' NIC", None, answer.now, None);
    ran(&mut lane, &kept.write(&places));
    ran(&mut lane, &alice.release(&[Scope::Node]));
    let (now, found) = parse_reservation(&ran(&mut lane, &query_reservation(&places))).unwrap();
    assert_eq!(found.as_ref(), Some(&kept));
    let refused = take(&mut lane, &bob, &BOTH, NOW);
    assert!(refused.refused && refused.taken.is_empty());
    assert_eq!(refused.reservation.as_ref(), Some(&kept));
    let own = take(&mut lane, &alice, &BOTH, NOW);
    assert_eq!((own.taken.as_slice(), own.reservation), (&BOTH[..], Some(kept.clone())));
    ran(&mut lane, &alice.release(&BOTH));
    // Whoever is asked for nobody sees it and is not refused.
    let forced = Claimant { person: String::new(), ..bob.clone() };
    let seen = take(&mut lane, &forced, &[Scope::Node], NOW);
    assert_eq!((seen.refused, seen.reservation), (false, Some(kept.clone())));
    ran(&mut lane, &forced.release(&[Scope::Node]));
    // An end that has passed counts as none.
    ran(&mut lane, &Reservation { until: Some(now - 1), ..kept }.write(&places));
    let (_, found) = parse_reservation(&ran(&mut lane, &query_reservation(&places))).unwrap();
    assert_eq!(found, None);
    assert_eq!(take(&mut lane, &bob, &BOTH, NOW).taken, BOTH);
    ran(&mut lane, &Reservation::remove(&places));
    ran(&mut lane, &bob.release(&BOTH));
    drop(lane);
    bench.is_empty();
}

#[test]
fn a_reservation_that_comes_while_one_waits_counts() {
    let bench = Bench::new();
    let (alice, bob) = (bench.claimant("alice", ""), bench.claimant("bob", "b"));
    let (mut lane, mut other) = (lane(), lane());
    let now = take(&mut lane, &alice, &[Scope::Node], NOW).now;
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| take(&mut other, &bob, &BOTH, Duration::from_secs(20)));
        std::thread::sleep(Duration::from_millis(300));
        let kept = Reservation::anew("alice@here", "tests", None, now, None);
        ran(&mut lane, &kept.write(&bench.places()));
        ran(&mut lane, &alice.release(&[Scope::Node]));
        let answer = waiting.join().unwrap();
        assert!(answer.refused && !answer.taken.contains(&Scope::Node), "{answer:?}");
    });
    ran(&mut other, &bob.release(&BOTH));
    ran(&mut lane, &Reservation::remove(&bench.places()));
    bench.is_empty();
}

#[test]
fn what_cannot_be_locked_says_why() {
    let bench = Bench::new();
    let mut lane = lane();
    let nowhere = Places { locks: "/proc/nowhere/run".into(), ..bench.places() };
    let claimant = Claimant { places: nowhere, ..bench.claimant("one", "a") };
    let shell = lane.process();
    let output = lane.run(&claimant.take(&BOTH, NOW, shell), &Stop::new()).unwrap();
    assert_eq!(output.exit, Exit::Code(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/proc/nowhere"));
    let poor = bench.claimant("one", "a").take(&BOTH, NOW, shell).env("PATH", "/nonexistent");
    let script = poor.argv[2].replace("/usr/sbin /usr/bin /sbin /bin", "");
    let poor =
        Command { argv: [&poor.argv[..2], &[script.into()], &poor.argv[3..]].concat(), ..poor };
    let poor = Command { argv: [vec!["/bin/sh".into()], poor.argv[1..].to_vec()].concat(), ..poor };
    let output = lane.run(&poor, &Stop::new()).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("sh: flock: not found"), "{stderr}");
    let hint = vnfctl::ui::hint(output.exit, "sh: flock: not found").unwrap();
    assert!(hint.contains("util-linux"), "{hint}");
}

#[test]
fn every_shell_keeps_locks() {
    let bench = Bench::new();
    let mut lane = lane();
    for shell in [&["dash"][..], &["bash", "--posix"], &["busybox", "sh"]] {
        let by = |command: Command| {
            let words = shell.iter().map(|word| (*word).into());
            Command { argv: words.chain(command.argv[1..].iter().cloned()).collect(), ..command }
        };
        let (one, two) = (bench.claimant("one", "a"), bench.claimant("two", "b"));
        let process = lane.process();
        let told = ran(&mut lane, &by(one.take(&BOTH, NOW, process)));
        assert_eq!(Answer::parse(&told).unwrap().taken, BOTH, "{shell:?}");
        let told = ran(&mut lane, &by(two.take(&BOTH, Duration::from_secs(1), process)));
        assert!(Answer::parse(&told).unwrap().busy.unwrap().holder.is_some(), "{shell:?}");
        assert_eq!(ran(&mut lane, &by(one.renew(&BOTH))), "", "{shell:?}");
        for run in [one, two] {
            ran(&mut lane, &by(run.release(&BOTH)));
        }
        bench.is_empty();
    }
}
