//! The words after `run`: options, image, command; and what no words can say.

use crate::command::Command;
use crate::engine::variables::is_passed_on;
use crate::engine::{ContainerSpec, Derivation, Derived, Labels};
use crate::facts::{Facts, MAPPED_IDS};
use crate::model::{EngineKind, Mount};
use crate::wiring::GUEST_FOLDER;

/// Options, image and command of a container, without `run --detach`.
pub(super) fn of_run(spec: &ContainerSpec, facts: &Facts) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut option = |name: &str, value: &str| words.extend([name.to_owned(), value.to_owned()]);
    option("--name", &spec.name);
    // Acquiring is a stage of its own; creating must not reach for a registry.
    option("--pull", "never");
    // A user's own engine has no cpuset controller: it inherits its CPUs.
    if facts.uid == 0 {
        for pair in of_pinning(spec).chunks_exact(2) {
            option(&pair[0], &pair[1]);
        }
        let mapped = spec.security.idmap.and_then(|map| facts.subids.mapped(map));
        if let Some(to) = mapped {
            option("--uidmap", &format!("0:{}:{MAPPED_IDS}", to.uid));
            option("--gidmap", &format!("0:{}:{MAPPED_IDS}", to.gid));
        }
    }
    if let Some(bytes) = spec.memory {
        // Memory without swap is the engine's business: `--memory` alone, as people write it.
        option("--memory", &bytes.to_string());
    }
    for (name, value) in &spec.env {
        if is_passed_on(name) {
            option("--env", name);
        } else {
            option("--env", &format!("{name}={value}"));
        }
    }
    for mount in &spec.mounts {
        option("--mount", &of_mount(mount));
    }
    for port in &spec.publish {
        option("--publish", port);
    }
    for capability in &spec.cap_add {
        option("--cap-add", capability);
    }
    for capability in &spec.cap_drop {
        option("--cap-drop", capability);
    }
    for device in &spec.devices {
        option("--device", device);
    }
    if let Some(network) = &spec.network {
        option("--network", network);
    }
    for (key, value) in spec.labels.pairs() {
        option("--label", &format!("{}{key}={value}", Labels::PREFIX));
    }
    if spec.privileged {
        words.push("--privileged".to_owned());
    }
    let (entrypoint, arguments) = match spec.command.split_first() {
        Some((program, arguments)) if spec.is_entrypoint => (Some(program), arguments),
        _ => (None, spec.command.as_slice()),
    };
    if let Some(program) = entrypoint {
        words.extend(["--entrypoint".to_owned(), program.clone()]);
    }
    words.extend(spec.image.name.clone());
    words.extend_from_slice(arguments);
    words
}

/// The commands around an image that is made of a container.
pub(super) fn of_derivation(program: &str, remove: Command, derived: &Derived) -> Derivation {
    let Derived { base, name, digest, container, cpus, mems, network } = derived;
    let options = [("--cpuset-cpus", cpus), ("--cpuset-mems", mems)];
    let options = options.into_iter().chain(network.iter().map(|mode| ("--network", mode)));
    let options = options.filter(|(_, value)| !value.is_empty());
    let options = options.flat_map(|(option, value)| [option.to_owned(), value.clone()]);
    let start = [program, container, base].map(str::to_owned).into_iter().chain(options);
    let labels = [(Derived::BASE_LABEL, base), (Derived::DIGEST_LABEL, digest)];
    // A value in quotes, as the instruction of a Dockerfile.
    let labels = labels.map(|(key, value)| format!("{key}={}", serde_json::json!(value)));
    let keep = [program, container, base, name].map(str::to_owned).into_iter().chain(labels);
    let mut remove = remove;
    remove.argv.push(container.clone().into());
    Derivation {
        start: Command::sh(include_str!("derive.sh"), start),
        keep: Command::sh(include_str!("keep.sh"), keep).deadline(super::ACQUIRE_DEADLINE),
        remove,
    }
}

/// Options that pin a container.
pub(super) fn of_pinning(spec: &ContainerSpec) -> Vec<String> {
    [("--cpuset-cpus", spec.cpuset()), ("--cpuset-mems", spec.memset())]
        .into_iter()
        .filter(|(_, list)| !list.is_empty())
        .flat_map(|(option, list)| [option.to_owned(), list])
        .collect()
}

/// The value of `--mount`: one CSV record (RFC 4180), since `--volume` cannot hold a colon and
/// makes a directory of a host path that does not exist.
fn of_mount(mount: &Mount) -> String {
    let mut fields = vec![
        "type=bind".to_owned(),
        csv_field(&format!("source={}", mount.host)),
        csv_field(&format!("target={}", mount.guest)),
    ];
    if mount.read_only {
        fields.push("readonly".to_owned());
    }
    fields.join(",")
}

fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Why ids cannot be mapped.
fn idmap_refusal(kind: EngineKind, spec: &ContainerSpec) -> Option<String> {
    if kind == EngineKind::Docker {
        let why = "docker maps the ids of all containers of its daemon or of none (`userns-remap`)";
        return Some(format!("{why}, so it takes no `idmap`"));
    }
    // runc before 1.2 has no idmapped mounts, and a socket's file belongs to the node's root.
    let has_memif = spec.mounts.iter().any(|mount| mount.guest == GUEST_FOLDER);
    has_memif.then(|| "podman with `idmap` cannot open the sockets of memif links".to_owned())
}

/// What in `spec` cannot be said, one sentence each.
pub(super) fn refusals(kind: EngineKind, least_memory: u64, spec: &ContainerSpec) -> Vec<String> {
    let word = kind.word();
    let mut refusals = Vec::new();
    if spec.security.idmap.is_some() {
        refusals.extend(idmap_refusal(kind, spec));
    }
    if spec.image.name.is_none() {
        refusals.push(format!("{word} needs an `image`"));
    }
    if let Some(bytes) = spec.memory.filter(|bytes| *bytes < least_memory) {
        refusals.push(format!("{word} accepts no memory limit below 6 MiB, not {bytes} bytes"));
    }
    if let Some(network) = spec.network.as_deref().filter(|_| !spec.publish.is_empty())
        && ["host", "none"].contains(&network)
    {
        refusals.push(format!("`publish` has no effect with network `{network}`"));
    }
    for path in spec.mounts.iter().flat_map(|mount| [&mount.host, &mount.guest]) {
        // The readers of `--mount` strip or refuse these (docker 28, Go's encoding/csv).
        if path.trim() != path || path.contains('\r') {
            refusals.push(format!("{word} cannot mount {path:?}: white space at its end"));
        }
    }
    for (name, value) in &spec.env {
        let secret = spec.secrets.iter().find(|secret| {
            !secret.value.is_empty() && value.contains(&secret.value) && !is_passed_on(name)
        });
        if let Some(secret) = secret {
            refusals.push(format!(
                "{word} can only be told `{name}` in its arguments, where everybody on the node \
                 can read the value of `{}`",
                secret.name
            ));
        }
    }
    refusals
}
