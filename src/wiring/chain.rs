//! Chains: which memifs join their NFs, the vswitch and the ends. CSIT's numbers, sockets and
//! roles, but counted per node. It must not know how a vswitch forwards.

use super::build::{Builder, End, Joint, Number, Party};
use super::number::{BY_ADDRESS, BY_MAC, end_mac, nf_mac, socket, switch_mac, tunnel_mac};
use super::switch::{Pair, Strand, Switches};
use super::{Rule, Subject, forward, tunnel};
use crate::model::{
    Chain, ChainEnds, ChainKind, CpuRequest, Group, MemifRoles, Node, SwitchForwarding,
};

/// The chains of one entry of the file on one node.
pub(super) struct Run<'a> {
    /// Index of the entry.
    pub(super) index: usize,
    pub(super) chain: &'a Chain,
    pub(super) group: &'a Group,
    pub(super) node: &'a Node,
    /// Position of the node among those of the group.
    pub(super) position: usize,
    /// NFs of earlier entries, on each node of the group.
    pub(super) before: Vec<u32>,
    /// Chains with `ends` of earlier entries on this node.
    pub(super) chains_before: u32,
}

/// One NF.
pub(super) struct Nf<'a> {
    pub(super) party: Party<'a>,
    /// Name of the container.
    name: String,
    /// In the group, from 1.
    pub(super) ordinal: u32,
    /// Number on the node, from 1.
    pub(super) number: u32,
    /// MAC addresses of its left and right side.
    pub(super) macs: [String; 2],
    /// Ports of its left and right side.
    pub(super) ports: [usize; 2],
}

/// Chains of a group on each of its nodes, and NFs per chain.
pub(super) fn shape(group: &Group) -> (u32, u32) {
    match &group.cpu {
        CpuRequest::Slice(slice) => (1, slice.count),
        CpuRequest::Chain(chain) => (chain.nf_chains, chain.nf_nodes),
    }
}

/// Whether NFs of this kind route. Those of kind `vswitch` do because side by side between two
/// bridge domains cross-connects would send frames round for ever.
pub(super) fn routes(kind: ChainKind) -> bool {
    use ChainKind::{Ip4, Ipsec, PipelineIp4, Vswitch};
    matches!(kind, Ip4 | PipelineIp4 | Ipsec | Vswitch)
}

/// Wires all chains of an entry on one node.
pub(super) fn wire_chains<'a>(
    builder: &mut Builder<'a>,
    switches: &mut Switches<'a>,
    run: &Run<'a>,
) {
    let (chains, nfs) = shape(run.group);
    if !run.is_within_limits(builder, chains * nfs) {
        return;
    }
    let switch = run.switch();
    if let Some(switch) = switch {
        switches.open(builder, run, switch);
    }
    match run.chain.kind {
        ChainKind::CrossHoriz => {
            for ordinal in 1..=chains * nfs {
                horizontal(builder, switches, run, switch, ordinal);
            }
        }
        ChainKind::Vswitch | ChainKind::Ipsec => {
            if let Some(switch) = switch {
                parallel(builder, switches, run, switch, chains * nfs);
            }
        }
        _ => (0..chains).for_each(|chain| serial(builder, switches, run, switch, (chain, nfs))),
    }
}

