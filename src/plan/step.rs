//! A plan and its steps.

use crate::command::Command;
use std::collections::BTreeMap;

/// Index of a step in its [`Plan`].
pub type StepId = usize;

/// One command on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Name of the node.
    pub node: String,
    /// Name of the container it serves; empty for steps that serve the node (images, the
    /// folder of memif sockets).
    pub container: String,
    /// Verb in the present tense, e.g. `create`.
    pub verb: &'static str,
    /// What it does, for people: `create DUT1_VNF1 (docker, CPUs 3-4)`.
    pub sentence: String,
    /// What runs.
    pub command: Command,
    /// What takes it back.
    pub undo: Option<Command>,
    /// Steps that must have succeeded first; all have smaller ids.
    pub after: Vec<StepId>,
}

impl Step {
    /// Whether it makes an image present.
    pub fn is_about_an_image(&self) -> bool {
        matches!(self.verb, "acquire" | "build")
    }

    /// Whether it spends its time waiting for a container to end by itself or for an app, not
    /// working: such steps are worth a lane each, and nothing should queue behind one.
    pub fn waits(&self) -> bool {
        matches!(self.verb, "stop" | "init" | "ready" | "connect")
    }
}

/// Steps in an order in which they could run one by one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
}

impl Plan {
    /// Adds a step and returns its id.
    pub fn push(&mut self, step: Step) -> StepId {
        self.steps.push(step);
        self.steps.len() - 1
    }

    /// Its steps that make images present: they need nothing but each other.
    #[must_use]
    pub fn acquisition(&self) -> Self {
        let mut ids = BTreeMap::new();
        let mut part = Self::default();
        for (id, step) in self.steps.iter().enumerate().filter(|(_, step)| step.is_about_an_image())
        {
            let after = step.after.iter().filter_map(|id| ids.get(id).copied()).collect();
            ids.insert(id, part.push(Step { after, ..step.clone() }));
        }
        part
    }

    /// Adds all steps of another plan behind its own.
    pub fn append(&mut self, other: Self) {
        let shift = self.steps.len();
        self.steps.extend(other.steps.into_iter().map(|step| {
            let after = step.after.iter().map(|id| id + shift).collect();
            Step { after, ..step }
        }));
    }
}
