//! Placement of whole nodes: claims over saved and over arbitrary machines.

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use vnfctl::cpu::{
    Cpu, Doubt, GroupRequest, Machine, Nf, NodePlacement, Refusal, Slice, Warning, csit,
    doubts_of_nf, doubts_of_slice, place, slots,
};
use vnfctl::model::{ChainRequest, CpuRequest, PlacementMode, Scarce, SliceRequest};

const SLICE: SliceRequest = SliceRequest {
    count: 1,
    cpu_count: 1,
    cpu_skip: None,
    smt_used: false,
    cpu_shared: false,
    cpu_scarce: Scarce::Refuse,
};

const CHAIN: ChainRequest = ChainRequest {
    nf_chains: 1,
    nf_nodes: 1,
    nf_dtc: Some(1),
    nf_mtcr: 2,
    nf_dtcr: 1,
    vs_dtc: 1,
    smt_used: None,
};

/// A machine of `nodes` NUMA nodes, its CPUs numbered thread by thread as Linux does.
fn machine(nodes: u32, cores: u32, threads: u32) -> Machine {
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
    let requests: Vec<_> =
        groups.iter().map(|(group, cpu)| GroupRequest { group, cpu, numa: None }).collect();
    place(mode, machine, 1, &requests)
}

fn cpus(placement: &NodePlacement) -> Vec<Vec<u32>> {
    let all = placement.groups.iter().flat_map(|group| &group.containers);
    all.map(|container| container.cpus.clone()).collect()
}

fn texts(warnings: &[Warning]) -> Vec<String> {
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
        "group `VNF` cannot be placed: on NUMA node 0 12 cores after 1 skipped ones are asked for, \
         but it has 8 in all; free: 7 of 8 cores of NUMA node 0 (slots 1-7), 7 of 8 cores of NUMA \
         node 1 (slots 1-7)"
    );
    assert_eq!(
        error[0].help,
        "`cpu_count = 2` fits, or `cpu_scarce = \"share\"` shares what there is, with a warning"
    );
    let seven = SliceRequest { cpu_count: 7, cpu_skip: Some(3), ..SLICE };
    let error = slots_mode(&machine(2, 8, 2), &[("VNF", CpuRequest::Slice(seven))]).unwrap_err();
    assert_eq!(error[0].help, "`cpu_skip = 1` has room");
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
    assert_eq!(error[0].help, "`cpu_skip = 3` has room");
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
            "`NF` asks for 2 cores of NUMA node 0, which has 1 for it: shared (`cpu_scarce`)",
            "`SW` asks for 1 cores of NUMA node 0, which has 1 for it: shared (`cpu_scarce`)",
            "CPUs 0 are shared by NF1, NF2, SW1",
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
    let request = GroupRequest { group: "VNF", cpu: &cpu, numa: Some(7) };
    let error = place(PlacementMode::Slots, &machine(2, 4, 1), 1, &[request]).unwrap_err();
    assert_eq!(error[0].reason, "on NUMA node 7 it has no CPU that may be used");
    assert_eq!(error[0].help, "NUMA nodes with CPUs: 0-1");
}

/// Machines with any numbering of CPUs, offline and forbidden CPUs, and cores of 1 to 4 threads.
fn any_machine() -> impl Strategy<Value = Machine> {
    let core = (1_u32..=4, 0_u32..2);
    let cores = prop::collection::vec(core, 1..24);
    let numbered = cores.prop_flat_map(|cores| {
        let threads: usize = cores.iter().map(|(threads, _)| *threads as usize).sum();
        let numbers: Vec<u32> = (0..u32::try_from(threads).unwrap()).collect();
        let lucky = prop::collection::vec((0_u8..12, 0_u8..12), threads);
        (Just(cores), Just(numbers).prop_shuffle(), lucky)
    });
    numbered.prop_map(|(cores, mut numbers, mut luck)| {
        let mut cpus = Vec::new();
        for (core, (threads, numa)) in (0..).zip(cores) {
            for _ in 0..threads {
                let (id, (online, allowed)) = (numbers.pop().unwrap(), luck.pop().unwrap());
                let (online, allowed) = (online > 0, allowed > 0);
                let cpu = Cpu {
                    id,
                    core,
                    socket: numa,
                    numa,
                    l3: None,
                    online,
                    isolated: false,
                    allowed,
                };
                cpus.push(cpu);
            }
        }
        Machine::new(cpus, Vec::new())
    })
}

