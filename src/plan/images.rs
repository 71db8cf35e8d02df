//! Planning of images: fetched, built by recipes, or made from other ones.

use super::build::{Builder, Deed, has_image};
use super::distribute::{from_builder, stand_in};
use super::install;
use super::raise::{is_selected, needs_image};
use super::request::{Refusal, Target, Verb};
use super::step::StepId;
use super::wanted::Wanted;
use crate::command::Command;
use crate::engine::{engine, tarball};
use crate::model::{EngineKind, Image, ImageFile, Recipe};
use std::collections::{BTreeMap, BTreeSet};

/// Steps that make an image present.
pub(super) type ImageSteps<'w> = BTreeMap<(EngineKind, &'w Image), StepId>;

/// Plans the images that the selected containers of a node lack.
pub(super) fn acquire<'w>(
    builder: &mut Builder<'_>,
    targets: &[&Target<'_>],
    target: &Target<'w>,
) -> ImageSteps<'w> {
    let mut making = Making { steps: BTreeMap::new(), tarballs: BTreeMap::new() };
    let mut seen = BTreeSet::new();
    for &wanted in &target.wanted {
        let (kind, image) = (wanted.group.engine, &wanted.spec.image);
        let is_needed = !builder.request.verb.is_inside()
            && is_selected(builder, target, wanted)
            && needs_image(builder, target, wanted);
        let mut lacks = |image| !has_image(target.state, kind, image) && seen.insert((kind, image));
        if !is_needed || !lacks(image) {
            continue;
        }
        let derivation = install::derivation(wanted);
        if derivation.is_empty() {
            making.fetch(builder, targets, target, wanted, image);
            continue;
        }
        // Made from its group's own image, which is needed only for that.
        let base = &wanted.group.image;
        if builder.request.verb != Verb::Create && lacks(base) {
            making.fetch(builder, targets, target, wanted, base);
        }
        if builder.request.verb != Verb::Build {
            let after = making.steps.get(&(kind, base)).copied();
            making.push(builder, target, (kind, image), derivation, after);
        }
    }
    making.steps
}

/// What makes images present on one node.
struct Making<'w> {
    steps: ImageSteps<'w>,
    /// Steps that pack root file systems, by recipe: one for all engines.
    tarballs: BTreeMap<&'w str, StepId>,
}

impl<'w> Making<'w> {
    /// Plans one image that is not made from another one.
    fn fetch(
        &mut self,
        builder: &mut Builder<'_>,
        targets: &[&Target<'_>],
        target: &Target<'w>,
        wanted: &'w Wanted<'w>,
        image: &'w Image,
    ) {
        let kind = wanted.group.engine;
        match wanted.recipe {
            None if builder.request.verb == Verb::Build => {}
            None => {
                let deeds = pull(builder, targets, target, (kind, image));
                self.push(builder, target, (kind, image), deeds, None);
            }
            Some(recipe) => self.make(builder, targets, target, wanted, (recipe, image)),
        }
    }

    /// Plans the image of a recipe: built where nobody has it, on one node, from which the others
    /// get it. So it is the same on all of them.
    fn make(
        &mut self,
        builder: &mut Builder<'_>,
        targets: &[&Target<'_>],
        target: &Target<'w>,
        wanted: &'w Wanted<'w>,
        (recipe, image): (&'w Recipe, &'w Image),
    ) {
        let key = (wanted.group.engine, image);
        let built = builder.built.get(&(key.0, image.clone())).cloned();
        let source = match (stand_in(builder, targets, key, target.node), built) {
            (Some((from, command)), _) => Some((from, command, None)),
            (None, Some((from, step))) => from_builder(builder, key, &from, target.node)
                .map(|command| (from, command, Some(step))),
            (None, None) => None,
        };
        let Some((from, command, after)) = source else {
            self.build(builder, target, wanted, (recipe, image));
            let step = self.steps.get(&key).map(|step| (target.node.to_owned(), *step));
            builder.built.extend(step.map(|step| ((key.0, image.clone()), step)));
            return;
        };
        let detail = format!("{} ({}) from {from}", name(image), key.0.word());
        let deed = Deed { verb: "distribute", detail, commands: vec![command], undo: None };
        self.push(builder, target, key, vec![deed], after);
    }

    /// Plans what builds an image on this node.
    fn build(
        &mut self,
        builder: &mut Builder<'_>,
        target: &Target<'w>,
        wanted: &'w Wanted<'w>,
        (recipe, image): (&'w Recipe, &'w Image),
    ) {
        let kind = wanted.group.engine;
        let deed = |detail: String, commands: Vec<Command>| {
            let hide = |command: Command| command.hide(&wanted.secrets);
            let commands = commands.into_iter().map(hide).collect();
            Deed { verb: "build", detail, commands, undo: None }
        };
        let mut after = self.tarballs.get(recipe.name.as_str()).copied();
        if let Some(pack) = tarball(recipe).filter(|_| after.is_none())
            && builder.request.verb != Verb::Create
        {
            let deeds = vec![deed(format!("{} (rootfs)", recipe.name), vec![pack])];
            after = builder.push(target.node, "", deeds, Vec::new());
            self.tarballs.extend(after.map(|step| (recipe.name.as_str(), step)));
        }
        let detail = format!("{} ({})", name(image), kind.word());
        let deeds = vec![deed(detail, engine(kind).build(image, recipe))];
        self.push(builder, target, (kind, image), deeds, after);
    }

    /// Adds what makes an image present. `create` needs it to be there.
    fn push(
        &mut self,
        builder: &mut Builder<'_>,
        target: &Target<'_>,
        image: (EngineKind, &'w Image),
        deeds: Vec<Deed>,
        after: Option<StepId>,
    ) {
        if !deeds.is_empty() && builder.request.verb == Verb::Create {
            builder.refusals.push(Refusal {
                node: target.node.to_owned(),
                container: String::new(),
                message: format!("{} has no image `{}`", image.0.word(), name(image.1)),
                hint: "run `vnfctl acquire` first, or `vnfctl up`".into(),
            });
            return;
        }
        if let Some(step) = builder.push(target.node, "", deeds, after.into_iter().collect()) {
            self.steps.insert(image, step);
        }
    }
}

/// What fetches an image; empty where nothing is ever needed. Where a registry or a template fails
/// it, a node that has it stands in.
fn pull(
    builder: &Builder<'_>,
    targets: &[&Target<'_>],
    target: &Target<'_>,
    (kind, image): (EngineKind, &Image),
) -> Vec<Deed> {
    let mut commands = engine(kind).acquire(image);
    let mut detail = format!("{} ({})", name(image), kind.word());
    let Some(last) = commands.pop() else { return Vec::new() };
    let is_foreign = image.file.is_none() && image.recipe.is_none();
    let other = is_foreign.then(|| stand_in(builder, targets, (kind, image), target.node));
    commands.push(match other.flatten() {
        None => last,
        Some((node, command)) => {
            detail = format!("{detail}, else from {node}");
            last.otherwise(command)
        }
    });
    vec![Deed { verb: "acquire", detail, commands, undo: None }]
}

pub(super) fn name(image: &Image) -> String {
    match (&image.name, &image.file) {
        (Some(name), _) => name.clone(),
        (None, Some(ImageFile::Here(path))) => path.display().to_string(),
        (None, Some(ImageFile::Node(path))) => path.clone(),
        (None, None) => "the node's own root".into(),
    }
}
