//! `[[links]]`: what joins containers of a node.

use super::chain::MemifLink;
use super::group::{Draft, match_nodes};
use super::link_end::{End, check_pair, read_end};
use super::memif::read_memif;
use super::problem::{Place, Report};
use super::read::{Word, listed};
use super::topology::{Link, LinkKind, Node};
use super::value::{self, Entry, Table, Value};
use super::{LINK_KEYS, MEMIF_KEYS};
use std::collections::HashMap;

/// Name of an interface, and whose it is: a pod's, or that of a container (group and ordinal).
type InterfaceKey<'a> = (Result<&'a str, (usize, u32)>, &'a str);

/// Where an interface is used.
struct Use<'a> {
    nodes: Vec<usize>,
    place: &'a Place,
}

/// All links, by kind.
#[derive(Default)]
pub(super) struct Links<'a> {
    pub(super) veths: Vec<Link>,
    pub(super) memifs: Vec<MemifLink>,
    /// Of each memif link.
    pub(super) memif_places: Vec<&'a Place>,
}

/// What a link is.
#[derive(Clone, Copy)]
enum Kind {
    Veth,
    Memif,
}

/// Reads all links and checks them against the groups and each other.
pub(super) fn read_links<'a>(
    entry: &'a Entry,
    drafts: &[Draft<'_>],
    nodes: &[Node],
    report: &mut Report,
) -> Links<'a> {
    let list = report.list("links", &entry.value).unwrap_or_default();
    let mut links = Links::default();
    let mut used: HashMap<InterfaceKey<'_>, Vec<Use<'_>>> = HashMap::new();
    for value in list {
        let Some(table) = report.table("a link", value) else { continue };
        let kind = if let Some(entry) = table.get("kind") {
            report.choice(entry, &[("veth", Kind::Veth), ("memif", Kind::Memif)], "kind of link")
        } else {
            let help = "`kind = \"veth\"` or `kind = \"memif\"`";
            report.missing(table, &value.place, "kind", "a link", help);
            None
        };
        match kind {
            Some(Kind::Memif) => {
                if let Some(memif) = read_memif(table, value, drafts, nodes, report) {
                    links.memifs.push(memif);
                    links.memif_places.push(&value.place);
                }
                continue;
            }
            // Which keys it may have is not known.
            None if looks_like_memif(table) => continue,
            Some(Kind::Veth) | None => {}
        }
        let Some((link, ends, indexes)) = read_veth(table, value, drafts, nodes, report) else {
            continue;
        };
        for end in ends {
            let pod = drafts[end.group].pod.map(|pod| pod.text);
            let whose = pod.ok_or((end.group, end.ordinal));
            let uses = used.entry((whose, end.interface.text)).or_default();
            let shares = |other: &&Use<'_>| other.nodes.iter().any(|node| indexes.contains(node));
            if let Some(first) = uses.iter().find(shares) {
                let owner = match pod {
                    Some(pod) => format!("pod `{pod}`"),
                    None => format!("`{}{}`", drafts[end.group].name, end.ordinal),
                };
                let message =
                    format!("interface `{}` of {owner} is used twice", end.interface.text);
                report.add(end.interface.place, message, "again").mark(first.place, "first here");
            }
            uses.push(Use { nodes: indexes.clone(), place: end.interface.place });
        }
        links.veths.push(link);
    }
    links
}

/// Whether a link without a sound kind has keys that only a memif has.
fn looks_like_memif(table: &Table) -> bool {
    table.entries.iter().any(|entry| {
        MEMIF_KEYS.contains(&entry.key.as_str()) && !LINK_KEYS.contains(&entry.key.as_str())
    })
}

