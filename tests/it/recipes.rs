//! Images that recipes build: once per engine, on one node, never again, and told when they change.

use crate::support::world::{
    Wish, as_wanted, empty, inventory, prepared, running, told, told_steps, topology,
};
use insta::assert_snapshot;
use std::fmt::Write as _;
use vnfctl::command::{MemberContent, Stdin};
use vnfctl::engine::{Packing, Present, engine, tarball};
use vnfctl::model::{EngineKind, Loaded, RecipeKind};
use vnfctl::plan::{Observation, Stage, Step, Verb};

const UP: Verb = Verb::Up(Stage::Verify);

const FILE: &str = r#"
name = "lab"
[nodes.DUT1]
[nodes.DUT2]
ssh = "b"
[images.debian-net]
kind = "rootfs"
suite = "bookworm"
packages = ["iproute2", "iperf3"]
files = [{ path = "/etc/vnf", text = "${API_TOKEN}\n", mode = "0600" }]
run = [["sh", "-c", "echo it's >/opt/it"], ["ldconfig"]]
[images.web]
kind = "dockerfile"
dockerfile = "Dockerfile"
args = { VERSION = "1.2", PATH = "/x", API_KEY = "hunter3" }
[images.base]
kind = "template"
template = "download -d 'debian x' -a amd64"
[images.unused]
kind = "dockerfile"
dockerfile = "missing"
[defaults]
command = ["sleep", "9"]
[groups.POD]
engine = "podman"
image = "debian-net"
count = 2
[groups.LXC]
engine = "lxc"
image = "debian-net"
cpu_skip = 4
nodes = ["DUT1"]
[groups.NAT]
engine = "native"
image = "debian-net"
cpu_skip = 6
nodes = ["DUT1"]
[groups.WEB]
engine = "docker"
image = "web"
cpu_skip = 8
nodes = ["DUT2"]
[groups.TEM]
engine = "lxc"
image = "base"
cpu_skip = 8
nodes = ["DUT1"]
[groups.PUL]
engine = "docker"
image = "debian:12"
cpu_skip = 10
nodes = ["DUT2"]
"#;

fn loaded() -> Loaded {
    topology(&FILE.replace("${API_TOKEN}", "t0ken"))
}

fn nothing(loaded: &Loaded) -> Observation {
    empty(&loaded.topology, "two-sockets-smt")
}

fn steps(loaded: &Loaded, seen: &Observation, verb: Verb) -> Vec<Step> {
    prepared(loaded, seen, &Wish::all(verb)).expect("it can be planned").plan.steps
}

#[test]
fn each_verb_builds_what_is_missing_and_build_nothing_else() {
    let loaded = loaded();
    let nothing = nothing(&loaded);
    let told = |verb| told(&prepared(&loaded, &nothing, &Wish::all(verb)));
    assert_snapshot!(
        [
            "build\n",
            &told(Verb::Build),
            "acquire\n",
            &told(Verb::Acquire),
            "up\n",
            &told(UP),
            "create\n",
            &told(Verb::Create),
        ]
        .concat()
    );
}

#[test]
fn what_is_there_is_not_built_again() {
    let loaded = loaded();
    let nothing = nothing(&loaded);
    let right = as_wanted(&loaded, &nothing);
    for verb in [Verb::Build, Verb::Acquire, UP, Verb::Create] {
        assert_eq!(steps(&loaded, &right, verb), [], "{verb:?}");
    }
    // One engine lacks it: the tarball is asked for, and nobody else is.
    let mut without = right.clone();
    for node in ["DUT1", "DUT2"] {
        inventory(&mut without, node, EngineKind::Podman).images.clear();
    }
    let built = told_steps(&steps(&loaded, &without, Verb::Build));
    assert_eq!(built.matches("build ").count(), 2, "{built}");
    assert!(built.contains("(rootfs)") && built.contains("(podman)"), "{built}");
}

#[test]
fn another_recipe_is_another_image_and_told_as_such() {
    let before = loaded();
    let nothing = nothing(&before);
    let right = as_wanted(&before, &nothing);
    let after = FILE.replace("${API_TOKEN}", "t0ken").replace("iperf3", "tcpdump");
    let after = topology(&after);
    let refused = told(&prepared(&after, &right, &Wish::all(UP)));
    let name = |loaded: &Loaded| loaded.topology.groups[0].image.name.clone().unwrap_or_default();
    let (old, new) = (name(&before), name(&after));
    assert_ne!(old, new);
    assert!(refused.contains(&format!("image = {new} (was {old})")), "{refused}");
    let wish = Wish { recreate: true, ..Wish::all(UP) };
    let plan = prepared(&after, &right, &wish).expect("it can be planned").plan;
    assert!(told_steps(&plan.steps).contains(&format!("build {new} (podman)")));
}

#[test]
fn whose_image_is_missing_is_built_only_for_who_is_made_anew() {
    let loaded = loaded();
    let nothing = nothing(&loaded);
    let up = prepared(&loaded, &nothing, &Wish::all(UP)).expect("it can be planned");
    let mut right = running(&up.wanted, &up.links, &nothing);
    for kind in [EngineKind::Podman, EngineKind::Lxc] {
        inventory(&mut right, "DUT1", kind).images.clear();
    }
    assert_eq!(steps(&loaded, &right, UP), [], "what runs needs no image");
    assert_eq!(steps(&loaded, &right, Verb::Build).len(), 4);
}

