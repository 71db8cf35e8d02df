//! The executor over scripted nodes: order, lanes, failures, stops, undo.

mod random;

use std::sync::Mutex;
use std::time::{Duration, Instant};
use vnfctl::command::Command;
use vnfctl::executor::{Event, Lanes, OnError, Options, Outcome, Permit, Reporter, execute, undo};
use vnfctl::plan::{Plan, Step, StepId};
use vnfctl::transport::{Connector, Fake, Reply, Stop, Transport, TransportError};

/// A plan of steps `do <id>` with undo `undo <id>`: node and predecessors of each.
fn plan(steps: &[(&str, &[StepId])]) -> Plan {
    let mut plan = Plan::default();
    for (id, (node, after)) in steps.iter().enumerate() {
        plan.push(Step {
            node: (*node).to_owned(),
            container: format!("C{id}"),
            verb: "create",
            sentence: format!("step {id}"),
            command: Command::new(["do".to_owned(), format!("<{id}>")]),
            undo: Some(Command::new(["undo".to_owned(), format!("<{id}>")])),
            after: after.to_vec(),
        });
    }
    plan
}

/// What was told, in order: `+3` started, `=3` ended, `-3` skipped.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Reporter for Told {
    fn event(&self, event: &Event<'_>) {
        let word = match event {
            Event::Started { id, .. } => format!("+{id}"),
            Event::Finished { id, outcome: Outcome::Skipped { .. }, .. } => format!("-{id}"),
            Event::Finished { id, .. } => format!("={id}"),
            Event::Bytes { id, bytes } => format!("{bytes} for {id}"),
            Event::Undone { step, .. } => format!("undone {}", step.sentence),
        };
        self.0.lock().unwrap().push(word);
    }
}

impl Told {
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

fn permit() -> Permit {
    Permit::unless_dry_run(false).unwrap()
}

fn run(plan: &Plan, nodes: &dyn Connector, jobs: usize, on_error: OnError) -> Vec<Outcome> {
    let options = Options { jobs, on_error };
    execute(plan, &Lanes::new(nodes), &permit(), options, &Stop::new(), &Told::default())
}

/// One letter per outcome: done, failed, transport, skipped.
fn letters(outcomes: &[Outcome]) -> String {
    let letter = |outcome: &Outcome| match outcome {
        Outcome::Done => 'd',
        Outcome::Failed { .. } => 'f',
        Outcome::Transport(_) => 't',
        Outcome::Skipped { .. } => 's',
    };
    outcomes.iter().map(letter).collect()
}

fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Skipped { reason } => reason,
        other => panic!("not skipped: {other:?}"),
    }
}

/// The numbers of the commands a node ran, in order.
fn ran(fake: &Fake, node: &str) -> Vec<String> {
    fake.ran(node).iter().map(|command| command.argv.join(" ")).collect()
}

const CHAIN: [(&str, &[StepId]); 4] = [("A", &[]), ("A", &[0]), ("B", &[1]), ("A", &[2])];

#[test]
fn steps_run_in_order_over_nodes_and_lanes_stay_open() {
    let fake = Fake::new();
    let lanes = Lanes::new(&fake);
    let (told, options) = (Told::default(), Options { jobs: 1, on_error: OnError::Stop });
    let outcomes = execute(&plan(&CHAIN), &lanes, &permit(), options, &Stop::new(), &told);
    assert_eq!(letters(&outcomes), "dddd");
    assert_eq!(told.all(), ["+0", "=0", "+1", "=1", "+2", "=2", "+3", "=3"]);
    assert_eq!(ran(&fake, "A"), ["do <0>", "do <1>", "do <3>"]);
    execute(&plan(&CHAIN), &lanes, &permit(), options, &Stop::new(), &told);
    assert_eq!(fake.opened(), ["A", "B"], "one lane per node, kept for the second plan");
}

#[test]
fn what_fails_is_tried_otherwise_before_it_counts() {
    let mut steps = plan(&[("A", &[]), ("A", &[0]), ("A", &[1])]);
    for (step, other) in steps.steps.iter_mut().zip(["unused", "good", "bad"]) {
        step.command.otherwise = Some(Box::new(Command::new([other])));
    }
    for depth in [1, 4] {
        let fake = Fake::new()
            .with_depth(depth)
            .on("", "<1>", Reply::fail(1, "no answer"))
            .on("", "<2>", Reply::fail(1, "no answer"))
            .on("", "bad", Reply::fail(3, "nor here"));
        let outcomes = run(&steps, &fake, 1, OnError::Stop);
        assert_eq!(letters(&outcomes), "ddf");
        assert!(matches!(&outcomes[2], Outcome::Failed { stderr, .. } if stderr == "nor here"));
        assert_eq!(ran(&fake, "A"), ["do <0>", "do <1>", "good", "do <2>", "bad"]);
    }
}

