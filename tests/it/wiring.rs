//! The wiring of links and chains: CSIT's formulas where they are right, what must hold for every
//! wiring, and frames that walk from one end of a chain to the other.

mod described;
mod formulas;
mod walk;

use crate::support::world::topology;
use described::{Described, Ends, peer_mac};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use vnfctl::model::{ChainKind, MemifRoles, Role, SwitchForwarding, Topology};
use vnfctl::wiring::{Memif, PortKind, folder, wire};
use walk::{Arrival, At, Frame, Net};

/// The memif at one end of a link.
fn memif<'a>(
    topology: &'a Topology,
    node: &str,
    (container, port): &(Option<(String, u32)>, String),
) -> &'a Memif {
    let wiring = match container {
        Some((group, ordinal)) => {
            &topology.wiring.containers[&(node.to_owned(), group.clone(), *ordinal)]
        }
        None => &topology.wiring.switches[node].1,
    };
    let port = wiring.ports.iter().find(|known| known.name == *port).expect("the port exists");
    let PortKind::Memif(memif) = &port.kind else { panic!("{port:?} is no memif") };
    memif
}

/// What holds for every wiring.
fn check(topology: &Topology) {
    let wiring = &topology.wiring;
    let mut masters = BTreeMap::new();
    let mut ids = BTreeSet::new();
    let mut macs = BTreeSet::new();
    let mut ends = BTreeSet::new();
    let mut numbers = BTreeMap::new();
    for link in &wiring.links {
        let memifs = [0, 1].map(|end: usize| memif(topology, &link.node, &link.ends[end]));
        let files = memifs.map(|memif| {
            let (path, file) = memif.socket.rsplit_once('/').unwrap();
            assert!(memif.socket.len() <= 107, "{path}");
            file.to_owned()
        });
        assert_eq!(files[0], files[1], "{link:?}");
        assert_eq!(memifs[0].id, memifs[1].id, "{link:?}");
        assert_eq!(memifs[0].options, memifs[1].options, "{link:?}");
        assert_ne!(memifs[0].role, memifs[1].role, "{link:?}");
        let key = (link.node.clone(), files[0].clone());
        assert!(ids.insert((key.clone(), memifs[0].id)), "{link:?}");
        for (end, memif) in memifs.into_iter().enumerate() {
            let (container, port) = &link.ends[end];
            let folder = if container.is_some() { "/mnt/memif".into() } else { folder("lab") };
            assert_eq!(memif.socket, format!("{folder}/{}", files[0]));
            assert!(ends.insert((link.node.clone(), container.clone(), port.clone())));
            if memif.role == Role::Master {
                let master = masters.entry(key.clone()).or_insert_with(|| container.clone());
                assert_eq!(master, container, "two masters: {link:?}");
            }
            let number = (link.node.clone(), container.clone(), memif.socket_id);
            let known = numbers.entry(number).or_insert_with(|| memif.socket.clone());
            assert_eq!(*known, memif.socket, "one number, two sockets: {link:?}");
            if let Some(mac) = &memif.mac {
                assert!(macs.insert((link.node.clone(), mac.clone())), "{mac} twice: {link:?}");
            }
            let name = |(group, ordinal): &(String, u32)| {
                topology.container_name(&link.node, group, *ordinal)
            };
            let peer = &link.ends[1 - end].0;
            assert_eq!(memif.peer, peer.as_ref().map_or(link.node.clone(), name));
        }
    }
    let containers = wiring.containers.values();
    let all = containers.chain(wiring.switches.values().map(|(_, wiring)| wiring));
    let ports = all.flat_map(|wiring| &wiring.ports);
    let count = ports.filter(|port| matches!(port.kind, PortKind::Memif(_))).count();
    assert_eq!(count, ends.len(), "every memif has another end");
}

