//! The locks of a run over scripted nodes: when they are taken, waited for and given back.

use crate::support::world::{self, PROBED, Wish};
use std::sync::Mutex;
use std::time::Duration;
use vnfctl::command::Command;
use vnfctl::engine::engine;
use vnfctl::facts::probe;
use vnfctl::lifecycle::{Blocked, Failure, Guard, Session, prepare};
use vnfctl::lock::{Claimant, LEASE, Places, Scope};
use vnfctl::model::{Become, EngineKind, Loaded};
use vnfctl::plan::{Stage, Verb};
use vnfctl::transport::{Fake, Nodes, Reply, Stop, Target};
use vnfctl::ui::{ExitCode, Paint, report};

const BOTH: [Scope; 2] = [Scope::Topology, Scope::Node];

/// Words that only the command that takes locks has, and only the one that gives them back.
const TAKE: &str = "Names the holder";
const RELEASE: &str = "ends the keepers";

const HELD: &str =
    "busy lock\nrun x\nowner other@there\npid 12\nverb up\ntopology theirs\nsince 90\n";

/// `DUT1` is the later one in the order of machines.
const PAIR: &str = r#"
name = "pair"
[nodes.DUT1]
[nodes.DUT2]
[groups.VNF]
engine = "docker"
image = "busybox:stable"
cpu_skip = 0
"#;

fn claimant() -> Claimant {
    Claimant {
        run: "mine".into(),
        owner: "me@here".into(),
        pid: 7,
        verb: "up".into(),
        topology: "pair".into(),
        person: "me@here".into(),
        places: Places::default(),
        lease: LEASE,
    }
}

fn machine(node: &str) -> &'static str {
    if node == "DUT1" { "machine m2\nnow 100\n" } else { "machine m1\nnow 100\n" }
}

/// Two nodes that answer the probe and have an engine without containers. `first`: what the first
/// who asks for locks is told.
fn nodes(loaded: &Loaded, first: [&str; 2]) -> Fake {
    let mut fake = Fake::new();
    for (node, answer) in ["DUT1", "DUT2"].into_iter().zip(first) {
        fake = fake.once(node, TAKE, Reply::ok(format!("{}{answer}", machine(node))));
    }
    let all = "taken lock.pair\ntaken lock\n";
    for node in ["DUT1", "DUT2"] {
        fake = fake.on(node, TAKE, Reply::ok(format!("{}{all}", machine(node))));
    }
    looked_at(loaded, fake)
}

fn looked_at(loaded: &Loaded, fake: Fake) -> Fake {
    let image = loaded.topology.groups[0].image.clone();
    let query = engine(EngineKind::Docker).query(&[image]).words();
    let probe = probe(&[], &[EngineKind::Docker]).words();
    fake.on("", &probe, Reply::ok(PROBED)).on("", &query, Reply::ok(""))
}

struct Entered {
    result: Result<usize, Failure>,
    waited_for: Vec<String>,
}

/// Prepares `up` under both locks; how many steps there are.
fn enter(loaded: &Loaded, nodes: &Fake, wait: Duration) -> Entered {
    let waited_for = Mutex::new(Vec::new());
    let tell = |blocked: &Blocked| waited_for.lock().unwrap().push(blocked.node.clone());
    let guard = Guard::new(nodes, claimant(), wait, &tell);
    let stop = Stop::new();
    let session = Session::new(loaded, &guard, &stop);
    let wish = Wish::all(Verb::Up(Stage::Verify));
    let look = || prepare(&session, &wish.request());
    let result = guard.renewing(&stop, || {
        let result = guard.enter(&session, &BOTH, &look).map(|prepared| prepared.plan.steps.len());
        guard.let_go(&session, &BOTH);
        result
    });
    assert!(guard.lost().is_none());
    Entered { result, waited_for: waited_for.into_inner().unwrap() }
}

fn kind(command: &Command) -> &'static str {
    let words = command.words();
    match words {
        words if words.contains(TAKE) && words.contains("lock.pair lock") => "take both",
        words if words.contains(TAKE) && words.contains("lock.pair") => "take topology",
        words if words.contains(TAKE) => "take node",
        words if words.contains(RELEASE) => "release",
        _ => "look",
    }
}

fn told(failure: Failure) -> (ExitCode, String) {
    let report = report::error(&failure.into(), Paint { on: false });
    (report.code, report.text)
}

