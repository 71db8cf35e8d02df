//! Parser of what the probe prints: `<word> <value>` lines, `lscpu -p` rows, and
//! `<path>:<content>` lines of files.

use super::topology::Topology;
use super::{Cgroup, CgroupVersion, Facts, NumaNode};
use crate::cpu::CpuSet;
use crate::model::EngineKind;
use std::collections::BTreeMap;
use std::str::FromStr;

/// The probe's output is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// The last line is missing.
    #[error("the probe did not finish; its last line is `{0}`")]
    Unfinished(String),
    /// A line that cannot be understood.
    #[error("the probe printed something unexpected: `{0}`")]
    Line(String),
    /// The CPUs make no sense.
    #[error("the node's CPUs cannot be read: {0}")]
    Cpus(String),
}

/// Programs that the native engine is made of.
const NATIVE_TOOLS: [&str; 5] = ["unshare", "nsenter", "mount", "ip", "setsid"];

/// Reads what [`probe`](super::probe) printed.
///
/// # Errors
/// [`FactsError`].
pub fn parse(stdout: &str) -> Result<Facts, FactsError> {
    let lines: Vec<&str> = stdout.lines().collect();
    let Some((&"end", lines)) = lines.split_last() else {
        let last = lines.last().copied().unwrap_or_default();
        return Err(FactsError::Unfinished(last.to_owned()));
    };
    let mut reading = Reading::default();
    for line in lines {
        reading.line(line).ok_or_else(|| FactsError::Line((*line).to_owned()))?;
    }
    reading.finish()
}

#[derive(Default)]
struct Reading {
    facts: Facts,
    topology: Topology,
    native_asked: bool,
    sudo_works: bool,
    nodes: BTreeMap<u32, NumaNode>,
    distances: BTreeMap<u32, Vec<u32>>,
    /// Memory and huge pages of the whole machine, for kernels without NUMA.
    whole: NumaNode,
    /// `Cpus_allowed_list` of the lane, and the cpusets at the roots of the cgroup mounts.
    lane_cpus: CpuSet,
    root_cpus: CpuSet,
}

impl Reading {
    /// Takes one line; `None` = it cannot be understood.
    fn line(&mut self, line: &str) -> Option<()> {
        if line.starts_with('/') {
            return self.file(line);
        }
        if line.starts_with(['#', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) {
            self.topology.lscpu.push_str(line);
            self.topology.lscpu.push('\n');
            return Some(());
        }
        let (word, value) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "" => {}
            "pci" => {
                self.facts.pci.insert(value.to_owned(), None);
            }
            "tool" => {
                self.facts.tools.insert(value.to_owned());
            }
            "arch" => value.clone_into(&mut self.facts.arch),
            "links" => self.topology.links = value.split(' ').filter_map(node_of_link).collect(),
            "asked" => self.native_asked = true,
            "sudo" => self.sudo_works = true,
            "user" => value.clone_into(&mut self.facts.subids.user),
            "subuid" => self.facts.subids.uids.extend(range(value)),
            "subgid" => self.facts.subids.gids.extend(range(value)),
            "engine" => self.engine(value)?,
            "cgroup" => self.cgroup(value)?,
            _ => return None,
        }
        Some(())
    }

    fn engine(&mut self, value: &str) -> Option<()> {
        let mut words = value.splitn(3, ' ');
        let (name, code) = (words.next()?, words.next()?);
        let text = words.next().unwrap_or_default();
        let kind = EngineKind::ALL.into_iter().find(|kind| kind.word() == name)?;
        let starts_with_digit = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
        let version = text.split_whitespace().find(starts_with_digit);
        let answer = match (code, version) {
            ("0", Some(version)) => Ok(version.trim_end_matches(',').to_owned()),
            ("0", None) => Err(format!("prints no version: `{text}`")),
            (code, _) => Err(format!("exit code {code}: {text}")),
        };
        self.facts.engines.insert(kind, answer);
        Some(())
    }

    fn cgroup(&mut self, value: &str) -> Option<()> {
        let mut words = value.split(' ');
        let (kind, point) = (words.next()?, words.next()?);
        let mounts = &mut self.facts.cgroup.mounts;
        if kind == "cgroup2" {
            mounts.entry(String::new()).or_insert_with(|| point.to_owned());
            return Some(());
        }
        // Every option that is not one of the mount's own is a controller (cgroups(7)).
        let own = ["rw", "ro", "nosuid", "nodev", "noexec", "relatime", "noatime", "nodiratime"];
        let also = ["xattr", "seclabel", "clone_children", "noprefix", "none", "favordynmods"];
        let controllers = words.next()?.split(',').filter(|option| {
            !own.contains(option) && !also.contains(option) && !option.starts_with("release_agent=")
        });
        for controller in controllers {
            mounts.entry(controller.to_owned()).or_insert_with(|| point.to_owned());
        }
        Some(())
    }

