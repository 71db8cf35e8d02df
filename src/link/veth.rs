//! Links of kind `veth`: a pair of virtual Ethernet devices between two network namespaces.
//!
//! Every device we make carries the alias `vnfctl:<topology>`; one without it is never touched.

use super::{EndSpec, LinkDriver, LinkSpec, ObservedLink};
use crate::command::Command;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// The driver of `kind = "veth"`.
#[derive(Debug, Clone, Copy)]
pub struct Veth;

impl LinkDriver for Veth {
    fn query(&self, links: &[LinkSpec]) -> Command {
        let ends = links.iter().flat_map(|link| &link.ends);
        let containers: BTreeMap<_, _> = ends.map(|end| (&end.container, &end.pid)).collect();
        let args = containers.into_iter().flat_map(|(name, pid)| [name, pid]);
        script(include_str!("veth/query.sh"), args)
    }

    fn parse(&self, links: &[LinkSpec], stdout: &str) -> Result<Vec<ObservedLink>, String> {
        let mut found = BTreeMap::new();
        let mut lines = stdout.lines();
        while let Some(line) = lines.next() {
            let name = line.strip_prefix("netns ").ok_or_else(|| line.to_owned())?;
            let devices: Vec<Device> = serde_json::from_str(lines.next().unwrap_or_default())
                .map_err(|error| format!("devices of `{name}`: {error}"))?;
            found.insert(name, devices);
        }
        Ok(links.iter().map(|link| compare(link, &found)).collect())
    }

    fn create(&self, link: &LinkSpec) -> Command {
        let mut args = vec![owner(link), link.mtu.map(|mtu| mtu.to_string()).unwrap_or_default()];
        for end in &link.ends {
            let mac = end.mac.clone().unwrap_or_default();
            args.extend([end.pid.clone(), end.interface.clone(), mac, batch(link, end)]);
        }
        script(include_str!("veth/create.sh"), args)
    }

    fn destroy(&self, link: &LinkSpec) -> Command {
        let ends = link.ends.iter().flat_map(|end| [end.pid.clone(), end.interface.clone()]);
        let args = std::iter::once(owner(link)).chain(ends);
        script(include_str!("veth/destroy.sh"), args)
    }

    fn verify(&self, link: &LinkSpec) -> Option<Command> {
        let [a, b] = &link.ends;
        let pings = targets(a, b).into_iter().chain(targets(b, a)).flat_map(|(end, address)| {
            let family = if address.is_ipv4() { "-4" } else { "-6" };
            [end.pid.clone(), end.interface.clone(), address.to_string(), family.to_owned()]
        });
        let args: Vec<String> = pings.collect();
        if args.is_empty() {
            return None;
        }
        // Ten tries of a second and a pause of up to a second each.
        let deadline = Duration::from_secs(30);
        Some(script(include_str!("veth/verify.sh"), args).deadline(deadline))
    }
}

/// One device as `ip -j -d addr show` prints it (iproute2 5.0 and later).
#[derive(Debug, Deserialize)]
struct Device {
    ifname: String,
    ifindex: u32,
    /// Index of the peer, in the peer's namespace; absent when both are in one, which then names
    /// the peer in `link`.
    link_index: Option<u32>,
    link: Option<String>,
    #[serde(default)]
    flags: Vec<String>,
    mtu: u32,
    #[serde(default)]
    address: String,
    #[serde(default)]
    ifalias: String,
    #[serde(default)]
    addr_info: Vec<Address>,
}

#[derive(Debug, Deserialize)]
struct Address {
    local: Option<IpAddr>,
    prefixlen: u8,
}

/// One of the scripts, after the search for the tools it uses.
fn script<I: IntoIterator<Item = S>, S: Into<String>>(text: &str, args: I) -> Command {
    Command::sh(format!("{}{text}", include_str!("../engine/native/tools.sh")), args)
}

