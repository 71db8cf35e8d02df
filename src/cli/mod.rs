//! The command line: arguments in, exit code out. It must not know how a node is reached.
//!
//! [`parse`] turns words and environment into a [`Cli`]; [`command`] is the same grammar for
//! completions and man pages.

mod args;
pub mod complete;
mod options;
mod outline;
mod parse;
mod select;
mod text;
mod values;

pub use args::{
    Acquire, Check, Cli, Completions, Create, Destroy, Down, Exec, Logs, Plan, Restart, ShellArgs,
    Start, Status, Stop, Up, Verb, Verify,
};
pub use options::{Change, Global, Grace, Lanes, Machines, Owner, Patience, Recreate};
pub use parse::{command, parse, typed};
pub use select::{Selection, Unmatched};
pub use values::{MachineFile, OnError, PlanFormat, PlanVerb, Shell, Until, Variable};
