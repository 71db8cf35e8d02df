//! Random machines, loads and claims from one number: cheap enough for ten thousand cases.

use std::collections::BTreeMap;
use vnfctl::cpu::{Claim, Cpu, GroupPlacement, Holder, Machine};
use vnfctl::model::{ChainRequest, CpuRequest, NumaPolicy, Scarce, SliceRequest};

/// The generator `SplitMix64`.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `end` - 1.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next() % u64::from(end)).unwrap()
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    fn of<T: Copy>(&mut self, words: &[T]) -> T {
        words[self.below(u32::try_from(words.len()).unwrap()) as usize]
    }

    /// Any numbering of siblings, SMT 1 to 4, NUMA ids with gaps, L3 per complex, weak cores,
    /// offline, forbidden and isolated CPUs.
    pub(crate) fn machine(&mut self) -> Machine {
        let sockets = 1 + self.below(2);
        let per_socket = 1 + self.below(2);
        let cores = 1 + self.below(18);
        let threads = self.of(&[1, 2, 2, 2, 4]);
        let gap = 1 + self.below(2);
        let complex = self.of(&[2, 3, 4, 99]);
        let weak_from = if self.once_in(4) { cores / 2 } else { cores };
        let mut places = Vec::new();
        let of_kind = |core: u32, thread: u32| core < weak_from || thread == 0;
        for socket in 0..sockets {
            for node in 0..per_socket {
                for core in 0..cores {
                    for thread in (0..threads).filter(|thread| of_kind(core, *thread)) {
                        places.push((socket, node, core, thread));
                    }
                }
            }
        }
        match self.below(4) {
            0 => {}
            1 => {
                places.sort_by_key(|(socket, node, core, thread)| (*thread, *socket, *node, *core));
            }
            2 => {
                places.sort_by_key(|(socket, node, core, thread)| (*thread, *core, *socket, *node));
            }
            _ => places.sort_by_cached_key(|_| self.next()),
        }
        let (broken, caged) = (self.of(&[0, 0, 6, 20]), self.of(&[0, 0, 0, 10]));
        let isolated_from = if self.once_in(3) { self.below(cores) } else { cores };
        let half_isolated = self.once_in(4);
        let cpus = (0..).zip(places).map(|(id, (socket, node, core, thread))| Cpu {
            id,
            core: node * 64 + core,
            socket,
            numa: (socket * per_socket + node) * gap,
            l3: (complex < 99).then_some((socket * 2 + node) * 64 + core / complex),
            online: broken == 0 || !self.once_in(broken),
            allowed: caged == 0 || !self.once_in(caged),
            isolated: core >= isolated_from && !(half_isolated && thread > 0),
            kind: u32::from(core >= weak_from),
            ..Cpu::default()
        });
        let cpus: Vec<Cpu> = cpus.collect();
        let nodes: Vec<u32> = (0..sockets * per_socket).map(|node| node * gap).collect();
        let far = |from: u32| nodes.iter().map(move |to| (*to, 10 + 11 * from.abs_diff(*to)));
        let distances = nodes.iter().map(|from| (*from, far(*from).collect())).collect();
        Machine::from_cores(cpus).with_memory(nodes.iter().copied().collect(), distances)
    }

    pub(crate) fn request(&mut self) -> CpuRequest {
        if self.once_in(4) {
            return CpuRequest::Chain(ChainRequest {
                nf_chains: 1 + self.below(2),
                nf_nodes: 1 + self.below(3),
                nf_dtc: self.of(&[None, Some(1), Some(1), Some(2)]),
                nf_mtcr: 1 + self.below(3),
                nf_dtcr: 1 + self.below(3),
                vs_dtc: self.below(2),
                smt_used: self.of(&[None, None, Some(true), Some(false)]),
            });
        }
        CpuRequest::Slice(SliceRequest {
            count: self.of(&[1, 1, 2, 3, 4]),
            cpu_count: self.of(&[0, 1, 1, 1, 1, 2, 2, 2, 3]),
            cpu_skip: if self.once_in(2) { None } else { Some(1 + self.below(10)) },
            smt_used: self.once_in(3),
            cpu_shared: self.once_in(5),
            cpu_scarce: if self.once_in(5) { Scarce::Share } else { Scarce::Refuse },
        })
    }

    /// A NUMA node, or placement's choice, and what to do where it is full.
    pub(crate) fn numa(&mut self, machine: &Machine) -> (Option<u32>, NumaPolicy) {
        let nodes: Vec<u32> = machine.numa_nodes().0.into_iter().collect();
        let numa = if nodes.is_empty() || self.once_in(2) { None } else { Some(self.of(&nodes)) };
        (numa, self.of(&[NumaPolicy::Require, NumaPolicy::Prefer]))
    }

    /// What others have: up to three of them, and now and then one of ours that nobody wants.
    pub(crate) fn claims(&mut self, machine: &Machine) -> Vec<Claim> {
        let all: Vec<u32> = machine.cpus().map(|cpu| cpu.id).collect();
        let claim = |random: &mut Self| {
            let cpus: Vec<u32> = (0..=random.below(2)).map(|_| random.of(&all)).collect();
            let holder = match random.below(4) {
                0 => Holder::Own { group: "GONE".into(), ordinal: 1, cpus: cpus.clone() },
                1 => Holder::Foreign { what: "docker container web".into() },
                _ => Holder::Topology { topology: "other".into(), container: "DUT1_X1".into() },
            };
            Claim { holder, cpus: cpus.into_iter().collect(), shared: random.once_in(3) }
        };
        (0..self.below(4)).map(|_| claim(self)).collect()
    }
}

/// What containers that were placed have from then on.
pub(crate) fn own(
    placed: &[GroupPlacement],
    requests: &BTreeMap<String, CpuRequest>,
) -> Vec<Claim> {
    let of_group = |group: &GroupPlacement| {
        let shared = requests[&group.group].may_share();
        let name = group.group.clone();
        let containers = (1..).zip(group.containers.clone());
        let claim = move |(ordinal, container): (u32, vnfctl::cpu::Pinned)| Claim {
            cpus: container.cpus.iter().copied().collect(),
            holder: Holder::Own { group: name.clone(), ordinal, cpus: container.cpus },
            shared,
        };
        containers.map(claim).collect::<Vec<_>>()
    };
    placed.iter().flat_map(of_group).collect()
}