fn owner(link: &LinkSpec) -> String {
    format!("vnfctl:{}", link.topology)
}

/// What `ip -batch` does in the namespace of one end.
fn batch(link: &LinkSpec, end: &EndSpec) -> String {
    let device = &end.interface;
    let mut lines = vec![format!("link set dev {device} alias {}", owner(link))];
    for address in &end.addresses {
        // Duplicate detection would keep a new IPv6 address silent for two seconds.
        let flag = if address.contains(':') { " nodad" } else { "" };
        lines.push(format!("address add {address} dev {device}{flag}"));
    }
    lines.push(format!("link set dev {device} up"));
    lines.join("\n")
}

fn compare(link: &LinkSpec, found: &BTreeMap<&str, Vec<Device>>) -> ObservedLink {
    let device = |end: &EndSpec| {
        let devices = found.get(end.container.as_str())?;
        devices.iter().find(|device| device.ifname == end.interface)
    };
    let [a, b] = &link.ends;
    let pair = [device(a), device(b)];
    let mut differences = Vec::new();
    if pair.iter().all(Option::is_none) {
        differences.push("missing".to_owned());
    } else {
        for (end, device) in link.ends.iter().zip(pair) {
            let place = |what| format!("{} {}: {what}", end.container, end.interface);
            let phrases = device
                .map_or(vec!["missing".to_owned()], |found| end_differences(link, end, found));
            differences.extend(phrases.into_iter().map(place));
        }
        if let [Some(one), Some(other)] = pair
            && !(is_peer(one, other) && is_peer(other, one))
        {
            differences.push("the two ends are not joined".to_owned());
        }
    }
    ObservedLink { name: link.name.clone(), differences, absent: pair.iter().all(Option::is_none) }
}

fn is_peer(one: &Device, other: &Device) -> bool {
    one.link_index == Some(other.ifindex) || one.link.as_ref() == Some(&other.ifname)
}

fn end_differences(link: &LinkSpec, end: &EndSpec, found: &Device) -> Vec<String> {
    let mut differences = Vec::new();
    if found.ifalias != owner(link) {
        differences.push(match found.ifalias.as_str() {
            "" => "made by somebody else".to_owned(),
            alias => format!("belongs to `{alias}`"),
        });
    }
    if !found.flags.iter().any(|flag| flag == "UP") {
        differences.push("down".to_owned());
    }
    if let Some(mtu) = link.mtu.filter(|mtu| *mtu != found.mtu) {
        differences.push(format!("mtu {}, wanted {mtu}", found.mtu));
    }
    if let Some(mac) = end.mac.as_ref().filter(|mac| **mac != found.address) {
        differences.push(format!("mac {}, wanted {mac}", found.address));
    }
    for address in &end.addresses {
        let wanted = parse_address(address);
        let has = |info: &Address| info.local.map(|local| (local, info.prefixlen)) == wanted;
        if !found.addr_info.iter().any(has) {
            differences.push(format!("address {address} missing"));
        }
    }
    differences
}

/// Address and prefix length; without a length the whole address, as `ip` takes it.
fn parse_address(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
    let address: IpAddr = address.parse().ok()?;
    let whole = if address.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Some(whole), |length| length.parse().ok())?;
    (length <= whole).then_some((address, length))
}

/// What must answer from `from`: the other end's addresses in a subnet of its own, and its extras.
fn targets<'a>(from: &'a EndSpec, to: &EndSpec) -> Vec<(&'a EndSpec, IpAddr)> {
    let own: Vec<_> = from.addresses.iter().filter_map(|text| parse_address(text)).collect();
    let near = to.addresses.iter().filter_map(|text| parse_address(text)).map(|(there, _)| there);
    let near =
        near.filter(|there| own.iter().any(|(here, length)| same_subnet(*here, *there, *length)));
    let extra = from.ping.iter().filter_map(|text| text.parse().ok());
    near.chain(extra).map(|address| (from, address)).collect()
}

