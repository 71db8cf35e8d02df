//! `publish` and `network`: how a container meets the node's network.

use super::group::Section;
use super::problem::{Place, Report};
use super::read::{Word, listed};
use super::topology::{CpuRequest, EngineKind};
use std::net::IpAddr;

/// A published port.
#[derive(Debug, Clone, Copy)]
pub(super) struct Port<'a> {
    /// Address on the node; `None` = all.
    pub(super) address: Option<IpAddr>,
    /// Port on the node.
    pub(super) host: u16,
    pub(super) udp: bool,
    pub(super) place: &'a Place,
}

impl Port<'_> {
    /// Whether both cannot be published on one node.
    pub(super) fn collides(&self, other: &Self) -> bool {
        let same_address = match (self.address, other.address) {
            (Some(one), Some(two)) => one == two || one.is_unspecified() || two.is_unspecified(),
            _ => true,
        };
        self.host == other.host && self.udp == other.udp && same_address
    }
}

/// Reads `publish`: the texts, and the ports in them.
pub(super) fn read_publish<'a>(
    section: &Section<'a>,
    engine: Option<EngineKind>,
    cpu: Option<&CpuRequest>,
    report: &mut Report,
) -> (Vec<String>, Vec<Port<'a>>) {
    let Some(entry) = section.get("publish") else { return Default::default() };
    let Some(words) = report.words("publish", &entry.value) else { return Default::default() };
    if words.is_empty() {
        return Default::default();
    }
    if let Some(engine @ (EngineKind::Native | EngineKind::Lxc | EngineKind::Nspawn)) = engine {
        let message = format!("{} cannot publish ports", engine.word());
        report
            .add(&entry.place, message, "not for this engine")
            .help("`network = \"host\"` puts the container on the node's own network");
        return Default::default();
    }
    if let Some(network) = section.get("network")
        && let super::value::Kind::Text(text) = &network.value.kind
        && (text == "host" || text == "none")
    {
        report
            .add(&entry.place, format!("`publish` does nothing in network `{text}`"), "ignored")
            .mark(&network.value.place, "this network has no ports to publish");
    }
    let mut ports: Vec<Port<'a>> = Vec::new();
    for word in &words {
        let Some(port) = parse_port(*word) else {
            report
                .add(
                    word.place,
                    format!("`{}` is not a published port", word.text),
                    "cannot be read",
                )
                .help("write `[address:]port-on-node:port-in-container[/tcp|/udp]`");
            continue;
        };
        if let Some(first) = ports.iter().find(|first| first.collides(&port)) {
            collision(&port, first.place, report);
        }
        ports.push(port);
    }
    if let (Some(first), Some(count @ 2..)) = (ports.first(), cpu.map(CpuRequest::containers)) {
        report
            .add(
                first.place,
                format!("port {} of a node would be published {count} times", first.host),
                "one port, several containers",
            )
            .help(format!("the group has {count} containers per node; `publish` allows one"));
    }
    (words.iter().map(|word| word.text.to_owned()).collect(), ports)
}

/// Reports a port that is published on a node already.
pub(super) fn collision(port: &Port<'_>, first: &Place, report: &mut Report) {
    let protocol = if port.udp { "udp" } else { "tcp" };
    let message = format!("{protocol} port {} of a node is published twice", port.host);
    if first == port.place {
        report
            .add(port.place, message, "once per group")
            .help("`defaults` gives this port to several groups of one node");
    } else {
        report
            .add(port.place, message, "again")
            .mark(first, "first here")
            .help("choose another port on the node");
    }
}

fn parse_port(word: Word<'_>) -> Option<Port<'_>> {
    let (text, udp) = match word.text.split_once('/') {
        Some((text, "tcp")) => (text, false),
        Some((text, "udp")) => (text, true),
        Some(_) => return None,
        None => (word.text, false),
    };
    let (rest, guest) = text.rsplit_once(':')?;
    let (address, host) = match rest.rsplit_once(':') {
        Some((address, host)) => {
            let bare = address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
            let address: IpAddr = match bare {
                Some(inner) => IpAddr::V6(inner.parse().ok()?),
                None => IpAddr::V4(address.parse().ok()?),
            };
            (Some(address), host)
        }
        None => (None, rest),
    };
    number(guest)?;
    Some(Port { address, host: number(host)?, udp, place: word.place })
}

/// A port number, 1..=65535, digits only.
fn number(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0)
}

/// Reads `network`. native, lxc and nspawn know `none` (own network with only a loopback, the default)
/// and `host`; docker and podman take their own words.
pub(super) fn read_network<'a>(
    section: &Section<'a>,
    engine: Option<EngineKind>,
    report: &mut Report,
) -> Option<Word<'a>> {
    let entry = section.get("network")?;
    let word = report.text("network", &entry.value)?;
    match engine? {
        engine @ (EngineKind::Native | EngineKind::Lxc | EngineKind::Nspawn) => {
            if !["none", "host"].contains(&word.text) {
                let message = format!("{} has no network `{}`", engine.word(), word.text);
                report.add(word.place, message, "not for this engine").help(format!(
                    "known: {}; `none` is a network of its own, joined by `[[links]]`",
                    listed(&["none", "host"])
                ));
            }
        }
        EngineKind::Cri => {
            if word.text != "host" {
                let message = format!("cri has no network `{}`", word.text);
                report
                    .add(word.place, message, "not for this engine")
                    .help("`host`; leave `network` out for the runtime's own (CNI)");
            }
        }
        EngineKind::Docker | EngineKind::Podman => {
            let odd = |c: char| c.is_whitespace() || c.is_control();
            if word.text.is_empty() || word.text.starts_with('-') || word.text.contains(odd) {
                report
                    .add(word.place, format!("`{}` is not a network", word.text), "cannot be read")
                    .help("`bridge`, `host`, `none`, or the name of a network of the engine");
            }
        }
    }
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_ports() {
        let place = Place::default();
        let parse =
            |text| parse_port(Word { text, place: &place }).map(|port| (port.host, port.udp));
        for (text, wanted) in [
            ("2379:2379", Some((2379, false))),
            ("80:8080/udp", Some((80, true))),
            ("127.0.0.1:80:8080/tcp", Some((80, false))),
            ("[::1]:80:8080", Some((80, false))),
            ("80", None),
            ("80:", None),
            ("0:80", None),
            ("80:65536", None),
            ("+80:80", None),
            ("80:80/sctp", None),
            ("::1:80:80", None),
            ("host:80:80", None),
            ("8000-8010:8000-8010", None),
        ] {
            assert_eq!(parse(text), wanted, "{text}");
        }
    }

    #[test]
    fn ports_collide_on_the_same_address_only() {
        let place = Place::default();
        let port = |text| parse_port(Word { text, place: &place }).unwrap();
        for (one, two, wanted) in [
            ("80:1", "80:2", true),
            ("80:1", "80:1/udp", false),
            ("127.0.0.1:80:1", "80:1", true),
            ("127.0.0.1:80:1", "127.0.0.2:80:1", false),
            ("127.0.0.1:80:1", "0.0.0.0:80:1", true),
            ("80:1", "81:1", false),
        ] {
            assert_eq!(port(one).collides(&port(two)), wanted, "{one} {two}");
        }
    }
}