fn switch_at(described: &Described, node: u32, port: u32) -> At {
    let container = (described.ends == Ends::Group).then(|| ("SW".to_owned(), 1));
    (format!("DUT{node}"), container, port as usize - 1)
}

/// Names of the NFs of a chain (from 0), in the order of the traffic to the right.
fn nfs_of(described: &Described, node: u32, chain: u32) -> Vec<String> {
    let first = chain * described.nfs;
    (1..=described.nfs).map(|k| format!("DUT{node}_NF{}", first + k)).collect()
}

/// From GEN through every chain to SINK, and back.
fn walk_between_ends(described: &Described, net: &Net<'_>, node: u32) {
    for chain in 0..described.chains {
        let nfs = nfs_of(described, node, chain);
        let (ordinal, port) = if described.only_one_end { (1, chain) } else { (chain + 1, 0) };
        let end =
            |group: &str| (format!("DUT{node}"), Some((group.to_owned(), ordinal)), port as usize);
        let name = |group: &str| format!("DUT{node}_{group}{ordinal}");
        for (from, to, ip, side, is_right) in
            [("GEN", "SINK", "20.1.2.3", 1, true), ("SINK", "GEN", "10.1.2.3", 2, false)]
        {
            let first = chain * described.nfs + if is_right { 1 } else { described.nfs };
            let mac = format!("52:54:00:00:{first:02x}:{side:02x}");
            let frame = Frame { mac, ip: ip.parse().unwrap(), outer: None };
            let arrivals = net.send(&end(from), frame);
            let mut path: Vec<String> = nfs.clone();
            if !is_right {
                path.reverse();
            }
            path.insert(0, name(from));
            path.push(name(to));
            let [arrival] = &arrivals[..] else { panic!("{described:?}: {arrivals:?}") };
            assert_eq!((&arrival.at, &arrival.path), (&end(to), &path), "{described:?}");
            if described.routes() {
                let last = format!("52:54:00:02:{:02x}:{:02x}", chain + 1, 3 - side);
                assert_eq!(arrival.mac, last, "the SINK's own MAC address");
            }
        }
    }
}

/// From uplink to uplink through every chain, and back.
fn walk_between_uplinks(described: &Described, net: &Net<'_>, node: u32) {
    let strands = if described.is_parallel() { 1 } else { described.chains };
    let per_strand = described.chains * described.nfs / strands;
    for strand in 0..strands {
        let pair = 2 * (strand % (described.uplinks / 2)) + 1;
        // Side by side each NF is a way of its own.
        let ways: Vec<Vec<u32>> = if described.is_parallel() {
            (1..=per_strand).map(|nf| vec![nf]).collect()
        } else {
            vec![(1..=per_strand).map(|k| strand * per_strand + k).collect()]
        };
        for way in ways {
            for is_right in [true, false] {
                let (from, to) = if is_right { (pair, pair + 1) } else { (pair + 1, pair) };
                let mut nfs = way.clone();
                if !is_right {
                    nfs.reverse();
                }
                let mac =
                    format!("52:54:00:00:{:02x}:{:02x}", nfs[0], if is_right { 1 } else { 2 });
                // Within both of what NFs and what vswitches route.
                let ip: Ipv4Addr =
                    if is_right { "20.20.20.7" } else { "10.10.10.7" }.parse().unwrap();
                let frame = Frame { mac: mac.clone(), ip, outer: None };
                let arrivals = net.enter(&switch_at(described, node, from), frame, &[]);
                let path = nfs.iter().map(|nf| format!("DUT{node}_NF{nf}")).collect();
                let routed = described.routes() || described.forwarding == SwitchForwarding::Ip4;
                let mac = if routed { peer_mac(node, to) } else { mac };
                let wanted = Arrival { at: switch_at(described, node, to), mac, path };
                assert_eq!(arrivals, [wanted], "{described:?}, {from} to {to}");
            }
        }
    }
}

