//! Which ports testpmd forwards between, and how: the wiring's rules in testpmd's terms. testpmd
//! knows pairs of ports and nothing else; what is more is refused here.

use super::refusal;
use crate::app::RenderError;
use crate::wiring::{ContainerWiring, Rule};
use std::collections::{BTreeMap, BTreeSet};

/// What testpmd is to do with its ports; all are indexes of [`ContainerWiring::ports`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Forward {
    /// Ports joined with each other; empty = testpmd's own order of all ports.
    pub pairs: Vec<(usize, usize)>,
    /// Who is at the other end of a port, where frames are addressed anew.
    pub peers: BTreeMap<usize, String>,
}

impl Forward {
    /// `--forward-mode` that the rules ask for: routing becomes new MAC addresses.
    pub(super) fn mode(&self) -> &'static str {
        if self.peers.is_empty() { "io" } else { "mac" }
    }
}

/// Reads the rules.
///
/// # Errors
/// The first rule that testpmd cannot carry out.
pub(super) fn forward(wiring: &ContainerWiring) -> Result<Forward, RenderError> {
    let name = |port: usize| wiring.ports[port].name.as_str();
    let mut forward = Forward::default();
    let mut tables: BTreeMap<usize, u32> = BTreeMap::new();
    let mut routed = BTreeSet::new();
    for rule in &wiring.rules {
        match rule {
            Rule::CrossConnect(one, other) => forward.pairs.push((*one, *other)),
            Rule::Bridge { ports, .. } => match ports[..] {
                [one, other] => forward.pairs.push((one, other)),
                _ => return Err(bridge(ports.len())),
            },
            Rule::Table { port, table } => drop(tables.insert(*port, *table)),
            Rule::Address { port, .. } | Rule::Route { port, .. } => {
                routed.insert(*port);
            }
            Rule::Neighbour { port, mac, .. } => {
                routed.insert(*port);
                let before = forward.peers.insert(*port, mac.clone());
                if before.is_some_and(|before| before != *mac) {
                    return Err(two_neighbours(name(*port)));
                }
            }
            Rule::Tunnel(_) => return Err(tunnel()),
        }
    }
    if let Some(port) = routed.iter().find(|port| !forward.peers.contains_key(*port)) {
        return Err(no_neighbour(name(*port)));
    }
    if !routed.is_empty() && !forward.pairs.is_empty() {
        return Err(both());
    }
    let mut routers: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for port in &routed {
        routers.entry(tables.get(port).copied().unwrap_or(0)).or_default().push(*port);
    }
    for ports in routers.values() {
        match ports[..] {
            [one, other] => forward.pairs.push((one, other)),
            _ => return Err(router(ports.len())),
        }
    }
    let mut seen = BTreeSet::new();
    for port in forward.pairs.iter().flat_map(|(one, other)| [*one, *other]) {
        if !seen.insert(port) {
            return Err(twice(name(port)));
        }
    }
    Ok(forward)
}

fn cannot(what: &str) -> RenderError {
    refusal("kind", format!("testpmd {what}; use `kind = \"vpp\"` for this group"))
}

fn bridge(ports: usize) -> RenderError {
    cannot(&format!("joins ports in pairs, and this container is to bridge {ports}"))
}

fn router(ports: usize) -> RenderError {
    cannot(&format!("hands on between two ports, and this container is to route between {ports}"))
}

fn tunnel() -> RenderError {
    cannot("has no IPsec tunnels")
}

fn both() -> RenderError {
    cannot("forwards in one way on all ports, and this container is to cross-connect and to route")
}

fn twice(port: &str) -> RenderError {
    cannot(&format!("joins a port with one other, and `{port}` is to be joined with two"))
}

fn two_neighbours(port: &str) -> RenderError {
    cannot(&format!("knows one MAC address behind a port, and `{port}` has two neighbours"))
}

fn no_neighbour(port: &str) -> RenderError {
    cannot(&format!(
        "has no addresses, it only readdresses frames to a known neighbour, and `{port}` has an \
         address and no neighbour"
    ))
}
