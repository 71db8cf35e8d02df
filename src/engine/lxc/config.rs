//! The files of a container's folder, as one text, and what only the node can fill in.
//! Source of the keys: lxc.container.conf(5).

use super::variables;
use crate::command::quote;
use crate::engine::{ContainerSpec, Labels};
use crate::facts::{CgroupVersion, Facts, MAPPED_IDS};
use crate::wiring::GUEST_FOLDER;
use std::fmt::Write;

/// What `common.conf` drops.
const DROPPED: [&str; 5] = ["mac_admin", "mac_override", "sys_time", "sys_module", "sys_rawio"];

/// All files in one text: the first line is the mark, `<mark> <file>` begins the next file.
pub(super) fn files(spec: &ContainerSpec, facts: &Facts) -> String {
    let mut files = vec![("config", config(spec, facts))];
    files.extend(variables::script(&spec.env).map(|script| ("vnfctl-env", script)));
    files.push(("vnfctl-start", start(spec)));
    let mut mark = "#>".to_owned();
    while files.iter().any(|(_, text)| text.lines().any(|line| line.starts_with(&mark))) {
        mark.push('>');
    }
    files.iter().fold(mark.clone() + "\n", |text, (file, content)| {
        text + &mark + " " + file + "\n" + content
    })
}

/// Words of `create.sh` for mounts and devices, whose kind and numbers the node knows.
pub(super) fn words_of_node(spec: &ContainerSpec) -> Vec<String> {
    let mut words = Vec::new();
    for mount in &spec.mounts {
        let flags = match mount.read_only {
            true => "rbind,ro",
            // The sockets in it are the node's root's.
            false if spec.security.idmap.is_some() && mount.guest == GUEST_FOLDER => {
                "rbind,idmap=container"
            }
            false => "rbind",
        };
        words.extend(["mount".into(), mount.host.clone(), entry(&mount.host, &mount.guest, flags)]);
    }
    for device in &spec.devices {
        let mut parts = device.splitn(3, ':');
        let host = parts.next().unwrap_or_default();
        let (guest, access) = match (parts.next(), parts.next()) {
            (None, _) => (host, "rwm"),
            // As Docker reads it: a second part that is no path is the access.
            (Some(access), None) if !access.starts_with('/') => (host, access),
            (Some(guest), access) => (guest, access.unwrap_or("rwm")),
        };
        let entry = entry(host, guest, "bind");
        words.extend(["device".into(), host.to_owned(), entry, access.to_owned()]);
    }
    if spec.privileged {
        words.push("privileged".into());
    }
    words
}

/// The first fields of an fstab line (fstab(5)); the guest path is relative to the root.
fn entry(host: &str, guest: &str, flags: &str) -> String {
    format!("{} {} none {flags}", fstab(host), fstab(guest.trim_start_matches('/')))
}

fn fstab(path: &str) -> String {
    let escape = |c: char| match c {
        ' ' => "\\040".to_owned(),
        '\t' => "\\011".to_owned(),
        '\n' => "\\012".to_owned(),
        '\\' => "\\134".to_owned(),
        c => c.to_string(),
    };
    path.chars().map(escape).collect()
}

fn config(spec: &ContainerSpec, facts: &Facts) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        writeln!(text, "{key} = {value}").expect("a string takes all");
    };
    for (key, value) in spec.labels.pairs() {
        line(&format!("# {}{key}", Labels::PREFIX), &value);
    }
    line("# vnfctl-image", spec.image.name.as_deref().unwrap_or_default());
    line("lxc.uts.name", &spec.name);
    if spec.network.as_deref() == Some("host") {
        line("lxc.net.0.type", "none");
    } else {
        line("lxc.net.0.type", "empty");
        line("lxc.net.0.flags", "up"); // the loopback's
    }
    let (group, memory) = match facts.cgroup.version {
        CgroupVersion::V1 | CgroupVersion::Hybrid => ("lxc.cgroup", "memory.limit_in_bytes"),
        CgroupVersion::V2 => ("lxc.cgroup2", "memory.max"),
    };
    for (name, list) in [("cpuset.mems", spec.memset()), ("cpuset.cpus", spec.cpuset())] {
        if !list.is_empty() {
            line(&format!("{group}.{name}"), &list);
        }
    }
    if let Some(bytes) = spec.memory {
        line(&format!("{group}.{memory}"), &bytes.to_string());
    }
    if let Some(to) = spec.security.idmap.and_then(|map| facts.subids.mapped(map)) {
        line("lxc.idmap", &format!("u 0 {} {MAPPED_IDS}", to.uid));
        line("lxc.idmap", &format!("g 0 {} {MAPPED_IDS}", to.gid));
        line("lxc.rootfs.options", "idmap=container");
    }
    if !spec.command.is_empty() {
        line("lxc.signal.halt", "SIGTERM"); // inits have signals of their own
    }
    if spec.privileged {
        line("lxc.seccomp.profile", "");
        line(&format!("{group}.devices.allow"), "a");
        line("lxc.mount.auto", "");
        line("lxc.mount.auto", "cgroup:rw proc:rw sys:rw");
    }
    let (drop, keep) = capabilities(spec);
    if let Some(drop) = drop {
        line("lxc.cap.drop", "");
        if !drop.is_empty() {
            line("lxc.cap.drop", &drop);
        }
    }
    if let Some(keep) = keep {
        line("lxc.cap.keep", &keep);
    }
    text + &variables::lines(&spec.env)
}

/// Values of `lxc.cap.drop` (empty = nothing) and `lxc.cap.keep`, which exclude each other.
fn capabilities(spec: &ContainerSpec) -> (Option<String>, Option<String>) {
    let names = |list: &[String]| -> Vec<String> {
        let bare = |name: &String| name.to_lowercase().trim_start_matches("cap_").to_owned();
        list.iter().map(bare).collect()
    };
    let (add, drop) = (names(&spec.cap_add), names(&spec.cap_drop));
    let is_all = |name: &String| name == "all";
    if drop.iter().any(is_all) && !add.iter().any(is_all) {
        let keep = if add.is_empty() { "none".into() } else { add.join(" ") };
        return (Some(String::new()), Some(keep));
    }
    if add.is_empty() && drop.is_empty() && !spec.privileged {
        return (None, None);
    }
    let all = spec.privileged || add.iter().any(is_all);
    let usual = DROPPED.map(str::to_owned).into_iter().filter(|name| !all && !add.contains(name));
    let mut dropped: Vec<String> = usual.collect();
    dropped.extend(
        drop.into_iter()
            .filter(|name| !dropped.contains(name) && !is_all(name))
            .collect::<Vec<_>>(),
    );
    (Some(dropped.join(" ")), None)
}

/// The script that starts the container, now and later; `$dir` is its folder.
fn start(spec: &ContainerSpec) -> String {
    let command: Vec<String> = spec.command.iter().map(|word| quote(word)).collect();
    let command =
        if command.is_empty() { String::new() } else { format!(" -- {}", command.join(" ")) };
    let name = quote(&spec.name);
    // A definition without a value takes it from the environment; in the configuration itself it
    // would make every program fail that reads it without the variable (LXC 5.0).
    format!(
        "umask 022\n\
         vnfctl_inherited=\n\
         [ ! -e \"$dir/vnfctl-env\" ] || . \"$dir/vnfctl-env\"\n\
         set --\n\
         for vnfctl_variable in $vnfctl_inherited; do\n\
         set -- \"$@\" --define \"lxc.environment=$vnfctl_variable\"\n\
         done\n\
         exec lxc-start --name {name} --daemon \"$@\"{command}\n"
    )
}