/// All that can be asked of one topology.
fn prove(described: &Described) {
    let loaded = described.load();
    check(&loaded.topology);
    assert_eq!(wire(&loaded.topology).unwrap(), loaded.topology.wiring, "always the same");
    let net = Net::new(&loaded.topology, "SW");
    for node in 1..=described.nodes {
        match (described.kind, described.ends) {
            (ChainKind::CrossHoriz | ChainKind::Ipsec, _) => {}
            (_, Ends::Groups) => walk_between_ends(described, &net, node),
            _ if described.uplinks == 0 => {}
            _ => walk_between_uplinks(described, &net, node),
        }
    }
}

const SERIAL: [ChainKind; 5] = [
    ChainKind::L2xc,
    ChainKind::Functional,
    ChainKind::Dma,
    ChainKind::Ip4,
    ChainKind::PipelineIp4,
];

const FORWARDINGS: [SwitchForwarding; 3] =
    [SwitchForwarding::L2bd, SwitchForwarding::L2xc, SwitchForwarding::Ip4];

#[test]
fn frames_go_through_every_kind_of_chain() {
    let mut proven = 0;
    for kind in SERIAL {
        for roles in [MemifRoles::NfMaster, MemifRoles::NfSlave] {
            for (chains, nfs) in [(1, 1), (1, 4), (2, 2), (3, 1)] {
                for nodes in [1, 2] {
                    let with = |ends, uplinks| Described {
                        nodes,
                        roles,
                        ..Described::new(kind, chains, nfs, ends, uplinks)
                    };
                    let mut all = vec![with(Ends::Groups, 0)];
                    all.push(Described { only_one_end: true, ..with(Ends::Groups, 0) });
                    for forwarding in FORWARDINGS {
                        for ends in [Ends::Group, Ends::Node] {
                            all.push(Described { forwarding, ..with(ends, 2 * chains) });
                            all.push(Described { forwarding, ..with(ends, 0) });
                        }
                    }
                    if with(Ends::Group, 2).routes() {
                        all.push(with(Ends::Group, 2));
                        all.push(with(Ends::Node, 2));
                    }
                    proven += all.len();
                    all.iter().for_each(prove);
                }
            }
        }
    }
    assert!(proven >= 500, "{proven}");
}

#[test]
fn frames_go_through_nfs_side_by_side() {
    for nfs in [1, 2, 8] {
        for ends in [Ends::Group, Ends::Node] {
            prove(&Described { nodes: 2, ..Described::new(ChainKind::Vswitch, 1, nfs, ends, 2) });
        }
    }
}

#[test]
fn frames_go_through_a_nic_of_each_nf() {
    for (nfs, forwarding) in [(1, SwitchForwarding::L2bd), (3, SwitchForwarding::L2xc)] {
        let described = Described {
            forwarding,
            ..Described::new(ChainKind::CrossHoriz, 1, nfs, Ends::Group, nfs)
        };
        let loaded = described.load();
        check(&loaded.topology);
        let net = Net::new(&loaded.topology, "SW");
        for nf in 1..=nfs {
            let mac = peer_mac(1, 9);
            let frame = Frame { mac: mac.clone(), ip: [10, 0, 0, 1].into(), outer: None };
            let nic: At = ("DUT1".into(), Some(("NF".into(), nf)), 1);
            let there = net.enter(&switch_at(&described, 1, nf), frame.clone(), &[]);
            let path = vec![format!("DUT1_NF{nf}")];
            let wanted = Arrival { at: nic.clone(), mac: mac.clone(), path: path.clone() };
            assert_eq!(there, [wanted]);
            let back = net.enter(&nic, frame, &[]);
            let wanted = Arrival { at: switch_at(&described, 1, nf), mac, path };
            assert_eq!(back, [wanted]);
        }
    }
    let described = Described::new(ChainKind::CrossHoriz, 1, 2, Ends::Groups, 0);
    check(&described.load().topology);
}

