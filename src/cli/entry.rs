//! Everything between the words of the command line and the exit code.

use super::{parse, run, typed};
use crate::transport::Stop;
use crate::ui::{self, ExitCode, Ui};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Runs vnfctl with these words, program name first.
pub fn main(words: impl Iterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = words.collect();
    let cli = match parse(words.clone()) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are among clap's errors; nobody is left to be told of a failure.
            let _ = error.print();
            return if error.exit_code() == 0 { ExitCode::Done } else { ExitCode::Usage };
        }
    };
    let ui = Ui::new(cli.global.settings());
    let stop = match stop_on_signals() {
        Ok(stop) => stop,
        Err(error) => {
            ui.error(&format!("error: cannot watch for Ctrl-C: {error}"));
            return ExitCode::StepFailed;
        }
    };
    run(&cli, &typed(words), &ui, &stop).unwrap_or_else(|error| {
        let report = ui::report::error(&error, ui.stderr_paint());
        if !report.text.is_empty() {
            ui.error(&report.text);
        }
        report.code
    })
}

/// The first signal asks for a clean stop; the second ends the program at once.
fn stop_on_signals() -> std::io::Result<Stop> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // Order matters: the shutdown looks at the flag before this signal sets it.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&flag))?;
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
    }
    Ok(Stop::watching(flag))
}