fn same_subnet(one: IpAddr, other: IpAddr, length: u8) -> bool {
    let (difference, bits) = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (u128::from(one.to_bits() ^ other.to_bits()), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits(), 128),
        _ => return false,
    };
    difference.checked_shr(u32::from(bits - length)).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LinkKind;

    fn end(container: &str, address: &str) -> EndSpec {
        EndSpec {
            container: container.into(),
            pid: "echo 1".into(),
            interface: "eth0".into(),
            mac: Some("02:00:00:00:00:01".into()),
            addresses: vec![address.into()],
            ping: Vec::new(),
        }
    }

    fn link() -> LinkSpec {
        LinkSpec {
            kind: LinkKind::Veth,
            name: "a:eth0--b:eth0".into(),
            topology: "t".into(),
            mtu: Some(9000),
            ends: [end("a", "10.0.0.1/24"), end("b", "10.0.0.2/24")],
        }
    }

    fn device(index: u32, peer: u32, address: &str) -> String {
        format!(
            r#"[{{"ifname":"lo","ifindex":1,"mtu":65536}},{{"ifname":"eth0","ifindex":{index},
            "link_index":{peer},"flags":["UP"],"mtu":9000,"address":"02:00:00:00:00:01",
            "ifalias":"vnfctl:t","addr_info":[{{"local":"{address}","prefixlen":24}}]}}]"#
        )
        .replace('\n', "")
    }

    fn observe(a: &str, b: &str) -> ObservedLink {
        let text = format!("netns a\n{a}\nnetns b\n{b}\n");
        Veth.parse(&[link()], &text).unwrap().remove(0)
    }

    #[test]
    fn a_link_as_wanted_has_no_difference() {
        let found = observe(&device(2, 3, "10.0.0.1"), &device(3, 2, "10.0.0.2"));
        assert_eq!(found.differences, [""; 0]);
        assert!(!found.absent);
    }

    #[test]
    fn every_difference_is_named() {
        let wrong = device(3, 9, "10.0.0.3").replace("9000", "1500").replace("\"UP\"", "");
        let wrong = wrong.replace("00:01", "00:02").replace("vnfctl:t", "");
        let found = observe(&device(2, 3, "10.0.0.1"), &wrong);
        assert_eq!(
            found.differences,
            [
                "b eth0: made by somebody else",
                "b eth0: down",
                "b eth0: mtu 1500, wanted 9000",
                "b eth0: mac 02:00:00:00:00:02, wanted 02:00:00:00:00:01",
                "b eth0: address 10.0.0.2/24 missing",
                "the two ends are not joined",
            ]
        );
        let found = observe(&device(2, 3, "10.0.0.1"), "[]");
        assert_eq!((found.differences, found.absent), (vec!["b eth0: missing".into()], false));
        let found = Veth.parse(&[link()], "").unwrap().remove(0);
        assert_eq!((found.differences, found.absent), (vec!["missing".into()], true));
    }

    #[test]
    fn only_addresses_in_reach_are_pinged() {
        let (a, b) = (end("a", "10.0.0.1/24"), end("b", "10.0.1.2/24"));
        assert_eq!(targets(&a, &b).len(), 0);
        let near = end("b", "10.0.0.200/25");
        assert_eq!(targets(&a, &near).len(), 1, "from the wider subnet");
        assert_eq!(targets(&near, &a).len(), 0, "not from the narrower one");
        let six = [end("a", "fd00::1/64"), end("b", "fd00::2/64")];
        assert_eq!(targets(&six[0], &six[1])[0].1.to_string(), "fd00::2");
        let whole = [end("a", "10.0.0.1/0"), end("b", "192.0.2.1/0")];
        assert_eq!(targets(&whole[0], &whole[1]).len(), 1);
        let mut silent = link();
        silent.ends[1].addresses.clear();
        assert_eq!(Veth.verify(&silent), None);
    }
}
