//! `check`: parse, resolve, place. No node is needed where a saved machine is given.

use super::Check;
use super::context::{Chosen, Context};
use super::machines::saved;
use super::show::show_placement;
use crate::lifecycle::{Failure, NodeFailure, check_hugepages, place, wanted};
use crate::model::Node;
use crate::plan::{Refusal, Wanted, lacking, privileged};
use crate::transport::TransportError;
use crate::ui::ExitCode;

pub(super) fn run(context: &Context<'_>, args: &Check) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let topology = &loaded.topology;
    let chosen = Chosen::new(&args.selection, topology).checked()?;
    let nodes = context.nodes(topology);
    let session = context.session(&loaded, &nodes);
    let mut seen = saved(&args.machines, topology)?;
    let is_saved: Vec<String> = seen.observation.keys().cloned().collect();
    let is_asked = |node: &Node| chosen.touches(node) && !is_saved.contains(&node.name);
    // What runs has its huge pages already.
    let has_pages = topology.groups.iter().any(|group| !group.hugepages.is_empty());
    let asked = if has_pages { session.see(&is_asked) } else { session.probe(&is_asked) };
    seen.observation.extend(asked.observation);
    let placed = place(topology, &seen.observation)?;
    let all = wanted(&loaded, &placed.assignments)?;
    let meant: Vec<&Wanted<'_>> = all
        .iter()
        .filter(|one| chosen.matches(&one.spec.name, &one.group.name, one.node))
        .collect();
    let mut refusals: Vec<Refusal> = meant.iter().flat_map(|one| one.refusals()).collect();
    refusals.extend(lacking(meant.iter().copied(), &seen.observation));
    if !refusals.is_empty() {
        return Err(Failure::Unable(refusals).into());
    }
    let mut warnings = placed.warnings;
    warnings.extend(privileged(meant.iter().copied()));
    let is_meant = |name: &str, group: &str, node: &str| chosen.matches(name, group, node);
    warnings.extend(check_hugepages(topology, &all, &seen.observation, &is_meant)?);
    // A topology can be checked where its nodes cannot be reached; its placement cannot.
    for NodeFailure { node, error } in asked.failures {
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
