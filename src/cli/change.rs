//! The phase verbs: acquire, build, create, install, configure, start, stop, restart, destroy, up, down.
//! One handler, the verb is data.

use super::OnError;
use super::context::{Chosen, Context};
use super::nameless::nameless;
use super::operator::claimant;
use super::perform::Performer;
use super::show::{JSON_VERSION, show_plan};
use super::show_verify::show_verify;
use super::verify_json::verify_json;
use super::wish::Wish;
use crate::executor::{Outcome, Permit, Stopwatch};
use crate::lifecycle::{
    Blocked, ChangeRequest, Guard, Prepared, Session, VerifyOptions, VerifyReport, prepare, verify,
};
use crate::lock::Scope;
use crate::plan::{self, Plan, Stage};
use crate::ui::report::Fault;
use crate::ui::{self, ExitCode, Format, Summary, nodes_report, report};
use serde_json::json;

/// What was planned and what came of it.
struct Done<'a> {
    prepared: Prepared<'a>,
    outcomes: Vec<Outcome>,
    /// Which steps were taken back.
    undone: Vec<bool>,
}

impl Done<'_> {
    fn is_whole(&self) -> bool {
        self.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Done))
    }
}

/// The locks of a run, given back when it is dropped.
struct Held<'h> {
    guard: &'h Guard<'h>,
    session: &'h Session<'h>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.guard.let_go(self.session, &[Scope::Topology, Scope::Node]);
    }
}

