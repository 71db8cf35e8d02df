//! Why a group cannot be placed: asked, free, help, in cores.

use super::place::{Attempt, GroupRequest, Site};
use super::suggest::Trials;
use super::taken::{CoreKey, Taken};
use super::{Core, CpuSet, GroupPlacement, Machine, Refusal};
use crate::model::PlacementMode;
use std::collections::{BTreeMap, BTreeSet};

/// The cores of a node that placed groups have.
pub(crate) struct Occupied {
    /// Indices of the groups that have a core.
    pub(crate) users: BTreeMap<CoreKey, BTreeSet<usize>>,
}

impl Occupied {
    pub(crate) fn by(machine: &Machine, groups: &[Option<GroupPlacement>]) -> Self {
        let mut users: BTreeMap<CoreKey, BTreeSet<usize>> = BTreeMap::new();
        for (at, group) in groups.iter().enumerate() {
            let mut last: &[u32] = &[];
            for container in group.iter().flat_map(|group| &group.containers) {
                // Containers that share are on the same CPUs.
                if container.cpus == last {
                    continue;
                }
                last = &container.cpus;
                for cpu in last.iter().filter_map(|cpu| machine.cpu(*cpu)) {
                    users.entry((cpu.socket, cpu.core)).or_default().insert(at);
                }
            }
        }
        Self { users }
    }
}

/// The refusal of every group that failed.
pub(crate) fn explain(
    site: &Site<'_>,
    requests: &[GroupRequest<'_>],
    attempt: &Attempt,
) -> Vec<Refusal> {
    let taken = Taken::new(site.machine, requests, site.claims);
    let free = Free { site, occupied: Occupied::by(site.machine, &attempt.groups), taken: &taken };
    let mut refusals = Vec::new();
    for failures in attempt.failures.chunk_by(|one, other| one.at == other.at) {
        let first = &failures[0];
        let trials = Trials::new(site, requests, attempt, first, &free);
        let suggestions = trials.suggestions();
        let help = if let Some(help) = trials.without_orphans(&taken) {
            help
        } else if !suggestions.is_empty() {
            let words: Vec<_> = suggestions.iter().map(ToString::to_string).collect();
            words.join(", or ").replacen(&words[0], &format!("{} fits", words[0]), 1)
        } else if site.all_slots().is_empty() {
            "bring CPUs online, or let this login use some (its cgroup's cpuset)".to_owned()
        } else {
            "not one container of this group fits beside the others: end or change those, or use \
             another machine"
                .to_owned()
        };
        let reasons: Vec<_> = failures.iter().map(|failure| failure.reason.as_str()).collect();
        refusals.push(Refusal {
            group: requests[first.at].group.to_owned(),
            reason: reasons.join("; "),
            free: free.text(),
            help,
            suggestions,
        });
    }
    refusals
}

/// What neither the system nor anybody else has.
pub(crate) struct Free<'a> {
    site: &'a Site<'a>,
    occupied: Occupied,
    taken: &'a Taken<'a>,
}

impl Free<'_> {
    /// Free slots of a NUMA node.
    pub(crate) fn slots(&self, numa: u32) -> CpuSet {
        let system = usize::try_from(self.site.system_cpus).unwrap_or(usize::MAX);
        let free = |core: &Core| {
            let core = (core.socket, core.core);
            !self.occupied.users.contains_key(&core) && self.taken.others(core).is_empty()
        };
        let slots = (0..).zip(self.site.slots(numa)).skip(system);
        slots.filter(|(_, core)| free(core)).map(|(slot, _)| slot).collect()
    }

    fn text(&self) -> String {
        let of_node = |(numa, slots): (&u32, &Vec<Core>)| {
            let free = self.slots(*numa);
            let (cores, all) = (free.0.len(), slots.len());
            if cores == 0 {
                return format!("none of {all} cores of NUMA node {numa}");
            }
            let text = format!("{cores} of {all} cores of NUMA node {numa}");
            if self.site.mode == PlacementMode::Auto {
                return text;
            }
            format!("{text} ({} {free})", if cores == 1 { "slot" } else { "slots" })
        };
        let nodes: Vec<_> = self.site.all_slots().iter().map(of_node).collect();
        if nodes.is_empty() {
            return "no CPU of this machine may be used".to_owned();
        }
        format!("free: {}", nodes.join(", "))
    }
}
