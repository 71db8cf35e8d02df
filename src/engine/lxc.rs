//! LXC, driven by its own programs in the node's default `lxc.lxcpath`. Version 4 and later. Pure.
//!
//! One base per image and node (`vnfctl-base-<slug>`) is cloned into containers; everything a
//! container is, its pinning included, is in its configuration before it starts.

mod base;
mod config;
mod observed;
mod profile;
mod refusals;
mod variables;

use super::{ContainerSpec, Engine, Inventory, Lack, Packing, ParseError, Present};
use crate::command::{Command, DEFAULT_DEADLINE, Secret, Stdin, quote};
use crate::facts::{CgroupVersion, Facts};
use crate::model::{EngineKind, Image, ImageFile, Recipe, RecipeKind};
use std::time::Duration;

/// Script that prints images and containers.
const QUERY: &str = concat!(include_str!("../facts/whole.sh"), include_str!("lxc/query.sh"));

/// Script that makes a container and starts it.
const CREATE: &str = concat!(include_str!("identify.sh"), include_str!("lxc/create.sh"));

/// Script that makes an image present.
const ACQUIRE: &str = concat!(
    include_str!("plain.sh"),
    include_str!("lxc/complete.sh"),
    include_str!("lxc/acquire.sh")
);

/// Script that prints a base.
const EXPORT: &str = concat!(
    include_str!("transfer/packed.sh"),
    include_str!("transfer/tree.sh"),
    include_str!("lxc/export.sh")
);

/// Script that makes a base from what [`EXPORT`] printed.
const IMPORT: &str = concat!(
    include_str!("transfer/tree.sh"),
    include_str!("lxc/complete.sh"),
    include_str!("lxc/import.sh")
);

/// How long an image may take to arrive.
const ACQUIRE_DEADLINE: Duration = Duration::from_mins(30);

/// LXC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lxc;

impl Engine for Lxc {
    fn kind(&self) -> EngineKind {
        EngineKind::Lxc
    }

    fn query(&self, images: &[Image]) -> Command {
        let pairs = images
            .iter()
            .filter_map(|image| Some([base::folder(image)?, super::token::image_token(image)]));
        Command::sh(QUERY, pairs.flatten())
    }

    fn glance(&self) -> Command {
        let script = format!("command -v lxc-config >/dev/null || exit 0\n{QUERY}");
        Command::sh(script, std::iter::empty::<String>())
    }

    fn parse(&self, stdout: &str) -> Result<Inventory, ParseError> {
        observed::parse(stdout)
    }

    fn acquire(&self, image: &Image) -> Vec<Command> {
        let (Some(base), Some(name)) = (base::folder(image), &image.name) else {
            return Vec::new();
        };
        let mut command = match &image.file {
            None => {
                let template = shlex::split(name).unwrap_or_default();
                Command::sh(ACQUIRE, [base, "template".into()].into_iter().chain(template))
            }
            Some(ImageFile::Here(_)) => Command::sh(ACQUIRE, [&base, "file", ""]),
            Some(ImageFile::Node(path)) => Command::sh(ACQUIRE, [&base, "file", path]),
        };
        if let Some(ImageFile::Here(path)) = &image.file {
            command.stdin = Stdin::File(path.clone());
        }
        vec![command.deadline(ACQUIRE_DEADLINE)]
    }

    fn build(&self, image: &Image, recipe: &Recipe) -> Vec<Command> {
        let Some(base) = base::folder(image) else { return Vec::new() };
        match &recipe.kind {
            RecipeKind::Dockerfile(_) => Vec::new(),
            RecipeKind::Rootfs(_) => self.acquire(&super::rootfs::packed(image, recipe)),
            RecipeKind::Template(words) => {
                let template = shlex::split(words).unwrap_or_default();
                let words = [base, "template".into()].into_iter().chain(template);
                vec![Command::sh(ACQUIRE, words).deadline(ACQUIRE_DEADLINE)]
            }
        }
    }

    fn export(&self, image: &Image, packing: Packing) -> Option<Command> {
        let command = Command::sh(EXPORT, [base::folder(image)?.as_str(), packing.packer()]);
        Some(command.deadline(ACQUIRE_DEADLINE))
    }