    fn file(&mut self, line: &str) -> Option<()> {
        if let Some(rest) = line.strip_prefix("/sys/bus/pci/devices/") {
            let (address, node) = rest.split_once("/numa_node:")?;
            let node = node.trim().parse::<i64>().ok()?;
            self.facts.pci.insert(address.to_owned(), u32::try_from(node).ok());
            return Some(());
        }
        let (path, content) = line.split_once(':')?;
        let content = content.trim();
        if let Some(rest) = path.strip_prefix("/sys/devices/system/cpu/") {
            return self.cpu_file(rest, content);
        }
        if let Some(rest) = path.strip_prefix("/sys/devices/system/node/node") {
            let (node, file) = rest.split_once('/')?;
            return self.node_file(node.parse().ok()?, file, content);
        }
        // Hybrid x86: one PMU per kind of core (`/sys/devices/cpu_core/cpus`).
        if let Some(kind) = path.strip_prefix("/sys/devices/cpu_") {
            let kinds = &mut self.topology.kinds;
            kinds.extend(content.parse().ok().map(|cpus| (kind.to_owned(), cpus)));
            return Some(());
        }
        if let Some(rest) = path.strip_prefix("/sys/kernel/mm/") {
            hugepages(&mut self.whole, rest, content);
            return Some(());
        }
        match path {
            "/proc/sys/kernel/osrelease" => content.clone_into(&mut self.facts.kernel),
            "/proc/sys/kernel/arch" => content.clone_into(&mut self.facts.arch),
            "/proc/filesystems" if content.ends_with("overlay") => {
                self.facts.tools.insert("overlay".to_owned());
            }
            "/proc/meminfo" => memory(&mut self.whole, content),
            "/proc/self/status" => self.status(content)?,
            _ if path.ends_with("/cgroup.controllers") => {
                let controllers = content.split_whitespace().map(str::to_owned);
                self.facts.cgroup.controllers.extend(controllers);
            }
            // The first of a mount's files with a content is the one that counts.
            _ if path.contains("/cpuset.") && self.root_cpus.0.is_empty() => {
                self.root_cpus = content.parse().ok()?;
            }
            _ => {}
        }
        Some(())
    }

    fn status(&mut self, content: &str) -> Option<()> {
        let (name, value) = content.split_once(':').unwrap_or((content, ""));
        match name {
            // Real, effective, saved, file system.
            "Uid" => self.facts.uid = value.split_whitespace().nth(1)?.parse().ok()?,
            "Cpus_allowed_list" => self.lane_cpus = value.parse().ok()?,
            _ => {}
        }
        Some(())
    }

    /// What tells which CPUs there are and which share a core must be understood; the rest may be
    /// missing or strange (`nohz_full` without the option is `(null)` on some kernels).
    fn cpu_file(&mut self, path: &str, content: &str) -> Option<()> {
        let topology = &mut self.topology;
        match path {
            "online" => topology.online = content.parse().ok()?,
            "present" => topology.present = content.parse().ok()?,
            "isolated" => topology.isolated = content.parse().unwrap_or_default(),
            "nohz_full" => topology.nohz_full = content.parse().unwrap_or_default(),
            _ => {
                let (cpu, file) = path.strip_prefix("cpu")?.split_once('/')?;
                let cpu = cpu.parse().ok()?;
                match file {
                    "topology/thread_siblings_list" => {
                        topology.siblings.insert(cpu, content.parse().ok()?);
                    }
                    "topology/physical_package_id" => insert(&mut topology.packages, cpu, content),
                    "cache/index3/shared_cpu_list" => insert(&mut topology.l3, cpu, content),
                    "cpu_capacity" => insert(&mut topology.capacities, cpu, content),
                    _ => {}
                }
            }
        }
        Some(())
    }

