//! What a node is: one probe script, one round trip, one parser. Pure.

mod cpusets;
mod parse;
mod probe;
mod subids;
mod topology;

pub use cpusets::{Cpuset, Cpusets, cpusets, parse_cpusets};
pub use parse::{FactsError, parse};
pub use probe::probe;
pub use subids::{MAPPED_IDS, MappedTo, SubIds};

use crate::cpu::{CpuSet, Machine};
use crate::model::EngineKind;
use std::collections::{BTreeMap, BTreeSet};

/// Everything vnfctl knows about a node before it plans.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// `uname -r`.
    pub kernel: String,
    /// `uname -m`.
    pub arch: String,
    /// Effective user id of the lane (0 when root or after sudo).
    pub uid: u32,
    /// Whether the lane is root or `sudo -n` works on it.
    pub sudo: bool,
    /// CPUs, for placement.
    pub machine: Machine,
    /// The cgroup file system.
    pub cgroup: Cgroup,
    /// NUMA nodes, by number.
    pub numa: Vec<NumaNode>,
    /// NUMA node of each PCI address asked for; `None` = the kernel does not say (-1), absent
    /// key = no such device.
    pub pci: BTreeMap<String, Option<u32>>,
    /// Engines found; the text is the version, an error says why it does not answer.
    pub engines: BTreeMap<EngineKind, Result<String, String>>,
    /// Programs found, of the list the probe looks for (`ip`, `ping`, `timeout`, ...), and
    /// `overlay` when the kernel has that file system.
    pub tools: BTreeSet<String>,
    /// Subordinate ids of the user who runs the engines there.
    pub subids: SubIds,
}

/// How a node's cgroups are mounted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cgroup {
    /// Version, from the mounts.
    pub version: CgroupVersion,
    /// v1: controller (or `name=...`) -> mount point. v2: an empty key -> mount point.
    pub mounts: BTreeMap<String, String>,
    /// v2: controllers available at the root of the mount.
    pub controllers: BTreeSet<String>,
}

/// Version of the cgroup interface that carries the cpuset controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CgroupVersion {
    /// All controllers on v1 hierarchies.
    #[default]
    V1,
    /// cpuset on v1, a v2 hierarchy besides.
    Hybrid,
    /// One v2 hierarchy.
    V2,
}

/// Memory of one NUMA node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NumaNode {
    /// Its number.
    pub id: u32,
    /// Its CPUs, offline ones not included.
    pub cpus: CpuSet,
    /// Memory in KiB; 0 = a node without memory.
    pub memory_kib: u64,
    /// Huge pages by page size in KiB: (total, free).
    pub hugepages: BTreeMap<u64, (u64, u64)>,
}
