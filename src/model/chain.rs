//! memif links and chains of NFs, as the file says them. Types only; what they mean for each
//! container is computed in [`crate::wiring`].

use std::net::Ipv4Addr;

/// Which side of a memif listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Listens on the socket.
    Master,
    /// Connects to it.
    Slave,
}

/// What a memif carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum MemifMode {
    /// Ethernet frames.
    #[default]
    Ethernet,
    /// IP packets.
    Ip,
    /// Punted packets.
    PuntInject,
}

/// What both sides of a memif must agree on, or what the lower value of wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemifOptions {
    /// Shared secret, 24 bytes at most; both sides must have it.
    pub secret: Option<String>,
    /// Receive queues as the slave sees them, 1..=255.
    pub rx_queues: u32,
    /// Transmit queues as the slave sees them, 1..=255.
    pub tx_queues: u32,
    /// Entries of a ring: a power of two, 32..=16384 (VPP: `ring-size`).
    pub ring_size: u32,
    /// Bytes of a buffer, 64..=65535.
    pub buffer_size: u32,
    /// What it carries; a mismatch keeps the link down.
    pub mode: MemifMode,
}

impl Default for MemifOptions {
    /// VPP's own defaults.
    fn default() -> Self {
        Self {
            secret: None,
            rx_queues: 1,
            tx_queues: 1,
            ring_size: 1024,
            buffer_size: 2048,
            mode: MemifMode::Ethernet,
        }
    }
}

/// A memif link between two containers of one node; it exists on every node that has both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemifLink {
    /// Names of the nodes it is made on.
    pub nodes: Vec<String>,
    /// Its two ends: one master, one slave.
    pub ends: [MemifEnd; 2],
    /// File name of the socket in the topology's memif folder; `None` = made from the ends.
    pub socket: Option<String>,
    /// Interface id, 0..; equal on both sides.
    pub id: u32,
    /// What both sides agree on.
    pub options: MemifOptions,
}

/// One end of a memif link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemifEnd {
    /// Name of the group.
    pub group: String,
    /// Ordinal in the group, from 1.
    pub ordinal: u32,
    /// Which side it is.
    pub role: Role,
    /// The end's own number of the socket, from 1; `None` = the next free one of its container.
    pub socket_id: Option<u32>,
    /// MAC address, lower case; `None` = the app's choice.
    pub mac: Option<String>,
    /// Addresses with prefix length.
    pub addresses: Vec<String>,
}

/// How the NFs of a chain forward, and how they are joined (CSIT's names).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChainKind {
    /// Cross-connect of the two memifs (CSIT `chain`).
    L2xc,
    /// As `l2xc`, in interrupt mode (CSIT `chain_functional`).
    Functional,
    /// IPv4 routing (CSIT `chain_ip4`).
    Ip4,
    /// IPv4 routing, NFs joined directly (CSIT `pipeline_ip4`).
    PipelineIp4,
    /// Cross-connect, NFs joined directly (CSIT's Kubernetes suites `horiz`).
    PipelineL2xc,
    /// `IPsec` tunnels (CSIT `chain_ipsec`).
    Ipsec,
    /// One memif and one NIC per NF (CSIT `cross_horiz`).
    CrossHoriz,
    /// All NFs on two memif sockets of a vswitch in a container (CSIT `chain_vswitch`).
    Vswitch,
    /// As `l2xc`, copies by DSA (CSIT `chain_dma`).
    Dma,
}

impl ChainKind {
    /// All kinds with the words of the topology file.
    pub const WORDS: [(&'static str, Self); 9] = [
        ("l2xc", Self::L2xc),
        ("functional", Self::Functional),
        ("ip4", Self::Ip4),
        ("pipeline_ip4", Self::PipelineIp4),
        ("pipeline_l2xc", Self::PipelineL2xc),
        ("ipsec", Self::Ipsec),
        ("cross_horiz", Self::CrossHoriz),
        ("vswitch", Self::Vswitch),
        ("dma", Self::Dma),
    ];

    /// The word of the topology file.
    pub fn word(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(_, kind)| *kind == self);
        found.map_or("", |(word, _)| word)
    }
}