#[test]
fn frames_go_through_tunnels_between_two_nodes() {
    for (nfs, tunnels) in [(1, 1), (3, 4)] {
        let described = Described {
            nodes: 2,
            tunnels,
            ..Described::new(ChainKind::Ipsec, 1, nfs, Ends::Group, 2)
        };
        let loaded = described.load();
        check(&loaded.topology);
        let mut net = Net::new(&loaded.topology, "SW");
        // generator - eth1 DUT1 eth2 - eth1 DUT2 eth2 - generator
        let (one, two) = (switch_at(&described, 1, 2), switch_at(&described, 2, 1));
        net.wires.extend([(one.clone(), two.clone()), (two, one)]);
        for nf in 1..=nfs {
            for index in 0..tunnels {
                let send = |node: u32, port: u32, mac: String, ip: [u8; 4]| {
                    let frame = Frame { mac, ip: ip.into(), outer: None };
                    net.enter(&switch_at(&described, node, port), frame, &[])
                };
                let tunnel = u8::try_from(index).unwrap();
                let path = [format!("DUT1_NF{nf}"), format!("DUT2_NF{nf}")];
                let there =
                    send(1, 1, format!("02:02:00:00:12:{:02x}", nf - 1), [20, 0, tunnel, 9]);
                let at = switch_at(&described, 2, 2);
                let wanted = Arrival { at, mac: peer_mac(2, 2), path: path.to_vec() };
                assert_eq!(there, [wanted]);
                let back = send(2, 2, format!("02:02:00:00:02:{:02x}", nf - 1), [10, 0, tunnel, 9]);
                let path = path.into_iter().rev().collect();
                let at = switch_at(&described, 1, 1);
                assert_eq!(back, [Arrival { at, mac: peer_mac(1, 1), path }]);
            }
        }
    }
}

