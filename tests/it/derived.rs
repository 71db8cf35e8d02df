//! Images that hold what was installed: once per image and node where the engine can keep them,
//! per container elsewhere.

use crate::support::world::{Wish, as_wanted, empty, inventory, prepared, told, topology};
use insta::assert_snapshot;
use std::collections::BTreeSet;
use vnfctl::command::Stdin;
use vnfctl::model::{EngineKind, Image, Loaded};
use vnfctl::plan::{Observation, Stage, Step, Verb};

const UP: Verb = Verb::Up(Stage::Verify);

fn file(engine: &str) -> String {
    let image = if engine == "native" { "/srv/root" } else { "debian:12" };
    let group = |name: &str, more: &str| {
        format!(
            "[groups.{name}]\nengine = \"{engine}\"\nimage = \"{image}\"\n{more}\n\
             [groups.{name}.app]\nkind = \"custom\"\nstart = [\"vpp\"]\ninstall_as_image = true\n\
             package_files = [\"./vpp.deb\", {{ file = \"node:/srv/x.deb\", sha256 = \"{}\" }}]\n\
             packages = [\"iproute2\"]\ninstall = [[\"make-it\", \"${{TOKEN}}\"]]\n",
            "ab".repeat(32)
        )
    };
    let nodes = "name = \"lab\"\n[nodes.DUT1]\n[nodes.DUT2]\nssh = \"b\"\n";
    let groups = [
        group("VNF", "count = 2\nnetwork = \"none\""),
        group("GEN", "cpu_skip = 3\nnetwork = \"host\""),
    ];
    format!("{nodes}{}", groups.concat())
}

fn loaded(engine: &str) -> Loaded {
    changed(engine, "as_image", "as_image")
}

/// With one text of the file instead of another.
fn changed(engine: &str, from: &str, to: &str) -> Loaded {
    topology(&file(engine).replace("${TOKEN}", "t0ken").replace(from, to))
}

fn steps(loaded: &Loaded, seen: &Observation, verb: Verb) -> Vec<Step> {
    prepared(loaded, seen, &Wish::all(verb)).expect("it can be planned").plan.steps
}

/// Names of images of the steps that acquire.
fn acquired(steps: &[Step]) -> Vec<String> {
    let acquires = steps.iter().filter(|step| step.verb == "acquire" && step.node == "DUT1");
    let name = |step: &Step| step.sentence.split(' ').nth(1).map(str::to_owned);
    let mut names: Vec<String> = acquires.filter_map(name).collect();
    names.dedup();
    names
}

#[test]
fn an_image_is_made_once_per_node_and_nothing_is_installed_in_its_containers() {
    let loaded = loaded("docker");
    let nothing = empty(&loaded.topology, "two-sockets-smt");
    assert_snapshot!(told(&prepared(&loaded, &nothing, &Wish::all(UP))));
    let right = as_wanted(&loaded, &nothing);
    assert_eq!(steps(&loaded, &right, UP), []);

    // The base is needed only to make it, and the image only to make containers.
    let all = steps(&loaded, &nothing, UP);
    let [base, derived] = acquired(&all).try_into().expect("two images");
    assert_eq!(base, "debian:12");
    let mut has_derived = nothing.clone();
    for node in ["DUT1", "DUT2"] {
        let image = Image { name: Some(derived.clone()), file: None, ..Image::default() };
        inventory(&mut has_derived, node, EngineKind::Docker)
            .images
            .insert(image, vnfctl::engine::Present::default());
    }
    assert_eq!(acquired(&steps(&loaded, &has_derived, UP)), [""; 0]);
    let create = told(&prepared(&loaded, &nothing, &Wish::all(Verb::Create)));
    assert!(create.contains(&format!("docker has no image `{derived}`")), "{create}");
    assert_eq!(acquired(&steps(&loaded, &nothing, Verb::Acquire)), [base, derived]);
}

