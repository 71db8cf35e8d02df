//! The binary: completion hook, run, exit code.

use std::process::ExitCode;
use vnfctl::cli;

fn main() -> ExitCode {
    cli::complete::answer();
    cli::main(std::env::args_os()).into()
}
