//! Planning of images that go from node to node: digests first, only what is missing or differs,
//! and whoever has received one hands it on.

use super::build::{Builder, Deed};
use super::request::{Refusal, Target, Transfer};
use crate::command::Command;
use crate::engine::{Packing, Present, engine};
use crate::model::{EngineKind, Image};
use std::collections::{BTreeMap, BTreeSet};

/// An image of an engine.
type Key<'a> = (EngineKind, &'a Image);

/// Plans the ways of all images of the selected containers.
pub(super) fn distribute(builder: &mut Builder<'_>, targets: &[&Target<'_>]) {
    let mut meant: BTreeMap<Key<'_>, BTreeSet<&str>> = BTreeMap::new();
    for target in targets {
        for wanted in &target.wanted {
            let (kind, group) = (wanted.group.engine, &wanted.group.name);
            if builder.selects(&wanted.spec.name, group, target.node) {
                meant.entry((kind, &wanted.spec.image)).or_default().insert(target.node);
            }
        }
    }
    for (key, nodes) in meant {
        if export(key, Packing::None).is_some() {
            spread(builder, targets, key, &nodes);
        }
    }
}

/// Plans the ways of one image to `nodes`.
fn spread(
    builder: &mut Builder<'_>,
    targets: &[&Target<'_>],
    key: Key<'_>,
    nodes: &BTreeSet<&str>,
) {
    let transfer = builder.request.transfer;
    let having = having(targets, key);
    let Some((_, reference)) = reference(&having, transfer) else {
        let from = transfer.from.as_deref();
        builder.refusals.push(Refusal {
            node: from.unwrap_or_default().to_owned(),
            container: String::new(),
            message: format!("no node has the {} image {}", key.0.word(), named(key.1)),
            hint: "run `vnfctl acquire` for one node first".into(),
        });
        return;
    };
    let has = |node: &str| having.iter().any(|(name, one)| *name == node && same(one, reference));
    let holders = having.iter().map(|(node, _)| *node).filter(|node| has(node));
    let receivers = nodes.iter().copied().filter(|node| !has(node));
    for Way { from, to, after } in tree(holders, receivers) {
        let packing = packing(transfer, from, to);
        let Some(command) = carry(key, reference, from, packing) else { continue };
        let size = reference.bytes.map(|bytes| format!(", {}", megabytes(bytes)));
        let detail =
            format!("{} ({}{}) from {from}", named(key.1), key.0.word(), size.unwrap_or_default());
        let deed = Deed { verb: "distribute", detail, commands: vec![command], undo: None };
        let base = builder.plan.steps.len();
        let after = after.iter().map(|way| base - way).collect();
        builder.push(to, "", vec![deed], after);
    }
}

/// One transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    /// How many transfers before this one those are that must be done first: the one that brought
    /// the image to `from`, or else the last one that left from there.
    pub(super) after: Vec<usize>,
}

/// Who gives to whom: in each round every node that has it gives to one that lacks it, so that
/// their number doubles, and no node gives to two at a time.
pub(super) fn tree<'a>(
    holders: impl Iterator<Item = &'a str>,
    receivers: impl Iterator<Item = &'a str>,
) -> Vec<Way<'a>> {
    let mut holders: Vec<(&str, Option<usize>)> = holders.map(|node| (node, None)).collect();
    let mut receivers = receivers.peekable();
    let mut ways: Vec<Way<'_>> = Vec::new();
    while !holders.is_empty() && receivers.peek().is_some() {
        for at in 0..holders.len() {
            let Some(to) = receivers.next() else { break };
            let (from, busy) = holders[at];
            let id = ways.len();
            ways.push(Way {
                from,
                to,
                after: busy.map(|before| id - before).into_iter().collect(),
            });
            holders[at].1 = Some(id);
            holders.push((to, Some(id)));
        }
    }
    ways
}

/// The nodes that have an image, in the order of the observation.
fn having<'t>(targets: &[&Target<'t>], (kind, image): Key<'_>) -> Vec<(&'t str, &'t Present)> {
    let present = |target: &&Target<'t>| {
        let inventory = target.state.inventories.get(&kind)?.as_ref().ok()?;
        Some((target.node, inventory.images.get(image)?))
    };
    targets.iter().filter_map(present).collect()
}

/// The node whose image counts: the one asked for, else the first of those most agree with; of as
/// many, this machine's.
fn reference<'t>(
    having: &[(&'t str, &'t Present)],
    transfer: &Transfer,
) -> Option<(&'t str, &'t Present)> {
    if let Some(from) = &transfer.from {
        return having.iter().find(|(node, _)| node == from).copied();
    }
    let agree = |one: &Present| having.iter().filter(|(_, other)| same(one, other)).count();
    let rank = |(node, one): &(&str, &Present)| (agree(one), transfer.here.contains(*node));
    having.iter().rev().max_by_key(|candidate| rank(candidate)).copied()
}

