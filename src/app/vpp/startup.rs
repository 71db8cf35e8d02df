//! `startup.conf`: what the model says, as sections. It must not print; [`Section`] does.

use super::section::Section;
use crate::app::{Instance, RenderError};
use crate::cpu::CpuSet;
use crate::model::{MemifOptions, Role, Vpp, VppVariant};
use crate::wiring::{ContainerWiring, PortKind};

/// Where VPP's CLI listens in the container.
pub(super) const CLI_SOCKET: &str = "/run/vpp/cli.sock";

/// Where `startup.conf` lies in the container.
pub(super) const STARTUP_FILE: &str = "/etc/vpp/startup.conf";

/// Where the exec file lies in the container.
pub(super) const EXEC_FILE: &str = "/etc/vpp/exec.cli";

/// Keys of ours that our own scripts live on.
const OURS: [(&str, &str, &str); 5] = [
    ("unix", "exec", "the exec file is made of the links, and of `exec = [..]` after them"),
    ("unix", "startup-config", "the exec file is made of the links, and of `exec = [..]`"),
    ("unix", "cli-listen", "vnfctl asks VPP at /run/vpp/cli.sock"),
    ("unix", "interactive", "VPP has no terminal here"),
    ("cpu", "relative", "the CPUs are those of the machine"),
];

/// The text of `startup.conf`.
///
/// # Errors
/// A value that VPP would not read as one; settings that contradict each other.
pub(super) fn startup(instance: &Instance<'_>, vpp: &Vpp) -> Result<String, RenderError> {
    for (section, key, why) in OURS {
        if vpp.startup.get(section).is_some_and(|keys| keys.iter().any(|(found, _)| found == key)) {
            return Err(super::refusal(&format!("startup.{section}.{key}"), why));
        }
    }
    let mut file = Section::default()
        .section("unix", unix(vpp))
        .section("socksvr", Section::default().with("socket-name", "/run/vpp/api.sock"));
    if let Some((main, workers)) = instance.cpus.split_first() {
        // `main-core` comes first: VPP's early look at this section reads no further.
        let mut cpu = Section::default().with("main-core", main.to_string());
        if !workers.is_empty() {
            let workers: CpuSet = workers.iter().copied().collect();
            cpu = cpu.with("corelist-workers", workers.to_string());
        }
        file = file.section("cpu", cpu);
    }
    file = file
        .section("buffers", buffers(instance, vpp))
        .section("memory", memory(vpp))
        .section("statseg", statseg(vpp))
        .section("plugins", enabled(instance, vpp)?);
    if let Some(dpdk) = dpdk(instance, vpp)? {
        file = file.section("dpdk", dpdk);
    }
    if let Some(dsa) = dsa(vpp) {
        file = file.section("dsa", dsa);
    }
    for (section, keys) in &vpp.startup {
        file.merge(section, keys);
    }
    file.render()
}

/// Plugins without which this container's VPP is not what was asked for.
pub(super) fn needed(instance: &Instance<'_>, vpp: &Vpp) -> Vec<String> {
    let ports = &instance.wiring.ports;
    let mut plugins = Vec::new();
    if ports.iter().any(|port| matches!(port.kind, PortKind::Memif(_))) {
        plugins.push("memif_plugin.so".to_owned());
    }
    if ports.iter().any(|port| matches!(port.kind, PortKind::Nic { .. })) {
        plugins.push("dpdk_plugin.so".to_owned());
    }
    if vpp.variant == VppVariant::Dma {
        plugins.push("dma_intel_plugin.so".to_owned());
    }
    for plugin in &vpp.plugins {
        if !plugins.contains(plugin) {
            plugins.push(plugin.clone());
        }
    }
    plugins
}

fn unix(vpp: &Vpp) -> Section {
    let unix = Section::default()
        .flag("nodaemon")
        .flag("nosyslog")
        .flag("nocolor")
        .flag("nobanner")
        .with("runtime-dir", "/run/vpp")
        .with("cli-listen", CLI_SOCKET)
        .with("pidfile", "/run/vpp/vpp.pid")
        .with("exec", EXEC_FILE);
    match vpp.poll_sleep_usec {
        Some(microseconds) => unix.with("poll-sleep-usec", microseconds.to_string()),
        None => unix,
    }
}

fn buffers(instance: &Instance<'_>, vpp: &Vpp) -> Section {
    // Without a page size VPP tries huge pages first and warns.
    let page = vpp.page_size.map_or("default".to_owned(), size);
    let count = vpp.buffers_per_numa.unwrap_or_else(|| needed_buffers(instance.wiring));
    Section::default().with("buffers-per-numa", count.to_string()).with("page-size", page)
}

/// Buffers that all ports can pin at once, as a power of two, at least 8192.
///
/// A zero-copy slave pins its rings, one buffer per entry, and of ordinary pages VPP makes only
/// about 0.73 of what is asked for (measured, VPP 26.06): twice the rings and 4096 beside them.
fn needed_buffers(wiring: &ContainerWiring) -> u32 {
    let rings = wiring.ports.iter().map(|port| match &port.kind {
        PortKind::Memif(memif) if memif.role == Role::Slave => {
            let MemifOptions { ring_size, rx_queues, tx_queues, .. } = memif.options;
            ring_size.saturating_mul(rx_queues.max(tx_queues))
        }
        _ => 0,
    });
    let pinned = rings.fold(0, u32::saturating_add);
    pinned.saturating_mul(2).saturating_add(4096).clamp(8192, 1 << 24).next_power_of_two()
}

