//! The two configurations of a container, `PodSandboxConfig` and `ContainerConfig` of CRI v1
//! (`api.proto`), as crictl reads them: JSON with the names of the protocol's fields.

use crate::engine::{ContainerSpec, Labels};
use crate::model::{Seccomp, Security, Selinux};
use serde_json::{Map, Value, json};

/// Namespace of all sandboxes of vnfctl.
const NAMESPACE: &str = "vnfctl";

/// `NamespaceMode` of CRI.
const POD: u32 = 0;
const CONTAINER: u32 = 1;
const NODE: u32 = 2;

/// Name of the sandbox: that of the container that owns it.
pub(super) fn sandbox(spec: &ContainerSpec) -> String {
    let owner = spec.pod.as_ref().and_then(|seat| seat.owner.as_ref());
    owner.unwrap_or(&spec.name).clone()
}

/// Runtime handler; empty = the runtime's default.
pub(super) fn handler(spec: &ContainerSpec) -> String {
    spec.runtime.clone().unwrap_or_default()
}

/// Both configurations, one line each.
pub(super) fn files(spec: &ContainerSpec) -> String {
    format!("{}\n{}\n", pod(spec), container(spec))
}

fn namespaces(spec: &ContainerSpec) -> Value {
    let network = if spec.network.as_deref() == Some("host") { NODE } else { POD };
    json!({ "network": network, "pid": CONTAINER, "ipc": POD })
}

fn pod(spec: &ContainerSpec) -> Value {
    let name = sandbox(spec);
    let mut pod = json!({
        "metadata": { "name": name, "namespace": NAMESPACE, "uid": name, "attempt": 0 },
        "log_directory": format!("/var/log/vnfctl/cri/{name}"),
        "port_mappings": spec.publish.iter().filter_map(|port| mapping(port)).collect::<Vec<_>>(),
        "annotations": { "vnfctl.topology": spec.labels.topology },
        "linux": {
            "sysctls": spec.security.sysctls,
            "security_context": {
                "namespace_options": namespaces(spec),
                "privileged": spec.privileged,
            },
        },
    });
    if spec.network.as_deref() != Some("host") {
        pod["hostname"] = json!(name);
    }
    pod
}

