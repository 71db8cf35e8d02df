//! The command line: arguments in, exit code out. It must not know how a node is reached.
//!
//! [`parse`] turns words and environment into a [`Cli`]; [`command`] is the same grammar for
//! completions and man pages.

mod args;
mod change;
mod check;
pub mod complete;
mod completions;
mod context;
mod cpus;
mod doctor;
mod entry;
mod exec;
mod import;
mod logs;
mod machines;
mod nameless;
mod operator;
mod options;
mod outline;
mod output;
mod parse;
mod perform;
mod plan;
mod reserve;
mod run;
mod select;
mod shell;
mod show;
mod show_sample;
mod show_verify;
mod status;
mod text;
mod values;
mod verb;
mod verify;
mod verify_json;
mod verify_tables;
mod wish;

pub use args::{
    Acquire, Build, Check, Completions, Configure, Cpus, Create, Destroy, Distribute, Doctor, Down,
    Exec, Import, Install, Logs, Plan, Release, Reserve, Restart, ShellArgs, Start, Status, Stop,
    Up, Verify, WholeNodes,
};
pub use entry::main;
pub use options::{
    Change, Global, Grace, Hosts, Lanes, Locking, Machines, Owner, Patience, Recreate,
};
pub use parse::{command, parse, typed};
pub use run::run;
pub use select::{Selection, Unmatched};
pub use values::{
    Compress, ImportApp, ImportEngine, MachineFile, OnError, PlanFormat, PlanVerb, Shell, Until,
    Variable,
};
pub use verb::{Cli, Verb};
