//! Planning of acquire, build, create, install, configure and up: what is missing is made, what is wrong
//! is mended, what is right is left alone.

use super::build::{Builder, Deed, FOREIGN};
use super::compare::{Change, Condition, compare};
use super::images::{self, ImageSteps};
use super::inside::{Before, Course, lacks_software};
use super::pods::{Fate, Seat, is_apart, members};
use super::request::{Refusal, Target};
use super::step::StepId;
use super::wanted::Wanted;
use crate::engine::{Labels, engine};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn raise(builder: &mut Builder<'_>, targets: &[&Target<'_>]) {
    let images: Vec<ImageSteps<'_>> =
        targets.iter().map(|target| images::acquire(builder, targets, target)).collect();
    if builder.request.verb.is_about_images() {
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
    let mut waiting: Vec<Vec<(usize, &Wanted<'_>, Before)>> = vec![Vec::new(); targets.len()];
    let left: Vec<Vec<Left<'_>>> = targets.iter().map(|target| left(builder, target)).collect();
    for depth in 0..=deepest {
        let here = |wanted: &&&Wanted<'_>| level[wanted.group.name.as_str()] == depth;
        for (at, (target, course)) in targets.iter().zip(&mut courses).enumerate() {
            let around = (&images[at], left[at].as_slice());
            for wanted in target.wanted.iter().filter(here) {
                if is_selected(builder, target, wanted) {
                    course.meant.insert(wanted.spec.name.as_str());
                    let inside = container(builder, target, wanted, around, course);
                    let due = due(target, wanted, &level);
                    waiting[at].extend(inside.map(|(wanted, before)| (due, wanted, before)));
                } else if matches!(compare(wanted, target.state), Condition::Running { .. }) {
                    course.running.insert(&wanted.spec.name);
                }
            }
            if !builder.request.verb.is_inside() {
                builder.links(target, course);
            }
            let (now, later) =
                std::mem::take(&mut waiting[at]).into_iter().partition(|(due, ..)| *due <= depth);
            waiting[at] = later;
            let now: Vec<(usize, &Wanted<'_>, Before)> = now;
            for (_, wanted, before) in now {
                app(builder, target, wanted, before, course);
            }
        }
    }
    for (target, course) in targets.iter().zip(&courses) {
        builder.connect(target, course);
    }
}

/// The level at which what is inside a container can be begun: the owner of a pod waits with it
/// for the pod's init containers, which need the namespaces it owns.
fn due(target: &Target<'_>, wanted: &Wanted<'_>, level: &BTreeMap<&str, usize>) -> usize {
    let of = |one: &Wanted<'_>| level[one.group.name.as_str()];
    let seat = wanted.spec.pod.as_ref().filter(|seat| seat.owner.is_none());
    let inits = target.wanted.iter().filter(|one| {
        one.spec.init && seat.is_some_and(|seat| one.group.pod.as_ref() == Some(&seat.pod))
    });
    inits.map(|one| of(one)).max().unwrap_or(0).max(of(wanted))
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
    let seat = Seat::of(wanted);
    if builder.refuse_lost(target, &spec.name, &seat, course) {
        return None;
    }
    let condition = compare(wanted, target.state);
    let fate = seat.owner().map_or(Fate::Lives, |owner| builder.fate(owner, course));
    if !seat.is_init() {
        course.running.insert(&spec.name);
    }
    let before = match condition {
        _ if fate == Fate::Made => Before::Made,
        Condition::Running { .. } if fate == Fate::Starts || is_apart(wanted, target.state) => {
            Before::Started
        }
        Condition::Running { .. } => Before::Running,
        Condition::Stopped { .. } => Before::Started,
        _ => Before::Made,
    };
    let deeds = match condition {
        condition if builder.request.verb.is_inside() => enter(builder, target, wanted, condition),
        Condition::Absent | Condition::Changed(_) | Condition::Broken => {
            still_held(target, wanted, left)
                .map_or_else(|| deeds(builder, target, wanted, condition, fate), Err)
        }
        condition => deeds(builder, target, wanted, condition, fate),
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
            after.extend(seat.after(course));
            if deeds.iter().any(|deed| deed.verb == "create") {
                after.extend(remove_members(builder, target, &spec.name));
            }
            if let Some(last) = builder.push(target.node, &spec.name, deeds, after) {
                course.touched.insert(&spec.name, last);
                seat.remember(course, last);
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
    after.extend(Seat::of(wanted).inits(course));
    let last = builder.inside(target, wanted, before, after.clone(), course);
    let watched = builder.watch(target, wanted, before, last, after);
    if let Some(last) = watched.or(last).or(touched) {
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
        other => deeds(builder, target, wanted, other, Fate::Lives),
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
    owner: Fate,
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
    let removal = Deed::removal(&spec.name, kind);
    // An init container is there when it has ended.
    let ended = |mut deeds: Vec<Deed>| {
        let timeout = wanted.group.init_timeout;
        deeds.extend(spec.init.then(|| Builder::finish(&spec.name, kind, Some(timeout))));
        deeds
    };
    // A watcher whose container was not running may be about to start it.
    let run = |deeds: Vec<Deed>| {
        let calm = builder.unwatch(target, kind, &spec.name);
        ended(calm.into_iter().chain(deeds).collect())
    };
    match condition {
        Condition::Absent => Ok(run(vec![create()])),
        Condition::Foreign { owner } => {
            Err((format!("{} has a container of this name: {owner}", kind.word()), FOREIGN.into()))
        }
        Condition::Changed(changes) if !builder.request.recreate && owner != Fate::Made => Err((
            format!("it was made from another specification{}", listed(&changes)),
            "`--recreate` replaces the containers that changed, and only those".into(),
        )),
        // It was taken away before the owner of its pod.
        _ if owner == Fate::Made => Ok(run(vec![create()])),
        Condition::Changed(_) | Condition::Broken => Ok(run(vec![removal, create()])),
        Condition::Stopped { .. } if spec.init => Ok(run(vec![removal, create()])),
        Condition::Done if owner == Fate::Lives => Ok(Vec::new()),
        Condition::Done | Condition::Stopped { .. } => {
            Ok(run(vec![builder.start(&spec.name, kind)]))
        }
        Condition::Running { .. } if owner == Fate::Starts || is_apart(wanted, target.state) => {
            let found = wanted.observed(target.state);
            Ok(run(found.map(|found| builder.again(target, found)).unwrap_or_default()))
        }
        Condition::Running { drift } if drift.is_empty() => Ok(ended(Vec::new())),
        Condition::Running { drift } => Ok(ended(vec![Deed {
            verb: "repin",
            detail: format!("{} ({})", spec.name, drift.join("; ")),
            commands: engine(kind).repin(spec, facts),
            undo: None,
        }])),
    }
}

/// Removes those in the pod of a container that is made (anew): they joined another one, which
/// some engines know by its id, or do not let go before them.
fn remove_members(builder: &mut Builder<'_>, target: &Target<'_>, owner: &str) -> Vec<StepId> {
    let found = members(builder.request, target, owner);
    let removals = found.into_iter().filter_map(|member| {
        let deed = Deed::removal(&member.name, member.engine);
        builder.push(target.node, &member.name, vec![deed], Vec::new())
    });
    removals.collect()
}

/// Whether the image is what was asked for, or the container is to be made from it.
pub(super) fn needs_image(builder: &Builder<'_>, target: &Target<'_>, wanted: &Wanted<'_>) -> bool {
    builder.request.verb.is_about_images()
        || !matches!(
            compare(wanted, target.state),
            Condition::Running { .. } | Condition::Done | Condition::Foreign { .. }
        ) && !is_kept(wanted, target)
}

/// Whether a container that stopped is started as it is: one that is no init container.
fn is_kept(wanted: &Wanted<'_>, target: &Target<'_>) -> bool {
    !wanted.spec.init && matches!(compare(wanted, target.state), Condition::Stopped { .. })
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
