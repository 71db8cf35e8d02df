//! The driver of VPP: its files by snapshot, its scripts against a `vppctl` that is played, and,
//! where there is one, all of it with a real VPP.

mod played;
mod real;
mod wired;
mod wirings;

use std::time::Duration;
use vnfctl::app::{File, Instance, RenderError, driver};
use vnfctl::model::{App, AppKind, Install, Supervise, Vpp, VppVariant};
use vnfctl::wiring::{ContainerWiring, PortKind};
use wirings::{memif, nic, wiring};

/// VPP as the topology file's defaults have it.
pub(crate) fn vpp() -> Vpp {
    Vpp {
        variant: VppVariant::Plain,
        main_heap_size: 128 << 20,
        page_size: None,
        buffers_per_numa: None,
        statseg_size: 8 << 20,
        poll_sleep_usec: None,
        plugins: Vec::new(),
        rx_queues: None,
        dsa_devices: Vec::new(),
        startup: [].into(),
        exec: Vec::new(),
    }
}

/// A container with VPP in it.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) cpus: Vec<u32>,
    pub(crate) wiring: ContainerWiring,
    pub(crate) app: App,
}

impl Container {
    pub(crate) fn new(cpus: &[u32], wiring: ContainerWiring, vpp: Vpp) -> Self {
        let app = App {
            kind: AppKind::Vpp(Box::new(vpp)),
            supervise: Supervise::Engine,
            install: Install::default(),
            files: Vec::new(),
            ready_timeout: Duration::from_secs(10),
        };
        Self { name: "DUT1_CNF1".into(), cpus: cpus.to_vec(), wiring, app }
    }

    pub(crate) fn instance(&self) -> Instance<'_> {
        Instance {
            name: &self.name,
            node: "DUT1",
            group: "CNF",
            ordinal: 1,
            cpus: &self.cpus,
            mems: &[0],
            wiring: &self.wiring,
            app: &self.app,
        }
    }

    pub(crate) fn files(&self) -> Result<Vec<File>, RenderError> {
        driver(&self.app.kind).files(&self.instance())
    }

    pub(crate) fn script(&self, which: Script) -> String {
        let (driver, instance) = (driver(&self.app.kind), self.instance());
        match which {
            Script::Start => driver.start(&instance).unwrap(),
            Script::Ready => driver.ready(&instance).unwrap().unwrap(),
            Script::Linked => driver.linked(&instance).unwrap(),
            Script::Probe => driver.probe(&instance).unwrap(),
        }
    }

    /// Both files, one after the other.
    fn text(&self) -> String {
        let files = self.files().unwrap();
        let one = |file: &File| format!("--- {} {:o}\n{}", file.path, file.mode, file.content);
        files.iter().map(one).collect()
    }
}

/// One of the scripts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Script {
    Start,
    Ready,
    Linked,
    Probe,
}

fn refused(container: &Container) -> String {
    container.files().unwrap_err().to_string()
}

#[test]
fn files_of_every_kind_of_chain() {
    let plain = |wiring| Container::new(&[2, 3], wiring, vpp());
    let vswitch = |wiring| {
        Container::new(&[1, 2, 3, 4, 8], wiring, Vpp { variant: VppVariant::Vswitch, ..vpp() })
    };
    let ipsec = Vpp { variant: VppVariant::Ipsec, ..vpp() };
    let dsa_devices = vec!["wq0.0".into(), "wq0.1".into()];
    let dma = Vpp { variant: VppVariant::Dma, dsa_devices, ..vpp() };
    let containers = [
        ("nf-l2xc", plain(wirings::l2xc(1))),
        ("nf-functional", plain(wirings::functional(1))),
        ("nf-ip4", plain(wirings::ip4(2))),
        ("nf-pipeline-ip4", plain(wirings::pipeline_ip4(2, 3))),
        ("nf-ipsec", Container::new(&[2, 3], wirings::ipsec(1), ipsec)),
        ("nf-cross-horiz", plain(wirings::cross_horiz(1))),
        ("nf-dma", Container::new(&[2, 3], wirings::dma(1), dma)),
        ("vswitch-l2bd", vswitch(wirings::vswitch_l2bd())),
        ("vswitch-l2xc", vswitch(wirings::vswitch_l2xc())),
        ("vswitch-ip4", vswitch(wirings::vswitch_ip4())),
        ("vswitch-two-sockets", vswitch(wirings::vswitch_two_sockets())),
    ];
    for (name, container) in containers {
        let text = container.text();
        insta::assert_snapshot!(format!("vpp__{name}"), text);
        assert_eq!(container.text(), text, "the same bytes twice");
    }
}

