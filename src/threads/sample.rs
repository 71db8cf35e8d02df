//! What happened on the containers' cores between two snapshots, and who took them most.
//!
//! Every figure is a difference of the kernel's own counters (proc(5),
//! `Documentation/scheduler/sched-stats.rst`). What began and ended in between is in the CPUs'
//! counters only; a thread that ended takes its counters with it.

use super::notes::device;
use super::scene::{Scene, cores};
use super::{Counters, Snapshot, Thread, ThreadCounters};
use crate::cpu::{CpuSet, Machine};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Nanoseconds of a second.
const NANOS: f64 = 1e9;
/// Ticks of a second: `USER_HZ` is 100 wherever Linux runs user space.
const TICKS: f64 = 100.0;

/// Two snapshots compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// Time between them.
    pub seconds: f64,
    /// The containers' CPUs and their siblings.
    pub cpus: Vec<CpuSample>,
    /// The containers' own threads.
    pub containers: Vec<ContainerSample>,
    /// Who took these CPUs: tasks by time, most first, then interrupts by number.
    pub takers: Vec<Taker>,
}

/// What happened on one CPU.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CpuSample {
    /// Its number.
    pub cpu: u32,
    /// Containers that were given it.
    pub containers: Vec<String>,
    /// Interrupts of every kind, the timer's and other CPUs' included.
    pub interrupts: u64,
    /// Soft interrupts.
    pub softirqs: u64,
    /// Times that a task began to run: context switches, where the kernel counts them by CPU.
    pub switches: Option<u64>,
    /// Seconds that a hypervisor gave to others.
    pub steal: f64,
}

/// What the threads of one container did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContainerSample {
    /// Its name.
    pub container: String,
    /// Seconds that its threads ran.
    pub run: f64,
    /// Switches because a thread waited.
    pub voluntary: u64,
    /// Switches because something else was to run: on a core of one's own there are none.
    pub forced: u64,
    /// Moves between CPUs; where the kernel does not count them, threads seen on another CPU.
    pub migrations: u64,
}

/// Somebody else on the containers' cores.
#[derive(Debug, Clone, PartialEq)]
pub enum Taker {
    /// A thread.
    Task {
        /// Its id.
        tid: u32,
        /// Its name.
        name: String,
        /// The container it belongs to, where it is one's.
        container: Option<String>,
        /// Those of the cores that it was seen on.
        cpus: CpuSet,
        /// Seconds that it ran.
        run: f64,
        /// Whether it can have run nowhere else; if not, `run` is the most that it took.
        exact: bool,
    },
    /// An interrupt.
    Interrupt {
        /// Its number or the kernel's word for it, as `LOC`.
        id: String,
        /// What it is.
        name: String,
        /// Those of the cores that took it.
        cpus: CpuSet,
        /// How often.
        count: u64,
    },
}

/// Compares two snapshots for the containers `judged`, of which `scene` shows the second.
pub fn sample(before: &Snapshot, scene: &Scene<'_>, judged: &[usize]) -> Sample {
    let (Some(old), Some(new)) = (&before.counters, &scene.snapshot.counters) else {
        return Sample::default();
    };
    let cpus = new.cpus.iter().enumerate().map(|(column, &cpu)| CpuSample {
        cpu,
        containers: judged
            .iter()
            .filter(|&&party| scene.parties[party].cpus.0.contains(&cpu))
            .map(|&party| scene.parties[party].name.clone())
            .collect(),
        interrupts: interrupts(old, new).map(|(_, _, counts)| counts[column]).sum(),
        softirqs: softirqs(old, new, column),
        switches: new.runs.get(&cpu).map(|runs| rise(*runs, old.runs.get(&cpu))),
        steal: seconds(new.steal.get(&cpu).map_or(0, |now| rise(*now, old.steal.get(&cpu))), TICKS),
    });
    let moves = Moves::new(before, old, new);
    Sample {
        // The clock has hundredths.
        seconds: ((new.at - old.at) * TICKS).round() / TICKS,
        cpus: cpus.collect(),
        containers: judged.iter().map(|&party| moves.container(scene, party)).collect(),
        takers: takers(&moves, scene, judged, old, new),
    }
}

/// The CPUs that a sample for these containers counts: theirs and the siblings.
pub fn sampled_cpus(machine: &Machine, given: &CpuSet) -> CpuSet {
    let online = |id: &u32| machine.cpu(*id).is_none_or(|cpu| cpu.online);
    cores(machine, given).0.into_iter().filter(online).collect()
}

/// The threads of both snapshots.
struct Moves<'a> {
    old: &'a BTreeMap<u32, ThreadCounters>,
    new: &'a BTreeMap<u32, ThreadCounters>,
    cpu_before: BTreeMap<u32, u32>,
}

impl<'a> Moves<'a> {
    fn new(before: &Snapshot, old: &'a Counters, new: &'a Counters) -> Self {
        let cpu_before =
            before.threads.iter().map(|thread| (thread.tid, thread.last_cpu)).collect();
        Self { old: &old.threads, new: &new.threads, cpu_before }
    }

