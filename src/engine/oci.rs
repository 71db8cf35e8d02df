//! One grammar for engines with a command line like Docker's. Pure.
//!
//! An engine of this family says in [`Oci`] only what it does differently.

mod arguments;
mod lack;
mod observed;
mod profile;

use super::{
    ContainerSpec, Derivation, Derived, Engine, Inventory, Lack, Packing, ParseError, Present,
};
use crate::command::{Command, quote};
use crate::facts::Facts;
use crate::model::{EngineKind, Image, ImageFile, Recipe, RecipeKind};
use std::path::PathBuf;
use std::time::Duration;

/// Script that makes an image present.
const ACQUIRE: &str = concat!(include_str!("plain.sh"), include_str!("oci/acquire.sh"));

/// Script that builds an image from a Dockerfile.
const BUILD: &str = include_str!("oci/build.sh");

/// Puts the shell that makes a container on its CPUs and memory nodes: its first two arguments.
const PINNED: &str = include_str!("oci/pinned.sh");
/// Script that prints an image.
const EXPORT: &str = concat!(include_str!("transfer/packed.sh"), include_str!("oci/export.sh"));

/// How long an image may take to arrive.
const ACQUIRE_DEADLINE: Duration = Duration::from_mins(30);

/// What differs between docker-like engines.
pub(super) trait Oci: Sync {
    /// Which engine; its word is the program's name.
    const KIND: EngineKind;
    /// Script that runs a container with the options and words given to it, detached, and leaves
    /// nothing when that fails.
    const CREATE: &'static str;
    /// Script that prints images and containers; its arguments are [`Oci::TEMPLATE`] and pairs of
    /// image reference and token.
    const QUERY: &'static str;
    /// Script before [`Oci::QUERY`] that ends it with success where there is certainly no
    /// container, without asking the engine.
    const GLANCE: &'static str;
    /// Go template of one container: pid, a space, [`observed::Shown`] as JSON.
    const TEMPLATE: &'static str;
    /// Words that remove a container by force and succeed when there is none.
    const REMOVE: &'static [&'static str];
    /// Whether users who are not root have it for themselves.
    const IS_ROOTLESS: bool;
    /// Smallest memory limit the engine accepts, in bytes.
    const LEAST_MEMORY: u64;
}

/// `<program> <words>`.
fn call<E: Oci>(words: &[&str]) -> Command {
    Command::new([E::KIND.word()].iter().chain(words).copied())
}

/// As [`call`], of what starts a program in container `name`: a user's own engine starts it where
/// it runs itself.
fn enter<E: Oci>(name: &str, words: &[&str]) -> Command {
    if !E::IS_ROOTLESS {
        return call::<E>(words);
    }
    let head = [E::KIND.word(), name].into_iter().chain(words.iter().copied());
    Command::sh(include_str!("oci/enter.sh"), head)
}

fn endless(mut command: Command) -> Command {
    command.deadline = None;
    command
}

impl<E: Oci> Engine for E {
    fn kind(&self) -> EngineKind {
        E::KIND
    }

    fn query(&self, images: &[Image]) -> Command {
        let pairs = images
            .iter()
            .filter_map(|image| Some([image.name.clone()?, super::token::image_token(image)]));
        Command::sh(E::QUERY, [E::TEMPLATE.to_owned()].into_iter().chain(pairs.flatten()))
    }

    fn glance(&self) -> Command {
        Command::sh([E::GLANCE, E::QUERY].concat(), [E::TEMPLATE])
    }

    fn parse(&self, stdout: &str) -> Result<Inventory, ParseError> {
        observed::parse(E::KIND, stdout)
    }

    fn acquire(&self, image: &Image) -> Vec<Command> {
        let Some(name) = image.name.as_deref() else {
            return Vec::new();
        };
        let from_file = |file: &str| Command::sh(ACQUIRE, [E::KIND.word(), name, file]);
        let command = match &image.file {
            None => call::<E>(&["pull", "--quiet", name]),
            Some(ImageFile::Node(path)) => from_file(path),
            Some(ImageFile::Here(path)) => with_file(from_file(""), path.clone()),
        };
        vec![command.deadline(ACQUIRE_DEADLINE)]
    }

    fn build(&self, image: &Image, recipe: &Recipe) -> Vec<Command> {
        let Some(name) = image.name.clone() else { return Vec::new() };
        match &recipe.kind {
            RecipeKind::Template(_) => Vec::new(),
            RecipeKind::Rootfs(_) => self.acquire(&super::rootfs::packed(image, recipe)),
            RecipeKind::Dockerfile(dockerfile) => {
                let head = [E::KIND.word().to_owned(), name];
                let args: Vec<_> = dockerfile.args.clone().into_iter().collect();
                let words = args.iter().map(super::variables::word);
                let mut build = Command::sh(BUILD, head.into_iter().chain(words));
                build.env = super::variables::through_environment(&args);
                build.stdin = super::rootfs::sent(recipe);
                vec![build.deadline(super::rootfs::DEADLINE)]
            }
        }
    }

