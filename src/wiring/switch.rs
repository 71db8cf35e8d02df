//! The vswitch of chains: its uplinks and what it does between them and the NFs. CSIT's bridge
//! domains, cross-connects and tables.

use super::build::{Builder, Party};
use super::chain::{Run, routes};
use super::number::BY_NETWORK;
use super::{PortKind, Rule, Subject};
use crate::model::{ChainEnds, ChainKind, SwitchForwarding};
use std::collections::BTreeMap;

/// First table of a vswitch that routes.
const TABLE: u32 = 10;

/// First of the networks `n.n.n.0/30` of memifs.
const NETWORK: usize = 31;

/// What is behind the left and the right uplink.
const NETWORKS: [&str; 2] = ["10.10.10.0/24", "20.20.20.0/24"];

/// One chain as the vswitch has it: segments from uplink to uplink.
pub(super) struct Strand {
    subject: Subject,
    kind: ChainKind,
    forwarding: SwitchForwarding,
    /// Position of the node among those of the NFs.
    position: usize,
    /// Ports to NFs of each segment.
    segments: Vec<Vec<usize>>,
    /// Ports of the uplinks of the first and the last segment.
    uplinks: [Option<usize>; 2],
    /// MAC addresses beyond them.
    peers: [Option<String>; 2],
    /// What joins two segments, where the vswitch routes.
    pairs: Vec<Pair>,
}

/// Two ports of a vswitch that routes, and the NF between them.
pub(super) struct Pair {
    /// Ports to its left and right side.
    pub(super) ports: [usize; 2],
    /// The segments they are in.
    pub(super) segments: [usize; 2],
    /// MAC addresses that frames into the left and the right port are sent to.
    pub(super) hops: [String; 2],
}

impl Strand {
    pub(super) fn new(
        run: &Run<'_>,
        segments: Vec<Vec<usize>>,
        uplinks: [Option<usize>; 2],
        peers: [Option<String>; 2],
        pairs: Vec<Pair>,
    ) -> Self {
        Self {
            subject: run.subject(),
            kind: run.chain.kind,
            forwarding: run.forwarding(),
            position: run.position,
            segments,
            uplinks,
            peers,
            pairs,
        }
    }
}

/// A vswitch while chains are joined to it.
#[derive(Default)]
struct Switch<'a> {
    /// CLI socket of the node's own VPP.
    cli: Option<&'a str>,
    /// Ports, by name of the interface, in order.
    uplinks: Vec<(&'a str, usize)>,
    strands: Vec<Strand>,
}

/// All vswitches.
#[derive(Default)]
pub(super) struct Switches<'a> {
    by_party: BTreeMap<Party<'a>, Switch<'a>>,
}

impl<'a> Switches<'a> {
    /// Makes the ports of the uplinks, once.
    pub(super) fn open(&mut self, builder: &mut Builder<'a>, run: &Run<'a>, party: Party<'a>) {
        let is_new = !self.by_party.contains_key(&party);
        let switch = self.by_party.entry(party).or_default();
        match &run.chain.ends {
            ChainEnds::Groups(_) => {}
            ChainEnds::Vswitch { .. } if !is_new => {}
            ChainEnds::Vswitch { group, .. } => {
                let group = builder.topology.groups.iter().find(|other| other.name == *group);
                for name in group.into_iter().flat_map(|group| &group.interfaces) {
                    if let Some(interface) = run.node.interfaces.get(name) {
                        let port = builder.nic(run.subject(), party, &interface.pci);
                        switch.uplinks.push((name, port));
                    }
                }
            }
            ChainEnds::Node { cli, uplinks, .. } => {
                for name in uplinks {
                    if !switch.uplinks.iter().any(|(known, _)| known == name) {
                        let kind = PortKind::Existing { interface: name.clone() };
                        switch.uplinks.push((name, builder.port(party, kind, false)));
                    }
                }
                if switch.cli.is_some_and(|known| known != cli) {
                    builder.fault(
                        run.subject(),
                        "cli",
                        "a node has one VPP of its own, and chains name two".to_owned(),
                        format!("`{cli}`"),
                        "write the same `cli` for all chains on `vswitch = \"node\"`".to_owned(),
                    );
                }
                switch.cli = Some(cli);
            }
        }
    }

