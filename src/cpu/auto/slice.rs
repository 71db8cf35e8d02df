//! Groups of `count` containers with `cpu_count` cores each.

use super::board::Need;
use super::{Given, Placer, Unfit, whole_cores};
use crate::cpu::Warning;
use crate::cpu::share::share;
use crate::cpu::slots::by_thread;
use crate::model::{Scarce, SliceRequest};
use std::collections::BTreeSet;

impl Placer<'_> {
    pub(super) fn keep_slice(&mut self, at: usize, slice: &SliceRequest, also_beside: bool) {
        let may_share = self.requests[at].cpu.may_share();
        let missing: Vec<u32> = self.missing(at).collect();
        for ordinal in missing {
            let Some(own) = self.taken.own(self.requests[at].group, ordinal) else { continue };
            let Some(seats) = self.board.seats_of(own) else { continue };
            let right_number = match slice.cpu_count {
                0 => true,
                count => u32::try_from(seats.len()) == Ok(count),
            };
            let system = seats.iter().any(|seat| self.board.seats[*seat].system);
            if !right_number || system || !self.answers(at, slice, own, &seats, also_beside) {
                continue;
            }
            self.board.take(&seats, at, may_share);
            let given = Given { cpus: own.to_vec(), numa: self.board.seats[seats[0]].numa };
            if slice.cpu_shared {
                self.drafts[at].containers.fill(Some(given));
                return;
            }
            self.give(at, ordinal, given);
        }
    }

    /// Whether CPUs that a container has answer its request, apart from how many cores they are.
    fn answers(
        &self,
        at: usize,
        slice: &SliceRequest,
        own: &[u32],
        seats: &[usize],
        also_beside: bool,
    ) -> bool {
        let may_share = self.requests[at].cpu.may_share();
        let Some(first) = seats.first().map(|seat| &self.board.seats[*seat]) else { return false };
        let open = |seat: &usize| {
            let seat = &self.board.seats[*seat];
            seat.numa == first.numa
                && seat.holders.iter().all(|holding| {
                    may_share && holding.shared || also_beside && holding.group.is_none()
                })
        };
        let threads = if slice.smt_used {
            let all = seats.iter().flat_map(|seat| &self.board.seats[*seat].core.cpus);
            let all: BTreeSet<u32> = all.copied().collect();
            let scarce = slice.cpu_scarce == Scarce::Share;
            let whole = scarce || seats.iter().all(|seat| self.board.seats[*seat].whole);
            whole && own.iter().copied().collect::<BTreeSet<_>>() == all && all.len() == own.len()
        } else {
            own.len() == seats.len()
        };
        threads && self.may_stay_on(at, first.numa) && seats.iter().all(open)
    }

    pub(super) fn slice(&mut self, at: usize, slice: &SliceRequest) -> Result<(), Unfit> {
        if slice.cpu_count == 0 && slice.count > 1 && !slice.cpu_shared {
            let reason = format!(
                "`cpu_count = 0` gives all cores that are left to one container, but {} ask for \
                 them",
                slice.count
            );
            return Err(Unfit { numa: self.asked(at), reason, error: None });
        }
        for nodes in self.nodes(at) {
            if self.fill(at, slice, &nodes) {
                return Ok(());
            }
        }
        if slice.cpu_scarce == Scarce::Share && self.share(at, slice) {
            return Ok(());
        }
        let each = if slice.cpu_shared { 1 } else { self.missing(at).count() };
        let wants = match (slice.cpu_count, each) {
            (0, _) => "all its free cores".to_owned(),
            (count, 1) => whole_cores(count),
            (count, each) => format!("{each} times {}", whole_cores(count)),
        };
        Err(self.unfit(at, &wants, slice.smt_used))
    }

    /// Puts all missing containers of a group on free cores of `nodes`, or none of them.
    fn fill(&mut self, at: usize, slice: &SliceRequest, nodes: &[u32]) -> bool {
        let may_share = self.requests[at].cpu.may_share();
        let cores = usize::try_from(slice.cpu_count).ok().filter(|cores| *cores > 0);
        let need = Need { cores, siblings: slice.smt_used, class: None };
        let missing: Vec<u32> = self.missing(at).collect();
        let mut chosen: Vec<(u32, u32, Vec<usize>)> = Vec::new();
        for ordinal in missing {
            let on = |numa: &u32| Some((*numa, self.board.choose(*numa, &need, (at, ordinal))?));
            let Some((numa, seats)) = nodes.iter().find_map(on) else {
                for (.., seats) in &chosen {
                    self.board.give_back(seats);
                }
                return false;
            };
            self.board.take(&seats, at, may_share);
            chosen.push((ordinal, numa, seats));
            if slice.cpu_shared {
                break;
            }
        }
        for (ordinal, numa, seats) in chosen {
            let cpus = by_thread(&self.board.cores(&seats), slice.smt_used);
            let given = Given { cpus, numa };
            if slice.cpu_shared {
                self.drafts[at].containers.fill(Some(given));
            } else {
                self.give(at, ordinal, given);
            }
        }
        true
    }

    /// `cpu_scarce = "share"`: what there is, wrapped around.
    fn share(&mut self, at: usize, slice: &SliceRequest) -> bool {
        let group = self.requests[at].group;
        let each = if slice.cpu_shared { 1 } else { self.missing(at).count() };
        let cores = usize::try_from(slice.cpu_count).unwrap_or(usize::MAX).max(1);
        let wanted = cores.saturating_mul(each.max(1));
        let nodes = self.nodes(at);
        let pool = nodes.into_iter().flatten().find_map(|numa| {
            Some((numa, self.board.shareable(numa, slice.smt_used, wanted, (at, 1))?))
        });
        let Some((numa, (pool, free))) = pool else { return false };
        let answers = share(&self.board.cores(&pool), slice);
        let missing: Vec<u32> = self.missing(at).collect();
        for ordinal in missing {
            let answer = &answers[usize::try_from(ordinal - 1).expect("an ordinal of the group")];
            let width = self.board.seats_of(answer).map_or(0, |seats| seats.len());
            // Fewer cores than asked for are kept as well, where there would not be more.
            let kept = self.taken.own(group, ordinal).filter(|own| {
                self.board.seats_of(own).is_some_and(|seats| {
                    seats.len() == width
                        && seats.iter().all(|seat| pool.contains(seat))
                        && self.answers(at, slice, own, &seats, false)
                })
            });
            let cpus = kept.unwrap_or(answer).to_vec();
            let seats = self.board.seats_of(&cpus).expect("CPUs of the board");
            self.board.take(&seats, at, true);
            self.give(at, ordinal, Given { cpus, numa });
        }
        let (group, wanted) = (group.to_owned(), wanted as u64);
        self.attempt.warnings.push(Warning::Crowded { group, numa, free, wanted });
        true
    }
}
