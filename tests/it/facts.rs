//! The probe and its parser: saved outputs, and the real script under the shells it must run in.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use vnfctl::facts::{Cpusets, Facts, FactsError, cpusets, parse, parse_cpusets, probe};
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

/// Runs the script that looks for cpusets over other mounts than this machine's.
#[expect(clippy::disallowed_methods, reason = "the claim is about real shells and files")]
fn run_cpusets(shell: &[&str], mounts: &Path, path: &Path) -> Cpusets {
    let command = cpusets();
    let script = command.argv[2].replace("/proc/self/mounts", &mounts.display().to_string());
    let mut child = std::process::Command::new(shell[0]);
    if shell == BUSYBOX {
        child.env("PATH", path);
    }
    let output = child.args(&shell[1..]).args(["-c", &script]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{shell:?}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    parse_cpusets(&text).unwrap_or_else(|| panic!("{shell:?}: {text}"))
}

/// Makes a cgroup from pairs of file and content.
#[expect(clippy::disallowed_methods, reason = "a tree of cgroups is made")]
fn cgroup(folder: &Path, files: &[(&str, &str)]) {
    std::fs::create_dir_all(folder).unwrap();
    for (name, content) in files {
        std::fs::write(folder.join(name), content).unwrap();
    }
}

fn describe_cpusets(found: &Cpusets) -> Vec<String> {
    let all = found.whole.iter().chain(&found.narrow);
    all.map(|one| format!("{} {} {} {:?}", one.path, one.cpus, one.mems, one.pids)).collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "mounts and programs are files")]
fn cgroups_with_cpus_of_their_own_are_found_in_both_versions() {
    let folder = tempfile::tempdir().unwrap();
    let (mounts, programs) = (folder.path().join("mounts"), folder.path().join("bin"));
    std::fs::create_dir(&programs).unwrap();
    for program in ["grep", "find", "awk"] {
        std::os::unix::fs::symlink(BUSYBOX[0], programs.join(program)).unwrap();
    }
    let v1 = folder.path().join("v1");
    let in_v1 = |path: &str, cpus: &str, procs: &str| {
        let sets = [("cpuset.effective_cpus", cpus), ("cpuset.effective_mems", "0-1\n")];
        cgroup(&v1.join(path), &[sets[0], sets[1], ("cgroup.procs", procs)]);
    };
    in_v1("", "0-7\n", "1\n2\n");
    in_v1("docker", "0-7\n", "");
    in_v1("docker/a:b", "2-3\n", "10\n11\n");
    in_v1("docker/a:b/inner", "2\n", "0\n");
    in_v1("empty", "4\n", "");
    in_v1("new", "\n", "");
    let v2 = folder.path().join("v2");
    let in_v2 = |path: &str, own: &str, cpus: &str, tasks: (&str, &str)| {
        let sets = [("cpuset.cpus", own), ("cpuset.mems", "\n"), ("cpuset.cpus.effective", cpus)];
        let sets = [&sets[..], &[("cpuset.mems.effective", "0\n"), tasks]].concat();
        cgroup(&v2.join(path), &sets);
    };
    cgroup(&v2, &[("cgroup.controllers", "cpu cpuset memory\n")]);
    in_v2("", "\n", "0-7\n", ("cgroup.procs", "1\n"));
    in_v2("pods", "2-3\n", "2-3\n", ("cgroup.procs", ""));
    in_v2("pods/a", "\n", "2-3\n", ("cgroup.procs", "20\n"));
    in_v2("pods/b", "3\n", "3\n", ("cgroup.procs", "21\n"));
    cgroup(&v2.join("pods/a/scope"), &[("cgroup.procs", "22\n")]);
    in_v2("vm", "5\n", "5\n", ("cgroup.threads", "30\n"));
    let hybrid = format!(
        "x {} cgroup rw,relatime,cpuset 0 0\nx {} cgroup2 rw 0 0\nx / ext4 rw 0 0\n",
        v1.display(),
        v2.display()
    );
    let unified = format!("cgroup2 {} cgroup2 rw,nosuid 0 0\n", v2.display());
    for shell in [DASH, BUSYBOX] {
        std::fs::write(&mounts, &hybrid).unwrap();
        let mut found = run_cpusets(shell, &mounts, &programs);
        found.narrow.iter_mut().for_each(|one| one.pids.sort_unstable());
        let expected =
            ["/ 0-7 0-1 []", "/docker/a:b 2-3 0-1 [10, 11]", "/docker/a:b/inner 2 0-1 [0]"];
        assert_eq!(describe_cpusets(&found), expected, "{shell:?}");
        std::fs::write(&mounts, &unified).unwrap();
        let mut found = run_cpusets(shell, &mounts, &programs);
        found.narrow.iter_mut().for_each(|one| one.pids.sort_unstable());
        let expected = ["/ 0-7 0 []", "/pods 2-3 0 [20, 22]", "/pods/b 3 0 [21]", "/vm 5 0 [30]"];
        assert_eq!(describe_cpusets(&found), expected, "{shell:?}");
        std::fs::write(&mounts, "x / ext4 rw 0 0\n").unwrap();
        assert_eq!(run_cpusets(shell, &mounts, &programs), Cpusets::default(), "{shell:?}");
    }
}

#[test]
fn the_cpusets_of_this_machine_are_read() {
    let found = run_cpusets(DASH, Path::new("/proc/self/mounts"), Path::new(""));
    let facts = run(DASH, None);
    let carries =
        facts.cgroup.mounts.contains_key("cpuset") || facts.cgroup.controllers.contains("cpuset");
    assert_eq!(found.whole.is_some(), carries);
}