/// NFs one after the other; joined by the vswitch, or directly.
fn serial<'a>(
    builder: &mut Builder<'a>,
    switches: &mut Switches<'a>,
    run: &Run<'a>,
    switch: Option<Party<'a>>,
    (chain, count): (u32, u32),
) {
    let mut nfs: Vec<Nf<'a>> = (1..=count).map(|k| run.nf(builder, chain * count + k)).collect();
    let last = nfs.len() - 1;
    let direct = switch.is_none() || run.chain.kind == ChainKind::PipelineIp4;
    // Ports of the vswitch, or of the ends, to the sides of each NF.
    let mut others = vec![[None, None]; nfs.len()];
    for k in 0..=last {
        for side in [0, 1] {
            let is_outer = if side == 0 { k == 0 } else { k == last };
            if is_outer || !direct {
                let other = match switch {
                    Some(switch) => run.switch_end(switch, &nfs[k], side),
                    None => run.outer_end(builder, chain, side),
                };
                others[k][side] = Some(run.join(builder, &mut nfs[k], side, other));
            } else if side == 1 {
                run.join_nfs(builder, &mut nfs, k);
            }
        }
    }
    let needed = [routes(run.chain.kind); 2];
    let (uplinks, peers) = switch
        .map_or_else(Default::default, |switch| switches.uplinks(builder, run, switch, needed));
    if routes(run.chain.kind) {
        for (k, nf) in nfs.iter().enumerate() {
            let hops = [0, 1].map(|side: usize| {
                let neighbour = if side == 0 { k.checked_sub(1) } else { Some(k + 1) };
                match neighbour.and_then(|k| nfs.get(k)) {
                    _ if run.is_routed_by(switch) && others[k][side].is_some() => {
                        Some(switch_mac(nf.number, side))
                    }
                    Some(nf) => Some(nf.macs[1 - side].clone()),
                    None if switch.is_some() => peers[side].clone(),
                    None => Some(end_mac(run.chains_before + chain + 1, side)),
                }
            });
            builder.rules(nf.party, forward::route(nf, &hops));
        }
        if switch.is_none() {
            for (side, nf) in [(0, &nfs[0]), (1, &nfs[last])] {
                let party = run.outer_end(builder, chain, side).party;
                let rules = others[nf_index(side, last)][side]
                    .map(|port| forward::be_next_hop(nf, side, port));
                builder.rules(party, rules.into_iter().flatten());
            }
        }
    } else {
        for nf in &nfs {
            builder.rules(nf.party, [Rule::CrossConnect(nf.ports[0], nf.ports[1])]);
        }
    }
    if let Some(switch) = switch {
        let segments = (0..=nfs.len()).map(|segment| {
            let left = segment.checked_sub(1).and_then(|k| others[k][1]);
            let right = others.get(segment).and_then(|other| other[0]);
            left.into_iter().chain(right).collect()
        });
        let segments = segments.collect();
        let pairs = pairs(run, &nfs, &others, direct);
        switches.add(switch, Strand::new(run, segments, uplinks, peers, pairs));
    }
}

/// The NF at an outer side.
fn nf_index(side: usize, last: usize) -> usize {
    if side == 0 { 0 } else { last }
}

/// What a vswitch that routes has between two of its segments: an NF, or a whole pipeline.
fn pairs(run: &Run<'_>, nfs: &[Nf<'_>], others: &[[Option<usize>; 2]], direct: bool) -> Vec<Pair> {
    let last = nfs.len() - 1;
    let spans: Vec<(usize, usize)> =
        if direct { vec![(0, last)] } else { (0..=last).map(|k| (k, k)).collect() };
    let pair = |(first, last): (usize, usize)| {
        let hops = if routes(run.chain.kind) {
            [nfs[first].macs[0].clone(), nfs[last].macs[1].clone()]
        } else {
            // Through an NF that does not route the next hop is the vswitch itself.
            [switch_mac(nfs[last].number, 1), switch_mac(nfs[first].number, 0)]
        };
        let ports = [others[first][0]?, others[last][1]?];
        Some(Pair { ports, segments: [first, last + 1], hops })
    };
    spans.into_iter().filter_map(pair).collect()
}

/// All NFs side by side between two sockets, and two bridge domains, of the vswitch.
fn parallel<'a>(
    builder: &mut Builder<'a>,
    switches: &mut Switches<'a>,
    run: &Run<'a>,
    switch: Party<'a>,
    count: u32,
) {
    let mut segments = vec![Vec::new(), Vec::new()];
    let mut nfs: Vec<Nf<'a>> = (1..=count).map(|ordinal| run.nf(builder, ordinal)).collect();
    for nf in &mut nfs {
        for side in [0, 1] {
            let other = run.switch_end(switch, nf, side);
            segments[side].push(run.join(builder, nf, side, other));
        }
    }
    // Between two nodes the other end of a tunnel is known.
    let is_paired = run.chain.kind == ChainKind::Ipsec && run.group.nodes.len() == 2;
    let (uplinks, peers) = switches.uplinks(builder, run, switch, [!is_paired, true]);
    for nf in &nfs {
        let rules = match &run.chain.ipsec {
            Some(ipsec) => tunnel::rules(builder, run, ipsec, nf, &peers),
            None => forward::route(nf, &peers),
        };
        builder.rules(nf.party, rules);
    }
    switches.add(switch, Strand::new(run, segments, uplinks, peers, Vec::new()));
}

