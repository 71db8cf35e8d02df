//! `auto` mode: whole free cores near the group's interfaces, without any counting of slots.
//!
//! First every container that exists keeps what it has, where that still answers its request. Then
//! groups in the order of the file get what is free, containers by ordinal; groups that take all
//! that is left come last. `cpu_skip` and `vs_dtc` say nothing here: a vswitch is a group of its own.

mod board;
mod chain;
mod notes;
mod slice;

use super::place::{Attempt, Failure, GroupRequest, Site};
use super::slots::SlotsError;
use super::taken::Taken;
use crate::model::{CpuRequest, NumaPolicy};
use board::Board;
use chain::Density;

/// Places all groups. Cores of containers that exist but will get other ones are left alone, if
/// that is possible at all: until those are created anew, they are still there.
pub(crate) fn place(site: &Site<'_>, requests: &[GroupRequest<'_>], taken: &Taken<'_>) -> Attempt {
    let attempt = Placer::new(site, requests, taken, true).place();
    if attempt.failures.is_empty() || taken.nothing_of_ours() {
        return attempt;
    }
    Placer::new(site, requests, taken, false).place()
}

/// What one container gets.
#[derive(Debug, Clone)]
struct Given {
    cpus: Vec<u32>,
    numa: u32,
}

/// A group on its way.
struct Draft {
    /// By ordinal - 1.
    containers: Vec<Option<Given>>,
    /// The cores of an NF density.
    density: Density,
}

/// Why a group does not fit.
struct Unfit {
    numa: u32,
    reason: String,
    error: Option<SlotsError>,
}

struct Placer<'a> {
    site: &'a Site<'a>,
    requests: &'a [GroupRequest<'a>],
    taken: &'a Taken<'a>,
    board: Board,
    drafts: Vec<Draft>,
    attempt: Attempt,
}

