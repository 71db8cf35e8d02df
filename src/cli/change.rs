//! The phase verbs: acquire, create, start, stop, restart, destroy, up, down. One handler, the
//! verb is data.

use super::context::{Chosen, Context, nodes_without_file};
use super::show::{JSON_VERSION, show_plan};
use super::show_verify::show_verify;
use super::verify_json::verify_json;
use super::{Change, OnError, Owner, Selection, Until, Verb};
use crate::executor::{self, Options, Outcome, Permit, Reporter, Stopwatch, Undoing, execute};
use crate::lifecycle::{
    ChangeRequest, Failure, Prepared, Session, VerifyOptions, VerifyReport, prepare, verify,
};
use crate::model::{Loaded, Topology};
use crate::plan::{self, Plan, Stage};
use crate::transport::Stop;
use crate::ui::{self, ExitCode, Format, Log, Several, Summary, nodes_report, report};
use anyhow::Context as _;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// A changing verb with its options.
pub(super) struct Wish<'a> {
    pub(super) verb: plan::Verb,
    pub(super) word: &'static str,
    pub(super) selection: &'a Selection,
    pub(super) recreate: bool,
    pub(super) grace: Duration,
    change: &'a Change,
    owner: Option<&'a Owner>,
}

/// From the stop signal to the end by force, for verbs that only stop on the way back.
const GRACE: Duration = Duration::from_secs(10);

impl<'a> Wish<'a> {
    /// The wish a verb expresses.
    ///
    /// # Panics
    /// For verbs that change nothing.
    pub(super) fn of(verb: &'a Verb) -> Self {
        let wish = |verb, word, selection, change| Wish {
            verb,
            word,
            selection,
            recreate: false,
            grace: GRACE,
            change,
            owner: None,
        };
        match verb {
            Verb::Acquire(args) => {
                wish(plan::Verb::Acquire, "acquire", &args.selection, &args.change)
            }
            Verb::Create(args) => Wish {
                recreate: args.recreate.recreate,
                ..wish(plan::Verb::Create, "create", &args.selection, &args.change)
            },
            Verb::Up(args) => Wish {
                recreate: args.recreate.recreate,
                ..wish(plan::Verb::Up(stage(args.until)), "up", &args.selection, &args.change)
            },
            Verb::Start(args) => wish(plan::Verb::Start, "start", &args.selection, &args.change),
            Verb::Stop(args) => Wish {
                grace: args.grace.grace,
                ..wish(plan::Verb::Stop, "stop", &args.selection, &args.change)
            },
            Verb::Restart(args) => Wish {
                grace: args.grace.grace,
                ..wish(plan::Verb::Restart, "restart", &args.selection, &args.change)
            },
            Verb::Destroy(args) => Wish {
                owner: Some(&args.owner),
                ..wish(plan::Verb::Destroy, "destroy", &args.selection, &args.change)
            },
            Verb::Down(args) => Wish {
                grace: args.grace.grace,
                owner: Some(&args.owner),
                ..wish(plan::Verb::Down, "down", &args.selection, &args.change)
            },
            _ => unreachable!("the caller passes changing verbs only"),
        }
    }
}

fn stage(until: Until) -> Stage {
    match until {
        Until::Acquire => Stage::Acquire,
        Until::Create => Stage::Create,
        Until::Verify => Stage::Verify,
    }
}

