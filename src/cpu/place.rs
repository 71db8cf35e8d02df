//! Placement of all groups of one node: the only entry point the layers above need.
//!
//! A group's CPUs depend on its own request and the machine only, never on the order of the
//! groups; groups are then held against each other.

use super::explain::{Occupied, refuse, refuse_overlap};
use super::group::{GroupSite, Unplaced};
use super::share::sharers;
use super::{
    Claim, Core, CpuSet, GroupPlacement, Machine, NodePlacement, Pinned, Refusal, Warning,
};
use crate::model::{CpuRequest, NumaPolicy, PlacementMode, Scarce};
use std::collections::{BTreeMap, BTreeSet};

/// What one group asks of the node.
#[derive(Debug, Clone, Copy)]
pub struct GroupRequest<'a> {
    /// Name of the group.
    pub group: &'a str,
    /// Containers and CPUs.
    pub cpu: &'a CpuRequest,
    /// NUMA node, from `cpuset_mems` or the interfaces; `None` = the first with usable CPUs.
    pub numa: Option<u32>,
    /// What `auto` does where that NUMA node is full.
    pub numa_policy: NumaPolicy,
}

/// Places all groups of one node, of which `system_cpus` slots per NUMA node are the system's.
///
/// # Errors
/// Every group that cannot be placed, or that wants what another one has, with the reason.
pub fn place(
    mode: PlacementMode,
    machine: &Machine,
    system_cpus: u32,
    requests: &[GroupRequest<'_>],
    claims: &[Claim],
) -> Result<NodePlacement, Vec<Refusal>> {
    let _ = claims;
    let mut site =
        Site { mode, machine, system_cpus, slots: BTreeMap::new(), warnings: Vec::new() };
    let mut occupied = Occupied::new(machine, system_cpus);
    let mut groups = Vec::new();
    let mut failed = Vec::new();
    for (at, request) in requests.iter().enumerate() {
        let numa = request.numa.or_else(|| machine.numa_nodes().0.first().copied()).unwrap_or(0);
        match site.group(request, numa) {
            Ok(answers) => {
                for cpus in &answers {
                    occupied.take(at, cpus);
                }
                groups.push(site.pinned(request.group, numa, answers));
            }
            Err(unplaced) => failed.push((at, numa, unplaced)),
        }
    }
    let mut refusals: Vec<Refusal> = failed
        .iter()
        .map(|(at, numa, unplaced)| {
            refuse(*at, &requests[*at], *numa, &unplaced.reason, unplaced.error.as_ref(), &occupied)
        })
        .collect();
    if refusals.is_empty() {
        refusals = site.hold_against_each_other(requests, &groups, &occupied);
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let may_share: Vec<bool> = requests.iter().map(|request| shares(request.cpu)).collect();
    site.warnings.extend(sharers(&groups, &may_share));
    Ok(NodePlacement { groups, warnings: site.warnings })
}

struct Site<'a> {
    mode: PlacementMode,
    machine: &'a Machine,
    system_cpus: u32,
    slots: BTreeMap<u32, Vec<Core>>,
    warnings: Vec<Warning>,
}

impl Site<'_> {
    /// CPUs of every container of a group.
    fn group(&mut self, request: &GroupRequest<'_>, numa: u32) -> Result<Vec<Vec<u32>>, Unplaced> {
        let (mode, machine, system_cpus) = (self.mode, self.machine, self.system_cpus);
        let slots = self.slots(numa);
        let site = GroupSite { mode, machine, system_cpus, numa, slots, group: request.group };
        let answer = match request.cpu {
            CpuRequest::Slice(slice) => site.slice(slice)?,
            CpuRequest::Chain(chain) => site.chain(chain)?,
        };
        self.warnings.extend(answer.warnings);
        Ok(answer.containers)
    }

    fn slots(&mut self, numa: u32) -> &[Core] {
        self.slots.entry(numa).or_insert_with(|| self.machine.slots(numa))
    }

    fn pinned(&mut self, group: &str, numa: u32, answers: Vec<Vec<u32>>) -> GroupPlacement {
        let mems = self.machine.memory_node(numa);
        if mems != numa {
            self.warnings.push(Warning::Memory { group: group.to_owned(), numa, mems });
        }
        let containers =
            answers.into_iter().map(|cpus| Pinned { cpus, mems: vec![mems] }).collect();
        GroupPlacement { group: group.to_owned(), numa, containers }
    }

    /// Refuses (in `csit` mode: warns of) cores that two groups have without asking for it.
    fn hold_against_each_other(
        &mut self,
        requests: &[GroupRequest<'_>],
        groups: &[GroupPlacement],
        occupied: &Occupied<'_>,
    ) -> Vec<Refusal> {
        let mut pairs: BTreeMap<(usize, usize), BTreeSet<(u32, u32)>> = BTreeMap::new();
        for (core, users) in occupied.users.iter().filter(|(_, users)| users.len() > 1) {
            for one in users {
                for other in users.range(one + 1..) {
                    pairs.entry((*one, *other)).or_default().insert(*core);
                }
            }
        }
        let mut refusals = Vec::new();
        for ((one, other), cores) in pairs {
            let both = [one, other].map(|at| requests[at].cpu);
            if both.into_iter().any(is_shared) || both.into_iter().all(shares) {
                continue;
            }
            if self.mode == PlacementMode::Csit {
                let [mine, theirs] = [one, other].map(|at| cpus_of(&groups[at]));
                let cpus = CpuSet(mine.0.intersection(&theirs.0).copied().collect());
                if !cpus.0.is_empty() {
                    let groups = [one, other].map(|at| groups[at].group.clone());
                    self.warnings.push(Warning::Overlap { groups, cpus });
                }
                continue;
            }
            let numa = groups[other].numa;
            let is_one = |slot: &&(u32, &Core)| cores.contains(&(slot.1.socket, slot.1.core));
            let slots: Vec<_> = (0..).zip(self.slots(numa)).collect();
            let slots: CpuSet = slots.iter().filter(is_one).map(|(slot, _)| *slot).collect();
            let first = requests[one].group;
            refusals.push(refuse_overlap(other, &requests[other], numa, first, &slots, occupied));
        }
        refusals
    }
}

fn shares(cpu: &CpuRequest) -> bool {
    matches!(cpu, CpuRequest::Slice(slice) if slice.cpu_scarce == Scarce::Share)
}

fn is_shared(cpu: &CpuRequest) -> bool {
    matches!(cpu, CpuRequest::Slice(slice) if slice.cpu_shared)
}

fn cpus_of(group: &GroupPlacement) -> CpuSet {
    group.containers.iter().flat_map(|container| container.cpus.iter().copied()).collect()
}