    /// The uplinks of the next chain (ports of its first and last segment) with the MAC addresses
    /// beyond them. Chains take turns; those in `needed` must be known where there is an uplink.
    pub(super) fn uplinks(
        &self,
        builder: &mut Builder<'a>,
        run: &Run<'a>,
        party: Party<'a>,
        needed: [bool; 2],
    ) -> ([Option<usize>; 2], [Option<String>; 2]) {
        let Some(switch) = self.by_party.get(&party) else { return Default::default() };
        let own: Vec<&(&str, usize)> = match &run.chain.ends {
            ChainEnds::Node { uplinks, .. } => {
                let is_own = |uplink: &&(&str, usize)| uplinks.iter().any(|name| name == uplink.0);
                switch.uplinks.iter().filter(is_own).collect()
            }
            _ => switch.uplinks.iter().collect(),
        };
        let turn = switch.strands.len();
        if run.chain.kind == ChainKind::CrossHoriz {
            let port = own.get(turn % own.len().max(1)).map(|(_, port)| *port);
            return ([port, None], [None, None]);
        }
        if own.len() % 2 == 1 {
            let names: Vec<&str> = own.iter().map(|(name, _)| *name).collect();
            builder.fault(
                run.subject(),
                "odd",
                format!("a chain is between two uplinks, and the vswitch has {}", own.len()),
                format!("`{}`", names.join("`, `")),
                "name two interfaces for all chains, or two for each".to_owned(),
            );
            return Default::default();
        }
        let interfaces = interfaces_of(builder, run);
        let count = if own.is_empty() { interfaces.len() / 2 } else { own.len() / 2 };
        let first = 2 * (turn % count.max(1));
        // On its first node the tunnels' side of an `ipsec` chain is the one to the second node.
        let swap = usize::from(run.chain.kind == ChainKind::Ipsec && run.position == 0);
        let routed = run.forwarding() == SwitchForwarding::Ip4;
        let mut side = |side: usize| {
            let at = first + (side ^ swap);
            let port = own.get(at).map(|(_, port)| *port);
            let needed = port.is_some() && (needed[side] || routed);
            (port, peer(builder, run, interfaces.get(at), needed))
        };
        let (left, right) = (side(0), side(1));
        ([left.0, right.0], [left.1, right.1])
    }

    /// Adds a chain that is joined.
    pub(super) fn add(&mut self, party: Party<'a>, strand: Strand) {
        self.by_party.entry(party).or_default().strands.push(strand);
    }

    /// Makes the rules of all vswitches; the CLI sockets of the nodes' own ones.
    pub(super) fn finish(self, builder: &mut Builder<'a>) -> BTreeMap<&'a str, &'a str> {
        let mut clis = BTreeMap::new();
        for (party, switch) in self.by_party {
            clis.extend(switch.cli.map(|cli| (party.node, cli)));
            let rules = rules(builder, &switch);
            builder.rules(party, rules);
        }
        clis
    }
}

/// Names of the interfaces that uplinks are, as far as the file says.
fn interfaces_of<'a>(builder: &Builder<'a>, run: &Run<'a>) -> &'a [String] {
    match &run.chain.ends {
        ChainEnds::Vswitch { group, .. } => {
            let group = builder.topology.groups.iter().find(|other| other.name == *group);
            group.map_or(&[], |group| &group.interfaces)
        }
        _ => &run.group.interfaces,
    }
}

/// The MAC address beyond an interface; reports it where it is needed and not there.
fn peer(
    builder: &mut Builder<'_>,
    run: &Run<'_>,
    name: Option<&String>,
    needed: bool,
) -> Option<String> {
    let node = &run.node.name;
    let interface = name.and_then(|name| run.node.interfaces.get(name));
    let mac = interface.and_then(|interface| interface.peer_mac.clone());
    if mac.is_none() && needed {
        let (label, help) = match name {
            Some(name) => (
                format!("routes to what is beyond `{name}` of `{node}`"),
                format!(
                    "add `peer_mac` to `[nodes.{node}.interfaces.{name}]`: the MAC address at the \
                     other end of its wire, e.g. the traffic generator's"
                ),
            ),
            None => (
                format!("routes to what is beyond the uplinks of `{node}`"),
                format!(
                    "name the NICs of `uplinks` in `interfaces` of group `{}`, each with its \
                     `peer_mac` in `[nodes.{node}.interfaces.NAME]`",
                    run.group.name
                ),
            ),
        };
        let message = "the MAC address of a next hop is not known".to_owned();
        builder.fault(run.subject(), "peer", message, label, help);
    }
    mac
}

fn rules(builder: &mut Builder<'_>, switch: &Switch<'_>) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut domains: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    // Who has an uplink, and the bridge domain it is in.
    let mut owners: BTreeMap<usize, (&Strand, u32)> = BTreeMap::new();
    let (mut domain, mut table) = (1, TABLE);
    for strand in &switch.strands {
        check_kinds(builder, switch, strand);
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
fn check_kinds(builder: &mut Builder<'_>, switch: &Switch<'_>, strand: &Strand) {
    let is_horizontal = |strand: &Strand| strand.kind == ChainKind::CrossHoriz;
    if is_horizontal(&switch.strands[0]) != is_horizontal(strand) && !switch.uplinks.is_empty() {
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
