//! The director over scripted nodes: see, place, plan, execute, verify.

use crate::support::world::{self, PROBED, Wish};
use std::fmt::Write as _;
use vnfctl::command::Command;
use vnfctl::engine::{State, engine};
use vnfctl::executor::{Event, OnError, Options, Outcome, Permit, Reporter, execute};
use vnfctl::facts::probe;
use vnfctl::lifecycle::{
    Failure, NodeFailure, Prepared, Session, VerifyOptions, VerifyReport, ask_neighbours, prepare,
    verify,
};
use vnfctl::model::{EngineKind, Loaded};
use vnfctl::plan::{NodeState, Observation, Stage, Verb, Wanted};
use vnfctl::transport::{Fake, Reply, Stop, TransportError};
use vnfctl::ui::{ExitCode, report};

const UP: Verb = Verb::Up(Stage::Verify);

const PAIR: &str = r#"
name = "pair"
[nodes.DUT1]
[nodes.DUT2]
[groups.VNF]
engine = "docker"
image = "busybox:stable"
cpu_skip = 0
"#;

/// What asks a node for its facts, and what asks its engine.
fn questions(loaded: &Loaded) -> [Command; 2] {
    let image = loaded.topology.groups[0].image.clone();
    [probe(&[], &[EngineKind::Docker]), engine(EngineKind::Docker).query(&[image])]
}

/// Two nodes that answer the probe; what the engine of each says.
fn nodes(loaded: &Loaded, engine: Reply) -> Fake {
    let [probe, query] = questions(loaded).map(|command| command.words());
    Fake::new().on("", &probe, Reply::ok(PROBED)).on("", &query, engine)
}

fn try_prepare<'l>(
    loaded: &'l Loaded,
    nodes: &Fake,
    verb: Verb,
    keep_going: bool,
) -> Result<Prepared<'l>, Failure> {
    let (wish, stop) = (Wish::all(verb), Stop::new());
    let request = vnfctl::lifecycle::ChangeRequest { keep_going, ..wish.request() };
    // The plan outlives the session, its lanes do not.
    let nodes: &'static Fake = Box::leak(Box::new(nodes.clone()));
    let stop: &'static Stop = Box::leak(Box::new(stop));
    prepare(&Session::new(loaded, nodes, stop), &request)
}

fn told(failure: Failure) -> (ExitCode, String) {
    let report = report::error(&failure.into(), vnfctl::ui::Paint { on: false });
    (report.code, report.text)
}

/// One line of the engine's answer: a running container, with labels or without.
fn container(name: &str, labels: &[(&str, &str)]) -> String {
    let labels: std::collections::BTreeMap<_, _> = labels.iter().copied().collect();
    let shown = serde_json::json!({
        "name": name, "labels": labels, "state": "running", "code": 0, "image": "busybox:stable",
    });
    format!("container 4711 {shown}\nCpus_allowed_list:\t0\nMems_allowed_list:\t0\n")
}

#[test]
fn an_unreachable_node_stops_everything_unless_told_to_keep_going() {
    let loaded = world::topology(PAIR);
    let nodes = nodes(&loaded, Reply::ok("")).unreachable("DUT2");
    let (code, text) = told(try_prepare(&loaded, &nodes, UP, false).unwrap_err());
    assert_eq!(code, ExitCode::NodeUnreachable);
    assert!(text.contains("DUT2") && text.contains("no route to host"), "{text}");
    let prepared = try_prepare(&loaded, &nodes, UP, true).unwrap();
    let [NodeFailure { node, error: TransportError::Unreachable { .. } }] = &*prepared.failures
    else {
        panic!("{:?}", prepared.failures)
    };
    assert_eq!(node, "DUT2");
    assert!(prepared.plan.steps.iter().all(|step| step.node == "DUT1"));
    assert_eq!(prepared.plan.steps.len(), 2, "acquire and create");
    let none = nodes.unreachable("DUT1");
    assert!(
        matches!(try_prepare(&loaded, &none, UP, true), Err(Failure::Nodes(all)) if all.len() == 2)
    );
}

#[test]
fn an_engine_that_does_not_answer_is_refused_on_each_node() {
    let loaded = world::topology(PAIR);
    let nodes = nodes(&loaded, Reply::fail(1, "Cannot connect to the Docker daemon"));
    for verb in [UP, Verb::Down, Verb::Restart] {
        let (code, text) = told(try_prepare(&loaded, &nodes, verb, false).unwrap_err());
        assert_eq!(code, ExitCode::StepFailed, "{text}");
        assert_eq!(text.matches("docker does not answer: Cannot connect").count(), 2, "{text}");
    }
}

