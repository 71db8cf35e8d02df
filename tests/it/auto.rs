//! `auto` placement, by example.

use crate::placement::{CHAIN, SLICE, cpus, machine, texts};
use vnfctl::cpu::{
    Claim, Cpu, GroupRequest, Holder, Machine, Nf, NodePlacement, Refusal, place, slots,
};
use vnfctl::model::{ChainRequest, CpuRequest, NumaPolicy, PlacementMode, Scarce, SliceRequest};

/// A group: name, request, NUMA node.
type Ask<'a> = (&'a str, CpuRequest, Option<u32>);

fn slice(count: u32, cpu_count: u32) -> CpuRequest {
    CpuRequest::Slice(SliceRequest { count, cpu_count, ..SLICE })
}

fn auto(
    machine: &Machine,
    policy: NumaPolicy,
    groups: &[Ask<'_>],
    claims: &[Claim],
) -> Result<NodePlacement, Vec<Refusal>> {
    let request = |(group, cpu, numa): &'_ Ask<'_>| -> (String, CpuRequest, Option<u32>) {
        ((*group).to_owned(), cpu.clone(), *numa)
    };
    let owned: Vec<_> = groups.iter().map(request).collect();
    let requests: Vec<_> = owned
        .iter()
        .map(|(group, cpu, numa)| GroupRequest { group, cpu, numa: *numa, numa_policy: policy })
        .collect();
    place(PlacementMode::Auto, machine, 1, &requests, claims)
}

fn required(machine: &Machine, groups: &[Ask<'_>]) -> Result<NodePlacement, Vec<Refusal>> {
    auto(machine, NumaPolicy::Require, groups, &[])
}

fn own(group: &str, ordinal: u32, cpus: &[u32]) -> Claim {
    let holder = Holder::Own { group: group.into(), ordinal, cpus: cpus.to_vec() };
    Claim { holder, cpus: cpus.iter().copied().collect(), shared: false }
}

fn stranger(cpus: &[u32]) -> Claim {
    let holder = Holder::Foreign { what: "docker container web".into() };
    Claim { holder, cpus: cpus.iter().copied().collect(), shared: false }
}

/// `machine` with every CPU changed.
fn with(machine: &Machine, change: impl Fn(&mut Cpu)) -> Machine {
    let cpus = machine.cpus().cloned().map(|mut cpu| {
        change(&mut cpu);
        cpu
    });
    Machine::from_cores(cpus.collect())
}

#[test]
fn whole_cores_on_the_numa_node_beside_the_system() {
    let machine = machine(2, 8, 2);
    let smt = CpuRequest::Slice(SliceRequest { cpu_count: 2, smt_used: true, ..SLICE });
    let groups = [("A", slice(2, 2), Some(1)), ("B", smt, Some(1)), ("C", slice(1, 1), None)];
    let placement = required(&machine, &groups).unwrap();
    let expected: [&[u32]; 4] = [&[9, 10], &[11, 12], &[13, 14, 29, 30], &[1]];
    assert_eq!(cpus(&placement), expected);
    assert_eq!(placement.groups[0].containers[0].mems, [1]);
    assert_eq!(placement.warnings, []);
}

#[test]
fn what_exists_stays_when_groups_and_containers_are_added() {
    let machine = machine(1, 8, 1);
    let claims = [own("B", 1, &[4, 3]), own("B", 2, &[6, 5])];
    let groups = [("A", slice(1, 1), None), ("B", slice(3, 2), None)];
    let placement = auto(&machine, NumaPolicy::Require, &groups, &claims).unwrap();
    assert_eq!(cpus(&placement), [vec![1], vec![4, 3], vec![6, 5], vec![2, 7]]);
    let groups = [("A", slice(1, 1), None), ("B", slice(2, 2), None), ("C", slice(2, 1), None)];
    let placement = auto(&machine, NumaPolicy::Require, &groups, &claims).unwrap();
    let expected: [&[u32]; 5] = [&[1], &[4, 3], &[6, 5], &[2], &[7]];
    assert_eq!(cpus(&placement), expected);
}

#[test]
fn a_container_that_must_move_leaves_its_cores_to_nobody_else_if_there_are_others() {
    let machine = machine(1, 8, 1);
    let claims = [own("A", 1, &[1])];
    let groups = [("B", slice(1, 1), None), ("A", slice(1, 2), None)];
    let placement = auto(&machine, NumaPolicy::Require, &groups, &claims).unwrap();
    assert_eq!(cpus(&placement), [vec![2], vec![3, 4]]);
    // Where there are not, its cores are given all the same.
    let claims = [own("A", 1, &[1, 2])];
    let tight = [("B", slice(1, 6), None), ("A", slice(1, 1), None)];
    let placement = auto(&machine, NumaPolicy::Require, &tight, &claims).unwrap();
    assert_eq!(cpus(&placement), [vec![1, 2, 3, 4, 5, 6], vec![7]]);
}

#[test]
fn one_l3_complex_holds_a_container_and_the_fullest_is_filled_first() {
    let machine = with(&machine(1, 12, 1), |cpu| cpu.l3 = Some(cpu.core / 4));
    let groups = [("A", slice(1, 4), None), ("B", slice(1, 2), None), ("C", slice(1, 5), None)];
    // Complexes 0-3, 4-7, 8-11; CPU 0 is the system's.
    let placement = required(&machine, &groups).unwrap();
    let expected: [&[u32]; 3] = [&[4, 5, 6, 7], &[1, 2], &[3, 8, 9, 10, 11]];
    assert_eq!(cpus(&placement), expected);
}

#[test]
fn isolated_cores_come_first_and_are_never_mixed_with_others() {
    let machine = with(&machine(1, 8, 2), |cpu| cpu.isolated = (4..8).contains(&cpu.core));
    let placement = required(&machine, &[("A", slice(2, 3), None)]).unwrap();
    assert_eq!(cpus(&placement), [[4, 5, 6], [1, 2, 3]]);
    assert_eq!(
        texts(&placement.warnings),
        ["`A` 2: on cores that are not isolated, on a machine that has isolated ones"]
    );
    let refusals = required(&machine, &[("A", slice(1, 5), None)]).unwrap_err();
    assert_eq!(
        refusals[0].reason,
        "asks NUMA node 0 for 5 whole cores; isolated cores and others are never mixed in a container"
    );
    assert_eq!(
        refusals[0].help,
        "`cpu_count = 3` with `smt_used = true` fits, or `cpu_count = 4`, or `cpu_scarce = \
         \"share\"` (shares cores, with a warning)"
    );
}

#[test]
fn strong_cores_come_first_and_kinds_are_not_mixed() {
    let weak = |cpu: &mut Cpu| cpu.kind = u32::from(cpu.core >= 4);
    let machine = with(&machine(1, 8, 1), weak);
    let placement = required(&machine, &[("A", slice(2, 2), None)]).unwrap();
    assert_eq!(cpus(&placement), [[1, 2], [4, 5]]);
    assert_eq!(texts(&placement.warnings), ["`A` 2: on weaker cores than the rest of the group"]);
}

#[test]
fn a_core_whose_sibling_is_missing_is_not_whole() {
    let broken = |cpu: &mut Cpu| {
        cpu.online = cpu.id != 9; // sibling of core 1
        cpu.allowed = cpu.id != 10; // of core 2
    };
    let machine = with(&machine(1, 8, 2), broken);
    let smt = CpuRequest::Slice(SliceRequest { cpu_count: 2, smt_used: true, ..SLICE });
    let placement = required(&machine, &[("A", smt, None), ("B", slice(1, 2), None)]).unwrap();
    assert_eq!(cpus(&placement), [vec![3, 4, 11, 12], vec![1, 2]]);
}

#[test]
fn a_full_numa_node_refuses_or_sends_to_the_nearest() {
    let far = |from: u32, to: [u32; 3]| (from, (0..).zip(to).collect::<Vec<_>>());
    let machine = machine(3, 4, 1).with_memory(
        [0, 1, 2].into_iter().collect(),
        [far(0, [10, 31, 21]), far(1, [31, 10, 21]), far(2, [21, 21, 10])].into(),
    );
    let groups = [("VNF", slice(2, 2), Some(0))];
    let refusals = required(&machine, &groups).unwrap_err();
    assert_eq!(
        refusals[0].to_string(),
        "group `VNF` cannot be placed: asks NUMA node 0 for 2 times 2 whole cores; free: 3 of 4 \
         cores of NUMA node 0, 3 of 4 cores of NUMA node 1, 3 of 4 cores of NUMA node 2"
    );
    assert_eq!(refusals[0].help, "`numa = \"prefer\"` fits, or `count = 1`, or `cpu_count = 1`");
    let placement = auto(&machine, NumaPolicy::Prefer, &groups, &[]).unwrap();
    assert_eq!(cpus(&placement), [[1, 2], [9, 10]]);
    assert_eq!(placement.groups[0].containers[1].mems, [2]);
    assert_eq!(
        texts(&placement.warnings),
        ["`VNF` 2: NUMA node 0 is full, on NUMA node 2 instead (`numa = \"prefer\"`)"]
    );
    // Without interfaces any NUMA node with room will do, for all of the group.
    let anywhere = [("A", slice(1, 2), Some(0)), ("B", slice(1, 3), None)];
    assert_eq!(cpus(&required(&machine, &anywhere).unwrap()), [vec![1, 2], vec![5, 6, 7]]);
}

#[test]
fn a_density_is_csits_over_the_chosen_cores() {
    let machine = machine(1, 12, 2);
    for (nf_dtc, nf_mtcr, nf_dtcr) in [(Some(1), 2, 1), (None, 2, 2), (Some(2), 3, 2)] {
        let chain = ChainRequest { nf_chains: 2, nf_nodes: 2, nf_dtc, nf_mtcr, nf_dtcr, ..CHAIN };
        let groups = [("SW", slice(1, 1), None), ("NF", CpuRequest::Chain(chain), None)];
        let placement = required(&machine, &groups).unwrap();
        let ask = Nf {
            node: 0,
            chains: 2,
            nodes: 2,
            chain: 1,
            nf: 1,
            dtc: nf_dtc.map(i64::from),
            mtcr: nf_mtcr.into(),
            dtcr: nf_dtcr.into(),
            skip: 0,
            smt_used: None,
        };
        let cores = &machine.slots(0)[2..];
        let expected: Vec<_> = ask.all().map(|nf| slots::nf(cores, &nf).unwrap()).collect();
        assert_eq!(cpus(&placement)[1..], expected);
    }
}

#[test]
fn a_density_grows_around_what_exists() {
    let machine = machine(1, 12, 2);
    let density =
        |nf_nodes: u32| [("NF", CpuRequest::Chain(ChainRequest { nf_nodes, ..CHAIN }), None)];
    let before = cpus(&required(&machine, &density(3)).unwrap());
    let claims: Vec<_> = (1..).zip(&before).map(|(at, cpus)| own("NF", at, cpus)).collect();
    let after = auto(&machine, NumaPolicy::Require, &density(5), &claims).unwrap();
    assert_eq!(cpus(&after)[..3], before);
    // Cores 1 and 2 are the mains of three NFs; two more need a third.
    assert_eq!(before, [[1, 3, 15], [2, 4, 16], [13, 5, 17]]);
    assert_eq!(cpus(&after)[3..], [[6, 7, 19], [14, 8, 20]]);
}

#[test]
fn all_that_is_left_is_what_the_others_leave() {
    let machine = machine(1, 8, 1);
    let groups = [("REST", slice(1, 0), None), ("A", slice(2, 2), None)];
    assert_eq!(
        cpus(&required(&machine, &groups).unwrap()),
        [vec![5, 6, 7], vec![1, 2], vec![3, 4]]
    );
    let shared =
        CpuRequest::Slice(SliceRequest { count: 2, cpu_count: 0, cpu_shared: true, ..SLICE });
    let placement = required(&machine, &[("REST", shared, None), ("A", slice(1, 5), None)]);
    assert_eq!(cpus(&placement.unwrap()), [vec![6, 7], vec![6, 7], vec![1, 2, 3, 4, 5]]);
}

#[test]
fn scarce_cores_are_shared_and_stay_so() {
    let machine = machine(1, 3, 1);
    let scarce = CpuRequest::Slice(SliceRequest { count: 3, cpu_scarce: Scarce::Share, ..SLICE });
    let groups = [("NF", scarce, None)];
    let placement = required(&machine, &groups).unwrap();
    assert_eq!(cpus(&placement), [[1], [2], [1]]);
    assert_eq!(
        texts(&placement.warnings),
        [
            "`NF`: 3 cores wanted, 2 free on NUMA node 0: shared (`cpu_scarce`)",
            "CPU 1 is shared by NF1, NF3",
        ]
    );
}

#[test]
fn a_stranger_who_came_later_moves_a_container_only_if_there_is_room() {
    let roomy = machine(1, 4, 1);
    let claims = [own("A", 1, &[1]), stranger(&[1])];
    let groups = [("A", slice(1, 1), None)];
    let placement = auto(&roomy, NumaPolicy::Require, &groups, &claims).unwrap();
    assert_eq!(cpus(&placement), [[2]]);
    assert_eq!(
        texts(&placement.warnings),
        ["`A1` cannot keep its CPUs: CPU 1 (core 1) is taken by docker container web"]
    );
    let placement = auto(&machine(1, 2, 1), NumaPolicy::Require, &groups, &claims).unwrap();
    assert_eq!(cpus(&placement), [[1]]);
    assert_eq!(
        texts(&placement.warnings),
        ["`A` 1 stays where it is, but docker container web came to its core too: CPU 1"]
    );
}
