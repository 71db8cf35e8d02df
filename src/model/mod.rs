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
//! | `interfaces.NAME.peer_mac` | MAC address of what is at the other end of its wire, for what routes to it |
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
//! | `command` | list: program and arguments; default the image's own; not with `app` |
//! | `[groups.NAME.app]` | `app`: what runs inside; default `command` alone |
//! | `depends_on` | list of groups that must be running first |
//!
//! An app (`[groups.NAME.app]`); words marked T are templates:
//!
//! | key | value |
//! |---|---|
//! | `kind` | `"custom"`, `"vpp"` or `"testpmd"`; required |
//! | `supervise` | `"engine"` (default): when the app ends, so does the container; `"supervisord"`: it is started again by the container's own `supervisord` |
//! | `ready_timeout` | how long it may take until it is ready, and then until its links are: `"1s"` to `"1h"`; default `"30s"` |
//! | `packages` | list of names for the package manager that the container has: `apt`, `dnf` or `apk` |
//! | `package_files` | list of `.deb`, `.rpm` or `.apk` files: paths here, relative to the topology file, or `"node:/path"`; or tables of `file` and `sha256` |
//! | `install` | list of commands, each a list, run after the packages |
//! | `install_as_image` | `true`: once per image, where the engine can keep the result; default `false`, once per container |
//! | `files` | list of tables: `path` (absolute, in the container), `text` (T) or `source` (a file of T here), `mode` (default `"0644"`) |
//! | `start` | custom: list, program (in the foreground) and arguments (T); required |
//! | `ready` | custom: list (T), tried until it ends with 0; default ready when started |
//! | `stop` | custom: list (T), run inside before a stop; default the signal alone |
//! | `variant` | vpp: `"plain"` (default), `"vswitch"`, `"ipsec"` or `"dma"` |
//! | `main_heap_size` | vpp: `"60MiB"` or more; default `"128MiB"` |
//! | `page_size` | vpp: huge pages of this size, `"2MiB"`; default ordinary pages |
//! | `buffers_per_numa` | vpp: 1024 to 16777216; default 8192 |
//! | `statseg_size` | vpp: `"1MiB"` or more; default `"8MiB"` |
//! | `poll_sleep_usec` | vpp: rest between two polls, 1 to 1000000; default none |
//! | `plugins` | vpp: list of plugins besides those it needs, `"acl_plugin.so"` |
//! | `rx_queues` | vpp, variant vswitch: receive queues of a NIC, 1 to 256; default one per worker |
//! | `dsa_devices` | vpp, variant dma: list of PCI addresses |
//! | `exec` | vpp: list of lines (T) of its command line, after the generated ones |
//! | `startup` | vpp: table of further sections of `startup.conf`, each a table; an empty value is a bare key |
//! | `forward` | testpmd: forwarding mode, `"io"`, `"mac"`, ...; default what the chain asks for |
//! | `memory_mib` | testpmd: memory, 32 to 1048576; default 128 |
//! | `mbufs` | testpmd: packet buffers, 1024 to 16777216; default 8192 |
//! | `hugepages` | testpmd: `true`: memory from huge pages; default `false` |
//! | `auto_start` | testpmd: whether it forwards as soon as it runs; default `true` |
//! | `args` | testpmd: list of further arguments |
//!
//! A link (`[[links]]`):
//!
//! | key | value |
//! |---|---|
//! | `kind` | `"veth"`; required |
//! | `nodes` | list of node names or globs; default all nodes that have both ends |
//! | `mtu` | 68 to 65535; default the kernel's |
//! | `ends` | list of two tables; required |
//!
//! An end of a link:
//!
//! | key | value |
//! |---|---|
//! | `container` | group and ordinal, `"VNF1"`; required |
//! | `interface` | interface name in the container, 15 bytes at most; required |
//! | `mac` | MAC address; default the kernel's choice |
//! | `addresses` | list of addresses with prefix length |
//! | `ping` | list of addresses that must answer a ping from this end |
//!
//! In every string `${NAME}` and `${NAME:-default}` stand for a variable and `$$` for a `$`.
//! With several files, later ones add to earlier ones: nodes, groups, keys to groups and to
//! `[defaults]`, links. A key or node defined twice is an error.

mod across;
mod app;
mod chain;
mod cpu_request;
mod environment;
mod expand;
mod glob;
mod group;
mod image;
mod link;
mod link_end;
mod load;
mod mask;
mod merge;
mod names;
mod node;
mod placement;
mod port;
mod problem;
mod read;
mod read_app;
mod read_app_file;
mod read_custom;
mod read_install;
mod read_testpmd;
mod read_vpp;
mod secret;
mod size;
mod template;
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
pub use template::{TEMPLATE_CPUS, TEMPLATE_VARIABLES, template_environment};
pub use topology::{
    Become, ChainRequest, CpuRequest, EngineKind, Group, Image, ImageFile, Interface, Link,
    LinkEnd, LinkKind, Mems, Mount, Node, NumaPolicy, PlacementMode, Scarce, SliceRequest,
    SshTarget, Topology,
};