/// Carries a wish out.
pub(super) fn run(context: &Context<'_>, wish: &Wish<'_>) -> anyhow::Result<ExitCode> {
    let watch = Stopwatch::start();
    let by_name = wish.owner.and_then(|owner| owner.name.as_ref().map(|name| (owner, name)));
    let loaded = match by_name {
        Some((owner, name)) => nameless(context, owner, name)?,
        None => context.load()?,
    };
    let chosen = Chosen::new(wish.selection, &loaded.topology);
    // What a removal selects may have left the file.
    let lowers = matches!(wish.verb, plan::Verb::Stop | plan::Verb::Destroy | plan::Verb::Down);
    let chosen = if lowers { chosen } else { chosen.checked()? };
    let nodes = context.nodes(&loaded.topology);
    let session = context.session(&loaded, &nodes).within(wish.change.patience.timeout);
    let request = ChangeRequest {
        verb: wish.verb,
        is_selected: &|name, group, node| chosen.matches(name, group, node),
        is_node_meant: &|node| chosen.touches(node),
        recreate: wish.recreate,
        grace: wish.grace,
        timeout: wish.change.patience.timeout,
        keep_going: wish.change.on_error() == OnError::KeepGoing,
    };
    let prepared = prepare(&session, &request)?;
    context.warn(&prepared.warnings);
    let Some(permit) = Permit::unless_dry_run(wish.change.dry_run) else {
        show_plan(context.ui, &prepared.plan, &loaded.topology.name, wish.word, None)?;
        if prepared.failures.is_empty() {
            return Ok(ExitCode::Done);
        }
        context.ui.error(&nodes_report(&prepared.failures, context.ui.stderr_paint()).text);
        return Ok(ExitCode::NodeUnreachable);
    };
    if !confirms(context, wish, &prepared.plan) {
        return Ok(ExitCode::Interrupted);
    }
    let (outcomes, undone) = act(context, wish, &session, &permit, &prepared.plan)?;
    let code = tell(context, wish, &prepared, &outcomes, &undone, watch);
    let mut document = json!({
        "version": JSON_VERSION,
        "topology": loaded.topology.name,
        "verb": wish.word,
        "elapsed_s": watch.elapsed().as_secs_f64(),
        "steps": steps_json(&prepared.plan, &outcomes),
    });
    let proof = code == ExitCode::Done && wish.verb == plan::Verb::Up(Stage::Verify);
    let code = if proof {
        let report = prove(&session, &chosen, &prepared)?;
        if context.ui.format() == Format::Json {
            document["verify"] = verify_json(&report, &loaded.topology.name);
        } else {
            show_verify(context.ui, &report, context.global.verbose)?;
        }
        if report.passed() { code } else { ExitCode::RealityDiffers }
    } else {
        code
    };
    if context.ui.format() == Format::Json {
        context.ui.json(&document)?;
    }
    if code == ExitCode::Done && !prepared.failures.is_empty() {
        return Ok(ExitCode::NodeUnreachable);
    }
    Ok(code)
}

/// A topology that is only a name: what it owns is found by its labels.
fn nameless(context: &Context<'_>, owner: &Owner, name: &str) -> Result<Loaded, Failure> {
    let files = !context.global.topologies.is_empty();
    let nodes = if owner.hosts.hosts.is_empty() && files {
        context.load()?.topology.nodes
    } else {
        nodes_without_file(&owner.hosts)?
    };
    let topology = Topology { name: name.to_owned(), nodes, ..Topology::default() };
    Ok(Loaded { topology, ..Loaded::default() })
}

fn confirms(context: &Context<'_>, wish: &Wish<'_>, plan: &Plan) -> bool {
    let removed = plan.steps.iter().filter(|step| step.verb == "destroy").count();
    if wish.change.yes || removed == 0 || wish.verb != plan::Verb::Destroy {
        return true;
    }
    let noun = if removed == 1 { "container" } else { "containers" };
    context.ui.confirms(&format!("Remove {removed} {noun}?"))
}

