//! One end of a link: container, interface, addresses.

use super::group::Draft;
use super::names::{nearest, split_container};
use super::pod::{check_lasting, network_of};
use super::problem::{Place, Report};
use super::read::{Word, known, listed};
use super::runtime::is_sandbox;
use super::topology::{EngineKind, LinkEnd};
use super::value::{Entry, Value};
use super::{LINK_END_KEYS, MEMIF_END_KEYS};
use std::net::IpAddr;

/// A MAC address in lower case, and its place.
pub(super) type Mac<'a> = (String, &'a Place);

/// An address with prefix length, and its place.
pub(super) type Address<'a> = (String, &'a Place);

/// The kernel's `IFNAMSIZ` less the NUL.
const INTERFACE_BYTES: usize = 15;

/// One end, with the places later checks point at.
pub(super) struct End<'a> {
    pub(super) container: Word<'a>,
    /// Index of the group.
    pub(super) group: usize,
    pub(super) ordinal: u32,
    pub(super) interface: Word<'a>,
    pub(super) mac: Option<Mac<'a>>,
    pub(super) addresses: Vec<Address<'a>>,
    ping: Vec<String>,
}

impl End<'_> {
    /// The end as the topology has it.
    pub(super) fn to_end(&self, drafts: &[Draft<'_>]) -> LinkEnd {
        LinkEnd {
            group: drafts[self.group].name.to_owned(),
            ordinal: self.ordinal,
            interface: self.interface.text.to_owned(),
            mac: self.mac.as_ref().map(|(mac, _)| mac.clone()),
            addresses: self.addresses.iter().map(|(address, _)| address.clone()).collect(),
            ping: self.ping.clone(),
        }
    }
}

/// Reads one end. `None` when container or interface are wrong, which is reported.
pub(super) fn read_end<'a>(
    value: &'a Value,
    drafts: &[Draft<'_>],
    report: &mut Report,
) -> Option<End<'a>> {
    let table = report.table("an end of a link", value)?;
    let (own, others) = ("an end of a veth link", "an end of a memif link");
    report.check_keys_of(table, LINK_END_KEYS, own, MEMIF_END_KEYS, others);
    let mut required = |key: &str, help: &str| {
        if let Some(entry) = table.get(key) {
            report.text(key, &entry.value)
        } else {
            report.missing(table, &value.place, key, "an end of a link", help);
            None
        }
    };
    let container = required("container", "`container = \"VNF1\"`: group and ordinal");
    let interface = required("interface", "`interface = \"net1\"`: its name in the container");
    let mac = table.get("mac").and_then(|entry| read_mac("mac", entry, report));
    let addresses = table.get("addresses").map(|entry| read_addresses(entry, report));
    let ping = table.get("ping").map(|entry| read_ping(entry, report));
    let interface = interface.filter(|word| check_interface(*word, report));
    let container = container?;
    let (group, ordinal) = find_container(container, drafts, report)?;
    let interface = interface?;
    check_network(group, drafts, container, interface, report);
    let (addresses, ping) = (addresses.unwrap_or_default(), ping.unwrap_or_default());
    Some(End { container, group, ordinal, interface, mac, addresses, ping })
}

