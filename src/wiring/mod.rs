//! What links and chains mean for each container: its ports in order, and how it forwards between
//! them. Pure; it must not know an app, an engine or what a node is really like.
//!
//! Numbers are per node: the NFs of a chain are 1, 2, ... on every node, chain by chain (CSIT
//! `nf_id = (chain-1)*nodes_per_chain + node`), and so are sockets and MAC addresses.

mod build;
mod chain;
mod forward;
mod link;
mod number;
mod run;
mod switch;
mod switch_rules;
mod tunnel;

use crate::model::{ChainEnds, ChainKind, Crypto, Integrity, MemifOptions, Role, Topology};
use build::Builder;
use chain::wire_chains;
use link::wire_link;
use run::{Run, shape};
use std::collections::BTreeMap;
use switch::Switches;

/// Where containers see their topology's folder of memif sockets.
pub const GUEST_FOLDER: &str = "/mnt/memif";

/// The folder of memif sockets of a topology on its nodes.
pub fn folder(topology: &str) -> String {
    format!("/run/vnfctl/memif/{topology}")
}

/// Longest path of a Unix socket in bytes (`sun_path` less the NUL).
pub const SOCKET_PATH_BYTES: usize = 107;

/// Node, group, ordinal from 1.
pub type ContainerKey = (String, String, u32);

/// The wiring of a whole topology.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wiring {
    /// Of every container that has any.
    pub containers: BTreeMap<ContainerKey, ContainerWiring>,
    /// Of the nodes' own VPPs, by node: the CLI socket and what is to be there.
    pub switches: BTreeMap<String, (String, ContainerWiring)>,
    /// Every memif link, node by node.
    pub links: Vec<WiredLink>,
}

/// One memif link on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WiredLink {
    /// Name of the node.
    pub node: String,
    /// `<container>:<port>--<container>:<port>`, names of containers; stable.
    pub name: String,
    /// Group and ordinal of its ends, and the names of the ports there; `None` = the node's VPP.
    pub ends: [(Option<(String, u32)>, String); 2],
}

/// The ports of one container (or of a node's VPP) and what it does between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerWiring {
    /// In the order in which an app creates them.
    pub ports: Vec<Port>,
    /// In the order in which an app carries them out, after all ports exist.
    pub rules: Vec<Rule>,
}

/// One port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// `port1`, `port2`, ... in the order of the ports.
    pub name: String,
    /// What it is.
    pub kind: PortKind,
    /// Whether it waits for interrupts instead of polling.
    pub interrupt: bool,
}

/// What a port is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortKind {
    /// One end of a memif link.
    Memif(Memif),
    /// A NIC of the node.
    Nic {
        /// PCI address.
        pci: String,
    },
    /// An interface that the node's own VPP has already.
    Existing {
        /// Its name there, e.g. `HundredGigabitEthernet18/0/0`.
        interface: String,
    },
}

/// One end of a memif link as its app needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memif {
    /// Path of the socket as this end sees it.
    pub socket: String,
    /// This end's number of the socket, from 1. Ports on one socket file have one number.
    pub socket_id: u32,
    /// Interface id, equal on both sides.
    pub id: u32,
    /// Which side this is.
    pub role: Role,
    /// MAC address; `None` = the app's choice.
    pub mac: Option<String>,
    /// Whether copies are made by a DMA engine.
    pub dma: bool,
    /// What both sides agree on.
    pub options: MemifOptions,
    /// Name of the container at the other end, for messages.
    pub peer: String,
}