/// Whether `word` is a key anywhere.
fn is_key(word: &str) -> bool {
    ALL_KEYS.iter().any(|keys| keys.contains(&word))
}

/// What has this key, for those who put it elsewhere.
fn home(key: &str) -> Option<&'static str> {
    let homes = [
        (GROUP_KEYS, "a group: `[groups.NAME]` or `[defaults]`"),
        (NODE_KEYS, "a node: `[nodes.NAME]`"),
        (INTERFACE_KEYS, "an interface: `[nodes.NAME.interfaces.NAME]`"),
        (LINK_KEYS, "a link: `[[links]]`"),
        (LINK_END_KEYS, "an end of a link: `ends` of `[[links]]`"),
        (APP_KEYS, "an app: `[groups.NAME.app]`"),
        (CUSTOM_KEYS, "an app of kind `custom`: `[groups.NAME.app]`"),
        (VPP_KEYS, "an app of kind `vpp`: `[groups.NAME.app]`"),
        (TESTPMD_KEYS, "an app of kind `testpmd`: `[groups.NAME.app]`"),
        (APP_FILE_KEYS, "a file of an app: `files` of `[groups.NAME.app]`"),
        (PACKAGE_FILE_KEYS, "a package file: `package_files` of `[groups.NAME.app]`"),
        (TOP_KEYS, "the top level, before the first `[table]`"),
    ];
    homes.into_iter().find(|(keys, _)| keys.contains(&key)).map(|(_, home)| home)
}

/// Keys of the top level.
pub const TOP_KEYS: &[&str] =
    &["name", "placement", "prefix", "nodes", "defaults", "groups", "links"];

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
    "app",
];

/// Those of [`GROUP_KEYS`] that only the slice form has.
pub const SLICE_KEYS: &[&str] = &["count", "cpu_count", "cpu_skip", "cpu_shared", "cpu_scarce"];

/// Those of [`GROUP_KEYS`] that only the NF-density form has.
pub const CHAIN_KEYS: &[&str] =
    &["nf_chains", "nf_nodes", "nf_dtc", "nf_mtcr", "nf_dtcr", "vs_dtc"];

/// Keys of an app of any kind.
pub const APP_KEYS: &[&str] = &[
    "kind",
    "supervise",
    "ready_timeout",
    "packages",
    "package_files",
    "install",
    "install_as_image",
    "files",
];

/// Keys that only an app of kind `custom` has.
pub const CUSTOM_KEYS: &[&str] = &["start", "ready", "stop"];

/// Keys that only an app of kind `vpp` has.
pub const VPP_KEYS: &[&str] = &[
    "variant",
    "main_heap_size",
    "page_size",
    "buffers_per_numa",
    "statseg_size",
    "poll_sleep_usec",
    "plugins",
    "rx_queues",
    "dsa_devices",
    "exec",
    "startup",
];

/// Keys that only an app of kind `testpmd` has.
pub const TESTPMD_KEYS: &[&str] =
    &["forward", "memory_mib", "mbufs", "hugepages", "auto_start", "args"];

/// Keys of an item of an app's `files`.
pub const APP_FILE_KEYS: &[&str] = &["path", "text", "source", "mode"];

/// Keys of an item of an app's `package_files` that is a table.
pub const PACKAGE_FILE_KEYS: &[&str] = &["file", "sha256"];

/// Keys of a link.
pub const LINK_KEYS: &[&str] = &["kind", "nodes", "mtu", "ends"];

/// Keys of an end of a link.
pub const LINK_END_KEYS: &[&str] = &["container", "interface", "mac", "addresses", "ping"];

/// All of them.
pub const ALL_KEYS: &[&[&str]] = &[
    TOP_KEYS,
    NODE_KEYS,
    INTERFACE_KEYS,
    GROUP_KEYS,
    APP_KEYS,
    CUSTOM_KEYS,
    VPP_KEYS,
    TESTPMD_KEYS,
    APP_FILE_KEYS,
    PACKAGE_FILE_KEYS,
    LINK_KEYS,
    LINK_END_KEYS,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_keys_is_complete() {
        let docs = include_str!("mod.rs").split("mod across;").next().unwrap();
        for keys in ALL_KEYS {
            for key in *keys {
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
        assert!(SLICE_KEYS.iter().all(|key| !CHAIN_KEYS.contains(key)));
    }
}
