//! The binary: completion hook, parse, run, exit code.

use std::process::ExitCode;
use vnfctl::cli::{self, Verb};
use vnfctl::ui::Ui;

fn main() -> ExitCode {
    cli::complete::answer();
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let ui = Ui::new(cli.global.settings());
    match cli.verb {
        Verb::Completions(arguments) => match ui.data(cli::complete::stub(arguments.shell)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        _ => ExitCode::FAILURE,
    }
}
