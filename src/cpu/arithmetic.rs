//! `slots` and `csit` mode: every group by its own arithmetic, then groups held against each other.
//!
//! A group's CPUs depend on its own request, the machine and what others have there, never on the
//! order of the groups.

use super::explain::Occupied;
use super::group::{GroupSite, Unplaced};
use super::place::{Attempt, Failure, GroupRequest, Site};
use super::taken::{CoreKey, Taken};
use super::{Core, CpuSet, GroupPlacement, Warning};
use crate::model::{CpuRequest, PlacementMode, Scarce};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn place(site: &Site<'_>, requests: &[GroupRequest<'_>], taken: &Taken<'_>) -> Attempt {
    let mut attempt = Attempt::default();
    for (at, request) in requests.iter().enumerate() {
        let numa = request.numa.unwrap_or_else(|| site.first_numa());
        let slots = site.slots(numa);
        let group = request.group;
        let of_group = GroupSite { site, taken, at, numa, slots, group };
        let answer = match request.cpu {
            CpuRequest::Slice(slice) => of_group.slice(slice),
            CpuRequest::Chain(chain) => of_group.chain(chain),
        };
        let placed = match answer {
            Ok(answer) => {
                attempt.warnings.extend(answer.warnings);
                let containers = answer.containers.into_iter().map(|cpus| (cpus, numa)).collect();
                Some(site.pinned(group, numa, containers, &mut attempt.warnings))
            }
            Err(Unplaced::Taken(failure)) => {
                attempt.failures.push(failure);
                None
            }
            Err(Unplaced::Unanswered { reason, error }) => {
                let of_node = if error.is_some() { "" } else { ":" };
                let reason = format!("NUMA node {numa}{of_node} {reason}");
                attempt.failures.push(Failure { at, numa, reason, error });
                None
            }
        };
        attempt.groups.push(placed);
    }
    hold_against_each_other(site, requests, &mut attempt);
    attempt
}

/// Fails (in `csit` mode: warns of) groups on cores that an earlier one has without either asking
/// for it.
fn hold_against_each_other(site: &Site<'_>, requests: &[GroupRequest<'_>], attempt: &mut Attempt) {
    let occupied = Occupied::by(site.machine, &attempt.groups);
    let mut pairs: BTreeMap<(usize, usize), BTreeSet<CoreKey>> = BTreeMap::new();
    for (core, users) in occupied.users.iter().filter(|(_, users)| users.len() > 1) {
        for one in users {
            for other in users.range(one + 1..) {
                pairs.entry((*one, *other)).or_default().insert(*core);
            }
        }
    }
    for ((one, other), cores) in pairs {
        let both = [one, other].map(|at| requests[at].cpu);
        if both.into_iter().any(is_shared) || both.into_iter().all(is_scarce) {
            continue;
        }
        let (Some(first), Some(second)) = (&attempt.groups[one], &attempt.groups[other]) else {
            continue;
        };
        if site.mode == PlacementMode::Csit {
            let [mine, theirs] = [first, second].map(cpus_of);
            let cpus = CpuSet(mine.0.intersection(&theirs.0).copied().collect());
            if !cpus.0.is_empty() {
                let groups = [first, second].map(|placed| placed.group.clone());
                attempt.warnings.push(Warning::Overlap { groups, cpus });
            }
            continue;
        }
        let numa = second.numa;
        let slots = (0..).zip(site.slots(numa));
        let common = |slot: &(u32, &Core)| cores.contains(&(slot.1.socket, slot.1.core));
        let slots: CpuSet = slots.filter(common).map(|(slot, _)| slot).collect();
        let word = if slots.0.len() == 1 { "slot" } else { "slots" };
        let first = requests[one].group;
        let reason = format!("`{first}` has {word} {slots} of NUMA node {numa} too");
        attempt.failures.push(Failure { at: other, numa, reason, error: None });
    }
    // Every pair was compared; only now do the groups that lost leave.
    for failure in &attempt.failures {
        attempt.groups[failure.at] = None;
    }
}

fn is_scarce(cpu: &CpuRequest) -> bool {
    matches!(cpu, CpuRequest::Slice(slice) if slice.cpu_scarce == Scarce::Share)
}

fn is_shared(cpu: &CpuRequest) -> bool {
    matches!(cpu, CpuRequest::Slice(slice) if slice.cpu_shared)
}

fn cpus_of(group: &GroupPlacement) -> CpuSet {
    group.containers.iter().flat_map(|container| container.cpus.iter().copied()).collect()
}
