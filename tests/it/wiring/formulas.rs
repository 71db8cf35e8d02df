//! CSIT's numbers, kind by kind, written down a second time as CSIT has them; W14 to W18 are not
//! among them.

use super::described::{Described, Ends, peer_mac};
use vnfctl::model::{ChainKind, Loaded, MemifRoles, Role, SwitchForwarding};
use vnfctl::wiring::{ContainerWiring, Memif, Port, PortKind, Rule};

fn container<'a>(loaded: &'a Loaded, node: &str, group: &str, ordinal: u32) -> &'a ContainerWiring {
    &loaded.topology.wiring.containers[&(node.to_owned(), group.to_owned(), ordinal)]
}

fn memif(port: &Port) -> &Memif {
    match &port.kind {
        PortKind::Memif(memif) => memif,
        other => panic!("{other:?} is no memif"),
    }
}

fn mac(n: u32, side: u32) -> String {
    format!("52:54:00:00:{n:02x}:{side:02x}")
}

/// What CSIT writes into the exec file of NF n in `chain_ip4` and `pipeline_ip4`.
fn ip4(n: u32, vif1: &str, vif2: &str) -> Vec<Rule> {
    let (s1, s2) = (2 * n - 1, 2 * n);
    let address = |port, s| Rule::Address { port, address: format!("1.1.{s}.1/24") };
    let neighbour = |port, s, mac: &str| Rule::Neighbour {
        port,
        address: format!("1.1.{s}.2"),
        mac: mac.to_owned(),
    };
    let route = |port, prefix: &str, s| Rule::Route {
        prefix: prefix.to_owned(),
        via: format!("1.1.{s}.2"),
        port,
        table: 0,
    };
    vec![
        address(0, s1),
        address(1, s2),
        neighbour(0, s1, vif1),
        neighbour(1, s2, vif2),
        route(0, "10.0.0.0/8", s1),
        route(1, "20.0.0.0/8", s2),
    ]
}

#[test]
fn sockets_ids_roles_and_modes_of_a_vswitchs_nfs() {
    for kind in [ChainKind::L2xc, ChainKind::Functional, ChainKind::Dma, ChainKind::Ip4] {
        for (roles, of_nf, of_switch) in [
            (MemifRoles::NfMaster, Role::Master, Role::Slave),
            (MemifRoles::NfSlave, Role::Slave, Role::Master),
        ] {
            // W14: two DUTs with several NFs each.
            let described =
                Described { nodes: 2, roles, ..Described::new(kind, 2, 2, Ends::Group, 4) };
            let loaded = described.load();
            for node in ["DUT1", "DUT2"] {
                let switch = container(&loaded, node, "SW", 1);
                for n in 1..=4 {
                    let nf = container(&loaded, node, "NF", n);
                    assert_eq!(nf.ports.len(), 2);
                    for (side, s) in [(0, 2 * n - 1), (1, 2 * n)] {
                        let port = &nf.ports[side];
                        let own = memif(port);
                        assert_eq!(own.socket, format!("/mnt/memif/{node}_NF{n}-{s}.sock"));
                        assert_eq!((own.socket_id, own.id, own.role), (s, n, of_nf));
                        assert_eq!(own.peer, format!("{node}_SW1"));
                        assert_eq!(port.interrupt, kind == ChainKind::Functional);
                        assert_eq!(own.dma, kind == ChainKind::Dma);
                        // Behind the four uplinks.
                        let other = &switch.ports[4 + s as usize - 1];
                        let (other, is_interrupt) = (memif(other), other.interrupt);
                        assert_eq!((&other.socket, other.socket_id), (&own.socket, s));
                        assert_eq!((other.id, other.role), (n, of_switch));
                        assert!(!is_interrupt && !other.dma, "the NF's alone");
                    }
                    if kind != ChainKind::Ip4 {
                        assert_eq!(nf.rules, [Rule::CrossConnect(0, 1)]);
                    }
                }
            }
        }
    }
}

