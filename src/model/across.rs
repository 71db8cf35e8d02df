//! Checks that need more than one group: dependencies, names, ports.

use super::group::Draft;
use super::names::nearest;
use super::port::{Port, collision};
use super::problem::{Place, Report};
use super::read::{Word, known};
use super::topology::Node;
use std::collections::{BTreeMap, HashMap};

/// What every engine and the kernel's host name allow.
const NAME_BYTES: usize = 63;

/// Reports dependencies that do not exist or go in a circle.
pub(super) fn check_depends(drafts: &[Draft<'_>], report: &mut Report) {
    let names: Vec<&str> = drafts.iter().map(|draft| draft.name).collect();
    let mut edges: Vec<Vec<(usize, Word<'_>)>> = Vec::new();
    for draft in drafts {
        let mut targets = Vec::new();
        for word in &draft.depends_on {
            match names.iter().position(|name| *name == word.text) {
                Some(_) if word.text == draft.name => {
                    report
                        .add(
                            word.place,
                            format!("group `{}` depends on itself", word.text),
                            "itself",
                        )
                        .mark(draft.place, "this group");
                }
                Some(index) => targets.push((index, *word)),
                None => {
                    let near = nearest(word.text, names.iter().copied());
                    let help = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => known(word.text, &names, "groups"),
                    };
                    report
                        .add(
                            word.place,
                            format!("there is no group `{}`", word.text),
                            "unknown group",
                        )
                        .help(help);
                }
            }
        }
        edges.push(targets);
    }
    let mut state = vec![State::New; drafts.len()];
    for start in 0..drafts.len() {
        let mut path = Vec::new();
        visit(start, &edges, &names, &mut state, &mut path, report);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    OnPath,
    Done,
}

fn visit(
    at: usize,
    edges: &[Vec<(usize, Word<'_>)>],
    names: &[&str],
    state: &mut [State],
    path: &mut Vec<usize>,
    report: &mut Report,
) {
    if state[at] != State::New {
        return;
    }
    state[at] = State::OnPath;
    path.push(at);
    for (next, word) in &edges[at] {
        if state[*next] == State::OnPath {
            let from = path.iter().position(|group| group == next).unwrap_or(0);
            let circle: Vec<&str> =
                path[from..].iter().chain([next]).map(|group| names[*group]).collect();
            report
                .add(word.place, "groups depend on each other in a circle", "closes the circle")
                .help(format!("{}: remove one of them", circle.join(" -> ")));
        } else {
            visit(*next, edges, names, state, path, report);
        }
    }
    path.pop();
    state[at] = State::Done;
}

/// Reports container names that are too long, or the same for two groups.
pub(super) fn check_names(prefix: &str, drafts: &[Draft<'_>], nodes: &[Node], report: &mut Report) {
    for draft in drafts {
        // Prefix, `_`, group and ordinal are the same on every node.
        let of_group = draft.nodes.iter().flatten().map(|index| nodes[*index].name.as_str());
        let Some(node) = of_group.max_by_key(|node| node.len()) else { continue };
        let ordinal = draft.containers().unwrap_or(1);
        let longest = format!("{prefix}{node}_{}{ordinal}", draft.name);
        if longest.len() > NAME_BYTES {
            report
                .add(
                    draft.place,
                    format!("container names of this group are longer than {NAME_BYTES} bytes"),
                    format!("up to {} bytes", longest.len()),
                )
                .help(format!("`{longest}` is prefix + node + `_` + group + ordinal"));
        }
    }
    check_collisions(drafts, nodes, report);
}

/// `A_B` + `CNF` and `A` + `B_CNF` make the same names; without `_` in a node's name none do.
fn check_collisions(drafts: &[Draft<'_>], nodes: &[Node], report: &mut Report) {
    if !nodes.iter().any(|node| node.name.contains('_')) {
        return;
    }
    let mut bases: HashMap<String, &Place> = HashMap::new();
    for draft in drafts {
        for index in draft.nodes.iter().flatten() {
            let base = format!("{}_{}", nodes[*index].name, draft.name);
            if let Some(first) = bases.insert(base.clone(), draft.place) {
                report
                    .add(
                        draft.place,
                        format!("two groups make containers named `{base}1`"),
                        "again",
                    )
                    .mark(first, "first here")
                    .help("a container is named node + `_` + group + ordinal: rename one of them");
            }
        }
    }
}

/// Reports ports that two groups publish on the same node.
pub(super) fn check_ports(drafts: &[Draft<'_>], report: &mut Report) {
    let mut published: BTreeMap<(usize, u16), Vec<(&Port<'_>, usize)>> = BTreeMap::new();
    for (group, draft) in drafts.iter().enumerate() {
        for node in draft.nodes.iter().flatten() {
            for port in &draft.ports {
                let ports = published.entry((*node, port.host)).or_default();
                let other = ports.iter().find(|(other, by)| *by != group && other.collides(port));
                if let Some((first, _)) = other {
                    collision(port, first.place, report);
                }
                ports.push((port, group));
            }
        }
    }
}
