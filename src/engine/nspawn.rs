//! systemd-nspawn, version 250 and later: its namespaces, mounts, devices and system call filter
//! around native's state folders, roots and cgroups. Pure.
//!
//! A container is a folder `/run/vnfctl/nspawn/<name>` with a copy-on-write layer over its image.
//! Where systemd keeps the one hierarchy of cgroups it is the transient scope
//! `vnfctl-<name>.scope`, and a machine of `machinectl`; elsewhere its cgroups are our own. With a
//! shell inside, the first process hands signals on; without, systemd-nspawn's stub is it.

mod options;
mod security;

use super::native::{
    CGROUP, CREATE, DESTROY, ENDED, ENTER, EXEC, IMAGE, MOUNTS, QUERY, REAPER, RECORD, REPIN,
    START, STATE, TOOLS, config, parse, script,
};
use super::token::image_token;
use super::{ContainerSpec, Engine, Inventory, Labels, Native, Packing, ParseError, Present};
use crate::command::{Command, DEFAULT_DEADLINE, quote};
use crate::facts::Facts;
use crate::model::{EngineKind, Image};
use std::time::Duration;

/// systemd-nspawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nspawn;

const OWN_STATE: &str = include_str!("nspawn/state.sh");
const OWN_CGROUP: &str = include_str!("nspawn/cgroup.sh");
const CHILDREN: &str = include_str!("nspawn/children.sh");
const LAUNCH: &str = include_str!("nspawn/launch.sh");

/// What every start needs, then `main`.
fn launching(main: &str) -> String {
    script(&[STATE, OWN_STATE, TOOLS, RECORD, CGROUP, OWN_CGROUP, CHILDREN, LAUNCH, main])
}

/// The scripts a start hands on: of the monitor, of the first process until it is the reaper, and
/// the reaper.
fn stages() -> [String; 3] {
    let run = script(&[RECORD, include_str!("nspawn/run.sh")]);
    let run = format!("run={}", quote(&run));
    let monitor = include_str!("nspawn/monitor.sh");
    [
        script(&[STATE, OWN_STATE, TOOLS, RECORD, IMAGE, MOUNTS, &run, monitor]),
        script(&[include_str!("nspawn/init.sh")]),
        script(&[REAPER]),
    ]
}

impl Engine for Nspawn {
    fn kind(&self) -> EngineKind {
        EngineKind::Nspawn
    }

    fn query(&self, images: &[Image]) -> Command {
        let args = images.iter().flat_map(|image| {
            [image_token(image), config::image_folder(image).unwrap_or_default()]
        });
        Command::sh(script(&["base=/run/vnfctl/nspawn", QUERY]), args)
    }

    fn glance(&self) -> Command {
        self.query(&[])
    }

    fn parse(&self, stdout: &str) -> Result<Inventory, ParseError> {
        let mut inventory = parse(EngineKind::Nspawn, stdout)?;
        let scopes = inventory.cgroups.iter().map(|name| format!("vnfctl-{name}.scope"));
        let scopes: Vec<String> = scopes.collect();
        inventory.cgroups.extend(scopes);
        Ok(inventory)
    }

    fn acquire(&self, image: &Image) -> Vec<Command> {
        Native.acquire(image)
    }

    fn export(&self, image: &Image, packing: Packing) -> Option<Command> {
        Native.export(image, packing)
    }

    fn import(&self, image: &Image, present: &Present, packing: Packing) -> Option<Command> {
        Native.import(image, present, packing)
    }

    fn create(&self, spec: &ContainerSpec, facts: &Facts) -> Vec<Command> {
        let labels =
            spec.labels.pairs().map(|(key, value)| format!("{}{key}={value}", Labels::PREFIX));
        let labels = format!("{}\nimage={}", labels.join("\n"), config::image_word(&spec.image));
        let args = [spec.name.clone(), labels, spec.cpuset(), spec.memset()];
        let command = Command::sh(launching(CREATE), args.into_iter().chain(stages()))
            .stdin(options::config(spec, facts))
            .hide(&spec.secrets);
        vec![command]
    }

    fn repin(&self, spec: &ContainerSpec, facts: &Facts) -> Vec<Command> {
        let main = script(&[STATE, OWN_STATE, CGROUP, OWN_CGROUP, REPIN]);
        let cpuset = config::cgroup_at(facts, "cpuset").unwrap_or_default();
        vec![Command::sh(main, [spec.name.clone(), spec.cpuset(), spec.memset(), cpuset])]
    }

    fn start(&self, name: &str) -> Command {
        Command::sh(launching(START), std::iter::once(name.to_owned()).chain(stages()))
    }

    fn stop(&self, name: &str, grace: Duration) -> Command {
        let main = script(&[STATE, OWN_STATE, CHILDREN, include_str!("nspawn/stop.sh")]);
        let hundredths = (grace.as_millis() / 10).to_string();
        Command::sh(main, [name, &hundredths]).deadline(grace + DEFAULT_DEADLINE)
    }

    fn destroy(&self, name: &str) -> Command {
        Command::sh(script(&[STATE, OWN_STATE, DESTROY]), [name])
    }

    /// As native's: a terminal is the lane's own, so `tty` changes nothing. systemd-nspawn's filter
    /// of system calls does not hold for what is run this way.
    fn exec(&self, name: &str, argv: &[String], _tty: bool) -> Command {
        enter(name, "user", argv)
    }

    fn administer(&self, name: &str, argv: &[String]) -> Command {
        enter(name, "", argv)
    }

    fn logs(&self, name: &str, tail: Option<u32>, follow: bool) -> Command {
        let lines = tail.map_or_else(|| "+1".to_owned(), |tail| tail.to_string());
        let mut argv = vec!["tail".to_owned(), "-n".to_owned(), lines];
        argv.extend(follow.then(|| "-f".to_owned()));
        argv.push(format!("/run/vnfctl/nspawn/{name}/log"));
        let mut command = Command::new(argv);
        if follow {
            command.deadline = None;
        }
        command
    }

    fn first_process(&self, name: &str) -> String {
        Command::sh(script(&[STATE, OWN_STATE, "alive && echo \"$pid\""]), [name]).words()
    }

    fn ended(&self, name: &str) -> String {
        Command::sh(script(&[STATE, OWN_STATE, ENDED]), [name]).words()
    }

    fn exit_code(&self, name: &str) -> String {
        Command::new(["cat", &format!("/run/vnfctl/nspawn/{name}/code")]).words()
    }

    fn refusals(&self, spec: &ContainerSpec) -> Vec<String> {
        options::refusals(spec)
    }
}

/// As native's words run inside; nobody's label is changed.
fn enter(name: &str, who: &str, argv: &[String]) -> Command {
    let join = "join() { join_payload; }";
    let main = script(&[STATE, OWN_STATE, TOOLS, CGROUP, RECORD, OWN_CGROUP, join, EXEC]);
    let args = [name.to_owned(), script(&[RECORD, ENTER]), String::new(), who.to_owned()];
    let mut command = Command::sh(main, args.into_iter().chain(argv.iter().cloned()));
    command.deadline = None;
    command
}

#[cfg(test)]
mod tests;