#[test]
fn next_hops_of_a_chain() {
    let loaded = Described::new(ChainKind::Ip4, 2, 3, Ends::Group, 2).load();
    for n in 1..=6 {
        let k = (n - 1) % 3 + 1;
        let vif1 = if k == 1 { peer_mac(1, 1) } else { mac(n - 1, 2) };
        let vif2 = if k == 3 { peer_mac(1, 2) } else { mac(n + 1, 1) };
        let nf = container(&loaded, "DUT1", "NF", n);
        assert_eq!(nf.rules, ip4(n, &vif1, &vif2), "NF{n}");
        assert_eq!(memif(&nf.ports[0]).mac, Some(mac(n, 1)));
        assert_eq!(memif(&nf.ports[1]).mac, Some(mac(n, 2)));
    }
}

#[test]
fn a_pipeline_points_at_its_next_nf() {
    for (roles, later) in [(MemifRoles::NfMaster, Role::Master), (MemifRoles::NfSlave, Role::Slave)]
    {
        let described =
            Described { roles, ..Described::new(ChainKind::PipelineIp4, 2, 3, Ends::Group, 2) };
        let loaded = described.load();
        for n in 1..=6 {
            let k = (n - 1) % 3 + 1;
            let nf = container(&loaded, "DUT1", "NF", n);
            let (left, right) = (memif(&nf.ports[0]), memif(&nf.ports[1]));
            assert_eq!((left.socket_id, right.socket_id), (2 * n - 1, 2 * n));
            assert_eq!(left.id, n);
            assert_eq!(left.role, later, "towards what is before it, NF{n} is the later one");
            assert_eq!(left.socket, format!("/mnt/memif/DUT1_NF{n}-{}.sock", 2 * n - 1));
            if k == 3 {
                assert_eq!((right.id, right.role), (n, later));
                assert_eq!(right.socket, format!("/mnt/memif/DUT1_NF{n}-{}.sock", 2 * n));
            } else {
                assert_eq!(right.id, n + 1);
                assert_ne!(right.role, later);
                assert_eq!(right.socket, format!("/mnt/memif/DUT1_NF{}-{}.sock", n + 1, 2 * n + 1));
            }
            // W15: n + 1, not n + 2.
            let vif1 = if k == 1 { peer_mac(1, 1) } else { mac(n - 1, 2) };
            let vif2 = if k == 3 { peer_mac(1, 2) } else { mac(n + 1, 1) };
            assert_eq!(nf.rules, ip4(n, &vif1, &vif2), "NF{n}");
        }
        // The vswitch has the outer sides only: K = 2C.
        assert_eq!(container(&loaded, "DUT1", "SW", 1).ports.len(), 2 + 4);
    }
}

fn domains(wiring: &ContainerWiring) -> Vec<(u32, Vec<usize>)> {
    let domain = |rule: &Rule| match rule {
        Rule::Bridge { domain, ports } => Some((*domain, ports.clone())),
        _ => None,
    };
    wiring.rules.iter().filter_map(domain).collect()
}

/// Bridge domains of chains with uplinks of their own: first N*(c-1)+c, inner `nf_id` + c, last
/// N*c + c.
#[test]
fn bridge_domains_of_chains() {
    for (chains, nfs) in [(1, 1), (1, 4), (3, 2), (2, 3)] {
        let loaded = Described::new(ChainKind::L2xc, chains, nfs, Ends::Group, 2 * chains).load();
        let uplinks = 2 * chains as usize;
        // Ports of the vswitch to the sides of NF n.
        let port = |n: u32, side: usize| uplinks + 2 * (n as usize - 1) + side;
        let mut wanted = Vec::new();
        for c in 1..=chains {
            let nic = |side: usize| 2 * (c as usize - 1) + side;
            let nf = |k: u32| nfs * (c - 1) + k;
            wanted.push((nfs * (c - 1) + c, vec![nic(0), port(nf(1), 0)]));
            for k in 1..nfs {
                wanted.push((nf(k) + c, vec![port(nf(k), 1), port(nf(k + 1), 0)]));
            }
            wanted.push((nfs * c + c, vec![nic(1), port(nf(nfs), 1)]));
        }
        assert_eq!(domains(container(&loaded, "DUT1", "SW", 1)), wanted);
    }
}