#[test]
fn an_empty_plan_opens_nothing() {
    let fake = Fake::new();
    assert_eq!(run(&Plan::default(), &fake, 4, OnError::Stop).len(), 0);
    assert_eq!(fake.opened().len(), 0);
}

#[test]
fn independent_steps_run_side_by_side_up_to_the_jobs() {
    let slow = Reply::ok("").after(Duration::from_millis(100));
    let fake = Fake::new().on("", "do", slow);
    let steps: Vec<(&str, &[StepId])> = vec![("A", &[]); 8];
    let start = Instant::now();
    assert_eq!(letters(&run(&plan(&steps), &fake, 4, OnError::Stop)), "dddddddd");
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(200), "{took:?}: more than four at once");
    assert!(took < Duration::from_millis(700), "{took:?}: not side by side");
    assert_eq!(fake.opened().len(), 4);
}

#[test]
fn a_deep_lane_gets_its_share_ahead_and_no_more() {
    let fake =
        Fake::new().with_depth(3).on("", "do", Reply::ok("").after(Duration::from_millis(5)));
    let steps: Vec<(&str, &[StepId])> = vec![("A", &[]); 9];
    let told = Told::default();
    let options = Options { jobs: 1, on_error: OnError::Stop };
    execute(&plan(&steps), &Lanes::new(&fake), &permit(), options, &Stop::new(), &told);
    let (mut open, mut most) = (0, 0);
    for word in told.all() {
        open = if word.starts_with('+') { open + 1 } else { open - 1 };
        most = most.max(open);
    }
    assert_eq!(most, 3);
}

#[test]
fn a_step_that_waits_is_worth_a_lane_and_nothing_queues_behind_it() {
    struct Costly(Fake);
    impl Connector for Costly {
        fn open(&self, node: &str, stop: &Stop) -> Result<Box<dyn Transport>, TransportError> {
            self.0.open(node, stop)
        }
        fn steps_per_lane(&self, _node: &str) -> usize {
            4
        }
    }
    let nodes = || {
        let slow = Reply::ok("").after(Duration::from_millis(50));
        Costly(Fake::new().with_depth(4).on("", "do", slow))
    };
    let mut plan = plan(&[("A", &[]), ("A", &[]), ("A", &[]), ("A", &[])]);
    let working = nodes();
    assert_eq!(letters(&run(&plan, &working, 4, OnError::Stop)), "dddd");
    assert_eq!(working.0.opened().len(), 1);
    for step in &mut plan.steps {
        step.verb = "stop";
    }
    let waiting = nodes();
    assert_eq!(letters(&run(&plan, &waiting, 4, OnError::Stop)), "dddd");
    assert_eq!(waiting.0.opened().len(), 4);
}

/// Two chains on A, one step on B that needs neither.
const FORKED: [(&str, &[StepId]); 5] =
    [("A", &[]), ("A", &[0]), ("A", &[1]), ("A", &[0]), ("B", &[3])];

#[test]
fn stop_starts_nothing_new() {
    let fake = Fake::new().on("", "<1>", Reply::fail(7, "broken"));
    let outcomes = run(&plan(&FORKED), &fake, 1, OnError::Stop);
    assert_eq!(letters(&outcomes), "dfsss");
    assert_eq!(reason(&outcomes[4]), "`step 1` failed");
    let Outcome::Failed { stderr, .. } = &outcomes[1] else { panic!("{outcomes:?}") };
    assert_eq!(stderr, "broken");
}

#[test]
fn keep_going_leaves_out_only_what_needs_the_failed_step() {
    let fake = Fake::new().on("", "<1>", Reply::fail(7, ""));
    let outcomes = run(&plan(&FORKED), &fake, 1, OnError::KeepGoing);
    assert_eq!(letters(&outcomes), "dfsdd");
    assert_eq!(reason(&outcomes[2]), "it needs `step 1`, which failed");
}

