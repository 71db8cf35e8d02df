//! The resolved topology: every default filled in, every reference checked.

use super::app::App;
use super::chain::{Chain, MemifLink};
use super::recipe::Recipe;
use super::security::Security;
use super::watch::Watch;
use crate::wiring::Wiring;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A whole topology. Its name owns what it creates on the nodes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Topology {
    /// Name, unique per node among the topologies that run there.
    pub name: String,
    /// How cpusets are computed.
    pub placement: PlacementMode,
    /// Put before every container name.
    pub prefix: String,
    /// Nodes in the order of the file.
    pub nodes: Vec<Node>,
    /// Images that are built, by name; those that nobody uses as well.
    pub images: BTreeMap<String, Recipe>,
    /// Groups in the order of the file.
    pub groups: Vec<Group>,
    /// veth links in the order of the file.
    pub links: Vec<Link>,
    /// memif links in the order of the file.
    pub memifs: Vec<MemifLink>,
    /// Chains in the order of the file.
    pub chains: Vec<Chain>,
    /// What `memifs` and `chains` mean for each container; computed when the topology is loaded.
    pub wiring: Wiring,
}

impl Topology {
    /// The container's name: `<prefix><node>_<group><ordinal>`, ordinal from 1.
    pub fn container_name(&self, node: &str, group: &str, ordinal: u32) -> String {
        format!("{}{node}_{group}{ordinal}", self.prefix)
    }
}

/// How cpusets are computed (product section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlacementMode {
    /// CSIT's arithmetic over true cores and siblings; doubtful answers are refused.
    #[default]
    Slots,
    /// Every answer as CSIT gives it, wrong ones included.
    Csit,
    /// Whole free cores on the NUMA node of the group's interfaces.
    Auto,
}

/// A machine that runs containers.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Name, e.g. `DUT1`.
    pub name: String,
    /// Where to log in; `None` = this machine.
    pub ssh: Option<SshTarget>,
    /// How the login user becomes root.
    pub r#become: Become,
    /// Slots (physical cores from the start of each NUMA node) kept for the system.
    pub system_cpus: u32,
    /// Named interfaces.
    pub interfaces: BTreeMap<String, Interface>,
}

/// `user@host[:port]`; absent parts come from the user's ssh configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshTarget {
    /// Login user.
    pub user: Option<String>,
    /// Host name, alias of the ssh configuration, or address.
    pub host: String,
    /// TCP port, 1..=65535.
    pub port: Option<u16>,
}

/// How the login user becomes root on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Become {
    /// `sudo -n` where the login user is not root.
    #[default]
    Sudo,
    /// Never.
    None,
}

/// A physical interface of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// PCI address `dddd:bb:dd.f`, lower case.
    pub pci: String,
    /// MAC address of what is at the other end of its wire (the traffic generator), lower case.
    pub peer_mac: Option<String>,
}

/// What runs a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EngineKind {
    /// Namespaces and cgroups by shell, util-linux and iproute2.
    Native,
    /// Docker.
    Docker,
    /// Podman.
    Podman,
    /// LXC.
    Lxc,
    /// systemd-nspawn.
    Nspawn,
    /// Pods of a CRI runtime, by crictl.
    Cri,
}

impl EngineKind {
    /// All engines, in the order they are listed to people.
    pub const ALL: [Self; 6] =
        [Self::Native, Self::Docker, Self::Podman, Self::Lxc, Self::Nspawn, Self::Cri];

    /// The word of the topology file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Lxc => "lxc",
            Self::Nspawn => "nspawn",
            Self::Cri => "cri",
        }
    }
}

/// A named set of equal containers.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Name, e.g. `VNF`.
    pub name: String,
    /// What runs it.
    pub engine: EngineKind,
    /// Image or root file system.
    pub image: Image,
    /// Names of the nodes it runs on, in the order of the file's nodes.
    pub nodes: Vec<String>,
    /// Containers per node and the CPUs they want.
    pub cpu: CpuRequest,
    /// Memory node.
    pub cpuset_mems: Mems,
    /// What `auto` does where that NUMA node is full.
    pub numa: NumaPolicy,
    /// Huge pages each container needs: page size in KiB -> pages.
    pub hugepages: BTreeMap<u64, u64>,
    /// Names of interfaces (of each of its nodes).
    pub interfaces: Vec<String>,
    /// Bind mounts.
    pub mounts: Vec<Mount>,
    /// Environment, in the order of the file.
    pub env: Vec<(String, String)>,
    /// Published ports, in docker's notation.
    pub publish: Vec<String>,
    /// All capabilities and devices.
    pub privileged: bool,
    /// Capabilities added, without `CAP_`.
    pub cap_add: Vec<String>,
    /// Capabilities dropped, without `CAP_`.
    pub cap_drop: Vec<String>,
    /// Devices, `host[:guest[:rwm]]`.
    pub devices: Vec<String>,
    /// Network mode in the engine's words; `None` = the engine's default.
    pub network: Option<String>,
    /// Memory limit in bytes.
    pub memory: Option<u64>,
    /// Command with arguments; empty = the image's own (native: sleep for ever).
    pub command: Vec<String>,
    /// Names of groups that must be running, their apps ready, first.
    pub depends_on: Vec<String>,
    /// What runs inside; `None` = the command alone.
    pub app: Option<App>,
    /// What its containers may do.
    pub security: Security,
    /// OCI runtime the engine hands them to (`runsc`, `crun` ...); `None` = the engine's default.
    pub runtime: Option<String>,
    /// Pod they are in: one per node and name, with one network and one IPC namespace.
    pub pod: Option<String>,
    /// Whether they run to their end before what needs their group starts.
    pub init: bool,
    /// How long such a run may take.
    pub init_timeout: Duration,
    /// How its containers are watched.
    pub watch: Watch,
}

