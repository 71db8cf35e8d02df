//! What may disturb a node's containers without being wrong: one note per kind.

use super::scene::Scene;
use super::{Interrupt, Intruder};
use crate::cpu::CpuSet;
use std::collections::{BTreeMap, BTreeSet};

/// What may disturb the containers of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it is.
    pub kind: NoteKind,
    /// The containers' CPUs (with their siblings) that it concerns.
    pub cpus: CpuSet,
    /// How many tasks, interrupts or CPUs.
    pub count: usize,
    /// Who, the most frequent first, with a number where there are several of a name.
    pub names: Vec<String>,
}

/// Kinds of notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoteKind {
    /// Tasks of others, pinned by somebody to CPUs that a container shares by design.
    PinnedTasks,
    /// Tasks that nobody pinned and that may run there.
    Tasks,
    /// Kernel threads that are not bound to one CPU.
    KernelThreads,
    /// Interrupts whose affinity includes them.
    Interrupts,
    /// The frequency governor is not `performance`.
    Governor,
    /// The scheduler does not leave them alone (`isolcpus`).
    NotIsolated,
}

impl NoteKind {
    /// Its word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::PinnedTasks => "pinned_tasks",
            Self::Tasks => "tasks",
            Self::KernelThreads => "kernel_threads",
            Self::Interrupts => "interrupts",
            Self::Governor => "governor",
            Self::NotIsolated => "not_isolated",
        }
    }
}

impl Scene<'_> {
    /// Notes about some of the containers; `tolerated` are pinned tasks that are no failure.
    pub fn notes(&self, judged: &[usize], tolerated: &[Intruder]) -> Vec<Note> {
        let given: CpuSet =
            judged.iter().flat_map(|&party| self.parties[party].cpus.0.iter().copied()).collect();
        if given.0.is_empty() {
            return Vec::new();
        }
        let cores = self.cores(&given);
        let tolerated: BTreeSet<&Intruder> = tolerated.iter().collect();
        let pinned = tolerated.iter().map(|one| (&one.cpus, one.name.clone()));
        let free = self
            .free()
            .iter()
            .filter(|thread| !self.owner(thread.pid).is_some_and(|owner| judged.contains(&owner)));
        let free = free.map(|thread| (&*thread.cpus, thread.name.clone()));
        let kernel = self.snapshot.threads.iter();
        let kernel = kernel.filter(|thread| thread.is_kernel() && !thread.is_per_cpu());
        let kernel = kernel.map(|thread| (&*thread.cpus, family(&thread.name).to_owned()));
        let mut interrupts: Vec<&Interrupt> = self.snapshot.interrupts.iter().collect();
        let is_elsewhere =
            |irq: &Interrupt| irq.effective.as_ref().is_some_and(|now| now.0.is_disjoint(&cores.0));
        // Those that are sent there now come first.
        interrupts.sort_by_key(|irq| is_elsewhere(irq));
        let interrupts = interrupts.into_iter().map(|irq| {
            let id = irq.number.to_string();
            let device = device(&id, &irq.name);
            (&irq.allowed, format!("{id} {device}"))
        });
        let governors: BTreeMap<&String, CpuSet> = self.governors(&cores);
        let governors = governors.iter().map(|(governor, cpus)| (cpus, (*governor).clone()));
        let noisy = self.machine.cpus().filter(|cpu| !cpu.isolated && given.0.contains(&cpu.id));
        let noisy: CpuSet = noisy.map(|cpu| cpu.id).collect();

        let mut notes: Vec<Note> = [
            note(NoteKind::PinnedTasks, &cores, pinned),
            note(NoteKind::Tasks, &cores, free),
            note(NoteKind::KernelThreads, &cores, kernel),
            note(NoteKind::Interrupts, &cores, interrupts),
            note(NoteKind::Governor, &cores, governors),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !noisy.0.is_empty() {
            let count = noisy.0.len();
            notes.push(Note { kind: NoteKind::NotIsolated, cpus: noisy, count, names: Vec::new() });
        }
        notes
    }

    fn governors(&self, cores: &CpuSet) -> BTreeMap<&String, CpuSet> {
        let mut slow: BTreeMap<&String, CpuSet> = BTreeMap::new();
        for (cpu, governor) in &self.snapshot.governors {
            if governor != "performance" && cores.0.contains(cpu) {
                slow.entry(governor).or_default().0.insert(*cpu);
            }
        }
        slow
    }
}

/// Who handles an interrupt, without the controller's name and pin; words are no numbers and have
/// a description instead.
pub(super) fn device<'n>(id: &str, name: &'n str) -> &'n str {
    let handler = name.splitn(3, ' ').nth(2);
    handler.filter(|_| id.starts_with(|digit: char| digit.is_ascii_digit())).unwrap_or(name)
}

/// The kind of a kernel thread: `kworker/u8:3-flush` is one of many `kworker`.
fn family(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}

/// One note about all that may come to `cores`; `None` when nothing may.
fn note<'a>(
    kind: NoteKind,
    cores: &CpuSet,
    all: impl Iterator<Item = (&'a CpuSet, String)>,
) -> Option<Note> {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let (mut cpus, mut count) = (BTreeSet::new(), 0);
    for (allowed, name) in all.filter(|(allowed, _)| !allowed.0.is_disjoint(&cores.0)) {
        count += 1;
        cpus.extend(allowed.0.intersection(&cores.0).copied());
        counts.entry(name).or_insert((0, count)).0 += 1;
    }
    let mut ranked: Vec<(String, (usize, usize))> = counts.into_iter().collect();
    ranked.sort_by_key(|(_, (times, first))| (std::cmp::Reverse(*times), *first));
    let name = |(name, (times, _)): (String, (usize, usize))| match times {
        1 => name,
        times => format!("{name} x{times}"),
    };
    let names = ranked.into_iter().map(name).collect();
    let count = if kind == NoteKind::Governor { cpus.len() } else { count };
    (count > 0).then_some(Note { kind, cpus: CpuSet(cpus), count, names })
}
