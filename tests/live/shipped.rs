//! The topologies that are shipped come up.

use crate::support::{Bed, Dut, Engine, Lab, Place, run};
use std::collections::BTreeSet;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/topologies");
const LOCAL: [&str; 6] = ["docker", "lxc", "native", "nspawn", "podman", "quickstart"];

/// Generators, NFs and sinks of testpmd, and how many sinks' ports packets must come to.
const TWINS: [(&str, usize); 4] = [
    ("eth-l2xcbase-eth-2memif-1lxc-testpmd", 1),
    ("eth-l2xcbase-eth-2memif-1docker-testpmd", 1),
    ("eth-l2bd-2ch-8mif-4dcr1t-vppip4-testpmd", 2),
    ("eth-l2bd-1pl-2mif-4dcr1t-vppip4-testpmd", 1),
];

/// VPP with NICs; those of the lab's nodes are no NICs for it.
const VPP: [&str; 5] = [
    "eth-l2xcbase-eth-2memif-1lxc",
    "eth-l2bdbasemaclrn-eth-2memif-1lxc",
    "eth-l2xcbase-eth-2memif-1docker",
    "eth-l2bd-2ch-8mif-4dcr1t-vppip4",
    "eth-l2bd-1pl-2mif-4dcr1t-vppip4",
];

#[test]
fn every_one_is_tried_here() {
    let files = std::fs::read_dir(FOLDER).expect("they are there");
    let names = files.map(|file| file.expect("it can be read").file_name());
    let names: BTreeSet<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    // crictl is no package of Debian 12, so `cri` is only planned.
    let tried = LOCAL.iter().chain(&["two-nodes", "cri"]).chain(&VPP);
    let tried = tried.copied().chain(TWINS.map(|(name, _)| name));
    assert_eq!(names, tried.map(|name| format!("{name}.toml")).collect());
}

fn import(dut: &Dut, engine: &str) {
    dut.must(&format!("{engine} import /lab-images/busybox.tar live-shipped 2>/dev/null"));
}