/// One memif and one NIC of an NF.
fn horizontal<'a>(
    builder: &mut Builder<'a>,
    switches: &mut Switches<'a>,
    run: &Run<'a>,
    switch: Option<Party<'a>>,
    ordinal: u32,
) {
    let mut nf = run.nf(builder, ordinal);
    let other = match switch {
        Some(switch) => run.switch_end(switch, &nf, 0),
        None => run.outer_end(builder, ordinal - 1, 0),
    };
    let port = run.join(builder, &mut nf, 0, other);
    let name = run.group.interfaces.get(ordinal as usize - 1);
    let Some(interface) = name.and_then(|name| run.node.interfaces.get(name)) else {
        let (nfs, nics) = (run.group.cpu.containers(), run.group.interfaces.len());
        builder.fault(
            run.subject(),
            "interfaces",
            format!(
                "each NF of kind `cross_horiz` has a NIC, and `{}` names {nics}",
                run.group.name
            ),
            format!("{nfs} NFs per node"),
            format!("name an interface per NF in `interfaces` of group `{}`", run.group.name),
        );
        return;
    };
    let nic = builder.nic(run.subject(), nf.party, &interface.pci);
    builder.rules(nf.party, [Rule::CrossConnect(nf.ports[0], nic)]);
    if let Some(switch) = switch {
        let (uplinks, peers) = switches.uplinks(builder, run, switch, [false, false]);
        switches.add(switch, Strand::new(run, vec![vec![port]], uplinks, peers, Vec::new()));
    }
}

impl<'a> Run<'a> {
    pub(super) fn subject(&self) -> Subject {
        Subject::Chain(self.index)
    }

