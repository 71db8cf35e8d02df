//! Undo as a plan of its own: what was done, taken back in reverse order.

use super::event::Outcome;
use crate::plan::{Plan, Step};
use crate::transport::{Exit, TransportError};

/// The plan that takes back what `outcomes` say was done (or may have been done) of `plan`.
///
/// A step is undone before the steps it depended on. Run it with [`super::OnError::KeepGoing`],
/// so that one failure does not keep the others from being taken back.
pub fn undo_plan(plan: &Plan, outcomes: &[Outcome]) -> Plan {
    let mut undo = Plan::default();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); plan.steps.len()];
    for (id, step) in plan.steps.iter().enumerate().rev() {
        // What must be undone before this one: its dependents, or theirs where they have no undo.
        let waits = std::mem::take(&mut after[id]);
        let command = step.undo.as_ref().filter(|_| may_have_acted(&outcomes[id]));
        let hands_on = if let Some(command) = command {
            undo.steps.push(Step {
                sentence: format!("undo: {}", step.sentence),
                verb: "undo",
                command: command.clone(),
                undo: None,
                after: waits,
                ..step.clone()
            });
            vec![undo.steps.len() - 1]
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
