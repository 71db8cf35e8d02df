//! `exec`: one command in many containers at once.

use super::Exec;
use super::context::{Chosen, Context};
use super::output::{Output, tell_children};
use crate::engine::engine;
use crate::lifecycle::{Child, Failure, existing, fan_out, is_running};
use crate::ui::ExitCode;

pub(super) fn run(context: &Context<'_>, args: &Exec) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let topology = &loaded.topology;
    let chosen = Chosen::new(&args.selection, topology);
    let nodes = context.nodes(topology);
    let session = context.session(&loaded, &nodes).within(args.patience.timeout);
    let seen = session.see(&|node| chosen.touches(node)).require(false)?;
    let is_selected = |name: &str, group: &str, node: &str| chosen.matches(name, group, node);
    let found = existing(&topology.name, &seen.observation, &is_selected);
    let children: Vec<Child> = found
        .into_iter()
        .filter(|(_, container)| is_running(container))
        .map(|(node, container)| {
            let mut command = engine(container.engine).exec(&container.name, &args.command, false);
            command.deadline = args.patience.timeout;
            Child { node: node.to_owned(), container: container.name.clone(), command }
        })
        .collect();
    if children.is_empty() {
        chosen.checked()?;
        return Err(Failure::NothingRuns.into());
    }
    let output = Output::new(context.ui, &children);
    let results = fan_out(
        &session.lanes,
        &children,
        usize::from(args.lanes.jobs),
        context.stop,
        &|id, stream, bytes| output.write(id, stream, bytes),
    );
    output.finish();
    tell_children(context, &children, results)
}
