//! Which step may run next: the state of a running plan. It must not run anything.

use super::event::Outcome;
use crate::plan::{Plan, StepId};
use crate::transport::TransportError;
use std::collections::{BTreeMap, BTreeSet};

/// What a failed step means for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// Nothing new is started.
    #[default]
    Stop,
    /// Only what depends on the failed step is left out.
    KeepGoing,
    /// Nothing new is started, then everything done is undone in reverse order.
    Rollback,
    /// Everything is tried, also what depends on the failed step: an undo.
    Regardless,
}

/// The state of all steps.
pub(super) struct Schedule<'a> {
    plan: &'a Plan,
    on_error: OnError,
    dependents: Vec<Vec<StepId>>,
    missing: Vec<usize>,
    ready: BTreeMap<&'a str, BTreeSet<StepId>>,
    unfinished: BTreeMap<&'a str, usize>,
    outcomes: Vec<Option<Outcome>>,
    running: BTreeSet<StepId>,
}

impl<'a> Schedule<'a> {
    pub(super) fn new(plan: &'a Plan, on_error: OnError) -> Self {
        let mut dependents = vec![Vec::new(); plan.steps.len()];
        let mut ready: BTreeMap<&str, BTreeSet<StepId>> = BTreeMap::new();
        let mut unfinished: BTreeMap<&str, usize> = BTreeMap::new();
        for (id, step) in plan.steps.iter().enumerate() {
            *unfinished.entry(&step.node).or_default() += 1;
            for &before in &step.after {
                dependents[before].push(id);
            }
            if step.after.is_empty() {
                ready.entry(&step.node).or_default().insert(id);
            }
        }
        Self {
            plan,
            on_error,
            dependents,
            missing: plan.steps.iter().map(|step| step.after.len()).collect(),
            ready,
            unfinished,
            outcomes: plan.steps.iter().map(|_| None).collect(),
            running: BTreeSet::new(),
        }
    }

    /// Steps of a node that could start now.
    pub(super) fn ready_count(&self, node: &str) -> usize {
        self.ready.get(node).map_or(0, BTreeSet::len)
    }

    /// Whether every step of the node has an outcome.
    pub(super) fn is_finished(&self, node: &str) -> bool {
        self.unfinished.get(node).is_none_or(|&count| count == 0)
    }

    /// Takes the next step of a node, lowest id first.
    pub(super) fn take(&mut self, node: &str) -> Option<StepId> {
        let id = self.ready.get_mut(node)?.pop_first()?;
        self.running.insert(id);
        Some(id)
    }

    /// Starts nothing new: whatever is not with a lane is skipped for `reason`, also what waits
    /// for a step that runs or has failed. Returns the skipped ones.
    pub(super) fn halt(&mut self, reason: &str) -> Vec<StepId> {
        let waiting = (0..self.plan.steps.len()).filter(|id| !self.running.contains(id)).collect();
        self.skip(waiting, reason)
    }

    /// Records how a step ended. Returns the steps that are skipped because of it.
    pub(super) fn finish(&mut self, id: StepId, outcome: Outcome) -> Vec<StepId> {
        let step = &self.plan.steps[id];
        let succeeded = matches!(outcome, Outcome::Done);
        let interrupted = matches!(outcome, Outcome::Transport(TransportError::Interrupted));
        let lost = matches!(outcome, Outcome::Transport(_)) && !interrupted;
        self.record(id, outcome);
        if interrupted {
            return self.halt("interrupted");
        }
        if succeeded || (self.on_error == OnError::Regardless && !lost) {
            self.release(id);
            return Vec::new();
        }
        match self.on_error {
            OnError::Stop | OnError::Rollback => self.halt(&format!("`{}` failed", step.sentence)),
            OnError::KeepGoing if lost => {
                let mut rest = self.rest_of(&step.node);
                rest.extend(&self.dependents[id]);
                self.skip(rest, &format!("`{}` is lost", step.node))
            }
            OnError::KeepGoing => {
                let reason = format!("it needs `{}`, which failed", step.sentence);
                self.skip(self.dependents[id].clone(), &reason)
            }
            OnError::Regardless => {
                let rest = self.rest_of(&step.node);
                for &skipped in &rest {
                    let reason = format!("`{}` is lost", step.node);
                    self.record(skipped, Outcome::Skipped { reason });
                }
                for &done_with in rest.iter().chain([&id]) {
                    self.release(done_with);
                }
                rest
            }
        }
    }

    /// Steps of a node that have neither ended nor been given to a lane.
    fn rest_of(&self, node: &str) -> Vec<StepId> {
        let steps = self.plan.steps.iter().enumerate();
        let waits = |id: &StepId| self.outcomes[*id].is_none() && !self.running.contains(id);
        steps.filter(|(_, step)| step.node == node).map(|(id, _)| id).filter(waits).collect()
    }

    /// The outcomes, once every node is finished.
    pub(super) fn into_outcomes(self) -> Vec<Outcome> {
        let skipped = || Outcome::Skipped { reason: "not started".into() };
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(skipped)).collect()
    }

    pub(super) fn outcome(&self, id: StepId) -> Option<&Outcome> {
        self.outcomes[id].as_ref()
    }

    fn record(&mut self, id: StepId, outcome: Outcome) {
        let node = self.plan.steps[id].node.as_str();
        self.running.remove(&id);
        if let Some(ready) = self.ready.get_mut(node) {
            ready.remove(&id);
        }
        if self.outcomes[id].replace(outcome).is_none() {
            *self.unfinished.get_mut(node).expect("every step's node is counted") -= 1;
        }
    }

    fn release(&mut self, id: StepId) {
        for &dependent in &self.dependents[id] {
            self.missing[dependent] -= 1;
            if self.missing[dependent] == 0 && self.outcomes[dependent].is_none() {
                let node = self.plan.steps[dependent].node.as_str();
                self.ready.entry(node).or_default().insert(dependent);
            }
        }
    }

    /// Skips steps and everything that depends on them.
    fn skip(&mut self, mut ids: Vec<StepId>, reason: &str) -> Vec<StepId> {
        let mut skipped = Vec::new();
        while let Some(id) = ids.pop() {
            if self.outcomes[id].is_none() {
                self.record(id, Outcome::Skipped { reason: reason.to_owned() });
                ids.extend(&self.dependents[id]);
                skipped.push(id);
            }
        }
        skipped.sort_unstable();
        skipped
    }
}
