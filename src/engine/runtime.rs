//! OCI runtimes: which engines have a choice of them, and what a sandbox cannot be given. Pure.

use super::ContainerSpec;
use crate::model::{EngineKind, is_gvisor, is_sandbox};

/// What `runtime` rules out, one sentence each.
pub(super) fn refusals(kind: EngineKind, spec: &ContainerSpec) -> Vec<String> {
    let Some(runtime) = spec.runtime.as_deref() else { return Vec::new() };
    let word = kind.word();
    if !matches!(kind, EngineKind::Docker | EngineKind::Podman) {
        return vec![format!(
            "{word} starts containers itself, without an OCI runtime: `runtime` is for docker and \
             podman"
        )];
    }
    let mut found = Vec::new();
    if kind == EngineKind::Docker && runtime.starts_with('/') {
        found.push(format!(
            "docker takes runtimes by the name that its daemon knows, not by a path: `{runtime}`"
        ));
    }
    if is_sandbox(runtime) && spec.is_entrypoint {
        found.push(format!(
            "an app cannot be delivered into a sandbox of `{runtime}`: its files and processes are \
             behind a kernel of its own; give the group a `command`"
        ));
    }
    if is_gvisor(runtime) {
        let security = &spec.security;
        let ignored = [
            ("devices", !spec.devices.is_empty()),
            ("seccomp", security.seccomp.is_some()),
            ("apparmor", security.apparmor.is_some()),
            ("selinux", security.selinux.is_some()),
        ];
        found.extend(ignored.into_iter().filter(|(_, is_asked)| *is_asked).map(|(key, _)| {
            format!(
                "`{runtime}` ignores `{key}`: its containers see gVisor's kernel, not the node's"
            )
        }));
    }
    found
}
