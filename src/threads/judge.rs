//! A container judged thread by thread: what it may use, and who else was put there.

use super::scene::Scene;
use super::{Granted, Thread};
use crate::cpu::CpuSet;
use std::fmt;

/// What was found of one container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// What its cgroup grants, where it has one of its own.
    pub granted: Option<Granted>,
    /// Its threads; empty = its first process is gone.
    pub threads: Vec<Judged>,
    /// Threads of others that somebody pinned to its cores, siblings included. For a container
    /// that shares its CPUs they are no failure.
    pub intruders: Vec<Intruder>,
}

/// One thread of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Its id in the node's pid namespace.
    pub tid: u32,
    /// Its process.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// CPUs it may run on.
    pub cpus: CpuSet,
    /// Nodes it may take memory from.
    pub mems: CpuSet,
    /// CPU it last ran on. One that sleeps since before it was moved still shows the old one.
    pub last_cpu: u32,
    /// Whether it is where it should be.
    pub passed: bool,
}

/// A thread of somebody else, pinned to a container's cores.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Intruder {
    /// Its id in the node's pid namespace.
    pub tid: u32,
    /// Its process.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// CPUs it may run on.
    pub cpus: CpuSet,
    /// CPU it last ran on.
    pub last_cpu: u32,
    /// The container it belongs to, where it is one's.
    pub container: Option<String>,
}

impl fmt::Display for Intruder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.cpus.0.len() == 1 { "CPU" } else { "CPUs" };
        write!(f, "`{}` ({})", self.name, self.tid)?;
        if let Some(container) = &self.container {
            write!(f, " of `{container}`")?;
        }
        write!(f, " pinned to {noun} {}", self.cpus)
    }
}

impl Scene<'_> {
    /// Judges one of the containers.
    ///
    /// A thread is right when its CPUs lie within the placement (an application pins its own
    /// threads inside), its memory nodes are the placement's, and it does not run elsewhere right
    /// now. An intruder is pinned by somebody: it has fewer CPUs than an ordinary task. Containers
    /// that share by design (of one topology, or both with shared CPUs) are none to each other.
    pub fn judge(&self, party: usize) -> Judgement {
        let given = &self.parties[party];
        let threads = self.threads_of(party).iter().map(|thread| Judged {
            tid: thread.tid,
            pid: thread.pid,
            name: thread.name.clone(),
            cpus: CpuSet::clone(&thread.cpus),
            mems: CpuSet::clone(&thread.mems),
            last_cpu: thread.last_cpu,
            passed: is_within(thread, &given.cpus) && *thread.mems == given.mems,
        });
        Judgement {
            granted: self.granted(party).cloned(),
            threads: threads.collect(),
            intruders: self.intruders(party),
        }
    }

    fn intruders(&self, party: usize) -> Vec<Intruder> {
        let cores = self.cores(&self.parties[party].cpus);
        let intrudes = |thread: &&&Thread| {
            !thread.cpus.0.is_disjoint(&cores.0) && !self.is_by_design(thread, party)
        };
        let intruder = |thread: &&Thread| Intruder {
            tid: thread.tid,
            pid: thread.pid,
            name: thread.name.clone(),
            cpus: CpuSet::clone(&thread.cpus),
            last_cpu: thread.last_cpu,
            container: self.owner(thread.pid).map(|owner| self.parties[owner].name.clone()),
        };
        self.pinned().iter().filter(intrudes).map(intruder).collect()
    }

    /// Whether a thread is the container's own, or on CPUs that its container was given to share.
    fn is_by_design(&self, thread: &Thread, party: usize) -> bool {
        let Some(owner) = self.owner(thread.pid) else { return false };
        let (other, own) = (&self.parties[owner], &self.parties[party]);
        let one_file = other.topology.is_some() && other.topology == own.topology;
        let shares = one_file || (other.shared && own.shared);
        owner == party || (shares && thread.cpus.0.is_subset(&other.cpus.0))
    }
}

fn is_within(thread: &Thread, cpus: &CpuSet) -> bool {
    let runs_elsewhere = thread.state == 'R' && !cpus.0.contains(&thread.last_cpu);
    thread.cpus.0.is_subset(&cpus.0) && !runs_elsewhere
}