/// One published port, `[[address:]host:]guest[/protocol]`; ranges are refused.
fn mapping(port: &str) -> Option<Value> {
    let (port, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
    let protocol = match protocol {
        "tcp" => 0,
        "udp" => 1,
        "sctp" => 2,
        _ => return None,
    };
    let mut parts = port.rsplitn(3, ':');
    let guest: u16 = parts.next()?.parse().ok()?;
    let host: u16 = parts.next().map_or(Some(guest), |host| host.parse().ok())?;
    let address = parts.next().unwrap_or_default().trim_matches(['[', ']']);
    Some(json!({
        "protocol": protocol, "container_port": guest, "host_port": host, "host_ip": address,
    }))
}

fn container(spec: &ContainerSpec) -> Value {
    let labels = spec
        .labels
        .pairs()
        .map(|(key, value)| (format!("{}{key}", Labels::PREFIX), Value::from(value)));
    let mounts = spec.mounts.iter().map(|mount| {
        json!({
            "host_path": mount.host, "container_path": mount.guest, "readonly": mount.read_only,
        })
    });
    let envs = spec.env.iter().map(|(key, value)| json!({ "key": key, "value": value }));
    let mut container = json!({
        "metadata": { "name": spec.name, "attempt": 0 },
        "image": { "image": spec.image.name },
        "envs": envs.collect::<Vec<_>>(),
        "mounts": mounts.collect::<Vec<_>>(),
        "devices": spec.devices.iter().map(|device| device_of(device)).collect::<Vec<_>>(),
        "annotations": Map::from_iter(labels),
        "log_path": format!("{}.log", spec.name),
        "linux": {
            "resources": {
                "cpuset_cpus": spec.cpuset(),
                "cpuset_mems": spec.memset(),
                "memory_limit_in_bytes": spec.memory.unwrap_or(0),
            },
            "security_context": security(spec),
        },
    });
    // With a command the image's entry point and arguments are none, as in Kubernetes.
    if spec.is_entrypoint {
        container["command"] = json!(spec.command);
    } else if !spec.command.is_empty() {
        container["args"] = json!(spec.command);
    }
    container
}

fn device_of(device: &str) -> Value {
    let mut parts = device.splitn(3, ':');
    let host = parts.next().unwrap_or_default();
    let (guest, rights) = match (parts.next(), parts.next()) {
        (Some(rights), None) if !rights.starts_with('/') => (host, rights),
        (guest, rights) => (guest.unwrap_or(host), rights.unwrap_or("rwm")),
    };
    json!({ "host_path": host, "container_path": guest, "permissions": rights })
}

fn security(spec: &ContainerSpec) -> Value {
    let Security { seccomp, apparmor, selinux, no_new_privileges, read_only, user, .. } =
        &spec.security;
    let mut context = json!({
        "privileged": spec.privileged,
        "capabilities": {
            "add_capabilities": spec.cap_add,
            "drop_capabilities": spec.cap_drop,
        },
        "namespace_options": namespaces(spec),
        "no_new_privs": no_new_privileges,
        "readonly_rootfs": read_only,
    });
    // `ProfileType`: RuntimeDefault = 0, Unconfined = 1, Localhost = 2.
    let profile = |name: &str| match name {
        "unconfined" => json!({ "profile_type": 1 }),
        name => json!({ "profile_type": 2, "localhost_ref": name }),
    };
    context["seccomp"] = match seccomp {
        None => json!({ "profile_type": 0 }),
        Some(Seccomp::Unconfined) => profile("unconfined"),
        Some(Seccomp::Node(path)) => profile(path),
    };
    if let Some(name) = apparmor {
        context["apparmor"] = profile(name);
    }
    if let Some(Selinux::Context(label)) = selinux {
        let mut parts = label.splitn(4, ':');
        let mut next = || parts.next().unwrap_or_default();
        context["selinux_options"] =
            json!({ "user": next(), "role": next(), "type": next(), "level": next() });
    }
    if let Some(user) = user {
        let (name, group) =
            user.split_once(':').map_or((user.as_str(), None), |(name, group)| (name, Some(group)));
        match name.parse::<i64>() {
            Ok(id) => context["run_as_user"] = json!({ "value": id }),
            Err(_) => context["run_as_username"] = json!(name),
        }
        if let Some(id) = group.and_then(|group| group.parse::<i64>().ok()) {
            context["run_as_group"] = json!({ "value": id });
        }
    }
    context
}

/// What CRI has no words for, one sentence each.
pub(super) fn refusals(spec: &ContainerSpec) -> Vec<String> {
    let mut refusals = Vec::new();
    if spec.image.name.is_none() {
        refusals
            .push("cri needs an `image`: the reference that its runtime knows it by".to_owned());
    }
    if let Some(network) = spec.network.as_deref().filter(|mode| *mode != "host") {
        refusals.push(format!(
            "cri has no network `{network}`: leave it out for the runtime's own (CNI), or `host`"
        ));
    }
    for port in spec.publish.iter().filter(|port| mapping(port).is_none()) {
        refusals.push(format!("cri publishes single ports: `{port}`"));
    }
    if spec.network.as_deref() == Some("host") && !spec.publish.is_empty() {
        refusals.push("`publish` has no effect with network `host`".to_owned());
    }
    let Security { idmap, ulimits, pids, user, selinux, .. } = &spec.security;
    if idmap.is_some() {
        refusals.push("cri maps no ids: not every runtime has user namespaces".to_owned());
    }
    if !ulimits.is_empty() {
        refusals.push("cri has no `ulimits`: the runtime's configuration sets them".to_owned());
    }
    if pids.is_some() {
        refusals.push("cri has no `pids`: the runtime's configuration limits them".to_owned());
    }
    if let Some(group) =
        user.as_deref().and_then(|user| user.split_once(':')?.1.parse::<u32>().err().map(|_| user))
    {
        refusals.push(format!("cri takes groups by number: `{group}`"));
    }
    if let Some(label) = selinux.as_ref().filter(|label| !matches!(label, Selinux::Context(_))) {
        refusals
            .push(format!("cri takes whole labels, `user:role:type[:level]`: `{}`", label.word()));
    }
    if !spec.tmpfs.is_empty() || !spec.kept.is_empty() {
        refusals
            .push("cri mounts no folders in memory, which `read_only` and `user` need".to_owned());
    }
    refusals
}