    fn node_file(&mut self, id: u32, file: &str, content: &str) -> Option<()> {
        let node = self.nodes.entry(id).or_insert_with(|| NumaNode { id, ..NumaNode::default() });
        match file {
            "cpulist" => {
                node.cpus = content.parse().ok()?;
                self.topology.numa.insert(id, node.cpus.clone());
            }
            "distance" => {
                let distances = content.split_whitespace().map(|far| far.parse().ok());
                self.distances.insert(id, distances.collect::<Option<_>>().unwrap_or_default());
            }
            // `Node 0 MemTotal:  16384 kB`
            "meminfo" => memory(node, content.splitn(3, ' ').nth(2).unwrap_or_default()),
            _ => hugepages(node, file, content),
        }
        Some(())
    }

    fn finish(mut self) -> Result<Facts, FactsError> {
        let allowed = if self.root_cpus.0.is_empty() { self.lane_cpus } else { self.root_cpus };
        self.topology.allowed = allowed;
        let machine = self.topology.machine().map_err(FactsError::Cpus)?;
        if self.nodes.is_empty() {
            self.whole.cpus = machine.cpus().filter(|cpu| cpu.online).map(|cpu| cpu.id).collect();
            self.nodes.insert(0, self.whole);
        }
        let ids: Vec<u32> = self.nodes.keys().copied().collect();
        let with_memory = self.nodes.values().filter(|node| node.memory_kib > 0);
        let with_memory: CpuSet = with_memory.map(|node| node.id).collect();
        // One distance per online NUMA node; of a list of another length nobody knows whose they are.
        let told = self.distances.into_iter().filter(|(_, far)| far.len() == ids.len());
        let pairs = |(node, far): (u32, Vec<u32>)| (node, ids.iter().copied().zip(far).collect());
        let distances = told.map(pairs).collect();
        let mut facts = self.facts;
        facts.machine = machine.with_memory(with_memory, distances);
        facts.numa = self.nodes.into_values().collect();
        facts.sudo = facts.uid == 0 || self.sudo_works;
        facts.cgroup.version = version(&facts.cgroup);
        if self.native_asked {
            let missing: Vec<_> =
                NATIVE_TOOLS.into_iter().filter(|tool| !facts.tools.contains(*tool)).collect();
            let answer = if missing.is_empty() {
                Ok(facts.kernel.clone())
            } else {
                Err(format!("missing on the node: {}", missing.join(", ")))
            };
            facts.engines.insert(EngineKind::Native, answer);
        }
        Ok(facts)
    }
}

/// Which interface carries the cpuset controller.
fn version(cgroup: &Cgroup) -> CgroupVersion {
    let unified = cgroup.mounts.contains_key("");
    match cgroup.mounts.contains_key("cpuset") {
        true if unified => CgroupVersion::Hybrid,
        false if unified => CgroupVersion::V2,
        _ => CgroupVersion::V1,
    }
}

/// Takes a content that may be strange.
fn insert<T: FromStr>(facts: &mut BTreeMap<u32, T>, cpu: u32, content: &str) {
    if let Ok(fact) = content.parse() {
        facts.insert(cpu, fact);
    }
}

/// Takes `cpu4/node0`: the CPU and its NUMA node.
fn node_of_link(link: &str) -> Option<(u32, u32)> {
    let (cpu, node) = link.split_once('/')?;
    Some((cpu.strip_prefix("cpu")?.parse().ok()?, node.strip_prefix("node")?.parse().ok()?))
}

/// Takes `MemTotal:  16384 kB`; other lines of a meminfo file are of no interest.
fn memory(node: &mut NumaNode, line: &str) {
    let total = line.strip_prefix("MemTotal:").and_then(|rest| rest.split_whitespace().next());
    if let Some(total) = total.and_then(|total| total.parse().ok()) {
        node.memory_kib = total;
    }
}

/// Takes `hugepages/hugepages-2048kB/nr_hugepages` and `free_hugepages`.
fn hugepages(node: &mut NumaNode, path: &str, content: &str) {
    let Some((size, file)) =
        path.strip_prefix("hugepages/hugepages-").and_then(|rest| rest.split_once("kB/"))
    else {
        return;
    };
    if let (Ok(size), Ok(count)) = (size.parse(), content.parse()) {
        let pages = node.hugepages.entry(size).or_default();
        match file {
            "nr_hugepages" => pages.0 = count,
            "free_hugepages" => pages.1 = count,
            _ => {}
        }
    }
}

/// `<first> <count>`; people write these files, so anything else is no range.
fn range(value: &str) -> Option<(u32, u32)> {
    let (first, count) = value.split_once(' ')?;
    Some((first.parse().ok()?, count.parse().ok()?))
}
