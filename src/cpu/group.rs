//! One group on one NUMA node: the same questions to CSIT's arithmetic and to the sound one.
//!
//! In `slots` mode CSIT's answer stands where nothing about it is doubtful for the whole group;
//! everywhere else [`slots`] answers or refuses. On ordinary machines the two are the same; they
//! differ where offline CPUs have shifted CSIT's list and its answer is sound all the same.

use super::explain::wanted;
use super::share::share;
use super::slots::{self, SlotsError};
use super::{Core, Doubt, Machine, Nf, Slice, Warning, csit, doubts_of_nf, doubts_of_slice};
use crate::model::{ChainRequest, CpuRequest, PlacementMode, Scarce, SliceRequest};
use std::collections::{BTreeMap, BTreeSet};

/// Why a group has no CPUs.
pub(crate) struct Unplaced {
    pub(crate) reason: String,
    pub(crate) error: Option<SlotsError>,
}

impl From<SlotsError> for Unplaced {
    fn from(error: SlotsError) -> Self {
        Self { reason: error.to_string(), error: Some(error) }
    }
}

impl From<csit::CsitError> for Unplaced {
    fn from(error: csit::CsitError) -> Self {
        Self { reason: format!("{error} (CSIT: {})", error.word()), error: None }
    }
}

/// CPUs of every container of a group.
pub(crate) struct Answer {
    pub(crate) containers: Vec<Vec<u32>>,
    pub(crate) warnings: Vec<Warning>,
}

/// Where a group is placed.
pub(crate) struct GroupSite<'a> {
    pub(crate) mode: PlacementMode,
    pub(crate) machine: &'a Machine,
    /// Slots kept for the system.
    pub(crate) system_cpus: u32,
    pub(crate) numa: u32,
    /// Slots of `numa`.
    pub(crate) slots: &'a [Core],
    /// Name of the group.
    pub(crate) group: &'a str,
}

impl GroupSite<'_> {
    pub(crate) fn slice(&self, request: &SliceRequest) -> Result<Answer, Unplaced> {
        let skip = request.cpu_skip.unwrap_or(self.system_cpus);
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
        let theirs = asks.clone().map(|ask| csit::slice(self.machine, &ask));
        let theirs = theirs.collect::<Result<Vec<_>, _>>();
        let doubts = |answers: &[Vec<u32>]| {
            // Containers on the same CPUs ask the same.
            let mut known: Option<(Slice, BTreeSet<Doubt>)> = None;
            let one = |(ask, answer): (Slice, &Vec<u32>)| match &known {
                Some((asked, doubts)) if *asked == ask => doubts.clone(),
                _ => {
                    let doubts = slice_doubts(self.machine, request, skip, &ask, answer);
                    known.insert((ask, doubts)).1.clone()
                }
            };
            asks.clone().zip(answers).map(one).collect::<Vec<_>>()
        };
        let answer = match (self.mode, theirs) {
            (PlacementMode::Csit, Ok(theirs)) => {
                let warnings = self.doubtful(&doubts(&theirs));
                return Ok(Answer { containers: theirs, warnings });
            }
            (PlacementMode::Csit, Err(error)) => Err(error.into()),
            (_, Ok(theirs)) if self.stands(&doubts(&theirs), &[]) => Ok(theirs),
            (_, _) => sound_slice(self.slots, request, skip, asks),
        };
        match answer {
            Err(_) if request.cpu_scarce == Scarce::Share && !self.slots.is_empty() => {
                Ok(self.shared(request, skip))
            }
            answer => Ok(Answer { containers: answer?, warnings: Vec::new() }),
        }
    }

    pub(crate) fn chain(&self, request: &ChainRequest) -> Result<Answer, Unplaced> {
        // CSIT `get_affinity_nf`: system, vswitch main, vswitch data plane.
        let skip = i64::from(self.system_cpus) + 1 + i64::from(request.vs_dtc);
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
        let theirs = ask.all().map(|nf| csit::nf(self.machine, &nf)).collect::<Result<Vec<_>, _>>();
        if self.mode == PlacementMode::Csit {
            let containers = theirs?;
            let warnings = self.doubtful(&doubts_of_nf(self.machine, &ask, &containers));
            return Ok(Answer { containers, warnings });
        }
        // Sharing in an otherwise sound density is what its ratios ask for.
        let asked = [Doubt::SharedMain, Doubt::SharedDp];
        let theirs = theirs
            .ok()
            .filter(|answers| self.stands(&doubts_of_nf(self.machine, &ask, answers), &asked));
        let containers = match theirs {
            Some(theirs) => theirs,
            None => ask.all().map(|nf| slots::nf(self.slots, &nf)).collect::<Result<_, _>>()?,
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
            && self.machine.cpus().all(|cpu| cpu.allowed || !cpu.online)
    }

    fn shared(&self, request: &SliceRequest, skip: u32) -> Answer {
        let wanted = match request.cpu_count {
            0 => u64::from(request.count),
            _ => wanted(&CpuRequest::Slice(request.clone())),
        };
        let (group, numa, have) = (self.group.to_owned(), self.numa, self.slots.len());
        let warnings = vec![Warning::Scarce { group, numa, have, skip, wanted }];
        Answer { containers: share(self.slots, request, skip), warnings }
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
        return Err(Unplaced { reason, error: None });
    }
    let whole = wanted(&CpuRequest::Slice(request.clone()));
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
