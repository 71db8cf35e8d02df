//! A machine's CPUs: cores, siblings, NUMA nodes, and which of them may be used.

use super::lscpu::row_without_caches;
use super::{CpuSet, csit};
use std::collections::{BTreeMap, BTreeSet};

/// One CPU (hardware thread).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cpu {
    /// The kernel's number.
    pub id: u32,
    /// Core id, unique within its socket at least.
    pub core: u32,
    /// Socket.
    pub socket: u32,
    /// Whether the kernel does not tell its core and socket, as of offline CPUs: the core's
    /// number is made up then.
    pub core_unknown: bool,
    /// NUMA node; 0 where the kernel has none.
    pub numa: u32,
    /// Number of its L3 cache, where known.
    pub l3: Option<u32>,
    /// Whether the kernel runs it.
    pub online: bool,
    /// Whether the scheduler leaves it alone (`isolcpus`).
    pub isolated: bool,
    /// Whether the kernel stops its tick while one task runs there (`nohz_full`).
    pub nohz_full: bool,
    /// Kind of core: 0 = the strongest, or all are alike; 1 = the next (hybrid P and E cores).
    pub kind: u32,
    /// Whether this machine lets us use it (cpuset of the lane).
    pub allowed: bool,
}

impl Cpu {
    /// Whether it may be handed out.
    pub fn usable(&self) -> bool {
        self.online && self.allowed
    }
}

/// A physical core with those of its CPUs that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Core {
    /// Socket.
    pub socket: u32,
    /// Core id.
    pub core: u32,
    /// Usable CPUs, ascending; never empty.
    pub cpus: Vec<u32>,
}

/// What placement knows about a machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Machine {
    cpus: BTreeMap<u32, Cpu>,
    rows: Vec<Vec<i64>>,
    csit_smt: bool,
    smt: bool,
    memory: CpuSet,
    distances: BTreeMap<u32, Vec<(u32, u32)>>,
}

impl Machine {
    /// A machine of `cpus`; `rows` are those of a plain `lscpu -p`, which CSIT's arithmetic reads.
    pub fn new(cpus: impl IntoIterator<Item = Cpu>, rows: Vec<Vec<i64>>) -> Self {
        let cpus: BTreeMap<u32, Cpu> = cpus.into_iter().map(|cpu| (cpu.id, cpu)).collect();
        let mut cores = BTreeSet::new();
        let online = cpus.values().filter(|cpu| cpu.online);
        let smt = !online.map(|cpu| (cpu.socket, cpu.core)).all(|core| cores.insert(core));
        Self { cpus, csit_smt: csit::is_smt_enabled(&rows), smt, rows, ..Self::default() }
    }

    /// A machine whose caches are not known; rows are made up as if each core had its own.
    pub fn from_cores(cpus: Vec<Cpu>) -> Self {
        let mut rows: Vec<_> =
            cpus.iter().filter(|cpu| cpu.online).map(row_without_caches).collect();
        rows.sort();
        Self::new(cpus, rows)
    }

    /// Says which NUMA nodes have memory and how far others are from them: node -> (other,
    /// distance). Without it every NUMA node counts as one with memory.
    #[must_use]
    pub fn with_memory(
        mut self,
        memory: CpuSet,
        distances: BTreeMap<u32, Vec<(u32, u32)>>,
    ) -> Self {
        self.memory = memory;
        self.distances = distances;
        self
    }

    /// All CPUs, ascending.
    pub fn cpus(&self) -> impl Iterator<Item = &Cpu> {
        self.cpus.values()
    }

    /// One CPU.
    pub fn cpu(&self, id: u32) -> Option<&Cpu> {
        self.cpus.get(&id)
    }

    /// Rows of a plain `lscpu -p`; empty and bad fields are 0.
    pub fn rows(&self) -> &[Vec<i64>] {
        &self.rows
    }

    /// Whether CSIT believes that this machine has SMT.
    pub fn csit_smt(&self) -> bool {
        self.csit_smt
    }

