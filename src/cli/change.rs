//! The phase verbs: acquire, create, start, stop, restart, destroy, up, down. One handler, the
//! verb is data.

use super::context::{Chosen, Context};
use super::show::{show_plan, show_verify};
use super::{Change, OnError, Owner, Selection, Until, Verb};
use crate::executor::{self, Lanes, Options, Outcome, Permit, execute, undo_plan};
use crate::lifecycle::{ChangeRequest, Failure, Prepared, Session, prepare, verify};
use crate::model::{Become, Loaded, Node, SshTarget, Topology};
use crate::plan::{self, Plan, Stage};
use crate::transport::Stop;
use crate::ui::{ExitCode, Format, Log, Several, report, summary};
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
    let by_name = wish.owner.and_then(|owner| owner.name.as_ref().map(|name| (owner, name)));
    let loaded = match by_name {
        Some((owner, name)) => nameless(context, owner, name)?,
        None => context.load()?,
    };
    let chosen = Chosen::new(wish.selection, &loaded.topology);
    // What `--name` or a removal selects may have left the file.
    let lowers = matches!(wish.verb, plan::Verb::Stop | plan::Verb::Destroy | plan::Verb::Down);
    let chosen = if lowers { chosen } else { chosen.checked()? };
    let connections = context.connections(&loaded.topology);
    let session = context.session(&loaded, &connections);
    let keep_going = wish.change.on_error() == OnError::KeepGoing;
    let request = ChangeRequest {
        verb: wish.verb,
        is_selected: &|name, group, node| chosen.matches(name, group, node),
        is_node_meant: &|node| chosen.touches(node),
        recreate: wish.recreate,
        grace: wish.grace,
        timeout: wish.change.patience.timeout,
        keep_going,
    };
    let prepared = prepare(&session, &request)?;
    context.warn(&prepared.warnings);
    let Some(permit) = Permit::unless_dry_run(wish.change.dry_run) else {
        show_plan(context.ui, &prepared.plan, &loaded.topology.name, wish.word, None)?;
        return Ok(ExitCode::Done);
    };
    if !confirms(context, wish, &prepared.plan) {
        return Ok(ExitCode::Interrupted);
    }
    let outcomes = act(context, wish, &session, &permit, &prepared.plan)?;
    let code = tell(context, wish, &loaded, &prepared, &outcomes)?;
    if code == ExitCode::Done && wish.verb == plan::Verb::Up(Stage::Verify) {
        return prove(context, &session, &chosen, &prepared);
    }
    Ok(code)
}

/// A topology that is only a name: what it owns is found by its labels.
fn nameless(context: &Context<'_>, owner: &Owner, name: &str) -> Result<Loaded, Failure> {
    let mut nodes = Vec::new();
    if !owner.hosts.is_empty() {
        for host in &owner.hosts {
            let ssh = host.parse::<SshTarget>().map_err(|error| Failure::Usage {
                message: format!("--host {host}: {error}"),
                hint: "write it as [USER@]HOST[:PORT]".into(),
            })?;
            nodes.push(node(host, Some(ssh), owner.r#become.unwrap_or_default()));
        }
    } else if context.global.topologies.is_empty() {
        nodes.push(node("localhost", None, Become::default()));
    } else {
        nodes = context.load()?.topology.nodes;
    }
    let topology = Topology { name: name.to_owned(), nodes, ..Topology::default() };
    Ok(Loaded { topology, ..Loaded::default() })
}

fn node(name: &str, ssh: Option<SshTarget>, r#become: Become) -> Node {
    Node {
        name: name.to_owned(),
        ssh,
        r#become,
        system_cpus: 1,
        interfaces: std::collections::BTreeMap::new(),
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

/// Runs the plan and, where asked for, takes it back.
fn act(
    context: &Context<'_>,
    wish: &Wish<'_>,
    session: &Session<'_>,
    permit: &Permit,
    plan: &Plan,
) -> anyhow::Result<Vec<Outcome>> {
    let log = context.global.log.as_deref().map(Log::append).transpose()?;
    let on_error = match wish.change.on_error() {
        OnError::Stop => executor::OnError::Stop,
        OnError::KeepGoing => executor::OnError::KeepGoing,
        OnError::Rollback => executor::OnError::Rollback,
    };
    let run = |plan: &Plan, on_error, lanes: &Lanes<'_>, stop: &Stop| {
        let progress = context.ui.progress(plan);
        let mut reporters: Vec<&dyn executor::Reporter> = vec![progress.as_ref()];
        reporters.extend(log.as_ref().map(|log| log as &dyn executor::Reporter));
        let options = Options { jobs: usize::from(wish.change.lanes.jobs), on_error };
        execute(plan, lanes, permit, options, stop, &Several::new(reporters))
    };
    let outcomes = run(plan, on_error, &session.lanes, context.stop);
    let failed = outcomes.iter().any(|outcome| !matches!(outcome, Outcome::Done));
    if failed && on_error == executor::OnError::Rollback {
        let undo = undo_plan(plan, &outcomes);
        context.ui.note(&format!("taking back {} steps", undo.steps.len()));
        // The person's stop ended the run, not its undo; a second Ctrl-C ends the program.
        let undone = run(&undo, executor::OnError::KeepGoing, &session.lanes, &Stop::new());
        report::undo(context.ui, &undo, &undone);
    }
    Ok(outcomes)
}

/// Reports failures and what exists; returns how the run ended.
fn tell(
    context: &Context<'_>,
    wish: &Wish<'_>,
    loaded: &Loaded,
    prepared: &Prepared<'_>,
    outcomes: &[Outcome],
) -> anyhow::Result<ExitCode> {
    let summary = summary(&prepared.plan, outcomes, wish.word);
    let code = report::outcomes(context.ui, &prepared.plan, outcomes, context.stop.is_requested());
    if prepared.plan.steps.is_empty() {
        context.ui.note(&format!("{}: nothing to do", loaded.topology.name));
    } else if context.ui.format() == Format::Json {
        context.ui.json(&summary)?;
    } else {
        context.ui.note(&summary.text(context.ui.stderr_paint()));
    }
    report::nodes(context.ui, &prepared.failures);
    if code == ExitCode::Done && !prepared.failures.is_empty() {
        return Ok(ExitCode::NodeUnreachable);
    }
    Ok(code)
}

/// The verify stage of `up`.
fn prove(
    context: &Context<'_>,
    session: &Session<'_>,
    chosen: &Chosen<'_>,
    prepared: &Prepared<'_>,
) -> anyhow::Result<ExitCode> {
    let again;
    let observation = if prepared.plan.steps.is_empty() {
        &prepared.observation
    } else {
        again = session.see(&|node| prepared.observation.contains_key(&node.name)).require(true)?;
        &again.observation
    };
    let wanted: Vec<_> = prepared
        .wanted
        .iter()
        .filter(|one| chosen.matches(&one.spec.name, &one.group.name, one.node))
        .collect();
    let report =
        verify(&wanted, &prepared.links, observation, &session.lanes, context.stop);
    show_verify(context.ui, &report, &session.loaded.topology.name, false)?;
    Ok(if report.passed() { ExitCode::Done } else { ExitCode::RealityDiffers })
}
