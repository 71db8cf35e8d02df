//! Runs plans: progress, log file, undo.

use super::OnError;
use super::context::Context;
use super::wish::Wish;
use crate::executor::{self, Options, Outcome, Permit, Reporter, Stopwatch, Undoing, execute};
use crate::lifecycle::{Guard, Session};
use crate::plan::{self, Plan};
use crate::transport::Stop;
use crate::ui::{Log, Several, Traffic, report};
use anyhow::Context as _;
use std::path::Path;

/// All that running a plan takes.
pub(super) struct Performer<'p, 'a> {
    pub(super) context: &'p Context<'p>,
    pub(super) wish: &'p Wish<'p>,
    pub(super) session: &'p Session<'a>,
    pub(super) guard: &'p Guard<'p>,
    pub(super) permit: Permit,
}

impl Performer<'_, '_> {
    /// Runs a plan and, where asked for, takes it back. Returns the outcomes and which steps were
    /// taken back.
    pub(super) fn perform(&self, plan: &Plan) -> anyhow::Result<(Vec<Outcome>, Vec<bool>)> {
        let Self { context, wish, session, permit, .. } = self;
        let log = context.global.log.as_deref().map(open_log).transpose()?;
        let log = log.map(Log::new);
        let on_error = match wish.change.on_error() {
            OnError::Stop => executor::OnError::Stop,
            OnError::KeepGoing => executor::OnError::KeepGoing,
            OnError::Rollback => executor::OnError::Rollback,
        };
        let progress = context.ui.progress(plan);
        let mut reporters: Vec<&dyn Reporter> = vec![progress.as_ref()];
        let traffic = Traffic::default();
        reporters.push(&traffic);
        reporters.extend(log.as_ref().map(|log| log as &dyn Reporter));
        let reporter = Several::new(reporters);
        let options = Options { jobs: self.jobs(), on_error };
        let watch = Stopwatch::start();
        let outcomes = execute(plan, &session.lanes, permit, options, context.stop, &reporter);
        let failed = outcomes.iter().any(|outcome| !matches!(outcome, Outcome::Done));
        let undone = if failed && on_error == executor::OnError::Rollback {
            self.take_back(plan, &outcomes, &reporter)
        } else {
            vec![false; plan.steps.len()]
        };
        drop(reporter);
        drop(progress);
        if let Some(sentence) = traffic.sentence(watch.elapsed()) {
            context.ui.note(&sentence);
        }
        if let Some(log) = log {
            log.finish().context("the log file is incomplete")?;
        }
        Ok((outcomes, undone))
    }

    /// Undoes what was done; returns which steps were taken back.
    fn take_back(&self, plan: &Plan, outcomes: &[Outcome], reporter: &Several<'_>) -> Vec<bool> {
        let Self { context, session, permit, .. } = self;
        let mut undone = vec![false; plan.steps.len()];
        // What was stopped by force may have ended the lanes that held the locks.
        if let Err(failure) = self.guard.regain(session) {
            context.ui.error(&report::error(&failure.into(), context.ui.stderr_paint()).text);
            return undone;
        }
        let undo = executor::undo(plan, outcomes);
        let options = Options { jobs: self.jobs(), on_error: executor::OnError::Regardless };
        // The person's stop ended the run, not its undo; a second Ctrl-C ends the program.
        let (stop, undoing) = (Stop::new(), Undoing(reporter));
        let results = execute(&undo.plan, &session.lanes, permit, options, &stop, &undoing);
        for (&of, result) in undo.of.iter().zip(&results) {
            undone[of] = matches!(result, Outcome::Done);
        }
        let undos: Vec<plan::Step> = undo.plan.steps.iter().map(undone_step).collect();
        let failures = undos.iter().zip(&results);
        if let Some(report) = report::failed_steps(failures, context.ui.stderr_paint()) {
            context.ui.error(&report.text);
        }
        undone
    }

    fn jobs(&self) -> usize {
        usize::from(self.wish.change.lanes.jobs)
    }
}

/// A step of an undo as its report names it.
fn undone_step(step: &plan::Step) -> plan::Step {
    plan::Step { sentence: format!("undo {}", step.sentence), ..step.clone() }
}

#[expect(clippy::disallowed_methods, reason = "--log names a file of the operator")]
fn open_log(path: &Path) -> anyhow::Result<std::fs::File> {
    let mut options = std::fs::File::options();
    let opened = options.create(true).append(true).open(path);
    opened.with_context(|| format!("cannot write the log file `{}`", path.display()))
}
