//! `[[links]]`: what joins containers of a node.

use super::group::{Draft, match_nodes};
use super::link_end::{End, read_end};
use super::problem::{Place, Report};
use super::read::listed;
use super::topology::{Link, LinkKind, Node};
use super::value::{Entry, Value};
use super::{LINK_KEYS, read::Word};
use std::collections::HashMap;

/// Reads all links and checks them against the groups and each other.
pub(super) fn read_links(
    entry: &Entry,
    drafts: &[Draft<'_>],
    nodes: &[Node],
    report: &mut Report,
) -> Vec<Link> {
    let list = report.list("links", &entry.value).unwrap_or_default();
    let mut links = Vec::new();
    // Interfaces in use: by group, ordinal and name, on which nodes, named where.
    let mut used: HashMap<(usize, u32, String), Vec<(Vec<usize>, &Place)>> = HashMap::new();
    for value in list {
        let Some((link, ends, indexes)) = read_link(value, drafts, nodes, report) else {
            continue;
        };
        for end in ends {
            let key = (end.group, end.ordinal, end.interface.text.to_owned());
            let users = used.entry(key).or_default();
            let shares = |nodes: &[usize]| nodes.iter().any(|node| indexes.contains(node));
            if let Some((_, first)) = users.iter().find(|(nodes, _)| shares(nodes)) {
                let message = format!(
                    "interface `{}` of `{}{}` is used twice",
                    end.interface.text, drafts[end.group].name, end.ordinal
                );
                report.add(end.interface.place, message, "again").mark(first, "first here");
            }
            users.push((indexes.clone(), end.interface.place));
        }
        links.push(link);
    }
    links
}

fn read_link<'a>(
    value: &'a Value,
    drafts: &[Draft<'_>],
    nodes: &[Node],
    report: &mut Report,
) -> Option<(Link, [End<'a>; 2], Vec<usize>)> {
    let table = report.table("links[]", value)?;
    report.check_keys(table, LINK_KEYS, "a link");
    let kind = if let Some(entry) = table.get("kind") {
        report.choice(entry, &[("veth", LinkKind::Veth)], "kind of link")
    } else {
        report.missing(&value.place, "kind", "a link").help("`kind = \"veth\"`");
        None
    };
    let mtu = table.get("mtu").and_then(|entry| report.integer("mtu", &entry.value, 68..=65535));
    let globs = table.get("nodes").and_then(|entry| report.words("nodes", &entry.value));
    let Some(ends_entry) = table.get("ends") else {
        report
            .missing(&value.place, "ends", "a link")
            .help("`ends = [{ container = \"VNF1\", interface = \"net1\" }, { ... }]`");
        return None;
    };
    let ends = report.list("ends", &ends_entry.value)?;
    let [one, two] = ends else {
        let label = format!("{} end{}", ends.len(), if ends.len() == 1 { "" } else { "s" });
        report.add(&ends_entry.value.place, "a link has two ends", label);
        return None;
    };
    let one = read_end(one, drafts, report);
    let two = read_end(two, drafts, report);
    let (one, two) = (one?, two?);
    check_pair(&one, &two, report);
    let indexes = nodes_of(&one, &two, globs.as_deref(), drafts, nodes, &value.place, report)?;
    let link = Link {
        kind: kind?,
        nodes: indexes.iter().map(|index| nodes[*index].name.clone()).collect(),
        mtu,
        ends: [one.to_end(drafts), two.to_end(drafts)],
    };
    Some((link, [one, two], indexes))
}

/// Addresses of the two ends that cannot both be.
fn check_pair(one: &End<'_>, two: &End<'_>, report: &mut Report) {
    if let (Some((mac, first)), Some((other, place))) = (&one.mac, &two.mac)
        && mac == other
    {
        let message = format!("both ends have the MAC address `{mac}`");
        report.add(place, message, "again").mark(first, "first here");
    }
    for (address, place) in &two.addresses {
        let ip = |text: &str| text.split('/').next().map(str::to_owned);
        if let Some((_, first)) = one.addresses.iter().find(|(a, _)| ip(a) == ip(address)) {
            let message = format!("both ends have the address `{address}`");
            report.add(place, message, "again").mark(first, "first here");
        }
    }
}

/// Indexes of the nodes the link is made on: those that have both groups.
fn nodes_of(
    one: &End<'_>,
    two: &End<'_>,
    globs: Option<&[Word<'_>]>,
    drafts: &[Draft<'_>],
    nodes: &[Node],
    place: &Place,
    report: &mut Report,
) -> Option<Vec<usize>> {
    let (first, second) = (&drafts[one.group], &drafts[two.group]);
    let (left, right) = (first.nodes.as_ref()?, second.nodes.as_ref()?);
    let both: Vec<usize> = left.iter().copied().filter(|node| right.contains(node)).collect();
    if both.is_empty() && !nodes.is_empty() {
        let names = |indexes: &[usize]| {
            listed(&indexes.iter().map(|index| nodes[*index].name.as_str()).collect::<Vec<_>>())
        };
        report
            .add(
                two.container.place,
                format!("no node has both `{}` and `{}`", one.container.text, two.container.text),
                format!("`{}` runs on {}", second.name, names(right)),
            )
            .mark(one.container.place, format!("`{}` runs on {}", first.name, names(left)))
            .help("a link joins containers of one node");
        return None;
    }
    match globs {
        None => Some(both),
        Some([]) => {
            report
                .add(place, "a link needs a node", "`nodes` is empty")
                .help("leave `nodes` out for all nodes that have both ends");
            None
        }
        Some(globs) => {
            let complaint = "matches no node that has both ends of the link";
            match_nodes(globs, nodes, |index| both.contains(&index), complaint, report)
        }
    }
}
