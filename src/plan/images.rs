//! Planning of images: fetched, or made from fetched ones.

use super::build::{Builder, Deed, has_image};
use super::distribute::stand_in;
use super::install;
use super::raise::{is_selected, needs_image};
use super::request::{Refusal, Target, Verb};
use super::step::StepId;
use super::wanted::Wanted;
use crate::engine::engine;
use crate::model::{EngineKind, Image, ImageFile};
use std::collections::{BTreeMap, BTreeSet};

/// Steps that make an image present.
pub(super) type ImageSteps<'w> = BTreeMap<(EngineKind, &'w Image), StepId>;

/// Plans the images that the selected containers of a node lack.
pub(super) fn acquire<'w>(
    builder: &mut Builder<'_>,
    targets: &[&Target<'_>],
    target: &Target<'w>,
) -> ImageSteps<'w> {
    let mut steps = BTreeMap::new();
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
        // Made from its group's own image, which is needed only for that.
        let derivation = install::derivation(wanted);
        if !derivation.is_empty() && builder.request.verb != Verb::Create {
            let base = &wanted.group.image;
            if lacks(base)
                && let Some(step) = push(
                    builder,
                    target,
                    (kind, base),
                    fetch(builder, targets, (target, wanted), base),
                    None,
                )
            {
                steps.insert((kind, base), step);
            }
        }
        let after = steps.get(&(kind, &wanted.group.image)).copied();
        let deeds = if derivation.is_empty() {
            fetch(builder, targets, (target, wanted), image)
        } else {
            derivation
        };
        if let Some(step) = push(builder, target, (kind, image), deeds, after) {
            steps.insert((kind, image), step);
        }
    }
    steps
}

/// Adds what makes an image present. `create` needs it to be there.
fn push(
    builder: &mut Builder<'_>,
    target: &Target<'_>,
    image: (EngineKind, &Image),
    deeds: Vec<Deed>,
    after: Option<StepId>,
) -> Option<StepId> {
    if !deeds.is_empty() && builder.request.verb == Verb::Create {
        builder.refusals.push(Refusal {
            node: target.node.to_owned(),
            container: String::new(),
            message: format!("{} has no image `{}`", image.0.word(), name(image.1)),
            hint: "run `vnfctl acquire` first, or `vnfctl up`".into(),
        });
        return None;
    }
    builder.push(target.node, "", deeds, after.into_iter().collect())
}

/// What fetches an image; empty where nothing is ever needed. Where a registry or a template fails
/// it, a node that has it stands in.
fn fetch(
    builder: &Builder<'_>,
    targets: &[&Target<'_>],
    (target, wanted): (&Target<'_>, &Wanted<'_>),
    image: &Image,
) -> Vec<Deed> {
    let kind = wanted.group.engine;
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
