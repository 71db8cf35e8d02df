//! Why a verb ends without having done its work. `ui` turns these into text and exit codes.

use crate::model::Problems;
use crate::plan::Refusal;
use crate::transport::TransportError;

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

fn names(failures: &[NodeFailure]) -> String {
    let names: Vec<String> = failures.iter().map(|failure| format!("`{}`", failure.node)).collect();
    names.join(", ")
}