/// What was asked of a node, however many commands a look is.
fn kinds(nodes: &Fake, node: &str) -> Vec<&'static str> {
    let mut kinds: Vec<_> = nodes.ran(node).iter().map(kind).collect();
    kinds.dedup();
    kinds
}

const FREE: &str = "taken lock.pair\ntaken lock\n";

#[test]
fn the_lock_comes_before_the_look_and_goes_at_the_end() {
    let loaded = world::topology(PAIR);
    let nodes = nodes(&loaded, [FREE, FREE]);
    let entered = enter(&loaded, &nodes, Duration::ZERO);
    assert_eq!((entered.result.unwrap(), entered.waited_for), (4, vec![]));
    for node in ["DUT1", "DUT2"] {
        assert_eq!(kinds(&nodes, node), ["take both", "look", "release"]);
    }
}

#[test]
fn without_patience_a_held_lock_is_8_and_names_its_owner() {
    let loaded = world::topology(PAIR);
    let held = format!("taken lock.pair\n{HELD}");
    let nodes = nodes(&loaded, [FREE, &held]);
    let entered = enter(&loaded, &nodes, Duration::ZERO);
    let (code, text) = told(entered.result.unwrap_err());
    assert_eq!(code, ExitCode::Locked);
    assert!(
        text.contains("DUT2 is locked by `other@there` (up of `theirs`, process 12)")
            && text.contains("10s ago")
            && text.contains("hint: `--lock-wait"),
        "{text}"
    );
    for node in ["DUT1", "DUT2"] {
        assert_eq!(kinds(&nodes, node), ["take both", "look", "release"], "{node}");
    }
    assert_eq!(entered.waited_for, [""; 0]);
}

#[test]
fn whoever_waits_holds_nothing_else_and_looks_again() {
    let loaded = world::topology(PAIR);
    let nodes = nodes(&loaded, [FREE, HELD]);
    let entered = enter(&loaded, &nodes, Duration::from_secs(9));
    assert_eq!((entered.result.unwrap(), entered.waited_for), (4, vec!["DUT2".to_owned()]));
    assert_eq!(
        kinds(&nodes, "DUT1"),
        ["take both", "look", "release", "take topology", "take node", "look", "release"]
    );
    let second = kinds(&nodes, "DUT2");
    assert_eq!(second[..3], ["take both", "look", "take topology"], "it held nothing");
}

#[test]
fn locks_are_waited_for_in_the_order_of_machines() {
    let loaded = world::topology(PAIR);
    // The first in that order stays busy: the other one must not be held meanwhile.
    let busy = format!("{}{HELD}", machine("DUT2"));
    let nodes = Fake::new().on("DUT2", TAKE, Reply::ok(busy)).on(
        "DUT1",
        TAKE,
        Reply::ok(format!("{}{FREE}", machine("DUT1"))),
    );
    let nodes = looked_at(&loaded, nodes);
    let entered = enter(&loaded, &nodes, Duration::from_secs(1));
    let (code, text) = told(entered.result.unwrap_err());
    assert_eq!(code, ExitCode::Locked, "{text}");
    assert_eq!(entered.waited_for, ["DUT2"]);
    assert_eq!(kinds(&nodes, "DUT1"), ["take both", "look", "release"]);
    let tried = kinds(&nodes, "DUT2");
    assert_eq!(tried.last(), Some(&"take topology"), "{tried:?}");
}

#[test]
fn a_later_node_that_was_busy_at_first_is_asked_again_in_its_turn() {
    let loaded = world::topology(PAIR);
    let nodes = nodes(&loaded, [HELD, FREE]);
    let entered = enter(&loaded, &nodes, Duration::from_secs(9));
    assert_eq!(entered.waited_for, ["DUT1"]);
    entered.result.unwrap();
}

#[test]
fn a_reserved_node_is_8_and_nothing_is_kept() {
    let loaded = world::topology(PAIR);
    let kept = "person alice\nreason new NIC\nfrom 10\nuntil 7300\nrefused\n";
    let nodes = nodes(&loaded, [FREE, kept]);
    let entered = enter(&loaded, &nodes, Duration::from_secs(9));
    let (code, text) = told(entered.result.unwrap_err());
    assert_eq!(code, ExitCode::Locked);
    assert!(text.contains("DUT2 is reserved for `alice`") && text.contains("new NIC"), "{text}");
    assert!(text.contains("for 2h") && text.contains("--as alice"), "{text}");
    assert_eq!(kinds(&nodes, "DUT1").last(), Some(&"release"));
    assert_eq!(entered.waited_for, [""; 0], "waiting would not help");
}