#[test]
fn engines_are_told_as_one_would_tell_them_by_hand() {
    let loaded = loaded();
    let mut text = String::new();
    for group in &loaded.topology.groups {
        let Some(recipe) = group.image.recipe.as_ref().map(|name| &loaded.topology.images[name])
        else {
            continue;
        };
        let image = &group.image;
        let all = tarball(recipe).into_iter().chain(engine(group.engine).build(image, recipe));
        for command in all {
            // The scripts are files of their own.
            let words: Vec<&str> = command.argv[3..].iter().map(AsRef::as_ref).collect();
            let short = |word: &&str| if word.len() > 300 { "(script)" } else { *word }.to_owned();
            let words: Vec<String> = words.iter().map(short).collect();
            let env: Vec<&str> = command.env.iter().map(|(name, _)| name.as_str()).collect();
            let sent = match &command.stdin {
                Stdin::Archive(members) => members.iter().map(|one| one.path.clone()).collect(),
                _ => Vec::new(),
            };
            let kind = recipe.kind.word();
            let engine = group.engine.word();
            writeln!(text, "{engine} {kind}: {words:?} {env:?} {sent:?}").unwrap();
        }
    }
    assert_snapshot!(text);
}

#[test]
fn an_engine_builds_only_what_it_can_use() {
    let loaded = loaded();
    for recipe in loaded.topology.images.values() {
        for kind in EngineKind::ALL {
            let builds = !engine(kind).build(&recipe.image(kind), recipe).is_empty();
            assert_eq!(builds, recipe.kind.suits(kind), "{} {}", kind.word(), recipe.kind.word());
        }
        let packs = matches!(recipe.kind, RecipeKind::Rootfs(_));
        assert_eq!(tarball(recipe).is_some(), packs);
    }
}

#[test]
fn nothing_secret_is_shown() {
    let tokens = loaded();
    assert!(tokens.secrets.iter().any(|secret| secret.name == "API_KEY"), "{:?}", tokens.secrets);
    let source = vnfctl::model::Source { name: "test.toml".into(), text: FILE.to_owned() };
    let variable = |name: &str| (name == "API_TOKEN").then(|| "hunter2".to_owned());
    let loaded = vnfctl::model::load(&[source], &variable).expect("it is sound");
    let steps = steps(&loaded, &nothing(&loaded), Verb::Build);
    let shown: String = steps.iter().map(|step| step.command.display()).collect();
    assert!(!shown.contains("hunter") && shown.contains("${API_TOKEN:?}"), "{shown}");
    let sent = steps.iter().any(|step| match &step.command.stdin {
        Stdin::Archive(members) => {
            members.iter().any(|one| one.content == MemberContent::Text("hunter2\n".into()))
        }
        _ => false,
    });
    assert!(sent, "it is delivered nevertheless");
}

#[test]
fn an_image_of_another_topology_is_the_same_image() {
    let mut seen = nothing(&loaded());
    let loaded = loaded();
    let group = &loaded.topology.groups[0];
    for node in ["DUT1", "DUT2"] {
        let images = &mut inventory(&mut seen, node, EngineKind::Podman).images;
        images.insert(group.image.clone(), Present::default());
    }
    let renamed = topology(&FILE.replace("${API_TOKEN}", "t0ken").replace("\"lab\"", "\"other\""));
    let built = told_steps(&steps(&renamed, &seen, Verb::Build));
    assert!(!built.contains("(podman)"), "{built}");
}

#[test]
fn what_one_node_builds_the_others_get_from_there() {
    let loaded = loaded();
    let podman = |seen: &Observation| {
        let all = steps(&loaded, seen, Verb::Acquire);
        let of_podman = |step: &&Step| step.sentence.contains("(podman)");
        all.iter().filter(of_podman).cloned().collect::<Vec<_>>()
    };
    let all = podman(&nothing(&loaded));
    let told: Vec<_> = all.iter().map(|step| (step.node.as_str(), step.verb)).collect();
    assert_eq!(told, [("DUT1", "build"), ("DUT2", "distribute")]);
    let Stdin::Node { node, .. } = &all[1].command.stdin else { panic!("it comes from a node") };
    assert_eq!((node.as_str(), all[1].after.len()), ("DUT1", 1), "{}", all[1].sentence);
    // It is there on one node: nothing is built any more.
    let mut seen = nothing(&loaded);
    let image = loaded.topology.groups[0].image.clone();
    let built = Present { digest: Some("a".repeat(64)), bytes: Some(9) };
    inventory(&mut seen, "DUT2", EngineKind::Podman).images.insert(image, built);
    let told: Vec<_> = podman(&seen).into_iter().map(|step| (step.node, step.verb)).collect();
    assert_eq!(told, [("DUT1".to_owned(), "distribute")]);
    let recipe = &loaded.topology.images["debian-net"];
    for kind in EngineKind::ALL {
        let exports = engine(kind).export(&recipe.image(kind), Packing::None).is_some();
        assert_eq!(exports, kind != EngineKind::Cri, "{kind:?}");
    }
}
