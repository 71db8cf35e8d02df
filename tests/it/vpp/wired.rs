//! Files of VPP for whole topologies: from the text of the file to `startup.conf` and exec file.

use super::Container;
use crate::support::world;
use std::fmt::Write as _;
use vnfctl::wiring::{ContainerKey, ContainerWiring};

const HEAD: &str = r#"
name = "chains"
[nodes.DUT1]
interfaces.eth1 = { pci = "0000:18:00.0", peer_mac = "52:54:00:00:ff:01" }
interfaces.eth2 = { pci = "0000:18:00.1", peer_mac = "52:54:00:00:ff:02" }
[defaults]
engine = "docker"
image = "vpp:1"
interfaces = ["eth1", "eth2"]
app = { kind = "vpp" }
[groups.CNF]
nf_chains = 1
nf_nodes = 2
nf_dtc = 1
vs_dtc = 1
"#;

const VSWITCH: &str = r#"
[groups.VSWITCH]
cpu_count = 2
cpu_skip = 1
app = { kind = "vpp", variant = "vswitch", rx_queues = 2 }
"#;

/// The NF's NIC is not the vswitch's.
const CROSSED: (&str, &str) = ("nf_nodes = 2", "nf_nodes = 1\ninterfaces = ['eth1']");

/// What each chain has besides [`HEAD`] and [`VSWITCH`].
pub(crate) const CHAINS: [(&str, &str); 10] = [
    ("l2xc", "kind = 'l2xc'\nvswitch = 'VSWITCH'\nforwarding = 'l2xc'"),
    ("l2xc-slaves", "kind = 'l2xc'\nvswitch = 'VSWITCH'\nmemif_roles = 'nf-slave'"),
    ("functional", "kind = 'functional'\nvswitch = 'VSWITCH'\nsecret = 'word'"),
    ("ip4", "kind = 'ip4'\nvswitch = 'VSWITCH'\nforwarding = 'l2bd'"),
    ("ip4-routed", "kind = 'ip4'\nvswitch = 'VSWITCH'\nforwarding = 'ip4'"),
    ("pipeline_ip4", "kind = 'pipeline_ip4'\nvswitch = 'VSWITCH'"),
    (
        "ipsec",
        "kind = 'ipsec'\nvswitch = 'VSWITCH'\nipsec = { tunnels = 2, crypto = 'aes-gcm-128', \
         crypto_key = '00112233445566778899aabbccddeeff', \
         local = '100.64.0.1', remote = '100.65.0.1' }",
    ),
    ("cross_horiz", "kind = 'cross_horiz'\nvswitch = 'VSWITCH'"),
    ("vswitch", "kind = 'vswitch'\nvswitch = 'VSWITCH'"),
    ("dma", "kind = 'dma'\nvswitch = 'VSWITCH'\nforwarding = 'l2xc'"),
];

/// The containers of a topology of one chain, as they are on `DUT1`.
pub(crate) fn containers(chain: &str) -> Vec<Container> {
    let crossed = chain.contains("cross_horiz");
    let head = if crossed { HEAD.replace(CROSSED.0, CROSSED.1) } else { HEAD.to_owned() };
    let uplinks = if crossed { "interfaces = ['eth2']\n" } else { "" };
    let text = format!("{head}{VSWITCH}{uplinks}\n[[chains]]\ngroup = 'CNF'\n{chain}\n");
    let topology = world::topology(&text).topology;
    let container = |((node, group, ordinal), wiring): (&ContainerKey, &ContainerWiring)| {
        let found = topology.groups.iter().find(|found| found.name == *group).unwrap();
        let name = format!("{node}_{group}{ordinal}");
        let app = found.app.clone().unwrap();
        Container { name, cpus: vec![2, 3], wiring: wiring.clone(), app }
    };
    topology.wiring.containers.iter().map(container).collect()
}

#[test]
fn files_of_whole_topologies() {
    for (name, chain) in CHAINS {
        let mut shown = String::new();
        for container in containers(chain) {
            for file in container.files().unwrap() {
                let text = match file.path.as_str() {
                    // Of this file only what the wiring decides: the rest is shown elsewhere.
                    "/etc/vpp/startup.conf" => {
                        &file.content[file.content.find("plugins").unwrap()..]
                    }
                    _ => &file.content,
                };
                writeln!(shown, "--- {} {}", container.name, file.path).unwrap();
                shown += text;
            }
        }
        let marks = |line: &&str| !line.starts_with("set interface tag local0");
        let shown: Vec<&str> = shown.lines().filter(marks).collect();
        insta::assert_snapshot!(format!("vpp__wired-{name}"), shown.join("\n"));
    }
}
