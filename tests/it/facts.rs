//! The probe and its parser: saved outputs, and the real script under the shells it must run in.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use vnfctl::facts::{Facts, FactsError, parse, probe};
use vnfctl::model::EngineKind;

fn describe(facts: &Facts) -> String {
    let mut text = format!(
        "kernel {} arch {} uid {} sudo {}\ncgroup {:?} {:?} {:?}\n",
        facts.kernel,
        facts.arch,
        facts.uid,
        facts.sudo,
        facts.cgroup.version,
        facts.cgroup.mounts,
        facts.cgroup.controllers
    );
    for node in &facts.numa {
        let mems = facts.machine.memory_node(node.id);
        writeln!(
            text,
            "numa {} cpus {} memory {} KiB (from {mems}) hugepages {:?}",
            node.id, node.cpus, node.memory_kib, node.hugepages
        )
        .unwrap();
    }
    for cpu in facts.machine.cpus() {
        writeln!(
            text,
            "cpu {} core {} socket {} numa {} l3 {:?} online {} isolated {} allowed {}",
            cpu.id, cpu.core, cpu.socket, cpu.numa, cpu.l3, cpu.online, cpu.isolated, cpu.allowed
        )
        .unwrap();
    }
    write!(
        text,
        "rows {:?}\npci {:?}\nengines {:?}\ntools {:?}",
        facts.machine.rows(),
        facts.pci,
        facts.engines,
        facts.tools
    )
    .unwrap();
    text
}

#[test]
fn saved_outputs_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/facts");
    #[expect(clippy::disallowed_methods, reason = "the folder is walked")]
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names = BTreeSet::new();
    for entry in entries {
        let path = entry.unwrap().path();
        #[expect(clippy::disallowed_methods, reason = "fixtures are files")]
        let text = std::fs::read_to_string(&path).unwrap();
        let facts = parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        insta::assert_snapshot!(name.clone(), describe(&facts));
        names.insert(name);
    }
    assert!(names.len() >= 3, "{names:?}");
}

#[test]
fn an_output_cut_short_or_strange_is_an_error() {
    let unfinished = FactsError::Unfinished("tool ip".to_owned());
    assert_eq!(parse("tool ip\n"), Err(unfinished));
    assert_eq!(parse("wat 1\nend\n"), Err(FactsError::Line("wat 1".to_owned())));
    let online = "/sys/devices/system/cpu/online:nine";
    assert_eq!(parse(&format!("{online}\nend\n")), Err(FactsError::Line(online.to_owned())));
    assert!(matches!(parse("end\n"), Err(FactsError::Cpus(_))));
}

/// Runs the real script under `shell`; with `path` as its PATH.
fn run(shell: &[&str], path: Option<&Path>) -> Facts {
    let command = probe(&["0000:ff:1f.7".to_owned()], &[EngineKind::Native, EngineKind::Lxc]);
    assert_eq!(command.argv[0], "sh");
    #[expect(clippy::disallowed_methods, reason = "the claim is about real shells")]
    let mut child = std::process::Command::new(shell[0]);
    child.args(&shell[1..]).args(command.argv[1..].iter().map(AsRef::<str>::as_ref));
    if let Some(path) = path {
        child.env("PATH", path);
    }
    let output = child.output().unwrap();
    assert!(output.status.success(), "{shell:?}: {output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{shell:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    parse(&text).unwrap_or_else(|error| panic!("{shell:?}: {error}\n{text}"))
}

const DASH: &[&str] = &["/bin/dash"];
const BUSYBOX: &[&str] = &["/bin/busybox", "sh"];

#[test]
fn the_script_runs_under_dash_and_busybox() {
    let dash = run(DASH, None);
    let mut busybox = run(BUSYBOX, None);
    assert!(!dash.kernel.is_empty() && !dash.arch.is_empty());
    assert!(dash.machine.cpus().any(vnfctl::cpu::Cpu::usable));
    assert!(dash.numa.iter().any(|node| node.memory_kib > 0));
    assert!(dash.engines[&EngineKind::Native].is_ok(), "{:?}", dash.engines);
    assert!(!dash.cgroup.mounts.is_empty());
    assert!(dash.pci.is_empty());
    // Memory and huge pages may change between the two.
    busybox.numa.clone_from(&dash.numa);
    assert_eq!(busybox, dash);
}

#[test]
fn without_lscpu_the_same_cores_are_found() {
    let folder = tempfile::tempdir().unwrap();
    for program in ["grep", "id", "uname"] {
        let found = which::which(program).unwrap();
        std::os::unix::fs::symlink(found, folder.path().join(program)).unwrap();
    }
    for shell in [DASH, BUSYBOX] {
        let with = run(shell, None);
        let without = run(shell, Some(folder.path()));
        assert!(!without.tools.contains("lscpu"));
        for numa in with.machine.numa_nodes().0 {
            assert_eq!(with.machine.slots(numa), without.machine.slots(numa));
        }
        assert_eq!(with.machine.csit_smt(), without.machine.csit_smt());
        let native = without.engines[&EngineKind::Native].clone().unwrap_err();
        assert_eq!(native, "missing on the node: unshare, nsenter, mount, ip, setsid");
        assert_eq!(without.engines.get(&EngineKind::Lxc), None);
    }
}
