//! Planning of acquire, create, install, configure and up: what is missing is made, what is wrong
//! is mended, what is right is left alone.

use super::build::{Builder, Deed, FOREIGN};
use super::compare::{Change, Condition, compare};
use super::images::{self, ImageSteps};
use super::inside::{Before, Course, lacks_software};
use super::request::{Refusal, Stage, Target, Verb};
use super::wanted::Wanted;
use crate::engine::{Labels, engine};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn raise(builder: &mut Builder<'_>, targets: &[&Target<'_>]) {
    let images: Vec<ImageSteps<'_>> =
        targets.iter().map(|target| images::acquire(builder, targets, target)).collect();
    if matches!(builder.request.verb, Verb::Acquire | Verb::Up(Stage::Acquire)) {
        return;
    }
    // Groups level by level over all nodes, so that a group finds the steps of those it needs
    // wherever they run. Containers of a node are already in dependency order.
    let mut level: BTreeMap<&str, usize> = BTreeMap::new();
    for wanted in targets.iter().flat_map(|target| &target.wanted) {
        level.entry(&wanted.group.name).or_insert_with(|| builder.depth(&wanted.group.name));
    }
    let deepest = level.values().copied().max().unwrap_or(0);
    let mut courses: Vec<Course<'_>> = targets.iter().map(|_| Course::default()).collect();
    let left: Vec<Vec<Left<'_>>> = targets.iter().map(|target| left(builder, target)).collect();
    for depth in 0..=deepest {
        let here = |wanted: &&&Wanted<'_>| level[wanted.group.name.as_str()] == depth;
        for (at, (target, course)) in targets.iter().zip(&mut courses).enumerate() {
            let around = (&images[at], left[at].as_slice());
            let mut deeper = Vec::new();
            for wanted in target.wanted.iter().filter(here) {
                if is_selected(builder, target, wanted) {
                    course.meant.insert(wanted.spec.name.as_str());
                    deeper.extend(container(builder, target, wanted, around, course));
                } else if matches!(compare(wanted, target.state), Condition::Running { .. }) {
                    course.running.insert(&wanted.spec.name);
                }
            }
            if !builder.request.verb.is_inside() {
                builder.links(target, course);
            }
            for (wanted, before) in deeper {
                app(builder, target, wanted, before, course);
            }
        }
    }
    for (target, course) in targets.iter().zip(&courses) {
        builder.connect(target, course);
    }
}

/// Makes or mends one selected container; returns what is known of its inside when it is as it
/// should be outside.
fn container<'w>(
    builder: &mut Builder<'_>,
    target: &Target<'_>,
    wanted: &'w Wanted<'_>,
    (images, left): (&ImageSteps<'_>, &[Left<'_>]),
    course: &mut Course<'w>,
) -> Option<(&'w Wanted<'w>, Before)> {
    let spec = &wanted.spec;
    let condition = compare(wanted, target.state);
    course.running.insert(&spec.name);
    let before = match condition {
        Condition::Running { .. } => Before::Running,
        Condition::Stopped { .. } => Before::Started,
        _ => Before::Made,
    };
    let deeds = match condition {
        condition if builder.request.verb.is_inside() => enter(builder, target, wanted, condition),
        Condition::Absent | Condition::Changed(_) | Condition::Broken => {
            still_held(target, wanted, left)
                .map_or_else(|| deeds(builder, target, wanted, condition), Err)
        }
        condition => deeds(builder, target, wanted, condition),
    };
    match deeds {
        Err((message, hint)) => {
            let (node, container) = (target.node.to_owned(), spec.name.clone());
            builder.refusals.push(Refusal { node, container, message, hint });
            return None;
        }
        Ok(deeds) => {
            let mut after = builder.dependencies(target.node, &wanted.group.name);
            after.extend(images.get(&(wanted.group.engine, &spec.image)));
            if let Some(last) = builder.push(target.node, &spec.name, deeds, after) {
                course.touched.insert(&spec.name, last);
            }
        }
    }
    Some((wanted, before))
}

/// The steps inside one container, after its links; groups that need its group wait for the last.
fn app<'w>(
    builder: &mut Builder<'_>,
    target: &Target<'_>,
    wanted: &'w Wanted<'_>,
    before: Before,
    course: &mut Course<'w>,
) {
    let (name, group) = (wanted.spec.name.as_str(), wanted.group.name.as_str());
    let touched = course.touched.get(name).copied();
    let mut after = match touched {
        Some(made) => vec![made],
        None => builder.dependencies(target.node, group),
    };
    after.extend(course.links.get(name).into_iter().flatten());
    let last = builder.inside(target, wanted, before, after, course);
    if let Some(last) = last.or(touched) {
        builder.remember(target.node, group, last);
    }
}

/// For verbs that work inside only: nothing where the container runs as it was made, else message
/// and hint.
fn enter(
    builder: &Builder<'_>,
    target: &Target<'_>,
    wanted: &Wanted<'_>,
    condition: Condition,
) -> Result<Vec<Deed>, (String, String)> {
    if wanted.group.app.is_none() {
        return Ok(Vec::new());
    }
    let refused = |message: &str, hint: &str| Err((message.to_owned(), hint.to_owned()));
    match condition {
        Condition::Absent => refused("it does not exist", "`vnfctl up` makes what is missing"),
        Condition::Broken => {
            refused("its creation was cut short", "`vnfctl up` makes it from the start")
        }
        Condition::Stopped { .. } => refused("it does not run", "run `vnfctl start` first"),
        Condition::Running { .. } if builder.request.verb.installs() => Ok(Vec::new()),
        Condition::Running { .. } if lacks_software(target, wanted) => refused(
            "its software is not installed as the file says",
            "run `vnfctl install` first, or `vnfctl up`",
        ),
        Condition::Running { .. } => Ok(Vec::new()),
        other => deeds(builder, target, wanted, other),
    }
}

