//! Options that several verbs share.

use super::complete;
use super::values::{OnError, duration, flag, positive_duration, variable};
use super::{MachineFile, Variable, values::machine_file};
use crate::ui::{ColorWhen, Format, Settings};
use clap::{ArgAction, Args};
use clap_complete::engine::ArgValueCompleter;
use std::path::PathBuf;
use std::time::Duration;

/// Options that stand before or after any verb.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Read this topology file; repeatable, later files add to earlier ones
    ///
    /// Without it: the files of `VNFCTL_TOPOLOGY`, separated by colons; then the one topology
    /// among the *.toml files of the current folder.
    #[arg(
        short, long = "topology", value_name = "FILE", env = "VNFCTL_TOPOLOGY",
        add = ArgValueCompleter::new(complete::topology_files())
    )]
    pub topologies: Vec<PathBuf>,

    /// Set a variable of the topology file; repeatable
    #[arg(
        long = "set", value_name = "NAME=VALUE", env = "VNFCTL_SET", value_parser = variable
    )]
    pub variables: Vec<Variable>,

    /// Print data as a table or as JSON
    #[arg(
        short, long, value_name = "FORMAT", env = "VNFCTL_OUTPUT", value_enum,
        default_value_t = Format::Table
    )]
    pub output: Format,

    /// Show no progress, only data and errors
    #[arg(
        short, long, env = "VNFCTL_QUIET", action = ArgAction::SetTrue, value_parser = flag,
        overrides_with = "verbose"
    )]
    pub quiet: bool,

    /// Show every command as it runs
    #[arg(
        short, long, env = "VNFCTL_VERBOSE", action = ArgAction::SetTrue, value_parser = flag,
        overrides_with = "quiet"
    )]
    pub verbose: bool,

    /// Colour what is printed; auto = on a terminal, unless `NO_COLOR` is set
    #[arg(
        long, value_name = "WHEN", env = "VNFCTL_COLOR", value_enum,
        default_value_t = ColorWhen::Auto
    )]
    pub color: ColorWhen,

    /// Append one line of JSON per step to this file
    #[arg(long, value_name = "FILE", env = "VNFCTL_LOG", value_hint = clap::ValueHint::FilePath)]
    pub log: Option<PathBuf>,

    /// Read this file instead of ~/.ssh/config
    #[arg(
        long, value_name = "FILE", env = "VNFCTL_SSH_CONFIG",
        value_hint = clap::ValueHint::FilePath
    )]
    pub ssh_config: Option<PathBuf>,

    /// Give up on a node that does not answer within this time
    #[arg(
        long, value_name = "DURATION", env = "VNFCTL_CONNECT_TIMEOUT",
        value_parser = positive_duration, default_value = "10s"
    )]
    pub connect_timeout: Duration,
}

impl Global {
    /// What of it concerns the streams.
    pub fn settings(&self) -> Settings {
        Settings {
            color: self.color,
            quiet: self.quiet,
            verbose: self.verbose,
            format: self.output,
        }
    }
}

/// How long one command may take.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct Patience {
    /// End a command that takes longer, e.g. 90s or 5m
    ///
    /// Without it each command has a limit of its own: two minutes for most, more for a pull.
    #[arg(
        long, value_name = "DURATION", env = "VNFCTL_TIMEOUT", value_parser = positive_duration
    )]
    pub timeout: Option<Duration>,
}

/// How much runs at once.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Lanes {
    /// Run up to N commands at once on each node
    #[arg(
        short, long, value_name = "N", env = "VNFCTL_JOBS", default_value_t = 8,
        value_parser = clap::value_parser!(u16).range(1..=64)
    )]
    pub jobs: u16,
}

/// Options of every verb that changes something.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Change {
    /// Print what would be done, as `plan` does, and do nothing
    #[arg(long, env = "VNFCTL_DRY_RUN", action = ArgAction::SetTrue, value_parser = flag)]
    pub dry_run: bool,

    #[command(flatten)]
    /// `-j`.
    pub lanes: Lanes,

    #[command(flatten)]
    /// `--timeout`.
    pub patience: Patience,

    /// Go on with everything that does not need the failed step; short for --on-error keep-going
    #[arg(
        long, env = "VNFCTL_KEEP_GOING", action = ArgAction::SetTrue, value_parser = flag,
        overrides_with = "on_error"
    )]
    pub keep_going: bool,

    /// Choose what happens to the rest when a step fails [default: stop]
    #[arg(
        long,
        value_name = "WHAT",
        env = "VNFCTL_ON_ERROR",
        value_enum,
        overrides_with = "keep_going"
    )]
    pub on_error: Option<OnError>,

    /// Ask nothing
    #[arg(long, env = "VNFCTL_YES", action = ArgAction::SetTrue, value_parser = flag)]
    pub yes: bool,
}

impl Change {
    /// What happens to the rest when a step fails.
    pub fn on_error(&self) -> OnError {
        let short = if self.keep_going { OnError::KeepGoing } else { OnError::Stop };
        self.on_error.unwrap_or(short)
    }
}

/// How gently containers are stopped.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Grace {
    /// Let a container end by itself for this long before it is killed
    #[arg(
        long, value_name = "DURATION", env = "VNFCTL_GRACE", value_parser = duration,
        default_value = "10s"
    )]
    pub grace: Duration,
}

/// Whether a container that differs from its specification may be replaced.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct Recreate {
    /// Replace containers whose specification has changed
    #[arg(long, env = "VNFCTL_RECREATE", action = ArgAction::SetTrue, value_parser = flag)]
    pub recreate: bool,
}

/// Saved machines in place of nodes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct Machines {
    /// Take a saved machine for the nodes that match; repeatable, globs allowed
    ///
    /// FILE holds the output of `lscpu -p`, or what `cpus --save` wrote, which says more: isolated
    /// and forbidden CPUs, memory, where the interfaces are.
    #[arg(
        long = "machine", value_name = "NODE=FILE", env = "VNFCTL_MACHINE",
        value_parser = machine_file
    )]
    pub machines: Vec<MachineFile>,
}

/// Removal of what a topology owns when its file is gone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
#[command(next_help_heading = "Without the topology file")]
pub struct Owner {
    /// Remove what the topology of this name owns, by the labels on the nodes
    ///
    /// The nodes are those of --host, else those of the files given by -t or `VNFCTL_TOPOLOGY`,
    /// else this machine. The current folder is not searched.
    #[arg(long, value_name = "TOPOLOGY", env = "VNFCTL_NAME")]
    pub name: Option<String>,

    #[command(flatten)]
    /// `--host`.
    pub hosts: Hosts,
}

/// Nodes that no topology file names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
#[command(next_help_heading = "Without the topology file")]
pub struct Hosts {
    /// Look on this node, over ssh; repeatable
    #[arg(
        long = "host",
        value_name = "[USER@]HOST[:PORT]",
        env = "VNFCTL_HOST",
        value_delimiter = ','
    )]
    pub hosts: Vec<String>,

    /// Become root on those nodes by `sudo`, or not at all: `none` [default: sudo]
    #[arg(
        long = "become", value_name = "HOW", env = "VNFCTL_BECOME", requires = "hosts",
        value_parser = super::values::become_word
    )]
    pub r#become: Option<crate::model::Become>,
}
