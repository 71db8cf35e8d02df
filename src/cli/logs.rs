//! `logs`: what containers wrote.

use super::Logs;
use super::context::{Chosen, Context};
use super::output::{Output, tell_children};
use crate::engine::engine;
use crate::lifecycle::{Child, Failure, existing, fan_out};
use crate::ui::ExitCode;

/// Logs read at once on each node when they are not followed.
const JOBS: usize = 4;

pub(super) fn run(context: &Context<'_>, args: &Logs) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let topology = &loaded.topology;
    let chosen = Chosen::new(&args.selection, topology);
    let nodes = context.nodes(topology);
    let session = context.session(&loaded, &nodes);
    let seen = session.see(&|node| chosen.touches(node)).require(false)?;
    let is_selected = |name: &str, group: &str, node: &str| chosen.matches(name, group, node);
    let children: Vec<Child> = existing(&topology.name, &seen.observation, &is_selected)
        .into_iter()
        .map(|(node, container)| {
            let engine = engine(container.engine);
            let mut command = engine.logs(&container.name, args.tail, args.follow);
            if args.follow {
                command.deadline = None;
            }
            Child { node: node.to_owned(), container: container.name.clone(), command }
        })
        .collect();
    if children.is_empty() {
        chosen.checked()?;
        return Err(Failure::NothingRuns.into());
    }
    let output = Output::new(context.ui, &children);
    // Every follower needs a lane of its own for as long as it lasts.
    let jobs = if args.follow { children.len() } else { JOBS };
    let results = fan_out(&session.lanes, &children, jobs, context.stop, &|id, stream, bytes| {
        output.write(id, stream, bytes);
    });
    output.finish();
    if args.follow && context.stop.is_requested() {
        // Ctrl-C is how a person ends following.
        return Ok(ExitCode::Done);
    }
    tell_children(context, &children, results)
}
