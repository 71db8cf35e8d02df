//! Pods and init containers: what comes first, and what goes along with what.

use crate::support::world::{self, Wish, as_wanted, empty, prepared, told};
use std::fmt::Write as _;
use vnfctl::engine::State;
use vnfctl::model::{self, Source};
use vnfctl::plan::{Observation, Stage, Verb};

const UP: Verb = Verb::Up(Stage::Verify);

/// A pod with an owner, an init container and two others; somebody links to one of these.
const POD: &str = r#"
name = "pods"
[nodes.DUT1]
[defaults]
engine = "native"
cpu_scarce = "share"
[groups.MAIN]
pod = "web"
[groups.MAIN.app]
kind = "custom"
start = ["serve"]
ready = ["true"]
[groups.SIDE]
pod = "web"
count = 2
[groups.PREP]
pod = "web"
init = true
init_timeout = "1m"
command = ["true"]
[groups.OTHER]
[[links]]
kind = "veth"
ends = [{ container = "SIDE1", interface = "left" }, { container = "OTHER1", interface = "left" }]
"#;

struct World {
    loaded: model::Loaded,
    nothing: Observation,
    right: Observation,
}

fn world_of(text: &str) -> World {
    let loaded = world::topology(text);
    let nothing = empty(&loaded.topology, "two-sockets-smt");
    let right = as_wanted(&loaded, &nothing);
    World { loaded, nothing, right }
}

impl World {
    /// What a verb does to the named containers; without names to all.
    fn told(&self, seen: &Observation, verb: Verb, names: &[&str]) -> String {
        let is_selected = |name: &str, _: &str, _: &str| names.is_empty() || names.contains(&name);
        told(&prepared(&self.loaded, seen, &Wish { is_selected: &is_selected, ..Wish::all(verb) }))
    }
}

#[test]
fn the_owner_is_first_then_init_containers_then_the_others_and_the_owners_app() {
    let world = world_of(POD);
    insta::assert_snapshot!(world.told(&world.nothing, UP, &[]));
    assert_eq!(world.told(&world.right, UP, &[]), "  nothing to do\n");
    assert_eq!(world.told(&world.right, Verb::Start, &[]), "  nothing to do\n");
}

#[test]
fn what_is_done_to_the_owner_is_done_to_its_pod() {
    let world = world_of(POD);
    let main = ["DUT1_MAIN1"];
    let mut text = String::new();
    for (word, verb) in
        [("restart", Verb::Restart), ("stop", Verb::Stop), ("destroy", Verb::Destroy)]
    {
        write!(text, "{word} MAIN1\n{}", world.told(&world.right, verb, &main)).unwrap();
    }
    let mut stopped = world.right.clone();
    world::stop(&mut stopped, "DUT1_MAIN1");
    for (word, verb) in [("start", Verb::Start), ("up", UP)] {
        write!(text, "{word} MAIN1, which stopped\n{}", world.told(&stopped, verb, &main)).unwrap();
    }
    let mut gone = world.right.clone();
    world::remove(&mut gone, "DUT1_MAIN1");
    write!(text, "up MAIN1, which is gone\n{}", world.told(&gone, UP, &main)).unwrap();
    insta::assert_snapshot!(text);
}

#[test]
fn a_member_goes_alone_but_not_without_its_owner() {
    let world = world_of(POD);
    let side = ["DUT1_SIDE1"];
    let restart = world.told(&world.right, Verb::Restart, &side);
    assert!(!restart.contains("MAIN") && !restart.contains("link"), "{restart}");
    assert!(restart.contains("stop DUT1_SIDE1") && restart.contains("start DUT1_SIDE1"));
    let mut seen = world.right.clone();
    world::stop(&mut seen, "DUT1_MAIN1");
    for verb in [UP, Verb::Restart, Verb::Start] {
        let told = world.told(&seen, verb, &side);
        assert!(told.contains("refused") && told.contains("`DUT1_MAIN1`, does not run"), "{told}");
    }
    let mut gone = world.right.clone();
    world::remove(&mut gone, "DUT1_SIDE2");
    let up = world.told(&gone, UP, &["DUT1_SIDE2"]);
    assert_eq!(up.lines().count(), 1, "{up}");
}

