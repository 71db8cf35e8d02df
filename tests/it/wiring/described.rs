//! Topologies with one entry of `[[chains]]`, from a few numbers.

use std::fmt::Write;
use vnfctl::model::{ChainKind, Loaded, MemifRoles, SwitchForwarding};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    Group,
    Node,
    Groups,
}

/// One entry of `[[chains]]` on some nodes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Described {
    pub(crate) kind: ChainKind,
    pub(crate) chains: u32,
    pub(crate) nfs: u32,
    pub(crate) nodes: u32,
    pub(crate) ends: Ends,
    /// Uplinks of the vswitch.
    pub(crate) uplinks: u32,
    pub(crate) forwarding: SwitchForwarding,
    pub(crate) roles: MemifRoles,
    /// Containers in each group of `ends`.
    pub(crate) only_one_end: bool,
    pub(crate) tunnels: u32,
}

impl Described {
    pub(crate) fn new(kind: ChainKind, chains: u32, nfs: u32, ends: Ends, uplinks: u32) -> Self {
        Self {
            kind,
            chains,
            nfs,
            nodes: 1,
            ends,
            uplinks,
            forwarding: SwitchForwarding::L2bd,
            roles: MemifRoles::NfMaster,
            only_one_end: false,
            tunnels: 1,
        }
    }

    /// Whether all NFs are side by side.
    pub(crate) fn is_parallel(&self) -> bool {
        matches!(self.kind, ChainKind::Vswitch | ChainKind::Ipsec)
    }

    pub(crate) fn routes(&self) -> bool {
        self.is_parallel() || matches!(self.kind, ChainKind::Ip4 | ChainKind::PipelineIp4)
    }

    pub(crate) fn text(&self) -> String {
        let mut text = "name = \"lab\"\n".to_owned();
        let total = self.chains * self.nfs;
        let horizontal = if self.kind == ChainKind::CrossHoriz { total } else { 0 };
        for node in 1..=self.nodes {
            let _ = write!(text, "[nodes.DUT{node}]\nssh = \"dut{node}\"\n");
            for nic in 1..=self.uplinks + horizontal {
                let _ = writeln!(
                    text,
                    "interfaces.eth{nic} = {{ pci = \"0000:18:{:02x}.{}\", peer_mac = \"{}\" }}",
                    nic / 8,
                    nic % 8,
                    peer_mac(node, nic)
                );
            }
        }
        let names = |range: std::ops::RangeInclusive<u32>| {
            let names: Vec<String> = range.map(|nic| format!("\"eth{nic}\"")).collect();
            names.join(", ")
        };
        let last = self.uplinks + horizontal;
        let of_nfs = match (horizontal, self.ends) {
            (1.., _) => names(self.uplinks + 1..=last),
            (0, Ends::Node) => names(1..=self.uplinks),
            _ => String::new(),
        };
        let ends = if self.only_one_end {
            1
        } else if horizontal > 0 {
            total
        } else {
            self.chains
        };
        let _ = write!(
            text,
            "[defaults]\nengine = \"native\"\napp = {{ kind = \"vpp\" }}\n\
             [groups.NF]\nnf_chains = {}\nnf_nodes = {}\ninterfaces = [{of_nfs}]\n\
             [groups.SW]\ninterfaces = [{}]\n\
             [groups.GEN]\ncount = {ends}\n[groups.SINK]\ncount = {ends}\n\
             [[chains]]\ngroup = \"NF\"\nkind = \"{}\"\n",
            self.chains,
            self.nfs,
            names(1..=self.uplinks),
            self.kind.word(),
        );
        let forwarding = match self.forwarding {
            SwitchForwarding::L2bd => "l2bd",
            SwitchForwarding::L2xc => "l2xc",
            SwitchForwarding::Ip4 => "ip4",
        };
        let interfaces: Vec<String> =
            (1..=self.uplinks).map(|nic| format!("\"Ethernet{nic}\"")).collect();
        let _ = match self.ends {
            Ends::Group => writeln!(text, "vswitch = \"SW\"\nforwarding = \"{forwarding}\""),
            Ends::Node => writeln!(
                text,
                "vswitch = \"node\"\nforwarding = \"{forwarding}\"\nuplinks = [{}]",
                interfaces.join(", ")
            ),
            Ends::Groups if horizontal > 0 => writeln!(text, "ends = [\"GEN\"]"),
            Ends::Groups => writeln!(text, "ends = [\"GEN\", \"SINK\"]"),
        };
        if !self.is_parallel() {
            let roles = if self.roles == MemifRoles::NfMaster { "nf-master" } else { "nf-slave" };
            let _ = writeln!(text, "memif_roles = \"{roles}\"");
        }
        if self.kind == ChainKind::Ipsec {
            let _ = writeln!(
                text,
                "ipsec = {{ tunnels = {}, crypto = \"aes-gcm-128\", crypto_key = \
                 \"00112233445566778899aabbccddeeff\", local = \"100.64.0.1\", remote = \
                 \"100.65.0.1\" }}",
                self.tunnels
            );
        }
        text
    }

    pub(crate) fn load(&self) -> Loaded {
        crate::support::world::topology(&self.text())
    }
}

/// MAC address of the traffic generator at a NIC of a node.
pub(crate) fn peer_mac(node: u32, nic: u32) -> String {
    format!("02:ee:00:00:{node:02x}:{nic:02x}")
}
