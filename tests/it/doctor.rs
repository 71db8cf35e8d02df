//! `doctor`: findings of nodes that saved what they told, and the real script on this machine.
//!
//! `debian-engines` is a node of the lab, `debian-bare` and `busybox-bare` are its images without
//! anything installed; `rocky-bare` and `unified-systemd` are theirs with lines changed by hand.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use vnfctl::doctor::{Case, Finding, Needs, Severity, findings};
use vnfctl::facts::{Health, examine, parse, parse_health};
use vnfctl::model::{EngineKind, Loaded, Source, load};

/// Something of everything.
const LAB: &str = r#"
name = "lab"
[nodes.DUT1]
ssh = "csit@192.0.2.11"
interfaces.eth1.pci = "0000:18:00.0"
[groups.EMBEDDED]
engine = "native"
interfaces = ["eth1"]
[groups.BOX]
engine = "docker"
image = "vnf:1"
image_file = "vnf.tar.zst"
runtime = "runsc"
memory = "1GiB"
[groups.POD]
engine = "podman"
image = "vnf:1"
runtime = "crun"
[groups.SYSTEM]
engine = "lxc"
image = "busybox"
[[links]]
kind = "veth"
ends = [{ container = "EMBEDDED1", interface = "net1", ping = ["10.0.0.1"] },
        { container = "SYSTEM1", interface = "net1" }]
"#;

fn loaded(text: &str) -> Loaded {
    let source = Source { name: "lab.toml".into(), text: text.into() };
    load(&[source], &|_| None).unwrap()
}

fn saved(name: &str, kind: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/doctor");
    std::fs::read_to_string(folder.join(format!("{name}.{kind}"))).unwrap()
}

/// What is known beside the saved outputs.
#[derive(Default)]
struct Beside {
    no_root: Option<&'static str>,
    skew: Option<f64>,
    images: BTreeMap<EngineKind, u64>,
}

fn judged(topology: &str, probe: &str, told: &str, beside: &Beside) -> Vec<Finding> {
    let loaded = loaded(topology);
    let (facts, health) = (parse(probe).unwrap(), parse_health(told).unwrap());
    findings(&Case {
        topology: &loaded.topology,
        node: &loaded.topology.nodes[0],
        facts: &facts,
        health: &health,
        no_root: beside.no_root,
        skew: beside.skew,
        images: &beside.images,
        refusals: &[],
    })
}

fn shown(found: &[Finding]) -> String {
    let mut text = String::new();
    for finding in found {
        let Finding { severity, subject, sentence, mend } = finding;
        writeln!(text, "{} {subject}: {sentence}\n    {mend}", severity.word()).unwrap();
    }
    text
}

#[test]
fn saved_nodes_are_judged() {
    for name in ["debian-engines", "debian-bare", "busybox-bare", "rocky-bare", "unified-systemd"] {
        let (probe, told) = (saved(name, "probe"), saved(name, "doctor"));
        let found = judged(LAB, &probe, &told, &Beside::default());
        insta::assert_snapshot!(name, shown(&found));
    }
}

/// One line of what a node told changed, one finding more or another one.
#[test]
fn each_fault_is_told_with_what_mends_it() {
    let (probe, told) = (saved("debian-engines", "probe"), saved("debian-engines", "doctor"));
    let healthy = shown(&judged(LAB, &probe, &told, &Beside::default()));
    let cases: &[(&str, &str, &str, &str)] = &[
        ("tool ip\n", "", "missing ip: ip is not in PATH", "apt-get install -y iproute2"),
        ("tool taskset\ntool timeout", "", "taskset is not in PATH", "-y util-linux"),
        ("tool zstd", "", "missing zstd: zstd is not in PATH: the image of group `BOX`", "zstd"),
        ("tool ping\n", "", "missing ping", "iputils-ping"),
        ("module overlay yes", "module overlay no", "the kernel has no `overlay`", "OVERLAY_FS"),
        ("module veth yes", "module veth no", "has no `veth`", "modprobe veth"),
        ("namespace net\n", "", "the kernel has no net namespaces", "CONFIG_NET_NS"),
        ("answer docker 0 20.10.24", "answer docker 0 19.03.15", "older than 20.10", "upgrade"),
        ("answer podman 0 4.3.1", "answer podman 0 3.4.4", "older than 4.3", "upgrade the node"),
        (
            "answer docker 0 20.10.24+dfsg1 /",
            "answer docker 1 Cannot connect /",
            "wrong docker: docker does not answer: Cannot connect",
            "service docker restart",
        ),
        (
            "disk docker 25561376",
            "disk docker 2048",
            "warning disk room: 2 MiB are free in /var/lib/docker",
            "docker image prune",
        ),
        (
            "lxc Vlan: missing",
            "lxc Pid namespace: required",
            "lxc-checkconfig: Pid namespace",
            "kernel",
        ),
        ("os debian", "os alpine", "warning", "vnfctl check"),
    ];
    for (from, to, sentence, mend) in cases {
        assert!(told.contains(from), "{from}");
        let found = shown(&judged(LAB, &probe, &told.replace(from, to), &Beside::default()));
        assert!(found.contains(sentence) && found.contains(mend), "{from} -> {to}:\n{found}");
        assert!(!healthy.contains(sentence) || *sentence == "warning", "{sentence}:\n{healthy}");
    }
    let lines: &[(&str, &str, &str, &str)] = &[
        ("engine lxc 0 5.0.2\n", "", "missing lxc: lxc is not installed", "apt-get install -y lxc"),
        ("engine lxc 0 5.0.2", "engine lxc 0 3.0.3", "lxc 3.0.3 is older than 4.0", "upgrade"),
        (
            "engine podman 0 podman version 4.3.1",
            "engine podman 125 broken",
            "does not work",
            "podman",
        ),
        (
            "runtime docker runsc /etc/docker/lab-runsc\n",
            "",
            "docker has no runtime `runsc`; it has crun",
            "runsc install",
        ),
        ("runtime podman crun /usr/bin/crun\n", "", "podman has no runtime `crun`", "-y crun"),
    ];
    for (from, to, sentence, mend) in lines {
        let changed = probe.replace(from, to);
        let found = shown(&judged(LAB, &changed, &told, &Beside::default()));
        assert!(found.contains(sentence) && found.contains(mend), "{from} -> {to}:\n{found}");
        assert!(sentence.is_empty() || !healthy.contains(sentence), "{sentence}:\n{healthy}");
    }
    let without: String = probe
        .lines()
        .filter(|line| !line.starts_with("cgroup "))
        .fold(String::new(), |text, line| text + line + "\n");
    let found = shown(&judged(LAB, &without, &told, &Beside::default()));
    assert!(found.contains("missing cgroups: no cgroups are mounted: pinning"), "{found}");
    assert!(found.contains("mount -t cgroup2"), "{found}");
}

