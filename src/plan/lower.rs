//! Planning of stop, down and destroy: what exists goes, by its labels, dependents first.

use super::build::{Builder, Deed, group_of};
use super::compare::owned;
use super::pods::Seat;
use super::request::{Target, Verb};
use super::step::StepId;
use crate::app::remove_folder;
use crate::engine::{Observed, State};
use crate::wiring;
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn lower(builder: &mut Builder<'_>, targets: &[&Target<'_>]) {
    let mut found: Vec<(usize, u8, usize, &Observed)> = Vec::new();
    for (at, target) in targets.iter().enumerate() {
        for container in builder.owned_selected(target) {
            let rank = Seat::found(container).rank();
            found.push((builder.depth(group_of(container)), rank, at, container));
        }
    }
    // Stable: within a depth the order of the nodes and of their engines stays.
    found.sort_by_key(|(depth, rank, ..)| std::cmp::Reverse((*depth, *rank)));
    // By node and owner, what is done to those in its pod.
    let mut members: BTreeMap<(usize, String), Vec<StepId>> = BTreeMap::new();
    let mut gone: Vec<Vec<StepId>> = vec![Vec::new(); targets.len()];
    for (_, _, at, container) in found {
        let target = targets[at];
        let watcher = builder.unwatch(target, container.engine, &container.name);
        let mut deeds: Vec<Deed> = watcher.into_iter().collect();
        let is_running = matches!(container.state, State::Running { .. });
        if is_running && builder.request.verb != Verb::Destroy {
            deeds.extend(builder.stop(target, container));
        }
        if builder.request.verb != Verb::Stop {
            deeds.push(Deed::removal(&container.name, container.engine));
        }
        let mut after = builder.dependents(target.node, group_of(container));
        after.extend(members.get(&(at, container.name.clone())).into_iter().flatten());
        if let Some(last) = builder.push(target.node, &container.name, deeds, after) {
            builder.remember(target.node, group_of(container), last);
            gone[at].push(last);
            if let Some(owner) = Seat::found(container).owner() {
                members.entry((at, owner.to_owned())).or_default().push(last);
            }
        }
    }
    for (target, gone) in targets.iter().zip(gone) {
        builder.unwatch_left(target);
        unlink(builder, target, gone);
    }
}

/// Removes the folder of memif sockets, and what was put into the node's own VPP, with the last of
/// the topology's containers on a node; it is known by the mounts these were made with, so that no
/// file is needed.
fn unlink(builder: &mut Builder<'_>, target: &Target<'_>, gone: Vec<StepId>) {
    let topology = builder.request.topology;
    let folder = wiring::folder(topology);
    let mut all = owned(topology, target.state);
    let goes = |one: &Observed| builder.selects(&one.name, group_of(one), target.node);
    // `--name` is not read by the model.
    let is_one_folder = !topology.contains('/') && !topology.starts_with('.');
    if builder.request.verb == Verb::Stop
        || !is_one_folder
        || !all.all(goes)
        || !owned(topology, target.state).any(|one| mounts(one, &folder))
    {
        return;
    }
    let deed = Deed {
        verb: "unlink",
        detail: format!("{folder} (memif sockets)"),
        commands: vec![remove_folder(topology)],
        undo: None,
    };
    builder.push(target.node, "", vec![deed], gone);
}

/// Whether a container was made with `folder` mounted.
fn mounts(container: &Observed, folder: &str) -> bool {
    let spec = container.labels.as_ref().map_or("", |labels| labels.spec.as_str());
    let spec: Value = serde_json::from_str(spec).unwrap_or_default();
    let mounts = spec.get("mounts").and_then(Value::as_array).into_iter().flatten();
    let start = format!("{folder}/:");
    mounts.filter_map(Value::as_str).any(|mount| mount.starts_with(&start))
}
