//! Claims by core: what others have on the machine, and what the containers that are placed have.
//! A core counts as taken with all its siblings.

use super::place::{Failure, GroupRequest};
use super::{Claim, CpuSet, GroupPlacement, Holder, Machine, Stay, Warning};
use std::collections::{BTreeMap, BTreeSet};

/// (socket, core id).
pub(crate) type CoreKey = (u32, u32);

/// The claims on one machine, seen from the containers that are wanted there.
pub(crate) struct Taken<'a> {
    machine: &'a Machine,
    /// Claims of everybody but the wanted containers.
    others: BTreeMap<CoreKey, Vec<&'a Claim>>,
    /// What wanted containers have already, by group and ordinal, in placement order.
    own: BTreeMap<(&'a str, u32), &'a [u32]>,
}

/// Containers of a group on cores of somebody else.
struct Meeting<'a> {
    claim: &'a Claim,
    stay: Stay,
    containers: BTreeSet<u32>,
    cpus: BTreeSet<u32>,
}

impl<'a> Taken<'a> {
    pub(crate) fn new(
        machine: &'a Machine,
        requests: &[GroupRequest<'_>],
        claims: &'a [Claim],
    ) -> Self {
        let mut taken = Self { machine, others: BTreeMap::new(), own: BTreeMap::new() };
        let is_wanted = |group: &str, ordinal: u32| {
            let containers = requests.iter().find(|request| request.group == group);
            containers.is_some_and(|request| ordinal <= request.cpu.containers())
        };
        for claim in claims {
            match &claim.holder {
                Holder::Own { group, ordinal, cpus } if is_wanted(group, *ordinal) => {
                    taken.own.entry((group, *ordinal)).or_insert(cpus);
                }
                _ => {
                    for core in taken.cores(claim.cpus.0.iter().copied()) {
                        taken.others.entry(core).or_default().push(claim);
                    }
                }
            }
        }
        taken
    }

    /// Who else has a CPU of a core.
    pub(crate) fn others(&self, core: CoreKey) -> &[&'a Claim] {
        self.others.get(&core).map(Vec::as_slice).unwrap_or_default()
    }

    /// The CPUs a wanted container has already.
    pub(crate) fn own(&self, group: &str, ordinal: u32) -> Option<&'a [u32]> {
        self.own.get(&(group, ordinal)).copied()
    }

    /// Whether no wanted container exists yet.
    pub(crate) fn nothing_of_ours(&self) -> bool {
        self.own.is_empty()
    }

    fn cores(&self, cpus: impl Iterator<Item = u32>) -> BTreeSet<CoreKey> {
        let known = cpus.filter_map(|cpu| self.machine.cpu(cpu));
        known.map(|cpu| (cpu.socket, cpu.core)).collect()
    }

    /// Containers of this topology that are no longer wanted, and the claims without theirs.
    pub(crate) fn orphans(&self, claims: &[Claim]) -> (BTreeSet<String>, Vec<Claim>) {
        let mut orphans = BTreeSet::new();
        let mut left = Vec::new();
        for claim in claims {
            match &claim.holder {
                Holder::Own { group, ordinal, .. }
                    if !self.own.contains_key(&(group.as_str(), *ordinal)) =>
                {
                    orphans.insert(format!("{group}{ordinal}"));
                }
                _ => left.push(claim.clone()),
            }
        }
        (orphans, left)
    }

