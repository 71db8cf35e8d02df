//! The command line of testpmd: EAL's arguments, `--`, its own.

use super::forward::forward;
use super::{numbers, refusal, role};
use crate::app::{Instance, RenderError};
use crate::model::{MemifMode, Testpmd};
use crate::wiring::{Memif, Port, PortKind};

/// Longest secret in bytes: the driver keeps 24 with a NUL at the end, VPP without one.
const SECRET_BYTES: usize = 23;

/// All arguments, `--lcores` first where CPUs are known.
///
/// # Errors
/// The first thing that testpmd cannot do.
pub(super) fn arguments(
    instance: &Instance<'_>,
    testpmd: &Testpmd,
) -> Result<Vec<String>, RenderError> {
    let ports = &instance.wiring.ports;
    if ports.is_empty() {
        let message = "testpmd does not run without a port: give this group a link or a chain";
        return Err(refusal("kind", message.to_owned()));
    }
    let mut words = vec![lcores(instance.cpus), "-m".to_owned(), testpmd.memory_mib.to_string()];
    // In memory: no files, so that testpmds can share a node's huge pages. It excludes --no-huge.
    let memory = if testpmd.hugepages { "--in-memory" } else { "--no-huge" };
    let quiet = [memory, "--no-shconf", "--no-telemetry"];
    words.extend(quiet.map(str::to_owned));
    let mut devices = Vec::new();
    let mut memifs = Vec::new();
    for port in ports {
        if port.interrupt {
            return Err(cannot(&port.name, "is to wait for interrupts, and testpmd polls"));
        }
        match &port.kind {
            PortKind::Nic { pci } => devices.push(format!("--allow={pci}")),
            PortKind::Memif(memif) => memifs.push((port, memif)),
            PortKind::Existing { .. } => {
                return Err(cannot(&port.name, "is an interface of the node's own VPP"));
            }
        }
    }
    if devices.is_empty() {
        devices.push("--no-pci".to_owned());
    }
    words.extend(devices);
    for (index, (port, memif)) in memifs.iter().enumerate() {
        words.push(format!("--vdev=net_memif{index},{}", vdev(port, memif)?));
    }
    if !memifs.is_empty() {
        // The reasons of peers that refuse.
        words.push("--log-level=pmd.net.memif:info".to_owned());
    }
    words.push("--".to_owned());
    words.extend(application(instance, testpmd)?);
    Ok(words)
}

/// The main lcore only reads commands, so where there is one CPU it has the forwarding one besides.
fn lcores(cpus: &[u32]) -> String {
    let (main, workers) = match cpus {
        [] => (0, &[0][..]), // nobody asked for a placement, and nobody starts this
        [main] => (*main, cpus),
        [main, workers @ ..] => (*main, workers),
    };
    let pairs = std::iter::once(&main).chain(workers).enumerate();
    let pairs: Vec<String> = pairs.map(|(lcore, cpu)| format!("{lcore}@{cpu}")).collect();
    format!("--lcores={}", pairs.join(","))
}

/// Parameters of DPDK's `net_memif`.
fn vdev(port: &Port, memif: &Memif) -> Result<String, RenderError> {
    let (name, options) = (port.name.as_str(), &memif.options);
    if options.mode != MemifMode::Ethernet {
        return Err(cannot(
            name,
            "is a memif that carries IP packets; testpmd's carry frames only",
        ));
    }
    if memif.dma {
        return Err(cannot(name, "is to copy by DMA, which testpmd's memif does not"));
    }
    if options.rx_queues != options.tx_queues {
        return Err(cannot(
            name,
            &format!(
                "has {} receive and {} transmit queues; testpmd needs as many of both",
                options.rx_queues, options.tx_queues
            ),
        ));
    }
    let mut text = format!(
        "role={},id={},socket={},socket-abstract=no,rsize={},bsize={}",
        role(memif),
        memif.id,
        memif.socket,
        options.ring_size.ilog2(),
        options.buffer_size
    );
    if memif.socket.contains([',', '=', '[']) {
        return Err(cannot(name, "has a socket with `,`, `=` or `[` in its path"));
    }
    if let Some(mac) = &memif.mac {
        text.push_str(",mac=");
        text.push_str(mac);
    }
    if let Some(secret) = &options.secret {
        if secret.contains([',', '=', '[']) {
            return Err(cannot(name, "has a secret with `,`, `=` or `[` in it"));
        }
        if secret.len() > SECRET_BYTES {
            return Err(cannot(name, "has a secret of 24 bytes, and testpmd takes 23 at most"));
        }
        text.push_str(",secret=");
        text.push_str(secret);
    }
    Ok(text)
}

/// What stands behind `--`.
fn application(instance: &Instance<'_>, testpmd: &Testpmd) -> Result<Vec<String>, RenderError> {
    let ports = &instance.wiring.ports;
    let numbers = numbers(ports);
    let forward = forward(instance.wiring)?;
    let workers = instance.cpus.len().saturating_sub(1).max(1);
    let queues = queues(ports)?;
    let mut words = vec![
        "--interactive".to_owned(),
        format!("--nb-cores={workers}"),
        format!("--rxq={queues}"),
        format!("--txq={queues}"),
        format!("--total-num-mbufs={}", testpmd.mbufs),
        // It would wait 9 s for links that come when the peers do.
        "--disable-link-check".to_owned(),
        format!("--forward-mode={}", testpmd.forward.as_deref().unwrap_or(forward.mode())),
    ];
    if !forward.pairs.is_empty() {
        let order = forward.pairs.iter().flat_map(|(one, other)| [*one, *other]);
        let order: Vec<String> = order.map(|index| numbers[index].to_string()).collect();
        words.push(format!("--portlist={}", order.join(",")));
    }
    for (index, mac) in &forward.peers {
        words.push(format!("--eth-peer={},{mac}", numbers[*index]));
    }
    words.extend(testpmd.args.iter().cloned());
    Ok(words)
}

/// testpmd has one number of queues for all ports.
fn queues(ports: &[Port]) -> Result<u32, RenderError> {
    let mut found: Option<(&str, u32)> = None;
    for port in ports {
        let PortKind::Memif(memif) = &port.kind else { continue };
        let queues = memif.options.rx_queues;
        match found {
            Some((other, number)) if number != queues => {
                let message = format!(
                    "has {queues} queues and `{other}` has {number}; testpmd needs as many on all ports"
                );
                return Err(cannot(&port.name, &message));
            }
            _ => found = Some((&port.name, queues)),
        }
    }
    Ok(found.map_or(1, |(_, queues)| queues))
}

fn cannot(port: &str, message: &str) -> RenderError {
    refusal("kind", format!("`{port}` {message}"))
}
