//! `[nodes.X]`: machines, how to reach them, their interfaces.

use super::link_end::read_mac;
use super::names::is_name;
use super::problem::{Place, Report};
use super::read::{Word, listed};
use super::topology::{Become, Interface, Node, SshTarget};
use super::value::{Entry, Table};
use super::{INTERFACE_KEYS, NODE_KEYS};
use std::collections::BTreeMap;

/// Slots kept for the system where the file says nothing (CSIT: `CPU_CNT_SYSTEM`).
const SYSTEM_CPUS: u32 = 1;

/// Reads the table of nodes, in the order of the file.
pub(super) fn read_nodes(table: &Table, report: &mut Report) -> Vec<Node> {
    table.entries.iter().map(|entry| read_node(entry, report)).collect()
}

/// Warns once for each machine that is several nodes: their containers get the same CPUs.
pub(super) fn warn_of_same_machine(table: &Table, nodes: &[Node], warnings: &mut Report) {
    for (at, node) in nodes.iter().enumerate() {
        let same = |other: &&Node| other.ssh == node.ssh;
        let names: Vec<&str> = nodes.iter().filter(same).map(|node| node.name.as_str()).collect();
        let first = nodes[..at].iter().position(|other| other.ssh == node.ssh);
        if names.get(1) != Some(&node.name.as_str()) {
            continue;
        }
        if let (Some(first), Some(entry)) = (first, table.entries.get(at)) {
            warnings
                .add(&entry.place, format!("nodes {} are one machine", listed(&names)), "again")
                .mark(&table.entries[first].place, "first here")
                .help("each node plans with all CPUs of its machine, so containers may overlap");
        }
    }
}

/// Reports a name that no topology, node or group may have.
pub(super) fn check_name(what: &str, name: &str, place: &Place, report: &mut Report) -> bool {
    if is_name(name) {
        return true;
    }
    let label = if name.chars().count() < 2 { "too short" } else { "not a name" };
    report
        .add(place, format!("`{name}` cannot name a {what}"), label)
        .help("two or more letters, digits, `_` and `-`, starting with a letter or digit");
    false
}

fn read_node(entry: &Entry, report: &mut Report) -> Node {
    check_name("node", &entry.key, &entry.place, report);
    let mut node = Node {
        name: entry.key.clone(),
        ssh: None,
        r#become: Become::Sudo,
        system_cpus: SYSTEM_CPUS,
        interfaces: BTreeMap::new(),
    };
    let Some(table) = report.table(&format!("`{}`", entry.key), &entry.value) else {
        return node;
    };
    report.check_keys(table, NODE_KEYS, "a node");
    if let Some(entry) = table.get("ssh") {
        let word = report.text("ssh", &entry.value);
        node.ssh = word.and_then(|word| read_ssh(word, report));
    }
    if let Some(entry) = table.get("become") {
        let choices = [("sudo", Become::Sudo), ("none", Become::None)];
        node.r#become = report.choice(entry, &choices, "way to become root").unwrap_or_default();
    }
    if let Some(entry) = table.get("system_cpus") {
        let read = report.integer("system_cpus", &entry.value, 0..=65535);
        node.system_cpus = read.unwrap_or(SYSTEM_CPUS);
    }
    if let Some(entry) = table.get("interfaces")
        && let Some(table) = report.table("`interfaces`", &entry.value)
    {
        node.interfaces = read_interfaces(table, report);
    }
    node
}

fn read_ssh(word: Word<'_>, report: &mut Report) -> Option<SshTarget> {
    let target = parse_ssh(word.text);
    if target.is_none() {
        report
            .add(word.place, format!("`{}` is not an ssh target", word.text), "cannot be read")
            .help("write `user@host`, `user@host:port` or `user@[IPv6]:port`; port 1 to 65535");
    }
    target
}

/// Parses `[user@]host[:port]`; an IPv6 address stands in brackets.
pub fn parse_ssh(text: &str) -> Option<SshTarget> {
    let (user, rest) = match text.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, text),
    };
    let (host, port) = if let Some(inner) = rest.strip_prefix('[') {
        let (address, port) = inner.split_once(']')?;
        let plain = address.split('%').next().unwrap_or(address);
        plain.parse::<std::net::Ipv6Addr>().ok()?;
        let port = if port.is_empty() { None } else { Some(port.strip_prefix(':')?) };
        (address, port)
    } else {
        match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        }
    };
    // A leading `-` would be an option to ssh.
    let plain = |text: &str, extra: &str| {
        !text.is_empty()
            && !text.starts_with('-')
            && text.chars().all(|c| c.is_alphanumeric() || extra.contains(c))
    };
    let user_is_plain = user.is_none_or(|user| plain(user, "._-\\+$"));
    if !user_is_plain || !plain(host, "._-:%") {
        return None;
    }
    let port = match port {
        Some(port) => Some(port.parse().ok().filter(|port| *port > 0)?),
        None => None,
    };
    Some(SshTarget { user: user.map(str::to_owned), host: host.to_owned(), port })
}

