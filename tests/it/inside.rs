//! Plans of what happens inside containers: installed, configured, ready, connected; in which
//! order, for whom, and when nothing is to do.

use crate::support::world::{self, empty, running, told_refusals, told_steps};
use std::collections::BTreeMap;
use std::time::Duration;
use vnfctl::app::Deployment;
use vnfctl::command::Secret;
use vnfctl::lifecycle::place;
use vnfctl::model::{App, AppKind, Custom, Install, Loaded, Supervise, glob_matches};
use vnfctl::plan::{
    Observation, Rendering, Request, Stage, Verb, Wanted, build, targets, wanted, wanted_links,
};

const UP: Verb = Verb::Up(Stage::Verify);

/// A generator, a chain of four and a store that the chain needs; NF1 and NF2 share a veth link.
const CHAIN: &str = r#"
name = "chain"
placement = "auto"
[nodes.DUT1]
[defaults]
engine = "native"
[groups.GEN]
[groups.NF]
count = 4
depends_on = ["STORE"]
[groups.STORE]
[[links]]
kind = "veth"
ends = [{ container = "NF1", interface = "eth0" }, { container = "STORE1", interface = "eth0" }]
"#;

/// The chain with apps in all of its groups.
fn chain() -> Loaded {
    let mut loaded = world::topology(CHAIN);
    for group in &mut loaded.topology.groups {
        let start = vec!["prog".to_owned()];
        let commands = vec![vec!["make-it".to_owned(), "so".to_owned()]];
        let install = match group.name.as_str() {
            "STORE" => Install { commands, ..Install::default() },
            _ => Install::default(),
        };
        group.app = Some(App {
            kind: AppKind::Custom(Custom { start, ..Custom::default() }),
            supervise: Supervise::Engine,
            install,
            files: Vec::new(),
            ready_timeout: Duration::from_secs(30),
        });
    }
    loaded
}

/// A topology, rendered as if each container's digest were its name.
struct Scene<'l> {
    wanted: Vec<Wanted<'l>>,
    nothing: Observation,
    links: BTreeMap<String, Vec<vnfctl::link::LinkSpec>>,
    depends_on: BTreeMap<String, Vec<String>>,
}

impl<'l> Scene<'l> {
    /// Everything is memif-linked to its neighbours: GEN1, NF1, NF2, NF3, NF4.
    fn new(loaded: &'l Loaded) -> Self {
        let topology = &loaded.topology;
        let nothing = empty(topology, "two-sockets-smt");
        let placed = place(topology, &nothing).unwrap();
        let mut wanted =
            wanted(topology, &placed.assignments, &loaded.secrets, Rendering::Whole).unwrap();
        let line = ["GEN1", "NF1", "NF2", "NF3", "NF4"].map(|name| format!("DUT1_{name}"));
        for one in &mut wanted {
            let name = one.spec.name.as_str();
            let at = line.iter().position(|other| other == name);
            let near = |at: usize| [at.wrapping_sub(1), at + 1].into_iter();
            let peers = at.into_iter().flat_map(near).filter_map(|at| line.get(at).cloned());
            one.peers = peers.collect();
            one.app = Some(Deployment {
                digest: format!("of {name}"),
                ready: Some("look".into()),
                linked: at.map(|_| "wait".into()),
                stop: if name.contains("NF") { vec!["quit".into()] } else { Vec::new() },
                ..Deployment::default()
            });
        }
        let links = [("DUT1".to_owned(), wanted_links(topology, "DUT1"))].into();
        let group = |group: &vnfctl::model::Group| (group.name.clone(), group.depends_on.clone());
        let depends_on = topology.groups.iter().map(group).collect();
        Self { wanted, nothing, links, depends_on }
    }

    /// As it should be, seen before `change` was made to what should be.
    fn right(&self) -> Observation {
        running(&self.wanted, &self.links, &self.nothing)
    }

    fn app(&mut self, name: &str) -> &mut Deployment {
        let one = self.wanted.iter_mut().find(|one| one.spec.name == name).unwrap();
        one.app.as_mut().unwrap()
    }

