//! A security profile in the words of systemd-nspawn(1), and what of it there are none for. Pure.

use crate::engine::ContainerSpec;
use crate::engine::native::config as native;
use crate::model::{Seccomp, Selinux, Ulimit};

/// Options before the command.
pub(super) fn options(spec: &ContainerSpec) -> Vec<String> {
    let security = &spec.security;
    let mut words = Vec::new();
    if security.no_new_privileges {
        words.push("--no-new-privileges=yes".to_owned());
    }
    if security.read_only {
        words.push("--read-only".to_owned());
    }
    // systemd-nspawn has these two in memory by itself, with parts of its own in `/run`.
    let more = spec.tmpfs.iter().filter(|folder| !["/run", "/tmp"].contains(&folder.as_str()));
    words.extend(more.map(|folder| format!("--tmpfs={folder}:mode=1777")));
    for (name, Ulimit { soft, hard }) in &security.ulimits {
        let value = |limit: &Option<u64>| limit.map_or("infinity".to_owned(), |n| n.to_string());
        words.push(format!("--rlimit={}={}:{}", name.to_uppercase(), value(soft), value(hard)));
    }
    words
}

/// Variables of systemd-nspawn itself. `/tmp` is kept in the container's own layer, where it
/// outlives a stop, as long as that can be written.
pub(super) fn settings(spec: &ContainerSpec) -> Vec<String> {
    let mut settings = Vec::new();
    if !spec.security.read_only {
        settings.push("SYSTEMD_NSPAWN_TMPFS_TMP=0".to_owned());
    }
    // A member of a pod comes with the namespaces of its owner.
    if spec.pod.as_ref().is_some_and(|seat| seat.owner.is_some()) {
        settings.push("SYSTEMD_NSPAWN_SHARE_NS_IPC=1".to_owned());
    }
    if spec.privileged || spec.security.seccomp == Some(Seccomp::Unconfined) {
        settings.push("SYSTEMD_SECCOMP=0".to_owned());
    }
    settings
}

/// Kernel parameters of its network: path below `/proc/sys/`, a blank, value.
pub(super) fn sysctls(spec: &ContainerSpec) -> Vec<String> {
    let path = |name: &String| name.replace('.', "/");
    let sysctls = &spec.security.sysctls;
    sysctls.iter().map(|(name, value)| format!("{} {value}", path(name))).collect()
}

/// One sentence each.
pub(super) fn refusals(spec: &ContainerSpec) -> Vec<String> {
    let security = &spec.security;
    let mut found = Vec::new();
    if let Some(Seccomp::Node(path)) = &security.seccomp {
        found.push(format!(
            "nspawn reads no seccomp profile: `{path}`; it has a filter of its own, or \
             `unconfined`"
        ));
    }
    if let Some(profile) = security.apparmor.as_deref().filter(|word| *word != "unconfined") {
        found.push(format!("nspawn starts nothing under an AppArmor profile: `{profile}`"));
    }
    if let Some(label) = security.selinux.as_ref().filter(|label| **label != Selinux::Disable) {
        found.push(format!("nspawn is given no SELinux label: `{}`", label.word()));
    }
    if let Some(user) = &security.user {
        found.push(format!(
            "nspawn asks the image's `getent` who `{user}` is, which small images lack: let the \
             command change its user"
        ));
    }
    for name in security.sysctls.keys() {
        if !name.starts_with("net.") {
            found.push(format!("nspawn sets kernel parameters of the network only: `{name}`"));
        } else if native::is_host(spec) {
            found.push(format!("with `network = \"host\"`, `{name}` is the node's own"));
        }
    }
    if security.idmap.is_some() {
        found.push("nspawn has no `idmap`: lxc and podman have".to_owned());
    }
    if let Some(runtime) = &spec.runtime {
        found.push(format!("nspawn runs no OCI runtime: `{runtime}`"));
    }
    found
}
