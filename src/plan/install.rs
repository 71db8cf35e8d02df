//! Software into containers: the commands of an installation, and images that hold the result.

use super::build::Deed;
use super::wanted::Wanted;
use crate::app::{InstallStep, install_digest, install_steps};
use crate::command::{Command, Stdin};
use crate::engine::{Derivation, Derived, Engine, engine};
use crate::model::{Group, Image, ImageFile, Install};
use std::time::Duration;

/// How long one step of an installation may take.
const DEADLINE: Duration = Duration::from_mins(30);

/// The commands that install software into a running container, each with what it does, for
/// people. Each may be run again: where all is installed it does nothing.
pub(super) fn install_commands(
    engine: &dyn Engine,
    container: &str,
    install: &Install,
) -> Vec<(String, Command)> {
    let one = |InstallStep { detail, script, args, file }| {
        let head = ["sh".to_owned(), "-c".to_owned(), script, "vnfctl".to_owned()];
        let argv: Vec<String> = head.into_iter().chain(args).collect();
        let mut command = engine.administer(container, &argv).deadline(DEADLINE);
        match file {
            None => {}
            Some(ImageFile::Here(path)) => command.stdin = Stdin::File(path),
            Some(ImageFile::Node(path)) => {
                command = within(include_str!("node_file.sh"), path, command);
            }
        }
        (detail, command)
    };
    install_steps(install).into_iter().map(one).collect()
}

/// `command` as the words after the first argument of a script.
fn within(script: &'static str, argument: String, command: Command) -> Command {
    let head = Command::sh(script, [argument]);
    let argv = head.argv.into_iter().chain(command.argv).collect();
    Command { argv, ..command }
}

/// What a group installs, where its engine keeps the result as an image.
fn kept(group: &Group) -> Option<&Install> {
    let install = &group.app.as_ref()?.install;
    (install.as_image && !install.is_empty() && engine(group.engine).derives()).then_some(install)
}

/// Digest of what a group's image holds besides its base; `None` = it is the base.
pub(super) fn kept_digest(group: &Group) -> Option<String> {
    kept(group).map(install_digest)
}

/// The image that a group's containers are made from: its own, or one with the software in it,
/// the same for every topology that installs the same into the same.
pub(super) fn image(group: &Group) -> Image {
    let Some(digest) = kept_digest(group) else { return group.image.clone() };
    let base = group.image.name.as_deref().unwrap_or_default();
    let name = format!("vnfctl-{}", super::wanted::digest(&format!("{base}\n{digest}")));
    Image { name: Some(name), file: None, ..Image::default() }
}

/// The images that a group needs on its nodes: what its containers are made from, and what that
/// is made from.
pub fn images(group: &Group) -> Vec<Image> {
    let mut images = vec![group.image.clone()];
    images.extend(kept(group).map(|_| image(group)));
    images
}

/// What puts the software into one running container; nothing where its image holds it.
pub(super) fn install(wanted: &Wanted<'_>) -> Vec<Deed> {
    let Some(app) = wanted.group.app.as_ref().filter(|_| kept(wanted.group).is_none()) else {
        return Vec::new();
    };
    let name = &wanted.spec.name;
    let engine = engine(wanted.group.engine);
    let commands = install_commands(engine, name, &app.install);
    let deed = |(detail, command): (String, Command)| Deed {
        verb: "install",
        detail: format!("{name} ({detail})"),
        commands: vec![command.hide(&wanted.secrets)],
        undo: None,
    };
    commands.into_iter().map(deed).collect()
}

/// What makes the image of a container that is not made from its group's own: software is put
/// into a container of that one, on the CPUs of the container wanted. Empty where it is.
pub(super) fn derivation(wanted: &Wanted<'_>) -> Vec<Deed> {
    let (spec, base) = (&wanted.spec, &wanted.group.image.name);
    let (Some(install), Some(name), Some(base)) = (kept(wanted.group), &spec.image.name, base)
    else {
        return Vec::new();
    };
    let engine = engine(wanted.group.engine);
    // No two runs work on one topology.
    let container = format!("{name}-{}", spec.labels.topology);
    let derivation = engine.derive(&Derived {
        base: base.clone(),
        name: name.clone(),
        digest: install_digest(install),
        container: container.clone(),
        cpus: spec.cpuset(),
        mems: spec.memset(),
        network: spec.network.clone().filter(|mode| reaches_out(mode)),
    });
    let Some(Derivation { start, keep, remove }) = derivation else { return Vec::new() };
    let words = remove.words();
    let installs = install_commands(engine, &container, install).into_iter();
    let installs = installs.map(|(detail, command)| {
        let command = within(include_str!("or_remove.sh"), words.clone(), command);
        (detail, command.hide(&wanted.secrets), None)
    });
    let first = (format!("from {base}"), start, Some(remove));
    let last = ("kept as an image".to_owned(), keep, None);
    let deed = |(detail, command, undo)| Deed {
        verb: "acquire",
        detail: format!("{name} ({}, {detail})", engine.kind().word()),
        commands: vec![command],
        undo,
    };
    std::iter::once(first).chain(installs).chain([last]).map(deed).collect()
}

/// Whether a network may lead to where packages come from.
fn reaches_out(mode: &str) -> bool {
    mode != "none" && !mode.starts_with("container:")
}
