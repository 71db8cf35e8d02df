//! Planning of start and restart: what exists runs (again), dependencies first, its links are made
//! anew, and its apps, which start by themselves, are waited for.

use super::build::{Builder, Deed, FOREIGN, group_of};
use super::compare::{Condition, compare};
use super::inside::{Before, Course};
use super::pods::{Fate, Seat};
use super::request::{Refusal, Target, Verb};
use crate::engine::{Observed, State};
use std::collections::BTreeSet;

pub(super) fn restart(builder: &mut Builder<'_>, targets: &[&Target<'_>]) {
    let mut found: Vec<(usize, u8, usize, &Observed)> = Vec::new();
    let mut courses: Vec<Course<'_>> = Vec::new();
    for (at, target) in targets.iter().enumerate() {
        let here = builder.owned_selected(target);
        refuse(builder, target);
        let meant: BTreeSet<&str> = here.iter().map(|one| one.name.as_str()).collect();
        let inventories = target.state.inventories.values().flatten();
        let others = inventories.flat_map(|inventory| &inventory.containers);
        let others = others.filter(|other| is_running(other)).map(|other| other.name.as_str());
        let running = others.filter(|name| !meant.contains(name)).collect();
        courses.push(Course { running, meant, ..Course::default() });
        found.extend(
            here.into_iter()
                .map(|one| (builder.depth(group_of(one)), Seat::found(one).rank(), at, one)),
        );
    }
    found.sort_by_key(|(depth, rank, at, _)| (*depth, *rank, *at));
    for level in found.chunk_by(|one, next| one.0 == next.0) {
        for (_, _, at, container) in level {
            let (target, course) = (targets[*at], &mut courses[*at]);
            let seat = Seat::found(container);
            if builder.refuse_lost(target, &container.name, &seat, course) {
                continue;
            }
            let fate = seat.owner().map_or(Fate::Lives, |owner| builder.fate(owner, course));
            let deeds = deeds(builder, target, container, fate);
            let mut after = builder.dependencies(target.node, group_of(container));
            after.extend(seat.after(course));
            course.running.insert(&container.name);
            if let Some(last) = builder.push(target.node, &container.name, deeds, after) {
                course.touched.insert(&container.name, last);
                seat.remember(course, last);
            }
        }
        for (target, course) in targets.iter().zip(&mut courses) {
            builder.links(target, course);
        }
        for (_, _, at, container) in level {
            app(builder, targets[*at], container, &mut courses[*at]);
        }
    }
    for (target, course) in targets.iter().zip(&courses) {
        builder.connect(target, course);
    }
}

fn is_running(container: &Observed) -> bool {
    matches!(container.state, State::Running { .. })
}

fn deeds(
    builder: &Builder<'_>,
    target: &Target<'_>,
    container: &Observed,
    owner: Fate,
) -> Vec<Deed> {
    let is_init = Seat::found(container).is_init();
    let is_done = is_init && container.state == State::Stopped { code: Some(0) };
    let is_left = builder.request.verb == Verb::Start && owner == Fate::Lives;
    // A watcher whose container was not running may be about to start it.
    let calm = || builder.unwatch(target, container.engine, &container.name).into_iter();
    let mut deeds: Vec<Deed> = match is_running(container) {
        true if is_left => Vec::new(),
        false if is_left && is_done => return Vec::new(),
        false => calm().chain([builder.start(&container.name, container.engine)]).collect(),
        true => calm().chain(builder.again(target, container)).collect(),
    };
    if is_init {
        let timeout = target.wanted_of(container).map(|wanted| wanted.group.init_timeout);
        deeds.push(Builder::finish(&container.name, container.engine, timeout));
    }
    deeds
}

/// Waits for the app of a container that was started: its files are there, so it starts by itself.
fn app<'w>(
    builder: &mut Builder<'_>,
    target: &Target<'w>,
    container: &'w Observed,
    course: &mut Course<'w>,
) {
    let Some(touched) = course.touched.get(container.name.as_str()).copied() else { return };
    let last = match target.wanted_of(container) {
        Some(wanted) => {
            let links = course.links.get(container.name.as_str()).into_iter().flatten().copied();
            let after = std::iter::once(touched).chain(links).collect();
            let last = builder.ready(target, wanted, touched, course);
            let last = (last != touched).then_some(last);
            let watched = builder.watch(target, wanted, Before::Started, last, after);
            watched.or(last).unwrap_or(touched)
        }
        None => touched,
    };
    builder.remember(target.node, group_of(container), last);
}

/// Refuses the selected containers that cannot be started: missing, half-made, or not ours.
fn refuse(builder: &mut Builder<'_>, target: &Target<'_>) {
    for wanted in &target.wanted {
        let name = &wanted.spec.name;
        if !builder.selects(name, &wanted.group.name, target.node) {
            continue;
        }
        let (message, hint) = match compare(wanted, target.state) {
            Condition::Absent => ("it does not exist".into(), "`vnfctl up` makes what is missing"),
            Condition::Broken => {
                ("its creation was cut short".into(), "`vnfctl up` makes it from the start")
            }
            Condition::Foreign { owner } => {
                let kind = wanted.group.engine.word();
                (format!("{kind} has a container of this name: {owner}"), FOREIGN)
            }
            Condition::Changed(_)
            | Condition::Done
            | Condition::Stopped { .. }
            | Condition::Running { .. } => continue,
        };
        let (node, container) = (target.node.to_owned(), name.clone());
        builder.refusals.push(Refusal { node, container, message, hint: hint.to_owned() });
    }
}
