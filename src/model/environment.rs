//! `mounts`, `env`, `privileged`, `cap_add`, `cap_drop`, `devices`: what a container sees and may do.

use super::group::Section;
use super::names::nearest;
use super::problem::Report;
use super::read::Word;
use super::topology::Mount;

/// The variable every container gets; its value is the container's name.
const LABEL_VARIABLE: &str = "MICROSERVICE_LABEL";

/// capabilities(7) of Linux 6.x without `CAP_`, and docker's word for all of them.
const CAPABILITIES: [&str; 42] = [
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

/// Reads `mounts`.
pub(super) fn read_mounts(section: &Section<'_>, report: &mut Report) -> Vec<Mount> {
    let Some(entry) = section.get("mounts") else { return Vec::new() };
    let words = report.words("mounts", &entry.value).unwrap_or_default();
    let mut mounts: Vec<(Mount, Word<'_>)> = Vec::new();
    for word in words {
        let Some(mount) = read_mount(word, report) else { continue };
        let same = |other: &Mount| trimmed(&other.guest) == trimmed(&mount.guest);
        if let Some((first, place)) = mounts.iter().find(|(other, _)| same(other)) {
            let message = format!("two mounts have the same place `{}`", first.guest);
            report.add(word.place, message, "again").mark(place.place, "first here");
        }
        mounts.push((mount, word));
    }
    mounts.into_iter().map(|(mount, _)| mount).collect()
}

fn trimmed(path: &str) -> &str {
    path.trim_end_matches('/')
}

fn read_mount(word: Word<'_>, report: &mut Report) -> Option<Mount> {
    let parts: Vec<&str> = word.text.split(':').collect();
    let (host, guest, read_only) = match parts[..] {
        [host, guest] => (host, guest, false),
        [host, guest, "ro"] => (host, guest, true),
        _ => {
            report
                .add(word.place, format!("`{}` is not a mount", word.text), "cannot be read")
                .help("write `/path/on/node:/path/in/container`, with `:ro` for read-only");
            return None;
        }
    };
    for (path, side) in [(host, "on the node"), (guest, "in the container")] {
        if !path.starts_with('/') {
            let message = format!("the path {side} must be absolute");
            report.add(word.place, message, format!("`{path}` does not start with `/`"));
            return None;
        }
    }
    if trimmed(guest).is_empty() {
        report
            .add(word.place, "a mount cannot replace the container's root", "mounts over `/`")
            .help("the root comes from `image` or `image_file`");
        return None;
    }
    Some(Mount { host: host.to_owned(), guest: guest.to_owned(), read_only })
}

/// Reads `env`, in the order of the file.
pub(super) fn read_env(section: &Section<'_>, report: &mut Report) -> Vec<(String, String)> {
    let Some(table) = section.get("env").and_then(|entry| report.table("`env`", &entry.value))
    else {
        return Vec::new();
    };
    let mut env = Vec::new();
    for entry in &table.entries {
        let name = entry.key.as_str();
        if name.is_empty() || name.contains(['=', '\0']) {
            let shown = name.escape_default();
            report
                .add(&entry.place, format!("`{shown}` cannot name a variable"), "not a name")
                .help("a variable's name is not empty and has neither `=` nor NUL in it");
        } else if name == LABEL_VARIABLE {
            report
                .add(&entry.place, format!("`{name}` is set already"), "not yours to set")
                .help("every container gets its own name in this variable");
        }
        if let Some(word) = report.text(name, &entry.value) {
            env.push((entry.key.clone(), word.text.to_owned()));
        }
    }
    env
}

/// Reads `privileged`, `cap_add` and `cap_drop`.
pub(super) fn read_capabilities(
    section: &Section<'_>,
    report: &mut Report,
) -> (bool, Vec<String>, Vec<String>) {
    let privileged_entry = section.get("privileged");
    let privileged = privileged_entry
        .and_then(|entry| report.boolean("privileged", &entry.value))
        .unwrap_or(false);
    let mut read = |key: &str| match section.get(key) {
        Some(entry) => {
            let words = report.words(key, &entry.value).unwrap_or_default();
            read_caps(words, report)
        }
        None => Vec::new(),
    };
    let (add, drop) = (read("cap_add"), read("cap_drop"));
    // Docker and podman would leave out what takes something away again.
    for (key, label) in [("cap_add", "adds nothing"), ("cap_drop", "would drop nothing")] {
        if let (true, Some(first), Some(entry)) = (privileged, section.get(key), privileged_entry) {
            report
                .add(&first.place, format!("`{key}` does not go with `privileged`"), label)
                .mark(&entry.place, "gives all capabilities")
                .help("remove one of both");
        }
    }
    for (cap, word) in &drop {
        if let Some((_, added)) = add.iter().find(|(other, _)| other == cap) {
            report
                .add(word.place, format!("`{cap}` is both added and dropped"), "dropped here")
                .mark(added.place, "added here");
        }
    }
    let names = |caps: Vec<(String, Word<'_>)>| caps.into_iter().map(|(cap, _)| cap).collect();
    (privileged, names(add), names(drop))
}

fn read_caps<'a>(words: Vec<Word<'a>>, report: &mut Report) -> Vec<(String, Word<'a>)> {
    let mut caps: Vec<(String, Word<'a>)> = Vec::new();
    for word in words {
        let upper = word.text.to_ascii_uppercase();
        let cap = upper.strip_prefix("CAP_").unwrap_or(&upper);
        if !CAPABILITIES.contains(&cap) {
            let help = match nearest(cap, CAPABILITIES) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "see capabilities(7); `CAP_` in front may be left out".to_owned(),
            };
            let message = format!("unknown capability `{}`", word.text);
            report.add(word.place, message, "not known here").help(help);
        } else if let Some((_, first)) = caps.iter().find(|(other, _)| other == cap) {
            let message = format!("capability `{cap}` is listed twice");
            report.add(word.place, message, "again").mark(first.place, "first here");
        } else {
            caps.push((cap.to_owned(), word));
        }
    }
    caps
}

/// Reads `devices`, `host[:guest[:rwm]]`.
pub(super) fn read_devices(section: &Section<'_>, report: &mut Report) -> Vec<String> {
    let Some(entry) = section.get("devices") else { return Vec::new() };
    let words = report.distinct("devices", &entry.value);
    for word in words.iter().filter(|word| !is_device(word.text)) {
        report
            .add(word.place, format!("`{}` is not a device", word.text), "cannot be read")
            .help("write `/dev/x`, `/dev/x:/dev/y` or `/dev/x:/dev/y:rwm`, absolute paths");
    }
    words.iter().map(|word| word.text.to_owned()).collect()
}

fn is_device(text: &str) -> bool {
    let absolute = |path: &str| path.starts_with('/') && path.len() > 1;
    let rights = |text: &str| {
        !text.is_empty()
            && text.chars().all(|c| "rwm".contains(c))
            && "rwm".chars().all(|c| text.matches(c).count() <= 1)
    };
    match text.split(':').collect::<Vec<_>>()[..] {
        [host] => absolute(host),
        [host, guest] => absolute(host) && absolute(guest),
        [host, guest, access] => absolute(host) && absolute(guest) && rights(access),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices() {
        for text in ["/dev/vfio/vfio", "/dev/a:/dev/b", "/dev/a:/dev/b:rw", "/dev/a:/dev/b:m"] {
            assert!(is_device(text), "{text}");
        }
        for text in [
            "",
            "/",
            "dev/a",
            "/dev/a:b",
            "/dev/a:/dev/b:",
            "/dev/a:/dev/b:rr",
            "/a:/b:x",
            "/a:/b:r:w",
        ] {
            assert!(!is_device(text), "{text}");
        }
    }
}
