//! `check`: parse, resolve, place. No node is needed where a saved machine is given.

use super::Check;
use super::context::{Chosen, Context};
use super::machines::saved;
use super::show::show_placement;
use crate::engine::engine;
use crate::lifecycle::{Failure, place};
use crate::plan::{Refusal, Wanted, wanted};
use crate::ui::ExitCode;

pub(super) fn run(context: &Context<'_>, args: &Check) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let topology = &loaded.topology;
    let chosen = Chosen::new(&args.selection, topology).checked()?;
    let nodes = context.nodes(topology);
    let session = context.session(&loaded, &nodes);
    let mut seen = saved(&args.machines, topology)?;
    let is_saved: Vec<String> = seen.observation.keys().cloned().collect();
    let asked = session
        .probe(&|node| chosen.touches(node) && !is_saved.contains(&node.name))
        .require(false)?;
    seen.observation.extend(asked.observation);
    let placed = place(topology, &seen.observation)?;
    let all = wanted(topology, &placed.assignments, &loaded.secrets);
    let meant: Vec<&Wanted<'_>> = all
        .iter()
        .filter(|one| chosen.matches(&one.spec.name, &one.group.name, one.node))
        .collect();
    let refusals: Vec<Refusal> = meant.iter().flat_map(|one| cannot(one)).collect();
    if !refusals.is_empty() {
        return Err(Failure::Refused(refusals).into());
    }
    context.warn(&placed.warnings);
    show_placement(context.ui, &topology.name, &meant, &placed.warnings)?;
    Ok(ExitCode::Done)
}

/// What the engine of a container cannot do.
fn cannot(wanted: &Wanted<'_>) -> Vec<Refusal> {
    let sentences = engine(wanted.group.engine).refusals(&wanted.spec);
    let refusal = |message| Refusal {
        node: wanted.node.to_owned(),
        container: wanted.spec.name.clone(),
        message,
        hint: format!(
            "take the key out of group `{}`, or choose another engine",
            wanted.group.name
        ),
    };
    sentences.into_iter().map(refusal).collect()
}
