//! What is doubtful about an answer of CSIT's arithmetic, judged by true cores.

use super::{Machine, Nf, Slice, csit};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One reason to doubt an answer; its word is the flag of the placement vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// CSIT's verdict on SMT is wrong for the machine.
    SmtMisdetected,
    /// Fewer CPUs than asked for.
    Short,
    /// A CPU shares a core with the skipped slots.
    OverlapReserved,
    /// Whole cores were asked for and a sibling is missing.
    SplitCore,
    /// Another NF has the same main CPU.
    SharedMain,
    /// Another NF has one of the same data-plane CPUs.
    SharedDp,
    /// The main CPU is some NF's data-plane CPU.
    MainInDp,
    /// Cores collide without being asked to.
    CoreConflict,
    /// No CPU at all.
    Empty,
    /// An NF without a data-plane CPU.
    NoDp,
    /// The same CPU twice.
    Dup,
    /// A CPU that is offline or not allowed here (not a flag of the vectors).
    NotUsable,
}

impl Doubt {
    /// The flag's name.
    pub fn word(self) -> &'static str {
        match self {
            Self::SmtMisdetected => "smt_misdetected",
            Self::Short => "short",
            Self::OverlapReserved => "overlap_reserved",
            Self::SplitCore => "split_core",
            Self::SharedMain => "shared_main",
            Self::SharedDp => "shared_dp",
            Self::MainInDp => "main_in_dp",
            Self::CoreConflict => "core_conflict",
            Self::Empty => "empty",
            Self::NoDp => "no_dp",
            Self::Dup => "dup",
            Self::NotUsable => "not_usable",
        }
    }

    /// What the flag says, for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::SmtMisdetected => "CSIT takes this machine's SMT for what it is not",
            Self::Short => "fewer CPUs than asked for",
            Self::OverlapReserved => "shares a core with the skipped slots",
            Self::SplitCore => "a whole core was asked for, a sibling is left out",
            Self::SharedMain => "another NF has the same main CPU",
            Self::SharedDp => "another NF has the same data-plane CPUs",
            Self::MainInDp => "the main CPU is also a data-plane CPU",
            Self::CoreConflict => "a core is used twice without being asked to",
            Self::Empty => "no CPU at all",
            Self::NoDp => "no data-plane CPU",
            Self::Dup => "a CPU twice",
            Self::NotUsable => "a CPU that is offline or not allowed here",
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

type CoreKey = (u32, u32);

fn core_of(machine: &Machine, cpu: u32) -> CoreKey {
    machine.cpu(cpu).map_or((u32::MAX, cpu), |cpu| (cpu.socket, cpu.core))
}

fn cores_of(machine: &Machine, cpus: &[u32]) -> BTreeSet<CoreKey> {
    cpus.iter().map(|cpu| core_of(machine, *cpu)).collect()
}

/// Doubts about `answer` to `ask`.
pub fn doubts_of_slice(machine: &Machine, ask: &Slice, answer: &[u32]) -> BTreeSet<Doubt> {
    let mut doubts = general(machine, answer);
    let reserved = reserved(machine, ask.node, ask.skip, ask.smt_used);
    add(&mut doubts, Doubt::OverlapReserved, overlaps(machine, answer, &reserved));
    add(&mut doubts, Doubt::Empty, answer.is_empty());
    let wanted = ask.count * if ask.smt_used { 2 } else { 1 };
    add(&mut doubts, Doubt::Short, less(answer, wanted));
    if ask.smt_used {
        add(&mut doubts, Doubt::SplitCore, splits(machine, answer));
        let conflict = cores_collide(machine, answer, ask.count);
        add(&mut doubts, Doubt::CoreConflict, conflict && !less(answer, wanted));
    } else {
        add(&mut doubts, Doubt::CoreConflict, cores_of(machine, answer).len() < answer.len());
    }
    doubts
}

