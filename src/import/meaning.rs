//! What a name means, in the words of a topology, without its contradictions.

use super::interpret::shares_nics;
use crate::model::{ChainKind, Crypto, EngineKind, Integrity, MemifRoles, SwitchForwarding};
use std::ops::Range;

/// What a person wants otherwise than the name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wishes {
    /// What runs in the containers.
    pub app: Option<Import>,
    /// What they run in.
    pub engine: Option<EngineKind>,
}

/// An app that a topology can be written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Import {
    /// VPP as vswitch and NFs.
    Vpp,
    /// testpmd as NFs, and as generator and sink in the place of vswitch and traffic generator.
    Testpmd,
}

/// A topology, before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// Name of the topology.
    pub title: String,
    /// Nodes with containers, 1 or 2.
    pub duts: u32,
    /// Whether the name says how many.
    pub duts_said: bool,
    /// Chains per node.
    pub chains: u32,
    /// NFs per chain.
    pub nodes: u32,
    /// How the NFs forward.
    pub kind: ChainKind,
    /// What the outer sides of a chain are joined to.
    pub switching: Switching,
    /// Engine of all containers.
    pub engine: EngineKind,
    /// Whether the NFs are testpmd; else VPP.
    pub testpmd: bool,
    /// CPUs of an NF.
    pub cpus: NfCpus,
    /// Data-plane cores of the vswitch.
    pub vs_dtc: u32,
    /// Which side of a memif the NFs are.
    pub roles: MemifRoles,
    /// Huge pages of 1 GiB instead of 2 MiB.
    pub huge1g: bool,
    /// Tunnels per NF, and how they are encrypted.
    pub ipsec: Option<(u32, Crypto, Option<Integrity>)>,
    /// What the name says and a topology cannot, a sentence each.
    pub asides: Vec<String>,
}

impl Meaning {
    /// NFs per node.
    pub fn nfs(&self) -> u32 {
        self.chains * self.nodes
    }

    /// Whether neighbours in a chain are joined directly, not through the vswitch.
    pub fn is_direct(&self) -> bool {
        self.switching == Switching::Generator
            || matches!(self.kind, ChainKind::PipelineIp4 | ChainKind::PipelineL2xc)
    }

    /// Numbers of each node's NICs, odd ones left, even ones right.
    pub fn nics(&self) -> Range<u32> {
        match self.switching {
            Switching::Generator if self.is_cross() => 2..3,
            Switching::Generator => 1..1,
            Switching::Vswitch(_) if shares_nics(self.kind, self.switching) => 1..3,
            Switching::Vswitch(_) => 1..2 * self.chains + 1,
        }
    }

    /// Whether each NF has one memif and one NIC.
    pub fn is_cross(&self) -> bool {
        self.kind == ChainKind::CrossHoriz
    }
}

/// What the outer sides of a chain are joined to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switching {
    /// A vswitch with the node's NICs.
    Vswitch(SwitchForwarding),
    /// A generator and a sink, both testpmd; no NIC.
    Generator,
}

/// CPUs of an NF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NfCpus {
    /// One for all, shared where there are few: a functional test.
    One,
    /// Half a core (one thread) of data plane, two NFs per core.
    Half,
    /// So many cores of data plane.
    Cores(u32),
}
