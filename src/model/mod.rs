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
//! | `[images.NAME]` | an image that is built; a group names it by `image = "NAME"` |
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
//! | `engine` | `"native"`, `"docker"`, `"podman"`, `"lxc"`, `"nspawn"` or `"cri"`; required |
//! | `image` | the name of an `[images.NAME]`, or docker, podman, cri: image reference, required. lxc: template with arguments, required without `image_file`. native, nspawn: absolute directory on the node; default of native: the node's own root. lxc, native with `image_file`: the name the tarball's image gets |
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
//! | `runtime` | docker, podman: OCI runtime by the engine's name for it, `"crun"`, `"runsc"`, `"kata"`; podman also a path; default the engine's own |
//! | `publish` | docker, podman: list of `"[address:]port-on-node:port-in-container[/tcp\|/udp]"` |
//! | `privileged` | `true`: all capabilities and devices; default `false` |
//! | `cap_add`, `cap_drop` | lists of capabilities, with or without `CAP_` |
//! | `devices` | list of `"/dev/on/node[:/dev/in/container[:rwm]]"` |
//! | `idmap` | lxc, podman: root inside is another user outside: `"auto"` = the node's first range of 65536 subordinate ids, or a number = the range's first id |
//! | `seccomp` | `"unconfined"`, or a profile on the node, `"node:/path"`, in the engine's own format (docker, podman: JSON; lxc: LXC's); default the engine's own filter |
//! | `apparmor` | name of a profile that the node's kernel has loaded, or `"unconfined"`; default the engine's |
//! | `selinux` | `"user:role:type[:level]"`; docker, podman also one part, `"type:container_t"`, or `"disable"`; default the engine's |
//! | `no_new_privileges` | `true`: no program gains privileges by being run; default `false` |
//! | `read_only` | `true`: the root cannot be written; `/run`, `/tmp`, `/var/tmp` and the folders of the app are in memory; default `false` |
//! | `user` | `"user[:group]"`, names of the image or numbers, of the first process and of `exec`; default the image's |
//! | `sysctls` | table of kernel parameters of its own namespaces: `kernel.msg*`, `kernel.sem`, `kernel.shm*`, `fs.mqueue.*`, `net.*` |
//! | `ulimits` | table of resource limits: `{ nofile = 1024, memlock = "unlimited", core = [0, 1024] }`; a list is soft and hard |
//! | `pids` | processes and threads at most, 1 to 4194304; default the engine's |
//! | `network` | native, lxc, nspawn: `"none"` (own, with a loopback only) or `"host"`. docker, podman: as the engine says |
//! | `memory` | limit: `"2GiB"`, `"512MiB"`, `"1GB"`, or bytes; 4 MiB at least |
//! | `hugepages` | table of huge pages per container: `{ "2MiB" = 256 }`; page sizes are powers of two from 64 KiB to 16 GiB |
//! | `command` | list: program and arguments; default the image's own; not with `app` |
//! | `[groups.NAME.app]` | `app`: what runs inside; default `command` alone |
//! | `depends_on` | list of groups that must be running first, their probes answered; init containers of them have ended |
//! | `pod` | name of a pod: its containers on a node share the network and IPC namespaces of the first one |
//! | `init` | `true`: its containers run to their end before what needs them starts; default `false` |
//! | `init_timeout` | how long they may take: `"1s"` to `"24h"`; default `"10m"` |
//! | `probe` | table: what tells that a container lives, and without `readiness` that it is ready |
//! | `readiness` | table of the same keys: what tells that it is ready |
//! | `restart` | `"no"` (default), `"on-failure"` or `"always"`: whether a container is started again when its first process ends (on-failure: with a code other than 0) and, unless `"no"`, when its `probe` fails |
//!
//! A probe (`probe` or `readiness` of a group); it asks one of `exec`, `tcp` and `http`:
//!
//! | key | value |
//! |---|---|
//! | `exec` | list: program and arguments, run inside by the container's `sh`; code 0 is good |
//! | `tcp` | port, or `"address:port"`, that takes a connection in the container's network; address default `127.0.0.1` |
//! | `http` | `"port/path"` or `"address:port/path"`: a GET there is answered by a status from 200 to 399 |
//! | `every` | from one question to the next, `"1s"` to `"1h"`; default `"10s"`; until the first good answer every second |
//! | `fails` | failures in a row that count, 1 to 1000; default 3 |
//! | `timeout` | how long an answer may take, `"1s"` to `"5m"`; default `"1s"` |
//! | `start` | how long after its start failures do not count, to `"1h"`; default `"0s"` |
//! | `ready_timeout` | how long `up` waits for the first good answer; default the app's, or `"30s"` |
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
//! | `buffers_per_numa` | vpp: 1024 to 16777216; default 8192, or more where many memifs pin theirs |
//! | `statseg_size` | vpp: `"1MiB"` or more; default `"8MiB"` |
//! | `poll_sleep_usec` | vpp: rest between two polls, 1 to 1000000; default none |
//! | `plugins` | vpp: list of plugins besides those it needs, `"acl_plugin.so"` |
//! | `rx_queues` | vpp, variant vswitch: receive queues of a NIC, 1 to 256; default one per worker |
//! | `dsa_devices` | vpp, variant dma: list of work queues, `wq0.0` |
//! | `exec` | vpp: list of lines (T) of its command line, after the generated ones |
//! | `startup` | vpp: table of further sections of `startup.conf`, each a table; an empty value is a bare key |
//! | `forward` | testpmd: forwarding mode, `"io"`, `"mac"`, ...; default what the chain asks for |
//! | `memory_mib` | testpmd: memory, 32 to 1048576; default 128 |
//! | `mbufs` | testpmd: packet buffers, 1024 to 16777216; default 8192 |
//! | `hugepages` | testpmd: `true`: memory from huge pages; default `false` |
//! | `auto_start` | testpmd: whether it forwards as soon as it runs; default `true` |
//! | `args` | testpmd: list of further arguments |
//!
//! An image (`[images.NAME]`; the name: lower-case letters and digits, single `-` or `_` between
//! them); paths here are relative to the topology file:
//!
//! | key | value |
//! |---|---|
//! | `kind` | `"rootfs"` (every engine), `"dockerfile"` (docker, podman) or `"template"` (lxc); required |
//! | `suite` | rootfs: of a Debian or a relative, `"bookworm"`; required |
//! | `mirror` | rootfs: URL of the packages, or lines of a `sources.list` for mmdebstrap; default where the node's own Debian packages come from |
//! | `variant` | rootfs: `"minbase"` (default), `"important"`, `"buildd"`; with mmdebstrap also `"apt"`, `"essential"`, `"extract"` |
//! | `packages` | rootfs: list of names |
//! | `files` | rootfs: list of tables: `path` (absolute, inside), `text` or `source` (a file here), `mode` (default `"0644"`) |
//! | `run` | rootfs: list of commands, each a list, run inside, in their order |
//! | `dockerfile` | dockerfile: path of the Dockerfile here; required |
//! | `context` | dockerfile: folder here that its `COPY` and `ADD` start from, without what its `.dockerignore` names; default none |
//! | `args` | dockerfile: table of values for its `ARG`s |
//! | `template` | template: the template with its arguments, `"download -d debian -r bookworm -a amd64"`; required |
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
//! | `kind` | `"l2xc"`, `"functional"`, `"ip4"`, `"pipeline_ip4"`, `"pipeline_l2xc"`, `"ipsec"`, `"cross_horiz"`, `"vswitch"` or `"dma"`; required |
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
mod chain_ends;
mod chain_table;
mod cpu_request;
mod dockerignore;
mod environment;
mod expand;
mod glob;
mod group;
mod idmap;
mod image;
mod ipsec;
mod keys;
mod link;
mod link_end;
mod load;
mod mask;
mod memif;
mod memif_options;
mod merge;
mod names;
mod node;
mod order;
mod placement;
mod pod;
mod port;
mod problem;
mod read;
mod read_app;
mod read_app_file;
mod read_custom;
mod read_install;
mod read_limits;
mod read_recipe;
mod read_security;
mod read_testpmd;
mod read_vpp;
mod read_watch;
mod recipe;
mod runtime;
mod secret;
mod security;
mod size;
mod template;
mod topology;
mod value;
mod watch;