#[test]
fn cpus_sizes_and_further_sections_become_startup_conf() {
    let text = |cpus: &[u32], vpp: Vpp| {
        let files = Container::new(cpus, ContainerWiring::default(), vpp).files().unwrap();
        files[0].content.clone()
    };
    assert!(!text(&[], vpp()).contains("cpu {"), "nobody knows the CPUs");
    let one = text(&[5], vpp());
    assert!(one.contains("cpu {\n  main-core 5\n}\n"), "one CPU has no workers: {one}");
    let many = text(&[5, 10, 3, 11, 12], vpp());
    assert!(many.contains("main-core 5\n  corelist-workers 3,10-12\n"), "{many}");
    assert!(!many.contains("dpdk"), "no NIC, no plugin that would take one: {many}");

    // CSIT's settings, by keys.
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let csit = Vpp {
        main_heap_size: 2 << 30,
        page_size: Some(2 << 20),
        buffers_per_numa: Some(215_040),
        statseg_size: 2 << 30,
        poll_sleep_usec: Some(100),
        plugins: vec!["perfmon_plugin.so".into(), "acl_plugin.so".into()],
        startup: [
            ("unix".to_owned(), pairs(&[("cli-no-pager", ""), ("log", "/tmp/vpp.log")])),
            ("buffers".to_owned(), pairs(&[("buffers-per-numa", "1024")])),
            ("statseg".to_owned(), pairs(&[("per-node-counters", "on")])),
            ("ip6".to_owned(), pairs(&[("hash-buckets", "2000000"), ("heap-size", "4G")])),
        ]
        .into(),
        ..vpp()
    };
    insta::assert_snapshot!("vpp__startup-of-csit", text(&[2, 3, 4], csit));
}

#[test]
fn workers_and_queues_follow_the_cpus() {
    let queues = |cpus: &[u32], rx_queues| {
        let vpp = Vpp { variant: VppVariant::Vswitch, rx_queues, ..vpp() };
        let text = Container::new(cpus, wirings::vswitch_l2xc(), vpp).text();
        let queues = text.lines().find_map(|line| line.trim().strip_prefix("num-rx-queues "));
        queues.unwrap().to_owned()
    };
    assert_eq!(queues(&[1, 2, 3, 4], None), "3", "one per worker");
    assert_eq!(queues(&[1], None), "1", "at least one");
    assert_eq!(queues(&[], None), "1");
    assert_eq!(queues(&[1, 2, 3], Some(7)), "7");
}

#[test]
fn what_would_break_a_file_is_refused_with_its_key() {
    let startup = |section: &str, key: &str, value: &str| {
        let keys = vec![(key.to_owned(), value.to_owned())];
        let vpp = Vpp { startup: [(section.to_owned(), keys)].into(), ..vpp() };
        refused(&Container::new(&[1], wirings::l2xc(1), vpp))
    };
    let text = startup("nat", "key", "1 }");
    assert_eq!(
        text,
        "startup.conf: nat: key: the value has a '}', which `startup.conf` cannot hold"
    );
    let text = startup("unix", "exec", "/tmp/mine");
    assert!(text.starts_with("app.startup.unix.exec: the exec file is made of"), "{text}");
    let text = startup("unix", "cli-listen", "/tmp/mine");
    assert!(text.starts_with("app.startup.unix.cli-listen: "), "{text}");

    let vpp_with = |vpp: Vpp| refused(&Container::new(&[1], wirings::l2xc(1), vpp));
    let text = vpp_with(Vpp { plugins: vec!["acl_plugin.so { x".into()], ..vpp() });
    assert!(text.starts_with("app.plugins: `acl_plugin.so { x` is not the file name"), "{text}");
    let text = vpp_with(Vpp { rx_queues: Some(2), ..vpp() });
    assert!(text.starts_with("app.rx_queues: these are the queues of NICs"), "{text}");
    for secret in ["", "two words", "$HOME", "a#b", "{", "back\\slash", "new\nline"] {
        let mut wiring = wirings::l2xc(1);
        let PortKind::Memif(memif) = &mut wiring.ports[1].kind else { unreachable!() };
        memif.options.secret = Some(secret.into());
        let text = refused(&Container::new(&[1], wiring, vpp()));
        assert!(text.starts_with("app.secret of port2: "), "{text}");
    }
    let mut wiring = wirings::l2xc(1);
    let PortKind::Memif(memif) = &mut wiring.ports[0].kind else { unreachable!() };
    memif.options.mode = vnfctl::model::MemifMode::PuntInject;
    let text = refused(&Container::new(&[1], wiring, vpp()));
    assert!(text.contains("punt-inject"), "{text}");
}