/// What a container's root file system comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Image {
    /// docker, podman: image reference. lxc: template with arguments, or the name a tarball gets.
    /// native: absolute directory on the node, or the name a tarball gets; `None` = the node's root.
    pub name: Option<String>,
    /// A tarball instead of a registry or template.
    pub file: Option<ImageFile>,
    /// Name of the recipe in `[images]` that it is built by, instead of both.
    pub recipe: Option<String>,
}

/// Where a tarball lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImageFile {
    /// On the operator's machine; relative paths are relative to the topology file.
    Here(PathBuf),
    /// On the node, written `node:/path` in the file.
    Node(String),
}

/// What a group asks of each of its nodes.
#[derive(Debug, Clone, PartialEq)]
pub enum CpuRequest {
    /// `count`, `cpu_count`, `cpu_skip`.
    Slice(SliceRequest),
    /// `nf_*`: the NF-density form.
    Chain(ChainRequest),
}

impl CpuRequest {
    /// Containers of the group per node.
    pub fn containers(&self) -> u32 {
        match self {
            Self::Slice(slice) => slice.count,
            Self::Chain(chain) => chain.nf_chains * chain.nf_nodes,
        }
    }

    /// Whether its containers may be on CPUs of others that share theirs too.
    pub fn may_share(&self) -> bool {
        matches!(self, Self::Slice(slice) if slice.cpu_shared || slice.cpu_scarce == Scarce::Share)
    }
}

/// What to do when a node has fewer CPUs than the group asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scarce {
    /// Refuse (exit 5).
    #[default]
    Refuse,
    /// Share what there is, with a warning: for demonstrations on small machines.
    Share,
}

/// The slice form: container `i` (from 0) gets `cpu_count` CPUs after
/// `cpu_skip + (cpu_shared ? 0 : i * cpu_count)` slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SliceRequest {
    /// Containers per node, at least 1.
    pub count: u32,
    /// CPUs per container; 0 = all that are left.
    pub cpu_count: u32,
    /// Slots left alone on the NUMA node; `None` = the node's `system_cpus`. Says nothing in `auto`.
    pub cpu_skip: Option<u32>,
    /// Also hand out sibling threads.
    pub smt_used: bool,
    /// All containers of the group on the same CPUs.
    pub cpu_shared: bool,
    /// What to do when there are too few CPUs.
    pub cpu_scarce: Scarce,
}

/// The NF-density form (CSIT's `cpu_slice_of_list_for_nf`).
#[derive(Debug, Clone, PartialEq)]
pub struct ChainRequest {
    /// Chains, at least 1.
    pub nf_chains: u32,
    /// NFs per chain, at least 1.
    pub nf_nodes: u32,
    /// Physical data-plane cores per NF; `None` = half a core (one thread), written 0.5.
    pub nf_dtc: Option<u32>,
    /// NF mains per core, at least 1.
    pub nf_mtcr: u32,
    /// NFs per data-plane core set, at least 1.
    pub nf_dtcr: u32,
    /// vswitch data-plane cores: slots skipped = `system_cpus` + 1 (vswitch main) + `vs_dtc`.
    pub vs_dtc: u32,
    /// Use sibling threads; `None` = whether the machine has them.
    pub smt_used: Option<bool>,
}

/// Which memory node a group's memory is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mems {
    /// Where most of the group's interfaces are; without interfaces the first NUMA node with CPUs.
    #[default]
    Auto,
    /// This NUMA node, also for the CPUs.
    Node(u32),
}

/// What `auto` placement does where the NUMA node of a group is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NumaPolicy {
    /// Refuse (exit 5).
    #[default]
    Require,
    /// Take the nearest NUMA node that has room, with a warning.
    Prefer,
}

/// A bind mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Absolute path on the node. It must exist, except that a missing directory is made when
    /// `host` ends in `/`.
    pub host: String,
    /// Absolute path in the container.
    pub guest: String,
    /// Read-only.
    pub read_only: bool,
}

/// What joins two containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkKind {
    /// A pair of virtual Ethernet devices.
    Veth,
}

/// A link between two containers of one node; it exists on every node that has both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What kind of link.
    pub kind: LinkKind,
    /// Names of the nodes it is made on.
    pub nodes: Vec<String>,
    /// MTU in bytes, 68..=65535; `None` = the kernel's default.
    pub mtu: Option<u32>,
    /// Its two ends.
    pub ends: [LinkEnd; 2],
}

/// One end of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkEnd {
    /// Name of the group.
    pub group: String,
    /// Ordinal in the group, from 1.
    pub ordinal: u32,
    /// Interface name in the container, at most 15 bytes.
    pub interface: String,
    /// MAC address, lower case; `None` = the kernel's choice.
    pub mac: Option<String>,
    /// Addresses with prefix length.
    pub addresses: Vec<String>,
    /// Addresses that must answer a ping sent from this end's container; besides the other end's
    /// own addresses that share a subnet with this end's.
    pub ping: Vec<String>,
}