fn read_veth<'a>(
    table: &'a Table,
    value: &'a Value,
    drafts: &[Draft<'_>],
    nodes: &[Node],
    report: &mut Report,
) -> Option<(Link, [End<'a>; 2], Vec<usize>)> {
    report.check_keys_of(table, LINK_KEYS, "a veth link", MEMIF_KEYS, "a memif link");
    let mtu = table.get("mtu").and_then(|entry| report.integer("mtu", &entry.value, 68..=65535));
    let globs = table.get("nodes").and_then(|entry| read_globs(entry, report));
    let help = "`ends = [{ container = \"VNF1\", interface = \"net1\" }, { ... }]`";
    let [one, two] = read_pair(table, value, help, report)?;
    let one = read_end(one, drafts, report);
    let two = read_end(two, drafts, report);
    let (one, two) = (one?, two?);
    check_pair(one.mac.as_ref(), two.mac.as_ref(), &one.addresses, &two.addresses, report);
    let both = [(one.group, one.container), (two.group, two.container)];
    check_apart(&drafts[one.group], &drafts[two.group], both, report);
    let indexes = nodes_of(both, globs.as_deref(), drafts, nodes, report)?;
    let link = Link {
        kind: LinkKind::Veth,
        nodes: indexes.iter().map(|index| nodes[*index].name.clone()).collect(),
        mtu,
        ends: [one.to_end(drafts), two.to_end(drafts)],
    };
    Some((link, [one, two], indexes))
}

/// Reports a link within a pod.
fn check_apart(
    one: &Draft<'_>,
    two: &Draft<'_>,
    [(_, first), (_, second)]: [(usize, Word<'_>); 2],
    report: &mut Report,
) {
    if let (Some(pod), Some(other)) = (one.pod, two.pod)
        && pod.text == other.text
    {
        report
            .add(second.place, format!("both ends are in pod `{}`", pod.text), "the same network")
            .mark(first.place, "the other end")
            .help("containers of a pod reach each other over its loopback");
    }
}

/// The two ends, unread.
pub(super) fn read_pair<'a>(
    table: &'a Table,
    value: &Value,
    help: &str,
    report: &mut Report,
) -> Option<[&'a Value; 2]> {
    let Some(entry) = table.get("ends") else {
        report.missing(table, &value.place, "ends", "a link", help);
        return None;
    };
    let ends = report.list("ends", &entry.value)?;
    let [one, two] = ends else {
        let label = format!("{} end{}", ends.len(), if ends.len() == 1 { "" } else { "s" });
        report.add(&entry.value.place, "a link has two ends", label);
        return None;
    };
    Some([one, two])
}

/// Indexes of the nodes the link is made on: those that have both groups.
pub(super) fn nodes_of(
    [(one, first_end), (two, second_end)]: [(usize, Word<'_>); 2],
    globs: Option<&[Word<'_>]>,
    drafts: &[Draft<'_>],
    nodes: &[Node],
    report: &mut Report,
) -> Option<Vec<usize>> {
    let (first, second) = (&drafts[one], &drafts[two]);
    let (left, right) = (first.nodes.as_ref()?, second.nodes.as_ref()?);
    let both: Vec<usize> = left.iter().copied().filter(|node| right.contains(node)).collect();
    let names = |indexes: &[usize]| {
        listed(&indexes.iter().map(|index| nodes[*index].name.as_str()).collect::<Vec<_>>())
    };
    if both.is_empty() && !nodes.is_empty() {
        report
            .add(
                second_end.place,
                format!("no node has both `{}` and `{}`", first_end.text, second_end.text),
                format!("`{}` runs on {}", second.name, names(right)),
            )
            .mark(first_end.place, format!("`{}` runs on {}", first.name, names(left)))
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

/// The nodes a link is made on, as the file names them.
pub(super) fn read_globs<'a>(entry: &'a Entry, report: &mut Report) -> Option<Vec<Word<'a>>> {
    let words = report.words("nodes", &entry.value)?;
    if words.is_empty() && matches!(&entry.value.kind, value::Kind::List(list) if list.is_empty()) {
        report
            .add(&entry.value.place, "a link needs a node to be made on", "no node")
            .help("leave `nodes` out for all nodes that have both ends");
    }
    Some(words).filter(|words| !words.is_empty())
}