fn described() -> impl Strategy<Value = Described> {
    let ends = prop::sample::select(vec![Ends::Group, Ends::Node, Ends::Groups]);
    let roles = prop::sample::select(vec![MemifRoles::NfMaster, MemifRoles::NfSlave]);
    let forwarding = prop::sample::select(FORWARDINGS.to_vec());
    let kind = prop::sample::select(SERIAL.to_vec());
    let numbers = (1..6_u32, 1..6_u32, 1..4_u32, 0..3_u32);
    (kind, numbers, ends, roles, forwarding, any::<bool>()).prop_map(
        |(kind, (chains, nfs, nodes, pairs), ends, roles, forwarding, only_one_end)| {
            let mut described = Described::new(kind, chains, nfs, ends, 0);
            // Several chains share uplinks only where that is allowed.
            let may_share = described.routes() && forwarding == SwitchForwarding::L2bd;
            let pairs = if pairs == 0 || may_share { pairs } else { chains };
            described.uplinks = if ends == Ends::Groups { 0 } else { 2 * pairs };
            Described { nodes, forwarding, roles, only_one_end, ..described }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_wiring_is_sound(described in described()) {
        prove(&described);
    }
}

/// Two entries of chains, a link between an NF and an end, and one between NFs.
const SEVERAL: &str = r#"
name = "lab"
[nodes.DUT1]
[nodes.DUT2]
ssh = "dut2"
[defaults]
engine = "native"
app = { kind = "vpp" }
[groups.NF]
count = 2
[groups.CNF]
nodes = ["DUT2"]
nf_chains = 2
nf_nodes = 2
[groups.GEN]
[groups.SINK]
count = 2
[[links]]
kind = "memif"
ends = [{ container = "GEN1", addresses = ["10.9.0.1/24"] }, { container = "NF1", socket_id = 8, mac = "02:fe:00:00:00:01" }]
[[links]]
kind = "memif"
nodes = ["DUT1"]
ends = [{ container = "NF2", role = "slave" }, { container = "NF1" }]
[[chains]]
group = "NF"
kind = "l2xc"
ends = ["GEN", "GEN"]
[[chains]]
group = "CNF"
kind = "ip4"
ends = ["GEN", "SINK"]
"#;

#[test]
fn entries_and_links_go_together() {
    let loaded = topology(SEVERAL);
    check(&loaded.topology);
    let names: Vec<&str> =
        loaded.topology.wiring.links.iter().map(|link| link.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "DUT1_GEN1:port1--DUT1_NF1:port1",
            "DUT1_NF1:port2--DUT1_NF2:port1",
            "DUT1_NF2:port2--DUT1_GEN1:port2",
            "DUT2_GEN1:port1--DUT2_NF1:port1",
            "DUT2_NF1:port2--DUT2_NF2:port1",
            "DUT2_NF2:port2--DUT2_GEN1:port2",
            "DUT2_GEN1:port3--DUT2_CNF1:port1",
            "DUT2_CNF1:port2--DUT2_CNF2:port1",
            "DUT2_CNF2:port2--DUT2_SINK1:port1",
            "DUT2_GEN1:port4--DUT2_CNF3:port1",
            "DUT2_CNF3:port2--DUT2_CNF4:port1",
            "DUT2_CNF4:port2--DUT2_SINK2:port1",
            "DUT1_GEN1:port3--DUT1_NF1:port3",
            "DUT2_GEN1:port5--DUT2_NF1:port3",
            "DUT1_NF2:port3--DUT1_NF1:port4",
        ]
    );
    let at = |group: &str, ordinal, port: usize| {
        let key = ("DUT2".to_owned(), group.to_owned(), ordinal);
        match &loaded.topology.wiring.containers[&key].ports[port - 1].kind {
            PortKind::Memif(memif) => memif,
            other => panic!("{other:?}"),
        }
    };
    // The second entry goes on counting where the first one is, too.
    assert_eq!(at("CNF", 1, 1).mac.as_deref(), Some("52:54:00:00:03:01"));
    assert_eq!(at("CNF", 1, 1).socket_id, 5);
    assert_eq!(at("NF", 1, 3).socket_id, 8, "as the file says");
    assert_eq!(at("GEN", 1, 5).socket_id, 5, "the next free one");
    assert_eq!(at("GEN", 1, 5).role, Role::Master, "the first end");
}

#[test]
fn two_links_of_the_same_containers_have_two_sockets() {
    let loaded = topology(
        "name = \"lab\"\n[nodes.DUT1]\n[groups.NF]\nengine = \"native\"\ncount = 2\n\
         app = { kind = \"vpp\" }\n[[links]]\nkind = \"memif\"\n\
         ends = [{ container = \"NF1\" }, { container = \"NF2\" }]\n[[links]]\nkind = \"memif\"\n\
         ends = [{ container = \"NF1\" }, { container = \"NF2\" }]\n",
    );
    check(&loaded.topology);
    let wiring = &loaded.topology.wiring.containers[&("DUT1".into(), "NF".into(), 1)];
    let sockets: Vec<&str> = wiring
        .ports
        .iter()
        .map(|port| match &port.kind {
            PortKind::Memif(memif) => memif.socket.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(sockets, ["/mnt/memif/DUT1_NF1-NF2.sock", "/mnt/memif/DUT1_NF1-NF2-2.sock"]);
    assert!(wiring.rules.is_empty(), "nobody said what it does between them");
}

#[test]
fn ten_chains_of_two_are_wired_at_once() {
    let described = Described::new(ChainKind::Ip4, 10, 2, Ends::Group, 2);
    let loaded = described.load();
    let best = (0..20)
        .map(|_| {
            let start = std::time::Instant::now();
            assert_eq!(wire(&loaded.topology).unwrap().links.len(), 40);
            start.elapsed()
        })
        .min()
        .unwrap();
    // Not optimized; an optimized build takes a tenth of that.
    assert!(best.as_millis() < 10, "{best:?}");
}
