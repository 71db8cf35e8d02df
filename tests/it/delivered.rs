//! The director over scripted nodes whose containers have apps: what was delivered is read from
//! the nodes, and what an app says of itself reaches the person.

use crate::support::world::{self, PROBED, Wish, told_steps};
use vnfctl::app::query_states;
use vnfctl::engine::engine;
use vnfctl::executor::{Event, OnError, Options, Outcome, Permit, Reporter, execute};
use vnfctl::facts::probe;
use vnfctl::lifecycle::{Failure, Prepared, Session, prepare};
use vnfctl::model::{EngineKind, Loaded};
use vnfctl::plan::{Stage, Verb};
use vnfctl::transport::{Fake, Reply, Stop};
use vnfctl::ui::{ExitCode, Paint, report};

const UP: Verb = Verb::Up(Stage::Verify);

const ONE: &str = r#"
name = "one"
[nodes.DUT1]
[groups.NF]
engine = "docker"
image = "busybox:stable"
cpu_skip = 0
[groups.NF.app]
kind = "custom"
start = ["forward", "--all"]
ready = ["look"]
"#;

/// A plan over nodes that are leaked with the lanes to them, so that it may outlive these.
fn try_prepare<'l>(loaded: &'l Loaded, nodes: &Fake, verb: Verb) -> Result<Prepared<'l>, Failure> {
    let nodes: &'static Fake = Box::leak(Box::new(nodes.clone()));
    let stop: &'static Stop = Box::leak(Box::new(Stop::new()));
    prepare(&Session::new(loaded, nodes, stop), &Wish::all(verb).request())
}

/// A node where the one container runs as wanted, and `state` is what its inside is said to be.
fn node(loaded: &Loaded, state: &str) -> Fake {
    let states = query_states([("DUT1_NF1", "echo 4711".to_owned())]).words();
    also(Fake::new(), loaded).on("", &states, Reply::ok(state))
}

/// The same, where nothing is said of its inside unless `nodes` do.
fn also(nodes: Fake, loaded: &Loaded) -> Fake {
    let image = loaded.topology.groups[0].image.clone();
    let query = engine(EngineKind::Docker).query(std::slice::from_ref(&image)).words();
    let facts = probe(&[], &[EngineKind::Docker]).words();
    let empty = Fake::new().on("", &facts, Reply::ok(PROBED));
    let prepared = try_prepare(loaded, &empty, UP).unwrap();
    let spec = &prepared.wanted[0].spec;
    let pairs = spec.labels.pairs();
    let labels: std::collections::BTreeMap<_, _> =
        pairs.iter().map(|(key, value)| (format!("vnfctl.{key}"), value)).collect();
    let shown = serde_json::json!({
        "name": spec.name, "labels": labels, "state": "running", "code": 0,
        "image": "busybox:stable",
    });
    let (cpus, mems) = (spec.cpuset(), spec.memset());
    let found =
        format!("container 4711 {shown}\nCpus_allowed_list:\t{cpus}\nMems_allowed_list:\t{mems}\n");
    nodes.on("", &facts, Reply::ok(PROBED)).on("", &query, Reply::ok(found))
}

#[test]
fn what_was_delivered_is_read_from_the_container_and_decides() {
    let loaded = world::topology(ONE);
    let digest = {
        let nodes = node(&loaded, "");
        let prepared = try_prepare(&loaded, &nodes, UP).unwrap();
        prepared.wanted[0].app.as_ref().unwrap().digest.clone()
    };
    let anew = "  1 DUT1 configure DUT1_NF1 (custom)\n  2 DUT1 ready DUT1_NF1 (custom)  <- 1\n";
    for (state, steps) in [
        (format!("DUT1_NF1\t\t{digest}\n"), "  nothing to do\n"),
        ("DUT1_NF1\t\t0123456789abcdef\n".into(), anew),
        ("DUT1_NF1\t\t\n".into(), anew),
        (String::new(), anew),
    ] {
        for verb in [UP, Verb::Configure] {
            let nodes = node(&loaded, &state);
            let plan = try_prepare(&loaded, &nodes, verb).unwrap().plan;
            assert_eq!(told_steps(&plan.steps), steps, "{state:?} {verb:?}");
        }
    }
}

