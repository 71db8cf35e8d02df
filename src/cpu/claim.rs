//! Who has which CPUs of a node already: what placement must leave alone, or keep.

use super::CpuSet;
use std::fmt;

/// CPUs that somebody has on the node, as read from the node itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Who.
    pub holder: Holder,
    /// Which CPUs.
    pub cpus: CpuSet,
    /// Whether the holder shares its CPUs with others that share theirs (`cpu_shared`,
    /// `cpu_scarce = "share"`).
    pub shared: bool,
}

/// Who has CPUs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A container of the topology that is being placed; it keeps what it has where it may.
    Own {
        /// Name of its group.
        group: String,
        /// Its ordinal in the group, from 1.
        ordinal: u32,
        /// Its CPUs in placement order, main core first.
        cpus: Vec<u32>,
    },
    /// A container of another topology.
    Topology {
        /// Name of the topology.
        topology: String,
        /// Name of the container.
        container: String,
    },
    /// Anything else with a cpuset of its own.
    Foreign {
        /// What it is, for people: `docker container web`, `cgroup /machine.slice/x.scope`.
        what: String,
    },
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own { group, ordinal, .. } => write!(f, "`{group}{ordinal}` of this topology"),
            Self::Topology { topology, container } => {
                write!(f, "`{container}` of topology `{topology}`")
            }
            Self::Foreign { what } => f.write_str(what),
        }
    }
}
