//! The judgement: needs held against what a node told.

use super::{Finding, Needs, Severity, engines, identity, mend};
use crate::facts::{CgroupVersion, Facts, Health};
use crate::model::{EngineKind, Node, Topology};
use crate::plan::Refusal;
use std::collections::BTreeMap;

/// Seconds that clocks may differ: more, and times in logs of two nodes cannot be compared.
const SKEW: f64 = 5.0;

/// Free room in KiB below which images that nobody knows the size of hardly fit.
const ROOM: u64 = 1 << 20;

/// Everything known about one node.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What is wanted.
    pub topology: &'a Topology,
    /// Where.
    pub node: &'a Node,
    /// What the node is.
    pub facts: &'a Facts,
    /// What it told beside.
    pub health: &'a Health,
    /// Why the login user does not become root, where it does not.
    pub no_root: Option<&'a str>,
    /// How many seconds its clock is ahead of ours, at least; negative = behind.
    pub skew: Option<f64>,
    /// KiB of the images that an engine lacks, as far as they are known.
    pub images: &'a BTreeMap<EngineKind, u64>,
    /// What placement said, with the subject it is about.
    pub refusals: &'a [(&'static str, Refusal)],
}

/// All findings, worst first.
pub fn findings(case: &Case<'_>) -> Vec<Finding> {
    let needs = Needs::of(case.topology, case.node);
    let mut found = Vec::new();
    identity::check(case, &needs, &mut found);
    tools(case, &needs, &mut found);
    engines::check(case, &needs, &mut found);
    kernel(case, &needs, &mut found);
    devices(case, &mut found);
    room(case, &needs, &mut found);
    clock(case, &mut found);
    found.extend(case.refusals.iter().map(|(subject, refusal)| {
        let mend = refusal.hint.clone();
        Finding::new(Severity::Wrong, subject, refusal.message.clone(), mend)
    }));
    noise(case, &mut found);
    found.sort_by_key(|finding| finding.severity);
    found
}

fn tools(case: &Case<'_>, needs: &Needs, found: &mut Vec<Finding>) {
    // Programs that one command brings are one finding.
    let mut missing: BTreeMap<String, (Vec<&str>, &str)> = BTreeMap::new();
    for (&tool, why) in &needs.tools {
        if !case.health.tools.contains(tool) {
            let command = mend::install(case.health, tool);
            missing.entry(command).or_insert_with(|| (Vec::new(), why)).0.push(tool);
        }
    }
    found.extend(missing.into_iter().map(|(mend, (tools, why))| {
        let noun = if tools.len() == 1 { "is" } else { "are" };
        let sentence = format!("{} {noun} not in PATH: {why}", tools.join(", "));
        Finding::new(Severity::Missing, tools[0], sentence, mend)
    }));
}

fn kernel(case: &Case<'_>, needs: &Needs, found: &mut Vec<Finding>) {
    let (facts, health) = (case.facts, case.health);
    for space in ["cgroup", "ipc", "mnt", "net", "pid", "uts"] {
        if !needs.engines.is_empty() && !health.namespaces.contains(space) {
            let sentence = format!("the kernel has no {space} namespaces");
            let option = match space {
                "mnt" => "NAMESPACES".to_owned(),
                "cgroup" => "CGROUPS".to_owned(),
                other => format!("{}_NS", other.to_uppercase()),
            };
            let mend = format!("run a kernel with CONFIG_{option}");
            found.push(Finding::new(Severity::Missing, "kernel", sentence, mend));
        }
    }
    for (&name, (option, why)) in &needs.modules {
        if health.modules.get(name) == Some(&Some(false)) {
            let sentence = format!("the kernel has no `{name}`: {why}");
            let mend = mend::module(health, name, option);
            found.push(Finding::new(Severity::Missing, name, sentence, mend));
        }
    }
    let cgroup = &facts.cgroup;
    for (&controller, why) in &needs.controllers {
        let is_there = cgroup.mounts.contains_key(controller)
            || (cgroup.version != CgroupVersion::V1 && cgroup.controllers.contains(controller));
        if is_there {
            continue;
        }
        let (sentence, mend) = if cgroup.mounts.is_empty() {
            let mend = "mount -t cgroup2 cgroup2 /sys/fs/cgroup".to_owned();
            (format!("no cgroups are mounted: {why}"), mend)
        } else {
            // Debian and Raspberry Pi OS boot some machines with the memory controller off.
            let mend = format!(
                "add `cgroup_enable={controller}` to the kernel's command line and start the node anew"
            );
            (format!("the cgroup controller `{controller}` is not there: {why}"), mend)
        };
        found.push(Finding::new(Severity::Missing, "cgroups", sentence, mend));
    }
}

