//! The binary in a sandbox: a folder and a home of its own, no variable but those of the test.

use crate::support::world;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

pub(crate) struct Sandbox(TempDir);

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// With a topology `lab.toml` and the saved machine `dut.lscpu`.
    pub(crate) fn with(topology: &str, machine: &str) -> Self {
        let sandbox = Self::new();
        sandbox.write("lab.toml", topology);
        let saved = world::path(&format!("tests/fixtures/machines/{machine}.txt"));
        std::fs::copy(saved, sandbox.0.path().join("dut.lscpu")).unwrap();
        sandbox
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vnfctl"));
        command.args(words.split_whitespace()).current_dir(self.0.path());
        command.env_clear().env("HOME", self.0.path()).env("PATH", "/usr/bin:/bin");
        command
    }

    pub(crate) fn run(&self, words: &str) -> Ended {
        ended(&self.command(words).output().unwrap())
    }
}

pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

fn ended(output: &Output) -> Ended {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let code = output.status.code().expect("not ended by a signal");
    Ended { code, stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

impl Ended {
    /// Fails unless it ended with `code`.
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|why| panic!("{why}: {}", self.stdout))
    }
}

const LAB: &str = r#"
name = "lab"
[nodes.DUT1]
ssh = "csit@192.0.2.11"
[nodes.DUT2]
ssh = "csit@192.0.2.12"
[groups.VNF]
engine = "docker"
image = "busybox:stable"
count = 2
cpu_count = 2
depends_on = ["STORE"]
[groups.STORE]
engine = "docker"
image = "busybox:stable"
nodes = ["DUT2"]
cpu_skip = 8
"#;

const ON: &str = "--machine DUT*=dut.lscpu";

#[test]
fn placements_have_the_documented_shape() {
    let sandbox = Sandbox::with(LAB, "two-sockets-smt");
    let checked = sandbox.run(&format!("check -o json {ON}")).with(0);
    let document = checked.json();
    assert_eq!(document["version"], 1);
    assert_eq!(document["topology"], "lab");
    let placements = document["placements"].as_array().unwrap();
    assert_eq!(placements.len(), 5);
    let first = placements.iter().find(|one| one["container"] == "DUT2_VNF2").unwrap();
    assert_eq!(first["node"], "DUT2");
    assert_eq!(first["group"], "VNF");
    assert_eq!(first["cpuset_cpus"], serde_json::json!([3, 4]));
    assert_eq!(first["cpuset_mems"], serde_json::json!([0]));
    assert_eq!(checked.stderr, "");
    let narrow = sandbox.run(&format!("check -o json {ON} DUT1_VNF1")).with(0).json();
    assert_eq!(narrow["placements"].as_array().unwrap().len(), 1);
}