#[test]
fn other_software_is_another_image_and_the_containers_are_made_anew() {
    let before = loaded("docker");
    let nothing = empty(&before.topology, "two-sockets-smt");
    let right = as_wanted(&before, &nothing);
    let after = changed("docker", "iproute2", "iproute2\", \"tree");
    let refused = told(&prepared(&after, &right, &Wish::all(UP)));
    assert!(refused.contains("it was made from another specification: install = "), "{refused}");
    let wish = Wish { recreate: true, ..Wish::all(UP) };
    let plan = prepared(&after, &right, &wish).expect("it can be planned").plan;
    let [old, new] = [&steps(&before, &nothing, UP), &plan.steps].map(|steps| acquired(steps));
    assert!(old.len() == 2 && new.len() == 2 && old[0] == new[0] && old[1] != new[1], "{new:?}");
    assert!(plan.steps.iter().any(|step| step.verb == "destroy"));
}

#[test]
fn an_engine_that_keeps_no_images_installs_in_each_container() {
    for engine in ["lxc", "native"] {
        let loaded = loaded(engine);
        let nothing = empty(&loaded.topology, "two-sockets-smt");
        let all = steps(&loaded, &nothing, UP);
        let installed: BTreeSet<&str> = all
            .iter()
            .filter(|step| step.verb == "install")
            .map(|step| step.container.as_str())
            .collect();
        let containers =
            ["DUT1_GEN1", "DUT1_VNF1", "DUT1_VNF2", "DUT2_GEN1", "DUT2_VNF1", "DUT2_VNF2"];
        assert_eq!(installed, BTreeSet::from(containers), "{engine}");
        assert!(acquired(&all).iter().all(|name| !name.starts_with("vnfctl-")));
        assert_eq!(steps(&loaded, &as_wanted(&loaded, &nothing), UP), []);
    }
}

#[test]
fn files_come_from_where_they_lie() {
    let loaded = changed("podman", "install_as_image = true", "");
    let all = steps(&loaded, &empty(&loaded.topology, "two-sockets-smt"), UP);
    let install = |word: &str| {
        let is_meant = |step: &&Step| step.container == "DUT1_VNF2" && step.sentence.contains(word);
        let mut found = all.iter().filter(|step| step.verb == "install").filter(is_meant);
        found.next().map(|step| step.command.clone()).expect(word)
    };
    let here = install("file vpp.deb");
    assert!(matches!(&here.stdin, Stdin::File(path) if path.ends_with("vpp.deb")), "{here:?}");
    assert_eq!((&here.argv[4], &here.argv[6]), (&"podman".into(), &"exec".into()));
    let there = install("file x.deb");
    assert_eq!(there.stdin, Stdin::Empty);
    assert_eq!((&there.argv[0], &there.argv[4]), (&"sh".into(), &"/srv/x.deb".into()));
    assert_eq!((&there.argv[9], &there.argv[11]), (&"podman".into(), &"exec".into()));
    for command in [here, there] {
        assert_eq!(command.deadline.map(|deadline| deadline.as_secs()), Some(1800));
    }
}

#[test]
fn a_secret_of_an_install_command_is_never_shown() {
    for as_image in ["install_as_image = true", ""] {
        let text = file("docker").replace("install_as_image = true", as_image);
        let source = vnfctl::model::Source { name: "t.toml".into(), text };
        let loaded =
            vnfctl::model::load(&[source], &|_| Some("t0ken".into())).expect("it is right");
        assert_eq!(loaded.secrets.len(), 1);
        let all = steps(&loaded, &empty(&loaded.topology, "two-sockets-smt"), UP);
        let with: Vec<&Step> =
            all.iter().filter(|step| step.command.words().contains("t0ken")).collect();
        assert!(!with.is_empty());
        for step in with {
            assert!(!step.command.display().contains("t0ken"), "{}", step.command.display());
            assert!(!step.sentence.contains("t0ken"), "{}", step.sentence);
        }
    }
}