    /// Whether some core has two CPUs online.
    pub fn smt(&self) -> bool {
        self.smt
    }

    /// NUMA nodes with usable CPUs, ascending.
    pub fn numa_nodes(&self) -> CpuSet {
        self.cpus().filter(|cpu| cpu.usable()).map(|cpu| cpu.numa).collect()
    }

    /// The slots of a NUMA node: its usable cores, ordered by their smallest usable CPU.
    pub fn slots(&self, numa: u32) -> Vec<Core> {
        let mut cores: Vec<Core> = Vec::new();
        let mut known: BTreeMap<(u32, u32), usize> = BTreeMap::new();
        for cpu in self.cpus().filter(|cpu| cpu.numa == numa && cpu.usable()) {
            let at = *known.entry((cpu.socket, cpu.core)).or_insert(cores.len());
            match cores.get_mut(at) {
                Some(core) => core.cpus.push(cpu.id),
                None => {
                    cores.push(Core { socket: cpu.socket, core: cpu.core, cpus: vec![cpu.id] });
                }
            }
        }
        cores
    }

    /// NUMA nodes with usable CPUs, nearest to `numa` first: itself, then by distance, then by
    /// number.
    pub fn numa_by_distance(&self, numa: u32) -> Vec<u32> {
        let near = self.distances.get(&numa).map(Vec::as_slice).unwrap_or_default();
        let far = |node: u32| near.iter().find(|(other, _)| *other == node).map(|(_, far)| *far);
        let mut nodes: Vec<u32> = self.numa_nodes().0.into_iter().collect();
        nodes.sort_by_key(|node| (*node != numa, far(*node).unwrap_or(u32::MAX), *node));
        nodes
    }

    /// The NUMA node whose memory a container on `numa` is bound to: itself, or the nearest one
    /// that has memory.
    pub fn memory_node(&self, numa: u32) -> u32 {
        let with_memory = &self.memory.0;
        if with_memory.is_empty() || with_memory.contains(&numa) {
            return numa;
        }
        let near = self.distances.get(&numa).map(Vec::as_slice).unwrap_or_default();
        let distance =
            |node: u32| near.iter().find(|(other, _)| *other == node).map(|(_, far)| *far);
        with_memory
            .iter()
            .copied()
            .min_by_key(|node| (distance(*node).unwrap_or(u32::MAX), *node))
            .unwrap_or(numa)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(id: u32, core: u32, numa: u32) -> Cpu {
        Cpu { id, core, socket: numa, numa, online: true, allowed: true, ..Cpu::default() }
    }

    #[test]
    fn slots_are_cores_by_their_smallest_usable_cpu() {
        let mut cpus = vec![cpu(0, 0, 0), cpu(1, 1, 0), cpu(2, 0, 0), cpu(3, 1, 0), cpu(4, 0, 1)];
        let slots = |cpus: &[Cpu]| -> Vec<Vec<u32>> {
            let machine = Machine::new(cpus.to_vec(), Vec::new());
            machine.slots(0).into_iter().map(|core| core.cpus).collect()
        };
        assert_eq!(slots(&cpus), [[0, 2], [1, 3]]);
        cpus[0].online = false;
        assert_eq!(slots(&cpus), [vec![1, 3], vec![2]]);
        cpus[1].allowed = false;
        cpus[3].allowed = false;
        assert_eq!(slots(&cpus), [[2]]);
    }

    #[test]
    fn memory_comes_from_the_nearest_node_that_has_some() {
        let machine = Machine::new([cpu(0, 0, 0), cpu(1, 0, 1)], Vec::new());
        assert_eq!(machine.memory_node(1), 1);
        let far = BTreeMap::from([(1, vec![(0, 21), (1, 10), (2, 17)])]);
        let machine = machine.with_memory([0, 2].into_iter().collect(), far);
        assert_eq!(machine.memory_node(0), 0);
        assert_eq!(machine.memory_node(1), 2);
    }
}