#[test]
fn a_probe_that_prints_garbage_is_a_node_failure() {
    let loaded = world::topology(PAIR);
    for reply in [Reply::ok("hello\n"), Reply::ok(""), Reply::fail(127, "sh: not found")] {
        let probe = questions(&loaded)[0].words();
        let nodes = Fake::new().on("DUT1", &probe, reply).on("", &probe, Reply::ok(PROBED));
        let Err(Failure::Nodes(failures)) = try_prepare(&loaded, &nodes, UP, false) else {
            panic!("taken")
        };
        assert_eq!(failures.len(), 1);
        assert_eq!(failures[0].node, "DUT1");
    }
}

#[test]
fn an_engine_that_prints_garbage_is_refused() {
    let loaded = world::topology(PAIR);
    let (code, text) =
        told(try_prepare(&loaded, &nodes(&loaded, Reply::ok("what?\n")), UP, false).unwrap_err());
    assert_eq!(code, ExitCode::StepFailed);
    assert!(text.contains("`what?`"), "{text}");
}

#[test]
fn a_foreign_container_is_refused_before_the_first_act() {
    let loaded = world::topology(PAIR);
    let other = [("vnfctl.topology", "other"), ("vnfctl.group", "VNF")];
    for (labels, owner) in
        [(&other[..], "topology `other` owns it"), (&[], "it was not made by vnfctl")]
    {
        let pinned = container("DUT1_VNF1", labels);
        // On DUT2 its name is in nobody's way, so its CPUs must not be either.
        let unpinned = pinned.replace("list:\t0\nMems", "list:\t0-999\nMems");
        let [probe, query] = questions(&loaded).map(|command| command.words());
        let nodes = Fake::new()
            .on("", &probe, Reply::ok(PROBED))
            .on("DUT1", &query, Reply::ok(pinned))
            .on("", &query, Reply::ok(unpinned));
        for verb in [UP, Verb::Create, Verb::Start, Verb::Restart] {
            let (code, text) = told(try_prepare(&loaded, &nodes, verb, false).unwrap_err());
            assert_eq!(code, ExitCode::StepFailed);
            assert!(text.contains(owner) && text.contains("DUT1_VNF1"), "{text}");
        }
        let down = try_prepare(&loaded, &nodes, Verb::Down, false).unwrap().plan;
        assert_eq!(down.steps, []);
    }
}

#[test]
fn preparing_only_asks() {
    let loaded = world::topology(PAIR);
    let nodes = nodes(&loaded, Reply::ok(""));
    let plan = try_prepare(&loaded, &nodes, UP, false).unwrap().plan;
    assert_eq!(plan.steps.len(), 4);
    for node in ["DUT1", "DUT2"] {
        let mut asked = nodes.ran(node);
        asked.sort_by_key(Command::words);
        let others: Vec<EngineKind> =
            EngineKind::ALL.into_iter().filter(|kind| *kind != EngineKind::Docker).collect();
        let mut questions = questions(&loaded).to_vec();
        questions.push(ask_neighbours(&others));
        questions.sort_by_key(Command::words);
        assert_eq!(asked, questions, "{node}");
    }
    assert!(Permit::unless_dry_run(true).is_none(), "a dry run cannot reach the executor");
}

#[test]
fn a_name_without_a_file_finds_what_it_owns_by_labels() {
    let mut loaded = world::topology(PAIR);
    loaded.topology.groups.clear();
    let ours = [("vnfctl.topology", "pair"), ("vnfctl.group", "VNF")];
    let answer = container("DUT1_VNF1", &ours) + &container("DUT1_VNF2", &[]);
    let all = probe(&[], &EngineKind::ALL).words();
    let query = engine(EngineKind::Docker).query(&[]).words();
    let kinds = [EngineKind::Docker, EngineKind::Podman, EngineKind::Lxc];
    let nodes = Fake::new()
        .on("DUT1", &query, Reply::ok(answer))
        .on("", &all, Reply::ok(PROBED))
        .on("", &probe(&[], &kinds).words(), Reply::ok(PROBED));
    let plan = try_prepare(&loaded, &nodes, Verb::Down, false).unwrap().plan;
    let told: Vec<_> = plan.steps.iter().map(|step| step.sentence.as_str()).collect();
    assert_eq!(told, ["stop DUT1_VNF1", "destroy DUT1_VNF1"]);
}