#[test]
fn a_member_in_other_namespaces_is_restarted() {
    let world = world_of(POD);
    let mut seen = world.right.clone();
    let state = seen.get_mut("DUT1").unwrap();
    for (name, namespaces) in [
        ("DUT1_MAIN1", "net:1 ipc:1"),
        ("DUT1_SIDE1", "net:2 ipc:1"),
        ("DUT1_SIDE2", "net:1 ipc:1"),
    ] {
        state.namespaces.insert(name.into(), namespaces.into());
    }
    let up = world.told(&seen, UP, &[]);
    assert_eq!(up, "  1 DUT1 stop DUT1_SIDE1\n  2 DUT1 start DUT1_SIDE1  <- 1\n");
}

#[test]
fn an_init_container_that_failed_is_made_again() {
    let world = world_of(POD);
    let mut seen = world.right.clone();
    world::container(&mut seen, "DUT1_PREP1").state = State::Stopped { code: Some(3) };
    let up = world.told(&seen, UP, &[]);
    let words: Vec<&str> = up.lines().map(|line| line.split(' ').nth(4).unwrap()).collect();
    assert_eq!(words, ["destroy", "create", "init"], "{up}");
    let start = world.told(&seen, Verb::Start, &[]);
    assert!(start.starts_with("  1 DUT1 start DUT1_PREP1"), "{start}");
    world::container(&mut seen, "DUT1_PREP1").state = State::Running { pid: 4711 };
    let up = world.told(&seen, UP, &[]);
    assert_eq!(up, "  1 DUT1 init DUT1_PREP1 (runs to its end)\n");
}

#[test]
fn who_needs_an_init_container_waits_for_its_end() {
    let world = world_of(
        "name = \"init\"\n[nodes.DUT1]\n[defaults]\nengine = \"docker\"\nimage = \"i\"\n\
         cpu_scarce = \"share\"\n[groups.APP]\ndepends_on = [\"PREP\"]\n\
         [groups.PREP]\ninit = true\n",
    );
    let up = world.told(&world.nothing, UP, &["DUT1_APP1", "DUT1_PREP1"]);
    insta::assert_snapshot!(up);
}

fn problems(keys: &str) -> String {
    let text = format!("name = \"pods\"\n[nodes.DUT1]\n[nodes.DUT2]\n{keys}");
    let source = Source { name: "test.toml".to_owned(), text };
    match model::load(&[source], &|_| None) {
        Ok(_) => "none\n".to_owned(),
        Err(problems) => vnfctl::ui::diagnostic::render(&problems, false),
    }
}

#[test]
fn what_is_no_pod_is_refused_at_its_place() {
    let native = "engine = \"native\"\npod = \"web\"\n";
    let main = format!("[groups.MAIN]\n{native}");
    let docker = "engine = \"docker\"\nimage = \"i\"\npod = \"web\"\n";
    let init = "init = true\ncommand = [\"true\"]\n";
    let cases = [
        format!("{main}[groups.SIDE]\n{docker}"),
        format!("{main}nodes = [\"DUT1\"]\n[groups.SIDE]\n{native}"),
        format!("{main}network = \"none\"\n[groups.SIDE]\n{native}network = \"host\"\n"),
        format!("[groups.MAIN]\n{docker}[groups.SIDE]\n{docker}publish = [\"80:80\"]\n"),
        format!("[groups.PREP]\n{native}{init}"),
        format!("{main}count = 2\n[groups.PREP]\n{native}{init}"),
        format!("{main}depends_on = [\"PREP\"]\n[groups.PREP]\n{native}{init}"),
        format!("{main}[groups.PREP]\n{native}init = true\n"),
        format!("{main}init_timeout = \"1m\"\n"),
        format!(
            "{main}[groups.PREP]\n{native}init = true\napp = {{ kind = \"custom\", start = [\"s\"] }}\n"
        ),
        format!(
            "{main}[groups.SIDE]\n{native}[[links]]\nkind = \"veth\"\nends = [{{ container = \
             \"MAIN1\", interface = \"aa\" }}, {{ container = \"SIDE1\", interface = \"bb\" }}]\n"
        ),
        format!(
            "{main}[groups.PREP]\n{native}{init}[groups.XX]\nengine = \"native\"\n[[links]]\nkind = \
             \"veth\"\nends = [{{ container = \"PREP1\", interface = \"aa\" }}, {{ container = \
             \"XX1\", interface = \"bb\" }}]\n"
        ),
        "[groups.MAIN]\nengine = \"native\"\npod = \"a b\"\n".to_owned(),
    ];
    let text: Vec<String> = cases.iter().map(|case| problems(case)).collect();
    insta::assert_snapshot!(text.join("\n"));
}
