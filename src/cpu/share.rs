//! `cpu_scarce = "share"`: a slice wrapped around over the slots there are.

use super::slots::by_thread;
use super::{Core, CpuSet, GroupPlacement, Warning};
use crate::model::SliceRequest;
use std::collections::BTreeMap;

/// CPUs of every container of a slice that is larger than the NUMA node. Slots are those after
/// `skip`, or all of them when none is left after it. `slots` is not empty.
pub(crate) fn share(slots: &[Core], request: &SliceRequest, skip: u32) -> Vec<Vec<u32>> {
    let pool = pool(slots, skip);
    let width = match request.cpu_count {
        0 => pool.len(),
        count => pool.len().min(usize::try_from(count).unwrap_or(usize::MAX)),
    };
    let of_one = |container: u32| {
        let turn = if request.cpu_shared { 0 } else { u64::from(container) };
        let first = turn * u64::from(request.cpu_count) % pool.len() as u64;
        let chosen: Vec<Core> = pool
            .iter()
            .cycle()
            .skip(usize::try_from(first).expect("less than the number of slots"))
            .take(width)
            .cloned()
            .collect();
        by_thread(&chosen, request.smt_used)
    };
    (0..request.count).map(of_one).collect()
}

fn pool(slots: &[Core], skip: u32) -> &[Core] {
    let rest = usize::try_from(skip).ok().and_then(|skip| slots.get(skip..));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(slots)
}

/// Who shares which CPUs, one warning per set of containers. `scarce` says which groups may.
pub(crate) fn sharers(groups: &[GroupPlacement], scarce: &[bool]) -> Vec<Warning> {
    let mut users: BTreeMap<u32, Vec<(usize, usize)>> = BTreeMap::new();
    for (at, group) in groups.iter().enumerate().filter(|(at, _)| scarce[*at]) {
        for (ordinal, container) in group.containers.iter().enumerate() {
            for cpu in &container.cpus {
                users.entry(*cpu).or_default().push((at, ordinal));
            }
        }
    }
    let mut sharing: BTreeMap<Vec<(usize, usize)>, CpuSet> = BTreeMap::new();
    for (cpu, users) in users.into_iter().filter(|(_, users)| users.len() > 1) {
        sharing.entry(users).or_default().0.insert(cpu);
    }
    let name = |(at, ordinal): &(usize, usize)| format!("{}{}", groups[*at].group, ordinal + 1);
    sharing
        .into_iter()
        .map(|(users, cpus)| Warning::Shared { cpus, containers: users.iter().map(name).collect() })
        .collect()
}