/// CSIT puts the NIC into each chain's bridge domain in turn, so only the last chain stays
/// connected. Here chains of NFs that route share those of the first chain.
#[test]
fn bridge_domains_of_chains_that_share_two_uplinks() {
    let loaded = Described::new(ChainKind::Ip4, 2, 2, Ends::Group, 2).load();
    let wanted = [(1, vec![0, 2, 6]), (2, vec![3, 4]), (3, vec![1, 5, 9]), (5, vec![7, 8])];
    assert_eq!(domains(container(&loaded, "DUT1", "SW", 1)), wanted);
    let loaded = Described::new(ChainKind::PipelineIp4, 2, 2, Ends::Node, 2).load();
    let (cli, node) = &loaded.topology.wiring.switches["DUT1"];
    assert_eq!(cli, "/run/vpp/cli.sock");
    assert_eq!(domains(node), [(1, vec![0, 2, 4]), (3, vec![1, 3, 5])]);
    let interface = "Ethernet1".to_owned();
    assert_eq!(node.ports[0].kind, PortKind::Existing { interface });
    assert_eq!(memif(&node.ports[2]).socket, "/run/vnfctl/memif/lab/DUT1_NF1-1.sock");
}

#[test]
fn cross_connects_of_a_vswitch() {
    let described = Described {
        forwarding: SwitchForwarding::L2xc,
        ..Described::new(ChainKind::L2xc, 1, 3, Ends::Group, 2)
    };
    let loaded = described.load();
    // NIC1 x memif1.1; memif k.2 x memif (k+1).1; last .2 x NIC2.
    let wanted = [(0, 2), (3, 4), (5, 6), (7, 1)].map(|(one, two)| Rule::CrossConnect(one, two));
    assert_eq!(container(&loaded, "DUT1", "SW", 1).rules, wanted);
}

/// CSIT's *Initialize IPv4 routing with memif pairs* on the second of two DUTs, one NF.
#[test]
fn tables_of_a_vswitch_that_routes() {
    let described = Described {
        nodes: 2,
        forwarding: SwitchForwarding::Ip4,
        ..Described::new(ChainKind::L2xc, 1, 1, Ends::Group, 2)
    };
    let loaded = described.load();
    let switch = container(&loaded, "DUT2", "SW", 1);
    let mut wanted = Vec::new();
    let memif_mac = |port: usize| memif(&switch.ports[port]).mac.clone().unwrap();
    for (port, table, own, via, mac, prefix) in [
        (0, 10, "2.2.2.2/30", "2.2.2.1", peer_mac(2, 1), "10.10.10.0/24"),
        (1, 11, "3.3.3.1/30", "3.3.3.2", peer_mac(2, 2), "20.20.20.0/24"),
        // The next hop is the other memif of the pair.
        (2, 10, "31.31.31.1/30", "32.32.32.1", memif_mac(3), "20.20.20.0/24"),
        (3, 11, "32.32.32.1/30", "31.31.31.1", memif_mac(2), "10.10.10.0/24"),
    ] {
        wanted.push(Rule::Table { port, table });
        wanted.push(Rule::Address { port, address: own.to_owned() });
        wanted.push(Rule::Neighbour { port, address: via.to_owned(), mac });
        let (prefix, via) = (prefix.to_owned(), via.to_owned());
        wanted.push(Rule::Route { prefix, via, port, table });
    }
    assert_eq!(switch.rules, wanted);
}

#[test]
fn nfs_side_by_side_are_on_two_sockets() {
    let loaded = Described::new(ChainKind::Vswitch, 1, 3, Ends::Group, 2).load();
    let switch = container(&loaded, "DUT1", "SW", 1);
    assert_eq!(domains(switch), [(1, vec![0, 2, 4, 6]), (2, vec![1, 3, 5, 7])]);
    for n in 1..=3 {
        let nf = container(&loaded, "DUT1", "NF", n);
        for side in [0, 1] {
            let (own, other) =
                (memif(&nf.ports[side]), memif(&switch.ports[2 * n as usize + side]));
            let number = u32::try_from(side).unwrap() + 1;
            for end in [own, other] {
                assert_eq!((end.socket_id, end.id), (number, n));
                assert_eq!(end.socket, format!("/mnt/memif/DUT1_SW1-{number}.sock"));
            }
            assert_eq!((own.role, other.role), (Role::Slave, Role::Master));
        }
        assert_eq!(nf.rules, ip4(n, &peer_mac(1, 1), &peer_mac(1, 2)));
    }
}

