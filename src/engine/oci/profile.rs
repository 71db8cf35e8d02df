//! The options of a security profile, and what of it no option says.

use crate::command::Command;
use crate::engine::ContainerSpec;
use crate::model::{EngineKind, Seccomp, Selinux, Ulimit};

/// Options that take a value, with it.
pub(super) fn options(kind: EngineKind, spec: &ContainerSpec) -> Vec<(&'static str, String)> {
    let security = &spec.security;
    let mut options = Vec::new();
    let mut option = |name, value: String| options.push((name, value));
    match &security.seccomp {
        None => {}
        Some(Seccomp::Unconfined) => option("--security-opt", "seccomp=unconfined".to_owned()),
        Some(Seccomp::Node(path)) => option("--security-opt", format!("seccomp={path}")),
    }
    if let Some(profile) = &security.apparmor {
        option("--security-opt", format!("apparmor={profile}"));
    }
    match &security.selinux {
        None => {}
        Some(Selinux::Disable) => option("--security-opt", "label=disable".to_owned()),
        Some(label) => label
            .parts()
            .into_iter()
            .for_each(|part| option("--security-opt", format!("label={part}"))),
    }
    if security.no_new_privileges {
        option("--security-opt", "no-new-privileges".to_owned());
    }
    for folder in &spec.tmpfs {
        options.push(of_tmpfs(kind, spec, folder));
    }
    options.extend(spec.kept.iter().map(|folder| ("--volume", folder.clone())));
    let mut option = |name, value: String| options.push((name, value));
    if let Some(user) = &security.user {
        option("--user", user.clone());
    }
    for (name, value) in &security.sysctls {
        option("--sysctl", format!("{name}={value}"));
    }
    for (name, limit) in &security.ulimits {
        option("--ulimit", format!("{name}={}", of_ulimit(*limit)));
    }
    if let Some(pids) = security.pids {
        option("--pids-limit", pids.to_string());
    }
    options
}

/// A folder in memory that its user can write to. runc before 1.2 gives it the mode of the image's
/// own folder, so it is that user's.
fn of_tmpfs(kind: EngineKind, spec: &ContainerSpec, folder: &str) -> (&'static str, String) {
    if kind == EngineKind::Podman && spec.security.user.is_some() {
        // Podman 4.3 knows no `uid`, and as `--mount` no `exec`.
        return ("--mount", format!("type=tmpfs,destination={folder},tmpfs-mode=1777,U=true"));
    }
    // Docker's own are `noexec`, which those of native and lxc are not.
    let owner = user_id(spec).map_or(String::new(), |user| format!(",uid={user}"));
    ("--tmpfs", format!("{folder}:rw,exec,nosuid,nodev,mode=1777{owner}"))
}

/// The number of the container's user; `None` = the image's own, or a name.
fn user_id(spec: &ContainerSpec) -> Option<u32> {
    spec.security.user.as_ref()?.split(':').next()?.parse().ok()
}

/// `soft:hard`; -1 = unlimited, which docker knows by no word.
fn of_ulimit(limit: Ulimit) -> String {
    let word = |limit: Option<u64>| limit.map_or("-1".to_owned(), |limit| limit.to_string());
    format!("{}:{}", word(limit.soft), word(limit.hard))
}

/// Opens the folders of a container to its user: a volume is root's. It removes the container
/// where that fails.
pub(super) fn open_kept(program: &str, remove: &[&str], spec: &ContainerSpec) -> Option<Command> {
    let words = [program.to_owned(), spec.name.clone(), remove.join(" ")];
    let words = words.into_iter().chain(spec.kept.iter().cloned());
    (!spec.kept.is_empty()).then(|| Command::sh(include_str!("open.sh"), words))
}

/// What cannot be said, one sentence each.
pub(super) fn refusals(kind: EngineKind, spec: &ContainerSpec) -> Vec<String> {
    let word = kind.word();
    let mut refusals = Vec::new();
    if spec.security.ulimits.contains_key("as") {
        refusals.push(format!("{word} has no ulimit `as`: `memory` limits what is really used"));
    }
    if let Some(user) = &spec.security.user
        && kind == EngineKind::Docker
        && user_id(spec).is_none()
        && user.split(':').next() != Some("root")
        && let Some(folder) = spec.tmpfs.first()
    {
        refusals.push(format!(
            "{word} can open a folder in memory (`{folder}`) to a user by its number only, not to \
             `{user}`"
        ));
    }
    let joins = spec.network.as_deref().is_some_and(|mode| mode.starts_with("container:"));
    let of_network = spec.security.sysctls.keys().find(|name| name.starts_with("net."));
    if let Some(name) = of_network.filter(|_| joins) {
        refusals.push(format!(
            "`{name}` belongs to the container whose network this one joins: set it there"
        ));
    }
    let host = spec.network.as_deref() == Some("host");
    if let Some(name) = spec.security.sysctls.keys().find(|name| host && name.starts_with("net.")) {
        refusals.push(format!("{word} cannot set `{name}` in the node's network"));
    }
    if let Some(Seccomp::Node(path)) = &spec.security.seccomp
        && path.trim() != path
    {
        refusals.push(format!("{word} cannot read {path:?}: white space at its end"));
    }
    refusals
}
