//! The binary: completion hook, parse, run, exit code.

use clap_complete::CompleteEnv;
use std::process::ExitCode;
use vnfctl::cli;

fn main() -> ExitCode {
    CompleteEnv::with_factory(cli::command)
        .var(cli::complete::VARIABLE)
        .completer("vnfctl")
        .complete();
    match cli::parse(std::env::args_os()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}
