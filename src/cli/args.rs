//! The options of every verb. The doc comments are the text of `--help`.

use super::complete;
use super::options::{Change, Grace, Hosts, Lanes, Locking, Machines, Owner, Patience, Recreate};
use super::select::Selection;
use super::values::{
    Compress, ImportApp, ImportEngine, PlanFormat, PlanVerb, Shell, Until, flag, positive_duration,
};
use clap::{ArgAction, Args};
use clap_complete::engine::ArgValueCandidates;
use std::path::PathBuf;
use std::time::Duration;

/// Arguments of `check`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Check {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub machines: Machines,
}

/// Arguments of `plan`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Plan {
    /// Plan this verb; needed before container names
    #[arg(value_name = "VERB", value_enum, default_value_t = PlanVerb::Up)]
    pub verb: PlanVerb,
    #[command(flatten)]
    pub selection: Selection,
    /// Print a table, JSON, or a shell script per node [default: as --output says]
    #[arg(long, value_name = "FORMAT", env = "VNFCTL_FORMAT", value_enum)]
    pub format: Option<PlanFormat>,
    /// Exit with 6 when there is something to do, with 0 when not
    #[arg(long, env = "VNFCTL_EXIT_CODE", action = ArgAction::SetTrue, value_parser = flag)]
    pub exit_code: bool,
    #[command(flatten)]
    pub recreate: Recreate,
    #[command(flatten)]
    pub grace: Grace,
    #[command(flatten)]
    pub machines: Machines,
    #[command(flatten)]
    pub patience: Patience,
}

/// Arguments of `acquire`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Acquire {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub change: Change,
}

/// Arguments of `build`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Build {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub change: Change,
}

/// Arguments of `distribute`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Distribute {
    #[command(flatten)]
    pub selection: Selection,
    /// Take the images of this node [default: what most nodes have]
    #[arg(
        long, value_name = "NODE", env = "VNFCTL_FROM",
        add = ArgValueCandidates::new(complete::nodes)
    )]
    pub from: Option<String>,
    /// Pack what is sent: auto is zstd where both nodes have it and one is not this machine
    #[arg(long, value_name = "HOW", env = "VNFCTL_COMPRESS", value_enum, default_value_t)]
    pub compress: Compress,
    #[command(flatten)]
    pub change: Change,
}

/// Arguments of `create`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Create {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub recreate: Recreate,
    #[command(flatten)]
    pub change: Change,
}

/// Arguments of `install`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Install {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub change: Change,
}

/// Arguments of `configure`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Configure {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub change: Change,
}

/// Arguments of `start`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Start {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub change: Change,
}

/// Arguments of `stop`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Stop {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub grace: Grace,
    #[command(flatten)]
    pub change: Change,
}

/// Arguments of `restart`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Restart {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub grace: Grace,
    #[command(flatten)]
    pub change: Change,
}

/// Arguments of `destroy`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Destroy {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub change: Change,
    #[command(flatten)]
    pub owner: Owner,
}

/// Arguments of `up`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Up {
    #[command(flatten)]
    pub selection: Selection,
    /// End after this stage
    #[arg(
        long, value_name = "STAGE", env = "VNFCTL_UNTIL", value_enum,
        default_value_t = Until::Verify
    )]
    pub until: Until,
    #[command(flatten)]
    pub recreate: Recreate,
    #[command(flatten)]
    pub change: Change,
}

/// Arguments of `down`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Down {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub grace: Grace,
    #[command(flatten)]
    pub change: Change,
    #[command(flatten)]
    pub owner: Owner,
}

/// Arguments of `status`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Status {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub patience: Patience,
}

/// Arguments of `cpus`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Cpus {
    /// Take only these nodes; repeatable, globs allowed
    #[arg(
        short, long = "node", help_heading = "Selection", value_name = "NODE",
        env = "VNFCTL_NODE", value_delimiter = ',',
        add = ArgValueCandidates::new(complete::nodes)
    )]
    pub nodes: Vec<String>,
    /// Save what each node tells of itself as NODE.probe in this folder, for --machine
    #[arg(
        long, value_name = "FOLDER", env = "VNFCTL_SAVE", value_hint = clap::ValueHint::DirPath
    )]
    pub save: Option<PathBuf>,
    #[command(flatten)]
    pub machines: Machines,
    #[command(flatten)]
    pub patience: Patience,
    #[command(flatten)]
    pub hosts: Hosts,
}

/// Arguments of `doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Doctor {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub patience: Patience,
}

