//! From a parsed command line to an exit code: one match, one handler per verb with its own shape.

use super::context::Context;
use super::{
    Cli, Verb, change, check, completions, cpus, doctor, exec, import, logs, plan, reserve, shell,
    status, verify, wish,
};
use crate::transport::Stop;
use crate::ui::{ExitCode, Ui};

/// Does what the command line asks for; `again` is that line as it can be pasted.
pub fn run(cli: &Cli, again: &str, ui: &Ui, stop: &Stop) -> anyhow::Result<ExitCode> {
    let context = Context { global: &cli.global, ui, stop, again };
    match &cli.verb {
        Verb::Check(args) => check::run(&context, args),
        Verb::Plan(args) => plan::run(&context, args),
        Verb::Status(args) => status::run(&context, args),
        Verb::Cpus(args) => cpus::run(&context, args),
        Verb::Doctor(args) => doctor::run(&context, args),
        Verb::Verify(args) => verify::run(&context, args),
        Verb::Exec(args) => exec::run(&context, args),
        Verb::Shell(args) => shell::run(&context, args),
        Verb::Logs(args) => logs::run(&context, args),
        Verb::Reserve(args) => reserve::reserve(&context, args),
        Verb::Release(args) => reserve::release(&context, args),
        Verb::Import(args) => import::run(&context, args),
        Verb::Completions(args) => completions::run(&context, args),
        Verb::Acquire(_)
        | Verb::Build(_)
        | Verb::Distribute(_)
        | Verb::Create(_)
        | Verb::Install(_)
        | Verb::Configure(_)
        | Verb::Start(_)
        | Verb::Stop(_)
        | Verb::Restart(_)
        | Verb::Destroy(_)
        | Verb::Up(_)
        | Verb::Down(_) => change::run(&context, &wish::Wish::of(&cli.verb)),
    }
}
