//! What happens while a plan runs, told to a [`Reporter`].

use crate::plan::{Step, StepId};
use crate::transport::{Exit, TransportError};
use std::time::Duration;

/// How one step ended.
#[derive(Debug)]
pub enum Outcome {
    /// It succeeded.
    Done,
    /// It ended with an exit code that is no success, by a signal, or at its deadline.
    Failed {
        /// How it ended.
        exit: Exit,
        /// Its standard output.
        stdout: String,
        /// Its standard error.
        stderr: String,
    },
    /// The lane failed.
    Transport(TransportError),
    /// It was not run.
    Skipped {
        /// Why: a step before it failed, or the run was stopped.
        reason: String,
    },
}

/// One thing that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// A step was given to a lane.
    Started {
        /// Its id.
        id: StepId,
        /// The step.
        step: &'a Step,
    },
    /// More has come from another node for a step that reads there.
    Bytes {
        /// Its id.
        id: StepId,
        /// Bytes so far, as they went over the wire.
        bytes: u64,
    },
    /// A step ended (or was skipped).
    Finished {
        /// Its id.
        id: StepId,
        /// The step.
        step: &'a Step,
        /// How.
        outcome: &'a Outcome,
        /// How long it took.
        elapsed: Duration,
    },
    /// The undo of a step ended.
    Undone {
        /// The step.
        step: &'a Step,
        /// How.
        outcome: &'a Outcome,
    },
}

/// Whoever wants to know: bars, lines, a log file.
pub trait Reporter: Sync {
    /// Tells one event; called from many threads.
    fn event(&self, event: &Event<'_>);
}
