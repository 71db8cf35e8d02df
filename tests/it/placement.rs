//! Placement of whole nodes, by example.

use std::collections::{BTreeMap, BTreeSet};
use vnfctl::cpu::{Doubt, GroupRequest, Machine, NodePlacement, Refusal, Warning, place};
use vnfctl::model::{ChainRequest, CpuRequest, NumaPolicy, PlacementMode, Scarce, SliceRequest};

pub(crate) const SLICE: SliceRequest = SliceRequest {
    count: 1,
    cpu_count: 1,
    cpu_skip: None,
    smt_used: false,
    cpu_shared: false,
    cpu_scarce: Scarce::Refuse,
};

pub(crate) const CHAIN: ChainRequest = ChainRequest {
    nf_chains: 1,
    nf_nodes: 1,
    nf_dtc: Some(1),
    nf_mtcr: 2,
    nf_dtcr: 1,
    vs_dtc: 1,
    smt_used: None,
};

/// A machine of `nodes` NUMA nodes, its CPUs numbered thread by thread as Linux does.
pub(crate) fn machine(nodes: u32, cores: u32, threads: u32) -> Machine {
    Machine::from_lscpu(&lscpu(nodes, cores, threads)).unwrap()
}

fn lscpu(nodes: u32, cores: u32, threads: u32) -> String {
    let all = nodes * cores;
    let row = |cpu: u32| {
        let core = cpu % all;
        let node = core / cores;
        format!("{cpu},{core},{node},{node},,{core},{core},{core},{node}\n")
    };
    (0..all * threads).map(row).collect()
}

fn slots_mode(
    machine: &Machine,
    groups: &[(&str, CpuRequest)],
) -> Result<NodePlacement, Vec<Refusal>> {
    placed(PlacementMode::Slots, machine, groups)
}

fn placed(
    mode: PlacementMode,
    machine: &Machine,
    groups: &[(&str, CpuRequest)],
) -> Result<NodePlacement, Vec<Refusal>> {
    let requests: Vec<_> = groups
        .iter()
        .map(|(group, cpu)| GroupRequest {
            group,
            cpu,
            numa: None,
            numa_policy: NumaPolicy::Require,
        })
        .collect();
    place(mode, machine, 1, &requests, &[])
}

pub(crate) fn cpus(placement: &NodePlacement) -> Vec<Vec<u32>> {
    let all = placement.groups.iter().flat_map(|group| &group.containers);
    all.map(|container| container.cpus.clone()).collect()
}