#[test]
fn plans_have_every_form_and_tell_pending_changes() {
    let sandbox = Sandbox::with(LAB, "two-sockets-smt");
    let table = sandbox.run(&format!("plan {ON}")).with(0).stdout;
    assert!(table.contains("create DUT2_STORE1 (docker, CPUs 8, memory node 0)"), "{table}");
    let json = sandbox.run(&format!("plan -o json {ON}")).with(0).json();
    assert_eq!((&json["version"], &json["verb"]), (&1.into(), &"up".into()));
    let steps = json["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 7);
    for (id, step) in steps.iter().enumerate() {
        assert_eq!(step["id"], id + 1);
        for key in ["node", "container", "verb", "sentence", "command"] {
            assert!(step[key].is_string(), "{key}: {step}");
        }
        assert!(
            step["after"]
                .as_array()
                .unwrap()
                .iter()
                .all(|before| before.as_u64() <= Some(id as u64))
        );
    }
    let script = sandbox.run(&format!("plan --format sh {ON}")).with(0).stdout;
    assert!(script.starts_with("#!/bin/sh\n"), "{script}");
    sandbox.run(&format!("plan --exit-code {ON}")).with(6);
    let nothing = sandbox.run(&format!("plan down --exit-code {ON}")).with(0);
    assert_eq!(nothing.stdout, "down: nothing to do\n");
}

#[test]
fn a_wrong_command_line_is_2() {
    let sandbox = Sandbox::with(LAB, "two-sockets-smt");
    for (words, told) in [
        ("check --colour", "--colour"),
        ("fly", "fly"),
        ("check --machine DUT*=dut.lscpu DUT1_VNF3", "no container matches `DUT1_VNF3`"),
        ("check --machine XX=dut.lscpu", "no node matches `XX`"),
        ("check --machine DUT*=lab.toml", "lscpu -p"),
        ("up --on-error never", "never"),
    ] {
        let ended = sandbox.run(words).with(2);
        assert!(ended.stderr.contains(told), "{words}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{words}");
    }
}

#[test]
fn the_topology_of_the_folder_is_found_and_several_are_named() {
    let sandbox = Sandbox::with(LAB, "two-sockets-smt");
    sandbox.write("Cargo.toml", "[package]\nname = \"x\"\n");
    sandbox.run(&format!("check {ON}")).with(0);
    sandbox.write("other.toml", LAB);
    let ended = sandbox.run(&format!("check {ON}")).with(2);
    assert!(ended.stderr.contains("lab.toml, other.toml"), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("hint: name the one you mean with `-t FILE`"),
        "{}",
        ended.stderr
    );
    sandbox.run(&format!("check -t lab.toml {ON}")).with(0);
    let mut by_variable = sandbox.command(&format!("check {ON}"));
    let output = by_variable.env("VNFCTL_TOPOLOGY", "other.toml").output().unwrap();
    ended_with(&output, 0);
    let ended = Sandbox::new().run("check").with(2);
    assert!(ended.stderr.contains("no topology file"), "{}", ended.stderr);
}

#[track_caller]
fn ended_with(output: &Output, code: i32) {
    ended(output).with(code);
}

#[test]
fn a_wrong_or_missing_file_is_3_and_an_impossible_placement_5() {
    let sandbox = Sandbox::with(LAB, "two-sockets-smt");
    let missing = sandbox.run("check -t gone.toml").with(3);
    assert!(missing.stderr.contains("`gone.toml`"), "{}", missing.stderr);
    sandbox.write("wrong.toml", &LAB.replace("cpu_count", "cpu_cuont"));
    let wrong = sandbox.run("check -t wrong.toml").with(3);
    assert!(wrong.stderr.contains("cpu_count") && wrong.stderr.contains('^'), "{}", wrong.stderr);
    let small = Sandbox::with(LAB, "four-threads");
    for words in ["check", "plan"] {
        let ended = small.run(&format!("{words} {ON}")).with(5);
        assert!(ended.stderr.contains("VNF"), "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
    }
}

#[test]
fn colour_only_where_it_is_wanted() {
    let sandbox = Sandbox::with(LAB, "two-sockets-smt");
    let colored = |words: &str, no_color: bool| {
        let mut command = sandbox.command(words);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let ended = ended(&command.output().unwrap()).with(3);
        ended.stderr.contains('\u{1b}')
    };
    assert!(!colored("check -t gone.toml", false), "no terminal");
    assert!(colored("check -t gone.toml --color always", false));
    assert!(colored("check -t gone.toml --color always", true), "the option wins");
    assert!(!colored("check -t gone.toml --color never", true));
}

#[test]
fn every_verb_explains_itself() {
    let sandbox = Sandbox::new();
    let verbs = vnfctl::cli::command();
    for verb in verbs.get_subcommands().map(clap_name) {
        for flag in ["--help", "-h"] {
            let help = sandbox.run(&format!("{verb} {flag}")).with(0);
            assert!(help.stdout.contains(&format!("vnfctl {verb}")), "{}", help.stdout);
            assert_eq!(help.stderr, "", "{verb}");
            let wide = help.stdout.lines().find(|line| line.chars().count() > 100);
            assert_eq!(wide, None, "{verb} {flag}");
        }
    }
    let version = sandbox.run("--version").with(0).stdout;
    assert_eq!(version, format!("vnfctl {}\n", env!("CARGO_PKG_VERSION")));
}

fn clap_name(verb: &clap::Command) -> &str {
    verb.get_name()
}

#[test]
fn ten_thousand_containers_are_checked() {
    let topology = r#"
name = "many"
[nodes.DUT1]
[groups.VNF]
engine = "native"
count = 10000
cpu_scarce = "share"
"#;
    let sandbox = Sandbox::with(topology, "two-sockets-smt");
    let start = std::time::Instant::now();
    let document = sandbox.run(&format!("check -o json {ON}")).with(0).json();
    assert_eq!(document["placements"].as_array().unwrap().len(), 10_000);
    sandbox.run(&format!("plan --exit-code -q {ON}")).with(6);
    assert!(start.elapsed() < std::time::Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn a_topology_is_checked_where_its_nodes_cannot_be_reached() {
    let sandbox = Sandbox::new();
    let text = "name = \"far\"\n[nodes.DUT1]\nssh = \"root@127.0.0.1:9\"\n\
                [groups.NF]\nengine = \"native\"\n";
    sandbox.write("far.toml", text);
    let ended = sandbox.run("check").with(0);
    assert!(ended.stderr.contains("`--machine DUT1=FILE` places without the node"));
    sandbox.write("far.toml", &text.replace("\"native\"\n", "\"native\"\ncpu_cuont = 1\n"));
    let ended = sandbox.run("check").with(3);
    assert!(ended.stderr.contains("cpu_count"), "{}", ended.stderr);
    // Whoever would act needs the node.
    sandbox.write("far.toml", text);
    sandbox.run("plan").with(4);
}

#[test]
fn what_an_engine_cannot_do_is_3_before_anything_is_done() {
    let topology = LAB.replace("cpu_count = 2", "cpu_count = 2\nmemory = \"4MiB\"");
    let sandbox = Sandbox::with(&topology, "two-sockets-smt");
    for verb in ["check", "plan up"] {
        let ended = sandbox.run(&format!("{verb} --machine *=dut.lscpu")).with(3);
        assert!(ended.stderr.contains("memory"), "{}", ended.stderr);
    }
}

#[test]
fn what_a_saved_machine_does_not_tell_is_not_taken_for_granted() {
    let topology =
        LAB.replace("cpu_count = 2", "cpu_count = 2\nhugepages = { \"2MiB\" = 9999999 }");
    let sandbox = Sandbox::with(&topology, "two-sockets-smt");
    for verb in ["check", "plan up"] {
        let ended = sandbox.run(&format!("{verb} {ON}")).with(0);
        let told = "DUT1: huge pages are not checked: a saved `lscpu -p` does not tell them";
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
    }
    assert_eq!(sandbox.run(&format!("plan down {ON}")).with(0).stderr, "");
}

#[test]
fn pages_that_are_not_there_are_5() {
    // This machine, whatever it has: no machine has that many.
    let topology = "name = \"here\"\n[nodes.DUT1]\nbecome = \"none\"\n[groups.NF]\nengine = \"native\"\n\
                    cpu_scarce = \"share\"\nhugepages = { 2MiB = 4000000000 }\n";
    let sandbox = Sandbox::new();
    sandbox.write("here.toml", topology);
    for verb in ["check", "plan", "create --dry-run"] {
        let ended = sandbox.run(verb).with(5);
        assert!(
            ended.stderr.contains("4000000000 asked for (`NF` 1 container"),
            "{}",
            ended.stderr
        );
        assert_eq!(ended.stdout, "");
    }
    let status = sandbox.run("status").with(7);
    assert!(status.stdout.contains("absent"), "{}", status.stderr);
}

/// Every key of a document, at any depth.
fn keys(value: &Value, found: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                found.insert(key.clone());
                keys(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

#[test]
fn the_readme_names_every_field() {
    let readme = std::fs::read_to_string(world::path("README.md")).unwrap();
    let sandbox = Sandbox::with(LAB, "two-sockets-smt");
    let mut found = std::collections::BTreeSet::new();
    for verb in ["check", "plan", "cpus"] {
        let ended = sandbox.run(&format!("{verb} -o json --machine *=dut.lscpu")).with(0);
        keys(&ended.json(), &mut found);
    }
    assert!(found.len() > 12, "{found:?}");
    for key in found {
        assert!(readme.contains(&format!("`{key}`")), "the README does not name `{key}`");
    }
}
