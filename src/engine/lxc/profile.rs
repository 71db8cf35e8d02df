//! A security profile in LXC's keys (lxc.container.conf(5)), and what of it LXC cannot do.

use super::config::fstab;
use crate::command::quote;
use crate::engine::ContainerSpec;
use crate::model::{Seccomp, Selinux};

/// Lines of the configuration; `group` is `lxc.cgroup` or `lxc.cgroup2`.
pub(super) fn lines(spec: &ContainerSpec, group: &str) -> Vec<(String, String)> {
    let security = &spec.security;
    let mut lines = Vec::new();
    let mut line = |key: &str, value: &str| lines.push((key.to_owned(), value.to_owned()));
    match &security.seccomp {
        None if spec.privileged => line("lxc.seccomp.profile", ""),
        None => {}
        Some(Seccomp::Unconfined) => line("lxc.seccomp.profile", ""),
        Some(Seccomp::Node(path)) => line("lxc.seccomp.profile", path),
    }
    if let Some(profile) = security.apparmor.as_ref().filter(|name| *name != "unconfined") {
        line("lxc.apparmor.profile", profile);
    }
    if let Some(Selinux::Context(context)) = &security.selinux {
        line("lxc.selinux.context", context);
    }
    if security.no_new_privileges {
        line("lxc.no_new_privs", "1");
    }
    if security.read_only {
        line("lxc.rootfs.options", "ro");
    }
    for (name, value) in security.sysctls.iter().filter(|(name, _)| is_of_network(name)) {
        line(&format!("lxc.sysctl.{name}"), value);
    }
    for (name, limit) in &security.ulimits {
        line(&format!("lxc.prlimit.{name}"), &limit.words());
    }
    if let Some(pids) = security.pids {
        line(&format!("{group}.pids.max"), &pids.to_string());
    }
    lines
}

/// Whether LXC itself can set a kernel parameter: the others lie in a `/proc/sys` that is read-only
/// by then (`proc:mixed` of its `common.conf`).
fn is_of_network(name: &str) -> bool {
    name.starts_with("net.")
}

/// The script of a hook that sets the other kernel parameters, in the container's namespaces and
/// before its `/proc`; `None` when there are none.
pub(super) fn hook(spec: &ContainerSpec) -> Option<String> {
    let others = spec.security.sysctls.iter().filter(|(name, _)| !is_of_network(name));
    let lines = others.fold(String::new(), |text, (name, value)| {
        let file = name.replace('.', "/");
        format!("{text}echo {} >/proc/sys/{file} || exit\n", quote(value))
    });
    (!lines.is_empty()).then_some(lines)
}

/// Words of `create.sh` for folders of the container's own.
pub(super) fn folders(spec: &ContainerSpec) -> Vec<String> {
    // A root that cannot be written takes no new mount points.
    let mut words: Vec<String> =
        spec.security.read_only.then(|| "points".to_owned()).into_iter().collect();
    for (word, folders) in [("tmpfs", &spec.tmpfs), ("kept", &spec.kept)] {
        for folder in folders {
            let inside = folder.trim_start_matches('/');
            words.extend([word.to_owned(), inside.to_owned(), fstab(inside)]);
        }
    }
    words
}

/// Words of `create.sh` for what the node or the image knows.
pub(super) fn words_of_node(spec: &ContainerSpec) -> Vec<String> {
    let mut words = Vec::new();
    if spec.privileged || spec.security.apparmor.as_deref() == Some("unconfined") {
        words.push("unconfined".to_owned());
    }
    if hook(spec).is_some() {
        words.push("hook".to_owned());
    }
    if let Some(user) = &spec.security.user {
        words.extend(["user".to_owned(), user.clone()]);
    }
    words
}

/// One sentence each.
pub(super) fn refusals(spec: &ContainerSpec) -> Vec<String> {
    let mut refusals = Vec::new();
    if let Some(label) = &spec.security.selinux
        && !matches!(label, Selinux::Context(_))
    {
        refusals.push(format!(
            "lxc takes a whole SELinux context, `user:role:type[:level]`, not `{}`",
            label.word()
        ));
    }
    if let Some(Seccomp::Node(path)) = &spec.security.seccomp
        && path.trim() != path
    {
        refusals.push(format!("lxc cannot read {path:?}: white space at its end"));
    }
    let host = spec.network.as_deref() == Some("host");
    if let Some(name) = spec.security.sysctls.keys().find(|name| host && name.starts_with("net.")) {
        refusals.push(format!("lxc cannot set `{name}` in the node's network"));
    }
    refusals
}