pub(crate) fn texts(warnings: &[Warning]) -> Vec<String> {
    warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_vswitch_and_a_density_fit_side_by_side() {
    let switch = SliceRequest { cpu_count: 1, ..SLICE };
    let workers = SliceRequest { cpu_count: 1, cpu_skip: Some(2), smt_used: true, ..SLICE };
    let density = ChainRequest { nf_chains: 2, nf_nodes: 2, ..CHAIN };
    let groups = [
        ("MAIN", CpuRequest::Slice(switch)),
        ("WORKER", CpuRequest::Slice(workers)),
        ("CNF", CpuRequest::Chain(density)),
    ];
    let placement = slots_mode(&machine(2, 28, 2), &groups).unwrap();
    let expected: [&[u32]; 6] =
        [&[1], &[2, 58], &[3, 5, 61], &[4, 6, 62], &[59, 7, 63], &[60, 8, 64]];
    assert_eq!(cpus(&placement), expected);
    assert_eq!(placement.warnings, []);
}

#[test]
fn a_refusal_counts_in_cores_and_says_what_helps() {
    let wide = SliceRequest { count: 3, cpu_count: 4, ..SLICE };
    let error = slots_mode(&machine(2, 8, 2), &[("VNF", CpuRequest::Slice(wide))]).unwrap_err();
    assert_eq!(
        error[0].to_string(),
        "group `VNF` cannot be placed: NUMA node 0 has 8 cores, but 1 skipped + 12 wanted are 13; \
         free: 7 of 8 cores of NUMA node 0 (slots 1-7), 7 of 8 cores of NUMA node 1 (slots 1-7)"
    );
    assert_eq!(
        error[0].help,
        "`cpu_count = 2` with `smt_used = true` fits, or `count = 1`, or `cpu_count = 2`"
    );
    let seven = SliceRequest { cpu_count: 7, cpu_skip: Some(3), ..SLICE };
    let error = slots_mode(&machine(2, 8, 2), &[("VNF", CpuRequest::Slice(seven))]).unwrap_err();
    assert_eq!(
        error[0].help,
        "`cpu_skip = 1` fits, or `cpuset_mems = 1` with `cpu_skip = 1`, or `cpu_count = 4` with \
         `smt_used = true`"
    );
}

#[test]
fn groups_that_want_the_same_cores_are_refused_unless_shared() {
    let one = CpuRequest::Slice(SliceRequest { count: 2, ..SLICE });
    let other = CpuRequest::Slice(SliceRequest { cpu_count: 3, ..SLICE });
    let machine = machine(1, 8, 1);
    let groups = [("A", one.clone()), ("B", other.clone())];
    let error = slots_mode(&machine, &groups).unwrap_err();
    assert_eq!(
        error[0].to_string(),
        "group `B` cannot be placed: `A` has slots 1-2 of NUMA node 0 too; free: 5 of 8 cores of \
         NUMA node 0 (slots 3-7)"
    );
    assert_eq!(error[0].help, "`cpu_skip = 3` fits");
    let shared = CpuRequest::Slice(SliceRequest { cpu_shared: true, ..SLICE });
    assert!(slots_mode(&machine, &[("A", one), ("B", shared)]).is_ok());
    let warned = placed(PlacementMode::Csit, &machine, &groups).unwrap();
    assert_eq!(texts(&warned.warnings), ["`A` and `B` are both on CPUs 1-2"]);
}

#[test]
fn scarce_cpus_are_shared_where_the_group_says_so() {
    let chain = SliceRequest { count: 2, cpu_scarce: Scarce::Share, ..SLICE };
    let groups = [
        ("NF", CpuRequest::Slice(chain.clone())),
        ("SW", CpuRequest::Slice(SliceRequest { count: 1, cpu_skip: Some(3), ..chain.clone() })),
    ];
    let on = |cores: u32| slots_mode(&machine(1, cores, 1), &groups).unwrap();
    assert_eq!(cpus(&on(4)), [[1], [2], [3]]);
    assert_eq!(on(4).warnings, []);
    assert_eq!(cpus(&on(3)), [[1], [2], [0]]);
    assert_eq!(cpus(&on(2)), [[1], [1], [0]]);
    assert_eq!(cpus(&on(1)), [[0], [0], [0]]);
    assert_eq!(
        texts(&on(1).warnings),
        [
            "`NF`: 1 skipped + 2 wanted slots are more than the 1 of NUMA node 0: shared (`cpu_scarce`)",
            "`SW`: 3 skipped + 1 wanted slots are more than the 1 of NUMA node 0: shared (`cpu_scarce`)",
            "CPU 0 is shared by NF1, NF2, SW1",
        ]
    );
    let selfish = [groups[0].clone(), ("X", CpuRequest::Slice(SLICE))];
    assert!(slots_mode(&machine(1, 2, 1), &selfish).is_err());
    let wide = SliceRequest { cpu_count: 4, smt_used: true, ..chain };
    let wide = [("NF", CpuRequest::Slice(wide))];
    assert_eq!(cpus(&slots_mode(&machine(1, 3, 1), &wide).unwrap()), [[1, 2], [1, 2]]);
}

#[test]
fn all_that_is_left_goes_to_one_container() {
    let rest = SliceRequest { cpu_count: 0, cpu_skip: Some(2), ..SLICE };
    let place = |request: &SliceRequest| {
        slots_mode(&machine(1, 4, 2), &[("VNF", CpuRequest::Slice(request.clone()))])
    };
    assert_eq!(cpus(&place(&rest).unwrap()), [[2, 3]]);
    let two = SliceRequest { count: 2, ..rest };
    assert!(place(&two).unwrap_err()[0].reason.contains("all cores that are left"));
    let shared = SliceRequest { cpu_shared: true, smt_used: true, ..two };
    assert_eq!(cpus(&place(&shared).unwrap()), [[2, 3, 6, 7], [2, 3, 6, 7]]);
}

#[test]
fn two_slots_of_csit_on_one_core_of_four_threads_are_one() {
    let two = SliceRequest { cpu_count: 2, cpu_skip: Some(0), smt_used: true, ..SLICE };
    let groups = [("VNF", CpuRequest::Slice(two.clone()))];
    let adjacent = [0, 1, 2, 3, 4, 5, 6, 7].map(|cpu| format!("{cpu},{},0,0", cpu / 4)).join("\n");
    let machine = Machine::from_lscpu(&adjacent).unwrap();
    let whole = slots_mode(&machine, &groups).unwrap();
    assert_eq!(cpus(&whole), [[0, 4, 1, 5, 2, 6, 3, 7]]);
    let caches = ",,0,0,0,0";
    let one_core = [0, 1, 2, 3].map(|cpu| format!("{cpu},0,0,0{caches}")).join("\n");
    let machine = Machine::from_lscpu(&one_core).unwrap();
    assert!(slots_mode(&machine, &groups).is_err());
    let theirs = placed(PlacementMode::Csit, &machine, &groups).unwrap();
    assert_eq!(cpus(&theirs), [[0, 1, 2, 3]]);
    assert!(texts(&theirs.warnings)[0].contains("a core is used twice"), "{:?}", theirs.warnings);
}

#[test]
fn csit_mode_names_its_doubts() {
    let wide = ChainRequest { nf_nodes: 2, nf_dtc: Some(3), ..CHAIN };
    let groups = [("CNF", CpuRequest::Chain(wide))];
    let machine = machine(1, 8, 2);
    let placement = placed(PlacementMode::Csit, &machine, &groups).unwrap();
    let words: BTreeSet<_> = placement
        .warnings
        .iter()
        .map(|warning| match warning {
            Warning::Doubtful { doubt, .. } => *doubt,
            other => panic!("{other}"),
        })
        .collect();
    let expected = [Doubt::Short, Doubt::OverlapReserved, Doubt::SplitCore];
    assert!(words.is_superset(&expected.into_iter().collect()), "{words:?}");
    assert!(slots_mode(&machine, &groups).is_err());
}

#[test]
fn memory_comes_from_a_node_that_has_some_with_a_warning() {
    let machine = machine(2, 4, 1).with_memory([1].into_iter().collect(), BTreeMap::new());
    let placement = slots_mode(&machine, &[("VNF", CpuRequest::Slice(SLICE))]).unwrap();
    assert_eq!(placement.groups[0].containers[0].mems, [1]);
    assert_eq!(
        texts(&placement.warnings),
        ["`VNF`: NUMA node 0 has no memory, memory comes from NUMA node 1"]
    );
}

#[test]
fn an_unknown_numa_node_is_refused() {
    let cpu = CpuRequest::Slice(SLICE);
    let request =
        GroupRequest { group: "VNF", cpu: &cpu, numa: Some(7), numa_policy: NumaPolicy::Require };
    let error = place(PlacementMode::Slots, &machine(2, 4, 1), 1, &[request], &[]).unwrap_err();
    assert_eq!(error[0].reason, "NUMA node 7 has no CPU that may be used");
    assert_eq!(error[0].help, "`cpuset_mems = 0` fits");
}
