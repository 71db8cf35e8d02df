//! A frame's walk through a wiring: what its ports and rules do to it, container by container.
//! Bridges do not learn here: they flood, so whatever could go round does.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use vnfctl::model::Topology;
use vnfctl::wiring::{ContainerWiring, PortKind, Rule};

/// A port: node, container (`None` = the node's own VPP), index.
pub(crate) type At = (String, Option<(String, u32)>, usize);

#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) mac: String,
    pub(crate) ip: Ipv4Addr,
    /// Address of the tunnel's other end, while in a tunnel.
    pub(crate) outer: Option<Ipv4Addr>,
}

/// Where a frame came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// An uplink, or the port of a container that does nothing with it.
    pub(crate) at: At,
    pub(crate) mac: String,
    /// Containers it was in, in order, without the vswitch.
    pub(crate) path: Vec<String>,
}

pub(crate) struct Net<'a> {
    topology: &'a Topology,
    /// The other end of each memif.
    far: BTreeMap<At, At>,
    /// Uplinks that are one wire.
    pub(crate) wires: BTreeMap<At, At>,
    /// Groups that are not named in paths.
    switch: &'a str,
}

impl<'a> Net<'a> {
    pub(crate) fn new(topology: &'a Topology, switch: &'a str) -> Self {
        let mut far = BTreeMap::new();
        for link in &topology.wiring.links {
            let at = |(container, port): &(Option<(String, u32)>, String)| {
                let number: usize = port.strip_prefix("port").unwrap().parse().unwrap();
                (link.node.clone(), container.clone(), number - 1)
            };
            let (one, two) = (at(&link.ends[0]), at(&link.ends[1]));
            assert!(far.insert(one.clone(), two.clone()).is_none(), "{one:?} is in two links");
            assert!(far.insert(two.clone(), one).is_none(), "{two:?} is in two links");
        }
        Self { topology, far, wires: BTreeMap::new(), switch }
    }

    pub(crate) fn wiring(&self, at: &At) -> &ContainerWiring {
        match &at.1 {
            Some((group, ordinal)) => {
                &self.topology.wiring.containers[&(at.0.clone(), group.clone(), *ordinal)]
            }
            None => &self.topology.wiring.switches[&at.0].1,
        }
    }

    /// Sends a frame out of a port of a container.
    pub(crate) fn send(&self, from: &At, frame: Frame) -> Vec<Arrival> {
        let name = from.1.iter().map(|(group, ordinal)| format!("{}_{group}{ordinal}", from.0));
        self.leave(from, frame, &name.collect::<Vec<_>>())
    }

    /// A frame comes in at a port.
    pub(crate) fn enter(&self, at: &At, frame: Frame, path: &[String]) -> Vec<Arrival> {
        assert!(path.len() < 100, "a frame goes round: {path:?}");
        let wiring = self.wiring(at);
        let mut path = path.to_vec();
        if let Some((group, ordinal)) = &at.1
            && group != self.switch
        {
            path.push(format!("{}_{group}{ordinal}", at.0));
        }
        let to = |port: usize| (at.0.clone(), at.1.clone(), port);
        let mut bridged = false;
        let mut arrivals = Vec::new();
        for rule in &wiring.rules {
            let others: Vec<usize> = match rule {
                Rule::CrossConnect(one, two) if *one == at.2 => vec![*two],
                Rule::CrossConnect(one, two) if *two == at.2 => vec![*one],
                Rule::Bridge { ports, .. } if ports.contains(&at.2) => {
                    ports.iter().copied().filter(|port| *port != at.2).collect()
                }
                _ => continue,
            };
            assert!(!bridged, "{at:?} is in two bridges or cross-connects");
            bridged = true;
            for port in others {
                arrivals.extend(self.leave(&to(port), frame.clone(), &path));
            }
        }
        if bridged {
            return arrivals;
        }
        let routes = |rule: &Rule| matches!(rule, Rule::Route { .. });
        if !wiring.rules.iter().any(routes) {
            return vec![Arrival { at: at.clone(), mac: frame.mac, path }];
        }
        match self.route(at, frame) {
            Some((port, frame)) => self.leave(&to(port), frame, &path),
            None => Vec::new(),
        }
    }

    fn leave(&self, from: &At, frame: Frame, path: &[String]) -> Vec<Arrival> {
        match self.far.get(from).or_else(|| self.wires.get(from)) {
            Some(at) => self.enter(at, frame, path),
            None => vec![Arrival { at: from.clone(), mac: frame.mac, path: path.to_vec() }],
        }
    }

    /// Port and frame after a look into the table of the port; `None` = dropped.
    fn route(&self, at: &At, mut frame: Frame) -> Option<(usize, Frame)> {
        let wiring = self.wiring(at);
        if let PortKind::Memif(memif) = &wiring.ports[at.2].kind
            && memif.mac.as_ref() != Some(&frame.mac)
        {
            return None;
        }
        let own = |wanted: Ipv4Addr| {
            let wanted = format!("{wanted}/32");
            wiring.rules.iter().any(|rule| {
                matches!(rule, Rule::Address { port, address } if *port == at.2 && *address == wanted)
            })
        };
        frame.outer = frame.outer.filter(|outer| !own(*outer));
        let table = wiring.rules.iter().find_map(|rule| match rule {
            Rule::Table { port, table } if *port == at.2 => Some(*table),
            _ => None,
        });
        let table = table.unwrap_or(0);
        loop {
            let target = frame.outer.unwrap_or(frame.ip);
            let found = wiring.rules.iter().filter_map(|rule| match rule {
                Rule::Route { prefix, table: of, .. } if *of == table => {
                    Some((matches(prefix, target)?, rule))
                }
                Rule::Tunnel(tunnel) if frame.outer.is_none() => {
                    Some((matches(&tunnel.prefix, target)?, rule))
                }
                _ => None,
            });
            let (_, rule) = found.max_by_key(|(length, _)| *length)?;
            match rule {
                Rule::Route { via, port, .. } => {
                    frame.mac = wiring.rules.iter().find_map(|rule| match rule {
                        Rule::Neighbour { port: of, address, mac }
                            if of == port && address == via =>
                        {
                            Some(mac.clone())
                        }
                        _ => None,
                    })?;
                    return Some((*port, frame));
                }
                Rule::Tunnel(tunnel) => frame.outer = Some(tunnel.remote.parse().unwrap()),
                _ => unreachable!("neither a route nor a tunnel"),
            }
        }
    }
}

/// The prefix length, where the address is in the prefix.
fn matches(prefix: &str, address: Ipv4Addr) -> Option<u32> {
    let (network, length) = prefix.split_once('/').unwrap();
    let (network, length): (Ipv4Addr, u32) = (network.parse().unwrap(), length.parse().unwrap());
    let bits = |address: Ipv4Addr| u32::from(address).checked_shr(32 - length).unwrap_or(0);
    (bits(network) == bits(address)).then_some(length)
}
