//! Placement claims over arbitrary machines and requests.

use crate::placement::machine;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use vnfctl::cpu::{
    Cpu, Doubt, GroupRequest, Machine, Nf, NodePlacement, Refusal, Slice, csit, doubts_of_nf,
    doubts_of_slice, place, slots,
};
use vnfctl::model::{ChainRequest, CpuRequest, NumaPolicy, PlacementMode, Scarce, SliceRequest};

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
                let cpu = Cpu { id, core, socket: numa, numa, online, allowed, ..Cpu::default() };
                cpus.push(cpu);
            }
        }
        let mut rows: Vec<Vec<i64>> = Vec::new();
        for cpu in cpus.iter().filter(|cpu| cpu.online) {
            let Cpu { id, core, socket, numa, .. } = *cpu;
            rows.push([id, core, socket, numa, 0, core, core, core, numa].map(i64::from).to_vec());
        }
        rows.sort();
        Machine::new(cpus, rows)
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
            .map(|(group, (cpu, numa))| GroupRequest { group, cpu, numa: *numa, numa_policy: NumaPolicy::Require })
            .collect();
        let Ok(placement) = place(PlacementMode::Slots, &machine, 1, &ask, &[]) else {
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
            .map(|(group, cpu)| GroupRequest { group, cpu, numa: None, numa_policy: NumaPolicy::Require })
            .collect();
        let sorted = |result: Result<NodePlacement, Vec<Refusal>>| {
            result.map_err(drop).map(|placement| {
                let groups = placement.groups.into_iter();
                groups.map(|group| (group.group.clone(), group)).collect::<BTreeMap<_, _>>()
            })
        };
        let before = sorted(place(PlacementMode::Slots, &machine, 1, &ask, &[]));
        let turn = seed.index(ask.len());
        ask.rotate_left(turn);
        ask.reverse();
        prop_assert_eq!(before, sorted(place(PlacementMode::Slots, &machine, 1, &ask, &[])));
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
        if let Ok(theirs) = csit::slice(&machine, &ask)
            && doubts_of_slice(&machine, &ask, &theirs).is_empty()
        {
            prop_assert_eq!(slots::slice(&slots, &ask), Ok(theirs));
        }
    }
}
