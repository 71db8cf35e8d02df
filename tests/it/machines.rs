//! Every saved machine in `tests/fixtures/machines` is read and can be placed on; the map of each
//! probed one is saved beside it (`VNFCTL_BLESS=1` rewrites it).

use crate::support::{saved, world};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use vnfctl::cpu::{CpuMap, CpuSet, GroupRequest, Machine, NodePlacement, place};
use vnfctl::facts::{self, Facts};
use vnfctl::model::{CpuRequest, NumaPolicy, PlacementMode, Scarce, SliceRequest};
use vnfctl::ui::{Paint, cpu_map};

/// What the standard load is placed in.
const MODES: [PlacementMode; 2] = [PlacementMode::Slots, PlacementMode::Auto];

fn text(name: &str) -> String {
    std::fs::read_to_string(world::path("tests/fixtures/machines").join(name)).unwrap()
}

/// The names of the files with an ending.
fn names(ending: &str) -> Vec<String> {
    let stems = world::stems_with("tests/fixtures/machines", ending);
    stems.into_iter().map(|stem| format!("{stem}.{ending}")).collect()
}

fn probed(name: &str) -> Facts {
    facts::parse(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All saved machines, of both kinds.
fn machines() -> Vec<(String, Machine)> {
    let read = |name: String| {
        let machine = Machine::from_lscpu(&text(&name));
        (name.clone(), machine.unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    let probed = names("probe").into_iter().map(|name| (name.clone(), probed(&name).machine));
    names("txt").into_iter().map(read).chain(probed).collect()
}

/// Cores of each NUMA node as `threads x cores`, e.g. `2x28`.
fn shape(machine: &Machine) -> String {
    let of_node = |numa: u32| {
        let slots = machine.slots(numa);
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for core in &slots {
            match runs.last_mut() {
                Some((threads, cores)) if *threads == core.cpus.len() => *cores += 1,
                _ => runs.push((core.cpus.len(), 1)),
            }
        }
        let runs = runs.iter().map(|(threads, cores)| format!("{threads}x{cores}"));
        format!("{numa}: {}", runs.collect::<Vec<_>>().join(" + "))
    };
    machine.numa_nodes().0.into_iter().map(of_node).collect::<Vec<_>>().join("; ")
}

#[test]
fn every_saved_machine_has_the_cores_it_should() {
    let shapes: Vec<_> =
        machines().iter().map(|(name, machine)| format!("{name} {}", shape(machine))).collect();
    insta::assert_snapshot!(shapes.join("\n"));
}

const SLICE: SliceRequest = SliceRequest {
    count: 1,
    cpu_count: 1,
    cpu_skip: None,
    smt_used: false,
    cpu_shared: false,
    cpu_scarce: Scarce::Refuse,
};

#[test]
fn every_saved_machine_takes_a_container_that_shares() {
    let cpu =
        CpuRequest::Slice(SliceRequest { count: 3, cpu_scarce: Scarce::Share, ..SLICE.clone() });
    for (name, machine) in machines() {
        let request =
            GroupRequest { group: "NF", cpu: &cpu, numa: None, numa_policy: NumaPolicy::Require };
        let placement = place(PlacementMode::Slots, &machine, 1, &[request], &[]);
        let placement = placement.unwrap_or_else(|refusals| panic!("{name}: {refusals:?}"));
        assert_eq!(placement.groups[0].containers.len(), 3, "{name}");
        assert_eq!(placement.warnings.is_empty(), name != "one-cpu.txt", "{name}");
    }
}

/// What a probe printed, read without the parser: contents of the files whose path begins and
/// ends so, by what stands between.
fn files(text: &str, begin: &str, end: &str) -> BTreeMap<u32, CpuSet> {
    let found = text.lines().filter_map(|line| {
        let (path, content) = line.split_once(':')?;
        let number = path.strip_prefix(begin)?.strip_suffix(end)?;
        Some((number.parse().ok()?, content.parse().ok()?))
    });
    found.collect()
}

/// The claims of a placement on NUMA node `numa`, held against what the probe printed.
fn is_sound(name: &str, text: &str, placement: &NodePlacement, numa: u32, whole: bool) {
    let siblings = files(text, "/sys/devices/system/cpu/cpu", "/topology/thread_siblings_list");
    let nodes = files(text, "/sys/devices/system/node/node", "/cpulist");
    let allowed = text.lines().find_map(|line| line.split_once("/cpuset.cpus")?.1.split_once(':'));
    let allowed: CpuSet = allowed.unwrap().1.parse().unwrap();
    let mut taken = BTreeSet::new();
    for container in placement.groups.iter().flat_map(|group| &group.containers) {
        let cpus: BTreeSet<u32> = container.cpus.iter().copied().collect();
        assert_eq!(cpus.len(), container.cpus.len(), "{name}: {container:?}");
        let mut cores = BTreeSet::new();
        for cpu in &cpus {
            assert!(allowed.0.contains(cpu), "{name}: CPU {cpu} is forbidden");
            let here = nodes.get(&numa).is_none_or(|here| here.0.contains(cpu));
            assert!(here, "{name}: CPU {cpu} is elsewhere");
            // An offline CPU has no siblings.
            cores.extend(siblings[cpu].0.intersection(&allowed.0));
        }
        assert!(!whole || cores == cpus, "{name}: a core of {container:?} is not whole");
        assert!(taken.is_disjoint(&cores), "{name}: {container:?} is on a core of another");
        taken.extend(cores);
        let memory = format!("/sys/devices/system/node/node{}/meminfo:", container.mems[0]);
        let memory = text.lines().find(|line| line.starts_with(&memory));
        let has_memory = memory.is_none_or(|line| !line.contains("MemTotal:       0 kB"));
        assert!(has_memory, "{name}: {container:?} has no memory");
    }
}

/// On each NUMA node two containers of two whole cores, then two of one CPU each.
fn placed(name: &str, text: &str, machine: &Machine, mode: PlacementMode) -> String {
    let mut told = String::new();
    let mut served = 0;
    for numa in machine.numa_nodes().0 {
        for (load, cpu_count, smt_used) in [("whole", 2, machine.smt()), ("single", 1, false)] {
            let slice = SliceRequest { count: 2, cpu_count, smt_used, ..SLICE.clone() };
            let cpu = CpuRequest::Slice(slice);
            let numa_policy = NumaPolicy::Require;
            let request = GroupRequest { group: "NF", cpu: &cpu, numa: Some(numa), numa_policy };
            let _ = write!(told, "NUMA node {numa}, {load}:");
            let Ok(placement) = place(mode, machine, 1, &[request], &[]) else {
                told.push_str(" refused\n");
                continue;
            };
            is_sound(name, text, &placement, numa, load == "whole");
            served += 1;
            for container in &placement.groups[0].containers {
                let _ = write!(told, " {:?} memory {:?}", container.cpus, container.mems);
            }
            told.push('\n');
        }
    }
    assert!(served > 0, "{name}: {told}");
    told
}

#[test]
fn every_probed_machine_is_drawn_and_takes_a_load_soundly() {
    let mut failures = Vec::new();
    let names = names("probe");
    assert!(names.len() >= 20, "{names:?}");
    for name in names {
        let printed = text(&name);
        let machine = probed(&name).machine;
        let map = CpuMap::new(&machine, 1, &[], &|holder| holder.to_string());
        let mut told = cpu_map("DUT1", &map, Paint { on: false });
        for mode in MODES {
            let _ = write!(told, "\n{mode:?}:\n{}", placed(&name, &printed, &machine, mode));
        }
        let long = told.split("\n\nSlots").next().unwrap().lines();
        let long: Vec<_> = long.filter(|line| line.chars().count() > 100).collect();
        assert!(long.is_empty(), "{name}: {long:?}");
        let beside = world::path("tests/fixtures/machines").join(name.replace(".probe", ".map"));
        saved::compare(&beside, &told, &mut failures);
    }
    saved::finish(&failures);
}

/// Every online CPU is on a core with those that sysfs calls its siblings, and with no other.
#[test]
fn cores_are_those_of_the_kernel_whatever_lscpu_numbers() {
    for name in names("probe") {
        let machine = probed(&name).machine;
        let text = text(&name);
        let siblings =
            files(&text, "/sys/devices/system/cpu/cpu", "/topology/thread_siblings_list");
        let online = machine.cpus().filter(|cpu| cpu.online).map(|cpu| cpu.id).collect::<Vec<_>>();
        assert_eq!(online, siblings.keys().copied().collect::<Vec<_>>(), "{name}");
        for cpu in machine.cpus() {
            let is_mate =
                |other: &&vnfctl::cpu::Cpu| (other.socket, other.core) == (cpu.socket, cpu.core);
            let mates: CpuSet = machine.cpus().filter(is_mate).map(|other| other.id).collect();
            let alone = [cpu.id].into_iter().collect();
            assert_eq!(&mates, siblings.get(&cpu.id).unwrap_or(&alone), "{name}");
        }
    }
}

/// A file that cannot be read is a missing line; one that nothing depends on may hold anything.
#[test]
fn a_missing_or_strange_file_does_not_fail_the_probe() {
    let essential = [
        "online",
        "present",
        "thread_siblings_list",
        "cpulist",
        "numa_node",
        "cpuset.",
        "Uid:",
        "Cpus_allowed_list:",
    ];
    for name in names("probe") {
        let text = text(&name);
        let kind = |line: &str| {
            let file = line.split(':').next().unwrap().rsplit('/').next().unwrap();
            line.starts_with('/').then(|| file.to_owned())
        };
        let kinds: BTreeSet<String> = text.lines().filter_map(kind).collect();
        for gone in &kinds {
            let kept: Vec<&str> =
                text.lines().filter(|line| kind(line).as_ref() != Some(gone)).collect();
            let facts = facts::parse(&kept.join("\n"));
            let facts = facts.unwrap_or_else(|error| panic!("{name} without {gone}: {error}"));
            assert!(facts.machine.cpus().any(vnfctl::cpu::Cpu::usable), "{name} without {gone}");
        }
        let strange = text.lines().map(|line| match line.split_once(':') {
            Some((path, _))
                if line.starts_with('/') && !essential.iter().any(|word| line.contains(word)) =>
            {
                format!("{path}:(null)")
            }
            _ => line.to_owned(),
        });
        let strange = strange.collect::<Vec<_>>().join("\n");
        let facts = facts::parse(&strange).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(shape(&facts.machine), shape(&probed(&name).machine), "{name}");
    }
}

#[test]
fn distances_of_another_length_say_nothing() {
    let text = text("nodes-without-memory.probe");
    let torn = text.replace("node1/distance:12 10 21 21", "node1/distance:21 12 10");
    assert_ne!(torn, text);
    assert_eq!(facts::parse(&torn).unwrap().machine.memory_node(1), 0);
}
