//! Undo as a plan of its own: what was done, taken back in reverse order.

use super::event::{Event, Outcome, Reporter};
use crate::plan::{Plan, Step, StepId};
use crate::transport::{Exit, TransportError};

/// What takes a run back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Undo {
    /// Run it with [`super::OnError::Regardless`], so that one failure does not keep the others
    /// from being taken back.
    pub plan: Plan,
    /// For each of its steps the step of the original plan that it takes back.
    pub of: Vec<StepId>,
}

/// What takes back everything that `outcomes` say was done (or may have been done) of `plan`. A
/// step is undone before the steps it depended on.
pub fn undo(plan: &Plan, outcomes: &[Outcome]) -> Undo {
    let mut undo = Undo::default();
    let mut after: Vec<Vec<StepId>> = vec![Vec::new(); plan.steps.len()];
    for (id, step) in plan.steps.iter().enumerate().rev() {
        // What must be undone before this one: its dependents, or theirs where they have no undo.
        let waits = std::mem::take(&mut after[id]);
        let command = step.undo.as_ref().filter(|_| may_have_acted(&outcomes[id]));
        let hands_on = if let Some(command) = command {
            let undone = undo.plan.push(Step {
                command: command.clone(),
                undo: None,
                after: waits,
                ..step.clone()
            });
            undo.of.push(id);
            vec![undone]
        } else {
            waits
        };
        for &before in &step.after {
            for &wait in &hands_on {
                if !after[before].contains(&wait) {
                    after[before].push(wait);
                }
            }
        }
    }
    undo
}

fn may_have_acted(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Done => true,
        // A failed command cleans up after itself; one that was cut short could not.
        Outcome::Failed { exit, .. } => !matches!(exit, Exit::Code(_)),
        Outcome::Transport(error) => {
            matches!(error, TransportError::Interrupted | TransportError::Lost { .. })
        }
        Outcome::Skipped { .. } => false,
    }
}

/// Tells the end of each step of an undo plan as [`Event::Undone`].
pub struct Undoing<'a>(pub &'a dyn Reporter);

impl Reporter for Undoing<'_> {
    fn event(&self, event: &Event<'_>) {
        if let Event::Finished { step, outcome, .. } = event {
            self.0.event(&Event::Undone { step, outcome });
        }
    }
}
