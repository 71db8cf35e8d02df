//! Which step may run next: the state of a running plan. It must not run anything.

use super::event::Outcome;
use crate::plan::{Plan, Step, StepId};
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
    halted: Option<String>,
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
            halted: None,
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

    /// Starts nothing new; steps that wait are skipped for `reason`. Returns the skipped ones.
    pub(super) fn halt(&mut self, reason: &str) -> Vec<StepId> {
        self.halted.get_or_insert_with(|| reason.to_owned());
        let waiting: Vec<StepId> = self.ready.values().flatten().copied().collect();
        self.skip(waiting, reason)
    }

    /// Records how a step ended. Returns the steps that are skipped because of it.
    pub(super) fn finish(&mut self, id: StepId, outcome: Outcome) -> Vec<StepId> {
        let step = &self.plan.steps[id];
        let succeeded = matches!(outcome, Outcome::Done);
        let lost = matches!(outcome, Outcome::Transport(_));
        self.record(id, outcome);
        if succeeded {
            self.release(id);
            return self.halted.clone().map_or_else(Vec::new, |reason| self.halt(&reason));
        }
        if self.on_error != OnError::KeepGoing {
            let reason = format!("`{}` failed", step.sentence);
            let mut skipped = self.skip(self.dependents[id].clone(), &reason);
            skipped.extend(self.halt(&reason));
            return skipped;
        }
        if lost {
            let of_node = |(_, other): &(StepId, &Step)| other.node == step.node;
            let rest = self.plan.steps.iter().enumerate().filter(of_node);
            let rest = rest.map(|(id, _)| id).filter(|id| !self.running.contains(id)).collect();
            return self.skip(rest, &format!("`{}` is lost", step.node));
        }
        let reason = format!("it needs `{}`, which failed", step.sentence);
        self.skip(self.dependents[id].clone(), &reason)
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
