//! Planning of start and restart: what exists runs (again), dependencies first, and its links
//! are made anew.

use super::build::{Builder, Deed, FOREIGN, group_of};
use super::compare::{Condition, compare};
use super::request::{Refusal, Target, Verb};
use crate::engine::{Observed, State};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn restart(builder: &mut Builder<'_>, targets: &[&Target<'_>]) {
    let mut found: Vec<(usize, usize, &Observed)> = Vec::new();
    for (at, target) in targets.iter().enumerate() {
        let here = builder.owned_selected(target);
        refuse(builder, target);
        found.extend(here.into_iter().map(|one| (builder.depth(group_of(one)), at, one)));
    }
    found.sort_by_key(|(depth, ..)| *depth);
    let mut touched = vec![BTreeMap::new(); targets.len()];
    let mut meant = vec![BTreeSet::new(); targets.len()];
    for (_, at, container) in found {
        let deeds = deeds(builder, container);
        let node = targets[at].node;
        meant[at].insert(container.name.as_str());
        let after = builder.dependencies(node, group_of(container));
        if let Some(last) = builder.push(node, &container.name, deeds, after) {
            touched[at].insert(container.name.as_str(), last);
            builder.remember(node, group_of(container), last);
        }
    }
    for ((target, touched), meant) in targets.iter().zip(&touched).zip(&meant) {
        let inventories = target.state.inventories.values().flatten();
        let all = inventories.flat_map(|inventory| &inventory.containers);
        let mut running: BTreeSet<&str> = all
            .filter(|container| matches!(container.state, State::Running { .. }))
            .map(|container| container.name.as_str())
            .collect();
        running.extend(touched.keys());
        builder.links(target, touched, &running, meant);
    }
}

fn deeds(builder: &Builder<'_>, container: &Observed) -> Vec<Deed> {
    let is_running = matches!(container.state, State::Running { .. });
    let mut start = builder.start(&container.name, container.engine);
    match (builder.request.verb, is_running) {
        (Verb::Start, true) => Vec::new(),
        (_, false) => vec![start],
        (_, true) => {
            // It ran before: taking the restart back must not stop it.
            start.undo = None;
            vec![builder.stop(container), start]
        }
    }
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
            Condition::Changed(_) | Condition::Stopped { .. } | Condition::Running { .. } => {
                continue;
            }
        };
        let (node, container) = (target.node.to_owned(), name.clone());
        builder.refusals.push(Refusal { node, container, message, hint: hint.to_owned() });
    }
}