fn devices(case: &Case<'_>, found: &mut Vec<Finding>) {
    for (name, interface) in &case.node.interfaces {
        if !case.facts.pci.contains_key(&interface.pci) {
            let sentence = format!("interface `{name}`: there is no PCI device {}", interface.pci);
            let mend = "write the address that `lspci -D` shows into the topology file".to_owned();
            found.push(Finding::new(Severity::Wrong, "interfaces", sentence, mend));
        }
    }
}

fn room(case: &Case<'_>, needs: &Needs, found: &mut Vec<Finding>) {
    for engine in &needs.engines {
        let Some((free, folder)) = case.health.disks.get(engine.word()) else { continue };
        let wanted = case.images.get(engine).copied().unwrap_or(0);
        let mend = match engine {
            EngineKind::Docker | EngineKind::Podman => {
                format!("{} image prune --all", engine.word())
            }
            _ => format!("make room in {folder}: `du -xsh {folder}/*` shows what is there"),
        };
        let subject = "disk room";
        if *free < wanted {
            let sentence = format!(
                "{} MiB are free in {folder}, and the images of {} need {} MiB",
                free >> 10,
                engine.word(),
                wanted >> 10
            );
            found.push(Finding::new(Severity::Wrong, subject, sentence, mend));
        } else if *free < ROOM {
            let sentence = format!(
                "{} MiB are free in {folder}, where {} keeps images",
                free >> 10,
                engine.word()
            );
            found.push(Finding::new(Severity::Warning, subject, sentence, mend));
        }
    }
}

fn clock(case: &Case<'_>, found: &mut Vec<Finding>) {
    let Some(skew) = case.skew.filter(|skew| skew.abs() > SKEW) else { return };
    let side = if skew > 0.0 { "ahead of" } else { "behind" };
    let sentence = format!("its clock is {:.0} s {side} this machine's", skew.abs());
    let mend = if case.health.systemd { "timedatectl set-ntp true" } else { "ntpd -gq" };
    found.push(Finding::new(Severity::Warning, "clock", sentence, mend.to_owned()));
}

/// What disturbs a data plane.
fn noise(case: &Case<'_>, found: &mut Vec<Finding>) {
    if let Some(governor) = case.health.governor.as_deref().filter(|word| *word != "performance") {
        let sentence = format!("the CPUs are at governor {governor}: their speed varies");
        let mend = "echo performance | tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor";
        found.push(Finding::new(Severity::Warning, "governor", sentence, mend.to_owned()));
    }
    if !case.facts.machine.cpus().any(|cpu| cpu.isolated) {
        let sentence = "no CPUs are isolated: the kernel may put any task on those of containers";
        let mend = "add `isolcpus=` with the CPUs of `vnfctl check` to the kernel's command line";
        let finding = Finding::new(Severity::Warning, "isolation", sentence.into(), mend.into());
        found.push(finding);
    }
    if case.health.swap {
        let sentence = "swap is on: memory of containers may have to be read from a disk";
        found.push(Finding::new(Severity::Warning, "swap", sentence.into(), "swapoff -a".into()));
    }
}
