//! What placement warns of, in sentences.

use super::{CpuSet, Doubt, Holder};
use std::fmt;

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
    /// `cpu_scarce = "share"` took effect in `auto` mode, or in `slots` mode because of others.
    Crowded {
        /// Name of the group.
        group: String,
        /// NUMA node.
        numa: u32,
        /// Cores that are free there.
        free: usize,
        /// Cores asked for.
        wanted: u64,
    },
    /// `cpu_scarce = "share"`: other slots than the arithmetic's, because somebody has those.
    Dodged {
        /// Name of the group.
        group: String,
        /// Who has which.
        taken: String,
    },
    /// Containers on cores that somebody else has too.
    Beside {
        /// Name of the group.
        group: String,
        /// Ordinals of the containers.
        containers: CpuSet,
        /// Those of their CPUs.
        cpus: CpuSet,
        /// Why they are there.
        stay: Stay,
        /// Who else is.
        holder: Holder,
    },
    /// `auto` mode: a container that existed gets other CPUs because somebody else has its own.
    Moved {
        /// The container, `<group><ordinal>`.
        container: String,
        /// Who has what it had.
        taken: String,
    },
    /// `auto` mode, `numa = "prefer"`: containers on another NUMA node than the group's.
    Elsewhere {
        /// Name of the group.
        group: String,
        /// Ordinals of the containers.
        containers: CpuSet,
        /// The NUMA node that is full.
        full: u32,
        /// Where they are.
        numa: u32,
    },
    /// `auto` mode: cores that are not isolated, on a machine that has isolated ones.
    NotIsolated {
        /// Name of the group.
        group: String,
        /// Ordinals of the containers.
        containers: CpuSet,
    },
    /// `auto` mode: a group whose containers are on different kinds of cores.
    Kinds {
        /// Name of the group.
        group: String,
        /// Ordinals of the containers on weaker cores than the best of the group.
        weaker: CpuSet,
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

/// Why a container is on a core that somebody else has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// Both share what they have.
    Shares,
    /// It was there already, and the other came later.
    WasThere,
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
            Self::Crowded { group, numa, free, wanted } => write!(
                f,
                "`{group}`: {wanted} cores wanted, {free} free on NUMA node {numa}: shared \
                 (`cpu_scarce`)"
            ),
            Self::Dodged { group, taken } => {
                write!(f, "`{group}`: {taken}: other cores are used (`cpu_scarce`)")
            }
            Self::Beside { group, containers, cpus, stay: Stay::Shares, holder } => {
                write!(f, "`{group}` {containers}: {} shared with {holder}", are(cpus))
            }
            Self::Beside { group, containers, cpus, stay: Stay::WasThere, holder } => {
                let many = if cpus.0.len() == 1 { "its core" } else { "their cores" };
                write!(
                    f,
                    "`{group}` {containers} stays where it is, but {holder} came to {many} too: {}",
                    named(cpus)
                )
            }
            Self::Moved { container, taken } => {
                write!(f, "`{container}` cannot keep its CPUs: {taken}")
            }
            Self::Elsewhere { group, containers, full, numa } => write!(
                f,
                "`{group}` {containers}: NUMA node {full} is full, on NUMA node {numa} instead \
                 (`numa = \"prefer\"`)"
            ),
            Self::NotIsolated { group, containers } => {
                write!(
                    f,
                    "`{group}` {containers}: on cores that are not isolated, on a machine that has \
                     isolated ones"
                )
            }
            Self::Kinds { group, weaker } => {
                write!(f, "`{group}` {weaker}: on weaker cores than the rest of the group")
            }
            Self::Shared { cpus, containers } => {
                write!(f, "{} shared by {}", are(cpus), containers.join(", "))
            }
            Self::Memory { group, numa, mems } => write!(
                f,
                "`{group}`: NUMA node {numa} has no memory, memory comes from NUMA node {mems}"
            ),
        }
    }
}

/// `CPU 3`, `CPUs 3-4`.
fn named(cpus: &CpuSet) -> String {
    format!("CPU{} {cpus}", if cpus.0.len() == 1 { "" } else { "s" })
}

/// `CPU 3 is`, `CPUs 3-4 are`.
fn are(cpus: &CpuSet) -> String {
    format!("{} {}", named(cpus), if cpus.0.len() == 1 { "is" } else { "are" })
}