    fn plan(
        &self,
        verb: Verb,
        glob: &str,
        seen: &Observation,
    ) -> Result<vnfctl::plan::Plan, Vec<vnfctl::plan::Refusal>> {
        let is_selected = |name: &str, _: &str, _: &str| glob_matches(glob, name);
        let request = Request {
            verb,
            topology: "chain",
            is_selected: &is_selected,
            depends_on: &self.depends_on,
            order: &self.depends_on,
            recreate: false,
            grace: Duration::from_secs(10),
            timeout: None,
            transfer: &vnfctl::plan::Transfer::default(),
        };
        build(&request, &targets(&self.wanted, &self.links, seen))
    }

    fn told(&self, verb: Verb, glob: &str, seen: &Observation) -> String {
        match self.plan(verb, glob, seen) {
            Ok(plan) => told_steps(&plan.steps),
            Err(refusals) => told_refusals(&refusals),
        }
    }
}

#[test]
fn who_needs_a_group_waits_until_it_is_ready_and_nobody_waits_for_its_links() {
    let loaded = chain();
    let scene = Scene::new(&loaded);
    insta::assert_snapshot!(scene.told(UP, "*", &scene.nothing));
}

#[test]
fn each_stage_ends_where_it_says() {
    let loaded = chain();
    let scene = Scene::new(&loaded);
    let verbs = |verb| {
        let plan = scene.plan(verb, "*", &scene.nothing).unwrap();
        let mut verbs: Vec<&str> = plan.steps.iter().map(|step| step.verb).collect();
        verbs.sort_unstable();
        verbs.dedup();
        verbs
    };
    assert_eq!(verbs(Verb::Create), ["create", "link"]);
    assert_eq!(verbs(Verb::Up(Stage::Create)), ["create", "link"]);
    assert_eq!(verbs(Verb::Up(Stage::Install)), ["create", "install", "link"]);
    let all = ["configure", "connect", "create", "install", "link", "ready"];
    assert_eq!(verbs(Verb::Up(Stage::Configure)), all);
    assert_eq!(verbs(UP), all);
}

#[test]
fn what_is_as_it_should_be_needs_no_step() {
    let loaded = chain();
    let scene = Scene::new(&loaded);
    for verb in [UP, Verb::Create, Verb::Install, Verb::Configure, Verb::Start] {
        assert_eq!(scene.told(verb, "*", &scene.right()), "  nothing to do\n", "{verb:?}");
    }
}

#[test]
fn another_digest_is_configured_anew_and_its_neighbours_are_waited_for() {
    let loaded = chain();
    let mut scene = Scene::new(&loaded);
    let seen = scene.right();
    scene.app("DUT1_NF2").digest = "another".into();
    let steps = "  1 DUT1 configure DUT1_NF2 (custom)
  2 DUT1 ready DUT1_NF2 (custom)  <- 1
  3 DUT1 connect DUT1_NF1 (DUT1_GEN1, DUT1_NF2)  <- 2
  4 DUT1 connect DUT1_NF2 (DUT1_NF1, DUT1_NF3)  <- 2
  5 DUT1 connect DUT1_NF3 (DUT1_NF2, DUT1_NF4)  <- 2
";
    for verb in [UP, Verb::Configure, Verb::Up(Stage::Configure)] {
        assert_eq!(scene.told(verb, "*", &seen), steps, "{verb:?}");
        assert_eq!(scene.told(verb, "*NF2", &seen), steps, "{verb:?}");
    }
    for verb in [Verb::Create, Verb::Up(Stage::Install), Verb::Install, Verb::Start] {
        assert_eq!(scene.told(verb, "*", &seen), "  nothing to do\n", "{verb:?}");
    }
}

