//! What an engine is given and what it finds: container specification, labels, observations.

use crate::command::Secret;
use crate::cpu::CpuSet;
use crate::model::{EngineKind, Image, Mount, Security};
use std::collections::{BTreeMap, BTreeSet};

/// One container as it should be: everything an engine needs to make it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerSpec {
    /// Name, unique on its node.
    pub name: String,
    /// Image or root file system.
    pub image: Image,
    /// Command with arguments; empty = the image's own.
    pub command: Vec<String>,
    /// Whether the command is the first process whatever the image says is (its `ENTRYPOINT`).
    pub is_entrypoint: bool,
    /// Environment, in order.
    pub env: Vec<(String, String)>,
    /// Those values of `env` that are never shown.
    pub secrets: Vec<Secret>,
    /// Bind mounts.
    pub mounts: Vec<Mount>,
    /// Published ports.
    pub publish: Vec<String>,
    /// All capabilities and devices.
    pub privileged: bool,
    /// Capabilities added.
    pub cap_add: Vec<String>,
    /// Capabilities dropped.
    pub cap_drop: Vec<String>,
    /// Devices, `host[:guest[:rwm]]`.
    pub devices: Vec<String>,
    /// Network mode; `None` = the engine's default.
    pub network: Option<String>,
    /// Memory limit in bytes.
    pub memory: Option<u64>,
    /// CPUs, main core first.
    pub cpus: Vec<u32>,
    /// Memory nodes.
    pub mems: Vec<u32>,
    /// What it may do.
    pub security: Security,
    /// OCI runtime; `None` = the engine's default.
    pub runtime: Option<String>,
    /// Its place in a pod.
    pub pod: Option<PodSeat>,
    /// Who owns it.
    pub labels: Labels,
}

/// A container's place in a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSeat {
    /// Name of the pod, unique on its node.
    pub pod: String,
    /// The container whose network and IPC namespaces it joins; `None` = it owns them.
    pub owner: Option<String>,
}

impl ContainerSpec {
    /// The cpuset in the kernel's list format.
    pub fn cpuset(&self) -> String {
        self.cpus.iter().copied().collect::<CpuSet>().to_string()
    }

    /// The memory nodes in the kernel's list format.
    pub fn memset(&self) -> String {
        self.mems.iter().copied().collect::<CpuSet>().to_string()
    }
}

/// What marks a container as ours. Every engine stores all pairs with the container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels {
    /// Name of the topology that owns it.
    pub topology: String,
    /// Name of the node.
    pub node: String,
    /// Name of the group.
    pub group: String,
    /// Ordinal in the group, from 1.
    pub index: u32,
    /// CPUs in placement order, e.g. `3,4,60`.
    pub cpuset: String,
    /// Memory nodes.
    pub mems: String,
    /// Whether its CPUs are shared with others that share theirs.
    pub shared: bool,
    /// Hash of the resolved specification.
    pub hash: String,
    /// The specification field by field, one line of JSON without secrets; tells what changed.
    pub spec: String,
    /// Version of vnfctl that made it.
    pub version: String,
}

impl Labels {
    /// Prefix of every label key.
    pub const PREFIX: &'static str = "vnfctl.";

    /// Key (without prefix) and value of every label. No value holds a newline.
    pub fn pairs(&self) -> [(&'static str, String); 10] {
        [
            ("topology", self.topology.clone()),
            ("node", self.node.clone()),
            ("group", self.group.clone()),
            ("index", self.index.to_string()),
            ("cpuset", self.cpuset.clone()),
            ("mems", self.mems.clone()),
            ("cpus", if self.shared { "shared" } else { "exclusive" }.to_owned()),
            ("hash", self.hash.clone()),
            ("spec", self.spec.clone()),
            ("version", self.version.clone()),
        ]
    }

    /// The CPUs it was given, main core first.
    pub fn cpus(&self) -> Vec<u32> {
        self.cpuset.split(',').filter_map(|cpu| cpu.parse().ok()).collect()
    }

    /// The memory nodes it was given.
    pub fn mems(&self) -> Vec<u32> {
        self.mems.split(',').filter_map(|node| node.parse().ok()).collect()
    }

    /// Labels from keys with prefix; `None` when `vnfctl.topology` is missing: not ours.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let mut labels = Self::default();
        for (key, value) in pairs {
            let value = value.to_owned();
            match key.strip_prefix(Self::PREFIX) {
                Some("topology") => labels.topology = value,
                Some("node") => labels.node = value,
                Some("group") => labels.group = value,
                Some("index") => labels.index = value.parse().unwrap_or(0),
                Some("cpuset") => labels.cpuset = value,
                Some("mems") => labels.mems = value,
                Some("cpus") => labels.shared = value == "shared",
                Some("hash") => labels.hash = value,
                Some("spec") => labels.spec = value,
                Some("version") => labels.version = value,
                _ => {}
            }
        }
        (!labels.topology.is_empty()).then_some(labels)
    }
}

/// All an engine has on a node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    /// Containers, ours and foreign.
    pub containers: Vec<Observed>,
    /// Those of the images asked for that are present.
    pub images: BTreeMap<Image, Present>,
    /// What folders of cgroups are called that belong to containers made by vnfctl, whether these
    /// run or not: in a start and in an end there are processes that no engine tells of.
    pub cgroups: BTreeSet<String>,
}

/// An image as a node has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Present {
    /// What tells its content from another, 64 hexadecimal digits; comparable within an engine.
    /// docker, podman: the image id. lxc, native: SHA-256 of the tarball it was made from, or a
    /// word of its own where a template made it. `None` = nobody knows.
    pub digest: Option<String>,
    /// Size in bytes: docker, podman: of all its layers; lxc, native: of that tarball.
    pub bytes: Option<u64>,
}

/// One container as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Which engine has it.
    pub engine: EngineKind,
    /// Its exact name.
    pub name: String,
    /// Ours when present.
    pub labels: Option<Labels>,
    /// Whether it runs.
    pub state: State,
    /// `Cpus_allowed_list` of the first process, from the kernel, while it runs.
    pub cpus: Option<CpuSet>,
    /// `Mems_allowed_list` of the first process, from the kernel, while it runs.
    pub mems: Option<CpuSet>,
    /// The CPUs its cgroup grants (`cpuset.cpus.effective`), from the kernel, while it runs; an
    /// application may pin its own threads inside these. No engine tells: whoever observes a node
    /// adds it from [`crate::facts::Cpusets`].
    pub cgroup_cpus: Option<CpuSet>,
    /// The memory nodes its cgroup grants, while it runs.
    pub cgroup_mems: Option<CpuSet>,
    /// The image as the engine names it.
    pub image: String,
}

impl Observed {
    /// Whether `topology` owns it.
    pub fn is_of(&self, topology: &str) -> bool {
        self.labels.as_ref().is_some_and(|labels| labels.topology == topology)
    }
}

/// Whether a container runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its first process lives; pid in the node's namespace.
    Running {
        /// Process id.
        pid: u32,
    },
    /// It exists and does not run.
    Stopped {
        /// Exit code of its last run, where the engine knows it.
        code: Option<i32>,
    },
    /// Half-made: a creation was cut short.
    Broken,
}

/// An engine printed something its parser does not know.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{engine} printed something unexpected: `{line}`", engine = engine.word())]
pub struct ParseError {
    /// Which engine.
    pub engine: EngineKind,
    /// The line.
    pub line: String,
}
