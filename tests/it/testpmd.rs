//! The driver of testpmd: its command lines by snapshot, what it refuses, and its scripts around a
//! testpmd that is played.

mod play;
mod played;

use std::time::Duration;
use vnfctl::app::{Instance, RenderError, driver};
use vnfctl::model::{
    App, AppKind, Crypto, Install, MemifMode, MemifOptions, Role, Supervise, Testpmd,
};
use vnfctl::wiring::{ContainerWiring, Memif, Port, PortKind, Rule, Tunnel};

/// A container with testpmd in it.
#[derive(Debug, Clone)]
struct Container {
    cpus: Vec<u32>,
    wiring: ContainerWiring,
    app: App,
}

impl Container {
    fn new(cpus: &[u32], ports: Vec<Port>, rules: Vec<Rule>) -> Self {
        let testpmd = Testpmd {
            forward: None,
            memory_mib: 128,
            mbufs: 8192,
            hugepages: false,
            auto_start: true,
            args: Vec::new(),
        };
        let app = App {
            kind: AppKind::Testpmd(testpmd),
            supervise: Supervise::Engine,
            install: Install::default(),
            files: Vec::new(),
            ready_timeout: Duration::from_secs(2),
        };
        Self { cpus: cpus.to_vec(), wiring: ContainerWiring { ports, rules }, app }
    }

    /// With other settings.
    fn set(mut self, change: impl FnOnce(&mut Testpmd)) -> Self {
        let AppKind::Testpmd(testpmd) = &mut self.app.kind else { panic!("it is testpmd") };
        change(testpmd);
        self
    }

    fn instance(&self) -> Instance<'_> {
        Instance {
            name: "DUT1_CNF1",
            node: "DUT1",
            group: "CNF",
            ordinal: 1,
            cpus: &self.cpus,
            mems: &[0],
            wiring: &self.wiring,
            app: &self.app,
        }
    }

    /// What starts it, without what is the same for all, a word a line.
    fn start(&self) -> Result<String, RenderError> {
        let script = driver(&self.app.kind).start(&self.instance())?;
        let words = script.strip_prefix("exec sh /var/lib/vnfctl/testpmd/run ").unwrap();
        Ok(words.replace(' ', "\n"))
    }

    /// Why it cannot be; `check` sees the files only.
    fn refused(&self) -> String {
        let error = driver(&self.app.kind).files(&self.instance()).unwrap_err();
        assert_eq!(self.start().unwrap_err(), error);
        error.to_string()
    }
}

fn memif(number: usize, role: Role) -> Port {
    let memif = Memif {
        socket: format!("/mnt/memif/{number}.sock"),
        socket_id: u32::try_from(number).unwrap(),
        id: 7,
        role,
        mac: Some(format!("52:54:00:00:01:0{number}")),
        dma: false,
        options: MemifOptions::default(),
        peer: format!("DUT1_PEER{number}"),
    };
    Port { name: format!("port{number}"), kind: PortKind::Memif(memif), interrupt: false }
}

fn nic(number: usize, pci: &str) -> Port {
    let kind = PortKind::Nic { pci: pci.into() };
    Port { name: format!("port{number}"), kind, interrupt: false }
}

/// Changes the memif of a port.
fn with(mut port: Port, change: impl FnOnce(&mut Memif)) -> Port {
    let PortKind::Memif(memif) = &mut port.kind else { panic!("{} is no memif", port.name) };
    change(memif);
    port
}

/// A server and a client, as the NFs of a chain have them.
fn pair() -> Vec<Port> {
    vec![memif(1, Role::Master), memif(2, Role::Slave)]
}

/// What an `ip4` chain asks of port `port` (from 0): address, neighbour, route.
fn routed(port: usize) -> [Rule; 3] {
    let via = format!("1.1.{}.2", port + 1);
    let mac = format!("52:54:00:00:02:0{port}");
    [
        Rule::Address { port, address: format!("1.1.{}.1/24", port + 1) },
        Rule::Neighbour { port, address: via.clone(), mac },
        Rule::Route { prefix: format!("{}0.0.0.0/8", port + 1), via, port, table: 0 },
    ]
}