#[test]
fn an_accepted_exit_code_is_success() {
    let fake = Fake::new().on("", "<0>", Reply::fail(7, ""));
    let mut plan = plan(&CHAIN);
    plan.steps[0].command.accept = vec![7];
    assert_eq!(letters(&run(&plan, &fake, 1, OnError::Stop)), "dddd");
}

#[test]
fn a_lost_node_costs_its_own_steps_and_those_that_need_them() {
    let fake = Fake::new().on("A", "<1>", Reply::Lost);
    let steps: [(&str, &[StepId]); 6] =
        [("A", &[]), ("A", &[0]), ("A", &[0]), ("B", &[0]), ("B", &[2]), ("B", &[3])];
    let outcomes = run(&plan(&steps), &fake, 1, OnError::KeepGoing);
    assert_eq!(letters(&outcomes), "dtsdsd");
    assert_eq!(reason(&outcomes[2]), "`A` is lost");
    assert_eq!(
        letters(&run(&plan(&steps), &Fake::new().on("A", "<0>", Reply::Lost), 1, OnError::Stop)),
        "tsssss"
    );
}

#[test]
fn an_unreachable_node_is_told_once_and_the_other_is_served() {
    let fake = Fake::new().unreachable("A");
    let steps: [(&str, &[StepId]); 5] =
        [("A", &[]), ("A", &[]), ("A", &[]), ("B", &[]), ("B", &[0])];
    let outcomes = run(&plan(&steps), &fake, 3, OnError::KeepGoing);
    assert_eq!(letters(&outcomes).chars().filter(|letter| *letter == 't').count(), 1);
    assert_eq!(&letters(&outcomes)[3..], "ds");
}

/// Nodes that open only so many lanes.
struct Narrow {
    fake: Fake,
    left: Mutex<usize>,
}

impl Connector for Narrow {
    fn open(&self, node: &str, stop: &Stop) -> Result<Box<dyn Transport>, TransportError> {
        let mut left = self.left.lock().unwrap();
        if *left == 0 {
            let reason = "too many sessions".to_owned();
            return Err(TransportError::Unreachable { node: node.to_owned(), reason });
        }
        *left -= 1;
        drop(left);
        self.fake.open(node, stop)
    }
}

#[test]
fn a_node_that_serves_fewer_lanes_is_served_by_those() {
    let steps: Vec<(&str, &[StepId])> = vec![("A", &[]); 40];
    for on_error in [OnError::Stop, OnError::KeepGoing] {
        for _ in 0..20 {
            let nodes = Narrow { fake: Fake::new(), left: Mutex::new(1) };
            let outcomes = run(&plan(&steps), &nodes, 8, on_error);
            assert_eq!(letters(&outcomes), "d".repeat(40));
        }
    }
}

#[test]
fn a_node_that_opens_no_second_lane_after_a_hang_does_not_hold_the_run_up() {
    let hang = Fake::new().on("A", "<0>", Reply::Hang).on(
        "B",
        "<1>",
        Reply::ok("").after(Duration::from_millis(50)),
    );
    let steps: [(&str, &[StepId]); 3] = [("A", &[]), ("B", &[]), ("A", &[1])];
    let mut plan = plan(&steps);
    plan.steps[0].command.deadline = Some(Duration::from_millis(5));
    // One lane for A, one for B, none after the hang; A's next step waits for B by then.
    let nodes = Narrow { fake: hang, left: Mutex::new(2) };
    assert_eq!(letters(&run(&plan, &nodes, 1, OnError::KeepGoing)), "fdt");
}

#[test]
fn what_is_queued_behind_a_hung_command_is_run_or_told() {
    let steps: Vec<(&str, &[StepId])> = vec![("A", &[]); 6];
    let mut plan = plan(&steps);
    plan.steps[0].command.deadline = Some(Duration::from_millis(5));
    let survives = Fake::new().with_depth(3).on("", "<0>", Reply::Hang);
    assert_eq!(letters(&run(&plan, &survives, 1, OnError::KeepGoing)), "fddddd");
    assert_eq!(survives.opened().len(), 1);
    let dies = survives.on("", "<1>", Reply::Lost);
    let outcomes = run(&plan, &dies, 1, OnError::KeepGoing);
    assert_eq!(letters(&outcomes), "fssddd");
    assert_eq!(reason(&outcomes[2]), "it was queued behind a command that hung");
}

