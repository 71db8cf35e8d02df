//! Planning of start and restart: what exists runs (again), dependencies first, and its links
//! are made anew.

use super::build::{Builder, Deed, group_of};
use super::request::{Refusal, Target, Verb};
use crate::engine::{Observed, State};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn restart(builder: &mut Builder<'_>, targets: &[&Target<'_>]) {
    let mut found: Vec<(usize, usize, &Observed)> = Vec::new();
    for (at, target) in targets.iter().enumerate() {
        let here = builder.owned_selected(target);
        refuse_absent(builder, target, &here);
        found.extend(here.into_iter().map(|one| (builder.depth(group_of(one)), at, one)));
    }
    found.sort_by_key(|(depth, ..)| *depth);
    let mut touched = vec![BTreeMap::new(); targets.len()];
    for (_, at, container) in found {
        let deeds = deeds(builder, container);
        let node = targets[at].node;
        let after = builder.dependencies(node, group_of(container));
        if let Some(last) = builder.push(node, &container.name, deeds, after) {
            touched[at].insert(container.name.as_str(), last);
            builder.remember(node, group_of(container), last);
        }
    }
    for (target, touched) in targets.iter().zip(&touched) {
        let inventories = target.state.inventories.values().flatten();
        let all = inventories.flat_map(|inventory| &inventory.containers);
        let mut running: BTreeSet<&str> = all
            .filter(|container| matches!(container.state, State::Running { .. }))
            .map(|container| container.name.as_str())
            .collect();
        running.extend(touched.keys());
        builder.links(target, touched, &running);
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

fn refuse_absent(builder: &mut Builder<'_>, target: &Target<'_>, found: &[&Observed]) {
    for wanted in &target.wanted {
        let name = &wanted.spec.name;
        let exists = found.iter().any(|found| found.name == *name);
        if !exists && builder.selects(name, &wanted.group.name, target.node) {
            builder.refusals.push(Refusal {
                node: target.node.to_owned(),
                container: name.clone(),
                message: "it does not exist".into(),
                hint: "`vnfctl up` makes what is missing".into(),
            });
        }
    }
}
