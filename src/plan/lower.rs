//! Planning of stop, down and destroy: what exists goes, by its labels, dependents first.

use super::build::{Builder, Deed, group_of};
use super::request::{Target, Verb};
use crate::engine::{Observed, State};

pub(super) fn lower(builder: &mut Builder<'_>, targets: &[&Target<'_>]) {
    let mut found: Vec<(usize, &str, &Observed)> = Vec::new();
    for target in targets {
        for container in builder.owned_selected(target) {
            found.push((builder.depth(group_of(container)), target.node, container));
        }
    }
    // Stable: within a depth the order of the nodes and of their engines stays.
    found.sort_by_key(|(depth, ..)| std::cmp::Reverse(*depth));
    for (_, node, container) in found {
        let mut deeds = Vec::new();
        let is_running = matches!(container.state, State::Running { .. });
        if is_running && builder.request.verb != Verb::Destroy {
            deeds.push(builder.stop(container));
        }
        if builder.request.verb != Verb::Stop {
            deeds.push(Deed::removal(&container.name, container.engine));
        }
        let after = builder.dependents(node, group_of(container));
        if let Some(last) = builder.push(node, &container.name, deeds, after) {
            builder.remember(node, group_of(container), last);
        }
    }
}