    fn export(&self, image: &Image, packing: Packing) -> Option<Command> {
        let words = [E::KIND.word(), image.name.as_deref()?, packing.packer()];
        Some(Command::sh(EXPORT, words).deadline(ACQUIRE_DEADLINE))
    }

    fn import(&self, image: &Image, present: &Present, packing: Packing) -> Option<Command> {
        let digest = present.digest.as_deref().unwrap_or_default();
        let words = [E::KIND.word(), image.name.as_deref()?, digest, packing.unpacker()];
        Some(Command::sh(include_str!("oci/import.sh"), words).deadline(ACQUIRE_DEADLINE))
    }

    fn create(&self, spec: &ContainerSpec, facts: &Facts) -> Vec<Command> {
        let words = arguments::of_run(E::KIND, spec, facts);
        let mut run = if facts.uid == 0 {
            Command::sh(E::CREATE, words)
        } else {
            let pinned = [spec.cpuset(), spec.memset()].into_iter().chain(words);
            Command::sh([PINNED, E::CREATE].concat(), pinned)
        };
        run = run.hide(&spec.secrets);
        run.env = super::variables::through_environment(&spec.env);
        let open = profile::open_kept(E::KIND.word(), E::REMOVE, spec);
        super::folders::make_folders(spec).into_iter().chain([run]).chain(open).collect()
    }

    fn repin(&self, spec: &ContainerSpec, facts: &Facts) -> Vec<Command> {
        if facts.uid != 0 {
            let words = [E::KIND.word().to_owned(), spec.name.clone(), spec.cpuset()];
            return vec![Command::sh(include_str!("oci/repin_own.sh"), words)];
        }
        let (cpus, name) = (spec.cpuset(), spec.name.clone());
        let runtime = spec.runtime.clone().unwrap_or_default();
        let head = [E::KIND.word().to_owned(), name, runtime, cpus, spec.memset()];
        let words = head.into_iter().chain(arguments::of_pinning(spec));
        vec![Command::sh(include_str!("oci/repin.sh"), words)]
    }

    fn start(&self, name: &str) -> Command {
        enter::<E>(name, &["start", name])
    }

    fn stop(&self, name: &str, grace: Duration) -> Command {
        // `-t`: the long form is `--time` or `--timeout` by version.
        let seconds = grace.as_secs().to_string();
        let limit = grace + crate::command::DEFAULT_DEADLINE;
        call::<E>(&["stop", "-t", &seconds, name]).deadline(limit)
    }

    fn destroy(&self, name: &str) -> Command {
        call::<E>(&[E::REMOVE, &[name]].concat())
    }

    fn exec(&self, name: &str, argv: &[String], tty: bool) -> Command {
        let options: &[&str] =
            if tty { &["exec", "--interactive", "--tty"] } else { &["exec", "--interactive"] };
        let mut command = endless(enter::<E>(name, options));
        command.argv.push(name.to_owned().into());
        command.argv.extend(argv.iter().map(|word| word.clone().into()));
        command
    }

    fn administer(&self, name: &str, argv: &[String]) -> Command {
        let words = ["exec", "--interactive", "--user", "0", name];
        let mut command = enter::<E>(name, &words);
        command.argv.extend(argv.iter().map(|word| word.clone().into()));
        command
    }

    fn derives(&self) -> bool {
        true
    }

    fn derive(&self, derived: &Derived) -> Option<Derivation> {
        Some(arguments::of_derivation(E::KIND.word(), call::<E>(E::REMOVE), derived))
    }

    fn logs(&self, name: &str, tail: Option<u32>, follow: bool) -> Command {
        let tail = tail.map(|lines| lines.to_string());
        let mut words = vec!["logs"];
        if let Some(tail) = &tail {
            words.extend(["--tail", tail]);
        }
        if follow {
            words.push("--follow");
        }
        words.push(name);
        endless(call::<E>(&words))
    }

    fn first_process(&self, name: &str) -> String {
        let program = E::KIND.word();
        format!("{program} container inspect --format '{{{{.State.Pid}}}}' {}", quote(name))
    }

    fn ended(&self, name: &str) -> String {
        call::<E>(&["wait", name]).words()
    }

    fn exit_code(&self, name: &str) -> String {
        let words = ["container", "inspect", "--format", "{{.State.ExitCode}}", name];
        call::<E>(&words).words()
    }

    fn refusals(&self, spec: &ContainerSpec) -> Vec<String> {
        let runtime = super::runtime::refusals(E::KIND, spec);
        arguments::refusals(E::KIND, E::LEAST_MEMORY, spec).into_iter().chain(runtime).collect()
    }

    fn lacks(&self, spec: &ContainerSpec, facts: &Facts) -> Vec<Lack> {
        let ids =
            if facts.uid == 0 { lack::of_root(spec, facts) } else { lack::of_user(spec, facts) };
        let runtime = super::runtime::lacks(E::KIND, spec, facts);
        ids.into_iter().chain(runtime).collect()
    }
}

fn with_file(mut command: Command, path: PathBuf) -> Command {
    command.stdin = crate::command::Stdin::File(path);
    command
}

#[cfg(test)]
mod tests;
