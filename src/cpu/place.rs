//! Placement of all groups of one node: the only entry point the layers above need.
//!
//! An attempt places what it can and says what failed; only then is a refusal explained, by further
//! attempts with changed requests.

use super::explain::explain;
use super::share::sharers;
use super::slots::SlotsError;
use super::taken::Taken;
use super::{
    Claim, Core, GroupPlacement, Machine, NodePlacement, Pinned, Refusal, Warning, arithmetic, auto,
};
use crate::model::{CpuRequest, NumaPolicy, PlacementMode};
use std::collections::BTreeMap;

/// What one group asks of the node.
#[derive(Debug, Clone, Copy)]
pub struct GroupRequest<'a> {
    /// Name of the group.
    pub group: &'a str,
    /// Containers and CPUs.
    pub cpu: &'a CpuRequest,
    /// NUMA node, from `cpuset_mems` or the interfaces; `None` = the first with usable CPUs, in
    /// `auto` mode the first with room.
    pub numa: Option<u32>,
    /// What `auto` does where that NUMA node is full.
    pub numa_policy: NumaPolicy,
}

/// Places all groups of one node, of which `system_cpus` slots per NUMA node are the system's.
/// Nobody gets a core that one of `claims` has, unless both share; in `auto` mode containers that
/// exist keep what they have.
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
    let site = Site::new(mode, machine, system_cpus, claims);
    let attempt = site.attempt(requests);
    if attempt.failures.is_empty() {
        let groups = attempt.groups.into_iter().flatten().collect();
        return Ok(NodePlacement { groups, warnings: attempt.warnings });
    }
    Err(explain(&site, requests, &attempt))
}

/// Where groups are placed.
pub(crate) struct Site<'a> {
    pub(crate) mode: PlacementMode,
    pub(crate) machine: &'a Machine,
    /// Slots of each NUMA node kept for the system.
    pub(crate) system_cpus: u32,
    pub(crate) claims: &'a [Claim],
    slots: BTreeMap<u32, Vec<Core>>,
}

/// What came of placing all groups.
#[derive(Default)]
pub(crate) struct Attempt {
    /// By request; `None` = failed.
    pub(crate) groups: Vec<Option<GroupPlacement>>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) failures: Vec<Failure>,
}

/// A group that cannot be placed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Index of the request.
    pub(crate) at: usize,
    /// NUMA node it was tried on.
    pub(crate) numa: u32,
    /// What was asked and why it cannot be.
    pub(crate) reason: String,
    /// What the arithmetic of slots says about it.
    pub(crate) error: Option<SlotsError>,
}

impl<'a> Site<'a> {
    fn new(
        mode: PlacementMode,
        machine: &'a Machine,
        system_cpus: u32,
        claims: &'a [Claim],
    ) -> Self {
        let numa_nodes = machine.numa_nodes().0.into_iter();
        let slots = numa_nodes.map(|numa| (numa, machine.slots(numa))).collect();
        Self { mode, machine, system_cpus, claims, slots }
    }

    /// The same with other claims.
    pub(crate) fn with_claims<'c>(&'c self, claims: &'c [Claim]) -> Site<'c> {
        let Self { mode, machine, system_cpus, ref slots, .. } = *self;
        Site { mode, machine, system_cpus, claims, slots: slots.clone() }
    }

    /// NUMA nodes with usable CPUs and their slots.
    pub(crate) fn all_slots(&self) -> &BTreeMap<u32, Vec<Core>> {
        &self.slots
    }

    pub(crate) fn slots(&self, numa: u32) -> &[Core] {
        self.slots.get(&numa).map(Vec::as_slice).unwrap_or_default()
    }

    /// The first NUMA node with usable CPUs.
    pub(crate) fn first_numa(&self) -> u32 {
        self.slots.keys().next().copied().unwrap_or(0)
    }

    /// Places what can be placed.
    pub(crate) fn attempt(&self, requests: &[GroupRequest<'_>]) -> Attempt {
        let taken = Taken::new(self.machine, requests, self.claims);
        let mut attempt = match self.mode {
            PlacementMode::Auto => auto::place(self, requests, &taken),
            PlacementMode::Slots | PlacementMode::Csit => arithmetic::place(self, requests, &taken),
        };
        for (at, request) in requests.iter().enumerate() {
            let Some(placed) = &attempt.groups[at] else { continue };
            let (failure, warnings) = taken.hold_against(at, request, placed);
            attempt.warnings.extend(warnings);
            if let Some(failure) = failure {
                attempt.failures.push(failure);
                attempt.groups[at] = None;
            }
        }
        let may_share = |at: usize| match requests[at].cpu {
            CpuRequest::Slice(slice) => slice.cpu_scarce == crate::model::Scarce::Share,
            CpuRequest::Chain(_) => false,
        };
        attempt.warnings.extend(sharers(&attempt.groups, may_share));
        attempt.failures.sort_by_key(|failure| failure.at);
        attempt
    }

    /// A group's containers, bound to memory near their CPUs; each with its NUMA node.
    pub(crate) fn pinned(
        &self,
        group: &str,
        numa: u32,
        containers: Vec<(Vec<u32>, u32)>,
        warnings: &mut Vec<Warning>,
    ) -> GroupPlacement {
        let mut known: Option<(u32, u32)> = None;
        let mut pinned = Vec::with_capacity(containers.len());
        for (cpus, numa) in containers {
            let mems = match known {
                Some((node, mems)) if node == numa => mems,
                _ => self.machine.memory_node(numa),
            };
            let warning = Warning::Memory { group: group.to_owned(), numa, mems };
            if known != Some((numa, mems)) && mems != numa && !warnings.contains(&warning) {
                warnings.push(warning);
            }
            known = Some((numa, mems));
            pinned.push(Pinned { cpus, mems: vec![mems] });
        }
        GroupPlacement { group: group.to_owned(), numa, containers: pinned }
    }
}