#[test]
fn pages_that_are_not_free_stop_everything_before_the_first_act() {
    let loaded =
        world::topology(&PAIR.replace("cpu_skip", "hugepages.2MiB = 33\ncount = 2\ncpu_skip"));
    let [probe, query] = questions(&loaded).map(|command| command.words());
    let of = |free: u64| {
        let folder = "node0/hugepages/hugepages-2048kB";
        let is = |file: &str, number: u64| format!("{folder}/{file}_hugepages:{number}\n");
        let probed = PROBED.replace(&is("free", 0), &is("free", free));
        Reply::ok(probed.replace(&is("nr", 0), &is("nr", 100)))
    };
    let silent = Reply::ok("");
    let nodes = |free| {
        let nodes = Fake::new().on("DUT1", &probe, of(66)).on("DUT2", &probe, of(free));
        nodes.on("", &query, silent.clone())
    };
    let few = nodes(65);
    let (code, text) = told(try_prepare(&loaded, &few, UP, false).unwrap_err());
    assert_eq!(code, ExitCode::PlacementImpossible, "{text}");
    assert!(text.starts_with("error: DUT2: NUMA node 0: 65 of 100 huge pages of 2MiB"), "{text}");
    assert!(text.contains("66 asked for (`VNF` 2 containers x 33)"), "{text}");
    assert!(text.contains("hint: `echo 101 > /sys/kernel/mm/hugepages/"), "{text}");
    assert_eq!(few.ran("DUT2").len(), 3, "facts, engine and neighbours are asked, nothing is done");
    try_prepare(&loaded, &nodes(66), UP, false).unwrap();
}

struct Silent;

impl Reporter for Silent {
    fn event(&self, _: &Event<'_>) {}
}

#[test]
fn up_acts_and_then_looks_at_reality() {
    let loaded = world::topology(PAIR);
    let nodes = nodes(&loaded, Reply::ok(""));
    let stop = Stop::new();
    let session = Session::new(&loaded, &nodes, &stop);
    let prepared = prepare(&session, &Wish::all(UP).request()).unwrap();
    let permit = Permit::unless_dry_run(false).unwrap();
    let options = Options { jobs: 2, on_error: OnError::Stop };
    let outcomes = execute(&prepared.plan, &session.lanes, &permit, options, &stop, &Silent);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Done)), "{outcomes:?}");
    for step in &prepared.plan.steps {
        assert!(nodes.ran(&step.node).contains(&step.command), "{}", step.sentence);
    }
    // The engine still says that there is nothing: everything fails the check.
    let seen = session.see(&|_| true).require(false).unwrap();
    let wanted: Vec<&Wanted<'_>> = prepared.wanted.iter().collect();
    let options = VerifyOptions::default();
    let report = verify(&session, &wanted, &prepared.links, &seen.observation, options).unwrap();
    assert!(!report.passed());
    let found: Vec<_> = report.checks.iter().map(|check| check.found.as_str()).collect();
    assert_eq!(found, ["absent", "absent"]);
}

/// What the look at the threads prints where each container runs two threads on `cpus`.
fn threads(observation: &Observation, node: &str, cpus: &str, others: &str) -> Reply {
    let inventories = observation[node].inventories.values().flatten();
    let mut text = format!("self\t7\n{others}");
    for found in inventories.flat_map(|inventory| &inventory.containers) {
        let (State::Running { pid }, Some(given)) = (found.state, &found.cpus) else { continue };
        let (second, name) = (pid + 500, &found.name);
        write!(
            text,
            "cgroup\t{given}\t0\t/{name}\nprocess\t{pid}\t-\t/{name}\n\
             thread\t{pid}\t{pid}\tS\t1\t0\t0\t{given}\t0\tmain\n\
             thread\t{pid}\t{second}\tS\t1\t0\t0\t{cpus}\t0\tworker\n"
        )
        .unwrap();
    }
    Reply::ok(text + "end\n")
}

