//! Why a group cannot be placed: asked, free, help, in cores.

use super::place::GroupRequest;
use super::slots::SlotsError;
use super::{Core, CpuSet, Machine, Refusal};
use crate::model::CpuRequest;
use std::collections::{BTreeMap, BTreeSet};

/// The cores of a node that groups have, and the rest.
pub(crate) struct Occupied<'a> {
    machine: &'a Machine,
    system_cpus: usize,
    /// Indices of the groups that have a core, by (socket, core id).
    pub(crate) users: BTreeMap<(u32, u32), BTreeSet<usize>>,
}

impl<'a> Occupied<'a> {
    pub(crate) fn new(machine: &'a Machine, system_cpus: u32) -> Self {
        let system_cpus = usize::try_from(system_cpus).unwrap_or(usize::MAX);
        Self { machine, system_cpus, users: BTreeMap::new() }
    }

    /// Notes that group `at` has `cpus`.
    pub(crate) fn take(&mut self, at: usize, cpus: &[u32]) {
        for cpu in cpus.iter().filter_map(|cpu| self.machine.cpu(*cpu)) {
            self.users.entry((cpu.socket, cpu.core)).or_default().insert(at);
        }
    }

    /// Slots of a NUMA node that neither the system nor a group other than `except` has.
    fn free(&self, numa: u32, except: usize) -> CpuSet {
        let slots = self.machine.slots(numa);
        let taken = |core: &Core| {
            let users = self.users.get(&(core.socket, core.core));
            users.is_some_and(|users| users.iter().any(|user| *user != except))
        };
        let free = slots.iter().enumerate().skip(self.system_cpus).filter(|(_, core)| !taken(core));
        free.filter_map(|(slot, _)| u32::try_from(slot).ok()).collect()
    }

    fn free_text(&self, except: usize) -> String {
        let of_node = |numa: u32| {
            let free = self.free(numa, except);
            let all = self.machine.slots(numa).len();
            let cores = free.0.len();
            if cores == 0 {
                return format!("none of {all} cores of NUMA node {numa}");
            }
            let word = if cores == 1 { "slot" } else { "slots" };
            format!("{cores} of {all} cores of NUMA node {numa} ({word} {free})")
        };
        let nodes: Vec<_> = self.machine.numa_nodes().0.into_iter().map(of_node).collect();
        if nodes.is_empty() {
            return "no CPU of this machine may be used".to_owned();
        }
        format!("free: {}", nodes.join(", "))
    }

    /// The first slot of a run of `length` free slots.
    fn run(&self, numa: u32, except: usize, length: u64) -> Option<u32> {
        let free = self.free(numa, except).0;
        let length = u32::try_from(length).ok()?;
        free.iter().copied().find(|first| {
            first
                .checked_add(length)
                .is_some_and(|end| (*first..end).all(|slot| free.contains(&slot)))
        })
    }

    /// Another place on this machine where a run of `length` slots is free.
    fn elsewhere(&self, numa: u32, except: usize, length: u64) -> Option<String> {
        let length = length.max(1);
        if let Some(skip) = self.run(numa, except, length) {
            return Some(format!("`cpu_skip = {skip}`"));
        }
        let others = self.machine.numa_nodes().0.into_iter().filter(|other| *other != numa);
        others.into_iter().find_map(|other| {
            let skip = self.run(other, except, length)?;
            Some(format!("`cpuset_mems = {other}` with `cpu_skip = {skip}`"))
        })
    }
}

/// Cores a request asks for on its NUMA node, after those it skips.
pub(crate) fn wanted(cpu: &CpuRequest) -> u64 {
    match cpu {
        CpuRequest::Slice(slice) => {
            let containers = if slice.cpu_shared { 1 } else { slice.count };
            u64::from(slice.cpu_count) * u64::from(containers)
        }
        CpuRequest::Chain(chain) => {
            let all = u64::from(chain.nf_chains) * u64::from(chain.nf_nodes);
            let per = |ratio: u32| all.div_ceil(u64::from(ratio.max(1)));
            per(chain.nf_mtcr) + per(chain.nf_dtcr) * u64::from(chain.nf_dtc.unwrap_or(1))
        }
    }
}

/// A question that has no sound answer.
pub(crate) fn refuse(
    at: usize,
    request: &GroupRequest<'_>,
    numa: u32,
    reason: &str,
    error: Option<&SlotsError>,
    occupied: &Occupied<'_>,
) -> Refusal {
    let help = match error {
        Some(SlotsError::NoSmt | SlotsError::NoSibling { .. }) => {
            "`smt_used = false` takes one thread per core".to_owned()
        }
        Some(SlotsError::HalfWithoutSmt) => "`nf_dtc = 1` takes whole cores".to_owned(),
        Some(SlotsError::NoDataPlane) => {
            "`nf_dtc = 1` gives each NF a core, `nf_dtc = 0.5` one thread".to_owned()
        }
        Some(SlotsError::NoCpus) => {
            format!("NUMA nodes with CPUs: {}", occupied.machine.numa_nodes())
        }
        Some(SlotsError::Range(_)) => "chains, NFs and ratios count from 1".to_owned(),
        _ => less_or_elsewhere(at, request.cpu, numa, occupied),
    };
    let of_node = if error.is_some() { "" } else { ":" };
    Refusal {
        group: request.group.to_owned(),
        reason: format!("NUMA node {numa}{of_node} {reason}"),
        free: occupied.free_text(at),
        help,
    }
}

/// Two groups that want the same cores.
pub(crate) fn refuse_overlap(
    at: usize,
    request: &GroupRequest<'_>,
    numa: u32,
    other: &str,
    cores: &CpuSet,
    occupied: &Occupied<'_>,
) -> Refusal {
    let word = if cores.0.len() == 1 { "slot" } else { "slots" };
    Refusal {
        group: request.group.to_owned(),
        reason: format!("`{other}` has {word} {cores} of NUMA node {numa} too"),
        free: occupied.free_text(at),
        help: less_or_elsewhere(at, request.cpu, numa, occupied),
    }
}

fn less_or_elsewhere(at: usize, cpu: &CpuRequest, numa: u32, occupied: &Occupied<'_>) -> String {
    let CpuRequest::Slice(slice) = cpu else {
        return "fewer chains or NFs, a smaller `nf_dtc`, higher `nf_mtcr` or `nf_dtcr`, or another \
                NUMA node (`cpuset_mems`)"
            .to_owned();
    };
    if let Some(place) = occupied.elsewhere(numa, at, wanted(cpu)) {
        return format!("{place} has room");
    }
    let free = occupied.free(numa, at).0.len() as u64;
    let containers = if slice.cpu_shared { 1 } else { u64::from(slice.count.max(1)) };
    let fits = free / containers;
    let smaller = match (fits, u64::from(slice.cpu_count)) {
        (1.., count) if count > fits => format!("`cpu_count = {fits}` fits, or "),
        (_, count @ 1..) if free >= count => format!("`count = {}` fits, or ", free / count),
        _ => String::new(),
    };
    format!("{smaller}`cpu_scarce = \"share\"` shares what there is, with a warning")
}
