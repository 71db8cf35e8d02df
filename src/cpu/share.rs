//! `cpu_scarce = "share"`: a slice wrapped around over the slots there are.

use super::slots::by_thread;
use super::taken::Taken;
use super::{Core, CpuSet, GroupPlacement, Warning};
use crate::model::SliceRequest;
use std::collections::BTreeMap;

/// CPUs of every container of a slice, wrapped around over `pool`, which is not empty.
pub(crate) fn share(pool: &[Core], request: &SliceRequest) -> Vec<Vec<u32>> {
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

/// The slots after `skip` that may be shared, free ones first, and how many those are; of all slots
/// when there is none after `skip`. `None` = others have every slot for themselves.
pub(crate) fn pool(slots: &[Core], skip: u32, taken: &Taken<'_>) -> Option<(Vec<Core>, usize)> {
    let rest = usize::try_from(skip).ok().and_then(|skip| slots.get(skip..));
    [rest.unwrap_or_default(), slots].into_iter().find_map(|slots| {
        let others = |core: &Core| taken.others((core.socket, core.core));
        let (mut pool, shared): (Vec<Core>, Vec<Core>) = slots
            .iter()
            .filter(|core| others(core).iter().all(|claim| claim.shared))
            .cloned()
            .partition(|core| others(core).is_empty());
        let free = pool.len();
        pool.extend(shared);
        (!pool.is_empty()).then_some((pool, free))
    })
}

/// Who shares which CPUs, one warning per set of containers. `scarce` says which groups may.
pub(crate) fn sharers(
    groups: &[Option<GroupPlacement>],
    scarce: impl Fn(usize) -> bool,
) -> Vec<Warning> {
    let mut users: BTreeMap<u32, Vec<(usize, usize)>> = BTreeMap::new();
    for (at, group) in groups.iter().enumerate().filter(|(at, _)| scarce(*at)) {
        let Some(group) = group else { continue };
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
    let name = |(at, ordinal): &(usize, usize)| {
        let group = groups[*at].as_ref().map_or("", |placed| &placed.group);
        format!("{group}{}", ordinal + 1)
    };
    sharing
        .into_iter()
        .map(|(users, cpus)| Warning::Shared { cpus, containers: users.iter().map(name).collect() })
        .collect()
}