#[test]
fn what_the_operator_knows_counts() {
    let (probe, told) = (saved("debian-engines", "probe"), saved("debian-engines", "doctor"));
    let found = |beside: &Beside| shown(&judged(LAB, &probe, &told, beside));
    let skewed = found(&Beside { skew: Some(-7.4), ..Beside::default() });
    assert!(skewed.contains("warning clock: its clock is 7 s behind this machine's"), "{skewed}");
    assert!(!found(&Beside { skew: Some(4.9), ..Beside::default() }).contains("clock"));
    let large = BTreeMap::from([(EngineKind::Docker, 100 << 20)]);
    let large = found(&Beside { images: large, ..Beside::default() });
    assert!(large.contains("wrong disk room"), "{large}");
    assert!(large.contains("the images of docker need 102400 MiB"), "{large}");
    let barred = Beside { no_root: Some("sudo: a password is required"), ..Beside::default() };
    let barred = found(&barred);
    assert!(
        barred.contains("wrong sudo: `root` does not become root without a prompt"),
        "{barred}"
    );
    assert!(barred.contains("NOPASSWD"), "{barred}");
    let no_sudo = found(&Beside { no_root: Some("sudo: not found"), ..Beside::default() });
    assert!(no_sudo.contains("missing sudo") && no_sudo.contains("-y sudo"), "{no_sudo}");
}

#[test]
fn a_rootless_podman_needs_ids() {
    let topology = r#"
name = "rootless"
[nodes.DUT1]
ssh = "csit@192.0.2.11"
become = "none"
[groups.POD]
engine = "podman"
image = "vnf:1"
"#;
    let (probe, told) = (saved("unified-systemd", "probe"), saved("unified-systemd", "doctor"));
    let found = shown(&judged(topology, &probe, &told, &Beside::default()));
    assert!(!found.contains("/etc/subuid"), "csit has them: {found}");
    assert!(found.contains("/etc/subgid lends `csit` no 65536 ids"), "{found}");
    assert!(found.contains("usermod --add-subgids 165536-231071 csit"), "{found}");
    let without = told.replace("tool newuidmap\n", "");
    let found = shown(&judged(topology, &probe, &without, &Beside::default()));
    assert!(found.contains("missing newuidmap") && found.contains("-y uidmap"), "{found}");
}

#[test]
fn nothing_is_missing_where_nothing_is_asked() {
    let topology = "name = \"bare\"\n[nodes.DUT1]\n[groups.VNF]\nengine = \"native\"\n";
    let (probe, told) = (saved("debian-engines", "probe"), saved("debian-engines", "doctor"));
    let found = judged(topology, &probe, &told, &Beside::default());
    assert!(found.iter().all(|one| one.severity == Severity::Warning), "{}", shown(&found));
    let cut = told.trim_end().strip_suffix("end").unwrap();
    assert_eq!(parse_health(cut), None, "the end is missing");
}

fn run(shell: &[&str]) -> Health {
    let loaded = loaded(LAB);
    let needs = Needs::of(&loaded.topology, &loaded.topology.nodes[0]);
    let modules = needs.modules.iter().map(|(name, (option, _))| (*name, *option));
    let command = examine(needs.tools.keys().copied(), modules, ["native"]);
    let mut child = Command::new(shell[0]);
    child.args(&shell[1..]).args(command.argv[1..].iter().map(AsRef::as_ref));
    let output = child.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    parse_health(&String::from_utf8(output.stdout).unwrap()).expect("it came to its end")
}

#[test]
fn the_script_runs_under_every_shell_and_finds_the_same() {
    let dash = run(&["dash"]);
    let ash = run(&["busybox", "ash"]);
    assert!(dash.tools.contains("grep") && dash.namespaces.contains("net"), "{dash:?}");
    assert_eq!(dash.modules.keys().count(), 4, "{dash:?}");
    assert!(dash.disks.contains_key("native") && !dash.login.is_empty(), "{dash:?}");
    assert_eq!((dash.tools, dash.modules, dash.os), (ash.tools, ash.modules, ash.os));
}