fn memory(vpp: &Vpp) -> Section {
    let memory = Section::default().with("main-heap-size", size(vpp.main_heap_size));
    match vpp.page_size.map(size) {
        Some(page) => {
            memory.with("main-heap-page-size", &page).with("default-hugepage-size", &page)
        }
        None => memory,
    }
}

fn statseg(vpp: &Vpp) -> Section {
    let statseg = Section::default().with("size", size(vpp.statseg_size));
    match vpp.page_size.map(size) {
        Some(page) => statseg.with("page-size", page),
        None => statseg,
    }
}

fn enabled(instance: &Instance<'_>, vpp: &Vpp) -> Result<Section, RenderError> {
    let mut names = vec!["memif_plugin.so".to_owned(), "ping_plugin.so".to_owned()];
    if vpp.variant == VppVariant::Ipsec {
        // Those that exist are loaded: which do depends on processor and release.
        let engines = ["native", "ipsecmb", "openssl"];
        names.extend(engines.map(|engine| format!("crypto_{engine}_plugin.so")));
    }
    let mut section =
        Section::default().section("plugin default", Section::default().flag("disable"));
    let needed = needed(instance, vpp);
    names.extend(needed.into_iter().filter(|plugin| plugin != "memif_plugin.so"));
    let mut seen: Vec<String> = Vec::new();
    for name in names {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if name.is_empty() || !name.chars().all(allowed) {
            let message = format!("`{name}` is not the file name of a plugin: `acl_plugin.so`");
            return Err(super::refusal("plugins", &message));
        }
        if !seen.contains(&name) {
            section = section.section(&format!("plugin {name}"), Section::default().flag("enable"));
            seen.push(name);
        }
    }
    Ok(section)
}

/// NICs; without any there is no section, and no plugin that would take whatever it finds.
fn dpdk(instance: &Instance<'_>, vpp: &Vpp) -> Result<Option<Section>, RenderError> {
    let nics = instance.wiring.ports.iter().filter_map(|port| match &port.kind {
        PortKind::Nic { pci } => Some((&port.name, pci)),
        PortKind::Memif(_) | PortKind::Existing { .. } => None,
    });
    let nics: Vec<_> = nics.collect();
    if nics.is_empty() {
        return match vpp.rx_queues {
            Some(_) => Err(super::refusal(
                "rx_queues",
                "these are the queues of NICs, and this container has none: give its group \
                 `interfaces`, or take the key away (queues of memifs are keys of the link)",
            )),
            None => Ok(None),
        };
    }
    let workers = u32::try_from(instance.cpus.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let queues = vpp.rx_queues.unwrap_or(workers.max(1));
    let mut section = Section::default()
        .section("dev default", Section::default().with("num-rx-queues", queues.to_string()));
    for (name, pci) in nics {
        // A NIC's own name in VPP has its speed in it, which nobody knows before.
        section = section.section(&format!("dev {pci}"), Section::default().with("name", name));
    }
    Ok(Some(section.flag("no-tx-checksum-offload")))
}

fn dsa(vpp: &Vpp) -> Option<Section> {
    if vpp.variant != VppVariant::Dma || vpp.dsa_devices.is_empty() {
        return None;
    }
    let dev = |section: Section, queue: &String| section.with("dev", queue);
    Some(vpp.dsa_devices.iter().fold(Section::default(), dev))
}

/// Bytes in the largest unit that VPP reads and that divides them.
fn size(bytes: u64) -> String {
    let units = [(30, "G"), (20, "M"), (10, "K")];
    let unit =
        units.iter().find(|(shift, _)| bytes >= 1 << shift && bytes.is_multiple_of(1 << shift));
    unit.map_or_else(|| bytes.to_string(), |(shift, unit)| format!("{}{unit}", bytes >> shift))
}

#[cfg(test)]
mod tests {
    use crate::model::{MemifOptions, Role};
    use crate::wiring::{ContainerWiring, Memif, Port, PortKind};

    #[test]
    fn buffers_grow_with_the_rings_that_slaves_pin() {
        let buffers = |count: u32, role| {
            let port = |id| Port {
                name: format!("port{id}"),
                kind: PortKind::Memif(Memif {
                    socket: String::new(),
                    socket_id: id,
                    id,
                    role,
                    mac: None,
                    dma: false,
                    options: MemifOptions::default(),
                    peer: String::new(),
                }),
                interrupt: false,
            };
            let ports = (1..=count).map(port).collect();
            super::needed_buffers(&ContainerWiring { ports, rules: Vec::new() })
        };
        assert_eq!(buffers(2, Role::Slave), 8192);
        assert_eq!(buffers(4, Role::Slave), 16384);
        assert_eq!(buffers(20, Role::Slave), 65536);
        assert_eq!(buffers(20, Role::Master), 8192);
    }

    #[test]
    fn sizes_keep_their_bytes() {
        let sizes = [128 << 20, 2 << 30, 4096, 1000, 0, (1 << 20) + 1, 1536 << 20];
        let words = sizes.map(super::size);
        assert_eq!(words, ["128M", "2G", "4K", "1000", "0", "1048577", "1536M"]);
    }
}
