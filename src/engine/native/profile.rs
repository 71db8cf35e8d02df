//! A security profile in the records of a native container, and what of it native cannot do.

use crate::engine::ContainerSpec;
use crate::model::{Seccomp, Selinux};

/// The records, each given to `record`.
pub(super) fn records(spec: &ContainerSpec, record: &mut dyn FnMut(&str, &str)) {
    let security = &spec.security;
    if let Some(profile) = security.apparmor.as_ref().filter(|name| *name != "unconfined") {
        record("apparmor", profile);
    }
    if let Some(Selinux::Context(context)) = &security.selinux {
        record("selinux", context);
    }
    if security.no_new_privileges {
        record("no_new_privs", "yes");
    }
    if security.read_only {
        record("read_only", "yes");
    }
    if let Some(user) = &security.user {
        record("user", user);
    }
    for folder in &spec.tmpfs {
        record("tmpfs", folder);
    }
    for folder in &spec.kept {
        record("kept", folder);
    }
    for (name, value) in &security.sysctls {
        record("sysctl", &format!("{name}={value}"));
    }
    for (name, limit) in &security.ulimits {
        record("ulimit", &format!("--{name}={}", limit.words()));
    }
    if let Some(pids) = security.pids {
        record("pids", &pids.to_string());
    }
}

/// One sentence each.
pub(super) fn refusals(spec: &ContainerSpec) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(Seccomp::Node(path)) = &spec.security.seccomp {
        found.push(format!(
            "native cannot load the seccomp profile `{path}`: no tool of a plain node does; it \
             runs without a filter"
        ));
    }
    if let Some(label) = &spec.security.selinux
        && !matches!(label, Selinux::Context(_))
    {
        found.push(format!(
            "native takes a whole SELinux context, `user:role:type[:level]`, not `{}`",
            label.word()
        ));
    }
    let host = spec.network.as_deref() == Some("host");
    if let Some(name) = spec.security.sysctls.keys().find(|name| host && name.starts_with("net.")) {
        found.push(format!("native cannot set `{name}` in the node's network"));
    }
    found
}
