//! What placement gives: CPUs and memory nodes per container, or refusals.

use super::Warning;
use super::suggestion::Suggestion;

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
    /// NUMA node it was asked for on, or was put on; `numa = "prefer"` may put containers elsewhere.
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
    /// Changes of the group's request that make it fit, the least first; each was tried.
    pub suggestions: Vec<Suggestion>,
}