impl<'a> Placer<'a> {
    fn new(
        site: &'a Site<'a>,
        requests: &'a [GroupRequest<'a>],
        taken: &'a Taken<'a>,
        considerate: bool,
    ) -> Self {
        let draft = |request: &GroupRequest<'_>| {
            let containers = usize::try_from(request.cpu.containers()).unwrap_or(usize::MAX);
            Draft { containers: vec![None; containers], density: Density::default() }
        };
        Self {
            site,
            requests,
            taken,
            board: Board::new(site, requests, taken, considerate),
            drafts: requests.iter().map(draft).collect(),
            attempt: Attempt::default(),
        }
    }

    fn place(mut self) -> Attempt {
        for at in 0..self.requests.len() {
            self.keep(at, false);
        }
        let takes_the_rest = |at: &usize| match self.requests[*at].cpu {
            CpuRequest::Slice(slice) => slice.cpu_count == 0,
            CpuRequest::Chain(_) => false,
        };
        let (last, first): (Vec<usize>, Vec<usize>) =
            (0..self.requests.len()).partition(takes_the_rest);
        for at in first.into_iter().chain(last) {
            if let Err(Unfit { numa, reason, error }) = self.group(at) {
                self.attempt.failures.push(Failure { at, numa, reason, error });
                self.drafts[at].containers.clear();
            }
        }
        self.finish()
    }

    /// Lets the containers of a group keep what they have; `also_beside` others who came to their
    /// cores later.
    fn keep(&mut self, at: usize, also_beside: bool) {
        if self.taken.nothing_of_ours() {
            return;
        }
        match self.requests[at].cpu {
            CpuRequest::Slice(slice) => self.keep_slice(at, slice, also_beside),
            CpuRequest::Chain(chain) => self.keep_chain(at, chain, also_beside),
        }
    }

    /// Places what a group's containers do not have yet.
    fn group(&mut self, at: usize) -> Result<(), Unfit> {
        let fill = |placer: &mut Self| match placer.requests[at].cpu {
            CpuRequest::Slice(slice) => placer.slice(at, slice),
            CpuRequest::Chain(chain) => placer.chain(at, chain),
        };
        fill(self).or_else(|unfit| {
            let kept = self.missing(at).count();
            self.keep(at, true);
            if self.missing(at).count() == kept { Err(unfit) } else { fill(self) }
        })
    }

    /// Ordinals of the containers without CPUs.
    fn missing(&self, at: usize) -> impl Iterator<Item = u32> + '_ {
        let containers = (1..).zip(&self.drafts[at].containers);
        containers.filter(|(_, given)| given.is_none()).map(|(ordinal, _)| ordinal)
    }

    fn give(&mut self, at: usize, ordinal: u32, given: Given) {
        let place = usize::try_from(ordinal - 1).expect("an ordinal of the group");
        self.drafts[at].containers[place] = Some(given);
    }

    /// NUMA node that containers of the group are on already.
    fn home(&self, at: usize) -> Option<u32> {
        self.drafts[at].containers.iter().flatten().map(|given| given.numa).next()
    }

    /// Whether a container that exists may stay on a NUMA node.
    fn may_stay_on(&self, at: usize, numa: u32) -> bool {
        let request = &self.requests[at];
        request.numa_policy == NumaPolicy::Prefer
            || request.numa.or_else(|| self.home(at)).is_none_or(|home| home == numa)
    }

    /// NUMA nodes to try, one list after the other; the containers of a group go to the nodes of
    /// one list.
    fn nodes(&self, at: usize) -> Vec<Vec<u32>> {
        let request = &self.requests[at];
        let prefers = request.numa_policy == NumaPolicy::Prefer;
        let by_distance = |numa: u32| self.site.machine.numa_by_distance(numa);
        match request.numa.or_else(|| self.home(at)) {
            Some(numa) if prefers => vec![vec![numa], by_distance(numa)],
            Some(numa) => vec![vec![numa]],
            None => {
                let each = self.site.all_slots().keys().map(|numa| vec![*numa]);
                let all = by_distance(self.site.first_numa());
                each.chain(prefers.then_some(all)).collect()
            }
        }
    }

    /// The NUMA node that a group is asked for on, for people.
    fn asked(&self, at: usize) -> u32 {
        let asked = self.requests[at].numa.or_else(|| self.home(at));
        asked.unwrap_or_else(|| self.site.first_numa())
    }

    fn unfit(&self, at: usize, wants: &str, siblings: bool) -> Unfit {
        let numa = self.asked(at);
        let slots = self.site.slots(numa);
        let error = if slots.is_empty() {
            Some(SlotsError::NoCpus)
        } else if siblings && slots.iter().all(|core| core.cpus.len() < 2) {
            Some(SlotsError::NoSmt)
        } else {
            None
        };
        if let Some(error) = error {
            return Unfit { numa, reason: format!("NUMA node {numa} {error}"), error: Some(error) };
        }
        let free = |siblings| {
            let need = board::Need { cores: None, siblings, class: None };
            self.board.count_free(numa, &need, (at, 0))
        };
        let mut reasons = vec![format!("asks NUMA node {numa} for {wants}")];
        if siblings && free(true) < free(false) {
            reasons.push(format!("{} of its free cores have all their threads", free(true)));
        }
        if self.board.has_isolated {
            reasons.push("isolated cores and others are never mixed in a container".to_owned());
        }
        let ours = self.board.seats.iter().filter(|seat| seat.numa == numa && !seat.system);
        let here: Vec<Vec<u32>> = ours.map(|seat| seat.core.cpus.clone()).collect();
        let met = self.taken.all_met(&here);
        if !met.is_empty() {
            reasons.push(self.taken.named(&met));
        }
        let reason = reasons.join("; ");
        Unfit { numa, reason, error: None }
    }
}

fn whole_cores(count: impl std::fmt::Display) -> String {
    let count = count.to_string();
    let end = if count == "1" { "" } else { "s" };
    format!("{count} whole core{end}")
}