fn any_request() -> impl Strategy<Value = CpuRequest> {
    let slice = (1_u32..4, 1_u32..4, prop::option::of(0_u32..12), any::<[bool; 3]>()).prop_map(
        |(count, cpu_count, cpu_skip, [smt_used, cpu_shared, share])| {
            let cpu_scarce = if share { Scarce::Share } else { Scarce::Refuse };
            let slice =
                SliceRequest { count, cpu_count, cpu_skip, smt_used, cpu_shared, cpu_scarce };
            CpuRequest::Slice(slice)
        },
    );
    let chain = (1_u32..4, 1_u32..4, prop::option::of(1_u32..3), 1_u32..4, 1_u32..4, 0_u32..3)
        .prop_map(|(nf_chains, nf_nodes, nf_dtc, nf_mtcr, nf_dtcr, vs_dtc)| {
            let smt_used = None;
            CpuRequest::Chain(ChainRequest {
                nf_chains,
                nf_nodes,
                nf_dtc,
                nf_mtcr,
                nf_dtcr,
                vs_dtc,
                smt_used,
            })
        });
    prop_oneof![slice, chain]
}

/// Whether containers of the two groups may be on the same CPUs.
fn may_overlap(one: &CpuRequest, other: &CpuRequest) -> bool {
    let of = |cpu: &CpuRequest| match cpu {
        CpuRequest::Slice(slice) => (slice.cpu_shared, slice.cpu_scarce == Scarce::Share),
        CpuRequest::Chain(_) => (false, false),
    };
    let ((shared, scarce), (also_shared, also_scarce)) = (of(one), of(other));
    shared || also_shared || (scarce && also_scarce)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_handed_out_is_sound(
        machine in any_machine(),
        requests in prop::collection::vec((any_request(), prop::option::of(0_u32..2)), 1..4),
    ) {
        let names: Vec<String> = (0..requests.len()).map(|at| format!("G{at}")).collect();
        let ask: Vec<_> = names
            .iter()
            .zip(&requests)
            .map(|(group, (cpu, numa))| GroupRequest { group, cpu, numa: *numa })
            .collect();
        let Ok(placement) = place(PlacementMode::Slots, &machine, 1, &ask) else {
            return Ok(());
        };
        let core = |id: &u32| machine.cpu(*id).map(|cpu| (cpu.socket, cpu.core));
        for (group, (request, numa)) in placement.groups.iter().zip(&requests) {
            prop_assert_eq!(group.containers.len(), request.containers() as usize);
            prop_assert!(numa.is_none_or(|numa| numa == group.numa));
            let scarce = matches!(request, CpuRequest::Slice(slice) if slice.cpu_scarce == Scarce::Share);
            let mut users: BTreeMap<u32, usize> = BTreeMap::new();
            for container in &group.containers {
                let distinct: BTreeSet<_> = container.cpus.iter().copied().collect();
                prop_assert_eq!(distinct.len(), container.cpus.len());
                prop_assert!(!container.cpus.is_empty());
                for id in &container.cpus {
                    let cpu = machine.cpu(*id).unwrap();
                    prop_assert!(cpu.online && cpu.allowed && cpu.numa == group.numa);
                    *users.entry(*id).or_default() += 1;
                }
                let worker_cores: BTreeSet<_> = container.cpus[1..].iter().map(core).collect();
                let cores: BTreeSet<_> = container.cpus.iter().map(core).collect();
                let whole = |cores: &BTreeSet<_>| -> BTreeSet<u32> {
                    let usable = machine.cpus().filter(|cpu| cpu.usable());
                    usable.map(|cpu| cpu.id).filter(|id| cores.contains(&core(id))).collect()
                };
                match request {
                    CpuRequest::Slice(slice) => {
                        let wanted = slice.cpu_count as usize;
                        prop_assert!(cores.len() == wanted || (scarce && cores.len() < wanted));
                        if slice.smt_used {
                            prop_assert_eq!(&distinct, &whole(&cores));
                        } else {
                            prop_assert_eq!(cores.len(), distinct.len());
                        }
                    }
                    CpuRequest::Chain(chain) => {
                        let wanted = chain.nf_dtc.unwrap_or(1) as usize;
                        prop_assert_eq!(worker_cores.len(), wanted);
                        prop_assert!(!worker_cores.contains(&core(&container.cpus[0])));
                        if chain.nf_dtc.is_some() && container.cpus.len() > 1 + wanted {
                            let workers = container.cpus[1..].iter().copied().collect::<BTreeSet<_>>();
                            prop_assert_eq!(workers, whole(&worker_cores));
                        }
                    }
                }
            }
            let allowed = match request {
                CpuRequest::Slice(slice) if slice.cpu_shared || scarce => usize::MAX,
                CpuRequest::Slice(_) => 1,
                CpuRequest::Chain(chain) => chain.nf_mtcr.max(chain.nf_dtcr) as usize,
            };
            prop_assert!(users.values().all(|users| *users <= allowed));
        }
        for (at, one) in placement.groups.iter().enumerate() {
            for (other_at, other) in placement.groups.iter().enumerate().skip(at + 1) {
                let cores = |group: &vnfctl::cpu::GroupPlacement| -> BTreeSet<_> {
                    group.containers.iter().flat_map(|c| c.cpus.iter().map(core)).collect()
                };
                prop_assert!(
                    cores(one).is_disjoint(&cores(other))
                        || may_overlap(&requests[at].0, &requests[other_at].0)
                );
            }
        }
    }

    #[test]
    fn the_order_of_groups_does_not_matter(
        machine in any_machine(),
        requests in prop::collection::vec(any_request(), 1..4),
        seed in any::<prop::sample::Index>(),
    ) {
        let names: Vec<String> = (0..requests.len()).map(|at| format!("G{at}")).collect();
        let mut ask: Vec<_> = names
            .iter()
            .zip(&requests)
            .map(|(group, cpu)| GroupRequest { group, cpu, numa: None })
            .collect();
        let sorted = |result: Result<NodePlacement, Vec<Refusal>>| {
            result.map_err(drop).map(|placement| {
                let groups = placement.groups.into_iter();
                groups.map(|group| (group.group.clone(), group)).collect::<BTreeMap<_, _>>()
            })
        };
        let before = sorted(place(PlacementMode::Slots, &machine, 1, &ask));
        let turn = seed.index(ask.len());
        ask.rotate_left(turn);
        ask.reverse();
        prop_assert_eq!(before, sorted(place(PlacementMode::Slots, &machine, 1, &ask)));
    }

    /// Where CSIT's arithmetic is sound for a whole density, ours is the same.
    #[test]
    fn a_sound_answer_of_csit_is_ours_too(
        (nodes, cores, threads) in (1_u32..3, 1_u32..30, 1_u32..3),
        (chains, per_chain) in (1_i64..5, 1_i64..5),
        dtc in prop::option::of(1_i64..4),
        (mtcr, dtcr, skip, count) in (1_i64..4, 1_i64..4, 0_i64..8, 0_i64..8),
        smt_used in any::<bool>(),
    ) {
        let machine = machine(nodes, cores, threads);
        let slots = machine.slots(0);
        let ask = Nf {
            node: 0, chains, nodes: per_chain, chain: 1, nf: 1, dtc, mtcr, dtcr, skip,
            smt_used: None,
        };
        let theirs: Result<Vec<_>, _> = ask.all().map(|nf| csit::nf(&machine, &nf)).collect();
        if let Ok(theirs) = theirs {
            let asked = [Doubt::SharedMain, Doubt::SharedDp];
            let doubts = doubts_of_nf(&machine, &ask, &theirs);
            if doubts.iter().flatten().all(|doubt| asked.contains(doubt)) {
                let ours: Result<Vec<_>, _> = ask.all().map(|nf| slots::nf(&slots, &nf)).collect();
                prop_assert_eq!(ours, Ok(theirs));
            }
        }
        let ask = Slice { node: 0, skip, count, smt_used };
        if let Ok(theirs) = csit::slice(&machine, &ask) {
            if doubts_of_slice(&machine, &ask, &theirs).is_empty() {
                prop_assert_eq!(slots::slice(&slots, &ask), Ok(theirs));
            }
        }
    }
}
