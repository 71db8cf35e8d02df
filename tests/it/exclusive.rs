//! Ten thousand random machines, loads and claims: nobody gets a core twice, nothing that exists
//! moves, and what a refusal suggests is true.

use crate::random::{Random, own};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use vnfctl::cpu::{
    Claim, GroupRequest, Holder, Machine, NodePlacement, Refusal, Stay, Warning, place,
};
use vnfctl::model::{CpuRequest, NumaPolicy, PlacementMode, Scarce};

/// A node with its groups.
struct Load {
    mode: PlacementMode,
    machine: Machine,
    groups: Vec<(String, CpuRequest, Option<u32>, NumaPolicy)>,
    /// What others have.
    claims: Vec<Claim>,
    random: Random,
}

impl Load {
    fn new(seed: u64, modes: &[PlacementMode]) -> Self {
        let mut random = Random(seed);
        let mode = modes[random.below(u32::try_from(modes.len()).unwrap()) as usize];
        let machine = random.machine();
        let count = 1 + random.below(4);
        let group = |at: u32| {
            let (numa, policy) = random.numa(&machine);
            (format!("G{at}"), random.request(), numa, policy)
        };
        let mut groups: Vec<_> = (0..count).map(group).collect();
        if random.once_in(2) {
            one_after_the_other(&mut groups);
        }
        let claims = if random.once_in(3) { Vec::new() } else { random.claims(&machine) };
        Self { mode, machine, groups, claims, random }
    }

    fn requests(&self) -> Vec<GroupRequest<'_>> {
        let groups = self.groups.iter();
        let request = groups.map(|(group, cpu, numa, policy)| GroupRequest {
            group,
            cpu,
            numa: *numa,
            numa_policy: *policy,
        });
        request.collect()
    }

    fn place(&self, claims: &[Claim]) -> Result<NodePlacement, Vec<Refusal>> {
        place(self.mode, &self.machine, 1, &self.requests(), claims)
    }

    fn own(&self, placement: &NodePlacement) -> Vec<Claim> {
        let requests = self.groups.iter().map(|(name, cpu, ..)| (name.clone(), cpu.clone()));
        own(&placement.groups, &requests.collect())
    }

    fn cores(&self, cpus: impl IntoIterator<Item = u32>) -> BTreeSet<(u32, u32)> {
        let known = cpus.into_iter().filter_map(|cpu| self.machine.cpu(cpu));
        known.map(|cpu| (cpu.socket, cpu.core)).collect()
    }
}

/// Skips that keep groups apart in the modes that count slots.
fn one_after_the_other(groups: &mut [(String, CpuRequest, Option<u32>, NumaPolicy)]) {
    let mut skip = 1;
    for (_, cpu, ..) in groups {
        if let CpuRequest::Slice(slice) = cpu {
            slice.cpu_skip = Some(skip);
            skip += slice.cpu_count * if slice.cpu_shared { 1 } else { slice.count };
        }
    }
}

/// Whether groups of one topology may be on the same cores.
fn may_meet(mode: PlacementMode, one: &CpuRequest, other: &CpuRequest) -> bool {
    let shared = |cpu: &CpuRequest| matches!(cpu, CpuRequest::Slice(slice) if slice.cpu_shared);
    let scarce = |cpu: &CpuRequest| matches!(cpu, CpuRequest::Slice(slice) if slice.cpu_scarce == Scarce::Share);
    match mode {
        PlacementMode::Auto => one.may_share() && other.may_share(),
        _ => shared(one) || shared(other) || (scarce(one) && scarce(other)),
    }
}

/// Everything that must hold of an answer.
fn check(load: &Load, placement: &NodePlacement, claims: &[Claim]) -> Result<(), TestCaseError> {
    let mut of_groups: Vec<BTreeSet<(u32, u32)>> = Vec::new();
    for (placed, (name, request, numa, policy)) in placement.groups.iter().zip(&load.groups) {
        prop_assert_eq!(&placed.group, name);
        prop_assert_eq!(placed.containers.len(), request.containers() as usize);
        let scarce =
            matches!(request, CpuRequest::Slice(slice) if slice.cpu_scarce == Scarce::Share);
        let mut of_group = BTreeMap::new();
        for (ordinal, container) in (1..).zip(&placed.containers) {
            let distinct: BTreeSet<u32> = container.cpus.iter().copied().collect();
            prop_assert!(!distinct.is_empty() && distinct.len() == container.cpus.len());
            let mut nodes = BTreeSet::new();
            for cpu in &container.cpus {
                let cpu = load.machine.cpu(*cpu).unwrap();
                prop_assert!(cpu.online && cpu.allowed, "CPU {} may not be used", cpu.id);
                nodes.insert(cpu.numa);
            }
            prop_assert_eq!(nodes.len(), 1);
            let prefers = load.mode == PlacementMode::Auto && *policy == NumaPolicy::Prefer;
            prop_assert!(prefers || numa.is_none_or(|numa| nodes.contains(&numa)));
            let cores = load.cores(distinct.iter().copied());
            let system = &load.machine.slots(*nodes.first().unwrap())[0];
            prop_assert!(scarce || !cores.contains(&(system.socket, system.core)));
            for core in &cores {
                *of_group.entry(*core).or_insert(0_u32) += 1;
            }
            if let CpuRequest::Slice(slice) = request {
                let wanted = slice.cpu_count as usize;
                prop_assert!(
                    wanted == 0 || cores.len() == wanted || (scarce && cores.len() < wanted)
                );
                let all = load.machine.cpus().filter(|cpu| cpu.usable());
                let all = all.filter(|cpu| cores.contains(&(cpu.socket, cpu.core))).count();
                prop_assert_eq!(distinct.len(), if slice.smt_used { all } else { cores.len() });
            }
            let others = claims.iter().filter(
                |claim| !matches!(&claim.holder, Holder::Own { group, .. } if group != "GONE"),
            );
            for claim in others {
                if load.cores(claim.cpus.0.iter().copied()).is_disjoint(&cores) {
                    continue;
                }
                let warned = placement.warnings.iter().any(|warning| match warning {
                    Warning::Beside { group, containers, stay, holder, .. } => {
                        let shares = claim.shared && request.may_share();
                        let why = if shares { Stay::Shares } else { Stay::WasThere };
                        group == name
                            && containers.0.contains(&ordinal)
                            && *holder == claim.holder
                            && *stay == why
                    }
                    _ => false,
                });
                prop_assert!(warned, "{} {} is beside {:?}", name, ordinal, claim);
                let there = claims.iter().any(|own| {
                    own.cpus.0 == distinct
                        && matches!(&own.holder, Holder::Own { group, ordinal: of, .. }
                            if group == name && *of == ordinal)
                });
                prop_assert!(there || (claim.shared && request.may_share()));
            }
        }
        let most = match request {
            CpuRequest::Slice(slice) if slice.cpu_shared || scarce => u32::MAX,
            CpuRequest::Slice(_) => 1,
            CpuRequest::Chain(chain) => chain.nf_mtcr.max(chain.nf_dtcr),
        };
        prop_assert!(of_group.values().all(|users| *users <= most));
        of_groups.push(of_group.into_keys().collect());
    }
    for (one, mine) in of_groups.iter().enumerate() {
        for (other, theirs) in of_groups.iter().enumerate().skip(one + 1) {
            let allowed = may_meet(load.mode, &load.groups[one].1, &load.groups[other].1);
            prop_assert!(allowed || mine.is_disjoint(theirs), "groups {one} and {other} meet");
        }
    }
    Ok(())
}

