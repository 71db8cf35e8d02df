//! The topology: what a person wrote, checked and resolved. Pure; it must not know an engine's
//! commands, a node's facts, or how to read a file.
//!
//! # Keys
//!
//! A topology file is TOML. Every key is one of these; any other is an error.
//!
//! Top level:
//!
//! | key | value |
//! |---|---|
//! | `name` | name of the topology; required |
//! | `placement` | `"slots"` (default), `"auto"` or `"csit"`: how cpusets are computed |
//! | `prefix` | text before every container name; default empty |
//! | `[nodes.NAME]` | a machine; at least one |
//! | `[defaults]` | any key of a group, for groups that do not have it themselves; a group's own key replaces it whole, also `env` |
//! | `[groups.NAME]` | a set of equal containers; at least one |
//! | `[[links]]` | what joins two containers of a node |
//! | `[[chains]]` | NFs one after the other, joined by memifs |
//!
//! Names are `[A-Za-z0-9][A-Za-z0-9_-]*`, two characters at least; a group's name does not end in
//! a digit. A container is named prefix + node + `_` + group + ordinal, 63 bytes at most.
//!
//! A node (`[nodes.NAME]`):
//!
//! | key | value |
//! |---|---|
//! | `ssh` | `"user@host[:port]"` or `"user@[IPv6]:port"`; absent = this machine |
//! | `become` | `"sudo"` (default) or `"none"`: how the login user becomes root |
//! | `system_cpus` | slots kept for the system on each NUMA node; default 1 |
//! | `interfaces.NAME.pci` | PCI address of a named interface, `"0000:18:00.0"` |
//! | `interfaces.NAME.peer_mac` | MAC address at the other end of its wire, e.g. the traffic generator's |
//!
//! A group (`[groups.NAME]`), also in `[defaults]`:
//!
//! | key | value |
//! |---|---|
//! | `engine` | `"native"`, `"docker"`, `"podman"` or `"lxc"`; required |
//! | `image` | docker, podman: image reference, required. lxc: template with arguments, required without `image_file`. native: absolute directory on the node, default its own root. lxc, native with `image_file`: the name the tarball's image gets |
//! | `image_file` | a tarball: path here, relative to the topology file, or `"node:/path"` |
//! | `nodes` | list of node names or globs (`*`, `?`); default all |
//! | `count` | containers per node, 1 to 65535; default 1 |
//! | `cpu_count` | CPUs per container; 0 = all that are left; default 1 |
//! | `cpu_skip` | slots left alone on the NUMA node; default the node's `system_cpus`; not with `auto` |
//! | `cpu_shared` | `true`: all containers of the group on the same CPUs; default `false` |
//! | `cpu_scarce` | `"refuse"` (default) or `"share"`: what to do with too few CPUs |
//! | `smt_used` | also hand out sibling threads; default `false`, with `nf_*` what the machine has |
//! | `nf_chains`, `nf_nodes` | the NF-density form instead of `count` and `cpu_*`: chains, and NFs per chain; both required |
//! | `nf_dtc` | data-plane cores per NF, or 0.5 for one thread; default 1 |
//! | `nf_mtcr` | NF mains per core; default 2 |
//! | `nf_dtcr` | NFs per data-plane core; default 1 |
//! | `vs_dtc` | data-plane cores of the vswitch; default 1; not with `auto` |
//! | `cpuset_mems` | `"auto"` (default) or the number of a NUMA node |
//! | `numa` | with `placement = "auto"` only: `"require"` (default) refuses where that NUMA node is full, `"prefer"` takes the nearest that has room |
//! | `interfaces` | list of named interfaces of each of its nodes |
//! | `mounts` | list of `"/on/node:/in/container[:ro]"`; a missing directory is made when the first ends in `/` |
//! | `env` | table of variables |
//! | `publish` | docker, podman: list of `"[address:]port-on-node:port-in-container[/tcp\|/udp]"` |
//! | `privileged` | `true`: all capabilities and devices; default `false` |
//! | `cap_add`, `cap_drop` | lists of capabilities, with or without `CAP_` |
//! | `devices` | list of `"/dev/on/node[:/dev/in/container[:rwm]]"` |
//! | `network` | native, lxc: `"none"` (own, with a loopback only) or `"host"`. docker, podman: as the engine says |
//! | `memory` | limit: `"2GiB"`, `"512MiB"`, `"1GB"`, or bytes; 4 MiB at least |
//! | `hugepages` | table of huge pages per container: `{ "2MiB" = 256 }`; page sizes are powers of two from 64 KiB to 16 GiB |
//! | `command` | list: program and arguments; default the image's own |
//! | `depends_on` | list of groups that must be running first |
//!
//! A link (`[[links]]`):
//!
//! | key | value |
//! |---|---|
//! | `kind` | `"veth"` or `"memif"`; required |
//! | `nodes` | list of node names or globs; default all nodes that have both ends |
//! | `mtu` | veth: 68 to 65535; default the kernel's |
//! | `ends` | list of two tables; required |
//! | `socket` | memif: file name of the socket; default made from the ends |
//! | `id` | memif: interface id, 0 to 65535; default 0 |
//! | `secret` | memif: 24 bytes at most, never shown; default none |
//! | `rx_queues`, `tx_queues` | memif: 1 to 255; default 1 |
//! | `ring_size` | memif: a power of two, 32 to 16384; default 1024 |
//! | `buffer_size` | memif: bytes, 64 to 65535; default 2048 |
//! | `mode` | memif: `"ethernet"` (default), `"ip"` or `"punt-inject"` |
//!
//! An end of a veth link:
//!
//! | key | value |
//! |---|---|
//! | `container` | group and ordinal, `"VNF1"`; required |
//! | `interface` | interface name in the container, 15 bytes at most; required |
//! | `mac` | MAC address; default the kernel's choice |
//! | `addresses` | list of addresses with prefix length |
//! | `ping` | list of addresses that must answer a ping from this end |
//!
//! An end of a memif link:
//!
//! | key | value |
//! |---|---|
//! | `container` | group and ordinal, `"VNF1"`; required |
//! | `role` | `"master"` or `"slave"`, one of each; default the first end is master |
//! | `socket_id` | the end's own number of the socket, 1 to 65535; default the next free one |
//! | `mac` | MAC address; default the app's choice |
//! | `addresses` | list of addresses with prefix length |
//!
//! Chains (`[[chains]]`):
//!
//! | key | value |
//! |---|---|
//! | `group` | the NFs: `nf_chains` x `nf_nodes`, or one chain of `count`; required |
//! | `kind` | `"l2xc"`, `"functional"`, `"ip4"`, `"pipeline_ip4"`, `"ipsec"`, `"cross_horiz"`, `"vswitch"` or `"dma"`; required |
//! | `vswitch` | a group of one container per node, or `"node"`: the node's own VPP; this or `ends` is required |
//! | `forwarding` | of the vswitch: `"l2bd"` (default), `"l2xc"` or `"ip4"` |
//! | `cli` | with `vswitch = "node"`: its CLI socket; default `"/run/vpp/cli.sock"` |
//! | `uplinks` | with `vswitch = "node"`: interfaces of that VPP, in pairs |
//! | `ends` | instead of `vswitch`: two groups (`cross_horiz`: one) joined directly to the first and last NF |
//! | `memif_roles` | `"nf-master"` (default) or `"nf-slave"` |
//! | `ipsec` | table of tunnels, with kind `ipsec`, required there |
//! | `secret`, `rx_queues`, `tx_queues`, `ring_size`, `buffer_size`, `mode` | of every memif, as for a link |
//!
//! Tunnels of a chain (`ipsec`):
//!
//! | key | value |
//! |---|---|
//! | `tunnels` | tunnels per NF; default 1 |
//! | `crypto` | `"aes-gcm-128"`, `-192`, `-256` or `"aes-cbc-128"`, `-192`, `-256`; required |
//! | `crypto_key` | its key in hexadecimal, never shown; required |
//! | `integ` | `"sha1-96"`, `"sha-256-128"` or `"sha-512-256"`; required with `aes-cbc`, and only there |
//! | `integ_key` | its key in hexadecimal, never shown |
//! | `local` | IPv4 address of the first tunnel on the first node; each further tunnel has the next; required |
//! | `remote` | the same on the second node, or of the traffic generator; required |
//!
//! In every string `${NAME}` and `${NAME:-default}` stand for a variable and `$$` for a `$`.
//! With several files, later ones add to earlier ones: nodes, groups, keys to groups and to
//! `[defaults]`, links, chains. A key or node defined twice is an error.