/// What the two outer sides of a chain are joined to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainEnds {
    /// A group of one container per node that is the vswitch; its interfaces, in pairs, are the
    /// uplinks.
    Vswitch {
        /// Name of the group.
        group: String,
        /// How it forwards.
        forwarding: SwitchForwarding,
    },
    /// The node's own VPP, at this CLI socket.
    Node {
        /// Path of the CLI socket on the node.
        cli: String,
        /// How it forwards.
        forwarding: SwitchForwarding,
        /// Names (in the node's VPP) of the two interfaces that are the uplinks; may be empty.
        uplinks: Vec<String>,
    },
    /// Two groups (`cross_horiz`: one), joined directly: chain `c` is joined to containers `c` of
    /// both; the one container of a group serves all chains.
    Groups(Vec<String>),
}

/// How a vswitch joins uplinks and NFs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SwitchForwarding {
    /// Bridge domains (CSIT `l2bd`), one per segment.
    #[default]
    L2bd,
    /// Cross-connects (CSIT `l2xc`).
    L2xc,
    /// IPv4 routing, one FIB per segment.
    Ip4,
}

/// Which side the NFs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MemifRoles {
    /// NF master, vswitch slave: CSIT since 2018-05.
    #[default]
    NfMaster,
    /// vswitch master, NF slave: CSIT before.
    NfSlave,
}

/// Chains of NFs, `nf_chains` x `nf_nodes` of a group per node, numbered chain by chain from 1 on
/// every node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Name of the group of NFs.
    pub group: String,
    /// Kind.
    pub kind: ChainKind,
    /// What its outer sides are joined to.
    pub ends: ChainEnds,
    /// Which side the NFs are.
    pub roles: MemifRoles,
    /// Options of every memif of it.
    pub options: MemifOptions,
    /// Tunnels; there with kind `ipsec`, and only there.
    pub ipsec: Option<Ipsec>,
}

/// How packets of a tunnel are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Crypto {
    /// AES-GCM with a key of 16 bytes.
    AesGcm128,
    /// AES-GCM with a key of 24 bytes.
    AesGcm192,
    /// AES-GCM with a key of 32 bytes.
    AesGcm256,
    /// AES-CBC with a key of 16 bytes.
    AesCbc128,
    /// AES-CBC with a key of 24 bytes.
    AesCbc192,
    /// AES-CBC with a key of 32 bytes.
    AesCbc256,
}

impl Crypto {
    /// All of them with the words of the topology file, which are VPP's.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("aes-gcm-128", Self::AesGcm128),
        ("aes-gcm-192", Self::AesGcm192),
        ("aes-gcm-256", Self::AesGcm256),
        ("aes-cbc-128", Self::AesCbc128),
        ("aes-cbc-192", Self::AesCbc192),
        ("aes-cbc-256", Self::AesCbc256),
    ];

    /// The word of the topology file.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, crypto)| *crypto == self).map_or("", |(word, _)| word)
    }

    /// Bytes of its key.
    pub fn key_bytes(self) -> usize {
        match self {
            Self::AesGcm128 | Self::AesCbc128 => 16,
            Self::AesGcm192 | Self::AesCbc192 => 24,
            Self::AesGcm256 | Self::AesCbc256 => 32,
        }
    }

    /// Whether it proves integrity itself and needs no second algorithm.
    pub fn is_aead(self) -> bool {
        matches!(self, Self::AesGcm128 | Self::AesGcm192 | Self::AesGcm256)
    }
}

/// How integrity of a tunnel's packets is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Integrity {
    /// HMAC-SHA-1-96, key of 20 bytes.
    Sha1,
    /// HMAC-SHA-256-128, key of 32 bytes.
    Sha256,
    /// HMAC-SHA-512-256, key of 64 bytes.
    Sha512,
}

impl Integrity {
    /// All of them with the words of the topology file, which are VPP's.
    pub const WORDS: [(&'static str, Self); 3] =
        [("sha1-96", Self::Sha1), ("sha-256-128", Self::Sha256), ("sha-512-256", Self::Sha512)];

    /// The word of the topology file.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, integrity)| *integrity == self).map_or("", |(word, _)| word)
    }

    /// Bytes of its key.
    pub fn key_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// Tunnels of an `ipsec` chain. NF n of the first node has its tunnels to NF n of the second one,
/// or to the traffic generator where there is one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ipsec {
    /// Tunnels per NF, at least 1.
    pub tunnels: u32,
    /// Encryption.
    pub crypto: Crypto,
    /// Its key in lower-case hexadecimal; one for all tunnels. Never shown.
    pub crypto_key: String,
    /// Integrity with its key; `None` where the encryption does that.
    pub integrity: Option<(Integrity, String)>,
    /// Address of the first tunnel's end on the first node; each further tunnel has the next one.
    pub local: Ipv4Addr,
    /// Address of the first tunnel's other end.
    pub remote: Ipv4Addr,
}
