//! VPP's CLI lines: what the wiring asks for, and the exec file with its marks.
//!
//! VPP stops an exec file at its first bad line without telling anybody. So after each line the
//! tag of `local0` is set to its number: whoever asks for the tag knows how far VPP came.

use crate::app::RenderError;
use crate::model::{MemifMode, MemifOptions, Role};
use crate::wiring::{ContainerWiring, Memif, Port, PortKind, Rule, Tunnel};
use std::collections::BTreeSet;

/// The lines that make the ports and carry out the rules, in order.
///
/// # Errors
/// A value that VPP's CLI would not read as one word, or a memif that its CLI cannot make.
pub(in crate::app) fn commands(wiring: &ContainerWiring) -> Result<Vec<String>, RenderError> {
    let mut lines = sockets(wiring)?;
    for port in &wiring.ports {
        let name = interface(port)?;
        if let PortKind::Memif(memif) = &port.kind {
            lines.push(create(port, memif)?);
        }
        if port.interrupt {
            lines.push(format!("set interface rx-mode {name} interrupt"));
        }
    }
    let mut tables = BTreeSet::new();
    for rule in &wiring.rules {
        lines.extend(carry_out(wiring, rule, &mut tables)?);
    }
    // Last: nothing is forwarded by half of the rules.
    for port in &wiring.ports {
        lines.push(format!("set interface state {} up", interface(port)?));
    }
    Ok(lines)
}

/// The name of a port in VPP.
pub(in crate::app) fn interface(port: &Port) -> Result<String, RenderError> {
    match &port.kind {
        PortKind::Memif(memif) => Ok(format!("memif{}/{}", memif.socket_id, memif.id)),
        // `startup.conf` gives it this name.
        PortKind::Nic { .. } => Ok(word(port, "name", &port.name)?.to_owned()),
        PortKind::Existing { interface } => Ok(word(port, "interface", interface)?.to_owned()),
    }
}

fn sockets(wiring: &ContainerWiring) -> Result<Vec<String>, RenderError> {
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for port in &wiring.ports {
        if let PortKind::Memif(memif) = &port.kind
            && seen.insert(memif.socket_id)
        {
            let file = word(port, "socket", &memif.socket)?;
            lines.push(format!("create memif socket id {} filename {file}", memif.socket_id));
        }
    }
    Ok(lines)
}

/// What is VPP's default is left out.
fn create(port: &Port, memif: &Memif) -> Result<String, RenderError> {
    let role = match memif.role {
        Role::Master => "master",
        Role::Slave => "slave",
    };
    let mut line =
        format!("create interface memif id {} socket-id {} {role}", memif.id, memif.socket_id);
    let mut add = |key: &str, value: &str| line.extend([" ", key, " ", value]);
    if let Some(mac) = &memif.mac {
        add("hw-addr", word(port, "mac", mac)?);
    }
    let (options, usual) = (&memif.options, MemifOptions::default());
    let numbers = [
        ("rx-queues", options.rx_queues, usual.rx_queues),
        ("tx-queues", options.tx_queues, usual.tx_queues),
        ("ring-size", options.ring_size, usual.ring_size),
        ("buffer-size", options.buffer_size, usual.buffer_size),
    ];
    for (key, number, _) in numbers.iter().filter(|(_, number, usual)| number != usual) {
        add(key, &number.to_string());
    }
    match options.mode {
        MemifMode::Ethernet => {}
        MemifMode::Ip => add("mode", "ip"),
        MemifMode::PuntInject => {
            let message = "VPP's CLI cannot make a memif of mode `punt-inject` (its binary API \
                           can): use `ethernet` or `ip`";
            return Err(super::refusal(&format!("mode of the memif to {}", memif.peer), message));
        }
    }
    if let Some(secret) = &options.secret {
        add("secret", word(port, "secret", secret)?);
    }
    if memif.dma {
        line.push_str(" use-dma");
    }
    Ok(line)
}

