//! The keys of every table of a topology file. The docs of [`crate::model`] say what they mean.

/// Every table with what it is, for those who put a key elsewhere. A key of several belongs to
/// the first of them.
pub const HOMES: [(&[&str], &str); 21] = [
    (GROUP_KEYS, "a group: `[groups.NAME]` or `[defaults]`"),
    (NODE_KEYS, "a node: `[nodes.NAME]`"),
    (INTERFACE_KEYS, "an interface: `[nodes.NAME.interfaces.NAME]`"),
    (LINK_KEYS, "a link: `[[links]]`"),
    (LINK_END_KEYS, "an end of a link: `ends` of `[[links]]`"),
    (MEMIF_KEYS, "a memif link: `[[links]]`"),
    (MEMIF_END_KEYS, "an end of a memif link: `ends` of `[[links]]`"),
    (CHAIN_TABLE_KEYS, "a chain: `[[chains]]`"),
    (IPSEC_KEYS, "the tunnels of a chain: `ipsec` of `[[chains]]`"),
    (APP_KEYS, "an app: `[groups.NAME.app]`"),
    (CUSTOM_KEYS, "an app of kind `custom`: `[groups.NAME.app]`"),
    (VPP_KEYS, "an app of kind `vpp`: `[groups.NAME.app]`"),
    (TESTPMD_KEYS, "an app of kind `testpmd`: `[groups.NAME.app]`"),
    (APP_FILE_KEYS, "a file of an app: `files` of `[groups.NAME.app]`"),
    (PACKAGE_FILE_KEYS, "a package file: `package_files` of `[groups.NAME.app]`"),
    (PROBE_KEYS, "a probe: `probe` or `readiness` of a group"),
    (RECIPE_KEYS, "an image that is built: `[images.NAME]`"),
    (DOCKERFILE_KEYS, "an image of kind `dockerfile`: `[images.NAME]`"),
    (TEMPLATE_KEYS, "an image of kind `template`: `[images.NAME]`"),
    (ROOTFS_KEYS, "an image of kind `rootfs`: `[images.NAME]`"),
    (TOP_KEYS, "the top level, before the first `[table]`"),
];

/// Whether `word` is a key anywhere.
pub(super) fn is_key(word: &str) -> bool {
    home(word).is_some()
}

/// What has this key.
pub(super) fn home(key: &str) -> Option<&'static str> {
    HOMES.into_iter().find(|(keys, _)| keys.contains(&key)).map(|(_, home)| home)
}

/// Keys of the top level.
pub const TOP_KEYS: &[&str] =
    &["name", "placement", "prefix", "nodes", "images", "defaults", "groups", "links", "chains"];

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
    "runtime",
    "privileged",
    "cap_add",
    "cap_drop",
    "devices",
    "idmap",
    "seccomp",
    "apparmor",
    "selinux",
    "no_new_privileges",
    "read_only",
    "user",
    "sysctls",
    "ulimits",
    "pids",
    "network",
    "memory",
    "hugepages",
    "command",
    "depends_on",
    "app",
    "pod",
    "init",
    "init_timeout",
    "probe",
    "readiness",
    "restart",
];

/// Keys of a probe.
pub const PROBE_KEYS: &[&str] =
    &["exec", "tcp", "http", "every", "fails", "timeout", "start", "ready_timeout"];

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

/// Keys of an image of any kind that is built.
pub const RECIPE_KEYS: &[&str] = &["kind"];

/// Keys that only an image of kind `dockerfile` has.
pub const DOCKERFILE_KEYS: &[&str] = &["dockerfile", "context", "args"];

/// Keys that only an image of kind `template` has.
pub const TEMPLATE_KEYS: &[&str] = &["template"];

/// Keys that only an image of kind `rootfs` has.
pub const ROOTFS_KEYS: &[&str] = &["suite", "mirror", "variant", "packages", "files", "run"];

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
