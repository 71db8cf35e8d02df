//! Whose each thread is: a container's by cgroup or pid namespace, the kernel's, our own look's,
//! or somebody else's.

use super::{Process, Snapshot, Thread};
use crate::cpu::{CpuSet, Machine};
use std::collections::{BTreeMap, BTreeSet};

/// One running container and what it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Its name.
    pub name: String,
    /// Its topology; `None` = it was not made by vnfctl.
    pub topology: Option<String>,
    /// Its first process.
    pub pid: u32,
    /// The CPUs it was given; empty where nobody knows.
    pub cpus: CpuSet,
    /// The memory nodes it was given.
    pub mems: CpuSet,
    /// Whether it shares its CPUs with others that share theirs.
    pub shared: bool,
}

/// A snapshot with its containers.
#[derive(Debug)]
pub struct Scene<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) machine: &'a Machine,
    pub(super) parties: &'a [Party],
    territories: Vec<Territory>,
    owners: BTreeMap<u32, usize>,
    /// The living threads of each container.
    threads: Vec<Vec<&'a Thread>>,
    pinned: Vec<&'a Thread>,
    free: Vec<&'a Thread>,
}

/// What tells a container's processes from others.
#[derive(Debug, PartialEq, Eq)]
enum Territory {
    /// This cgroup and all below it.
    Cgroup(String),
    /// This pid namespace, where the container has no cgroup of its own.
    Namespace(String),
    /// Its first process is all that is known.
    Alone,
    /// Its first process is not there.
    Gone,
}

impl Territory {
    fn of(process: Option<&Process>) -> Self {
        let Some(process) = process else { return Self::Gone };
        // systemd as a first process puts itself below what it was given, and systemd-nspawn its
        // container.
        let path = process.cgroup.strip_suffix("/init.scope").unwrap_or(&process.cgroup);
        let path = path.strip_suffix("/payload").unwrap_or(path);
        match &process.namespace {
            _ if path.len() > 1 => Self::Cgroup(path.to_owned()),
            Some(namespace) => Self::Namespace(namespace.clone()),
            None => Self::Alone,
        }
    }

    /// How closely it holds a process, `None` = not: the deepest cgroup is the owner.
    fn holds(&self, process: &Process) -> Option<usize> {
        match self {
            Self::Cgroup(path) => {
                let below = process.cgroup.strip_prefix(path.as_str())?;
                (below.is_empty() || below.starts_with('/')).then_some(path.len())
            }
            Self::Namespace(namespace) => {
                (process.namespace.as_ref() == Some(namespace)).then_some(0)
            }
            Self::Alone | Self::Gone => None,
        }
    }
}

impl<'a> Scene<'a> {
    /// Finds out whose each process is. `parties` are all running containers of the node.
    pub fn new(snapshot: &'a Snapshot, machine: &'a Machine, parties: &'a [Party]) -> Self {
        let territories: Vec<Territory> =
            parties.iter().map(|party| Territory::of(snapshot.processes.get(&party.pid))).collect();
        let mut owners = BTreeMap::new();
        for (pid, process) in &snapshot.processes {
            let holder = territories.iter().enumerate().filter_map(|(index, territory)| {
                let is_first = parties[index].pid == *pid;
                let closeness = territory.holds(process);
                Some((closeness.or(is_first.then_some(usize::MAX))?, index))
            });
            if let Some((_, index)) = holder.max() {
                owners.insert(*pid, index);
            }
        }
        let mut threads = vec![Vec::new(); parties.len()];
        let (mut pinned, mut free) = (Vec::new(), Vec::new());
        let (own, common) = (own(snapshot), common(snapshot, machine));
        for thread in snapshot.threads.iter().filter(|thread| !thread.has_ended()) {
            if let Some(&owner) = owners.get(&thread.pid) {
                threads[owner].push(thread);
            }
            if thread.is_kernel() || own.contains(&thread.pid) {
                continue;
            }
            let is_pinned = !common.0.is_subset(&thread.cpus.0);
            if is_pinned { &mut pinned } else { &mut free }.push(thread);
        }
        Self { snapshot, machine, parties, territories, owners, threads, pinned, free }
    }

