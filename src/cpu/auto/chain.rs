//! NF densities: `nf_chains` x `nf_nodes` containers that share main cores and data-plane core sets
//! as their ratios say. What is given anew is what [`slots::nf`](crate::cpu::slots::nf) computes
//! over the chosen cores; NFs that exist keep their place.

use super::board::{Class, Need};
use super::{Given, Placer, Unfit, whole_cores};
use crate::cpu::slots::{SlotsError, by_thread, turn};
use crate::cpu::{Core, Warning};
use crate::model::ChainRequest;
use std::collections::BTreeSet;

/// Cores that NFs use in the same way.
#[derive(Debug, Clone)]
struct Station {
    /// Cores, as the board counts them.
    seats: Vec<usize>,
    /// The CPUs its users got where each gets one thread; else as many entries as users.
    users: Vec<u32>,
}

/// The cores of a density.
#[derive(Debug, Default)]
pub(super) struct Density {
    mains: Vec<Station>,
    sets: Vec<Station>,
}

/// What a density asks for, with sound numbers.
#[derive(Clone, Copy)]
struct Ask {
    mains: usize,
    sets: usize,
    /// Cores per data-plane set.
    width: usize,
    /// One thread per NF instead of a set.
    half: bool,
    per_main: usize,
    per_set: usize,
}

impl Ask {
    fn of(chain: &ChainRequest) -> Result<Self, SlotsError> {
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let all = size(chain.nf_chains).saturating_mul(size(chain.nf_nodes));
        let (per_main, per_set) = (size(chain.nf_mtcr), size(chain.nf_dtcr));
        if chain.nf_dtc == Some(0) {
            return Err(SlotsError::NoDataPlane);
        }
        if all == 0 || per_main == 0 || per_set == 0 {
            return Err(SlotsError::Range("a ratio is less than 1"));
        }
        Ok(Self {
            mains: all.div_ceil(per_main),
            sets: all.div_ceil(per_set),
            width: size(chain.nf_dtc.unwrap_or(1)),
            half: chain.nf_dtc.is_none(),
            per_main,
            per_set,
        })
    }
}