/// What is done between ports. Ports are indexes of [`ContainerWiring::ports`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Whatever comes in at one goes out at the other, both ways.
    CrossConnect(usize, usize),
    /// A learning bridge domain.
    Bridge {
        /// Its number, from 1.
        domain: u32,
        /// Its ports.
        ports: Vec<usize>,
    },
    /// The port is in this IPv4 table (not 0), which is made first.
    Table {
        /// Port.
        port: usize,
        /// Number of the table.
        table: u32,
    },
    /// An address of a port, with prefix length.
    Address {
        /// Port.
        port: usize,
        /// e.g. `1.1.1.1/24`.
        address: String,
    },
    /// A static neighbour.
    Neighbour {
        /// Port it is behind.
        port: usize,
        /// Its IP address.
        address: String,
        /// Its MAC address.
        mac: String,
    },
    /// A route.
    Route {
        /// e.g. `10.0.0.0/8`.
        prefix: String,
        /// Next hop.
        via: String,
        /// Port it is behind.
        port: usize,
        /// Table, 0 = the default.
        table: u32,
    },
    /// An `IPsec` tunnel (ESP in tunnel mode).
    Tunnel(Box<Tunnel>),
}

/// One `IPsec` tunnel. Address of this end, neighbour and route to the other end are rules of
/// their own, before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tunnel {
    /// Number in its container, from 1.
    pub number: u32,
    /// Port it goes through.
    pub port: usize,
    /// Address of this end.
    pub local: String,
    /// Address of the other end.
    pub remote: String,
    /// Security parameter index of what goes out; the other end's `spi_in`.
    pub spi_out: u32,
    /// Security parameter index of what comes in.
    pub spi_in: u32,
    /// Encryption, both ways.
    pub crypto: Crypto,
    /// Its key in hexadecimal. Never shown.
    pub crypto_key: String,
    /// Integrity with its key in hexadecimal; `None` where the encryption does that.
    pub integrity: Option<(Integrity, String)>,
    /// What is routed into it, e.g. `20.0.0.0/8`.
    pub prefix: String,
}

/// What is wrong with a link or a chain, found when all is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What it is about.
    pub subject: Subject,
    /// What is wrong, a lower-case sentence.
    pub message: String,
    /// What stands there.
    pub label: String,
    /// How to mend it.
    pub help: String,
}

/// What a fault is about: an index of the topology's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Of [`Topology::memifs`].
    Memif(usize),
    /// Of [`Topology::chains`].
    Chain(usize),
}

/// Computes the wiring. What names a group or a node that is not there is left out; the model
/// has refused it.
///
/// # Errors
/// Everything that is wrong with links and chains put together: numbers past their limits, paths
/// too long, two masters or two interface ids on one socket, a MAC address twice, a next hop
/// that nobody knows, uplinks that cannot be shared.
pub fn wire(topology: &Topology) -> Result<Wiring, Vec<Fault>> {
    let mut builder = Builder::new(topology);
    let mut switches = Switches::default();
    // NFs, and chains with ends, by node.
    let mut nfs: BTreeMap<&str, u32> = BTreeMap::new();
    let mut ended: BTreeMap<&str, u32> = BTreeMap::new();
    for (index, chain) in topology.chains.iter().enumerate() {
        let Some(group) = topology.groups.iter().find(|group| group.name == chain.group) else {
            continue;
        };
        let of = |counts: &BTreeMap<&str, u32>, node: &str| counts.get(node).copied().unwrap_or(0);
        let before: Vec<u32> = group.nodes.iter().map(|node| of(&nfs, node)).collect();
        for (position, name) in group.nodes.iter().enumerate() {
            let Some(node) = topology.nodes.iter().find(|node| node.name == *name) else {
                continue;
            };
            let (before, chains_before) = (before.clone(), of(&ended, name));
            let run = Run { index, chain, group, node, position, before, chains_before };
            wire_chains(&mut builder, &mut switches, &run);
            *nfs.entry(name).or_default() += group.cpu.containers();
            if matches!(chain.ends, ChainEnds::Groups(_)) {
                let is_horizontal = chain.kind == ChainKind::CrossHoriz;
                let count = if is_horizontal { group.cpu.containers() } else { shape(group).0 };
                *ended.entry(name).or_default() += count;
            }
        }
    }
    let clis = switches.finish(&mut builder);
    for (index, link) in topology.memifs.iter().enumerate() {
        wire_link(&mut builder, index, link);
    }
    builder.finish(&clis)
}
