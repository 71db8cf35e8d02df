//! One group on one NUMA node: the same questions to CSIT's arithmetic and to the sound one.
//!
//! In `slots` mode CSIT's answer stands where nothing about it is doubtful for the whole group;
//! everywhere else [`slots`] answers or refuses. On ordinary machines the two are the same; they
//! differ where offline CPUs have shifted CSIT's list and its answer is sound all the same.

use super::place::{Failure, Site};
use super::share::{pool, share};
use super::slots::{self, SlotsError};
use super::taken::Taken;
use super::{Core, Doubt, Machine, Nf, Slice, Warning, csit, doubts_of_nf, doubts_of_slice};
use crate::model::{ChainRequest, PlacementMode, Scarce, SliceRequest};
use std::collections::{BTreeMap, BTreeSet};

/// Why a group has no CPUs.
pub(crate) enum Unplaced {
    /// The arithmetic has no answer.
    Unanswered { reason: String, error: Option<SlotsError> },
    /// Others have every slot.
    Taken(Failure),
}

impl From<SlotsError> for Unplaced {
    fn from(error: SlotsError) -> Self {
        Self::Unanswered { reason: error.to_string(), error: Some(error) }
    }
}

impl From<csit::CsitError> for Unplaced {
    fn from(error: csit::CsitError) -> Self {
        Self::Unanswered { reason: format!("{error} (CSIT: {})", error.word()), error: None }
    }
}

/// CPUs of every container of a group.
pub(crate) struct Answer {
    pub(crate) containers: Vec<Vec<u32>>,
    pub(crate) warnings: Vec<Warning>,
}

/// Where a group is placed.
pub(crate) struct GroupSite<'a> {
    pub(crate) site: &'a Site<'a>,
    pub(crate) taken: &'a Taken<'a>,
    /// Index of its request.
    pub(crate) at: usize,
    pub(crate) numa: u32,
    /// Slots of `numa`.
    pub(crate) slots: &'a [Core],
    /// Name of the group.
    pub(crate) group: &'a str,
}

