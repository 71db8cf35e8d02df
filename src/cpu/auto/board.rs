//! The cores of a machine as automatic placement sees them: what they are, and who has them.

use super::super::place::{GroupRequest, Site};
use super::super::taken::{CoreKey, Taken};
use super::super::{Core, Machine};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How far the scheduler leaves a core alone; the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Isolation {
    /// All its usable CPUs are isolated.
    Whole,
    /// Its first CPU is, siblings are not.
    FirstThread,
    /// None is.
    None,
    /// Siblings are, its first CPU is not.
    OtherThread,
}

impl Isolation {
    /// Whether CPUs of one such core are partly isolated.
    pub(super) fn is_mixed(self) -> bool {
        matches!(self, Self::FirstThread | Self::OtherThread)
    }
}

/// What the cores of one container have in common: isolation and kind. The best first.
pub(super) type Class = (Isolation, u32);

/// Who has a core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holding {
    /// The group that is being placed; `None` = somebody else.
    pub(super) group: Option<usize>,
    /// Whether it shares.
    pub(super) shared: bool,
}

/// One core.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) core: Core,
    pub(super) numa: u32,
    /// Its index among the cores of its NUMA node.
    slot: usize,
    /// Kept for the system.
    pub(super) system: bool,
    l3: Option<u32>,
    pub(super) class: Class,
    /// Whether it has siblings, and none of them is missing or may not be used.
    pub(super) whole: bool,
    pub(super) holders: Vec<Holding>,
    /// The container (group, ordinal) that is still there but will be put elsewhere.
    leaving: Option<(usize, u32)>,
}

/// Which cores a container needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Need {
    /// How many; `None` = all there are.
    pub(super) cores: Option<usize>,
    /// With all their siblings.
    pub(super) siblings: bool,
    /// Only of this class.
    pub(super) class: Option<Class>,
}

/// All cores that may be used.
pub(super) struct Board {
    pub(super) seats: Vec<Seat>,
    by_cpu: BTreeMap<u32, usize>,
    /// Whether any usable CPU is isolated.
    pub(super) has_isolated: bool,
    /// Whether cores of containers that will be put elsewhere are left to them.
    considerate: bool,
}