#[test]
fn after_a_stop_nothing_new_starts_and_the_rest_is_told() {
    let fake = Fake::new().on("", "<0>", Reply::ok("").after(Duration::from_millis(200)));
    for on_error in [OnError::Stop, OnError::KeepGoing, OnError::Rollback] {
        let (told, stop) = (Told::default(), Stop::new());
        let options = Options { jobs: 1, on_error };
        let outcomes = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(50));
                stop.request();
            });
            execute(&plan(&CHAIN), &Lanes::new(&fake), &permit(), options, &stop, &told)
        });
        assert_eq!(letters(&outcomes), "dsss", "what ran may end by itself");
        assert_eq!(reason(&outcomes[3]), "interrupted");
        assert_eq!(told.all(), ["+0", "-1", "-2", "-3", "=0"]);
    }
}

#[test]
fn what_does_not_end_after_a_stop_is_ended() {
    let fake = Fake::new().on("", "<0>", Reply::Hang);
    let stop = Stop::new();
    stop.request();
    // The first step was taken before anybody looked at the flag, or never began.
    let options = Options { jobs: 1, on_error: OnError::KeepGoing };
    let start = Instant::now();
    let told = Told::default();
    let outcomes = execute(&plan(&CHAIN), &Lanes::new(&fake), &permit(), options, &stop, &told);
    assert!(start.elapsed() < Duration::from_secs(10));
    assert!(["tsss", "ssss"].contains(&letters(&outcomes).as_str()), "{outcomes:?}");
    assert_eq!(reason(&outcomes[1]), "interrupted");
}

#[test]
fn undo_goes_backwards_past_failures_and_reports_them_all() {
    let fake = Fake::new()
        .on("", "do '<3>'", Reply::fail(1, ""))
        .on("", "undo '<2>'", Reply::fail(1, "busy"))
        .on("", "undo '<1>'", Reply::fail(2, "busy too"));
    let plan = plan(&CHAIN);
    let outcomes = run(&plan, &fake, 2, OnError::Rollback);
    assert_eq!(letters(&outcomes), "dddf");
    let undo = undo(&plan, &outcomes);
    assert_eq!(undo.of, [2, 1, 0]);
    let results = run(&undo.plan, &fake, 2, OnError::Regardless);
    assert_eq!(letters(&results), "ffd");
    assert_eq!(ran(&fake, "A").last().unwrap(), "undo <0>");
}

#[test]
fn undo_of_a_lost_node_leaves_the_others_to_be_undone() {
    let fake = Fake::new().on("B", "undo", Reply::Lost);
    let plan = plan(&CHAIN);
    let outcomes = run(&plan, &fake, 1, OnError::Rollback);
    let undo = undo(&plan, &outcomes);
    assert_eq!(letters(&run(&undo.plan, &fake, 1, OnError::Regardless)), "dtdd");
}

#[test]
fn only_what_may_have_acted_is_undone() {
    let plan = plan(&[("A", &[]), ("A", &[]), ("A", &[]), ("A", &[]), ("A", &[])]);
    let lost = TransportError::Lost { node: "A".into(), reason: String::new() };
    let unreachable = TransportError::Unreachable { node: "A".into(), reason: String::new() };
    let failed = |exit| Outcome::Failed { exit, stdout: String::new(), stderr: String::new() };
    let outcomes = [
        Outcome::Transport(lost),
        failed(vnfctl::transport::Exit::Code(1)),
        failed(vnfctl::transport::Exit::Signal(9)),
        Outcome::Transport(unreachable),
        Outcome::Skipped { reason: String::new() },
    ];
    assert_eq!(undo(&plan, &outcomes).of, [2, 0]);
}

#[test]
fn a_thousand_steps_are_quick_also_on_one_lane() {
    let steps: Vec<(String, Vec<StepId>)> = (0..1000)
        .map(|id| {
            (format!("N{}", id % 10), if id < 100 { vec![] } else { vec![id - 100, id - 37] })
        })
        .collect();
    let steps: Vec<(&str, &[StepId])> =
        steps.iter().map(|(node, after)| (node.as_str(), after.as_slice())).collect();
    for jobs in [1, 16] {
        let start = Instant::now();
        assert_eq!(
            letters(&run(&plan(&steps), &Fake::new(), jobs, OnError::Stop)),
            "d".repeat(1000)
        );
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}