#[test]
fn nobody_waits_for_a_link_without_its_other_end() {
    let loaded = chain();
    let mut scene = Scene::new(&loaded);
    let alone = scene.told(UP, "*NF2", &scene.nothing);
    assert!(alone.contains("ready DUT1_NF2") && !alone.contains("connect"), "{alone}");
    // NF1 runs and was never configured.
    let mut seen = scene.right();
    seen.get_mut("DUT1").unwrap().apps.remove("DUT1_NF1");
    scene.app("DUT1_NF2").digest = "another".into();
    let told = scene.told(UP, "*NF2", &seen);
    assert!(told.contains("connect DUT1_NF3") && !told.contains("connect DUT1_NF2"), "{told}");
    // GEN1 is down.
    scene.app("DUT1_NF2").digest = "of DUT1_NF2".into();
    let mut seen = scene.right();
    world::stop(&mut seen, "DUT1_GEN1");
    scene.app("DUT1_NF2").digest = "another".into();
    let told = scene.told(UP, "*NF2", &seen);
    assert!(told.contains("connect DUT1_NF2") && !told.contains("connect DUT1_NF1"), "{told}");
}

#[test]
fn a_stopped_container_is_started_and_configured_for_what_is_inside_is_not_known() {
    let loaded = chain();
    let scene = Scene::new(&loaded);
    let mut seen = scene.right();
    world::stop(&mut seen, "DUT1_NF4");
    assert_eq!(
        scene.told(UP, "*", &seen),
        "  1 DUT1 start DUT1_NF4  (undo)
  2 DUT1 configure DUT1_NF4 (custom)  <- 1
  3 DUT1 ready DUT1_NF4 (custom)  <- 2
  4 DUT1 connect DUT1_NF3 (DUT1_NF2, DUT1_NF4)  <- 3
  5 DUT1 connect DUT1_NF4 (DUT1_NF3)  <- 3
"
    );
    assert_eq!(
        scene.told(Verb::Start, "*", &seen),
        "  1 DUT1 start DUT1_NF4  (undo)
  2 DUT1 ready DUT1_NF4 (custom)  <- 1
  3 DUT1 connect DUT1_NF3 (DUT1_NF2, DUT1_NF4)  <- 2
  4 DUT1 connect DUT1_NF4 (DUT1_NF3)  <- 2
"
    );
}

#[test]
fn a_restart_asks_the_app_first_and_waits_for_the_links_on_both_sides() {
    let loaded = chain();
    let scene = Scene::new(&loaded);
    assert_eq!(
        scene.told(Verb::Restart, "*NF4", &scene.right()),
        "  1 DUT1 stop DUT1_NF4 (its app)
  2 DUT1 stop DUT1_NF4  <- 1
  3 DUT1 start DUT1_NF4  <- 2
  4 DUT1 ready DUT1_NF4 (custom)  <- 3
  5 DUT1 connect DUT1_NF3 (DUT1_NF2, DUT1_NF4)  <- 4
  6 DUT1 connect DUT1_NF4 (DUT1_NF3)  <- 4
"
    );
    let all = scene.plan(Verb::Restart, "*", &scene.right()).unwrap();
    let at = |sentence: &str| {
        all.steps.iter().position(|step| step.sentence == sentence).unwrap_or_else(|| {
            panic!("no `{sentence}`: {}", told_steps(&all.steps));
        })
    };
    // The store has a veth link to NF1, which is made when both are there, before NF1 is awaited.
    let link = at("link DUT1_NF1:eth0--DUT1_STORE1:eth0");
    assert!(all.steps[link].after.contains(&at("start DUT1_STORE1")));
    assert!(all.steps[link].after.contains(&at("start DUT1_NF1")));
    assert!(all.steps[at("ready DUT1_NF1 (custom)")].after.contains(&link));
    assert_eq!(all.steps[at("stop DUT1_NF1 (its app)")].after, [at("ready DUT1_STORE1 (custom)")]);
}