/// CPUs of one container are all isolated or all not, and of one kind.
fn check_alike(load: &Load, placement: &NodePlacement) -> Result<(), TestCaseError> {
    for container in placement.groups.iter().flat_map(|group| &group.containers) {
        let of = |cpu: &u32| load.machine.cpu(*cpu).map(|cpu| (cpu.isolated, cpu.kind));
        let classes: BTreeSet<_> = container.cpus.iter().map(of).collect();
        prop_assert_eq!(classes.len(), 1);
    }
    Ok(())
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, max_shrink_iters: 0, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn no_core_is_given_twice(seed in any::<u64>()) {
        let load = Load::new(seed, &[PlacementMode::Slots, PlacementMode::Auto]);
        let Ok(placement) = load.place(&load.claims) else { return Ok(()) };
        let again = load.place(&load.claims);
        prop_assert_eq!(Ok(&placement), again.as_ref());
        check(&load, &placement, &load.claims)?;
        if load.mode == PlacementMode::Auto {
            check_alike(&load, &placement)?;
        }
    }

    /// Groups are added, counts raised, others come: what is there stays.
    #[test]
    fn what_exists_stays(seed in any::<u64>()) {
        let mut load = Load::new(seed, &[PlacementMode::Auto]);
        let Ok(before) = load.place(&load.claims) else { return Ok(()) };
        let mut claims = load.own(&before);
        claims.extend(load.claims.clone());
        let again = load.place(&claims);
        prop_assert_eq!(again.map(|again| again.groups), Ok(before.groups.clone()));
        if load.random.once_in(2) {
            let (numa, policy) = load.random.numa(&load.machine);
            let at = load.random.below(2) as usize;
            let request = load.random.request();
            load.groups.insert(at, ("NEW".into(), request, numa, policy));
        } else {
            match &mut load.groups[0].1 {
                CpuRequest::Slice(slice) => slice.count += 1,
                CpuRequest::Chain(chain) => chain.nf_nodes += 1,
            }
        }
        let Ok(after) = load.place(&claims) else { return Ok(()) };
        check(&load, &after, &claims)?;
        for group in &before.groups {
            let now = after.groups.iter().find(|now| now.group == group.group).unwrap();
            let (_, request, ..) = load.groups.iter().find(|(name, ..)| *name == group.group).unwrap();
            for (container, now) in group.containers.iter().zip(&now.containers) {
                let short = matches!(request, CpuRequest::Slice(slice)
                    if slice.cpu_scarce == Scarce::Share
                        && load.cores(container.cpus.clone()).len() < slice.cpu_count as usize);
                prop_assert!(short || container == now);
            }
        }
    }
}

proptest! {
    // A refusal is dear: many changes are tried for it.
    #![proptest_config(cases(3_000))]

    /// A suggestion makes its group fit, and no other group pays for it.
    #[test]
    fn suggestions_are_true(seed in any::<u64>()) {
        let modes = [PlacementMode::Slots, PlacementMode::Auto, PlacementMode::Csit];
        let load = Load::new(seed, &modes);
        let Err(refusals) = load.place(&load.claims) else { return Ok(()) };
        let refused = |refusals: &[Refusal]| -> BTreeSet<String> {
            refusals.iter().map(|refusal| refusal.group.clone()).collect()
        };
        let before = refused(&refusals);
        prop_assert_eq!(before.len(), refusals.len());
        for refusal in &refusals {
            let at = load.groups.iter().position(|(name, ..)| *name == refusal.group).unwrap();
            for suggestion in &refusal.suggestions {
                let cpu = suggestion.cpu(&load.groups[at].1);
                let mut requests = load.requests();
                requests[at] = suggestion.request(&requests[at], &cpu);
                let after = place(load.mode, &load.machine, 1, &requests, &load.claims);
                let still = refused(&after.err().unwrap_or_default());
                prop_assert!(still.is_subset(&before) && !still.contains(&refusal.group));
            }
        }
    }
}
