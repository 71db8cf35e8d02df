//! Everything a person sees: data on stdout, progress and errors on stderr.
//!
//! [`Ui`] decides once about colour, width and verbosity; reporters turn the executor's events
//! into bars, lines or a log file; [`report`] is the only place that turns errors into text,
//! hints and exit codes. It must not know how a node is reached or what an engine does.

mod bars;
mod clean;
mod cpu_map;
pub mod diagnostic;
mod exit;
mod failure;
mod hint;
mod lines;
mod lock;
mod log;
pub mod report;
mod several;
mod style;
mod summary;
mod table;
mod terminal;
mod traffic;

pub use bars::Bars;
pub use clean::{clean, last_lines, redact};
pub use cpu_map::cpu_map;
pub use exit::{ExitCode, exit_phrase, signal_name};
pub use failure::nodes as nodes_report;
pub use hint::hint;
pub use lines::Lines;
pub use lock::{blocked_sentence, end_words, kept_sentence, moment};
pub use log::{LOG_VERSION, Log};
pub use several::Several;
pub use style::{ColorWhen, Environment, Paint, Tone, is_colored};
pub use summary::{Summary, summary};
pub use table::{Cell, Table};
pub use terminal::{Format, Settings, Ui};
pub use traffic::Traffic;
