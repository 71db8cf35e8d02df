//! Placement of all groups of one node: the only entry point the layers above need.
//!
//! A group's CPUs depend on its own request and the machine only, never on the order of the
//! groups; groups are then held against each other.

use super::explain::{Occupied, refuse, refuse_overlap, wanted};
use super::share::{pool, share, sharers};
use super::slots::{self, SlotsError};
use super::{
    Core, CpuSet, Doubt, GroupPlacement, Machine, Nf, NodePlacement, Pinned, Refusal, Slice,
    Warning, csit, doubts_of_nf, doubts_of_slice,
};
use crate::model::{ChainRequest, CpuRequest, PlacementMode, Scarce, SliceRequest};
use std::collections::{BTreeMap, BTreeSet};

/// What one group asks of the node.
#[derive(Debug, Clone, Copy)]
pub struct GroupRequest<'a> {
    /// Name of the group.
    pub group: &'a str,
    /// Containers and CPUs.
    pub cpu: &'a CpuRequest,
    /// NUMA node, from `cpuset_mems` or the interfaces; `None` = the first with usable CPUs.
    pub numa: Option<u32>,
}

/// Places all groups of one node, of which `system_cpus` slots per NUMA node are the system's.
///
/// # Errors
/// Every group that cannot be placed, or that wants what another one has, with the reason.
pub fn place(
    mode: PlacementMode,
    machine: &Machine,
    system_cpus: u32,
    requests: &[GroupRequest<'_>],
) -> Result<NodePlacement, Vec<Refusal>> {
    let mut site =
        Site { mode, machine, system_cpus, slots: BTreeMap::new(), warnings: Vec::new() };
    let mut occupied = Occupied::new(machine, system_cpus);
    let mut groups = Vec::new();
    let mut failed = Vec::new();
    for (at, request) in requests.iter().enumerate() {
        let numa = request.numa.or_else(|| machine.numa_nodes().0.first().copied()).unwrap_or(0);
        match site.group(request, numa) {
            Ok(answers) => {
                for cpus in &answers {
                    occupied.take(at, cpus);
                }
                groups.push(site.pinned(request.group, numa, answers));
            }
            Err(unplaced) => failed.push((at, numa, unplaced)),
        }
    }
    let mut refusals: Vec<Refusal> = failed
        .iter()
        .map(|(at, numa, unplaced)| {
            refuse(*at, &requests[*at], *numa, &unplaced.reason, unplaced.error.as_ref(), &occupied)
        })
        .collect();
    if refusals.is_empty() {
        refusals = site.hold_against_each_other(requests, &groups, &occupied);
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let may_share: Vec<bool> = requests.iter().map(|request| shares(request.cpu)).collect();
    site.warnings.extend(sharers(&groups, &may_share));
    Ok(NodePlacement { groups, warnings: site.warnings })
}

/// Why a group has no CPUs.
struct Unplaced {
    reason: String,
    error: Option<SlotsError>,
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

struct Site<'a> {
    mode: PlacementMode,
    machine: &'a Machine,
    system_cpus: u32,
    slots: BTreeMap<u32, Vec<Core>>,
    warnings: Vec<Warning>,
}

impl Site<'_> {
    /// CPUs of every container of a group.
    fn group(&mut self, request: &GroupRequest<'_>, numa: u32) -> Result<Vec<Vec<u32>>, Unplaced> {
        match request.cpu {
            CpuRequest::Slice(slice) => self.slice(request.group, slice, numa),
            CpuRequest::Chain(chain) => self.chain(request.group, chain, numa),
        }
    }

    fn slice(
        &mut self,
        group: &str,
        request: &SliceRequest,
        numa: u32,
    ) -> Result<Vec<Vec<u32>>, Unplaced> {
        let skip = request.cpu_skip.unwrap_or(self.system_cpus);
        let ask = |container: u32| {
            let turn = if request.cpu_shared { 0 } else { i64::from(container) };
            Slice {
                node: numa,
                skip: i64::from(skip) + turn * i64::from(request.cpu_count),
                count: i64::from(request.cpu_count),
                smt_used: request.smt_used,
            }
        };
        let asks = (0..request.count).map(ask);
        let answers: Result<Vec<_>, Unplaced> = match self.mode {
            PlacementMode::Csit => {
                let answer = |ask: Slice| Ok(csit::slice(self.machine, &ask)?);
                asks.clone().map(answer).collect()
            }
            PlacementMode::Slots => sound_slice(self.slots(numa), request, skip, asks.clone()),
        };
        match answers {
            Ok(answers) if self.mode == PlacementMode::Csit => {
                let doubts = asks.zip(&answers).map(|(ask, answer)| {
                    let mut doubts = doubts_of_slice(self.machine, &ask, answer);
                    // Not this container's own skip counts as reserved, but the group's.
                    let own = Slice { skip: i64::from(skip), ..ask };
                    if !doubts_of_slice(self.machine, &own, answer)
                        .contains(&Doubt::OverlapReserved)
                    {
                        doubts.remove(&Doubt::OverlapReserved);
                    }
                    doubts
                });
                let doubts = doubts.collect::<Vec<_>>();
                self.doubtful(group, &doubts);
                Ok(answers)
            }
            Err(_) if request.cpu_scarce == Scarce::Share && !self.slots(numa).is_empty() => {
                let slots = self.slots(numa);
                let answers = share(slots, request, skip);
                let cores = pool(slots, skip).len();
                let wanted = match request.cpu_count {
                    0 => u64::from(request.count),
                    _ => wanted(&CpuRequest::Slice(request.clone())),
                };
                self.warnings.push(Warning::Scarce {
                    group: group.to_owned(),
                    numa,
                    cores,
                    wanted,
                });
                Ok(answers)
            }
            other => other,
        }
    }

    fn chain(
        &mut self,
        group: &str,
        request: &ChainRequest,
        numa: u32,
    ) -> Result<Vec<Vec<u32>>, Unplaced> {
        // CSIT `get_affinity_nf`: system, vswitch main, vswitch data plane.
        let skip = i64::from(self.system_cpus) + 1 + i64::from(request.vs_dtc);
        let ask = Nf {
            node: numa,
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
        if self.mode == PlacementMode::Csit {
            let answers = ask.all().map(|nf| csit::nf(self.machine, &nf));
            let answers = answers.collect::<Result<Vec<_>, _>>()?;
            self.doubtful(group, &doubts_of_nf(self.machine, &ask, &answers));
            return Ok(answers);
        }
        let slots = self.slots(numa);
        let answers = ask.all().map(|nf| slots::nf(slots, &nf)).collect::<Result<Vec<_>, _>>()?;
        let mains: BTreeSet<u32> = answers.iter().map(|cpus| cpus[0]).collect();
        if mains.len() < answers.len() {
            let mtcr = request.nf_mtcr;
            self.warnings.push(Warning::SharedMains { group: group.to_owned(), mtcr });
        }
        Ok(answers)
    }

    fn slots(&mut self, numa: u32) -> &[Core] {
        self.slots.entry(numa).or_insert_with(|| self.machine.slots(numa))
    }

    fn doubtful(&mut self, group: &str, doubts: &[BTreeSet<Doubt>]) {
        let mut containers: BTreeMap<Doubt, Vec<u32>> = BTreeMap::new();
        for (ordinal, doubts) in (1..).zip(doubts) {
            for doubt in doubts {
                containers.entry(*doubt).or_default().push(ordinal);
            }
        }
        self.warnings.extend(containers.into_iter().map(|(doubt, containers)| Warning::Doubtful {
            group: group.to_owned(),
            doubt,
            containers,
        }));
    }

    fn pinned(&mut self, group: &str, numa: u32, answers: Vec<Vec<u32>>) -> GroupPlacement {
        let mems = self.machine.memory_node(numa);
        if mems != numa {
            self.warnings.push(Warning::Memory { group: group.to_owned(), numa, mems });
        }
        let containers =
            answers.into_iter().map(|cpus| Pinned { cpus, mems: vec![mems] }).collect();
        GroupPlacement { group: group.to_owned(), numa, containers }
    }

    /// Refuses (in `csit` mode: warns of) cores that two groups have without asking for it.
    fn hold_against_each_other(
        &mut self,
        requests: &[GroupRequest<'_>],
        groups: &[GroupPlacement],
        occupied: &Occupied<'_>,
    ) -> Vec<Refusal> {
        let mut pairs: BTreeMap<(usize, usize), BTreeSet<(u32, u32)>> = BTreeMap::new();
        for (core, users) in occupied.users.iter().filter(|(_, users)| users.len() > 1) {
            for one in users {
                for other in users.range(one + 1..) {
                    pairs.entry((*one, *other)).or_default().insert(*core);
                }
            }
        }
        let mut refusals = Vec::new();
        for ((one, other), cores) in pairs {
            let both = [one, other].map(|at| requests[at].cpu);
            if both.into_iter().any(is_shared) || both.into_iter().all(shares) {
                continue;
            }
            if self.mode == PlacementMode::Csit {
                let [mine, theirs] = [one, other].map(|at| cpus_of(&groups[at]));
                let cpus = CpuSet(mine.0.intersection(&theirs.0).copied().collect());
                if !cpus.0.is_empty() {
                    let groups = [one, other].map(|at| groups[at].group.clone());
                    self.warnings.push(Warning::Overlap { groups, cpus });
                }
                continue;
            }
            let numa = groups[other].numa;
            let is_one = |slot: &&(u32, &Core)| cores.contains(&(slot.1.socket, slot.1.core));
            let slots: Vec<_> = (0..).zip(self.slots(numa)).collect();
            let slots: CpuSet = slots.iter().filter(is_one).map(|(slot, _)| *slot).collect();
            let first = requests[one].group;
            refusals.push(refuse_overlap(other, &requests[other], numa, first, &slots, occupied));
        }
        refusals
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

fn shares(cpu: &CpuRequest) -> bool {
    matches!(cpu, CpuRequest::Slice(slice) if slice.cpu_scarce == Scarce::Share)
}

fn is_shared(cpu: &CpuRequest) -> bool {
    matches!(cpu, CpuRequest::Slice(slice) if slice.cpu_shared)
}

fn cpus_of(group: &GroupPlacement) -> CpuSet {
    group.containers.iter().flat_map(|container| container.cpus.iter().copied()).collect()
}
