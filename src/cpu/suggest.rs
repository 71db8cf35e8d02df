//! What would make a refused group fit: candidates from least change to most, each tried with the
//! real placement of the whole node.

use super::explain::Free;
use super::place::{Attempt, Failure, GroupRequest, Site};
use super::slots::SlotsError;
use super::suggestion::{Setting, Suggestion};
use super::taken::Taken;
use crate::model::{ChainRequest, CpuRequest, NumaPolicy, PlacementMode, Scarce, SliceRequest};
use std::collections::BTreeSet;

/// More than a person wants to choose from.
const SHOWN: usize = 3;

/// Changes of one refused group.
pub(crate) struct Trials<'a> {
    site: &'a Site<'a>,
    requests: &'a [GroupRequest<'a>],
    failed: BTreeSet<usize>,
    failure: &'a Failure,
    free: &'a Free<'a>,
}

impl<'a> Trials<'a> {
    pub(crate) fn new(
        site: &'a Site<'a>,
        requests: &'a [GroupRequest<'a>],
        attempt: &'a Attempt,
        failure: &'a Failure,
        free: &'a Free<'a>,
    ) -> Self {
        let failed = attempt.failures.iter().map(|failure| failure.at).collect();
        Self { site, requests, failed, failure, free }
    }

    /// At most three, the least change first.
    pub(crate) fn suggestions(&self) -> Vec<Suggestion> {
        let mut found = Vec::new();
        match self.requests[self.failure.at].cpu {
            CpuRequest::Slice(slice) => self.slice(slice, &mut found),
            CpuRequest::Chain(chain) => self.chain(chain, &mut found),
        }
        if found.is_empty() {
            found.extend(self.smallest_form());
        }
        found.truncate(SHOWN);
        found
    }

    /// One container that takes as little as there is: here, else on another NUMA node.
    fn smallest_form(&self) -> Option<Suggestion> {
        let forms: &[&[Setting]] = match self.requests[self.failure.at].cpu {
            CpuRequest::Slice(_) => &[
                &[Setting::CpuCount(1)],
                &[Setting::Count(1), Setting::CpuCount(1)],
                &[Setting::Count(1), Setting::CpuCount(1), Setting::SmtUsed(false)],
            ],
            CpuRequest::Chain(_) => &[
                &[Setting::NfChains(1), Setting::NfNodes(1)],
                &[
                    Setting::NfChains(1),
                    Setting::NfNodes(1),
                    Setting::NfDtc(Some(1)),
                    Setting::SmtUsed(false),
                ],
            ],
        };
        let places = || [Vec::new()].into_iter().chain(self.places(Some(1)));
        let candidate = |form: &[Setting], mut place: Vec<Setting>| {
            place.extend_from_slice(form);
            place
        };
        forms.iter().find_map(|form| self.first(places().map(|place| candidate(form, place))))
    }

    /// How to end containers that are no longer wanted, if that is all it takes.
    pub(crate) fn without_orphans(&self, taken: &Taken<'_>) -> Option<String> {
        let (orphans, claims) = taken.orphans(self.site.claims);
        if orphans.is_empty() || !self.helps(&self.site.with_claims(&claims).attempt(self.requests))
        {
            return None;
        }
        let globs: Vec<_> = orphans.iter().map(|orphan| format!("'*_{orphan}'")).collect();
        let verb = if orphans.len() == 1 { "is" } else { "are" };
        Some(format!(
            "`vnfctl destroy {}` frees the cores of {}, which {verb} no longer in the file",
            globs.join(" "),
            orphans.iter().map(|orphan| format!("`{orphan}`")).collect::<Vec<_>>().join(" and ")
        ))
    }

    /// Whether the group is placed in an attempt, and no other group pays for it.
    fn helps(&self, after: &Attempt) -> bool {
        let still =
            |failure: &Failure| failure.at == self.failure.at || !self.failed.contains(&failure.at);
        !after.failures.iter().any(still)
    }

    /// The settings as a suggestion, if they help.
    fn tried(&self, settings: &[Setting]) -> Option<Suggestion> {
        let (at, suggestion) = (self.failure.at, Suggestion(settings.to_vec()));
        let cpu = suggestion.cpu(self.requests[at].cpu);
        let mut requests = self.requests.to_vec();
        requests[at] = suggestion.request(&self.requests[at], &cpu);
        self.helps(&self.site.attempt(&requests)).then_some(suggestion)
    }

    /// The first of the candidates that helps.
    fn first(&self, candidates: impl IntoIterator<Item = Vec<Setting>>) -> Option<Suggestion> {
        candidates.into_iter().find_map(|settings| self.tried(&settings))
    }

    /// The largest of `1..below` that helps.
    fn largest(&self, below: u32, setting: impl Fn(u32) -> Setting) -> Option<Suggestion> {
        // `below` does not help, 1 does if anything.
        let (mut least, mut below) = (1, below);
        let mut best = if least < below { self.tried(&[setting(least)]) } else { None };
        while best.is_some() && below - least > 1 {
            let middle = least + (below - least) / 2;
            match self.tried(&[setting(middle)]) {
                Some(suggestion) => (least, best) = (middle, Some(suggestion)),
                None => below = middle,
            }
        }
        best
    }

    /// The smallest of `above + 1..=most` that helps.
    fn smallest(
        &self,
        above: u32,
        most: u32,
        setting: impl Fn(u32) -> Setting,
    ) -> Option<Suggestion> {
        // `above` does not help, `most` does if anything.
        let (mut above, mut most) = (above, most);
        let mut best = if above < most { self.tried(&[setting(most)]) } else { None };
        while best.is_some() && most - above > 1 {
            let middle = above + (most - above) / 2;
            match self.tried(&[setting(middle)]) {
                Some(suggestion) => (most, best) = (middle, Some(suggestion)),
                None => above = middle,
            }
        }
        best
    }

    fn slice(&self, slice: &SliceRequest, found: &mut Vec<Suggestion>) {
        let wanted = match (slice.cpu_count, slice.cpu_shared) {
            (0, _) => 1,
            (count, true) => u64::from(count),
            (count, false) => u64::from(count) * u64::from(slice.count),
        };
        if self.wants_siblings_where_there_are_none() {
            found.extend(self.tried(&[Setting::SmtUsed(false)]));
        }
        if self.site.mode != PlacementMode::Auto {
            let skips = self.runs(self.failure.numa, wanted);
            found.extend(self.first(skips.into_iter().map(|skip| vec![Setting::CpuSkip(skip)])));
        }
        self.elsewhere(Some(wanted), found);
        let threads = self.site.slots(self.failure.numa).iter().map(|core| core.cpus.len()).max();
        let threads = threads.and_then(|threads| u32::try_from(threads).ok()).unwrap_or(1);
        let fewer = slice.cpu_count.div_ceil(threads.max(1));
        let steps: [&dyn Fn() -> Option<Suggestion>; 4] = [
            &|| {
                let applies = !slice.smt_used && fewer < slice.cpu_count;
                applies
                    .then(|| self.tried(&[Setting::CpuCount(fewer), Setting::SmtUsed(true)]))
                    .flatten()
            },
            &|| self.largest(slice.count, Setting::Count),
            &|| self.largest(slice.cpu_count, Setting::CpuCount),
            &|| {
                (slice.cpu_scarce == Scarce::Refuse)
                    .then(|| self.tried(&[Setting::Share]))
                    .flatten()
            },
        ];
        take(&steps, found);
    }

    fn chain(&self, chain: &ChainRequest, found: &mut Vec<Suggestion>) {
        if self.wants_siblings_where_there_are_none() {
            found.extend(self.tried(&[Setting::SmtUsed(false)]));
        }
        self.elsewhere(None, found);
        let all = chain.nf_chains.saturating_mul(chain.nf_nodes);
        let cores = chain.nf_dtc.unwrap_or(1);
        let steps: [&dyn Fn() -> Option<Suggestion>; 6] = [
            &|| self.smallest(chain.nf_mtcr, all, Setting::NfMtcr),
            &|| self.largest(cores, |cores| Setting::NfDtc(Some(cores))),
            &|| match chain.nf_dtc {
                Some(_) => self.tried(&[Setting::NfDtc(None)]),
                None => self.tried(&[Setting::NfDtc(Some(1))]),
            },
            &|| self.smallest(chain.nf_dtcr, all, Setting::NfDtcr),
            &|| self.largest(chain.nf_nodes, Setting::NfNodes),
            &|| self.largest(chain.nf_chains, Setting::NfChains),
        ];
        take(&steps, found);
    }

    /// On another NUMA node.
    fn elsewhere(&self, slots: Option<u64>, found: &mut Vec<Suggestion>) {
        let request = &self.requests[self.failure.at];
        let auto = self.site.mode == PlacementMode::Auto;
        if auto && request.numa_policy == NumaPolicy::Require {
            found.extend(self.tried(&[Setting::Prefer]));
        }
        found.extend(self.first(self.places(slots)));
    }

    /// Other NUMA nodes, nearest first: as they are, then with a skip for a run of `slots`.
    fn places(&self, slots: Option<u64>) -> impl Iterator<Item = Vec<Setting>> {
        let numa = self.failure.numa;
        let slots = slots.filter(|_| self.site.mode != PlacementMode::Auto);
        let others = self.site.machine.numa_by_distance(numa).into_iter();
        others.filter(move |other| *other != numa).flat_map(move |other| {
            let skips = slots.map(|slots| self.runs(other, slots)).unwrap_or_default();
            let settings = move |skip| vec![Setting::CpusetMems(other), Setting::CpuSkip(skip)];
            [vec![Setting::CpusetMems(other)]].into_iter().chain(skips.into_iter().map(settings))
        })
    }

    /// First slots of runs of `length` free slots: the first ones, with siblings if need be.
    fn runs(&self, numa: u32, length: u64) -> Vec<u32> {
        const TRIED: usize = 2;
        let siblings = match self.requests[self.failure.at].cpu {
            CpuRequest::Slice(slice) => slice.smt_used,
            CpuRequest::Chain(_) => false,
        };
        let cores = self.site.slots(numa);
        let has_siblings = |slot: &u32| {
            let core = usize::try_from(*slot).ok().and_then(|slot| cores.get(slot));
            !siblings || core.is_some_and(|core| core.cpus.len() > 1)
        };
        let free = self.free.slots(numa).0;
        let free: BTreeSet<u32> = free.into_iter().filter(has_siblings).collect();
        let Ok(length) = u32::try_from(length.max(1)) else { return Vec::new() };
        let is_run = |first: &u32| {
            let end = first.checked_add(length);
            end.is_some_and(|end| (*first..end).all(|slot| free.contains(&slot)))
        };
        free.iter().copied().filter(is_run).take(TRIED).collect()
    }

    fn wants_siblings_where_there_are_none(&self) -> bool {
        matches!(self.failure.error, Some(SlotsError::NoSmt | SlotsError::NoSibling { .. }))
    }
}

/// As many steps as it takes to have enough.
fn take(steps: &[&dyn Fn() -> Option<Suggestion>], found: &mut Vec<Suggestion>) {
    for step in steps {
        if found.len() >= SHOWN {
            return;
        }
        found.extend(step());
    }
}