#[test]
fn start_of_every_kind() {
    let four = || (1..=4).map(|number| memif(number, Role::Master)).collect::<Vec<_>>();
    let crossed = vec![Rule::CrossConnect(0, 3), Rule::CrossConnect(2, 1)];
    let two_queues = |port| {
        with(port, |memif| {
            memif.options = MemifOptions {
                rx_queues: 2,
                tx_queues: 2,
                ring_size: 4096,
                buffer_size: 9216,
                secret: Some("it's".into()),
                ..MemifOptions::default()
            };
            memif.mac = None;
        })
    };
    let bridge = |ports| Rule::Bridge { domain: 1, ports };
    let routes: Vec<Rule> = [0, 1].into_iter().flat_map(routed).collect();
    let mut tables: Vec<Rule> =
        [0, 1, 2, 3].map(|port| Rule::Table { port, table: 10 + u32::from(port % 2 == 1) }).into();
    tables.extend([0, 1, 2, 3].into_iter().flat_map(routed));
    let nics = vec![memif(1, Role::Master), nic(2, "0000:3b:00.0"), nic(3, "0000:18:00.1")];
    let containers = [
        ("no rule", Container::new(&[3], vec![memif(1, Role::Slave)], vec![])),
        ("no placement", Container::new(&[], pair(), vec![])),
        ("l2xc", Container::new(&[3], pair(), vec![Rule::CrossConnect(0, 1)])),
        ("l2bd", Container::new(&[3, 5], pair(), vec![bridge(vec![0, 1])])),
        ("two pairs, workers", Container::new(&[3, 5, 7], four(), crossed)),
        ("ip4", Container::new(&[3, 5], pair(), routes.clone())),
        ("two tables", Container::new(&[3], four(), tables)),
        ("nics", Container::new(&[3], nics, vec![Rule::CrossConnect(0, 2)])),
        (
            "queues and secret",
            Container::new(&[3, 5], pair().into_iter().map(two_queues).collect(), vec![]),
        ),
        (
            "own settings",
            Container::new(&[3, 5], pair(), routes).set(|testpmd| {
                *testpmd = Testpmd {
                    forward: Some("macswap".into()),
                    memory_mib: 512,
                    mbufs: 65536,
                    hugepages: true,
                    auto_start: false,
                    args: vec!["--burst=64".into(), "--txpkts=64,64".into()],
                }
            }),
        ),
    ];
    let text = containers.iter().map(|(name, one)| format!("--- {name}\n{}", one.start().unwrap()));
    insta::assert_snapshot!(text.collect::<String>());
}

#[test]
fn refusals_say_what_testpmd_cannot() {
    let plain = |ports| Container::new(&[3], ports, vec![]);
    let ruled =
        |rules| Container::new(&[3], (1..=3).map(|n| memif(n, Role::Master)).collect(), rules);
    let first = |change: fn(&mut Memif)| plain(vec![with(memif(1, Role::Slave), change)]);
    let bridge = |ports| Rule::Bridge { domain: 1, ports };
    let neighbour =
        |port, mac: &str| Rule::Neighbour { port, address: "1.1.1.2".into(), mac: mac.into() };
    let tunnel = Tunnel {
        number: 1,
        port: 0,
        local: "1.1.1.1".into(),
        remote: "1.1.1.2".into(),
        spi_out: 1,
        spi_in: 2,
        crypto: Crypto::AesGcm128,
        crypto_key: "00".repeat(16),
        integrity: None,
        prefix: "20.0.0.0/8".into(),
    };
    let mut polls = pair();
    polls[1].interrupt = true;
    let existing = PortKind::Existing { interface: "eth0".into() };
    let existing = Port { name: "port1".into(), kind: existing, interrupt: false };
    let mut uneven = pair();
    uneven[1] = with(uneven[1].clone(), |memif| {
        (memif.options.rx_queues, memif.options.tx_queues) = (2, 2);
    });
    let three = [0, 1, 2].into_iter().flat_map(routed).collect();
    let mixed = std::iter::once(Rule::CrossConnect(0, 1)).chain(routed(2)).collect();
    let containers = [
        plain(vec![]),
        plain(polls),
        plain(vec![existing]),
        first(|memif| memif.options.mode = MemifMode::Ip),
        first(|memif| memif.dma = true),
        first(|memif| memif.options.tx_queues = 4),
        plain(uneven),
        first(|memif| memif.socket.push_str(",role=server")),
        first(|memif| memif.options.secret = Some("a=b".into())),
        first(|memif| memif.options.secret = Some("x".repeat(24))),
        ruled(vec![bridge(vec![0, 1, 2])]),
        ruled(vec![bridge(vec![0])]),
        ruled(vec![Rule::CrossConnect(0, 1), Rule::CrossConnect(1, 2)]),
        ruled(mixed),
        ruled(three),
        ruled(vec![Rule::Address { port: 1, address: "1.1.1.1/24".into() }]),
        ruled(vec![neighbour(0, "02:00:00:00:00:01"), neighbour(0, "02:00:00:00:00:02")]),
        ruled(vec![Rule::Tunnel(Box::new(tunnel))]),
    ];
    insta::assert_snapshot!(containers.map(|one| one.refused()).join("\n"));
}