impl Board {
    pub(super) fn new(
        site: &Site<'_>,
        requests: &[GroupRequest<'_>],
        taken: &Taken<'_>,
        considerate: bool,
    ) -> Self {
        let threads = Threads::of(site.machine);
        let system_cpus = usize::try_from(site.system_cpus).unwrap_or(usize::MAX);
        let has_isolated = site.machine.cpus().any(|cpu| cpu.usable() && cpu.isolated);
        let mut board =
            Self { seats: Vec::new(), by_cpu: BTreeMap::new(), has_isolated, considerate };
        for (numa, slots) in site.all_slots() {
            for (slot, core) in slots.iter().enumerate() {
                let key = (core.socket, core.core);
                let first = site.machine.cpu(core.cpus[0]).expect("cores are made of CPUs");
                let shared = taken.others(key).iter().map(|claim| claim.shared);
                let holders = shared.map(|shared| Holding { group: None, shared }).collect();
                let seat = board.seats.len();
                board.by_cpu.extend(core.cpus.iter().map(|cpu| (*cpu, seat)));
                board.seats.push(Seat {
                    core: core.clone(),
                    numa: *numa,
                    slot,
                    system: slot < system_cpus,
                    l3: first.l3,
                    class: (isolation(site.machine, core), first.kind),
                    whole: threads.all_of(core, first.kind),
                    holders,
                    leaving: None,
                });
            }
        }
        for (at, request) in requests.iter().enumerate().filter(|_| !taken.nothing_of_ours()) {
            for ordinal in 1..=request.cpu.containers() {
                for cpu in taken.own(request.group, ordinal).unwrap_or_default() {
                    if let Some(seat) = board.by_cpu.get(cpu) {
                        board.seats[*seat].leaving.get_or_insert((at, ordinal));
                    }
                }
            }
        }
        board
    }

    /// The cores of `cpus` in their order; `None` when one is not there or may not be used.
    pub(super) fn seats_of(&self, cpus: &[u32]) -> Option<Vec<usize>> {
        let mut seats = Vec::new();
        for cpu in cpus {
            let seat = *self.by_cpu.get(cpu)?;
            if !seats.contains(&seat) {
                seats.push(seat);
            }
        }
        Some(seats)
    }

    pub(super) fn cores(&self, seats: &[usize]) -> Vec<Core> {
        seats.iter().map(|seat| self.seats[*seat].core.clone()).collect()
    }

    pub(super) fn take(&mut self, seats: &[usize], group: usize, shared: bool) {
        for seat in seats {
            self.seats[*seat].holders.push(Holding { group: Some(group), shared });
        }
    }

    /// Undoes the last [`Board::take`] of the same seats.
    pub(super) fn give_back(&mut self, seats: &[usize]) {
        for seat in seats {
            self.seats[*seat].holders.pop();
        }
    }

    /// Whether a container may be put on a core nobody has; ordinal 0 = any of the group.
    fn is_free_for(&self, seat: &Seat, (group, ordinal): (usize, u32)) -> bool {
        let mine = |(of, left): (usize, u32)| of == group && (ordinal == 0 || left == ordinal);
        let left = !self.considerate || seat.leaving.is_none_or(mine);
        !seat.system && seat.holders.is_empty() && left
    }

    /// Free cores on a NUMA node that answer a need, apart from how many it is.
    fn free(&self, numa: u32, need: &Need, container: (usize, u32)) -> Vec<usize> {
        let fits = |seat: &Seat| {
            seat.numa == numa
                && self.is_free_for(seat, container)
                && (!need.siblings || (seat.whole && !seat.class.0.is_mixed()))
                && need.class.is_none_or(|class| class == seat.class)
        };
        (0..self.seats.len()).filter(|at| fits(&self.seats[*at])).collect()
    }

    /// How many cores a container could choose from.
    pub(super) fn count_free(&self, numa: u32, need: &Need, container: (usize, u32)) -> usize {
        self.free(numa, need, container).len()
    }

    /// Free cores for a container, in slot order: all of one class, the best that has enough, and
    /// near each other.
    pub(super) fn choose(
        &self,
        numa: u32,
        need: &Need,
        container: (usize, u32),
    ) -> Option<Vec<usize>> {
        let mut free = self.free(numa, need, container);
        free.sort_by_key(|at| self.seats[*at].class);
        let least = need.cores.unwrap_or(1);
        let same = |one: &usize, other: &usize| self.seats[*one].class == self.seats[*other].class;
        let class = free.chunk_by(same).find(|class| class.len() >= least)?;
        Some(match need.cores {
            Some(cores) => self.near(class, cores),
            None => class.to_vec(),
        })
    }

    /// `cores` of `class`: in the fullest L3 that fits them all, to leave large ones whole; else in
    /// as few as possible.
    fn near(&self, class: &[usize], cores: usize) -> Vec<usize> {
        let mut caches: BTreeMap<Option<u32>, Vec<usize>> = BTreeMap::new();
        for seat in class {
            caches.entry(self.seats[*seat].l3).or_default().push(*seat);
        }
        let mut caches: Vec<Vec<usize>> = caches.into_values().collect();
        let mut chosen = Vec::with_capacity(cores);
        while chosen.len() < cores {
            let left = cores - chosen.len();
            let fitting = (0..caches.len()).filter(|at| caches[*at].len() >= left);
            let best = fitting.min_by_key(|at| (caches[*at].len(), caches[*at][0]));
            let largest =
                || (0..caches.len()).min_by_key(|at| (Reverse(caches[*at].len()), caches[*at][0]));
            let Some(at) = best.or_else(largest) else { break };
            let cache = caches.swap_remove(at);
            chosen.extend_from_slice(self.adjacent(&cache, left.min(cache.len())));
        }
        chosen.sort_unstable();
        chosen
    }

    /// The first run of `cores` adjacent ones, or the first ones.
    fn adjacent<'s>(&self, seats: &'s [usize], cores: usize) -> &'s [usize] {
        let slot = |at: usize| self.seats[at].slot;
        let is_run = |run: &&[usize]| slot(run[cores - 1]) - slot(run[0]) == cores - 1;
        seats.windows(cores).find(is_run).unwrap_or(&seats[..cores])
    }

    /// Cores of a NUMA node that containers may share, those with fewest users first, and how many
    /// are free: of the class with most of them; system cores only where there are no others.
    pub(super) fn shareable(
        &self,
        numa: u32,
        siblings: bool,
        wanted: usize,
        container: (usize, u32),
    ) -> Option<(Vec<usize>, usize)> {
        [false, true].into_iter().find_map(|system| {
            let fits = |seat: &Seat| {
                seat.numa == numa
                    && (system || !seat.system)
                    && seat.holders.iter().all(|holding| holding.shared)
                    && !(siblings && seat.class.0.is_mixed())
            };
            let mut classes: BTreeMap<Class, Vec<usize>> = BTreeMap::new();
            for (at, seat) in self.seats.iter().enumerate().filter(|(_, seat)| fits(seat)) {
                classes.entry(seat.class).or_default().push(at);
            }
            let most = |pool: &&Vec<usize>| Reverse(pool.len().min(wanted));
            let mut pool = classes.values().min_by_key(most)?.clone();
            // Free ones, then those of others; a group's own containers count alike.
            let others = |at: &usize| {
                let holders = self.seats[*at].holders.iter();
                holders.filter(|holding| holding.group != Some(container.0)).count()
            };
            pool.sort_by_key(|at| (others(at), *at));
            let free = pool.iter().filter(|at| others(at) == 0).count();
            Some((pool, free))
        })
    }
}

fn isolation(machine: &Machine, core: &Core) -> Isolation {
    let isolated = |cpu: &u32| machine.cpu(*cpu).is_some_and(|cpu| cpu.isolated);
    let first = isolated(&core.cpus[0]);
    match (first, core.cpus.iter().all(|cpu| isolated(cpu) == first)) {
        (true, true) => Isolation::Whole,
        (true, false) => Isolation::FirstThread,
        (false, true) => Isolation::None,
        (false, false) => Isolation::OtherThread,
    }
}

/// How many threads the cores of a machine have online, the forbidden ones too.
struct Threads {
    of_core: BTreeMap<CoreKey, usize>,
    of_kind: BTreeMap<u32, usize>,
}

impl Threads {
    fn of(machine: &Machine) -> Self {
        let mut threads = Self { of_core: BTreeMap::new(), of_kind: BTreeMap::new() };
        for cpu in machine.cpus().filter(|cpu| cpu.online) {
            let of_core = threads.of_core.entry((cpu.socket, cpu.core)).or_default();
            *of_core += 1;
            let most = threads.of_kind.entry(cpu.kind).or_default();
            *most = (*most).max(*of_core);
        }
        threads
    }

    /// Whether a core has siblings and all of them may be used. The kernel does not say which core
    /// an offline CPU is of, so a core with fewer threads than others of its kind lacks one.
    fn all_of(&self, core: &Core, kind: u32) -> bool {
        let usable = core.cpus.len();
        let all = [self.of_core.get(&(core.socket, core.core)), self.of_kind.get(&kind)];
        usable > 1 && all.into_iter().flatten().all(|threads| *threads <= usable)
    }
}