/// Whether nothing is known to tell two from each other.
fn same(one: &Present, other: &Present) -> bool {
    one.digest == other.digest
}

/// A pull that another node stands in for where it fails: what fetches an image, with what brings
/// it from a node that has it, and the name of that node.
pub(super) fn stand_in(
    builder: &Builder<'_>,
    targets: &[&Target<'_>],
    key: Key<'_>,
    node: &str,
) -> Option<(String, Command)> {
    let having = having(targets, key);
    let (from, present) = reference(&having, builder.request.transfer)?;
    (from != node)
        .then(|| Some((from.to_owned(), carry(key, present, from, Packing::None)?)))
        .flatten()
}

/// What brings an image to `to` from the node that built it, or is going to.
pub(super) fn from_builder(
    builder: &Builder<'_>,
    key: Key<'_>,
    from: &str,
    to: &str,
) -> Option<Command> {
    carry(key, &Present::default(), from, packing(builder.request.transfer, from, to))
}

/// What makes an image present from a node that has it.
fn carry(
    (kind, image): Key<'_>,
    present: &Present,
    from: &str,
    packing: Packing,
) -> Option<Command> {
    let source = export((kind, image), packing)?;
    Some(engine(kind).import(image, present, packing)?.fed_by(from, source))
}

fn export((kind, image): Key<'_>, packing: Packing) -> Option<Command> {
    engine(kind).export(image, packing)
}

fn packing(transfer: &Transfer, from: &str, to: &str) -> Packing {
    let can = [from, to].iter().all(|node| transfer.packers.contains(*node));
    let is_far = ![from, to].iter().all(|node| transfer.here.contains(*node));
    if can && is_far { transfer.packing } else { Packing::None }
}

fn named(image: &Image) -> String {
    super::images::name(image)
}

/// Bytes as people read them, in decimal units.
fn megabytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_source_has_it_and_gives_to_one_at_a_time(holders in 1_usize..5, lacking in 0_usize..40) {
            let names: Vec<String> = (0..holders + lacking).map(|at| format!("N{at}")).collect();
            let (have, lack) = names.split_at(holders);
            let ways = tree(have.iter().map(String::as_str), lack.iter().map(String::as_str));
            let reached: Vec<&str> = ways.iter().map(|way| way.to).collect();
            prop_assert_eq!(reached, lack.iter().map(String::as_str).collect::<Vec<_>>());
            let mut rounds: Vec<usize> = Vec::new();
            for (id, way) in ways.iter().enumerate() {
                let before: Vec<usize> = way.after.iter().map(|back| id - back).collect();
                // All that concerns its source before: it got it, or gave it to another.
                let touching = (0..id).rev().find(|&at| ways[at].to == way.from || ways[at].from == way.from);
                prop_assert_eq!(touching, before.first().copied());
                prop_assert!(touching.is_some() || have.iter().any(|name| name == way.from));
                rounds.push(before.iter().map(|&at| rounds[at]).max().map_or(1, |round| round + 1));
            }
            let mut have_it = holders;
            let mut needed = 0;
            while have_it < holders + lacking {
                have_it *= 2;
                needed += 1;
            }
            prop_assert_eq!(rounds.into_iter().max().unwrap_or(0), needed);
        }
    }

    #[test]
    fn what_counts_is_what_most_have_or_the_node_asked_for() {
        let of = |digest: &str| Present { digest: Some(digest.into()), bytes: None };
        let (a, b) = (of("a"), of("b"));
        let having = [("N1", &a), ("N2", &b), ("N3", &b)];
        let plain = Transfer::default();
        assert_eq!(reference(&having, &plain).unwrap().0, "N2");
        assert_eq!(reference(&having[..2], &plain).unwrap().0, "N1");
        let here = Transfer { here: ["N2".to_owned()].into(), ..Transfer::default() };
        assert_eq!(reference(&having[..2], &here).unwrap().0, "N2");
        let from = Transfer { from: Some("N1".into()), ..Transfer::default() };
        assert_eq!(reference(&having, &from).unwrap().0, "N1");
        assert_eq!(reference(&having[1..], &from), None);
    }

    #[test]
    fn packed_is_what_both_can_and_what_leaves_the_machine() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let transfer = Transfer {
            packing: Packing::Zstd,
            packers: set(&["N1", "N2", "N3"]),
            here: set(&["N2", "N3"]),
            from: None,
        };
        assert_eq!(packing(&transfer, "N1", "N2"), Packing::Zstd);
        assert_eq!(packing(&transfer, "N2", "N3"), Packing::None);
        assert_eq!(packing(&transfer, "N1", "N4"), Packing::None);
    }
}
