//! Why a verb ends without having done its work. `ui` turns these into text and exit codes.

use crate::app::RenderError;
use crate::lock::{Busy, Reservation};
use crate::model::Problems;
use crate::plan::Refusal;
use crate::transport::TransportError;
use std::time::Duration;

/// What went wrong above the steps of a plan.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line asks for something that makes no sense here (exit 2).
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// How to mend it; may be empty.
        hint: String,
    },
    /// A file could not be read (exit 3).
    #[error("cannot read `{path}`: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The topology is wrong (exit 3).
    #[error("the topology is not valid")]
    Topology(Problems),
    /// Templates or settings of apps that make no file (exit 3).
    #[error("the topology is not valid")]
    Render(Vec<RenderError>),
    /// Nodes that did not answer or are not trusted (exit 4).
    #[error("{} cannot be used", names(.0))]
    Nodes(Vec<NodeFailure>),
    /// The machines cannot hold what is asked for (exit 5).
    #[error("placement is impossible")]
    Placement(Vec<Refusal>),
    /// An engine cannot do what the topology asks of it (exit 3).
    #[error("an engine cannot do this")]
    Unable(Vec<Refusal>),
    /// The plan would touch what it must not, or lacks what it needs (exit 1).
    #[error("refused")]
    Refused(Vec<Refusal>),
    /// Other runs hold the locks (exit 8).
    #[error("{} locked by another run", names_of(blocked.iter().map(|one| &one.node)))]
    Locked {
        /// Which, and who holds them.
        blocked: Vec<Blocked>,
        /// For how long we waited.
        waited: Duration,
    },
    /// Nodes are kept for other people (exit 8).
    #[error("{} reserved", names_of(.0.iter().map(|one| &one.node)))]
    Reserved(Vec<Kept>),
    /// A lock ended before its run (exit 8).
    #[error("the lock of {} was lost, so the run was stopped", names_of(.0.iter()))]
    LockLost(Vec<String>),
    /// No selected container is there to be entered or read (exit 1).
    #[error("no selected container is running")]
    NothingRuns,
    /// Ctrl-C (exit 130).
    #[error("interrupted")]
    Interrupted,
}

/// One node that could not be used.
#[derive(Debug)]
pub struct NodeFailure {
    /// Name of the node.
    pub node: String,
    /// Why.
    pub error: TransportError,
}

/// A lock of a node that another run holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// Name of the node.
    pub node: String,
    /// The topology of this run.
    pub topology: String,
    /// Which lock, and who holds it.
    pub busy: Busy,
}

/// A node that is kept for another person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Name of the node.
    pub node: String,
    /// For whom, why and until when.
    pub reservation: Reservation,
    /// Time on the node, seconds since the epoch.
    pub now: u64,
}

fn names(failures: &[NodeFailure]) -> String {
    names_of(failures.iter().map(|failure| &failure.node))
}

fn names_of<'a>(nodes: impl Iterator<Item = &'a String>) -> String {
    nodes.map(|node| format!("`{node}`")).collect::<Vec<_>>().join(", ")
}
