//! Who has each CPU of a machine: data for people and programs. It must not draw.

use super::{Claim, Cpu, Holder, Machine};
use std::collections::BTreeMap;

/// What a CPU is to placement. The words are those of the JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CpuState {
    /// In a slot that is kept for the system, and nobody's.
    System,
    /// A container of ours has it, of whichever topology.
    Container,
    /// Something else has it.
    Foreign,
    /// Free, and left alone by the scheduler.
    Isolated,
    /// Free.
    Free,
    /// The kernel does not run it.
    Offline,
    /// This machine does not let us use it.
    Forbidden,
}

impl CpuState {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Container => "container",
            Self::Foreign => "foreign",
            Self::Isolated => "isolated",
            Self::Free => "free",
            Self::Offline => "offline",
            Self::Forbidden => "forbidden",
        }
    }
}

/// One CPU with its place and its owners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedCpu {
    /// The CPU.
    pub cpu: Cpu,
    /// Slot of its core on its NUMA node; `None` when no CPU of the core may be used.
    pub slot: Option<u32>,
    /// Its place among the CPUs of its core, by number, from 0.
    pub thread: u32,
    /// What it is to placement.
    pub state: CpuState,
    /// Indices in [`CpuMap::owners`].
    pub owners: Vec<usize>,
}

/// Somebody who has CPUs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CpuOwner {
    /// Who, for people.
    pub name: String,
    /// Whether it is nothing of ours.
    pub is_foreign: bool,
}

/// Every CPU of a machine, by number, and everybody who has some.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CpuMap {
    /// All CPUs, ascending.
    pub cpus: Vec<MappedCpu>,
    /// Owners, in the order of the claims.
    pub owners: Vec<CpuOwner>,
    /// NUMA nodes without memory, and where a container there has its memory from.
    pub memory_from: BTreeMap<u32, u32>,
}

impl CpuMap {
    /// The map of a machine of which `system_cpus` slots per NUMA node are the system's; `name`
    /// says who a holder is.
    pub fn new(
        machine: &Machine,
        system_cpus: u32,
        claims: &[Claim],
        name: &dyn Fn(&Holder) -> String,
    ) -> Self {
        let owner = |claim: &Claim| CpuOwner {
            name: name(&claim.holder),
            is_foreign: matches!(claim.holder, Holder::Foreign { .. }),
        };
        let owners: Vec<CpuOwner> = claims.iter().map(owner).collect();
        let mut slots: BTreeMap<u32, u32> = BTreeMap::new();
        for numa in machine.numa_nodes().0 {
            for (slot, core) in (0..).zip(machine.slots(numa)) {
                slots.extend(core.cpus.into_iter().map(|cpu| (cpu, slot)));
            }
        }
        let mut core_slots: BTreeMap<(u32, u32, u32), u32> = BTreeMap::new();
        for cpu in machine.cpus() {
            core_slots.extend(slots.get(&cpu.id).map(|slot| (place(cpu), *slot)));
        }
        let mut threads: BTreeMap<(u32, u32, u32), u32> = BTreeMap::new();
        let mut mapped = |cpu: &Cpu| {
            let thread = threads.entry(place(cpu)).or_default();
            *thread += 1;
            let has = |(_, claim): &(usize, &Claim)| claim.cpus.0.contains(&cpu.id);
            let had = claims.iter().enumerate().filter(has).map(|(at, _)| at).collect::<Vec<_>>();
            let slot = core_slots.get(&place(cpu)).copied();
            let state = if !cpu.online {
                CpuState::Offline
            } else if had.iter().any(|at| !owners[*at].is_foreign) {
                CpuState::Container
            } else if !had.is_empty() {
                CpuState::Foreign
            } else if !cpu.allowed {
                CpuState::Forbidden
            } else if slot.is_some_and(|slot| slot < system_cpus) {
                CpuState::System
            } else if cpu.isolated {
                CpuState::Isolated
            } else {
                CpuState::Free
            };
            MappedCpu { cpu: cpu.clone(), slot, thread: *thread - 1, state, owners: had }
        };
        let cpus = machine.cpus().map(&mut mapped).collect();
        let numa = machine.numa_nodes().0.into_iter();
        let memory = numa.map(|numa| (numa, machine.memory_node(numa)));
        let memory_from = memory.filter(|(numa, from)| numa != from).collect();
        Self { cpus, owners, memory_from }
    }
}

/// Where a CPU's core is. A core lies on one NUMA node; the number says so where a saved text
/// tells otherwise.
fn place(cpu: &Cpu) -> (u32, u32, u32) {
    (cpu.numa, cpu.socket, cpu.core)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::CpuSet;

    fn words(map: &CpuMap) -> Vec<String> {
        let word = |cpu: &MappedCpu| {
            let slot = cpu.slot.map_or("-".to_owned(), |slot| slot.to_string());
            format!("{}:{slot}.{} {}", cpu.cpu.id, cpu.thread, cpu.state.word())
        };
        map.cpus.iter().map(word).collect()
    }

    #[test]
    fn a_cpu_belongs_to_the_first_that_applies() {
        let text = "# CPU,Core,Socket,Node,Online\n0,0,0,0,Y\n1,1,0,0,Y\n2,2,0,0,Y\n3,3,0,0,N\n\
                    4,0,0,0,Y\n5,1,0,0,Y\n6,2,0,0,Y\n7,3,0,0,Y\n";
        let read = Machine::from_lscpu(text).unwrap();
        let cpus = read.cpus().map(|cpu| Cpu {
            isolated: cpu.id == 6,
            allowed: cpu.id != 7,
            ..cpu.clone()
        });
        let machine = Machine::new(cpus, Vec::new());
        let set = |cpus: &str| cpus.parse::<CpuSet>().unwrap();
        let foreign = Holder::Foreign { what: "docker container web".into() };
        let ours = Holder::Topology { topology: "pair".into(), container: "DUT1_NF1".into() };
        let claims = [
            Claim { holder: foreign, cpus: set("1-2,3"), shared: false },
            Claim { holder: ours, cpus: set("1"), shared: false },
        ];
        let map = CpuMap::new(&machine, 1, &claims, &|holder| holder.to_string());
        assert_eq!(
            words(&map),
            [
                "0:0.0 system",
                "1:1.0 container",
                "2:2.0 foreign",
                "3:-.0 offline",
                "4:0.1 system",
                "5:1.1 free",
                "6:2.1 isolated",
                "7:-.1 forbidden"
            ]
        );
        assert_eq!(map.cpus[1].owners, [0, 1]);
        assert_eq!(map.owners[1].name, "`DUT1_NF1` of topology `pair`");
    }
}
