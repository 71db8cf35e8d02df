//! What the containers of a group may do, beyond capabilities and devices. Types only.

use std::collections::BTreeMap;

/// A security profile: keys of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Security {
    /// System calls: the engine's own filter (`None`), none, or a profile.
    pub seccomp: Option<Seccomp>,
    /// `AppArmor` profile by name, or `unconfined`; `None` = the engine's default.
    pub apparmor: Option<String>,
    /// `SELinux` label; `None` = the engine's default.
    pub selinux: Option<Selinux>,
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

/// A label of `SELinux`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selinux {
    /// No confinement.
    Disable,
    /// One part of it, `user:U`, `role:R`, `type:T` or `level:L`; the engine makes the others.
    Part(String),
    /// All of it: `user:role:type` or `user:role:type:level`.
    Context(String),
}

impl Selinux {
    /// Reads the word of a topology file; `None` = it is no label.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(4, ':').collect();
        let plain = |c: char| c.is_ascii_alphanumeric() || "_.-,:".contains(c);
        if !text.chars().all(plain) || parts.iter().any(|part| part.is_empty()) {
            return None;
        }
        match parts.as_slice() {
            ["disable"] => Some(Self::Disable),
            ["user" | "role" | "type", _] | ["level", _, ..] => Some(Self::Part(text.to_owned())),
            [_, _, _, ..] => Some(Self::Context(text.to_owned())),
            _ => None,
        }
    }

    /// The word of the file.
    pub fn word(&self) -> &str {
        match self {
            Self::Disable => "disable",
            Self::Part(text) | Self::Context(text) => text,
        }
    }

    /// The parts that are given, each `user:U`, `role:R`, `type:T` or `level:L`.
    pub fn parts(&self) -> Vec<String> {
        match self {
            Self::Disable => Vec::new(),
            Self::Part(part) => vec![part.clone()],
            Self::Context(context) => ["user", "role", "type", "level"]
                .iter()
                .zip(context.splitn(4, ':'))
                .map(|(name, value)| format!("{name}:{value}"))
                .collect(),
        }
    }
}

impl Seccomp {
    /// The word of the file.
    pub fn word(&self) -> String {
        match self {
            Self::Unconfined => "unconfined".to_owned(),
            Self::Node(path) => format!("node:{path}"),
        }
    }
}

impl Ulimit {
    /// `soft:hard` in the words that every tool reads.
    pub fn words(&self) -> String {
        let word = |limit: Option<u64>| limit.map_or("unlimited".to_owned(), |it| it.to_string());
        format!("{}:{}", word(self.soft), word(self.hard))
    }
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
