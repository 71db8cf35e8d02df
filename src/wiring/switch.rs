//! The vswitch of chains: its uplinks, and which chain is between which of them. It must not know
//! how it forwards.

use super::build::{Builder, Party};
use super::run::Run;
use super::switch_rules::rules;
use super::{PortKind, Subject};
use crate::model::{ChainEnds, ChainKind, SwitchForwarding};
use std::collections::BTreeMap;

/// One chain as the vswitch has it: segments from uplink to uplink.
pub(super) struct Strand {
    pub(super) subject: Subject,
    pub(super) kind: ChainKind,
    pub(super) forwarding: SwitchForwarding,
    /// Position of the node among those of the NFs.
    pub(super) position: usize,
    /// Ports to NFs of each segment.
    pub(super) segments: Vec<Vec<usize>>,
    /// Ports of the uplinks of the first and the last segment.
    pub(super) uplinks: [Option<usize>; 2],
    /// MAC addresses beyond them.
    pub(super) peers: [Option<String>; 2],
    /// What joins two segments, where the vswitch routes.
    pub(super) pairs: Vec<Pair>,
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
            let rules = rules(builder, &switch.strands, !switch.uplinks.is_empty());
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
