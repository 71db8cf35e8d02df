//! OCI runtimes: which engines have a choice of them, and what a sandbox cannot be given. Pure.

use super::{ContainerSpec, Lack};
use crate::facts::Facts;
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

/// That a node's engine does not know the runtime that `spec` asks for. Where its runtimes are not
/// known, nothing is said.
pub(super) fn lacks(kind: EngineKind, spec: &ContainerSpec, facts: &Facts) -> Option<Lack> {
    let runtime = spec.runtime.as_deref()?;
    let known = facts.runtimes.get(&kind)?;
    // A path is podman's to try.
    if runtime.starts_with('/') || known.contains_key(runtime) {
        return None;
    }
    let names: Vec<&str> = known.keys().map(String::as_str).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Some(Lack {
        message: format!("{} has no runtime `{runtime}`; it has {names}", kind.word()),
        hint: remedy(kind, runtime),
    })
}

/// How a runtime is made known to an engine.
fn remedy(engine: EngineKind, runtime: &str) -> String {
    let program = match runtime {
        "kata" => "kata-runtime",
        other => other,
    };
    if engine == EngineKind::Podman {
        return format!(
            "install `{program}` on the node, or name its path in \
             /etc/containers/containers.conf: `[engine.runtimes]`, \
             `{runtime} = [\"/usr/bin/{program}\"]`"
        );
    }
    format!(
        "install `{program}` on the node, name it in /etc/docker/daemon.json, \
         `{{ \"runtimes\": {{ \"{runtime}\": {{ \"path\": \"/usr/bin/{program}\" }} }} }}`, and reload \
         the daemon (`kill -HUP $(pidof dockerd)`)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Security;

    fn spec(runtime: &str) -> ContainerSpec {
        ContainerSpec { runtime: Some(runtime.into()), ..ContainerSpec::default() }
    }

    #[test]
    fn what_a_sandbox_cannot_take_is_refused() {
        for runtime in ["crun", "runsc", "kata"] {
            assert_eq!(refusals(EngineKind::Docker, &spec(runtime)), [""; 0]);
            assert_eq!(refusals(EngineKind::Lxc, &spec(runtime)).len(), 1);
        }
        assert_eq!(refusals(EngineKind::Docker, &spec("/opt/crun")).len(), 1);
        assert_eq!(refusals(EngineKind::Podman, &spec("/opt/crun")), [""; 0]);
        let asked = |runtime| ContainerSpec {
            is_entrypoint: true,
            devices: vec!["/dev/net/tun".into()],
            security: Security { apparmor: Some("vnf".into()), ..Security::default() },
            ..spec(runtime)
        };
        assert_eq!(refusals(EngineKind::Docker, &asked("crun")), [""; 0]);
        assert_eq!(refusals(EngineKind::Docker, &asked("kata")).len(), 1, "the app");
        let of_gvisor = refusals(EngineKind::Docker, &asked("runsc"));
        assert_eq!(of_gvisor.len(), 3, "{of_gvisor:?}");
        assert!(of_gvisor[1].contains("`devices`"), "{of_gvisor:?}");
    }

    #[test]
    fn a_runtime_that_is_not_there_is_lacked_with_those_that_are() {
        let mut facts = Facts::default();
        assert_eq!(lacks(EngineKind::Docker, &spec("runsc"), &facts), None, "nobody asked");
        let known = [("crun", "/usr/bin/crun"), ("runc", "runc")];
        let known = known.map(|(name, path)| (name.to_owned(), path.to_owned()));
        facts.runtimes.insert(EngineKind::Docker, known.into());
        assert_eq!(lacks(EngineKind::Docker, &spec("crun"), &facts), None);
        let lack = lacks(EngineKind::Docker, &spec("runsc"), &facts).unwrap();
        assert_eq!(lack.message, "docker has no runtime `runsc`; it has crun, runc");
        assert!(lack.hint.contains("/etc/docker/daemon.json"), "{}", lack.hint);
    }
}
