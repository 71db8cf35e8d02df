//! Wirings of CSIT's kinds of chain, written by hand: NF `n`, sockets as CSIT numbers them.

use vnfctl::model::{Crypto, MemifOptions, Role};
use vnfctl::wiring::{ContainerWiring, Memif, Port, PortKind, Rule, Tunnel};

pub(crate) fn wiring(ports: Vec<Port>, rules: Vec<Rule>) -> ContainerWiring {
    ContainerWiring { ports, rules }
}

fn port(number: usize, kind: PortKind) -> Port {
    Port { name: format!("port{number}"), kind, interrupt: false }
}

/// Port `number`: a master without a MAC address of its own.
pub(crate) fn memif(number: usize, socket: &str, socket_id: u32, id: u32) -> Port {
    let memif = Memif {
        socket: socket.into(),
        socket_id,
        id,
        role: Role::Master,
        mac: None,
        dma: false,
        options: MemifOptions::default(),
        peer: "DUT1_VSWITCH1".into(),
    };
    port(number, PortKind::Memif(memif))
}

pub(crate) fn nic(number: usize, pci: &str) -> Port {
    port(number, PortKind::Nic { pci: pci.into() })
}

/// Changes the memif of a port.
pub(crate) fn with(mut port: Port, change: impl FnOnce(&mut Memif)) -> Port {
    let PortKind::Memif(memif) = &mut port.kind else { panic!("{} is no memif", port.name) };
    change(memif);
    port
}

/// The two ports of NF `n` as all of CSIT's chains have them.
fn pair(n: u32) -> Vec<Port> {
    let one = |side: u32| {
        let socket_id = 2 * n - 2 + side;
        let socket = format!("/mnt/memif/DUT1_CNF{n}-{socket_id}");
        let number = usize::try_from(side).unwrap();
        with(memif(number, &socket, socket_id, n), |memif| {
            memif.mac = Some(format!("52:54:00:00:{n:02x}:{side:02x}"));
        })
    };
    vec![one(1), one(2)]
}

pub(crate) fn l2xc(n: u32) -> ContainerWiring {
    wiring(pair(n), vec![Rule::CrossConnect(0, 1)])
}

pub(crate) fn functional(n: u32) -> ContainerWiring {
    let mut wiring = l2xc(n);
    wiring.ports.iter_mut().for_each(|port| port.interrupt = true);
    wiring
}

pub(crate) fn dma(n: u32) -> ContainerWiring {
    let mut wiring = l2xc(n);
    for port in &mut wiring.ports {
        let PortKind::Memif(memif) = &mut port.kind else { unreachable!() };
        memif.dma = true;
    }
    wiring
}

/// Addresses 1.1.S.1, next hops 1.1.S.2 at `near` and `far`.
fn route(n: u32, near: &str, far: &str) -> Vec<Rule> {
    let sides = [(2 * n - 1, near, "10.0.0.0/8"), (2 * n, far, "20.0.0.0/8")];
    let rules = sides.into_iter().enumerate().flat_map(|(port, (socket, mac, prefix))| {
        let hop = format!("1.1.{socket}.2");
        [
            Rule::Address { port, address: format!("1.1.{socket}.1/24") },
            Rule::Neighbour { port, address: hop.clone(), mac: mac.into() },
            Rule::Route { prefix: prefix.into(), via: hop, port, table: 0 },
        ]
    });
    rules.collect()
}

pub(crate) fn ip4(n: u32) -> ContainerWiring {
    wiring(pair(n), route(n, "52:54:00:00:01:02", "52:54:00:00:03:01"))
}

/// NF `k` of a pipeline of `last`: its second side is the slave of the next NF's first.
pub(crate) fn pipeline_ip4(k: u32, last: u32) -> ContainerWiring {
    let mut ports = pair(k);
    if k > 1 {
        let pipe = format!("/mnt/memif/pipe-{k}");
        ports[0] = with(ports[0].clone(), |memif| memif.socket = pipe);
    }
    if k < last {
        ports[1] = with(ports[1].clone(), |memif| {
            memif.socket = format!("/mnt/memif/pipe-{}", k + 1);
            memif.id = k + 1;
            memif.role = Role::Slave;
        });
    }
    let next = format!("52:54:00:00:{:02x}:01", k + 1);
    wiring(ports, route(k, &format!("52:54:00:00:{:02x}:02", k - 1), &next))
}

