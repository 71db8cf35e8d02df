//! `check`: parse, resolve, place. No node is needed where a saved machine is given.

use super::Check;
use super::context::{Chosen, Context};
use super::machines::saved;
use super::show::show_placement;
use crate::lifecycle::{Failure, NodeFailure, Seen, place};
use crate::model::Node;
use crate::plan::{Refusal, Wanted, wanted};
use crate::transport::TransportError;
use crate::ui::ExitCode;

pub(super) fn run(context: &Context<'_>, args: &Check) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let topology = &loaded.topology;
    let chosen = Chosen::new(&args.selection, topology).checked()?;
    let nodes = context.nodes(topology);
    let session = context.session(&loaded, &nodes);
    let saved = saved(&args.machines, topology)?.observation;
    let look = || {
        let is_asked = |node: &Node| chosen.touches(node) && !saved.contains_key(&node.name);
        let Seen { mut observation, failures } = session.probe(&is_asked);
        observation.extend(saved.clone());
        Ok((place(topology, &observation)?, failures))
    };
    // A container that just came or went was half seen: a refusal is believed the second time.
    let (placed, failures) = match look() {
        Err(Failure::Placement(_)) => look()?,
        looked => looked?,
    };
    let all = wanted(topology, &placed.assignments, &loaded.secrets);
    let meant: Vec<&Wanted<'_>> = all
        .iter()
        .filter(|one| chosen.matches(&one.spec.name, &one.group.name, one.node))
        .collect();
    let refusals: Vec<Refusal> = meant.iter().flat_map(|one| one.refusals()).collect();
    if !refusals.is_empty() {
        return Err(Failure::Unable(refusals).into());
    }
    let mut warnings = placed.warnings;
    // A topology can be checked where its nodes cannot be reached; its placement cannot.
    for NodeFailure { node, error } in failures {
        if matches!(error, TransportError::Interrupted) {
            return Err(Failure::Interrupted.into());
        }
        let hint = format!("`--machine {node}=FILE` places without the node");
        warnings.push((node, format!("not placed: {error}; {hint}")));
    }
    context.warn(&warnings);
    show_placement(context.ui, &topology.name, &meant, &warnings)?;
    Ok(ExitCode::Done)
}