impl GroupSite<'_> {
    pub(crate) fn slice(&self, request: &SliceRequest) -> Result<Answer, Unplaced> {
        let skip = request.cpu_skip.unwrap_or(self.site.system_cpus);
        let ask = |container: u32| {
            let turn = if request.cpu_shared { 0 } else { i64::from(container) };
            Slice {
                node: self.numa,
                skip: turn.saturating_mul(request.cpu_count.into()).saturating_add(skip.into()),
                count: i64::from(request.cpu_count),
                smt_used: request.smt_used,
            }
        };
        let asks = (0..request.count).map(ask);
        let theirs = asks.clone().map(|ask| csit::slice(self.site.machine, &ask));
        let theirs = theirs.collect::<Result<Vec<_>, _>>();
        let doubts = |answers: &[Vec<u32>]| {
            // Containers on the same CPUs ask the same.
            let mut known: Option<(Slice, BTreeSet<Doubt>)> = None;
            let one = |(ask, answer): (Slice, &Vec<u32>)| match &known {
                Some((asked, doubts)) if *asked == ask => doubts.clone(),
                _ => {
                    let doubts = slice_doubts(self.site.machine, request, skip, &ask, answer);
                    known.insert((ask, doubts)).1.clone()
                }
            };
            asks.clone().zip(answers).map(one).collect::<Vec<_>>()
        };
        let answer = match (self.site.mode, theirs) {
            (PlacementMode::Csit, Ok(theirs)) => {
                let warnings = self.doubtful(&doubts(&theirs));
                return Ok(Answer { containers: theirs, warnings });
            }
            (PlacementMode::Csit, Err(error)) => Err(error.into()),
            (_, theirs) => match (theirs, sound_slice(self.slots, request, skip, asks.clone())) {
                // Whether CSIT's is doubtful matters only where the two differ.
                (Ok(theirs), Ok(ours)) if theirs == ours => Ok(ours),
                (Ok(theirs), _) if self.stands(&doubts(&theirs), &[]) => Ok(theirs),
                (_, ours) => ours,
            },
        };
        if request.cpu_scarce == Scarce::Refuse || self.slots.is_empty() {
            return Ok(Answer { containers: answer?, warnings: Vec::new() });
        }
        let answer = match answer {
            Ok(containers) if self.may_stay(&containers) => {
                Answer { containers, warnings: Vec::new() }
            }
            answer => self.shared(request, skip, answer.ok())?,
        };
        Ok(self.kept(&answer.containers).unwrap_or(answer))
    }

    /// What the containers have already, where that is as many CPUs as `wanted` gives them and
    /// nobody's own: others that came or went move none of them.
    fn kept(&self, wanted: &[Vec<u32>]) -> Option<Answer> {
        let own = |(ordinal, wanted): (u32, &Vec<u32>)| {
            let own = self.taken.own(self.group, ordinal)?;
            let is_slots = |cpu: &u32| self.slots.iter().any(|core| core.cpus.contains(cpu));
            (own.len() == wanted.len() && own.iter().all(is_slots)).then(|| own.to_vec())
        };
        let containers: Vec<_> = (1..).zip(wanted).map(own).collect::<Option<_>>()?;
        let met = self.taken.all_met(&containers);
        let may = met.iter().all(|(_, claim)| claim.shared);
        may.then_some(Answer { containers, warnings: Vec::new() })
    }

    /// Whether nobody else has these CPUs, or every container is on its own already.
    fn may_stay(&self, containers: &[Vec<u32>]) -> bool {
        let there =
            |(ordinal, cpus): (u32, &Vec<u32>)| self.taken.is_there(self.group, ordinal, cpus);
        self.taken.leaves(containers) || (1..).zip(containers).all(there)
    }

    pub(crate) fn chain(&self, request: &ChainRequest) -> Result<Answer, Unplaced> {
        // CSIT `get_affinity_nf`: system, vswitch main, vswitch data plane.
        let skip = i64::from(self.site.system_cpus) + 1 + i64::from(request.vs_dtc);
        let ask = Nf {
            node: self.numa,
            chains: i64::from(request.nf_chains),
            nodes: i64::from(request.nf_nodes),
            chain: 1,
            nf: 1,
            dtc: request.nf_dtc.map(i64::from),
            mtcr: i64::from(request.nf_mtcr),
            dtcr: i64::from(request.nf_dtcr),
            skip,
            smt_used: request.smt_used,
        };
        let theirs =
            ask.all().map(|nf| csit::nf(self.site.machine, &nf)).collect::<Result<Vec<_>, _>>();
        if self.site.mode == PlacementMode::Csit {
            let containers = theirs?;
            let warnings = self.doubtful(&doubts_of_nf(self.site.machine, &ask, &containers));
            return Ok(Answer { containers, warnings });
        }
        // Sharing in an otherwise sound density is what its ratios ask for.
        let asked = [Doubt::SharedMain, Doubt::SharedDp];
        let ours: Result<Vec<_>, _> = ask.all().map(|nf| slots::nf(self.slots, &nf)).collect();
        let containers = match (theirs, ours) {
            (Ok(theirs), Ok(ours)) if theirs == ours => ours,
            (Ok(theirs), _)
                if self.stands(&doubts_of_nf(self.site.machine, &ask, &theirs), &asked) =>
            {
                theirs
            }
            (_, ours) => ours?,
        };
        let mains: BTreeSet<u32> = containers.iter().map(|cpus| cpus[0]).collect();
        let shared = (mains.len() < containers.len())
            .then(|| Warning::SharedMains { group: self.group.to_owned(), mtcr: request.nf_mtcr });
        Ok(Answer { containers, warnings: shared.into_iter().collect() })
    }

    /// Whether CSIT's answer is given as it is. Where CPUs are forbidden, CSIT counts slots that
    /// are none here.
    fn stands(&self, doubts: &[BTreeSet<Doubt>], asked: &[Doubt]) -> bool {
        doubts.iter().flatten().all(|doubt| asked.contains(doubt))
            && self.site.machine.cpus().all(|cpu| cpu.allowed || !cpu.online)
    }

    /// What there is, shared: free slots before those of others that share, never those of others
    /// that do not. `met` is an answer that others are in the way of.
    fn shared(
        &self,
        request: &SliceRequest,
        skip: u32,
        met: Option<Vec<Vec<u32>>>,
    ) -> Result<Answer, Unplaced> {
        let (group, numa, have) = (self.group.to_owned(), self.numa, self.slots.len());
        let wanted = if request.cpu_count == 0 { request.count.into() } else { wanted(request) };
        let (pool, free) = pool(self.slots, skip, self.taken).ok_or_else(|| {
            let all: Vec<Vec<u32>> = self.slots.iter().map(|core| core.cpus.clone()).collect();
            Unplaced::Taken(self.taken.failure(self.at, numa, &self.taken.all_met(&all)))
        })?;
        let containers = share(&pool, request);
        let warning = match met {
            None => Warning::Scarce { group, numa, have, skip, wanted },
            // Only others that share are there, and there is nothing else.
            Some(met) if met == containers => return Ok(Answer { containers, warnings: vec![] }),
            Some(_) if (free as u64) < wanted => Warning::Crowded { group, numa, free, wanted },
            Some(met) => {
                let taken = self.taken.named(&self.taken.all_met(&met));
                Warning::Dodged { group, taken }
            }
        };
        Ok(Answer { containers, warnings: vec![warning] })
    }

    fn doubtful(&self, doubts: &[BTreeSet<Doubt>]) -> Vec<Warning> {
        let mut containers: BTreeMap<Doubt, Vec<u32>> = BTreeMap::new();
        for (ordinal, doubts) in (1..).zip(doubts) {
            for doubt in doubts {
                containers.entry(*doubt).or_default().push(ordinal);
            }
        }
        let warning = |(doubt, containers)| Warning::Doubtful {
            group: self.group.to_owned(),
            doubt,
            containers,
        };
        containers.into_iter().map(warning).collect()
    }
}

