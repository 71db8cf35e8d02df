//! CPUs from what the probe printed: `lscpu -p` rows, or sysfs where there is no `lscpu`.

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
    pub(super) allowed: CpuSet,
    /// sysfs `topology/thread_siblings_list` by CPU.
    pub(super) siblings: BTreeMap<u32, CpuSet>,
    /// sysfs `topology/physical_package_id` by CPU.
    pub(super) packages: BTreeMap<u32, i64>,
    /// sysfs `cache/index3/shared_cpu_list` by CPU.
    pub(super) l3: BTreeMap<u32, CpuSet>,
    /// CPUs by NUMA node.
    pub(super) numa: BTreeMap<u32, CpuSet>,
}

impl Topology {
    /// The machine: as `lscpu` sees it, or from sysfs; then with offline, isolated and forbidden
    /// CPUs marked.
    pub(super) fn machine(&self) -> Result<Machine, String> {
        let read = if self.lscpu.is_empty() {
            Machine::from_cores(self.cores_of_sysfs())
        } else {
            Machine::from_lscpu(&self.lscpu).map_err(|error| error.to_string())?
        };
        let mut cpus: BTreeMap<u32, Cpu> = read.cpus().map(|cpu| (cpu.id, cpu.clone())).collect();
        for id in &self.present.0 {
            cpus.entry(*id).or_insert_with(|| self.cpu(*id, *id, 0, None));
        }
        if cpus.is_empty() {
            return Err("no CPU".to_owned());
        }
        for cpu in cpus.values_mut() {
            cpu.online = self.online.0.is_empty() || self.online.0.contains(&cpu.id);
            cpu.isolated = self.isolated.0.contains(&cpu.id);
            cpu.allowed = self.allowed.0.is_empty() || self.allowed.0.contains(&cpu.id);
        }
        Ok(Machine::new(cpus.into_values(), read.rows().to_vec()))
    }

    /// Numbers cores, sockets and L3 caches in the order of their first CPU, as `lscpu` does.
    fn cores_of_sysfs(&self) -> Vec<Cpu> {
        let sockets: BTreeSet<i64> = self.packages.values().copied().collect();
        let mut cores: Vec<CpuSet> = Vec::new();
        let mut caches: Vec<CpuSet> = Vec::new();
        let mut cpus = Vec::new();
        for id in &self.online.0 {
            let alone: CpuSet = [*id].into_iter().collect();
            let core = number(&mut cores, self.siblings.get(id).unwrap_or(&alone));
            let socket =
                self.packages.get(id).map_or(0, |package| sockets.range(..package).count());
            let l3 = self.l3.get(id).map(|shared| number(&mut caches, shared));
            cpus.push(self.cpu(*id, core, u32::try_from(socket).unwrap_or(0), l3));
        }
        cpus
    }

    fn cpu(&self, id: u32, core: u32, socket: u32, l3: Option<u32>) -> Cpu {
        let numa = self.numa.iter().find(|(_, cpus)| cpus.0.contains(&id));
        let numa = numa.map_or(0, |(node, _)| *node);
        Cpu { id, core, socket, numa, l3, online: true, allowed: true, ..Cpu::default() }
    }
}

/// The place of `set` among those seen so far.
fn number(seen: &mut Vec<CpuSet>, set: &CpuSet) -> u32 {
    let at = seen.iter().position(|known| known == set).unwrap_or_else(|| {
        seen.push(set.clone());
        seen.len() - 1
    });
    u32::try_from(at).unwrap_or(u32::MAX)
}