fn read_interfaces(table: &Table, report: &mut Report) -> BTreeMap<String, Interface> {
    let mut interfaces = BTreeMap::new();
    let mut addresses: BTreeMap<String, &Place> = BTreeMap::new();
    for entry in &table.entries {
        if !super::names::is_word(&entry.key) {
            report
                .add(
                    &entry.place,
                    format!("`{}` cannot name an interface", entry.key),
                    "not a name",
                )
                .help("letters, digits, `_` and `-`, starting with a letter or digit");
        }
        let (pci, peer_mac) = read_interface(entry, report);
        if let Some((address, place)) = &pci
            && let Some(first) = addresses.insert(address.clone(), place)
        {
            let message = format!("two interfaces have the PCI address `{address}`");
            report.add(place, message, "again").mark(first, "first here");
        }
        // Also without a sound address: that it exists is not in doubt.
        let pci = pci.map(|(address, _)| address).unwrap_or_default();
        interfaces.insert(entry.key.clone(), Interface { pci, peer_mac });
    }
    interfaces
}

/// The PCI address of an interface, in lower case, and the MAC address at its wire's other end.
fn read_interface<'a>(
    entry: &'a Entry,
    report: &mut Report,
) -> (Option<(String, &'a Place)>, Option<String>) {
    let Some(table) = report.table(&format!("`{}`", entry.key), &entry.value) else {
        return (None, None);
    };
    report.check_keys(table, INTERFACE_KEYS, "an interface");
    let mac = table.get("peer_mac").and_then(|entry| read_mac("peer_mac", entry, report));
    (read_pci(entry, table, report), mac.map(|(mac, _)| mac))
}

fn read_pci<'a>(
    entry: &Entry,
    table: &'a Table,
    report: &mut Report,
) -> Option<(String, &'a Place)> {
    let Some(pci) = table.get("pci") else {
        let what = format!("interface `{}`", entry.key);
        report.missing(table, &entry.place, "pci", &what, "e.g. `pci = \"0000:18:00.0\"`");
        return None;
    };
    let word = report.text("pci", &pci.value)?;
    let address = word.text.to_ascii_lowercase();
    if is_pci(&address) {
        return Some((address, word.place));
    }
    report
        .add(word.place, format!("`{}` is not a PCI address", word.text), "cannot be read")
        .help("write `domain:bus:device.function`, e.g. `0000:18:00.0`, as `lspci -D` does");
    None
}

/// Whether `text` is `dddd:bb:dd.f` in lower case; device to 1f, function to 7.
pub(super) fn is_pci(text: &str) -> bool {
    let hex = |part: &str, len: usize| {
        part.len() == len && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let parts: Vec<&str> = text.split([':', '.']).collect();
    let [domain, bus, device, function] = parts[..] else { return false };
    text.as_bytes().get(10) == Some(&b'.')
        && hex(domain, 4)
        && hex(bus, 2)
        && hex(device, 2)
        && device < "20"
        && function.len() == 1
        && ("0"..="7").contains(&function)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ssh_targets() {
        let target = |user: Option<&str>, host: &str, port| {
            Some(SshTarget { user: user.map(str::to_owned), host: host.to_owned(), port })
        };
        for (text, wanted) in [
            ("csit@192.0.2.11", target(Some("csit"), "192.0.2.11", None)),
            ("csit@dut1.lab:2222", target(Some("csit"), "dut1.lab", Some(2222))),
            ("dut1", target(None, "dut1", None)),
            ("root@[2001:db8::1]:22", target(Some("root"), "2001:db8::1", Some(22))),
            ("[fe80::1%eth0]", target(None, "fe80::1%eth0", None)),
        ] {
            assert_eq!(parse_ssh(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_no_ssh_target() {
        for text in [
            "",
            "@host",
            "user@",
            "user@host:",
            "user@host:0",
            "user@host:65536",
            "a b@host",
            "user@fe80::1",
            "user@[fe80::1",
            "user@[nonsense]",
            "-oProxyCommand=x",
            "u@-h",
            "u@h:22x",
            "u@h;reboot",
            "[::1]22",
        ] {
            assert_eq!(parse_ssh(text), None, "{text}");
        }
    }

    #[test]
    fn pci_addresses() {
        for text in ["0000:18:00.0", "ffff:ff:1f.7"] {
            assert!(is_pci(text), "{text}");
        }
        for text in [
            "18:00.0",
            "0000:18:00",
            "0000:18:20.0",
            "0000:18:00.8",
            "0000.18:00:0",
            "000g:18:00.0",
        ] {
            assert!(!is_pci(text), "{text}");
        }
    }
}