/// A verification of the pair where everything runs and the nodes tell this of their threads.
fn verified(looks: &[Reply], options: VerifyOptions) -> (VerifyReport, usize) {
    let loaded = world::topology(PAIR);
    let observation = as_wanted(&loaded);
    let prepared = world::prepared(&loaded, &observation, &Wish::all(UP)).unwrap();
    let wanted: Vec<&Wanted<'_>> =
        prepared.wanted.iter().filter(|one| one.node == "DUT1").collect();
    let question = vnfctl::threads::snapshot().words();
    let (last, first) = looks.split_last().unwrap();
    let once = |fake: Fake, reply: &Reply| fake.once("DUT1", &question, reply.clone());
    let nodes = first.iter().fold(Fake::new(), once).on("DUT1", &question, last.clone());
    let stop = Stop::new();
    let session = Session::new(&loaded, &nodes, &stop);
    let report = verify(&session, &wanted, &prepared.links, &observation, options).unwrap();
    let asked = nodes.ran("DUT1").iter().filter(|command| command.words() == question).count();
    assert_eq!(nodes.ran("DUT2"), [], "nothing is wanted there");
    (report, asked)
}

fn as_wanted(loaded: &Loaded) -> Observation {
    let nodes = nodes(loaded, Reply::ok(""));
    let stop = Stop::new();
    let seen = Session::new(loaded, &nodes, &stop).see(&|_| true).require(false).unwrap();
    world::as_wanted(loaded, &seen.observation)
}

fn failed(report: &VerifyReport) -> Vec<String> {
    let wrong = report.checks.iter().filter(|check| !check.passed);
    wrong.map(|check| format!("{}: {}", check.claim, check.found)).collect()
}

#[test]
fn every_thread_is_looked_at_once_when_all_is_right() {
    let observation = as_wanted(&world::topology(PAIR));
    let right = threads(&observation, "DUT1", "0", "");
    let (report, asked) = verified(&[right], VerifyOptions::default());
    assert!(report.passed(), "{report:?}");
    assert_eq!((report.checks.len(), asked), (5, 1), "running, CPUs, memory, threads, alone");
    assert_eq!(report.checks[3].found, "2 of 2 right");
    assert_eq!(report.containers[0].threads.len(), 2);
}

#[test]
fn what_may_pass_by_itself_is_looked_at_again() {
    let observation = as_wanted(&world::topology(PAIR));
    let right = threads(&observation, "DUT1", "0", "");
    let wrong = threads(&observation, "DUT1", "0-1", "");
    let options = VerifyOptions::default();
    let (report, asked) = verified(&[wrong.clone(), right], options);
    assert!(report.passed() && asked == 2, "{asked} {report:?}");
    let (report, asked) = verified(&[wrong], options);
    assert_eq!((failed(&report), asked), (vec!["threads: 1 of 2 on CPU 1".to_owned()], 3));
    let gone = threads(&Observation::from([("DUT1".into(), NodeState::default())]), "DUT1", "", "");
    let (report, _) = verified(&[gone], options);
    assert_eq!(failed(&report), ["threads: its first process is gone"]);
}

#[test]
fn an_intruder_fails_and_a_note_does_so_only_when_strict() {
    let observation = as_wanted(&world::topology(PAIR));
    let common = "process\t1\t-\t/\nthread\t1\t1\tS\t0\t0\t0\t0-1\t0\tinit\n";
    let noted = threads(&observation, "DUT1", "0", common);
    let options = VerifyOptions::default();
    let (report, _) = verified(std::slice::from_ref(&noted), options);
    assert!(report.passed() && !report.nodes[0].notes.is_empty(), "{report:?}");
    let (report, _) = verified(&[noted], VerifyOptions { strict: true, ..options });
    assert!(!report.passed() && failed(&report).is_empty(), "{report:?}");
    let hog = "process\t9\t-\t/\nthread\t9\t9\tR\t1\t0\t0\t0\t0\thog\n";
    let intruded = threads(&observation, "DUT1", "0", &format!("{common}{hog}"));
    let (report, _) = verified(&[intruded], options);
    assert_eq!(failed(&report), ["alone: `hog` (9) pinned to CPU 0"]);
}

#[test]
fn a_node_that_tells_nothing_of_its_threads_proves_nothing() {
    for (reply, why) in [
        (Reply::fail(127, "awk: not found"), "the look at the threads failed: awk: not found"),
        (Reply::ok("self\t1\n"), "did not finish"),
        (Reply::Lost, "scripted"),
    ] {
        let (report, _) = verified(&[reply], VerifyOptions::default());
        let [wrong] = &*failed(&report) else { panic!("{report:?}") };
        assert!(wrong.starts_with("threads: ") && wrong.contains(why), "{wrong}");
    }
}