#[test]
fn a_node_that_cannot_be_locked_is_1_with_a_reason() {
    let loaded = world::topology(PAIR);
    let nodes = Fake::new()
        .on("DUT1", TAKE, Reply::fail(1, "mkdir: cannot create directory: Permission denied"))
        .on("DUT2", TAKE, Reply::fail(1, "sh: flock: not found"));
    let (code, text) = told(enter(&loaded, &nodes, Duration::ZERO).result.unwrap_err());
    assert_eq!(code, ExitCode::StepFailed);
    assert!(text.contains("DUT1: cannot lock it: mkdir"), "{text}");
    assert!(text.contains("apt-get install util-linux") && text.contains("`become`"), "{text}");
}

#[test]
fn an_unreachable_node_is_4_although_another_is_locked() {
    let loaded = world::topology(PAIR);
    let nodes = nodes(&loaded, [HELD, FREE]).unreachable("DUT2");
    let (code, text) = told(enter(&loaded, &nodes, Duration::from_secs(9)).result.unwrap_err());
    assert_eq!(code, ExitCode::NodeUnreachable, "{text}");
}

/// A run on this machine, with locks in a folder of the test.
fn on_this_machine(act: impl FnOnce(&Guard<'_>, &Session<'_>, &Stop, &str)) {
    let folder = tempfile::TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let places = Places { locks: path("run"), reservation: path("var") };
    let target = Target {
        node: "DUT1".into(),
        ssh: None,
        r#become: Become::None,
        connect_timeout: None,
        ssh_config: None,
    };
    let (nodes, tell) = (Nodes::new(vec![target]), |_: &Blocked| ());
    let guard = Guard::new(&nodes, Claimant { places, ..claimant() }, Duration::ZERO, &tell);
    let (loaded, stop) = (world::topology(&PAIR.replace("[nodes.DUT2]", "")), Stop::new());
    let session = Session::new(&loaded, &guard, &stop);
    guard.renewing(&stop, || act(&guard, &session, &stop, &path("run/lock")));
}

/// A look that is no more than a lane.
fn glance(session: &Session<'_>) {
    let lane = session.lanes.take("DUT1", &Stop::new()).unwrap();
    session.lanes.put_back("DUT1", lane);
}

#[test]
fn a_run_that_loses_its_lane_loses_its_lock_and_stops() {
    on_this_machine(|guard, session, stop, file| {
        guard
            .enter(session, &BOTH, &|| {
                glance(session);
                Ok(())
            })
            .unwrap();
        let facts = || std::fs::read_to_string(file).unwrap_or_default();
        assert!(facts().starts_with("run mine\nowner me@here\n"), "{}", facts());
        // One more lane comes and goes: that is nobody's loss.
        let (first, second) =
            (session.lanes.take("DUT1", stop).unwrap(), session.lanes.take("DUT1", stop).unwrap());
        drop(second);
        session.lanes.put_back("DUT1", first);
        std::thread::sleep(Duration::from_millis(100));
        assert!(!stop.is_requested() && guard.lost().is_none());
        drop(session.lanes.take("DUT1", stop).unwrap());
        let start = std::time::Instant::now();
        while !stop.is_requested() {
            assert!(start.elapsed() < Duration::from_secs(5), "it goes on without a lock");
            std::thread::sleep(Duration::from_millis(5));
        }
        let (code, text) = told(guard.lost().unwrap());
        assert_eq!(code, ExitCode::Locked);
        assert!(text.contains("the lock of `DUT1` was lost"), "{text}");
        // To take back what was done it needs the lock again, from its own remains.
        guard.regain(session).unwrap();
        assert!(facts().starts_with("run mine.1\n"), "{}", facts());
        guard.let_go(session, &BOTH);
        assert_eq!(facts(), "");
    });
}

#[test]
fn a_person_who_stops_a_run_hears_of_no_lost_lock() {
    on_this_machine(|guard, session, stop, _| {
        guard
            .enter(session, &BOTH, &|| {
                glance(session);
                Ok(())
            })
            .unwrap();
        let lane = session.lanes.take("DUT1", stop).unwrap();
        stop.request();
        drop(lane);
        std::thread::sleep(Duration::from_millis(100));
        assert!(guard.lost().is_none());
        guard.regain(session).unwrap();
        guard.let_go(session, &BOTH);
    });
}
