//! Every thread of a node against what its containers were given: who runs where, who may come.
//!
//! One script prints a node's tasks, cgroups and interrupts at one moment ([`snapshot`]), or at
//! two with counters ([`two_snapshots`]); [`Scene`] says whose each thread is and judges a
//! container by it; [`sample`] ranks who took the CPUs in between. Pure.

mod judge;
mod notes;
mod parse;
mod sample;
mod scene;

pub use judge::{Intruder, Judged, Judgement};
pub use notes::{Note, NoteKind};
pub use parse::{SnapshotError, parse_snapshot, parse_two_snapshots};
pub use sample::{ContainerSample, CpuSample, Sample, Taker, sample, sampled_cpus};
pub use scene::{Party, Scene};

use crate::command::{Command, DEFAULT_DEADLINE};
use crate::cpu::CpuSet;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const SCRIPT: &str = concat!(include_str!("../facts/whole.sh"), include_str!("snapshot.sh"));

/// One command that prints a [`Snapshot`].
pub fn snapshot() -> Command {
    Command::sh(SCRIPT, std::iter::empty::<String>())
}

/// One command that prints two snapshots `pause` apart, with the counters of `cpus` and of the
/// threads that may run on them.
pub fn two_snapshots(pause: Duration, cpus: &CpuSet) -> Command {
    let pause_text = pause.as_secs_f64().to_string();
    let cpus = cpus.0.iter().map(u32::to_string);
    Command::sh(SCRIPT, std::iter::once(pause_text).chain(cpus)).deadline(pause + DEFAULT_DEADLINE)
}

/// All tasks of a node at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// The shell that made it.
    pub me: u32,
    /// Every thread of every process.
    pub threads: Vec<Thread>,
    /// Where every process that is no kernel thread belongs, by process id.
    pub processes: BTreeMap<u32, Process>,
    /// What cgroups grant, by path; not the root.
    pub cgroups: BTreeMap<String, Granted>,
    /// Interrupts that have a handler.
    pub interrupts: Vec<Interrupt>,
    /// `scaling_governor` by CPU, where there is one.
    pub governors: BTreeMap<u32, String>,
    /// Counters, where they were asked for.
    pub counters: Option<Counters>,
}

/// One thread, by its `stat` and `status` (proc(5)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Its process.
    pub pid: u32,
    /// Its own id.
    pub tid: u32,
    /// State, one letter: `R` runs or wants to, `Z` and `X` have ended.
    pub state: char,
    /// Parent of its process.
    pub parent: u32,
    /// Kernel flags (field 9).
    pub flags: u64,
    /// CPU it last ran on (field 39). It may sleep since and have been moved.
    pub last_cpu: u32,
    /// `Cpus_allowed_list`.
    pub cpus: Arc<CpuSet>,
    /// `Mems_allowed_list`.
    pub mems: Arc<CpuSet>,
    /// Its name (`comm`).
    pub name: String,
}

impl Thread {
    /// `PF_KTHREAD` of `include/linux/sched.h`.
    const KERNEL: u64 = 0x0020_0000;
    /// `PF_NO_SETAFFINITY`: user space may not move it.
    const NO_SET_AFFINITY: u64 = 0x0400_0000;

    /// Whether it is the kernel's own.
    pub fn is_kernel(&self) -> bool {
        self.flags & Self::KERNEL != 0
    }

    /// Whether the kernel made it for one CPU, as `ksoftirqd/3`: it belongs there.
    pub fn is_per_cpu(&self) -> bool {
        self.is_kernel() && self.flags & Self::NO_SET_AFFINITY != 0 && self.cpus.0.len() == 1
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }
}

/// Where a process belongs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Process {
    /// Path of its cgroup in the hierarchy of the cpuset controller.
    pub cgroup: String,
    /// Its pid namespace, looked up only where the cgroup says nothing.
    pub namespace: Option<String>,
}

/// What a cgroup grants (`cpuset.cpus.effective` and `cpuset.mems.effective`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Granted {
    /// CPUs.
    pub cpus: CpuSet,
    /// Memory nodes.
    pub mems: CpuSet,
}

/// One interrupt with a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupt {
    /// Its number.
    pub number: u32,
    /// CPUs it may be sent to (`smp_affinity_list`).
    pub allowed: CpuSet,
    /// CPUs it is sent to now (`effective_affinity_list`), where the kernel says so.
    pub effective: Option<CpuSet>,
    /// Who handles it, as `/proc/interrupts` ends the line.
    pub name: String,
}

/// Counters since the start of the machine or of a thread.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counters {
    /// Seconds since the start of the machine.
    pub at: f64,
    /// The CPUs asked for; the tables below have a number for each.
    pub cpus: Vec<u32>,
    /// `/proc/interrupts`: id, counts, name.
    pub interrupts: Vec<(String, Vec<u64>, String)>,
    /// `/proc/softirqs`: name, counts.
    pub softirqs: Vec<(String, Vec<u64>)>,
    /// Ticks (hundredths of a second) that a hypervisor gave to others, by CPU (`/proc/stat`).
    pub steal: BTreeMap<u32, u64>,
    /// Times that a task began to run, by CPU (last number of a line of `/proc/schedstat`, where
    /// the kernel has it).
    pub runs: BTreeMap<u32, u64>,
    /// By thread id.
    pub threads: BTreeMap<u32, ThreadCounters>,
}

/// Counters of one thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ThreadCounters {
    /// When it was made: tells a new thread of the same number apart (field 22 of `stat`).
    pub start: u64,
    /// Nanoseconds on any CPU (`schedstat`; ticks where the kernel lacks it).
    pub time: u64,
    /// `voluntary_ctxt_switches`: it waited.
    pub voluntary: u64,
    /// `nonvoluntary_ctxt_switches`: somebody else was to run.
    pub forced: u64,
    /// `se.nr_migrations` of `sched`, where the kernel has it.
    pub migrations: Option<u64>,
}
