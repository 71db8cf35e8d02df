//! One entry of chains on one node: its NFs, their numbers, and the memifs to their sides. It must
//! not know in which order they are joined.

use super::Subject;
use super::build::{Builder, End, Joint, Number, Party};
use super::number::{BY_ADDRESS, BY_MAC, end_mac, nf_mac, socket, switch_mac, tunnel_mac};
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

impl<'a> Run<'a> {
    pub(super) fn subject(&self) -> Subject {
        Subject::Chain(self.index)
    }

    /// The vswitch on this node.
    pub(super) fn switch(&self) -> Option<Party<'a>> {
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

    pub(super) fn is_routed_by(&self, switch: Option<Party<'_>>) -> bool {
        switch.is_some() && self.forwarding() == SwitchForwarding::Ip4
    }

    fn is_parallel(&self) -> bool {
        matches!(self.chain.kind, ChainKind::Vswitch | ChainKind::Ipsec)
    }

    /// NF `ordinal` of the group; its ports are not made yet.
    pub(super) fn nf(&self, builder: &Builder<'a>, ordinal: u32) -> Nf<'a> {
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
    pub(super) fn switch_end(&self, switch: Party<'a>, nf: &Nf<'a>, side: usize) -> End<'a> {
        let (number, mac) = (self.number(nf, side), Some(switch_mac(nf.number, side)));
        End { party: switch, number, mac, dma: false, interrupt: false }
    }

    /// The container of `ends` at a side of a chain (from 0).
    pub(super) fn outer_end(&self, builder: &Builder<'a>, chain: u32, side: usize) -> End<'a> {
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
    pub(super) fn join(
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
    pub(super) fn join_nfs(&self, builder: &mut Builder<'a>, nfs: &mut [Nf<'a>], k: usize) {
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
    pub(super) fn is_within_limits(&self, builder: &mut Builder<'a>, count: u32) -> bool {
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
