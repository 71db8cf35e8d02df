//! The topologies that are shipped come up.

use crate::support::{Bed, Dut, Engine, Lab, Place, run};
use std::collections::BTreeSet;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/topologies");
const LOCAL: [&str; 5] = ["docker", "lxc", "native", "podman", "quickstart"];

#[test]
fn every_one_is_tried_here() {
    let files = std::fs::read_dir(FOLDER).expect("they are there");
    let names = files.map(|file| file.expect("it can be read").file_name());
    let names: BTreeSet<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    let tried = LOCAL.iter().chain(&["two-nodes"]).map(|name| format!("{name}.toml"));
    assert_eq!(names, tried.collect());
}

fn import(dut: &Dut, engine: &str) {
    dut.must(&format!("{engine} import /lab-images/busybox.tar live-shipped 2>/dev/null"));
}

/// `ENGINE NAME` of every container.
fn containers(dut: &Dut) -> BTreeSet<String> {
    let listed = dut.must(
        "docker ps -a --format 'docker {{.Names}}'; podman ps -a --format 'podman {{.Names}}'
         lxc-ls -1 | sed 's/^/lxc /'; ls -1 /run/vnfctl/native 2>/dev/null | sed 's/^/native /'",
    );
    listed.lines().map(str::to_owned).collect()
}

/// The same of a placement of `check -o json`.
fn placed(check: &serde_json::Value) -> BTreeSet<String> {
    let placements = check["placements"].as_array().expect("a list").iter();
    let word = |value: &serde_json::Value| value.as_str().expect("a word").to_owned();
    placements.map(|one| format!("{} {}", word(&one["engine"]), word(&one["container"]))).collect()
}

fn tried(name: &str) {
    // Alone: their containers have the same names, for they are meant for one person at a time.
    let bed = Bed::alone(&format!("shipped_{name}"), Engine::Native, Place::Local);
    let mut words = Vec::new();
    if name == "docker" || name == "podman" {
        import(&bed.dut, name);
        words = vec!["--set", "IMAGE=live-shipped"];
    }
    let text = std::fs::read_to_string(format!("{FOLDER}/{name}.toml")).expect("it is there");
    let file = bed.file("shipped.toml", &text);
    let vnfctl = |verbs: &[&str]| {
        let mut args = vec!["-t", &file];
        args.extend(&words);
        args.extend(verbs);
        bed.vnfctl(&args)
    };
    let up = vnfctl(&["up"]).exits(0).says("running");
    assert!(up.stdout.contains("answers"), "no ping: {up}");
    vnfctl(&["status"]).exits(0);
    vnfctl(&["verify"]).exits(0);
    vnfctl(&["up"]).did_nothing();
    let wanted = placed(&vnfctl(&["check", "-o", "json"]).exits(0).json());
    assert!(!wanted.is_empty() && wanted.is_subset(&containers(&bed.dut)), "{wanted:?}");
    vnfctl(&["down", "--grace", "0s"]).exits(0);
    assert!(wanted.is_disjoint(&containers(&bed.dut)), "{wanted:?}");
}

#[test]
fn docker() {
    tried("docker");
}

#[test]
fn lxc() {
    tried("lxc");
}

#[test]
fn native() {
    tried("native");
}

#[test]
fn podman() {
    tried("podman");
}

#[test]
fn quickstart() {
    tried("quickstart");
}

#[test]
fn two_nodes() {
    let lab = Lab::get();
    let other = lab.dut("dut1");
    let _lock = other.lock(false);
    let bed = Bed::new("shipped_two_nodes", Engine::Native, Place::Ssh);
    import(&other, "docker");
    import(&bed.dut, "docker");
    let vnfctl = |verbs: &[&str]| {
        let mut command = bed.program();
        command.args(["-t", &format!("{FOLDER}/two-nodes.toml"), "--set", "IMAGE=live-shipped"]);
        command.args(["--set", "DUT1=dut1-csit", "--set", "DUT2=dut2"]).args(verbs);
        run(command)
    };
    let up = vnfctl(&["up"]).exits(0);
    assert_eq!(up.stdout.matches("answers").count(), 8, "a ping each way on every link: {up}");
    vnfctl(&["status"]).exits(0);
    vnfctl(&["up"]).did_nothing();
    let wanted = placed(&vnfctl(&["check", "-o", "json"]).exits(0).json());
    let on = |dut: &Dut| -> BTreeSet<String> {
        wanted.intersection(&containers(dut)).cloned().collect()
    };
    assert_eq!((on(&other).len(), on(&bed.dut).len()), (4, 4), "{wanted:?}");
    vnfctl(&["down", "--grace", "0s"]).exits(0);
    assert_eq!((on(&other).len(), on(&bed.dut).len()), (0, 0));
}