pub use app::{
    App, AppFile, AppKind, Content, Custom, Install, PackageFile, Supervise, Testpmd, Vpp,
    VppVariant,
};
pub use chain::{
    Chain, ChainEnds, ChainKind, Crypto, Integrity, Ipsec, MemifEnd, MemifLink, MemifMode,
    MemifOptions, MemifRoles, Role, SwitchForwarding,
};
pub use dockerignore::DockerIgnore;
pub use glob::{glob_matches, is_glob};
pub use keys::{
    APP_FILE_KEYS, APP_KEYS, CHAIN_KEYS, CHAIN_TABLE_KEYS, CUSTOM_KEYS, DOCKERFILE_KEYS,
    GROUP_KEYS, HOMES, INTERFACE_KEYS, IPSEC_KEYS, LINK_END_KEYS, LINK_KEYS, MEMIF_END_KEYS,
    MEMIF_KEYS, NODE_KEYS, PACKAGE_FILE_KEYS, PROBE_KEYS, RECIPE_KEYS, ROOTFS_KEYS, SLICE_KEYS,
    SWITCH_KEYS, TEMPLATE_KEYS, TESTPMD_KEYS, TOP_KEYS, VPP_KEYS,
};
use keys::{home, is_key};
pub use load::{Loaded, Source, load, load_testbed};
pub use names::{is_name, nearest};
pub use node::parse_ssh;
pub use order::{PodOwners, in_dependency_order, pod_owners, start_order};
pub use pod::INIT_TIMEOUT;
use problem::Place;
pub use problem::{Mark, Problem, Problems};
pub use recipe::{
    Dockerfile, FileFromHere, Part, Recipe, RecipeKind, Rootfs, Variant, hexadecimal,
};
pub use runtime::{is_gvisor, is_sandbox};
pub use secret::looks_secret;
pub use security::{IdMap, Seccomp, Security, Selinux, Ulimit};
pub use size::{page_size, page_size_word};
pub use template::{TEMPLATE_CPUS, TEMPLATE_VARIABLES, template_environment};
pub use topology::{
    Become, ChainRequest, CpuRequest, EngineKind, Group, Image, ImageFile, Interface, Link,
    LinkEnd, LinkKind, Mems, Mount, Node, NumaPolicy, PlacementMode, Scarce, SliceRequest,
    SshTarget, Topology,
};
pub use watch::{Probe, Question, RestartPolicy, Watch};

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
