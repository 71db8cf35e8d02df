//! The answer of automatic placement, with what a person should know about it.

use super::Placer;
use super::board::{Class, Isolation};
use crate::cpu::place::Attempt;
use crate::cpu::{CpuSet, Warning};
use crate::model::CpuRequest;
use std::collections::BTreeMap;

impl Placer<'_> {
    pub(super) fn finish(mut self) -> Attempt {
        for at in 0..self.requests.len() {
            if self.drafts[at].containers.is_empty() {
                self.attempt.groups.push(None);
                continue;
            }
            self.where_it_is(at);
            if let CpuRequest::Chain(chain) = self.requests[at].cpu {
                self.shared_mains(at, chain);
            }
            self.moved(at);
            let asked = self.asked(at);
            let given = std::mem::take(&mut self.drafts[at].containers).into_iter().flatten();
            let containers = given.map(|given| (given.cpus, given.numa)).collect();
            let group = self.requests[at].group;
            let placed = self.site.pinned(group, asked, containers, &mut self.attempt.warnings);
            self.attempt.groups.push(Some(placed));
        }
        self.attempt
    }

    /// Warns of other NUMA nodes, cores that are not isolated and weaker kinds.
    fn where_it_is(&mut self, at: usize) {
        let group = || self.requests[at].group.to_owned();
        let asked = self.asked(at);
        let mut elsewhere: BTreeMap<u32, CpuSet> = BTreeMap::new();
        let (mut exposed, mut kinds) = (CpuSet::default(), BTreeMap::<u32, CpuSet>::new());
        for (ordinal, given) in (1..).zip(self.drafts[at].containers.iter().flatten()) {
            if given.numa != asked {
                elsewhere.entry(given.numa).or_default().0.insert(ordinal);
            }
            let seats = self.board.seats_of(&given.cpus).unwrap_or_default();
            for (isolation, kind) in
                seats.into_iter().map(|seat| -> Class { self.board.seats[seat].class })
            {
                if self.board.has_isolated && isolation != Isolation::Whole {
                    exposed.0.insert(ordinal);
                }
                kinds.entry(kind).or_default().0.insert(ordinal);
            }
        }
        let mut warnings: Vec<Warning> = elsewhere
            .into_iter()
            .map(|(numa, containers)| Warning::Elsewhere {
                group: group(),
                containers,
                full: asked,
                numa,
            })
            .collect();
        if !exposed.0.is_empty() {
            warnings.push(Warning::NotIsolated { group: group(), containers: exposed });
        }
        let weaker: CpuSet =
            kinds.values().skip(1).flat_map(|of_kind| &of_kind.0).copied().collect();
        if !weaker.0.is_empty() {
            warnings.push(Warning::Kinds { group: group(), weaker });
        }
        self.attempt.warnings.extend(warnings);
    }

    /// Warns of containers that cannot stay because somebody else came to their cores.
    fn moved(&mut self, at: usize) {
        let group = self.requests[at].group;
        for (ordinal, given) in (1..).zip(self.drafts[at].containers.iter().flatten()) {
            let Some(own) = self.taken.own(group, ordinal) else { continue };
            let met = self.taken.all_met(&[own.to_vec()]);
            if own != given.cpus && !met.is_empty() {
                let taken = self.taken.named(&met);
                let container = format!("{group}{ordinal}");
                self.attempt.warnings.push(Warning::Moved { container, taken });
            }
        }
    }
}
