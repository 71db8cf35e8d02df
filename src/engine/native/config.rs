//! What a native container's folder stores as its config, and what native cannot do.

use crate::command::is_variable_name;
use crate::engine::ContainerSpec;
use crate::facts::Facts;
use crate::model::{Image, ImageFile};
use std::fmt::Write as _;

/// Capabilities of a container that is not privileged: docker's default list without `mknod`
/// (no device cgroup guards the nodes here) and, with a network namespace of its own, `net_admin`.
const DEFAULT_CAPABILITIES: [&str; 13] = [
    "chown",
    "dac_override",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "net_bind_service",
    "net_raw",
    "sys_chroot",
    "audit_write",
    "setfcap",
];

/// All names of `capabilities(7)`.
pub(in crate::engine) const CAPABILITIES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// The records the scripts read: `<key> <number of lines>`, then the lines of the value as they
/// are, so that secrets stay whole words to hide.
pub(in crate::engine) fn config(spec: &ContainerSpec, facts: &Facts) -> String {
    let mut text = String::new();
    let mut record = |key: &str, value: &str| {
        let lines = value.split('\n').count();
        writeln!(text, "{key} {lines}\n{value}").expect("a String takes all text");
    };
    for controller in ["cpuset", "memory", "pids"] {
        if let Some(at) = cgroup_at(facts, controller) {
            record(&format!("{controller}_at"), &at);
        }
    }
    if let Some(memory) = spec.memory {
        record("memory", &memory.to_string());
    }
    super::profile::records(spec, &mut record);
    if is_host(spec) {
        record("network", "host");
    }
    if let Some(owner) = spec.pod.as_ref().and_then(|seat| seat.owner.as_ref()) {
        record("pod_owner", owner);
    }
    if spec.privileged {
        record("privileged", "yes");
    } else {
        record("caps", &bounding_set(spec));
    }
    if let Some(folder) = image_folder(&spec.image) {
        record("image", &folder);
    }
    let devices = spec.devices.iter().map(|device| {
        let (host, guest, _) = device_parts(device);
        (false, host, guest)
    });
    let mounts = spec.mounts.iter();
    let mounts = mounts.map(|mount| (mount.read_only, mount.host.as_str(), mount.guest.as_str()));
    for (read_only, host, guest) in mounts.chain(devices) {
        record("mount_mode", if read_only { "ro" } else { "rw" });
        record("mount_host", host);
        record("mount_guest", guest);
    }
    for (name, value) in &spec.env {
        record("env", &format!("{name}={value}"));
    }
    for word in &spec.command {
        record("arg", word);
    }
    text
}

/// `v1 <mount>` or `v2 <mount>`: where `controller` lives. On hybrid nodes each has its own place.
pub(in crate::engine) fn cgroup_at(facts: &Facts, controller: &str) -> Option<String> {
    let mounts = &facts.cgroup.mounts;
    let v1 = mounts.get(controller).map(|mount| format!("v1 {mount}"));
    let v2 = || {
        let known = facts.cgroup.controllers.contains(controller);
        mounts.get("").filter(|_| known).map(|mount| format!("v2 {mount}"))
    };
    v1.or_else(v2)
}

/// The folder a root comes from; `None` = the node's own root.
pub(in crate::engine) fn image_folder(image: &Image) -> Option<String> {
    let name = match (&image.name, &image.file, &image.recipe) {
        (name, None, None) => return name.clone(),
        (Some(name), _, _) => name.clone(),
        (None, file, _) => {
            let path = match file.as_ref()? {
                ImageFile::Here(path) => path.to_string_lossy().into_owned(),
                ImageFile::Node(path) => path.clone(),
            };
            stem(&path).to_owned()
        }
    };
    let mut folder = "/var/lib/vnfctl/images/".to_owned();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric()
            || b"-_".contains(&byte)
            || (byte == b'.' && !folder.ends_with('/'))
        {
            folder.push(char::from(byte));
        } else {
            write!(folder, "%{byte:02X}").expect("a String takes all text");
        }
    }
    Some(folder)
}

fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    let endings = [".gz", ".xz", ".zst", ".bz2"];
    let file = endings.iter().find_map(|ending| file.strip_suffix(ending)).unwrap_or(file);
    [".tar", ".tgz", ".txz"].iter().find_map(|ending| file.strip_suffix(ending)).unwrap_or(file)
}

/// The image in one word for people; empty = the node's own root.
pub(in crate::engine) fn image_word(image: &Image) -> String {
    let file = image.file.as_ref().map(|file| match file {
        ImageFile::Here(path) => path.to_string_lossy().into_owned(),
        ImageFile::Node(path) => path.clone(),
    });
    image.name.clone().or(file).unwrap_or_default().replace('\n', " ")
}

pub(in crate::engine) fn is_host(spec: &ContainerSpec) -> bool {
    spec.network.as_deref() == Some("host")
}

pub(in crate::engine) fn capability(word: &str) -> String {
    let word = word.to_ascii_lowercase();
    word.strip_prefix("cap_").map_or(word.clone(), str::to_owned)
}

/// The bounding set in `setpriv`'s words. Those the node itself lacks stay away.
pub(in crate::engine) fn bounding_set(spec: &ContainerSpec) -> String {
    let words = |list: &[String]| list.iter().map(|word| capability(word)).collect::<Vec<_>>();
    let (add, drop) = (words(&spec.cap_add), words(&spec.cap_drop));
    let all = |list: &[String]| list.iter().any(|word| word == "all");
    let has = |name: &str| {
        let named = |list: &[String]| list.iter().any(|word| word == name);
        let default =
            DEFAULT_CAPABILITIES.contains(&name) || (name == "net_admin" && !is_host(spec));
        !named(&drop) && (named(&add) || all(&add) || (default && !all(&drop)))
    };
    let kept = CAPABILITIES.iter().filter(|name| has(name));
    kept.fold("-all".to_owned(), |set, name| set + ",+" + name)
}

pub(in crate::engine) fn device_parts(device: &str) -> (&str, &str, &str) {
    let mut parts = device.splitn(3, ':');
    let host = parts.next().unwrap_or_default();
    let guest = parts.next().unwrap_or(host);
    (host, guest, parts.next().unwrap_or("rwm"))
}

/// What native cannot do of `spec`, one sentence each.
pub(in crate::engine) fn refusals(spec: &ContainerSpec) -> Vec<String> {
    let mut found = Vec::new();
    if spec.security.idmap.is_some() {
        found.push(
            "native maps no ids: its root is the node's own, whose files have the node's ids"
                .into(),
        );
    }
    if !spec.publish.is_empty() {
        found.push("native publishes no ports: use `network = \"host\"` or a link".to_owned());
    }
    if let Some(network) = spec.network.as_deref().filter(|mode| !["host", "none"].contains(mode)) {
        found.push(format!("native has no network mode `{network}`: it knows `none` and `host`"));
    }
    // A host name of more is refused by the kernel (`__NEW_UTS_LEN`).
    if spec.name.len() > 64 {
        found.push(format!("native names are host names: `{}` is over 64 bytes", spec.name));
    }
    if let Some(name) = spec.image.name.as_deref()
        && spec.image.file.is_none()
        && spec.image.recipe.is_none()
        && !name.starts_with('/')
    {
        found.push(format!("a native image is an absolute folder or a tarball: `{name}`"));
    }
    for (name, _) in spec.env.iter().filter(|(name, _)| !is_variable_name(name)) {
        found.push(format!("native sets shell variables only: `{name}`"));
    }
    for device in &spec.devices {
        let (host, guest, rights) = device_parts(device);
        if !host.starts_with('/') || !guest.starts_with('/') {
            found.push(format!("native takes devices by absolute paths: `{device}`"));
        }
        if !rights.contains('r') || !rights.contains('w') {
            found.push(format!("native gives devices for reading and writing: `{device}`"));
        }
    }
    for word in spec.cap_add.iter().chain(&spec.cap_drop) {
        let name = capability(word);
        if name != "all" && !CAPABILITIES.contains(&name.as_str()) {
            found.push(format!("no capability `{word}`"));
        }
    }
    found.extend(super::profile::refusals(spec));
    found
}