#[test]
fn the_insides_of_a_node_are_looked_at_once_and_must_be_seen() {
    let loaded = world::topology(ONE);
    let question = query_states([("DUT1_NF1", "echo 4711".to_owned())]).words();
    let stop = Stop::new();
    let nodes = node(&loaded, "DUT1_NF1\t\t\n");
    let seen = Session::new(&loaded, &nodes, &stop).see(&|_| true).require(false).unwrap();
    assert_eq!(seen.observation["DUT1"].apps.len(), 1);
    let asked = nodes.ran("DUT1").iter().filter(|command| command.words() == question).count();
    assert_eq!(asked, 1);
    let blind = Fake::new().on("", &question, Reply::fail(2, "sh: cannot fork"));
    let blind = also(blind, &loaded);
    let Err(Failure::Nodes(failures)) = try_prepare(&loaded, &blind, UP) else { panic!("taken") };
    assert!(failures[0].error.to_string().contains("sh: cannot fork"), "{failures:?}");
}

#[test]
fn a_template_that_cannot_be_filled_in_is_a_mistake_of_the_file() {
    let text = ONE.replace("--all", "{{ cpus.workers[7] + 1 }}");
    let loaded = world::topology(&text);
    let facts = probe(&[], &[EngineKind::Docker]).words();
    let empty = Fake::new().on("", &facts, Reply::ok(PROBED));
    for verb in [UP, Verb::Create, Verb::Acquire] {
        let failure = try_prepare(&loaded, &empty, verb).unwrap_err();
        let told = report::error(&failure.into(), Paint::default());
        assert_eq!(told.code, ExitCode::TopologyInvalid, "{}", told.text);
        assert!(told.text.starts_with("error: "), "{}", told.text);
        assert!(told.text.contains(" --> `start` of group `NF`"), "{}", told.text);
        assert!(told.text.ends_with("\n1 mistake"), "{}", told.text);
    }
    // It keeps nobody from stopping what runs.
    let nodes = node(&world::topology(ONE), "");
    let steps = try_prepare(&loaded, &nodes, Verb::Down).unwrap().plan.steps;
    assert_eq!(told_steps(&steps), "  1 DUT1 stop DUT1_NF1\n  2 DUT1 destroy DUT1_NF1  <- 1\n");
}

struct Silent;

impl Reporter for Silent {
    fn event(&self, _: &Event<'_>) {}
}

#[test]
fn an_app_that_is_not_ready_says_why() {
    let loaded = world::topology(ONE);
    let stop = Stop::new();
    let nodes = node(&loaded, "");
    let mut prepared = try_prepare(&loaded, &nodes, UP).unwrap();
    let ready = prepared.plan.steps.iter_mut().find(|step| step.verb == "ready").unwrap();
    ready.command.argv.push("of-this-test".into());
    let said = "look: no answer within 30 s\nlast: address already in use\n";
    let nodes = nodes.on("DUT1", "of-this-test", Reply::fail(1, said));
    let session = Session::new(&loaded, &nodes, &stop);
    let permit = Permit::unless_dry_run(false).unwrap();
    let options = Options { jobs: 2, on_error: OnError::Stop };
    let outcomes = execute(&prepared.plan, &session.lanes, &permit, options, &stop, &Silent);
    assert!(matches!(outcomes[..], [Outcome::Done, Outcome::Failed { .. }]), "{outcomes:?}");
    let steps = prepared.plan.steps.iter().zip(&outcomes);
    let told = report::failed_steps(steps, Paint::default()).unwrap();
    assert_eq!(told.code, ExitCode::StepFailed);
    let lines: Vec<&str> = told.text.lines().filter(|line| !line.contains("command")).collect();
    assert_eq!(
        lines.join("\n"),
        "error: ready DUT1_NF1 (custom)
    node  DUT1
     end  exit code 1
  stderr  look: no answer within 30 s
          last: address already in use

hint: `vnfctl logs DUT1_NF1` shows what its app wrote"
    );
}
