//! What a vswitch does between its uplinks and the NFs: CSIT's bridge domains, cross-connects and
//! tables. It must not make ports.

use super::Rule;
use super::build::Builder;
use super::number::BY_NETWORK;
use super::run::routes;
use super::switch::Strand;
use crate::model::{ChainKind, SwitchForwarding};
use std::collections::BTreeMap;

/// First table of a vswitch that routes.
const TABLE: u32 = 10;

/// First of the networks `n.n.n.0/30` of memifs.
const NETWORK: usize = 31;

/// What is behind the left and the right uplink.
const NETWORKS: [&str; 2] = ["10.10.10.0/24", "20.20.20.0/24"];

/// The rules of a vswitch; `has_uplinks`: whether it has any.
pub(super) fn rules(builder: &mut Builder<'_>, strands: &[Strand], has_uplinks: bool) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut domains: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    // Who has an uplink, and the bridge domain it is in.
    let mut owners: BTreeMap<usize, (&Strand, u32)> = BTreeMap::new();
    let (mut domain, mut table) = (1, TABLE);
    for strand in strands {
        if has_uplinks {
            check_kinds(builder, &strands[0], strand);
        }
        let count = u32::try_from(strand.segments.len()).unwrap_or(u32::MAX);
        let mut own: Vec<u32> = (domain..domain + count).collect();
        domain += count;
        let last = own.len() - 1;
        for (segment, uplink) in [0, last].into_iter().zip(strand.uplinks) {
            let Some(port) = uplink else { continue };
            if let Some((owner, shared)) = owners.get(&port) {
                check_shared(builder, owner, strand);
                own[segment] = *shared;
            } else {
                owners.insert(port, (strand, own[segment]));
                if strand.forwarding == SwitchForwarding::L2bd {
                    domains.entry(own[segment]).or_default().push(port);
                }
            }
        }
        match strand.forwarding {
            SwitchForwarding::L2bd => {
                for (domain, ports) in own.iter().zip(&strand.segments) {
                    if !ports.is_empty() {
                        domains.entry(*domain).or_default().extend(ports);
                    }
                }
            }
            SwitchForwarding::L2xc => rules.extend(cross_connects(strand)),
            SwitchForwarding::Ip4 => {
                rules.extend(route(builder, strand, table));
                table += count;
            }
        }
    }
    rules.extend(domains.into_iter().map(|(domain, ports)| Rule::Bridge { domain, ports }));
    rules
}

/// `cross_horiz` chains have an uplink each, all others two.
fn check_kinds(builder: &mut Builder<'_>, first: &Strand, strand: &Strand) {
    let is_horizontal = |strand: &Strand| strand.kind == ChainKind::CrossHoriz;
    if is_horizontal(first) != is_horizontal(strand) {
        builder.fault(
            strand.subject,
            "kinds",
            "`cross_horiz` and other chains cannot share a vswitch with uplinks".to_owned(),
            format!("`{}` here", strand.kind.word()),
            "an uplink each or two of them: use two vswitches".to_owned(),
        );
    }
}

/// Several chains between the same uplinks: only bridged, and only if no frame can go round.
fn check_shared(builder: &mut Builder<'_>, owner: &Strand, strand: &Strand) {
    let strands = [owner, strand];
    let bridged = strands.iter().all(|strand| strand.forwarding == SwitchForwarding::L2bd);
    let ends_here = |strand: &&Strand| routes(strand.kind) || strand.kind == ChainKind::CrossHoriz;
    if bridged && strands.iter().all(ends_here) {
        return;
    }
    let (message, why) = if bridged {
        let word = strands.iter().find(|strand| !ends_here(strand)).map_or("", |s| s.kind.word());
        (
            format!("chains of kind `{word}` cannot share two uplinks"),
            "frames would go round for ever through one chain and back through the other",
        )
    } else {
        (
            "only bridge domains can share an uplink between chains".to_owned(),
            "a cross-connect has two ends, and a route one next hop",
        )
    };
    builder.fault(
        strand.subject,
        "shared",
        message,
        "more chains than pairs of uplinks".to_owned(),
        format!("{why}: two interfaces for each chain, or `forwarding = \"l2bd\"` and NFs that route (`ip4`, `pipeline_ip4`)"),
    );
}

fn cross_connects(strand: &Strand) -> Vec<Rule> {
    let last = strand.segments.len() - 1;
    let segment = |(at, ports): (usize, &Vec<usize>)| {
        let left = strand.uplinks[0].filter(|_| at == 0);
        let right = strand.uplinks[1].filter(|_| at == last);
        let all: Vec<usize> = left.into_iter().chain(ports.iter().copied()).chain(right).collect();
        // A single port has nobody to be joined to, here.
        let [one, two] = all[..] else { return None };
        Some(Rule::CrossConnect(one, two))
    };
    strand.segments.iter().enumerate().filter_map(segment).collect()
}

/// A table per segment; CSIT's networks and next hops.
fn route(builder: &mut Builder<'_>, strand: &Strand, first: u32) -> Vec<Rule> {
    if strand.pairs.len() > BY_NETWORK {
        builder.fault(
            strand.subject,
            "networks",
            format!("a vswitch that routes has networks for {BY_NETWORK} NFs of a chain"),
            format!("{} here", strand.pairs.len()),
            "more and shorter chains, or `forwarding = \"l2bd\"`".to_owned(),
        );
        return Vec::new();
    }
    let mut rules = Vec::new();
    let mut join =
        |port: usize, table: u32, own: String, hop: (String, Option<&String>), prefix: &str| {
            let (via, mac) = hop;
            rules.push(Rule::Table { port, table });
            rules.push(Rule::Address { port, address: format!("{own}/30") });
            let address = via.clone();
            rules.extend(mac.cloned().map(|mac| Rule::Neighbour { port, address, mac }));
            rules.push(Rule::Route { prefix: prefix.to_owned(), via, port, table });
        };
    let host = |network: usize, last: u32| format!("{network}.{network}.{network}.{last}");
    let table = |segment: usize| first + u32::try_from(segment).unwrap_or_default();
    let last = strand.segments.len() - 1;
    // Neighbouring nodes share the network of the wire between them.
    let wire = strand.position % 8 + 1;
    if let Some(port) = strand.uplinks[0] {
        let hop = (host(wire, 1), strand.peers[0].as_ref());
        join(port, table(0), host(wire, 2), hop, NETWORKS[0]);
    }
    if let Some(port) = strand.uplinks[1] {
        let hop = (host(wire + 1, 2), strand.peers[1].as_ref());
        join(port, table(last), host(wire + 1, 1), hop, NETWORKS[1]);
    }
    for (index, pair) in strand.pairs.iter().enumerate() {
        let left = NETWORK + 2 * index;
        let networks = [left, left + 1];
        for side in [0, 1] {
            let hop = (host(networks[1 - side], 1), Some(&pair.hops[side]));
            let table = table(pair.segments[side]);
            join(pair.ports[side], table, host(networks[side], 1), hop, NETWORKS[1 - side]);
        }
    }
    rules
}