/// Runs the plan and, where asked for, takes it back. Returns the outcomes and which steps were
/// taken back.
fn act(
    context: &Context<'_>,
    wish: &Wish<'_>,
    session: &Session<'_>,
    permit: &Permit,
    plan: &Plan,
) -> anyhow::Result<(Vec<Outcome>, Vec<bool>)> {
    let log = context.global.log.as_deref().map(open_log).transpose()?;
    let log = log.map(Log::new);
    let on_error = match wish.change.on_error() {
        OnError::Stop => executor::OnError::Stop,
        OnError::KeepGoing => executor::OnError::KeepGoing,
        OnError::Rollback => executor::OnError::Rollback,
    };
    let progress = context.ui.progress(plan);
    let mut reporters: Vec<&dyn Reporter> = vec![progress.as_ref()];
    reporters.extend(log.as_ref().map(|log| log as &dyn Reporter));
    let reporter = Several::new(reporters);
    let jobs = usize::from(wish.change.lanes.jobs);
    let options = Options { jobs, on_error };
    let outcomes = execute(plan, &session.lanes, permit, options, context.stop, &reporter);
    let mut undone = vec![false; plan.steps.len()];
    let failed = outcomes.iter().any(|outcome| !matches!(outcome, Outcome::Done));
    if failed && on_error == executor::OnError::Rollback {
        let undo = executor::undo(plan, &outcomes);
        let options = Options { jobs, on_error: executor::OnError::Regardless };
        // The person's stop ended the run, not its undo; a second Ctrl-C ends the program.
        let (stop, undoing) = (Stop::new(), Undoing(&reporter));
        let results = execute(&undo.plan, &session.lanes, permit, options, &stop, &undoing);
        for (&of, result) in undo.of.iter().zip(&results) {
            undone[of] = matches!(result, Outcome::Done);
        }
        let undos: Vec<plan::Step> = undo.plan.steps.iter().map(undone_step).collect();
        let failures = undos.iter().zip(&results);
        if let Some(report) = report::failed_steps(failures, context.ui.stderr_paint()) {
            context.ui.error(&report.text);
        }
    }
    drop(reporter);
    drop(progress);
    if let Some(log) = log {
        log.finish().context("the log file is incomplete")?;
    }
    Ok((outcomes, undone))
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

/// Tells failures and the last word; returns how the run ended.
fn tell(
    context: &Context<'_>,
    wish: &Wish<'_>,
    prepared: &Prepared<'_>,
    outcomes: &[Outcome],
    undone: &[bool],
    watch: Stopwatch,
) -> ExitCode {
    let ui = context.ui;
    let steps = &prepared.plan.steps;
    if let Some(report) = report::failed_steps(steps.iter().zip(outcomes), ui.stderr_paint()) {
        ui.error(&report.text);
    }
    if !prepared.failures.is_empty() {
        ui.error(&nodes_report(&prepared.failures, ui.stderr_paint()).text);
    }
    let results: Vec<_> = steps
        .iter()
        .zip(outcomes)
        .zip(undone)
        .map(|((step, outcome), undone)| (step, outcome, *undone))
        .collect();
    let summary = Summary {
        verb: wish.word,
        containers: prepared.meant,
        results: &results,
        elapsed: watch.elapsed(),
        again: context.again,
    };
    ui.note(&ui::summary(&summary, ui.stderr_paint()));
    let is_whole = outcomes.iter().all(|outcome| matches!(outcome, Outcome::Done));
    if context.stop.is_requested() && !is_whole {
        return ExitCode::Interrupted;
    }
    report::outcomes_code(outcomes)
}

fn steps_json(plan: &Plan, outcomes: &[Outcome]) -> Vec<serde_json::Value> {
    let word = |outcome: &Outcome| match outcome {
        Outcome::Done => "done",
        Outcome::Failed { .. } => "failed",
        Outcome::Transport(_) => "transport",
        Outcome::Skipped { .. } => "skipped",
    };
    let one = |(step, outcome): (&plan::Step, &Outcome)| {
        json!({
            "node": step.node,
            "container": step.container,
            "verb": step.verb,
            "sentence": step.sentence,
            "outcome": word(outcome),
        })
    };
    plan.steps.iter().zip(outcomes).map(one).collect()
}

/// The verify stage of `up`.
fn prove(
    session: &Session<'_>,
    chosen: &Chosen<'_>,
    prepared: &Prepared<'_>,
) -> anyhow::Result<VerifyReport> {
    let again;
    let observation = if prepared.plan.steps.is_empty() {
        &prepared.observation
    } else {
        again = session.see_again(&prepared.observation).require(true)?;
        &again.observation
    };
    let wanted: Vec<_> = prepared
        .wanted
        .iter()
        .filter(|one| chosen.matches(&one.spec.name, &one.group.name, one.node))
        .collect();
    let options = VerifyOptions::default();
    Ok(verify(session, &wanted, &prepared.links, observation, options)?)
}