    /// Those of `cpus` whose core somebody else has, with who has it.
    fn met<'s>(&'s self, cpus: &'s [u32]) -> impl Iterator<Item = (u32, &'a Claim)> + 's {
        cpus.iter().flat_map(|id| {
            let core = self.machine.cpu(*id).map(|cpu| (cpu.socket, cpu.core));
            core.map(|core| self.others(core)).unwrap_or_default().iter().map(|claim| (*id, *claim))
        })
    }

    /// Whether nobody else has a core of any of these containers' CPUs.
    pub(crate) fn leaves(&self, containers: &[Vec<u32>]) -> bool {
        self.others.is_empty() || containers.iter().all(|cpus| self.met(cpus).next().is_none())
    }

    /// Whether container `ordinal` of `group` is on exactly these CPUs already.
    pub(crate) fn is_there(&self, group: &str, ordinal: u32, cpus: &[u32]) -> bool {
        let set = |cpus: &[u32]| cpus.iter().copied().collect::<BTreeSet<_>>();
        self.own(group, ordinal).is_some_and(|own| set(own) == set(cpus))
    }

    /// Holds a placed group against what others have. A container that exists on exactly these CPUs
    /// is a fact: it is warned of. Sharing that both sides allow is, too; anything else fails.
    pub(crate) fn hold_against(
        &self,
        at: usize,
        request: &GroupRequest<'_>,
        placed: &GroupPlacement,
    ) -> (Option<Failure>, Vec<Warning>) {
        let mut warnings = Vec::new();
        if self.others.is_empty() {
            return (None, warnings);
        }
        let mut refused = Vec::new();
        let mut meetings: Vec<Meeting<'_>> = Vec::new();
        for (ordinal, container) in (1..).zip(&placed.containers) {
            let there = self.is_there(request.group, ordinal, &container.cpus);
            for (cpu, claim) in self.met(&container.cpus) {
                let stay = match (request.cpu.may_share() && claim.shared, there) {
                    (true, _) => Stay::Shares,
                    (false, true) => Stay::WasThere,
                    (false, false) => {
                        refused.push((cpu, claim));
                        continue;
                    }
                };
                let known = meetings.iter().position(|one| one.claim == claim && one.stay == stay);
                let known = known.unwrap_or_else(|| {
                    meetings.push(Meeting {
                        claim,
                        stay,
                        containers: BTreeSet::new(),
                        cpus: BTreeSet::new(),
                    });
                    meetings.len() - 1
                });
                meetings[known].containers.insert(ordinal);
                meetings[known].cpus.insert(cpu);
            }
        }
        for Meeting { claim, stay, containers, cpus } in meetings {
            warnings.push(Warning::Beside {
                group: request.group.to_owned(),
                containers: CpuSet(containers),
                cpus: CpuSet(cpus),
                stay,
                holder: claim.holder.clone(),
            });
        }
        let failure = (!refused.is_empty()).then(|| self.failure(at, placed.numa, &refused));
        (failure, warnings)
    }

    /// The refusal of a group whose CPUs somebody else has.
    pub(crate) fn failure(&self, at: usize, numa: u32, met: &[(u32, &Claim)]) -> Failure {
        let reason = format!("on NUMA node {numa}, {}", self.named(met));
        Failure { at, numa, reason, error: None }
    }

    /// Who has which of the CPUs, for people: three at most.
    pub(crate) fn named(&self, met: &[(u32, &Claim)]) -> String {
        const SHOWN: usize = 3;
        let mut known = BTreeSet::new();
        let mut cores: Vec<_> = met
            .iter()
            .filter_map(|(id, claim)| Some((self.machine.cpu(*id)?, *claim)))
            .filter(|(cpu, _)| known.insert((cpu.socket, cpu.core)))
            .collect();
        cores.sort_by_key(|(cpu, _)| cpu.id);
        let more = cores.len().saturating_sub(SHOWN);
        let one = |(cpu, claim): &(&super::Cpu, &Claim)| {
            format!("CPU {} (core {}) is taken by {}", cpu.id, cpu.core, claim.holder)
        };
        let mut texts: Vec<String> = cores.iter().take(SHOWN).map(one).collect();
        if more > 0 {
            texts.push(format!("and {more} more"));
        }
        texts.join(", ")
    }

    /// Which CPUs of `containers` others have, with who.
    pub(crate) fn all_met<'s>(&'s self, containers: &'s [Vec<u32>]) -> Vec<(u32, &'a Claim)> {
        containers.iter().flat_map(|cpus| self.met(cpus)).collect()
    }
}