/// Arguments of `verify`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Verify {
    #[command(flatten)]
    pub selection: Selection,
    /// Fail also where a container may be disturbed: tasks, kernel threads and interrupts that may
    /// come to its cores, a governor other than performance, cores that are not isolated
    #[arg(long, env = "VNFCTL_STRICT", action = ArgAction::SetTrue, value_parser = flag)]
    pub strict: bool,
    /// Then count for this long what happens on the containers' cores, and rank who took them
    #[arg(long, value_name = "DURATION", env = "VNFCTL_SAMPLE", value_parser = positive_duration)]
    pub sample: Option<Duration>,
    #[command(flatten)]
    pub lanes: Lanes,
    #[command(flatten)]
    pub patience: Patience,
}

/// Arguments of `exec`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Exec {
    #[command(flatten)]
    pub selection: Selection,
    #[command(flatten)]
    pub lanes: Lanes,
    #[command(flatten)]
    pub patience: Patience,
    /// Run this, with its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// Arguments of `shell`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ShellArgs {
    /// Enter this container
    #[arg(value_name = "CONTAINER", add = ArgValueCandidates::new(complete::containers))]
    pub container: String,
    /// Run this instead of a shell, on a terminal [default: sh]
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// Arguments of `logs`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Logs {
    #[command(flatten)]
    pub selection: Selection,
    /// Print only the last N lines of each container [default: all]
    #[arg(long, value_name = "N", env = "VNFCTL_TAIL")]
    pub tail: Option<u32>,
    /// Go on printing what containers write, until Ctrl-C
    #[arg(short, long, env = "VNFCTL_FOLLOW", action = ArgAction::SetTrue, value_parser = flag)]
    pub follow: bool,
}

/// Arguments of `import`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Import {
    /// Write the topology that this name of a CSIT suite, test case or tag means
    ///
    /// Folders before it and `.robot` after it do not matter. Where the name contradicts itself a
    /// warning says what is taken.
    #[arg(long, value_name = "NAME", env = "VNFCTL_NAME", required = true)]
    pub name: String,
    /// Run this in the containers [default: as the name says, else vpp]
    #[arg(long, value_name = "APP", env = "VNFCTL_APP", value_enum)]
    pub app: Option<ImportApp>,
    /// Run the containers on this engine [default: as the name says]
    #[arg(long, value_name = "ENGINE", env = "VNFCTL_ENGINE", value_enum)]
    pub engine: Option<ImportEngine>,
    /// Write into this file instead of to stdout
    #[arg(long, value_name = "FILE", env = "VNFCTL_TO", value_hint = clap::ValueHint::FilePath)]
    pub to: Option<PathBuf>,
    /// Write over a file that exists
    #[arg(
        long, env = "VNFCTL_FORCE", action = ArgAction::SetTrue, value_parser = flag,
        requires = "to"
    )]
    pub force: bool,
}

/// Arguments of `completions`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Completions {
    /// Print the line for this shell
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}

/// Whole nodes, and for whom: what `reserve` and `release` share.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct WholeNodes {
    /// Take only these nodes; repeatable, globs allowed
    ///
    /// The nodes are those of --host, else of the topology, else this machine.
    #[arg(
        short, long = "node", value_name = "NODE", env = "VNFCTL_NODE", value_delimiter = ',',
        add = ArgValueCandidates::new(complete::nodes)
    )]
    pub nodes: Vec<String>,
    #[command(flatten)]
    pub hosts: Hosts,
    /// Print what would be done, and do nothing
    #[arg(long, env = "VNFCTL_DRY_RUN", action = ArgAction::SetTrue, value_parser = flag)]
    pub dry_run: bool,
    #[command(flatten)]
    pub locking: Locking,
}

/// Arguments of `reserve`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Reserve {
    /// Say why; others are told
    #[arg(long, value_name = "TEXT", env = "VNFCTL_REASON", required = true)]
    pub reason: String,
    /// Keep them for this long, e.g. 2h [default: until they are released]
    #[arg(
        long, value_name = "DURATION", env = "VNFCTL_TTL", value_parser = positive_duration
    )]
    pub ttl: Option<Duration>,
    #[command(flatten)]
    pub whole: WholeNodes,
}

/// Arguments of `release`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(missing_docs, reason = "the options are documented where they are defined")]
pub struct Release {
    /// Also what another person has reserved
    #[arg(long, env = "VNFCTL_FORCE", action = ArgAction::SetTrue, value_parser = flag)]
    pub force: bool,
    #[command(flatten)]
    pub whole: WholeNodes,
}
