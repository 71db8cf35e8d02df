//! `completions`: the one line that registers completions with a shell.

use super::context::Context;
use super::{Completions, complete};
use crate::ui::ExitCode;

pub(super) fn run(context: &Context<'_>, args: &Completions) -> anyhow::Result<ExitCode> {
    context.ui.data(complete::stub(args.shell))?;
    Ok(ExitCode::Done)
}