mod across;
mod app;
mod chain;
mod chain_table;
mod cpu_request;
mod environment;
mod expand;
mod glob;
mod group;
mod image;
mod ipsec;
mod link;
mod link_end;
mod load;
mod mask;
mod memif;
mod memif_options;
mod merge;
mod names;
mod node;
mod placement;
mod port;
mod problem;
mod read;
mod secret;
mod size;
mod topology;
mod value;

pub use app::{
    App, AppFile, AppKind, Content, Custom, Install, PackageFile, Supervise, Testpmd, Vpp,
    VppVariant,
};
pub use chain::{
    Chain, ChainEnds, ChainKind, Crypto, Integrity, Ipsec, MemifEnd, MemifLink, MemifMode,
    MemifOptions, MemifRoles, Role, SwitchForwarding,
};
pub use glob::{glob_matches, is_glob};
pub use load::{Loaded, Source, load, load_testbed};
pub use names::{is_name, nearest};
pub use node::parse_ssh;
pub use problem::{Mark, Problem, Problems};
pub use secret::looks_secret;
pub use size::{page_size, page_size_word};
pub use topology::{
    Become, ChainRequest, CpuRequest, EngineKind, Group, Image, ImageFile, Interface, Link,
    LinkEnd, LinkKind, Mems, Mount, Node, NumaPolicy, PlacementMode, Scarce, SliceRequest,
    SshTarget, Topology,
};