    /// The vswitch on this node.
    fn switch(&self) -> Option<Party<'a>> {
        let container = match &self.chain.ends {
            ChainEnds::Vswitch { group, .. } => Some((group.as_str(), 1)),
            ChainEnds::Node { .. } => None,
            ChainEnds::Groups(_) => return None,
        };
        Some(Party { node: &self.node.name, container })
    }

    pub(super) fn forwarding(&self) -> SwitchForwarding {
        match &self.chain.ends {
            ChainEnds::Vswitch { forwarding, .. } | ChainEnds::Node { forwarding, .. } => {
                *forwarding
            }
            ChainEnds::Groups(_) => SwitchForwarding::default(),
        }
    }

    fn is_routed_by(&self, switch: Option<Party<'_>>) -> bool {
        switch.is_some() && self.forwarding() == SwitchForwarding::Ip4
    }

    fn is_parallel(&self) -> bool {
        matches!(self.chain.kind, ChainKind::Vswitch | ChainKind::Ipsec)
    }

    /// NF `ordinal` of the group; its ports are not made yet.
    fn nf(&self, builder: &Builder<'a>, ordinal: u32) -> Nf<'a> {
        let container = Some((self.group.name.as_str(), ordinal));
        let party = Party { node: &self.node.name, container };
        let number = self.before[self.position] + ordinal;
        let macs = [0, 1].map(|side| match self.chain.kind {
            ChainKind::Ipsec => tunnel_mac(self.position, number, side),
            _ => nf_mac(number, side),
        });
        Nf { party, name: builder.name(party), ordinal, number, macs, ports: [0, 0] }
    }

    /// What both ends number the socket to a side of an NF. Kinds whose NFs share two sockets
    /// call them 1 and 2.
    fn number(&self, nf: &Nf<'_>, side: usize) -> Number {
        Number::Rather(if self.is_parallel() { socket(1, side) } else { socket(nf.number, side) })
    }

    fn nf_end(&self, nf: &Nf<'a>, side: usize) -> End<'a> {
        End {
            party: nf.party,
            number: self.number(nf, side),
            mac: Some(nf.macs[side].clone()),
            dma: self.chain.kind == ChainKind::Dma,
            interrupt: self.chain.kind == ChainKind::Functional,
        }
    }

    /// The vswitch, as the other end of the memif to a side of an NF.
    fn switch_end(&self, switch: Party<'a>, nf: &Nf<'a>, side: usize) -> End<'a> {
        let (number, mac) = (self.number(nf, side), Some(switch_mac(nf.number, side)));
        End { party: switch, number, mac, dma: false, interrupt: false }
    }

    /// The container of `ends` at a side of a chain (from 0).
    fn outer_end(&self, builder: &Builder<'a>, chain: u32, side: usize) -> End<'a> {
        let names: &'a [String] = match &self.chain.ends {
            ChainEnds::Groups(names) => names,
            ChainEnds::Vswitch { .. } | ChainEnds::Node { .. } => &[],
        };
        let name = names.get(side).map_or("", String::as_str);
        let group = builder.topology.groups.iter().find(|group| group.name == name);
        let is_only = group.is_none_or(|group| group.cpu.containers() == 1);
        let container = Some((name, if is_only { 1 } else { chain + 1 }));
        let party = Party { node: &self.node.name, container };
        let mac = Some(end_mac(self.chains_before + chain + 1, side));
        End { party, number: Number::Free, mac, dma: false, interrupt: false }
    }

    /// Joins a side of an NF to the vswitch or to an end; the port there.
    fn join(
        &self,
        builder: &mut Builder<'a>,
        nf: &mut Nf<'a>,
        side: usize,
        other: End<'a>,
    ) -> usize {
        let owner = if self.is_parallel() { builder.name(other.party) } else { nf.name.clone() };
        let file = match self.number(nf, side) {
            Number::Rather(number) | Number::Exactly(number) => format!("{owner}-{number}.sock"),
            Number::Free => format!("{owner}.sock"),
        };
        // Links are written from left to right.
        let nf_at = 1 - side;
        let nf_end = self.nf_end(nf, side);
        let ports = builder.join(Joint {
            subject: self.subject(),
            node: self.node,
            file,
            id: nf.number,
            master: if self.chain.roles == MemifRoles::NfMaster { nf_at } else { 1 - nf_at },
            options: &self.chain.options,
            ends: if nf_at == 0 { [nf_end, other] } else { [other, nf_end] },
        });
        nf.ports[side] = ports[nf_at];
        ports[1 - nf_at]
    }

    /// Joins NF `k` (from 0) directly to the next one, whose socket it is.
    fn join_nfs(&self, builder: &mut Builder<'a>, nfs: &mut [Nf<'a>], k: usize) {
        let (nf, next) = (&nfs[k], &nfs[k + 1]);
        let ports = builder.join(Joint {
            subject: self.subject(),
            node: self.node,
            file: format!("{}-{}.sock", next.name, socket(next.number, 0)),
            id: next.number,
            master: usize::from(self.chain.roles == MemifRoles::NfMaster),
            options: &self.chain.options,
            ends: [self.nf_end(nf, 1), self.nf_end(next, 0)],
        });
        nfs[k].ports[1] = ports[0];
        nfs[k + 1].ports[0] = ports[1];
    }

    /// Whether all NFs of the node have numbers that fit into their addresses.
    fn is_within_limits(&self, builder: &mut Builder<'a>, count: u32) -> bool {
        let (limit, what) = if routes(self.chain.kind) {
            (BY_ADDRESS, "address `1.1.S.1`, S = 2 x 127")
        } else {
            (BY_MAC, "MAC address `52:54:00:00:ff:01`")
        };
        let most = self.before[self.position] + count;
        if most > limit {
            builder.fault(
                self.subject(),
                "limit",
                format!("NFs of this kind are numbered up to {limit} on a node"),
                format!("{most} on `{}`", self.node.name),
                format!("number {limit} has the last {what}: spread them over more nodes"),
            );
        }
        most <= limit
    }
}