/// Doubts about the answers to every NF of a density, in the order of [`Nf::all`].
pub fn doubts_of_nf(machine: &Machine, ask: &Nf, answers: &[Vec<u32>]) -> Vec<BTreeSet<Doubt>> {
    let smt = ask.smt_used.unwrap_or_else(|| machine.csit_smt());
    let sets = ask.sizes().map_or(1, |(_, sets)| sets);
    let reserved = reserved(machine, ask.node, ask.skip, smt);
    let mut mains: BTreeMap<u32, u32> = BTreeMap::new();
    let mut data_cpus: BTreeMap<u32, u32> = BTreeMap::new();
    let mut data_cores: BTreeMap<CoreKey, BTreeSet<i64>> = BTreeMap::new();
    let density = || ask.all().zip(answers);
    for (nf, answer) in density() {
        let (main, data) = split(answer);
        for cpu in main {
            *mains.entry(*cpu).or_default() += 1;
        }
        for cpu in data {
            *data_cpus.entry(*cpu).or_default() += 1;
            data_cores.entry(core_of(machine, *cpu)).or_default().insert(nf.offset() % sets);
        }
    }
    let of_one = |(_, answer): (Nf, &Vec<u32>)| {
        let (main, data) = split(answer);
        let mut doubts = general(machine, answer);
        add(&mut doubts, Doubt::OverlapReserved, overlaps(machine, answer, &reserved));
        let wanted = ask.dtc.map_or(2, |width| 1 + width * if smt { 2 } else { 1 });
        add(&mut doubts, Doubt::Short, less(answer, wanted));
        add(&mut doubts, Doubt::NoDp, data.is_empty());
        let whole = ask.dtc.is_some() && ask.smt_used != Some(false);
        add(&mut doubts, Doubt::SplitCore, whole && splits(machine, data));
        add(&mut doubts, Doubt::SharedMain, main.iter().any(|cpu| mains[cpu] > 1));
        add(&mut doubts, Doubt::SharedDp, data.iter().any(|cpu| data_cpus[cpu] > 1));
        add(&mut doubts, Doubt::MainInDp, main.iter().any(|cpu| data_cpus.contains_key(cpu)));
        let main_in_data = main.iter().any(|cpu| data_cores.contains_key(&core_of(machine, *cpu)));
        let foreign = data.iter().any(|cpu| data_cores[&core_of(machine, *cpu)].len() > 1);
        let twice = if smt {
            ask.dtc.is_some_and(|width| cores_collide(machine, data, width))
        } else {
            cores_of(machine, data).len() < data.len()
        };
        let short = doubts.contains(&Doubt::Short);
        add(&mut doubts, Doubt::CoreConflict, main_in_data || foreign || (twice && !short));
        doubts
    };
    density().map(of_one).collect()
}

fn add(doubts: &mut BTreeSet<Doubt>, doubt: Doubt, holds: bool) {
    if holds {
        doubts.insert(doubt);
    }
}

fn split(answer: &[u32]) -> (&[u32], &[u32]) {
    answer.split_at(answer.len().min(1))
}

/// Whether `wanted` of CSIT's slots are fewer cores: a core of four threads or more may be two of
/// its slots.
fn cores_collide(machine: &Machine, answer: &[u32], wanted: i64) -> bool {
    usize::try_from(wanted).is_ok_and(|wanted| cores_of(machine, answer).len() < wanted)
}

fn less(answer: &[u32], wanted: i64) -> bool {
    usize::try_from(wanted).is_ok_and(|wanted| answer.len() < wanted)
}

fn general(machine: &Machine, answer: &[u32]) -> BTreeSet<Doubt> {
    let mut doubts = BTreeSet::new();
    add(&mut doubts, Doubt::SmtMisdetected, machine.csit_smt() != machine.smt());
    let distinct: BTreeSet<_> = answer.iter().collect();
    add(&mut doubts, Doubt::Dup, distinct.len() < answer.len());
    let usable = |cpu: &u32| machine.cpu(*cpu).is_some_and(super::Cpu::usable);
    add(&mut doubts, Doubt::NotUsable, !answer.iter().all(usable));
    doubts
}

/// Cores of the CPUs that CSIT skips, in both halves of its list.
fn reserved(machine: &Machine, node: u32, skip: i64, smt: bool) -> BTreeSet<CoreKey> {
    let cpus = csit::list(machine, node, smt).unwrap_or_default();
    let (first, second) = cpus.split_at(if smt { cpus.len() / 2 } else { cpus.len() });
    let skipped = |half: &[u32]| {
        let skip = usize::try_from(skip).unwrap_or(0).min(half.len());
        cores_of(machine, &half[..skip])
    };
    &skipped(first) | &skipped(second)
}

fn overlaps(machine: &Machine, answer: &[u32], reserved: &BTreeSet<CoreKey>) -> bool {
    answer.iter().any(|cpu| reserved.contains(&core_of(machine, *cpu)))
}

/// Whether some CPU's sibling is missing from `cpus`.
fn splits(machine: &Machine, cpus: &[u32]) -> bool {
    let chosen = cores_of(machine, cpus);
    machine
        .cpus()
        .filter(|cpu| cpu.online && chosen.contains(&(cpu.socket, cpu.core)))
        .any(|cpu| !cpus.contains(&cpu.id))
}