#[test]
fn what_works_inside_refuses_what_is_not_there() {
    let loaded = chain();
    let scene = Scene::new(&loaded);
    insta::assert_snapshot!(scene.told(Verb::Configure, "*NF1", &scene.nothing), @"
      refused: DUT1 DUT1_NF1: it does not exist
        hint: `vnfctl up` makes what is missing
    ");
    let mut seen = scene.right();
    world::stop(&mut seen, "DUT1_NF1");
    for verb in [Verb::Install, Verb::Configure] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(scene.told(verb, "*", &seen), @"
              refused: DUT1 DUT1_NF1: it does not run
                hint: run `vnfctl start` first
            ");
        }
    }
    let mut seen = scene.right();
    seen.get_mut("DUT1").unwrap().apps.remove("DUT1_STORE1");
    insta::assert_snapshot!(scene.told(Verb::Configure, "*", &seen), @"
      refused: DUT1 DUT1_STORE1: its software is not installed as the file says
        hint: run `vnfctl install` first, or `vnfctl up`
    ");
    let mut seen = scene.right();
    world::container(&mut seen, "DUT1_NF2").labels.as_mut().unwrap().hash = "other".into();
    let told = scene.told(Verb::Configure, "*", &seen);
    assert!(told.contains("made from another specification"), "{told}");
}

#[test]
fn new_software_is_configured_anew() {
    let loaded = chain();
    let scene = Scene::new(&loaded);
    let mut seen = scene.right();
    let state = seen.get_mut("DUT1").unwrap().apps.get_mut("DUT1_STORE1").unwrap();
    state.installed = Some("older".into());
    let verbs = |verb| {
        let plan = scene.plan(verb, "*", &seen).unwrap();
        plan.steps.iter().map(|step| step.verb).collect::<Vec<_>>()
    };
    assert_eq!(verbs(UP).last(), Some(&"ready"));
    assert!(verbs(UP).contains(&"install") && verbs(UP).contains(&"configure"));
    assert!(verbs(Verb::Install).iter().all(|verb| *verb == "install"));
}

#[test]
fn steps_that_wait_end_a_little_after_their_scripts() {
    let loaded = chain();
    let scene = Scene::new(&loaded);
    let plan = scene.plan(UP, "*", &scene.nothing).unwrap();
    for step in &plan.steps {
        let waits = matches!(step.verb, "ready" | "connect");
        let limit = step.command.deadline.unwrap();
        assert_eq!(waits, limit == Duration::from_secs(45), "{}", step.sentence);
        assert_eq!(waits, step.waits(), "{}", step.sentence);
    }
}

#[test]
fn secrets_of_what_is_delivered_are_never_shown() {
    let loaded = chain();
    let mut scene = Scene::new(&loaded);
    for one in &mut scene.wanted {
        one.secrets = vec![Secret { name: "PW".into(), value: "hunter2".into() }];
        let app = one.app.as_mut().unwrap();
        app.start = "exec prog hunter2".into();
        app.ready = Some("ask hunter2".into());
        app.linked = Some("ask hunter2".into());
        app.stop = vec!["quit".into(), "hunter2".into()];
    }
    for (verb, seen) in [(UP, scene.nothing.clone()), (Verb::Restart, scene.right())] {
        for step in scene.plan(verb, "*", &seen).unwrap().steps {
            assert!(!step.command.display().contains("hunter2"), "{}", step.sentence);
        }
    }
}

#[test]
fn the_sockets_go_with_the_last_container() {
    let loaded = chain();
    let scene = Scene::new(&loaded);
    let mut seen = scene.right();
    assert!(!scene.told(Verb::Down, "*", &seen).contains("memif"), "no memif was ever mounted");
    let labels = world::container(&mut seen, "DUT1_NF1").labels.as_mut().unwrap();
    labels.spec = r#"{"mounts":["/run/vnfctl/memif/chain/:/mnt/memif:rw"]}"#.into();
    for verb in [Verb::Down, Verb::Destroy] {
        let plan = scene.plan(verb, "*", &seen).unwrap();
        let last = plan.steps.last().unwrap();
        assert_eq!(last.sentence, "unlink /run/vnfctl/memif/chain (memif sockets)");
        assert!(last.command.display().contains("/run/vnfctl/memif/chain"));
        let removals = plan.steps.iter().enumerate().filter(|(_, step)| step.verb == "destroy");
        assert_eq!(last.after, removals.map(|(id, _)| id).collect::<Vec<_>>());
        assert!(!scene.told(verb, "*NF*", &seen).contains("memif"), "GEN1 remains");
    }
    assert!(!scene.told(Verb::Stop, "*", &seen).contains("memif"));
}
