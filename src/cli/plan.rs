//! `plan`: what a verb would do, as table, JSON or script.

use super::context::{Chosen, Context};
use super::machines::saved;
use super::show::show_plan;
use super::{Plan, PlanVerb};
use crate::lifecycle::{ChangeRequest, prepare_from};
use crate::plan::{self, Stage, Verb};
use crate::ui::ExitCode;

pub(super) fn run(context: &Context<'_>, args: &Plan) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let topology = &loaded.topology;
    let chosen = Chosen::new(&args.selection, topology).checked()?;
    let nodes = context.nodes(topology);
    let session = context.session(&loaded, &nodes).within(args.patience.timeout);
    let mut seen = saved(&args.machines, topology)?;
    let is_saved: Vec<String> = seen.observation.keys().cloned().collect();
    let asked = session
        .see(&|node| chosen.touches(node) && !is_saved.contains(&node.name))
        .require(false)?;
    seen.observation.extend(asked.observation);
    let (verb, word) = match args.verb {
        PlanVerb::Up => (Verb::Up(Stage::Verify), "up"),
        PlanVerb::Down => (Verb::Down, "down"),
        PlanVerb::Acquire => (Verb::Acquire, "acquire"),
        PlanVerb::Build => (Verb::Build, "build"),
        PlanVerb::Create => (Verb::Create, "create"),
        PlanVerb::Install => (Verb::Install, "install"),
        PlanVerb::Configure => (Verb::Configure, "configure"),
        PlanVerb::Start => (Verb::Start, "start"),
        PlanVerb::Stop => (Verb::Stop, "stop"),
        PlanVerb::Restart => (Verb::Restart, "restart"),
        PlanVerb::Destroy => (Verb::Destroy, "destroy"),
    };
    let request = ChangeRequest {
        verb,
        is_selected: &|name, group, node| chosen.matches(name, group, node),
        is_node_meant: &|node| chosen.touches(node),
        recreate: args.recreate.recreate,
        grace: args.grace.grace,
        timeout: args.patience.timeout,
        keep_going: false,
        transfer: plan::Transfer::default(),
    };
    let prepared = prepare_from(&loaded, seen, &request)?;
    context.warn(&prepared.warnings);
    show_plan(context.ui, &prepared.plan, &topology.name, word, args.format)?;
    // Thousands of steps need not be taken apart one by one just before the end.
    let prepared = std::mem::ManuallyDrop::new(prepared);
    let pending = args.exit_code && !prepared.plan.steps.is_empty();
    Ok(if pending { ExitCode::ChangesPending } else { ExitCode::Done })
}