impl Placer<'_> {
    /// Whether NFs use siblings on a NUMA node.
    fn siblings(&self, chain: &ChainRequest, numa: u32) -> bool {
        let any = || self.site.slots(numa).iter().any(|core| core.cpus.len() > 1);
        chain.smt_used.unwrap_or_else(any)
    }

    pub(super) fn keep_chain(&mut self, at: usize, chain: &ChainRequest, also_beside: bool) {
        let Ok(ask) = Ask::of(chain) else { return };
        let missing: Vec<u32> = self.missing(at).collect();
        for ordinal in missing {
            if let Some(own) = self.taken.own(self.requests[at].group, ordinal) {
                self.keep_nf(at, chain, &ask, ordinal, own, also_beside);
            }
        }
    }

    /// Keeps one NF, if its CPUs are a main and a data-plane set that fit those kept before.
    fn keep_nf(
        &mut self,
        at: usize,
        chain: &ChainRequest,
        ask: &Ask,
        ordinal: u32,
        own: &[u32],
        also_beside: bool,
    ) -> Option<()> {
        let (main, data) = own.split_first()?;
        let main_seat = self.board.seats_of(&[*main])?[0];
        let mut set = self.board.seats_of(data)?;
        set.sort_unstable();
        let first = &self.board.seats[main_seat];
        let (numa, class) = (first.numa, first.class);
        let siblings = self.siblings(chain, numa);
        let cpus: BTreeSet<u32> = data.iter().copied().collect();
        let all = by_thread(&self.board.cores(&set), siblings && !ask.half);
        let right = set.len() == ask.width
            && cpus.len() == data.len()
            && data.len() == all.len()
            && (!siblings || ask.half || cpus == all.into_iter().collect())
            && (siblings || !ask.half)
            && !set.contains(&main_seat)
            && self.density_class(at).is_none_or(|known| known == (numa, class));
        let fits = |seat: &usize| {
            let seat = &self.board.seats[*seat];
            let others = seat.holders.iter().filter(|holding| holding.group != Some(at));
            seat.numa == numa
                && seat.class == class
                && !seat.system
                && (!siblings || seat.whole)
                && others.clone().all(|holding| also_beside && holding.group.is_none())
        };
        if !right || !self.may_stay_on(at, numa) || !set.iter().chain([&main_seat]).all(fits) {
            return None;
        }
        let Density { mains, sets } = &self.drafts[at].density;
        let main_at = spot(mains, sets, &[main_seat], ask.per_main)?;
        let set_at = spot(sets, mains, &set, ask.per_set)?;
        let datum = data[0];
        self.settle(at, true, main_at, vec![main_seat], *main);
        self.settle(at, false, set_at, set, datum);
        self.give(at, ordinal, Given { cpus: own.to_vec(), numa });
        Some(())
    }

    /// Adds a user to a station, which may be a new one.
    fn settle(&mut self, at: usize, main: bool, spot: Spot, seats: Vec<usize>, cpu: u32) {
        let density = &mut self.drafts[at].density;
        let stations = if main { &mut density.mains } else { &mut density.sets };
        if let Spot::Known(station) = spot {
            stations[station].users.push(cpu);
            return;
        }
        self.board.take(&seats, at, false);
        stations.push(Station { seats, users: vec![cpu] });
    }

    /// NUMA node and class of the cores a density has already.
    fn density_class(&self, at: usize) -> Option<(u32, Class)> {
        let main = self.drafts[at].density.mains.first()?;
        let seat = &self.board.seats[main.seats[0]];
        Some((seat.numa, seat.class))
    }

    pub(super) fn chain(&mut self, at: usize, chain: &ChainRequest) -> Result<(), Unfit> {
        let numa = self.asked(at);
        let impossible = |error: SlotsError| Unfit {
            numa,
            reason: format!("NUMA node {numa} {error}"),
            error: Some(error),
        };
        let ask = Ask::of(chain).map_err(impossible)?;
        if self.missing(at).next().is_none() {
            return Ok(());
        }
        let nodes = match self.density_class(at) {
            Some((numa, _)) => vec![numa],
            None => self.nodes(at).into_iter().flatten().collect(),
        };
        for numa in nodes {
            if self.density(at, chain, &ask, numa) {
                return Ok(());
            }
        }
        let siblings = self.siblings(chain, numa);
        if ask.half && !siblings && !self.site.slots(numa).is_empty() {
            return Err(impossible(SlotsError::HalfWithoutSmt));
        }
        let data = ask.sets.saturating_mul(ask.width);
        let wants = format!("{} for NF mains and {data} for data planes", whole_cores(ask.mains));
        Err(self.unfit(at, &wants, siblings))
    }

    /// Completes a density on a NUMA node, if there is room for all of it.
    fn density(&mut self, at: usize, chain: &ChainRequest, ask: &Ask, numa: u32) -> bool {
        let siblings = self.siblings(chain, numa);
        if ask.half && !siblings {
            return false;
        }
        let Density { mains, sets } = &self.drafts[at].density;
        let new_mains = ask.mains.saturating_sub(mains.len());
        let new_sets = ask.sets.saturating_sub(sets.len());
        let cores = new_mains.saturating_add(new_sets.saturating_mul(ask.width));
        let class = self.density_class(at).map(|(_, class)| class);
        let need = Need { cores: Some(cores), siblings, class };
        let chosen =
            if cores == 0 { Some(Vec::new()) } else { self.board.choose(numa, &need, (at, 0)) };
        let Some(chosen) = chosen else { return false };
        self.board.take(&chosen, at, false);
        let density = &mut self.drafts[at].density;
        let (main, data) = chosen.split_at(new_mains);
        let station = |seats: &[usize]| Station { seats: seats.to_vec(), users: Vec::new() };
        density.mains.extend(main.chunks(1).map(station));
        density.sets.extend(data.chunks(ask.width).map(station));
        let missing: Vec<u32> = self.missing(at).collect();
        for ordinal in missing {
            let Density { mains, sets } = &mut self.drafts[at].density;
            let mut cpus = vec![main_cpu(&self.board.seats, mains, ask.per_main, siblings)];
            let set = least_used(sets, ask.per_set);
            let cores = self.board.cores(&set.seats);
            if ask.half {
                let cpu = next_thread(&cores[0], &set.users);
                set.users.push(cpu);
                cpus.push(cpu);
            } else {
                set.users.push(cores[0].cpus[0]);
                cpus.extend(by_thread(&cores, siblings));
            }
            self.give(at, ordinal, Given { cpus, numa });
        }
        true
    }

    /// Warns of NFs whose mains share a CPU.
    pub(super) fn shared_mains(&mut self, at: usize, chain: &ChainRequest) {
        let containers = &self.drafts[at].containers;
        let mains: BTreeSet<u32> = containers.iter().flatten().map(|given| given.cpus[0]).collect();
        if mains.len() < containers.len() {
            let group = self.requests[at].group.to_owned();
            self.attempt.warnings.push(Warning::SharedMains { group, mtcr: chain.nf_mtcr });
        }
    }
}

/// Where an NF that exists joins its density.
#[derive(Clone, Copy)]
enum Spot {
    /// A station of its own.
    New,
    /// The station with this index.
    Known(usize),
}

/// The spot of an NF on these cores: a station of exactly these with room, or a new one, where no
/// station has any of them.
fn spot(stations: &[Station], others: &[Station], seats: &[usize], users: usize) -> Option<Spot> {
    if let Some(at) = stations.iter().position(|station| station.seats == seats) {
        return (stations[at].users.len() < users).then_some(Spot::Known(at));
    }
    let mut known = stations.iter().chain(others).flat_map(|station| &station.seats);
    known.all(|seat| !seats.contains(seat)).then_some(Spot::New)
}

fn least_used(stations: &mut [Station], users: usize) -> &mut Station {
    let with_room = stations.iter_mut().filter(|station| station.users.len() < users);
    with_room.min_by_key(|station| station.users.len()).expect("there are stations for all NFs")
}

/// The main CPU of the next NF.
fn main_cpu(
    seats: &[super::board::Seat],
    mains: &mut [Station],
    users: usize,
    siblings: bool,
) -> u32 {
    let main = least_used(mains, users);
    let core = &seats[main.seats[0]].core;
    let cpu = if siblings { next_thread(core, &main.users) } else { core.cpus[0] };
    main.users.push(cpu);
    cpu
}

/// The thread of a core that fewest of `users` are on, in the order in which threads are given.
fn next_thread(core: &Core, users: &[u32]) -> u32 {
    let in_turn = (0..core.cpus.len()).map(|user| core.cpus[turn(core.cpus.len(), user)]);
    let count = |cpu: &u32| users.iter().filter(|user| *user == cpu).count();
    in_turn.min_by_key(count).expect("a core has a CPU")
}