#[test]
fn tunnels_of_two_nodes_fit_together() {
    let described = Described {
        nodes: 2,
        tunnels: 2,
        ..Described::new(ChainKind::Ipsec, 1, 2, Ends::Group, 2)
    };
    let loaded = described.load();
    let mut spis = Vec::new();
    for n in 1..=2 {
        let [first, second] = ["DUT1", "DUT2"].map(|node| container(&loaded, node, "NF", n));
        let macs =
            |nf: &ContainerWiring| [0, 1].map(|side| memif(&nf.ports[side]).mac.clone().unwrap());
        let last = n - 1;
        assert_eq!(
            macs(first),
            [format!("02:02:00:00:11:{last:02x}"), format!("02:02:00:00:12:{last:02x}")]
        );
        assert_eq!(
            macs(second),
            [format!("02:02:00:00:01:{last:02x}"), format!("02:02:00:00:02:{last:02x}")]
        );
        let tunnels = |nf: &ContainerWiring| {
            let tunnel = |rule: &Rule| match rule {
                Rule::Tunnel(tunnel) => Some(tunnel.as_ref().clone()),
                _ => None,
            };
            nf.rules.iter().filter_map(tunnel).collect::<Vec<_>>()
        };
        let (one, two) = (tunnels(first), tunnels(second));
        assert_eq!((one.len(), two.len()), (2, 2));
        for (one, two) in one.iter().zip(&two) {
            assert_eq!((&one.local, &one.remote), (&two.remote, &two.local));
            assert_eq!((one.spi_out, one.spi_in), (two.spi_in, two.spi_out));
            assert_eq!((one.crypto, &one.crypto_key), (two.crypto, &two.crypto_key));
            let neighbour = |nf: &ContainerWiring, wanted: &str| {
                nf.rules.iter().find_map(|rule| match rule {
                    Rule::Neighbour { port: 0, address, mac } if address == wanted => {
                        Some(mac.clone())
                    }
                    _ => None,
                })
            };
            assert_eq!(neighbour(first, &one.remote), Some(macs(second)[0].clone()));
            assert_eq!(neighbour(second, &two.remote), Some(macs(first)[0].clone()));
            spis.extend([one.spi_out, one.spi_in]);
        }
        // W16: the generator's own MAC address, not the name of a placeholder.
        let plain = |nf: &ContainerWiring| {
            nf.rules.iter().find_map(|rule| match rule {
                Rule::Neighbour { port: 1, mac, .. } => Some(mac.clone()),
                _ => None,
            })
        };
        assert_eq!((plain(first), plain(second)), (Some(peer_mac(1, 1)), Some(peer_mac(2, 2))));
    }
    spis.sort_unstable();
    spis.dedup();
    assert_eq!(spis.len(), 8, "each direction of each tunnel has its own");
    // The tunnels' side is the one to the other node: the second uplink of the first node.
    let of = |node| domains(container(&loaded, node, "SW", 1));
    assert_eq!(of("DUT1"), [(1, vec![1, 2, 4]), (2, vec![0, 3, 5])]);
    assert_eq!(of("DUT2"), [(1, vec![0, 2, 4]), (2, vec![1, 3, 5])]);
}

#[test]
fn one_memif_and_one_nic() {
    let loaded = Described::new(ChainKind::CrossHoriz, 1, 2, Ends::Group, 2).load();
    let switch = container(&loaded, "DUT1", "SW", 1);
    assert_eq!(domains(switch), [(1, vec![0, 2]), (2, vec![1, 3])]);
    for n in 1..=2 {
        let nf = container(&loaded, "DUT1", "NF", n);
        let own = memif(&nf.ports[0]);
        assert_eq!((own.socket_id, own.id, own.role), (2 * n - 1, n, Role::Master));
        let pci = format!("0000:18:00.{}", n + 2);
        assert_eq!(nf.ports[1].kind, PortKind::Nic { pci });
        assert_eq!(nf.rules, [Rule::CrossConnect(0, 1)]);
    }
}