/// Index of the group and ordinal of `VNF1`.
pub(super) fn find_container(
    word: Word<'_>,
    drafts: &[Draft<'_>],
    report: &mut Report,
) -> Option<(usize, u32)> {
    let groups: Vec<&str> = drafts.iter().map(|draft| draft.name).collect();
    if groups.is_empty() {
        // Reported once for the whole topology.
        return None;
    }
    if groups.contains(&word.text) {
        report
            .add(word.place, format!("`{}` is a group, not a container", word.text), "which one?")
            .help(format!("add the ordinal, from 1: `{}1`", word.text));
        return None;
    }
    let Some((group, ordinal)) = split_container(word.text) else {
        report
            .add(word.place, format!("`{}` is not a container", word.text), "cannot be read")
            .help("write group and ordinal, from 1, without the node: `VNF1`");
        return None;
    };
    let Some(index) = groups.iter().position(|name| *name == group) else {
        let help = match nearest(group, groups.iter().copied()) {
            Some(near) => format!("did you mean `{near}{ordinal}`?"),
            None => known(group, &groups, "groups"),
        };
        report.add(word.place, format!("there is no group `{group}`"), "unknown group").help(help);
        return None;
    };
    let containers = drafts[index].containers()?;
    if ordinal > containers {
        report
            .add(word.place, format!("there is no container `{}`", word.text), "no such ordinal")
            .help(format!(
                "group `{group}` has {containers} per node: `{group}1` to `{group}{containers}`"
            ));
        return None;
    }
    check_lasting(&drafts[index], word.place, report);
    let runtime = drafts[index].group.as_ref().and_then(|group| group.runtime.as_deref());
    if let Some(runtime) = runtime.filter(|runtime| is_sandbox(runtime)) {
        let message =
            format!("`{}` cannot have a link: it runs in a sandbox of `{runtime}`", word.text);
        report
            .add(word.place, message, "sandboxed")
            .help("a sandbox takes its interfaces over when it starts, and shares no memory: use `network`, or another `runtime`");
        return None;
    }
    Some((index, ordinal))
}

/// Reports addresses of the two ends that cannot both be.
pub(super) fn check_pair(
    one: Option<&Mac<'_>>,
    two: Option<&Mac<'_>>,
    addresses: &[Address<'_>],
    others: &[Address<'_>],
    report: &mut Report,
) {
    if let (Some((mac, first)), Some((other, place))) = (one, two)
        && mac == other
    {
        let message = format!("both ends have the MAC address `{mac}`");
        report.add(place, message, "again").mark(first, "first here");
    }
    for (address, place) in others {
        let ip = |text: &str| text.split('/').next().map(str::to_owned);
        if let Some((_, first)) = addresses.iter().find(|(a, _)| ip(a) == ip(address)) {
            let message = format!("both ends have the address `{address}`");
            report.add(place, message, "again").mark(first, "first here");
        }
    }
}

/// Reports names the kernel or the container refuses.
fn check_interface(word: Word<'_>, report: &mut Report) -> bool {
    let text = word.text;
    let odd = |c: char| !c.is_ascii_graphic() || "/:%\"'`\\$".contains(c);
    let (message, label) = if text == "lo" {
        ("`lo` is every container's loopback".to_owned(), "taken".to_owned())
    } else if text.len() > INTERFACE_BYTES {
        let label = format!("{} bytes", text.len());
        (format!("an interface name has at most {INTERFACE_BYTES} bytes"), label)
    } else if text.is_empty() || text.starts_with(['.', '-']) || text.contains(odd) {
        (format!("`{text}` cannot name an interface"), "not a name".to_owned())
    } else {
        return true;
    };
    report
        .add(word.place, message, label)
        .help("1 to 15 letters, digits, `_`, `-` and `.`, e.g. `net1`");
    false
}

/// Reports links into containers without a network of their own, and names their engine takes.
fn check_network(
    group: usize,
    drafts: &[Draft<'_>],
    word: Word<'_>,
    interface: Word<'_>,
    report: &mut Report,
) {
    let draft = &drafts[group];
    let said = network_of(draft, drafts);
    let network = said.map(|network| network.text);
    if let Some(place) = said.filter(|network| network.text == "host") {
        report
            .add(
                word.place,
                format!("`{}` has no network of its own to link", word.text),
                "shares the node's network",
            )
            .mark(place.place, "because of this")
            .help("remove `network = \"host\"` from the group");
        return;
    }
    let oci = matches!(draft.engine, Some(EngineKind::Docker | EngineKind::Podman));
    if oci && network != Some("none") && interface.text == "eth0" {
        report
            .add(interface.place, "`eth0` is the engine's own interface", "taken")
            .help("choose another name, or `network = \"none\"` for the group");
    }
}

/// A unicast MAC address.
pub(super) fn read_mac<'a>(key: &str, entry: &'a Entry, report: &mut Report) -> Option<Mac<'a>> {
    let word = report.text(key, &entry.value)?;
    let mac = word.text.to_ascii_lowercase();
    let bytes: Option<Vec<u8>> = mac
        .split(':')
        .map(|part| {
            u8::from_str_radix(part, 16).ok().filter(|_| part.len() == 2 && !part.contains('+'))
        })
        .collect();
    match bytes.as_deref() {
        Some([first, ..]) if first & 1 == 1 && mac.len() == 17 => {
            report
                .add(
                    word.place,
                    format!("`{}` is a multicast MAC address", word.text),
                    "odd first byte",
                )
                .help(
                    "an interface needs a unicast address: make the first byte even, e.g. `02:...`",
                );
            None
        }
        Some(bytes) if bytes.len() == 6 && bytes.iter().any(|byte| *byte != 0) => {
            Some((mac, word.place))
        }
        _ => {
            report
                .add(word.place, format!("`{}` is not a MAC address", word.text), "cannot be read")
                .help("six bytes, e.g. `02:00:00:00:00:01`");
            None
        }
    }
}

/// Addresses with prefix lengths, none of them twice.
pub(super) fn read_addresses<'a>(entry: &'a Entry, report: &mut Report) -> Vec<Address<'a>> {
    let words = report.distinct("addresses", &entry.value);
    let mut addresses = Vec::new();
    for word in words {
        match parse_address(word.text) {
            Some(address) => addresses.push((address, word.place)),
            None => {
                report
                    .add(
                        word.place,
                        format!("`{}` is not an address with prefix", word.text),
                        "cannot be read",
                    )
                    .help("write `10.0.0.1/24` (prefix 0 to 32) or `2001:db8::1/64` (0 to 128)");
            }
        }
    }
    addresses
}

/// Address with prefix length, in canonical form.
fn parse_address(text: &str) -> Option<String> {
    let (address, prefix) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    if prefix.is_empty() || !prefix.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let prefix = prefix.parse::<u8>().ok().filter(|prefix| *prefix <= most)?;
    Some(format!("{address}/{prefix}"))
}

fn read_ping(entry: &Entry, report: &mut Report) -> Vec<String> {
    let words = report.distinct("ping", &entry.value);
    let mut addresses = Vec::new();
    for word in words {
        if let Ok(address) = word.text.parse::<IpAddr>() {
            addresses.push(address.to_string());
        } else {
            let help = match parse_address(word.text) {
                Some(_) => "remove the prefix length".to_owned(),
                None => format!("e.g. {}", listed(&["10.0.0.2", "2001:db8::2"])),
            };
            report
                .add(word.place, format!("`{}` is not an IP address", word.text), "cannot be read")
                .help(help);
        }
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_canonical() {
        for (text, wanted) in [
            ("10.0.0.1/24", Some("10.0.0.1/24")),
            ("2001:DB8:0::1/064", Some("2001:db8::1/64")),
            ("10.0.0.1/33", None),
            ("2001:db8::1/129", None),
            ("10.0.0.1", None),
            ("10.0.0.1/", None),
            ("10.0.0.1/+8", None),
            ("10.0.0.256/8", None),
            ("010.0.0.1/8", None),
        ] {
            assert_eq!(parse_address(text).as_deref(), wanted, "{text}");
        }
    }
}
