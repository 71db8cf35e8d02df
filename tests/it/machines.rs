//! Every saved machine in `tests/fixtures/machines` is read and can be placed on.

use std::collections::BTreeSet;
use std::path::Path;
use vnfctl::cpu::{GroupRequest, Machine, place};
use vnfctl::model::{CpuRequest, NumaPolicy, PlacementMode, Scarce, SliceRequest};

/// The machine saved as `tests/fixtures/machines/<name>.txt`.
fn saved(name: &str) -> Machine {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/machines").join(name);
    #[expect(clippy::disallowed_methods, reason = "fixtures are files")]
    let text = std::fs::read_to_string(&path).unwrap();
    Machine::from_lscpu(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn names() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/machines");
    #[expect(clippy::disallowed_methods, reason = "the folder is walked")]
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
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
        names().iter().map(|name| format!("{name} {}", shape(&saved(name)))).collect();
    insta::assert_snapshot!(shapes.join("\n"));
}

#[test]
fn every_saved_machine_takes_a_container_that_shares() {
    let cpu = CpuRequest::Slice(SliceRequest {
        count: 3,
        cpu_count: 1,
        cpu_skip: None,
        smt_used: false,
        cpu_shared: false,
        cpu_scarce: Scarce::Share,
    });
    for name in names() {
        let request =
            GroupRequest { group: "NF", cpu: &cpu, numa: None, numa_policy: NumaPolicy::Require };
        let placement = place(PlacementMode::Slots, &saved(&name), 1, &[request], &[]);
        let placement = placement.unwrap_or_else(|refusals| panic!("{name}: {refusals:?}"));
        assert_eq!(placement.groups[0].containers.len(), 3, "{name}");
        assert_eq!(placement.warnings.is_empty(), name != "one-cpu.txt", "{name}");
    }
}
