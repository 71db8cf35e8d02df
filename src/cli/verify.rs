//! `verify`: the reality check.

use super::Verify;
use super::context::{Chosen, Context};
use super::show_verify::show_verify;
use super::verify_json::verify_json;
use crate::lifecycle::{VerifyOptions, place_regardless, verify, wanted};
use crate::plan::Wanted;
use crate::ui::{ExitCode, Format};

pub(super) fn run(context: &Context<'_>, args: &Verify) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let topology = &loaded.topology;
    let chosen = Chosen::new(&args.selection, topology).checked()?;
    let nodes = context.nodes(topology);
    let session = context.session(&loaded, &nodes).within(args.patience.timeout);
    let seen = session.see(&|node| chosen.touches(node)).require(false)?;
    let placed = place_regardless(topology, &seen.observation)?;
    context.warn(&placed.warnings);
    let all = wanted(&loaded, &placed.assignments)?;
    let meant: Vec<&Wanted<'_>> = all
        .iter()
        .filter(|one| chosen.matches(&one.spec.name, &one.group.name, one.node))
        .collect();
    let links = session.links();
    let options = VerifyOptions { strict: args.strict, sample: args.sample };
    let report = verify(&session, &meant, &links, &seen.observation, options)?;
    match context.ui.format() {
        Format::Json => context.ui.json(&verify_json(&report, &topology.name))?,
        Format::Table => show_verify(context.ui, &report, context.global.verbose)?,
    }
    Ok(if report.passed() { ExitCode::Done } else { ExitCode::RealityDiffers })
}