fn sound_slice(
    slots: &[Core],
    request: &SliceRequest,
    skip: u32,
    asks: impl Iterator<Item = Slice>,
) -> Result<Vec<Vec<u32>>, Unplaced> {
    if request.cpu_count == 0 && request.count > 1 && !request.cpu_shared {
        let reason = format!(
            "`cpu_count = 0` gives all cores that are left to one container, but {} ask for them",
            request.count
        );
        return Err(Unplaced::Unanswered { reason, error: None });
    }
    let whole = wanted(request);
    let have = slots.len();
    if have > 0 && request.cpu_count > 0 && whole.saturating_add(skip.into()) > have as u64 {
        let wanted = i64::try_from(whole).unwrap_or(i64::MAX);
        return Err(SlotsError::TooFew { skip: skip.into(), wanted, have }.into());
    }
    Ok(asks.map(|ask| slots::slice(slots, &ask)).collect::<Result<_, _>>()?)
}

/// Doubts about one container of a group: cores that it shares with the containers before it are
/// conflicts within the group, not with the skipped slots.
fn slice_doubts(
    machine: &Machine,
    request: &SliceRequest,
    skip: u32,
    ask: &Slice,
    answer: &[u32],
) -> BTreeSet<Doubt> {
    let mut doubts = doubts_of_slice(machine, ask, answer);
    let of_group = Slice { skip: i64::from(skip), ..*ask };
    let before = doubts.remove(&Doubt::OverlapReserved);
    if doubts_of_slice(machine, &of_group, answer).contains(&Doubt::OverlapReserved) {
        doubts.insert(Doubt::OverlapReserved);
    } else if before || (request.cpu_count == 0 && request.count > 1 && !request.cpu_shared) {
        doubts.insert(Doubt::CoreConflict);
    }
    doubts
}

/// Cores a request asks for on its NUMA node, after those it skips.
fn wanted(cpu: &SliceRequest) -> u64 {
    let containers = if cpu.cpu_shared { 1 } else { cpu.count };
    u64::from(cpu.cpu_count) * u64::from(containers)
}