    /// Index of the container that a process belongs to.
    pub(super) fn owner(&self, pid: u32) -> Option<usize> {
        self.owners.get(&pid).copied()
    }

    /// The living threads of a container.
    pub(super) fn threads_of(&self, party: usize) -> &[&'a Thread] {
        &self.threads[party]
    }

    /// What the cgroup of a container grants, where it has one of its own.
    pub(super) fn granted(&self, party: usize) -> Option<&'a super::Granted> {
        match &self.territories[party] {
            Territory::Cgroup(path) => self.snapshot.cgroups.get(path),
            _ => None,
        }
    }

    /// Living threads, containers' too, that somebody gave fewer CPUs than an ordinary task has.
    /// Neither the kernel's nor our own look's.
    pub(super) fn pinned(&self) -> &[&'a Thread] {
        &self.pinned
    }

    /// As [`Scene::pinned`], those that nobody gave fewer.
    pub(super) fn free(&self) -> &[&'a Thread] {
        &self.free
    }

    /// CPUs together with all that lie on the same cores.
    pub fn cores(&self, cpus: &CpuSet) -> CpuSet {
        cores(self.machine, cpus)
    }
}

/// CPUs together with all that lie on the same cores.
pub(super) fn cores(machine: &Machine, cpus: &CpuSet) -> CpuSet {
    let place = |id: &u32| machine.cpu(*id).map(|cpu| (cpu.socket, cpu.core));
    let places: BTreeSet<_> = cpus.0.iter().filter_map(place).collect();
    let siblings = machine.cpus().filter(|cpu| places.contains(&(cpu.socket, cpu.core)));
    siblings.map(|cpu| cpu.id).chain(cpus.0.iter().copied()).collect()
}

/// The shell of the look, what it started, and what it was started by up to the program or the
/// login.
fn own(snapshot: &Snapshot) -> BTreeSet<u32> {
    let leaders: BTreeMap<u32, &Thread> = snapshot
        .threads
        .iter()
        .filter(|thread| thread.tid == thread.pid)
        .map(|thread| (thread.pid, thread))
        .collect();
    let mut own = BTreeSet::from([snapshot.me]);
    for thread in leaders.values() {
        let mut chain = vec![thread.pid];
        let mut parent = thread.parent;
        while parent > 1 && parent != snapshot.me && chain.len() < 8 {
            chain.push(parent);
            parent = leaders.get(&parent).map_or(0, |above| above.parent);
        }
        if parent == snapshot.me {
            own.extend(chain);
        }
    }
    let mut at = leaders.get(&snapshot.me);
    while let Some(above) = at.and_then(|thread| leaders.get(&thread.parent)) {
        if above.pid <= 1 || !own.insert(above.pid) {
            break;
        }
        let is_outermost = above.name.starts_with("vnfctl") || above.name.starts_with("sshd");
        at = (!is_outermost).then_some(above);
    }
    own
}

/// What tasks may use that nobody pinned: the CPUs this machine grants without those that the
/// scheduler leaves alone, and of these what the first process hands on to all.
fn common(snapshot: &Snapshot, machine: &Machine) -> CpuSet {
    let ordinary = machine.cpus().filter(|cpu| cpu.usable() && !cpu.isolated);
    let ordinary: CpuSet = ordinary.map(|cpu| cpu.id).collect();
    let first = snapshot.threads.iter().find(|thread| thread.tid == 1);
    let handed_on: CpuSet = match first {
        Some(first) => ordinary.0.intersection(&first.cpus.0).copied().collect(),
        None => ordinary.clone(),
    };
    if handed_on.0.is_empty() { ordinary } else { handed_on }
}
