//! The binary: completion hook, parse, run, exit code.

use clap_complete::CompleteEnv;
use std::process::ExitCode;
use vnfctl::cli;

fn main() -> ExitCode {
    CompleteEnv::with_factory(cli::command)
        .var(cli::complete::VARIABLE)
        .completer("vnfctl")
        .complete();
    cli::main(std::env::args_os()).into()
}