#[test]
fn a_memif_says_what_is_not_vpps_default() {
    let mut port = memif(1, "/mnt/memif/x.sock", 3, 7);
    let PortKind::Memif(memif) = &mut port.kind else { unreachable!() };
    memif.mac = Some("52:54:00:00:01:01".into());
    memif.dma = true;
    memif.options = vnfctl::model::MemifOptions {
        secret: Some("s3cret".into()),
        rx_queues: 2,
        tx_queues: 3,
        ring_size: 2048,
        buffer_size: 9216,
        mode: vnfctl::model::MemifMode::Ip,
    };
    let files = Container::new(&[1], wiring(vec![port], vec![]), vpp()).files().unwrap();
    let line = files[1].content.lines().find(|line| line.starts_with("create interface")).unwrap();
    assert_eq!(
        line,
        "create interface memif id 7 socket-id 3 master hw-addr 52:54:00:00:01:01 rx-queues 2 \
         tx-queues 3 ring-size 2048 buffer-size 9216 mode ip secret s3cret use-dma"
    );
    assert_eq!(files[1].mode, 0o600, "it has a secret");
}

#[test]
fn every_command_of_the_user_has_a_mark() {
    let exec = [
        "set interface mtu 9000 memif1/1\n\n  # a word\n",
        "packet-generator new { \\\n  name s \\\n}",
        "show version",
    ];
    let exec = exec.map(str::to_owned).to_vec();
    let vpp = Vpp { exec, ..vpp() };
    let files = Container::new(&[1], ContainerWiring::default(), vpp).files().unwrap();
    let digest = files[1].content.lines().next().unwrap();
    let digest = digest.strip_prefix("set interface tag local0 vnfctl-").unwrap();
    let digest = digest.strip_suffix("-0").unwrap();
    assert_eq!(digest.len(), 16);
    let tag = "set interface tag local0 vnfctl-DIGEST";
    assert_eq!(
        files[1].content.replace(digest, "DIGEST"),
        format!(
            "{tag}-0\nset interface mtu 9000 memif1/1\n{tag}-1\npacket-generator new {{ \\\n  name \
             s \\\n}}\n{tag}-2\nshow version\n{tag}-3\n{tag}-ready\n"
        )
    );
}

#[test]
fn the_marks_of_another_configuration_are_others() {
    let first = |vpp: Vpp, cpus: &[u32]| {
        let files = Container::new(cpus, wirings::l2xc(1), vpp).files().unwrap();
        files[1].content.lines().next().unwrap().to_owned()
    };
    let one = first(vpp(), &[1, 2]);
    assert_eq!(first(vpp(), &[1, 2]), one);
    assert_ne!(first(vpp(), &[1, 3]), one, "startup.conf counts, too");
    assert_ne!(first(Vpp { exec: vec!["show version".into()], ..vpp() }, &[1, 2]), one);
}

#[test]
fn only_memifs_are_waited_for() {
    let linked = |wiring| {
        let container = Container::new(&[1], wiring, vpp());
        driver(&container.app.kind).linked(&container.instance())
    };
    assert!(linked(wirings::l2xc(1)).is_some());
    assert_eq!(linked(wiring(vec![nic(1, "0000:18:00.0")], vec![])), None);
}
