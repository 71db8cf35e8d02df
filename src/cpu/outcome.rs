//! What placement gives: CPUs and memory nodes per container, warnings, refusals.

use super::{CpuSet, Doubt};
use std::fmt;

/// One container's CPUs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// CPUs in the order they are to be used: main first.
    pub cpus: Vec<u32>,
    /// Memory nodes.
    pub mems: Vec<u32>,
}

/// The containers of one group on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPlacement {
    /// Name of the group.
    pub group: String,
    /// NUMA node of all its CPUs.
    pub numa: u32,
    /// Its containers; the ordinal of the first is 1.
    pub containers: Vec<Pinned>,
}

/// One node, placed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodePlacement {
    /// Groups in the order they were asked for.
    pub groups: Vec<GroupPlacement>,
    /// What a person should know.
    pub warnings: Vec<Warning>,
}

/// Something placement did that a person may not expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// `csit` mode: a doubtful answer.
    Doubtful {
        /// Name of the group.
        group: String,
        /// What is doubtful.
        doubt: Doubt,
        /// Ordinals of the containers.
        containers: Vec<u32>,
    },
    /// `csit` mode: two groups on the same CPUs.
    Overlap {
        /// Names of the groups.
        groups: [String; 2],
        /// The CPUs.
        cpus: CpuSet,
    },
    /// NF mains share a CPU because `nf_mtcr` asks for it.
    SharedMains {
        /// Name of the group.
        group: String,
        /// NF mains per core.
        mtcr: u32,
    },
    /// `cpu_scarce = "share"` took effect.
    Scarce {
        /// Name of the group.
        group: String,
        /// NUMA node.
        numa: u32,
        /// Slots it has.
        have: usize,
        /// Slots to skip.
        skip: u32,
        /// Slots asked for after those.
        wanted: u64,
    },
    /// Containers that share CPUs because CPUs are scarce.
    Shared {
        /// The CPUs.
        cpus: CpuSet,
        /// The containers, `<group><ordinal>`.
        containers: Vec<String>,
    },
    /// The NUMA node has no memory, so memory comes from another.
    Memory {
        /// Name of the group.
        group: String,
        /// NUMA node of the CPUs.
        numa: u32,
        /// NUMA node of the memory.
        mems: u32,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Doubtful { group, doubt, containers } => {
                let containers: CpuSet = containers.iter().copied().collect();
                write!(f, "`{group}` {containers}: {doubt}: {}", doubt.sentence())
            }
            Self::Overlap { groups: [one, other], cpus } => {
                write!(f, "`{one}` and `{other}` are both on CPUs {cpus}")
            }
            Self::SharedMains { group, mtcr } => write!(
                f,
                "`{group}`: main CPUs are shared by NFs (`nf_mtcr = {mtcr}`); `nf_mtcr = 1` gives \
                 each NF its own"
            ),
            Self::Scarce { group, numa, have, skip, wanted } => write!(
                f,
                "`{group}`: {skip} skipped + {wanted} wanted slots are more than the {have} of NUMA \
                 node {numa}: shared (`cpu_scarce`)"
            ),
            Self::Shared { cpus, containers } => {
                let (word, verb) = if cpus.0.len() == 1 { ("CPU", "is") } else { ("CPUs", "are") };
                write!(f, "{word} {cpus} {verb} shared by {}", containers.join(", "))
            }
            Self::Memory { group, numa, mems } => write!(
                f,
                "`{group}`: NUMA node {numa} has no memory, memory comes from NUMA node {mems}"
            ),
        }
    }
}

/// A group that cannot be placed, explained in cores.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("group `{group}` cannot be placed: {reason}; {free}")]
pub struct Refusal {
    /// Name of the group.
    pub group: String,
    /// What was asked and why it cannot be.
    pub reason: String,
    /// What is free on which NUMA node.
    pub free: String,
    /// What would help; shown as the hint.
    pub help: String,
}
