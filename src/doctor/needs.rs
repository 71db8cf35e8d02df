//! What the groups of a node need of it.

use crate::model::{Become, EngineKind, Group, IdMap, ImageFile, Node, Topology};
use std::collections::{BTreeMap, BTreeSet};

/// What one node must have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// Engines.
    pub engines: BTreeSet<EngineKind>,
    /// Programs, and what needs them.
    pub tools: BTreeMap<&'static str, String>,
    /// Kernel modules: the option that builds each, and what needs it.
    pub modules: BTreeMap<&'static str, (&'static str, String)>,
    /// Cgroup controllers, and what needs them.
    pub controllers: BTreeMap<&'static str, String>,
    /// Whether ids of the node are lent to containers.
    pub subordinate_ids: bool,
}

/// What every look at a node and every step is made of.
const BASICS: [&str; 7] = ["awk", "find", "flock", "grep", "readlink", "sed", "timeout"];

/// What the embedded engine is made of.
const NATIVE: [&str; 9] =
    ["ip", "mount", "nsenter", "pivot_root", "setpriv", "setsid", "taskset", "umount", "unshare"];

impl Needs {
    /// What `topology` needs of `node`.
    pub fn of(topology: &Topology, node: &Node) -> Self {
        let mut needs = Self::default();
        needs.tools(&BASICS, "every verb");
        needs.controllers.insert("cpuset", "pinning".to_owned());
        if node.ssh.is_some() && node.r#become == Become::Sudo {
            // Asked for where the login user is not root; the lane knows.
            needs.tools(&["id"], "every verb");
        }
        let groups = topology.groups.iter().filter(|group| group.nodes.contains(&node.name));
        groups.for_each(|group| needs.group(group, node));
        let here = |nodes: &[String]| nodes.contains(&node.name);
        if topology.links.iter().any(|link| here(&link.nodes)) {
            needs.tools(&["ip", "nsenter"], "veth links");
            needs.module("veth", "VETH", "veth links");
            let pings =
                topology.links.iter().flat_map(|link| &link.ends).any(|end| !end.ping.is_empty());
            if pings {
                needs.tools(&["ping"], "pings of veth links");
            }
        }
        needs
    }

    fn group(&mut self, group: &Group, node: &Node) {
        let (engine, name) = (group.engine, format!("group `{}`", group.name));
        self.engines.insert(engine);
        let root_of_node = group.image.name.is_none() && group.image.file.is_none();
        if engine == EngineKind::Native {
            self.tools(&NATIVE, "engine native");
            if root_of_node || group.image.file.is_some() {
                self.module("overlay", "OVERLAY_FS", "private writable parts of engine native");
            }
        } else {
            self.tools(&["taskset"], &format!("engine {}", engine.word()));
        }
        if matches!(engine, EngineKind::Docker | EngineKind::Podman) {
            self.module("overlay", "OVERLAY_FS", &format!("images of {}", engine.word()));
            if group.network.as_deref().is_none_or(|network| network == "bridge") {
                let why = format!("the network of {name}");
                self.module("veth", "VETH", &why);
                self.module("bridge", "BRIDGE", &why);
                self.tools(&["iptables"], &why);
            }
        }
        if group.image.file.is_some() {
            self.tools(&["tar"], &format!("the image of {name}"));
        }
        let path = match &group.image.file {
            Some(ImageFile::Here(path)) => path.to_string_lossy().into_owned(),
            Some(ImageFile::Node(path)) => path.clone(),
            None => String::new(),
        };
        let ending = path.rsplit('.').next().unwrap_or_default();
        for (suffix, tool) in [("zst", "zstd"), ("xz", "xz"), ("gz", "gzip"), ("tgz", "gzip")] {
            if ending == suffix {
                self.tools(&[tool], &format!("the image of {name}"));
            }
        }
        if !group.interfaces.is_empty() {
            self.module("vfio-pci", "VFIO_PCI", &format!("the interfaces of {name}"));
        }
        if group.memory.is_some() {
            self.controllers.insert("memory", format!("`memory` of {name}"));
        }
        if group.security.pids.is_some() {
            self.controllers.insert("pids", format!("`pids` of {name}"));
        }
        let rootless = engine == EngineKind::Podman && node.r#become == Become::None;
        if rootless || group.security.idmap == Some(IdMap::Auto) {
            self.subordinate_ids = true;
            if rootless || engine == EngineKind::Lxc {
                self.tools(&["newuidmap", "newgidmap"], &format!("the ids of {name}"));
            }
        }
    }

    fn tools(&mut self, tools: &[&'static str], why: &str) {
        for tool in tools {
            self.tools.entry(tool).or_insert_with(|| why.to_owned());
        }
    }

    fn module(&mut self, name: &'static str, option: &'static str, why: &str) {
        self.modules.entry(name).or_insert_with(|| (option, why.to_owned()));
    }
}
