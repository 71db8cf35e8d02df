//! The command line as a whole: the program, its verbs, what they have in common. The doc comments
//! are the text of `--help`.

use super::args::{
    Acquire, Build, Check, Completions, Configure, Cpus, Create, Destroy, Distribute, Doctor, Down,
    Exec, Import, Install, Logs, Plan, Release, Reserve, Restart, ShellArgs, Start, Status, Stop,
    Up, Verify,
};
use super::options::{Change, Global, Machines};
use super::text;
use clap::{Parser, Subcommand};

/// Bring container-based network functions up, pinned and wired, from one TOML topology
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(
    name = "vnfctl", bin_name = "vnfctl", version, propagate_version = true,
    disable_help_subcommand = true, max_term_width = 100,
    after_help = text::AFTER_HELP, after_long_help = text::AFTER_LONG_HELP
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,

    /// Options of every verb.
    #[command(flatten)]
    pub global: Global,
}

/// What vnfctl can do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Verb {
    /// Check the topology: parse, resolve, place; show who gets which CPUs
    Check(Check),
    /// Show what a verb would do
    #[command(after_help = text::PLAN_EXAMPLES)]
    Plan(Plan),
    /// Make images and root file systems present on the nodes
    Acquire(Acquire),
    /// Build the images that the topology has a recipe for, where they are missing
    #[command(after_help = text::BUILD_EXAMPLES)]
    Build(Build),
    /// Send images from the nodes that have them to those that lack them
    #[command(after_help = text::DISTRIBUTE_EXAMPLES)]
    Distribute(Distribute),
    /// Make containers exist and run, pinned from their first instruction
    Create(Create),
    /// Put the software of apps into containers that run
    Install(Install),
    /// Give apps their files, start them (anew), wait until they are ready and connected
    Configure(Configure),
    /// Start stopped containers
    Start(Start),
    /// Stop containers and keep them
    Stop(Stop),
    /// Stop containers and start them again
    Restart(Restart),
    /// Remove containers with their links and directories
    #[command(after_help = text::DESTROY_EXAMPLES)]
    Destroy(Destroy),
    /// Bring the topology up: acquire, create, install, configure, verify
    #[command(after_help = text::UP_EXAMPLES)]
    Up(Up),
    /// Bring the topology down: stop and destroy
    #[command(after_help = text::DOWN_EXAMPLES)]
    Down(Down),
    /// Compare what is wanted with what is found
    Status(Status),
    /// Draw who has which CPUs of each node
    #[command(after_help = text::CPUS_EXAMPLES)]
    Cpus(Cpus),
    /// Tell what nodes lack or have wrong for a topology, and what mends it
    #[command(after_help = text::DOCTOR_EXAMPLES)]
    Doctor(Doctor),
    /// Prove that every thread runs where it should and that links carry traffic
    #[command(after_help = text::VERIFY_EXAMPLES)]
    Verify(Verify),
    /// Run a command in many containers at once
    #[command(after_help = text::EXEC_EXAMPLES)]
    Exec(Exec),
    /// Open a shell in one container
    Shell(ShellArgs),
    /// Print what containers wrote
    Logs(Logs),
    /// Keep whole nodes for a person
    #[command(after_help = text::RESERVE_EXAMPLES)]
    Reserve(Reserve),
    /// Let reserved nodes go
    Release(Release),
    /// Write the topology that the name of a CSIT test means
    #[command(after_help = text::IMPORT_EXAMPLES)]
    Import(Import),
    /// Print the line that registers completions with a shell
    #[command(after_help = text::COMPLETIONS_EXAMPLES)]
    Completions(Completions),
}

impl Verb {
    /// The options of a verb that changes something.
    pub(super) fn change_mut(&mut self) -> Option<&mut Change> {
        match self {
            Self::Acquire(Acquire { change, .. })
            | Self::Build(Build { change, .. })
            | Self::Distribute(Distribute { change, .. })
            | Self::Create(Create { change, .. })
            | Self::Install(Install { change, .. })
            | Self::Configure(Configure { change, .. })
            | Self::Start(Start { change, .. })
            | Self::Stop(Stop { change, .. })
            | Self::Restart(Restart { change, .. })
            | Self::Destroy(Destroy { change, .. })
            | Self::Up(Up { change, .. })
            | Self::Down(Down { change, .. }) => Some(change),
            _ => None,
        }
    }

    pub(super) fn machines_mut(&mut self) -> Option<&mut Machines> {
        match self {
            Self::Check(Check { machines, .. })
            | Self::Plan(Plan { machines, .. })
            | Self::Cpus(Cpus { machines, .. }) => Some(machines),
            _ => None,
        }
    }
}