/// Every table with what it is, for those who put a key elsewhere. A key of several belongs to
/// the first of them.
const HOMES: [(&[&str], &str); 10] = [
    (GROUP_KEYS, "a group: `[groups.NAME]` or `[defaults]`"),
    (NODE_KEYS, "a node: `[nodes.NAME]`"),
    (INTERFACE_KEYS, "an interface: `[nodes.NAME.interfaces.NAME]`"),
    (LINK_KEYS, "a link: `[[links]]`"),
    (LINK_END_KEYS, "an end of a link: `ends` of `[[links]]`"),
    (MEMIF_KEYS, "a memif link: `[[links]]`"),
    (MEMIF_END_KEYS, "an end of a memif link: `ends` of `[[links]]`"),
    (CHAIN_TABLE_KEYS, "a chain: `[[chains]]`"),
    (IPSEC_KEYS, "the tunnels of a chain: `ipsec` of `[[chains]]`"),
    (TOP_KEYS, "the top level, before the first `[table]`"),
];

/// Whether `word` is a key anywhere.
fn is_key(word: &str) -> bool {
    home(word).is_some()
}

/// What has this key.
fn home(key: &str) -> Option<&'static str> {
    HOMES.into_iter().find(|(keys, _)| keys.contains(&key)).map(|(_, home)| home)
}

/// Keys of the top level.
pub const TOP_KEYS: &[&str] =
    &["name", "placement", "prefix", "nodes", "defaults", "groups", "links", "chains"];

/// Keys of a node.
pub const NODE_KEYS: &[&str] = &["ssh", "become", "system_cpus", "interfaces"];

/// Keys of a node's interface.
pub const INTERFACE_KEYS: &[&str] = &["pci", "peer_mac"];

/// Keys of a group and of `defaults`.
pub const GROUP_KEYS: &[&str] = &[
    "engine",
    "image",
    "image_file",
    "nodes",
    "count",
    "cpu_count",
    "cpu_skip",
    "cpu_shared",
    "cpu_scarce",
    "smt_used",
    "nf_chains",
    "nf_nodes",
    "nf_dtc",
    "nf_mtcr",
    "nf_dtcr",
    "vs_dtc",
    "cpuset_mems",
    "numa",
    "interfaces",
    "mounts",
    "env",
    "publish",
    "privileged",
    "cap_add",
    "cap_drop",
    "devices",
    "network",
    "memory",
    "hugepages",
    "command",
    "depends_on",
];

/// Those of [`GROUP_KEYS`] that only the slice form has.
pub const SLICE_KEYS: &[&str] = &["count", "cpu_count", "cpu_skip", "cpu_shared", "cpu_scarce"];

/// Those of [`GROUP_KEYS`] that only the NF-density form has.
pub const CHAIN_KEYS: &[&str] =
    &["nf_chains", "nf_nodes", "nf_dtc", "nf_mtcr", "nf_dtcr", "vs_dtc"];

/// Keys of a veth link.
pub const LINK_KEYS: &[&str] = &["kind", "nodes", "mtu", "ends"];

/// Keys of an end of a veth link.
pub const LINK_END_KEYS: &[&str] = &["container", "interface", "mac", "addresses", "ping"];

/// Keys of a memif link.
pub const MEMIF_KEYS: &[&str] = &[
    "kind",
    "nodes",
    "ends",
    "socket",
    "id",
    "secret",
    "rx_queues",
    "tx_queues",
    "ring_size",
    "buffer_size",
    "mode",
];

/// Keys of an end of a memif link.
pub const MEMIF_END_KEYS: &[&str] = &["container", "role", "socket_id", "mac", "addresses"];

/// Keys of `[[chains]]`.
pub const CHAIN_TABLE_KEYS: &[&str] = &[
    "group",
    "kind",
    "vswitch",
    "forwarding",
    "cli",
    "uplinks",
    "ends",
    "memif_roles",
    "ipsec",
    "secret",
    "rx_queues",
    "tx_queues",
    "ring_size",
    "buffer_size",
    "mode",
];

/// Those of [`CHAIN_TABLE_KEYS`] that belong to `vswitch`.
pub const SWITCH_KEYS: &[&str] = &["vswitch", "forwarding", "cli", "uplinks"];

/// Keys of `ipsec`.
pub const IPSEC_KEYS: &[&str] =
    &["tunnels", "crypto", "crypto_key", "integ", "integ_key", "local", "remote"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_keys_is_complete() {
        let docs = include_str!("mod.rs").split("mod across;").next().unwrap();
        for (keys, _) in HOMES {
            for key in keys {
                let forms = [
                    format!("`{key}`"),
                    format!(".{key}`"),
                    format!("`{key}."),
                    format!("`[{key}"),
                    format!("`[[{key}"),
                ];
                assert!(forms.iter().any(|form| docs.contains(form)), "`{key}` is not in the docs");
            }
        }
    }

    #[test]
    fn the_forms_of_cpu_requests_are_apart() {
        for keys in [SLICE_KEYS, CHAIN_KEYS] {
            assert!(keys.iter().all(|key| GROUP_KEYS.contains(key)));
        }
        assert!(SWITCH_KEYS.iter().all(|key| CHAIN_TABLE_KEYS.contains(key)));
        assert!(SLICE_KEYS.iter().all(|key| !CHAIN_KEYS.contains(key)));
    }
}