    fn import(&self, image: &Image, _: &Present, packing: Packing) -> Option<Command> {
        let command = Command::sh(IMPORT, [base::folder(image)?.as_str(), packing.unpacker()]);
        Some(command.deadline(ACQUIRE_DEADLINE))
    }

    fn create(&self, spec: &ContainerSpec, facts: &Facts) -> Vec<Command> {
        let key = match facts.cgroup.version {
            CgroupVersion::V1 | CgroupVersion::Hybrid => "lxc.cgroup",
            CgroupVersion::V2 => "lxc.cgroup2",
        };
        let base = base::folder(&spec.image).unwrap_or_default();
        // LXC 5 shifts the ids of a folder only.
        let clone = if spec.security.idmap.is_some() { "copy" } else { "overlay" };
        let words = [spec.name.clone(), base, key.to_owned(), clone.to_owned()];
        let words = words.into_iter().chain(config::words_of_node(spec));
        let create = Command::sh(CREATE, words)
            .stdin(config::files(spec, facts))
            .hide(&spec.secrets)
            .hide(&quoted(&spec.secrets));
        super::folders::make_folders(spec).into_iter().chain([create]).collect()
    }

    fn repin(&self, spec: &ContainerSpec, _facts: &Facts) -> Vec<Command> {
        let words = [spec.name.clone(), spec.cpuset(), spec.memset()];
        vec![Command::sh(include_str!("lxc/repin.sh"), words)]
    }

    fn start(&self, name: &str) -> Command {
        Command::sh(include_str!("lxc/start.sh"), [name])
    }

    fn stop(&self, name: &str, grace: Duration) -> Command {
        let seconds = grace.as_secs().to_string();
        let words: &[&str] =
            if grace.is_zero() { &["--kill"] } else { &["--timeout", seconds.as_str()] };
        // 2: it does not run (lxc-stop(1)).
        Command::new(["lxc-stop", "--name", name].iter().chain(words).copied())
            .accept(&[2])
            .deadline(grace + DEFAULT_DEADLINE)
    }

    fn destroy(&self, name: &str) -> Command {
        Command::sh(include_str!("lxc/destroy.sh"), [name])
    }

    fn exec(&self, name: &str, argv: &[String], tty: bool) -> Command {
        endless(enter(name, "user", if tty { "--keep-var=TERM" } else { "" }, argv))
    }

    fn administer(&self, name: &str, argv: &[String]) -> Command {
        endless(enter(name, "", "", argv))
    }

    fn logs(&self, name: &str, tail: Option<u32>, follow: bool) -> Command {
        let tail = tail.map_or_else(|| "+1".to_owned(), |lines| lines.to_string());
        let follow = if follow { "follow" } else { "" };
        endless(Command::sh(include_str!("lxc/logs.sh"), [name, &tail, follow]))
    }

    fn first_process(&self, name: &str) -> String {
        // Alone it succeeds without a word for a stopped container.
        format!("lxc-info --no-humanize --pid --name {} | grep .", quote(name))
    }

    fn ended(&self, name: &str) -> String {
        Command::sh(include_str!("lxc/ended.sh"), [name]).words()
    }

    fn exit_code(&self, name: &str) -> String {
        Command::sh(include_str!("lxc/code.sh"), [name]).words()
    }

    fn refusals(&self, spec: &ContainerSpec) -> Vec<String> {
        refusals::of(spec)
    }

    fn lacks(&self, spec: &ContainerSpec, facts: &Facts) -> Vec<Lack> {
        refusals::lacks(spec, facts)
    }
}

/// Words run inside: as the container's user where `who` is `user`, else as root.
fn enter(name: &str, who: &str, option: &str, argv: &[String]) -> Command {
    let words = [name, who, option].map(str::to_owned).into_iter().chain(argv.iter().cloned());
    Command::sh(include_str!("lxc/exec.sh"), words)
}

/// Secrets with a quote as they stand inside quotes in the files of a container.
fn quoted(secrets: &[Secret]) -> Vec<Secret> {
    let with_quote = secrets.iter().filter(|secret| secret.value.contains('\''));
    with_quote
        .map(|secret| Secret {
            name: secret.name.clone(),
            value: secret.value.replace('\'', r"'\''"),
        })
        .collect()
}

fn endless(mut command: Command) -> Command {
    command.deadline = None;
    command
}

#[cfg(test)]
mod tests;
