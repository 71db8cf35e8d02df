//! The words of systemd-nspawn(1) for a specification, and what it cannot do. Pure.

use super::security;
use crate::command::is_variable_name;
use crate::engine::ContainerSpec;
use crate::engine::native::config as native;
use crate::engine::variables::is_passed_on;
use crate::facts::Facts;
use std::fmt::Write as _;

/// What systemd-nspawn(1) keeps by itself.
const KEPT: [&str; 26] = [
    "audit_control",
    "audit_write",
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "ipc_owner",
    "kill",
    "lease",
    "linux_immutable",
    "mknod",
    "net_bind_service",
    "net_broadcast",
    "net_raw",
    "setfcap",
    "setgid",
    "setpcap",
    "setuid",
    "sys_admin",
    "sys_boot",
    "sys_chroot",
    "sys_nice",
    "sys_ptrace",
    "sys_resource",
    "sys_tty_config",
];

/// Settings of systemd-nspawn that are variables: messages that can be read in a log.
const SETTINGS: [&str; 3] =
    ["SYSTEMD_LOG_TARGET=console", "SYSTEMD_LOG_COLOR=0", "SYSTEMD_LOG_LEVEL=err"];

/// As native's config, with `option` records, the words before the command, and `setting`
/// records, variables of systemd-nspawn itself.
pub(super) fn config(spec: &ContainerSpec, facts: &Facts) -> String {
    let mut text = native::config(spec, facts);
    let mut record = |key: &str, value: &str| {
        let lines = value.split('\n').count();
        writeln!(text, "{key} {lines}\n{value}").expect("a String takes all text");
    };
    for word in options(spec) {
        record("option", &word);
    }
    for setting in SETTINGS.map(str::to_owned).into_iter().chain(security::settings(spec)) {
        record("setting", &setting);
    }
    for sysctl in security::sysctls(spec) {
        record("net_sysctl", &sysctl);
    }
    if spec.privileged {
        record("setting", "SYSTEMD_NSPAWN_API_VFS_WRITABLE=1");
    } else if !native::is_host(spec) {
        record("setting", "SYSTEMD_NSPAWN_API_VFS_WRITABLE=network");
    }
    for (name, value) in spec.env.iter().filter(|(name, _)| is_passed_on(name)) {
        record("setting", &format!("{name}={value}"));
    }
    text
}

fn options(spec: &ContainerSpec) -> Vec<String> {
    let mut words = vec![
        // A container's name is no machine name when it has underscores.
        format!("--machine={}", spec.name.replace('_', "-")),
        "--keep-unit".to_owned(),
        "--console=pipe".to_owned(),
        "--link-journal=no".to_owned(),
        "--timezone=off".to_owned(),
    ];
    // The namespace is made around it, so that its `/sys` can be.
    if !native::is_host(spec) {
        words.push("--resolv-conf=off".to_owned());
    }
    if spec.privileged {
        words.push("--capability=all".to_owned());
        // Its own devices would hide the node's; memory that is shared stays its own.
        words.extend(["--bind=/dev", "--tmpfs=/dev/shm:mode=1777"].map(str::to_owned));
    } else {
        words.extend(capabilities(spec));
    }
    words.extend(security::options(spec));
    for mount in &spec.mounts {
        let option = if mount.read_only { "--bind-ro" } else { "--bind" };
        words.push(bind(option, &mount.host, &mount.guest));
    }
    for device in &spec.devices {
        let (host, guest, _) = native::device_parts(device);
        words.push(bind("--bind", host, guest));
    }
    let variable = |(name, value): &(String, String)| {
        let value = if is_passed_on(name) { String::new() } else { format!("={value}") };
        format!("--setenv={name}{value}")
    };
    words.extend(spec.env.iter().map(variable));
    words
}

/// What it has more, and less, than systemd-nspawn gives by itself.
fn capabilities(spec: &ContainerSpec) -> Vec<String> {
    let set = native::bounding_set(spec);
    let wanted: Vec<&str> = set.split(",+").skip(1).collect();
    let usual = |name: &str| KEPT.contains(&name);
    let list = |option: &str, chosen: &dyn Fn(&str) -> bool| {
        let names = native::CAPABILITIES.iter().filter(|name| chosen(name));
        let names: Vec<String> = names.map(|n| format!("CAP_{}", n.to_uppercase())).collect();
        (!names.is_empty()).then(|| format!("{option}={}", names.join(",")))
    };
    let more = list("--capability", &|name| wanted.contains(&name) && !usual(name));
    let less = list("--drop-capability", &|name| usual(name) && !wanted.contains(&name));
    more.into_iter().chain(less).collect()
}

/// Colons separate, and a backslash takes their meaning away.
fn bind(option: &str, host: &str, guest: &str) -> String {
    let escaped = |path: &str| path.replace('\\', "\\\\").replace(':', "\\:");
    format!("{option}={}:{}", escaped(host), escaped(guest))
}

/// What nspawn cannot do of `spec`, one sentence each.
pub(super) fn refusals(spec: &ContainerSpec) -> Vec<String> {
    let mut found = Vec::new();
    match spec.image.name.as_deref() {
        None if spec.image.file.is_none() && spec.image.recipe.is_none() => {
            found.push("nspawn needs an `image`: a folder of the node, or a tarball's".to_owned());
        }
        Some(name)
            if spec.image.file.is_none()
                && spec.image.recipe.is_none()
                && !name.starts_with('/') =>
        {
            found.push(format!("an nspawn image is an absolute folder or a tarball: `{name}`"));
        }
        Some("/") => found.push("nspawn cannot run the node's own root".to_owned()),
        _ => {}
    }
    if !spec.publish.is_empty() {
        found.push("nspawn publishes no ports: use `network = \"host\"` or a link".to_owned());
    }
    if let Some(network) = spec.network.as_deref().filter(|mode| !["host", "none"].contains(mode)) {
        found.push(format!("nspawn has no network mode `{network}`: it knows `none` and `host`"));
    }
    // A host name of more is refused by the kernel (`__NEW_UTS_LEN`).
    if spec.name.len() > 64 {
        found.push(format!("nspawn names are host names: `{}` is over 64 bytes", spec.name));
    }
    for mount in &spec.mounts {
        if mount.guest.trim_matches('/').is_empty() {
            found.push(format!("nspawn cannot mount `{}` over the root", mount.host));
        }
    }
    for (name, _) in spec.env.iter().filter(|(name, _)| !is_variable_name(name)) {
        found.push(format!("nspawn sets shell variables only: `{name}`"));
    }
    for device in &spec.devices {
        let (host, guest, rights) = native::device_parts(device);
        if !host.starts_with('/') || !guest.starts_with('/') {
            found.push(format!("nspawn takes devices by absolute paths: `{device}`"));
        }
        if !rights.contains('r') || !rights.contains('w') {
            found.push(format!("nspawn gives devices for reading and writing: `{device}`"));
        }
    }
    for word in spec.cap_add.iter().chain(&spec.cap_drop) {
        let name = native::capability(word);
        if name != "all" && !native::CAPABILITIES.contains(&name.as_str()) {
            found.push(format!("no capability `{word}`"));
        }
    }
    found.extend(security::refusals(spec));
    found
}