/// Carries a wish out.
pub(super) fn run(context: &Context<'_>, wish: &Wish<'_>) -> anyhow::Result<ExitCode> {
    let watch = Stopwatch::start();
    let by_name = wish.owner.and_then(|owner| owner.name.as_ref().map(|name| (owner, name)));
    let loaded = match by_name {
        Some((owner, name)) => nameless(context, &owner.hosts, name)?,
        None => context.load()?,
    };
    let chosen = Chosen::new(wish.selection, &loaded.topology);
    // What a removal selects may have left the file.
    let lowers = matches!(wish.verb, plan::Verb::Stop | plan::Verb::Destroy | plan::Verb::Down);
    let chosen = if lowers { chosen } else { chosen.checked()? };
    if let Some(from) = &wish.transfer.from
        && !loaded.topology.nodes.iter().any(|node| node.name == *from)
    {
        return Err(Fault::usage(format!("--from: no node is called `{from}`")).into());
    }
    let nodes = context.nodes(&loaded.topology);
    let tell_wait = |blocked: &Blocked| context.tell_wait(blocked);
    let claimant = claimant(&wish.change.locking, wish.word, &loaded.topology.name);
    let guard = Guard::new(&nodes, claimant, wish.change.locking.lock_wait, &tell_wait);
    let session = context.session(&loaded, &guard).within(wish.change.patience.timeout);
    let request = ChangeRequest {
        verb: wish.verb,
        is_selected: &|name, group, node| chosen.matches(name, group, node),
        // Whoever has an image may serve those that are meant.
        is_node_meant: &|node| wish.verb == plan::Verb::Distribute || chosen.touches(node),
        recreate: wish.recreate,
        grace: wish.grace,
        timeout: wish.change.patience.timeout,
        keep_going: wish.change.on_error() == OnError::KeepGoing,
        transfer: wish.transfer.clone(),
    };
    let Some(permit) = Permit::unless_dry_run(wish.change.dry_run) else {
        return rehearse(context, wish, &loaded.topology.name, &prepare(&session, &request)?);
    };
    let performer = Performer { context, wish, session: &session, guard: &guard, permit };
    let held = Held { guard: &guard, session: &session };
    let done = guard.renewing(context.stop, || carry_out(&performer, &request));
    let is_whole = matches!(&done, Ok(Some(done)) if done.is_whole());
    // Nobody need wait while this is proven, nor does the proof wait for the locks to be given back.
    let held = (is_whole && wish.verb == plan::Verb::Up(Stage::Verify)).then_some(held);
    let done = match (done, guard.lost()) {
        (Ok(Some(done)), None) => done,
        (Ok(Some(done)), Some(lost)) => {
            tell(context, wish, &done, watch);
            return Err(lost.into());
        }
        (Ok(None), _) => return Ok(ExitCode::Interrupted),
        (Err(_), Some(lost)) => return Err(lost.into()),
        (Err(error), None) => return Err(error),
    };
    let code = tell(context, wish, &done, watch);
    let Done { prepared, outcomes, .. } = done;
    let mut document = json!({
        "version": JSON_VERSION,
        "topology": loaded.topology.name,
        "verb": wish.word,
        "elapsed_s": watch.elapsed().as_secs_f64(),
        "steps": steps_json(&prepared.plan, &outcomes),
    });
    let proof = code == ExitCode::Done && wish.verb == plan::Verb::Up(Stage::Verify);
    let code = if proof {
        let report = std::thread::scope(|scope| {
            scope.spawn(|| drop(held));
            prove(&session, &chosen, &prepared)
        })?;
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

/// Shows what would be done.
fn rehearse(
    context: &Context<'_>,
    wish: &Wish<'_>,
    topology: &str,
    prepared: &Prepared<'_>,
) -> anyhow::Result<ExitCode> {
    context.warn(&prepared.warnings);
    show_plan(context.ui, &prepared.plan, topology, wish.word, None)?;
    if prepared.failures.is_empty() {
        return Ok(ExitCode::Done);
    }
    context.ui.error(&nodes_report(&prepared.failures, context.ui.stderr_paint()).text);
    Ok(ExitCode::NodeUnreachable)
}

/// Looks, plans and acts under the locks; `None` = the person said no.
fn carry_out<'a>(
    performer: &Performer<'_, 'a>,
    request: &ChangeRequest<'_>,
) -> anyhow::Result<Option<Done<'a>>> {
    let Performer { context, wish, session, guard, .. } = performer;
    let look = || prepare(session, request);
    let mut prepared = guard.enter(session, scopes(wish.verb), &look)?;
    context.warn(&prepared.warnings);
    if !confirms(context, wish, &prepared.plan) {
        return Ok(None);
    }
    let images = prepared.plan.acquisition();
    if !scopes(wish.verb).contains(&Scope::Node) || images.steps.is_empty() {
        let (outcomes, undone) = performer.perform(&prepared.plan)?;
        return Ok(Some(Done { prepared, outcomes, undone }));
    }
    // Others need not wait for their cores until an image has come.
    guard.let_go(session, &[Scope::Node]);
    let (mut outcomes, mut undone) = performer.perform(&images)?;
    let is_whole = outcomes.iter().all(|outcome| matches!(outcome, Outcome::Done));
    if !is_whole && (!request.keep_going || context.stop.is_requested()) {
        let mut acquired = outcomes.into_iter();
        let left_out = || Outcome::Skipped { reason: "an image is missing".into() };
        let steps = prepared.plan.steps.iter();
        let outcomes = steps.map(|step| {
            let next = step.is_about_an_image().then(|| acquired.next()).flatten();
            next.unwrap_or_else(left_out)
        });
        let outcomes: Vec<Outcome> = outcomes.collect();
        let undone = vec![false; outcomes.len()];
        return Ok(Some(Done { prepared, outcomes, undone }));
    }
    guard.take(session, &[Scope::Node])?;
    let told = std::mem::take(&mut prepared.warnings);
    prepared = look()?;
    prepared.warnings.retain(|warning| !told.contains(warning));
    context.warn(&prepared.warnings);
    let (more, taken_back) = performer.perform(&prepared.plan)?;
    outcomes.extend(more);
    undone.extend(taken_back);
    let mut plan = images;
    plan.append(std::mem::take(&mut prepared.plan));
    prepared.plan = plan;
    Ok(Some(Done { prepared, outcomes, undone }))
}

/// Whoever gives cores out holds the node; no two runs work on one topology.
fn scopes(verb: plan::Verb) -> &'static [Scope] {
    match verb {
        plan::Verb::Start | plan::Verb::Restart => &[Scope::Topology, Scope::Node],
        verb if verb.creates() => &[Scope::Topology, Scope::Node],
        _ => &[Scope::Topology],
    }
}

fn confirms(context: &Context<'_>, wish: &Wish<'_>, plan: &Plan) -> bool {
    let removed = plan.steps.iter().filter(|step| step.verb == "destroy").count();
    if wish.change.yes || removed == 0 || wish.verb != plan::Verb::Destroy {
        return true;
    }
    let noun = if removed == 1 { "container" } else { "containers" };
    context.ui.confirms(&format!("Remove {removed} {noun}?"))
}

/// Tells failures and the last word; returns how the run ended.
fn tell(context: &Context<'_>, wish: &Wish<'_>, done: &Done<'_>, watch: Stopwatch) -> ExitCode {
    let ui = context.ui;
    let Done { prepared, outcomes, undone } = done;
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
