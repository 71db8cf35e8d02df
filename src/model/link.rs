//! `[[links]]`: what joins containers of a node.

use super::group::{Draft, match_nodes};
use super::link_end::{End, read_end};
use super::problem::{Place, Report};
use super::read::listed;
use super::topology::{Link, LinkKind, Node};
use super::value::{Entry, Kind, Value};
use super::{LINK_KEYS, read::Word};
use std::collections::HashMap;

/// Index of the group, ordinal, name of the interface.
type InterfaceKey<'a> = (usize, u32, &'a str);

/// Where an interface is used.
struct Use<'a> {
    nodes: Vec<usize>,
    place: &'a Place,
}

/// Reads all links and checks them against the groups and each other.
pub(super) fn read_links(
    entry: &Entry,
    drafts: &[Draft<'_>],
    nodes: &[Node],
    report: &mut Report,
) -> Vec<Link> {
    let list = report.list("links", &entry.value).unwrap_or_default();
    let mut links = Vec::new();
    let mut used: HashMap<InterfaceKey<'_>, Vec<Use<'_>>> = HashMap::new();
    for value in list {
        let Some((link, ends, indexes)) = read_link(value, drafts, nodes, report) else {
            continue;
        };
        for end in ends {
            let uses = used.entry((end.group, end.ordinal, end.interface.text)).or_default();
            let shares = |other: &&Use<'_>| other.nodes.iter().any(|node| indexes.contains(node));
            if let Some(first) = uses.iter().find(shares) {
                let message = format!(
                    "interface `{}` of `{}{}` is used twice",
                    end.interface.text, drafts[end.group].name, end.ordinal
                );
                report.add(end.interface.place, message, "again").mark(first.place, "first here");
            }
            uses.push(Use { nodes: indexes.clone(), place: end.interface.place });
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
    let table = report.table("a link", value)?;
    report.check_keys(table, LINK_KEYS, "a link");
    let kind = if let Some(entry) = table.get("kind") {
        report.choice(entry, &[("veth", LinkKind::Veth)], "kind of link")
    } else {
        report.missing(table, &value.place, "kind", "a link", "`kind = \"veth\"`");
        None
    };
    let mtu = table.get("mtu").and_then(|entry| report.integer("mtu", &entry.value, 68..=65535));
    let globs = table.get("nodes").and_then(|entry| read_globs(entry, report));
    let Some(ends_entry) = table.get("ends") else {
        let help = "`ends = [{ container = \"VNF1\", interface = \"net1\" }, { ... }]`";
        report.missing(table, &value.place, "ends", "a link", help);
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
    let indexes = nodes_of(&one, &two, globs.as_deref(), drafts, nodes, report)?;
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
    report: &mut Report,
) -> Option<Vec<usize>> {
    let (first, second) = (&drafts[one.group], &drafts[two.group]);
    let (left, right) = (first.nodes.as_ref()?, second.nodes.as_ref()?);
    let both: Vec<usize> = left.iter().copied().filter(|node| right.contains(node)).collect();
    let names = |indexes: &[usize]| {
        listed(&indexes.iter().map(|index| nodes[*index].name.as_str()).collect::<Vec<_>>())
    };
    if both.is_empty() && !nodes.is_empty() {
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
    let Some(globs) = globs else { return Some(both) };
    match_nodes(
        globs,
        nodes,
        |index| both.contains(&index),
        report,
        |glob, report| {
            let message = format!("`{}` matches no node that has both ends", glob.text);
            report
                .add(glob.place, message, "no such node")
                .help(format!("nodes that have both: {}", names(&both)));
        },
    )
}

fn read_globs<'a>(entry: &'a Entry, report: &mut Report) -> Option<Vec<Word<'a>>> {
    let words = report.words("nodes", &entry.value)?;
    if words.is_empty() && matches!(&entry.value.kind, Kind::List(list) if list.is_empty()) {
        report
            .add(&entry.value.place, "a link needs a node to be made on", "no node")
            .help("leave `nodes` out for all nodes that have both ends");
    }
    Some(words).filter(|words| !words.is_empty())
}