    /// What a thread did in between; a new one did all it ever did.
    fn of(&self, thread: &Thread) -> Option<(ThreadCounters, bool)> {
        let new = self.new.get(&thread.tid)?;
        let old = self.old.get(&thread.tid).filter(|old| old.start == new.start);
        let was = old.copied().unwrap_or_default();
        let on = self.cpu_before.get(&thread.tid).filter(|_| old.is_some());
        let did = ThreadCounters {
            start: new.start,
            time: new.time.saturating_sub(was.time),
            voluntary: new.voluntary.saturating_sub(was.voluntary),
            forced: new.forced.saturating_sub(was.forced),
            migrations: new
                .migrations
                .map(|now| now.saturating_sub(was.migrations.unwrap_or_default())),
        };
        Some((did, on.is_some_and(|on| *on != thread.last_cpu)))
    }

    fn container(&self, scene: &Scene<'_>, party: usize) -> ContainerSample {
        let mut sum =
            ContainerSample { container: scene.parties[party].name.clone(), ..Default::default() };
        for (did, moved) in scene.threads_of(party).iter().filter_map(|thread| self.of(thread)) {
            sum.run += seconds(did.time, NANOS);
            sum.voluntary += did.voluntary;
            sum.forced += did.forced;
            sum.migrations += did.migrations.unwrap_or(u64::from(moved));
        }
        sum
    }
}

fn takers(
    moves: &Moves<'_>,
    scene: &Scene<'_>,
    judged: &[usize],
    old: &Counters,
    new: &Counters,
) -> Vec<Taker> {
    let ours: CpuSet = new.cpus.iter().copied().collect();
    let kernel = scene.snapshot.threads.iter().filter(|thread| thread.is_kernel());
    let mut tasks = Vec::new();
    for thread in kernel.chain(scene.pinned().iter().chain(scene.free()).copied()) {
        let owner = scene.owner(thread.pid);
        if owner.is_some_and(|owner| judged.contains(&owner)) {
            continue;
        }
        let Some((did, _)) = moves.of(thread).filter(|(did, _)| did.time > 0) else { continue };
        let seen = [Some(thread.last_cpu), moves.cpu_before.get(&thread.tid).copied()];
        let cpus: CpuSet = seen.into_iter().flatten().filter(|cpu| ours.0.contains(cpu)).collect();
        if !cpus.0.is_empty() {
            tasks.push((did.time, thread, owner, cpus));
        }
    }
    tasks.sort_by_key(|(time, thread, ..)| (Reverse(*time), thread.tid));
    let task = |(time, thread, owner, cpus): (u64, &Thread, Option<usize>, CpuSet)| Taker::Task {
        tid: thread.tid,
        name: thread.name.clone(),
        container: owner.map(|owner| scene.parties[owner].name.clone()),
        cpus,
        run: seconds(time, NANOS),
        exact: thread.cpus.0.is_subset(&ours.0),
    };
    let mut counted: Vec<(u64, Taker)> = interrupts(old, new)
        .filter(|(_, _, counts)| counts.iter().any(|count| *count > 0))
        .map(|(id, name, counts)| {
            let took = new.cpus.iter().zip(&counts).filter(|(_, count)| **count > 0);
            let cpus = took.map(|(cpu, _)| *cpu).collect();
            let count = counts.iter().sum();
            let (id, name) = (id.to_owned(), device(id, name).to_owned());
            (count, Taker::Interrupt { id, name, cpus, count })
        })
        .collect();
    counted.sort_by_key(|(count, _)| Reverse(*count));
    tasks.into_iter().map(task).chain(counted.into_iter().map(|(_, taker)| taker)).collect()
}

/// Id, name and how often on each of the CPUs.
fn interrupts<'a>(
    old: &'a Counters,
    new: &'a Counters,
) -> impl Iterator<Item = (&'a str, &'a str, Vec<u64>)> {
    let was: BTreeMap<&str, &Vec<u64>> =
        old.interrupts.iter().map(|(id, counts, _)| (id.as_str(), counts)).collect();
    new.interrupts.iter().map(move |(id, counts, name)| {
        let was = was.get(id.as_str());
        let columns = counts.iter().enumerate();
        let rises = columns.map(|(at, now)| rise(*now, was.and_then(|was| was.get(at))));
        (id.as_str(), name.as_str(), rises.collect())
    })
}

fn softirqs(old: &Counters, new: &Counters, column: usize) -> u64 {
    let sum = |counters: &Counters| -> u64 {
        counters.softirqs.iter().filter_map(|(_, counts)| counts.get(column)).sum()
    };
    sum(new).saturating_sub(sum(old))
}

fn rise(now: u64, was: Option<&u64>) -> u64 {
    now.saturating_sub(was.copied().unwrap_or_default())
}

#[expect(clippy::cast_precision_loss, reason = "53 bits hold a hundred days in nanoseconds")]
fn seconds(count: u64, of_a_second: f64) -> f64 {
    count as f64 / of_a_second
}