/// `ENGINE NAME` of every container.
fn containers(dut: &Dut) -> BTreeSet<String> {
    let listed = dut.must(
        "docker ps -a --format 'docker {{.Names}}'; podman ps -a --format 'podman {{.Names}}'
         lxc-ls -1 | sed 's/^/lxc /'; for e in native nspawn; do
             ls -1 /run/vnfctl/$e 2>/dev/null | sed \"s/^/$e /\"; done",
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
        words = vec!["--set".to_owned(), "IMAGE=live-shipped".to_owned()];
    }
    if name == "nspawn" {
        let root = format!("{}/root", bed.folder);
        bed.dut.must(&format!("mkdir {root} && tar -C {root} -xf /lab-images/busybox.tar"));
        words = vec!["--set".to_owned(), format!("ROOT={root}")];
    }
    let text = std::fs::read_to_string(format!("{FOLDER}/{name}.toml")).expect("it is there");
    let file = bed.file("shipped.toml", &text);
    let vnfctl = |verbs: &[&str]| {
        let mut args = vec!["-t", &file];
        args.extend(words.iter().map(String::as_str));
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
fn nspawn() {
    tried("nspawn");
}

#[test]
fn podman() {
    tried("podman");
}

#[test]
fn quickstart() {
    tried("quickstart");
}

/// A shipped text with the software that it fetches given: a lab need not reach a registry.
fn given(name: &str, edits: &[(&str, &str)]) -> String {
    let mut text = std::fs::read_to_string(format!("{FOLDER}/{name}.toml")).expect("it is there");
    for (was, is) in edits {
        assert!(text.contains(was), "{name} has no `{was}`");
        text = text.replace(was, is);
    }
    text
}

fn tried_twin(number: usize) {
    let (name, sinks) = TWINS[number];
    let bed = Bed::alone(&format!("shipped_twin_{number}"), Engine::Native, Place::Local);
    let (packages, image) = (r#", packages = ["dpdk-dev"]"#, r#"image = "testpmd""#);
    let file = r#"image_file = "node:/lab-images/testpmd.tar""#;
    let image = format!("{image}\n{file}");
    let text = if name.contains("lxc") {
        let download = r#"image = "${IMAGE:-download -d debian -r bookworm -a amd64}""#;
        given(name, &[(packages, ""), (download, &image)])
    } else {
        let hub = r#"image = "${IMAGE:-debian:bookworm-slim}""#;
        given(name, &[(packages, ""), (", install_as_image = true", ""), (hub, &image)])
    };
    let file = bed.file("shipped.toml", &text);
    let vnfctl = |verbs: &[&str]| bed.vnfctl(&[&["-t", &file], verbs].concat());
    // Of an earlier case that failed: they all have the same names.
    for (earlier, _) in TWINS {
        let _ = bed.vnfctl(&["destroy", "--yes", "--name", earlier]);
    }
    let up = vnfctl(&["up"]).exits(0).says("ready");
    assert!(!up.stdout.contains("not connected"), "{up}");
    vnfctl(&["status"]).exits(0).says("configured");
    vnfctl(&["up"]).did_nothing();

    let ask = ["exec", "*SINK1", "--", "/var/lib/vnfctl/testpmd-ctl", "show port stats all"];
    // None of one that DPDK's driver has crashed just now.
    let received = || -> Vec<u64> {
        let stats = vnfctl(&ask).stdout;
        let counts = stats.split("RX-packets:").skip(1);
        counts
            .map(|rest| rest.split_whitespace().next().expect("a count").parse().expect("a number"))
            .collect()
    };
    let more = |_: &u32| {
        let before = received();
        std::thread::sleep(std::time::Duration::from_millis(500));
        let now = received();
        before.len() == sinks
            && now.len() == sinks
            && before.iter().zip(now).all(|(before, now)| now > *before)
    };
    assert!((0..20).any(|look| more(&look)), "{:?}", received());

    // The gap that a killed one leaves is seen from both sides, and `up` closes it.
    let first = vnfctl(&["check", "-o", "json"]).exits(0).json();
    let mut nfs = placed(&first).into_iter().filter(|name| name.contains("_CNF"));
    let nf = nfs.next_back().expect("there are NFs");
    let nf = nf.split(' ').next_back().expect("it has a name");
    let _ = vnfctl(&["exec", nf, "--", "/var/lib/vnfctl/testpmd-ctl", "quit"]);
    let gap = |_: &u32| {
        std::thread::sleep(std::time::Duration::from_millis(500));
        let proof = vnfctl(&["verify"]);
        // The container stays a while for a look when its app ends soon after it began.
        proof.code == 7 && proof.stdout.contains(&format!("{nf} port1: "))
    };
    assert!((0..20).any(|look| gap(&look)), "{}", vnfctl(&["verify"]));
    // One that has only just ended is taken for running until its launcher has seen it.
    let closes = |_: &u32| {
        std::thread::sleep(std::time::Duration::from_secs(1));
        vnfctl(&["up"]).code == 0 && vnfctl(&["verify"]).code == 0
    };
    assert!((0..20).any(|time| closes(&time)), "{}", vnfctl(&["verify"]));

    let wanted = placed(&first);
    vnfctl(&["down", "--grace", "1s"]).exits(0);
    assert!(wanted.is_disjoint(&containers(&bed.dut)), "{wanted:?}");
    bed.dut.must("! ls -d /run/vnfctl/memif/*-testpmd 2>/dev/null");
}

#[test]
fn twin_on_lxc() {
    tried_twin(0);
}

#[test]
fn twin_on_docker() {
    tried_twin(1);
}

#[test]
fn twin_of_chains() {
    tried_twin(2);
}

#[test]
fn twin_of_a_pipeline() {
    tried_twin(3);
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