fn carry_out(
    wiring: &ContainerWiring,
    rule: &Rule,
    tables: &mut BTreeSet<u32>,
) -> Result<Vec<String>, RenderError> {
    let port = |index: usize| {
        let port = wiring.ports.get(index);
        let port = port.ok_or_else(|| super::refusal("wiring", &format!("no port {index}")))?;
        Ok::<_, RenderError>((port, interface(port)?))
    };
    let mut lines = Vec::new();
    match rule {
        Rule::CrossConnect(a, b) => {
            let ((_, a), (_, b)) = (port(*a)?, port(*b)?);
            // One direction each.
            lines.push(format!("set interface l2 xconnect {a} {b}"));
            lines.push(format!("set interface l2 xconnect {b} {a}"));
        }
        Rule::Bridge { domain, ports } => {
            lines.push(format!(
                "create bridge-domain {domain} learn 1 forward 1 uu-flood 1 flood 1 arp-term 0"
            ));
            for index in ports {
                lines.push(format!("set interface l2 bridge {} {domain}", port(*index)?.1));
            }
        }
        Rule::Table { port: index, table } => {
            if tables.insert(*table) {
                lines.push(format!("ip table add {table}"));
            }
            lines.push(format!("set interface ip table {} {table}", port(*index)?.1));
        }
        Rule::Address { port: index, address } => {
            let (at, name) = port(*index)?;
            let address = word(at, "address", address)?;
            lines.push(format!("set interface ip address {name} {address}"));
        }
        Rule::Neighbour { port: index, address, mac } => {
            let (at, name) = port(*index)?;
            let (address, mac) = (word(at, "neighbour", address)?, word(at, "neighbour", mac)?);
            lines.push(format!("set ip neighbor static {name} {address} {mac}"));
        }
        Rule::Route { prefix, via, port: index, table } => {
            let (at, name) = port(*index)?;
            let (prefix, via) = (word(at, "route", prefix)?, word(at, "route", via)?);
            let table = if *table == 0 { String::new() } else { format!(" table {table}") };
            lines.push(format!("ip route add {prefix}{table} via {via} {name}"));
        }
        Rule::Tunnel(tunnel) => {
            let (at, name) = port(tunnel.port)?;
            lines.extend(protect(at, &name, tunnel)?);
        }
    }
    Ok(lines)
}

/// ESP in tunnel mode: an IP-in-IP tunnel, both directions of which an SA of its own protects. The
/// numbers of the SAs are the tunnel's, doubled.
fn protect(port: &Port, name: &str, tunnel: &Tunnel) -> Result<Vec<String>, RenderError> {
    let Tunnel { number, spi_out, spi_in, .. } = tunnel;
    let word = |text| word(port, "tunnel", text);
    let (local, remote) = (word(&tunnel.local)?, word(&tunnel.remote)?);
    let mut keys =
        format!("crypto-alg {} crypto-key {}", tunnel.crypto.word(), word(&tunnel.crypto_key)?);
    if let Some((integrity, key)) = &tunnel.integrity {
        keys.extend([" integ-alg ", integrity.word(), " integ-key ", word(key)?]);
    }
    let (sa_out, sa_in) = (u64::from(*number) * 2 - 1, u64::from(*number) * 2);
    let tunnel_name = format!("ipip{number}");
    Ok(vec![
        format!("ipsec sa add {sa_out} spi {spi_out} esp {keys}"),
        format!("ipsec sa add {sa_in} spi {spi_in} inbound esp {keys}"),
        format!("create ipip tunnel src {local} dst {remote} instance {number}"),
        format!("ipsec tunnel protect {tunnel_name} sa-in {sa_in} sa-out {sa_out}"),
        format!("set interface unnumbered {tunnel_name} use {name}"),
        format!("set interface state {tunnel_name} up"),
        format!("ip route add {} via {tunnel_name}", word(&tunnel.prefix)?),
    ])
}

/// One word of VPP's CLI: `$` is a macro, `#` a comment, braces group, `\` takes the next
/// character as it is.
fn word<'a>(port: &Port, what: &str, text: &'a str) -> Result<&'a str, RenderError> {
    let breaks = |c: char| c.is_control() || c.is_whitespace() || "{}#$\\".contains(c);
    let place = || format!("{what} of {}", port.name);
    match text.chars().find(|c| breaks(*c)) {
        Some(c) => {
            let message =
                format!("there is a {c:?} in it, which VPP's CLI reads as something else");
            Err(super::refusal(&place(), &message))
        }
        None if text.is_empty() => Err(super::refusal(&place(), "it is empty")),
        None => Ok(text),
    }
}

/// Whether there is a key or a secret in one of the lines of the wiring.
pub(super) fn is_secret(wiring: &ContainerWiring) -> bool {
    let secret = |port: &Port| matches!(&port.kind, PortKind::Memif(memif) if memif.options.secret.is_some());
    wiring.ports.iter().any(secret)
        || wiring.rules.iter().any(|rule| matches!(rule, Rule::Tunnel(_)))
}

/// The exec file: `lines` (each may hold several lines of VPP's, `\` at an end continues), a mark
/// after every command, and one more when all are done. The digest tells this configuration's
/// marks from an earlier one's. Comments and empty lines are left out.
pub(super) fn exec_file(lines: &[String], digest: &str) -> String {
    let mut file = mark(digest, "0");
    let mut number = 0;
    let mut continues = false;
    for line in lines.iter().flat_map(|lines| lines.lines()) {
        let continued = continues;
        continues = line.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1;
        let text = line.trim_start();
        if !continued && !continues && (text.is_empty() || text.starts_with('#')) {
            continue;
        }
        file.push_str(line);
        file.push('\n');
        if !continues {
            number += 1;
            file.push_str(&mark(digest, &number.to_string()));
        }
    }
    if continues {
        file.push('\n');
    }
    file.push_str(&mark(digest, "ready"));
    file
}

fn mark(digest: &str, what: &str) -> String {
    format!("set interface tag local0 vnfctl-{digest}-{what}\n")
}
