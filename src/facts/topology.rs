//! CPUs from what the probe printed. sysfs says which CPUs share a core; `lscpu` numbers cores per
//! processor model (util-linux 2.37 and later), so on machines with several models its core numbers
//! repeat. Its rows are what CSIT reads, and all there is where sysfs shows no topology.

use crate::cpu::{Cpu, CpuSet, Machine};
use std::collections::{BTreeMap, BTreeSet};

/// CPU facts as the node printed them.
#[derive(Debug, Default)]
pub(super) struct Topology {
    /// Rows of `lscpu -p` with its header.
    pub(super) lscpu: String,
    pub(super) online: CpuSet,
    pub(super) present: CpuSet,
    pub(super) isolated: CpuSet,
    pub(super) nohz_full: CpuSet,
    pub(super) allowed: CpuSet,
    /// sysfs `topology/thread_siblings_list` by CPU; offline CPUs have none.
    pub(super) siblings: BTreeMap<u32, CpuSet>,
    /// sysfs `topology/physical_package_id` by CPU.
    pub(super) packages: BTreeMap<u32, i64>,
    /// sysfs `cache/index3/shared_cpu_list` by CPU.
    pub(super) l3: BTreeMap<u32, CpuSet>,
    /// sysfs `cpu_capacity` by CPU, of 1024.
    pub(super) capacities: BTreeMap<u32, u32>,
    /// Hybrid x86: `core/cpus`, `atom/cpus`, `lowpower/cpus` -> CPUs.
    pub(super) kinds: BTreeMap<String, CpuSet>,
    /// Online CPUs by NUMA node.
    pub(super) numa: BTreeMap<u32, CpuSet>,
    /// NUMA node by CPU, of offline ones too.
    pub(super) links: BTreeMap<u32, u32>,
}

impl Topology {
    /// The machine, with offline, isolated and forbidden CPUs marked.
    pub(super) fn machine(&self) -> Result<Machine, String> {
        let printed = if self.lscpu.lines().all(|line| line.starts_with('#')) {
            None
        } else {
            Some(Machine::from_lscpu(&self.lscpu).map_err(|error| error.to_string())?)
        };
        let read = match printed {
            Some(printed) if self.siblings.is_empty() => printed,
            Some(printed) => Machine::new(self.cores_of_sysfs(), printed.rows().to_vec()),
            None => Machine::from_cores(self.cores_of_sysfs()),
        };
        let mut cpus: BTreeMap<u32, Cpu> = read.cpus().map(|cpu| (cpu.id, cpu.clone())).collect();
        self.add_offline(&mut cpus);
        if cpus.is_empty() {
            return Err("no CPU".to_owned());
        }
        let kinds = self.kinds_of_cpus();
        for cpu in cpus.values_mut() {
            let is_told = self.online.0.is_empty() && !cpu.core_unknown;
            cpu.online = is_told || self.online.0.contains(&cpu.id);
            cpu.isolated = self.isolated.0.contains(&cpu.id);
            cpu.nohz_full = self.nohz_full.0.contains(&cpu.id);
            cpu.allowed = self.allowed.0.is_empty() || self.allowed.0.contains(&cpu.id);
            cpu.kind = kinds.get(&cpu.id).copied().unwrap_or(0);
        }
        Ok(Machine::new(cpus.into_values(), read.rows().to_vec()))
    }

    /// Numbers cores and L3 caches in the order of their first CPU, as `lscpu` does, sockets in
    /// the order of their ids.
    fn cores_of_sysfs(&self) -> Vec<Cpu> {
        let packages: BTreeSet<i64> = self.packages.values().copied().collect();
        let mut cores = Numbers::default();
        let mut caches = Numbers::default();
        let mut cpus = Vec::new();
        // Only online CPUs have siblings.
        let told = self.siblings.keys().copied().collect();
        let online = if self.online.0.is_empty() { &told } else { &self.online };
        for id in &online.0 {
            let socket =
                self.packages.get(id).map_or(0, |package| packages.range(..package).count());
            cpus.push(Cpu {
                core: cores.of(self.siblings.get(id), *id),
                socket: u32::try_from(socket).unwrap_or(0),
                l3: self.l3.get(id).map(|shared| caches.of(Some(shared), *id)),
                ..self.cpu(*id)
            });
        }
        cpus
    }

    /// CPUs that are present and not told of: offline ones. Their cores are unknown, so each is
    /// a core of its own, with a number that no other has.
    fn add_offline(&self, cpus: &mut BTreeMap<u32, Cpu>) {
        let mut core = cpus.values().map(|cpu| cpu.core + 1).max().unwrap_or(0);
        let sockets: BTreeMap<u32, u32> = cpus.values().map(|cpu| (cpu.numa, cpu.socket)).collect();
        for id in &self.present.0 {
            cpus.entry(*id).or_insert_with(|| {
                let cpu = self.cpu(*id);
                let socket = sockets.get(&cpu.numa).copied().unwrap_or(0);
                core += 1;
                Cpu { core: core - 1, socket, core_unknown: true, ..cpu }
            });
        }
    }

    fn cpu(&self, id: u32) -> Cpu {
        let numa = self.numa.iter().find(|(_, cpus)| cpus.0.contains(&id)).map(|(node, _)| *node);
        let numa = numa.or_else(|| self.links.get(&id).copied()).unwrap_or(0);
        Cpu { id, core: id, numa, online: true, allowed: true, ..Cpu::default() }
    }

    /// Kinds of core, strongest first: by the PMUs of hybrid x86, else by capacity. Capacities
    /// within a tenth are one kind: cores of one model differ a little where some may clock
    /// higher.
    fn kinds_of_cpus(&self) -> BTreeMap<u32, u32> {
        let pmus = ["core/cpus", "atom/cpus", "lowpower/cpus"];
        let pmus = pmus.iter().filter_map(|pmu| self.kinds.get(*pmu));
        let by_pmu: BTreeMap<u32, u32> = (0..)
            .zip(pmus)
            .flat_map(|(kind, cpus)| cpus.0.iter().map(move |cpu| (*cpu, kind)))
            .collect();
        if !by_pmu.is_empty() {
            return by_pmu;
        }
        let mut capacities: Vec<(u32, u32)> =
            self.capacities.iter().map(|(cpu, capacity)| (*capacity, *cpu)).collect();
        capacities.sort_unstable_by(|one, other| other.cmp(one));
        let (mut kind, mut strongest) = (0, capacities.first().map_or(0, |first| first.0));
        let mut kinds = BTreeMap::new();
        for (capacity, cpu) in capacities {
            if u64::from(capacity) * 10 < u64::from(strongest) * 9 {
                (kind, strongest) = (kind + 1, capacity);
            }
            kinds.insert(cpu, kind);
        }
        kinds
    }
}

/// Numbers of things that CPUs share, in the order in which they are first met.
#[derive(Default)]
struct Numbers(BTreeMap<u32, u32>);

impl Numbers {
    /// The number of what `cpu` shares with `sharers`; without sharers it has one of its own.
    fn of(&mut self, sharers: Option<&CpuSet>, cpu: u32) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let first = sharers.and_then(|sharers| sharers.0.first().copied()).unwrap_or(cpu);
        *self.0.entry(first).or_insert(next)
    }
}