/// A container that exists, was placed elsewhere since, and is not selected: it keeps its cores.
struct Left<'a> {
    name: &'a str,
    labels: &'a Labels,
    cores: BTreeSet<Core>,
}

/// Socket and core id.
type Core = (u32, u32);

fn left<'a>(builder: &Builder<'_>, target: &Target<'a>) -> Vec<Left<'a>> {
    let unselected = target.wanted.iter().filter(|wanted| !is_selected(builder, target, wanted));
    let changed = unselected
        .filter(|wanted| matches!(compare(wanted, target.state), Condition::Changed(_)))
        .filter_map(|wanted| wanted.observed(target.state));
    let left = changed.filter_map(|found| {
        let labels = found.labels.as_ref()?;
        Some(Left { name: &found.name, labels, cores: cores(target, &labels.cpus()) })
    });
    left.collect()
}

fn cores(target: &Target<'_>, cpus: &[u32]) -> BTreeSet<Core> {
    let machine = &target.state.facts.machine;
    cpus.iter().filter_map(|cpu| machine.cpu(*cpu)).map(|cpu| (cpu.socket, cpu.core)).collect()
}

/// Whose cores a container would get that are not free yet, as message and hint.
fn still_held(
    target: &Target<'_>,
    wanted: &Wanted<'_>,
    left: &[Left<'_>],
) -> Option<(String, String)> {
    if left.is_empty() {
        return None;
    }
    let cores = cores(target, &wanted.spec.cpus);
    let holder = left.iter().find(|left| {
        let both_share = left.labels.shared && wanted.spec.labels.shared;
        !both_share && !left.cores.is_disjoint(&cores)
    })?;
    let Left { name, labels, .. } = holder;
    let message =
        format!("`{name}`, which is not selected, is still on its cores: {}", labels.cpuset);
    Some((message, format!("select `{name}` too, with `--recreate`: it is to move")))
}

pub(super) fn is_selected(builder: &Builder<'_>, target: &Target<'_>, wanted: &Wanted<'_>) -> bool {
    builder.selects(&wanted.spec.name, &wanted.group.name, target.node)
}

/// What brings one container from its condition to running as specified, or message and hint.
fn deeds(
    builder: &Builder<'_>,
    target: &Target<'_>,
    wanted: &Wanted<'_>,
    condition: Condition,
) -> Result<Vec<Deed>, (String, String)> {
    let kind = wanted.group.engine;
    let spec = &wanted.spec;
    let facts = &target.state.facts;
    let create = || Deed {
        verb: "create",
        detail: format!(
            "{} ({}, CPUs {}, memory node {})",
            spec.name,
            kind.word(),
            spec.cpuset(),
            spec.memset()
        ),
        commands: engine(kind).create(spec, facts),
        undo: Some(engine(kind).destroy(&spec.name)),
    };
    match condition {
        Condition::Absent => Ok(vec![create()]),
        Condition::Foreign { owner } => {
            Err((format!("{} has a container of this name: {owner}", kind.word()), FOREIGN.into()))
        }
        Condition::Changed(changes) if !builder.request.recreate => Err((
            format!("it was made from another specification{}", listed(&changes)),
            "`--recreate` replaces the containers that changed, and only those".into(),
        )),
        Condition::Changed(_) | Condition::Broken => {
            Ok(vec![Deed::removal(&spec.name, kind), create()])
        }
        Condition::Stopped { .. } => Ok(vec![builder.start(&spec.name, kind)]),
        Condition::Running { drift } if drift.is_empty() => Ok(Vec::new()),
        Condition::Running { drift } => Ok(vec![Deed {
            verb: "repin",
            detail: format!("{} ({})", spec.name, drift.join("; ")),
            commands: engine(kind).repin(spec, facts),
            undo: None,
        }]),
    }
}

/// Whether the image is what was asked for, or the container is to be made from it.
pub(super) fn needs_image(builder: &Builder<'_>, target: &Target<'_>, wanted: &Wanted<'_>) -> bool {
    matches!(builder.request.verb, Verb::Acquire | Verb::Up(Stage::Acquire))
        || !matches!(
            compare(wanted, target.state),
            Condition::Running { .. } | Condition::Stopped { .. } | Condition::Foreign { .. }
        )
}

/// The changed fields for people; none are known where another version described them otherwise.
/// Values of the environment are digests, so only named.
fn listed(changes: &[Change]) -> String {
    let one = |change: &Change| {
        let Change { field, was, wanted } = change;
        match (was.as_str(), wanted.as_str()) {
            _ if field.starts_with("env.") => field.clone(),
            ("", wanted) => format!("{field} = {wanted} (was not set)"),
            (was, "") => format!("{field} = {was} is no longer set"),
            (was, wanted) => format!("{field} = {wanted} (was {was})"),
        }
    };
    let fields: Vec<String> = changes.iter().map(one).collect();
    if fields.is_empty() { String::new() } else { format!(": {}", fields.join("; ")) }
}
