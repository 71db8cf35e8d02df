//! `shell`: a terminal in one container.

use super::context::{Chosen, Context};
use super::{Selection, ShellArgs};
use crate::engine::engine;
use crate::lifecycle::{Failure, existing, is_running};
use crate::transport::interactive;
use crate::ui::ExitCode;

pub(super) fn run(context: &Context<'_>, args: &ShellArgs) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let topology = &loaded.topology;
    let selection = Selection { containers: vec![args.container.clone()], ..Selection::default() };
    let chosen = Chosen::new(&selection, topology).checked()?;
    let nodes = context.nodes(topology);
    let session = context.session(&loaded, &nodes);
    let seen = session.see(&|node| chosen.touches(node)).require(false)?;
    let is_selected = |name: &str, group: &str, node: &str| chosen.matches(name, group, node);
    let mut found = existing(&topology.name, &seen.observation, &is_selected);
    found.retain(|(_, container)| is_running(container));
    let (node, container) = match found.as_slice() {
        [] => return Err(Failure::NothingRuns.into()),
        [one] => *one,
        several => {
            let names: Vec<&str> = several.iter().map(|(_, one)| one.name.as_str()).collect();
            return Err(Failure::Usage {
                message: format!(
                    "`{}` means several containers: {}",
                    args.container,
                    names.join(", ")
                ),
                hint: "a terminal has room for one; name it".into(),
            }
            .into());
        }
    };
    let shell = vec!["sh".to_owned()];
    let argv = if args.command.is_empty() { &shell } else { &args.command };
    let mut command =
        engine(container.engine).exec(&container.name, argv, context.ui.is_interactive());
    command.deadline = None;
    let code = interactive(nodes.target(node)?, &command)?;
    Ok(ExitCode::Child(u8::try_from(code).unwrap_or(u8::MAX)))
}
