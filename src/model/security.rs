//! What the containers of a group may do, beyond capabilities and devices. Types only.

use std::collections::BTreeMap;

/// A security profile: keys of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Security {
    /// System calls: the engine's own filter (`None`), none, or a profile.
    pub seccomp: Option<Seccomp>,
    /// `AppArmor` profile by name, or `unconfined`; `None` = the engine's default.
    pub apparmor: Option<String>,
    /// `SELinux` label option, e.g. `type:container_t`, or `disable`; `None` = the engine's default.
    pub selinux: Option<String>,
    /// No program gains privileges by `execve` (`PR_SET_NO_NEW_PRIVS`).
    pub no_new_privileges: bool,
    /// The root file system cannot be written.
    pub read_only: bool,
    /// `user[:group]`, names or numbers, of the first process; `None` = the image's own.
    pub user: Option<String>,
    /// Root inside is another user outside; `None` = it is root.
    pub idmap: Option<IdMap>,
    /// Kernel parameters of its namespaces: name -> value.
    pub sysctls: BTreeMap<String, String>,
    /// Resource limits by name without `RLIMIT_`, lower case, e.g. `memlock`.
    pub ulimits: BTreeMap<String, Ulimit>,
    /// Processes and threads at most.
    pub pids: Option<u64>,
}

/// A seccomp filter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seccomp {
    /// No filter.
    Unconfined,
    /// The profile in this file on the node (absolute path).
    Node(String),
}

/// A resource limit (setrlimit(2)); `None` = unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ulimit {
    /// Soft limit.
    pub soft: Option<u64>,
    /// Hard limit, at least the soft one.
    pub hard: Option<u64>,
}

/// Which ids of the node a container's are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdMap {
    /// The first range of 65536 ids that `/etc/subuid` and `/etc/subgid` of the node give the user
    /// the engine runs as.
    Auto,
    /// 0..65536 inside are `first`..`first + 65536` on the node.
    First(u32),
}