pub(crate) fn ipsec(n: u32) -> ContainerWiring {
    let one = |side: u32| {
        let socket = format!("/mnt/memif/vswitch-{side}");
        with(memif(usize::try_from(side).unwrap(), &socket, side, n), |memif| {
            memif.role = Role::Slave;
        })
    };
    let tunnel = Tunnel {
        number: n,
        port: 0,
        local: "100.0.0.1".into(),
        remote: "100.0.0.2".into(),
        spi_out: 100_000,
        spi_in: 200_000,
        crypto: Crypto::AesGcm128,
        crypto_key: "4a506a794f574265564551694d653768".into(),
        integrity: None,
        prefix: "20.0.0.0/24".into(),
    };
    let rules = vec![
        Rule::Address { port: 0, address: "100.0.0.1/24".into() },
        Rule::Address { port: 1, address: "192.168.10.1/24".into() },
        Rule::Neighbour { port: 0, address: "100.0.0.2".into(), mac: "02:02:00:00:01:00".into() },
        Rule::Tunnel(Box::new(tunnel)),
    ];
    wiring(vec![one(1), one(2)], rules)
}

pub(crate) fn cross_horiz(n: u32) -> ContainerWiring {
    let memif = memif(1, &format!("/mnt/memif/DUT1_CNF{n}-{}", 2 * n - 1), 2 * n - 1, n);
    wiring(vec![memif, nic(2, "0000:18:00.0")], vec![Rule::CrossConnect(1, 0)])
}

/// Two NICs and the memifs of one NF.
fn uplinks() -> Vec<Port> {
    let mut ports = vec![nic(1, "0000:18:00.0"), nic(2, "0000:18:00.1")];
    let slaves = pair(1).into_iter().enumerate().map(|(index, port)| {
        let mut port = with(port, |memif| {
            memif.role = Role::Slave;
            memif.mac = None;
            memif.peer = "DUT1_CNF1".into();
        });
        port.name = format!("port{}", index + 3);
        port
    });
    ports.extend(slaves);
    ports
}

pub(crate) fn vswitch_l2bd() -> ContainerWiring {
    let bridge = |domain, ports| Rule::Bridge { domain, ports };
    wiring(uplinks(), vec![bridge(1, vec![0, 2]), bridge(2, vec![3, 1])])
}

pub(crate) fn vswitch_l2xc() -> ContainerWiring {
    wiring(uplinks(), vec![Rule::CrossConnect(0, 2), Rule::CrossConnect(3, 1)])
}

pub(crate) fn vswitch_ip4() -> ContainerWiring {
    let segments = [(10, [0, 2], 1), (11, [3, 1], 2)];
    let rules = segments.into_iter().flat_map(|(table, ports, number)| {
        let sides = ports.into_iter().enumerate().flat_map(move |(side, port)| {
            let base = number + 10 * side;
            [
                Rule::Table { port, table },
                Rule::Address { port, address: format!("{base}.{base}.{base}.1/30") },
                Rule::Neighbour {
                    port,
                    address: format!("{base}.{base}.{base}.2"),
                    mac: format!("52:54:00:00:0{number}:0{side}"),
                },
                Rule::Route {
                    prefix: format!("{}.0.0.0/24", 10 * (side + 1)),
                    via: format!("{base}.{base}.{base}.2"),
                    port,
                    table,
                },
            ]
        });
        sides.collect::<Vec<_>>()
    });
    wiring(uplinks(), rules.collect())
}

/// Two NFs on two sockets, two interfaces each.
pub(crate) fn vswitch_two_sockets() -> ContainerWiring {
    let memifs = [(1, 1), (2, 1), (1, 2), (2, 2)];
    let memifs = memifs.into_iter().zip(3..).map(|((socket_id, id), number)| {
        memif(number, &format!("/mnt/memif/vswitch-{socket_id}"), socket_id, id)
    });
    let mut ports = vec![nic(1, "0000:18:00.0"), nic(2, "0000:18:00.1")];
    ports.extend(memifs);
    let bridge = |domain, ports| Rule::Bridge { domain, ports };
    wiring(ports, vec![bridge(1, vec![0, 2, 4]), bridge(2, vec![1, 3, 5])])
}
