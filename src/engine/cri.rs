//! CRI: containers in pod sandboxes of any runtime that speaks the Kubernetes Container Runtime
//! Interface (containerd, CRI-O), by `crictl` (cri-tools 1.24 and later). Pure.
//!
//! A container has a sandbox of its own, or that of its pod. What CRI keeps no copy of, the two
//! configurations, lies in `/run/vnfctl/cri/<name>`: CRI cannot start a container that has ended,
//! so `start` makes it anew from there, in the same sandbox, and what was written into it is gone.
//! Logs outlive that. Source of the configurations: `api.proto` of `k8s.io/cri-api` v1.

mod config;
mod observed;

use super::{ContainerSpec, Engine, Inventory, ParseError};
use crate::command::{Command, DEFAULT_DEADLINE, Stdin};
use crate::facts::Facts;
use crate::model::{EngineKind, Image, ImageFile};
use std::time::Duration;

/// Functions of all scripts.
const TOOLS: &str = include_str!("cri/tools.sh");

/// How long an image may take to arrive.
const ACQUIRE_DEADLINE: Duration = Duration::from_mins(30);

/// CRI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cri;

fn script(main: &str) -> String {
    [TOOLS, main].concat()
}

fn endless(mut command: Command) -> Command {
    command.deadline = None;
    command
}

impl Engine for Cri {
    fn kind(&self) -> EngineKind {
        EngineKind::Cri
    }

    fn query(&self, images: &[Image]) -> Command {
        let pairs = images
            .iter()
            .filter_map(|image| Some([image.name.clone()?, super::token::image_token(image)]));
        let query = [include_str!("../facts/whole.sh"), include_str!("cri/query.sh")].concat();
        Command::sh(query, pairs.flatten())
    }

    fn glance(&self) -> Command {
        let query = [
            "command -v crictl >/dev/null || exit 0\n\
             [ -e /etc/crictl.yaml ] || [ -n \"$CONTAINER_RUNTIME_ENDPOINT\" ] || exit 0\n",
            include_str!("../facts/whole.sh"),
            include_str!("cri/query.sh"),
        ];
        Command::sh(query.concat(), std::iter::empty::<String>())
    }

    fn parse(&self, stdout: &str) -> Result<Inventory, ParseError> {
        observed::parse(stdout)
    }

    fn acquire(&self, image: &Image) -> Vec<Command> {
        let Some(name) = image.name.as_deref() else { return Vec::new() };
        let import = [include_str!("plain.sh"), include_str!("cri/acquire.sh")].concat();
        let command = match &image.file {
            None => Command::new(["crictl", "pull", name]),
            Some(ImageFile::Node(path)) => Command::sh(import, [name, path]),
            Some(ImageFile::Here(path)) => {
                let mut command = Command::sh(import, [name, ""]);
                command.stdin = Stdin::File(path.clone());
                command
            }
        };
        vec![command.deadline(ACQUIRE_DEADLINE)]
    }

    fn create(&self, spec: &ContainerSpec, _facts: &Facts) -> Vec<Command> {
        let head = [spec.name.clone(), config::sandbox(spec), config::handler(spec)];
        let create = Command::sh(script(include_str!("cri/create.sh")), head)
            .stdin(config::files(spec))
            .hide(&spec.secrets);
        super::folders::make_folders(spec).into_iter().chain([create]).collect()
    }

    fn repin(&self, spec: &ContainerSpec, _facts: &Facts) -> Vec<Command> {
        let words = [spec.name.clone(), spec.cpuset(), spec.memset()];
        vec![Command::sh(script(include_str!("cri/repin.sh")), words)]
    }

    fn keeps(&self) -> bool {
        false
    }

    fn start(&self, name: &str) -> Command {
        Command::sh(script(include_str!("cri/start.sh")), [name])
    }

    fn stop(&self, name: &str, grace: Duration) -> Command {
        let seconds = grace.as_secs().to_string();
        let stop = script(
            "id=$(of \"$1\") && [ -n \"$id\" ] || exit\nexec crictl stop --timeout \"$2\" \"$id\" >/dev/null\n",
        );
        Command::sh(stop, [name, &seconds]).deadline(grace + DEFAULT_DEADLINE)
    }

    fn destroy(&self, name: &str) -> Command {
        Command::sh(script(include_str!("cri/destroy.sh")), [name])
    }

    fn exec(&self, name: &str, argv: &[String], tty: bool) -> Command {
        let terminal = if tty { "tty" } else { "" };
        let head = [name, terminal].map(str::to_owned);
        let words = head.into_iter().chain(argv.iter().cloned());
        endless(Command::sh(script(include_str!("cri/exec.sh")), words))
    }

    fn logs(&self, name: &str, tail: Option<u32>, follow: bool) -> Command {
        let tail = tail.map_or_else(|| "-1".to_owned(), |lines| lines.to_string());
        let follow = if follow { "--follow" } else { "" };
        let logs = script(
            "id=$(last \"$1\") && [ -n \"$id\" ] || exit\n\
             exec crictl logs --tail \"$2\" ${3:+\"$3\"} \"$id\"\n",
        );
        endless(Command::sh(logs, [name, &tail, follow]))
    }

    fn first_process(&self, name: &str) -> String {
        Command::sh(script("pid \"$(of \"$1\")\"\n"), [name]).words()
    }

    fn ended(&self, name: &str) -> String {
        Command::sh(script(include_str!("cri/ended.sh")), [name]).words()
    }

    fn exit_code(&self, name: &str) -> String {
        let code = "crictl inspect --output go-template --template '{{.status.exitCode}}' \
                    \"$(last \"$1\")\"\n";
        Command::sh(script(code), [name]).words()
    }

    fn refusals(&self, spec: &ContainerSpec) -> Vec<String> {
        config::refusals(spec)
    }
}

#[cfg(test)]
mod tests;
