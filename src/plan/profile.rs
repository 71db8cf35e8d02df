//! The security profile of a group: how its specification says it, which folders its app needs
//! beside it, and which app cannot live with it.

use super::compare::Observation;
use super::install;
use super::request::Refusal;
use super::wanted::Wanted;
use crate::app::{FOLDER, driver};
use crate::engine::{Lack, lacks};
use crate::model::{Group, Mount, Seccomp, Security, Selinux};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Writable in memory below a root that cannot be written.
const IN_MEMORY: [&str; 3] = ["/run", "/tmp", "/var/tmp"];

/// Folders that hold one of each program.
const SHARED: [&str; 5] = ["/etc", "/opt", "/srv", "/var/lib", "/var/opt"];

/// Field by field, for the description in the labels.
pub(super) fn describe(security: &Security, put: &mut dyn FnMut(&str, Value)) {
    put("seccomp", json!(security.seccomp.as_ref().map(Seccomp::word)));
    put("apparmor", json!(security.apparmor));
    put("selinux", json!(security.selinux.as_ref().map(Selinux::word)));
    put("no_new_privileges", json!(security.no_new_privileges));
    put("read_only", json!(security.read_only));
    put("user", json!(security.user));
    for (name, value) in &security.sysctls {
        put(&format!("sysctls.{name}"), json!(value));
    }
    for (name, limit) in &security.ulimits {
        put(&format!("ulimits.{name}"), json!(limit.words()));
    }
    put("pids", json!(security.pids));
}

/// Whether the first process may not write to the root as an app is used to.
fn is_bound(group: &Group) -> bool {
    group.security.read_only || group.security.user.as_deref().is_some_and(|user| !is_root(user))
}

/// Whether a `user[:group]` is root.
fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or_default();
    name == "root" || name.parse::<u32>() == Ok(0)
}

/// [`crate::engine::ContainerSpec::tmpfs`].
pub(super) fn tmpfs(group: &Group) -> Vec<String> {
    let folders = match (group.security.read_only, group.app.is_some() && is_bound(group)) {
        (true, _) => &IN_MEMORY[..],
        // An app that is no root makes its sockets and pid files itself.
        (false, true) => &IN_MEMORY[..1],
        (false, false) => &[],
    };
    folders.iter().map(ToString::to_string).collect()
}

/// [`crate::engine::ContainerSpec::kept`].
pub(super) fn kept(group: &Group) -> Vec<String> {
    let Some(app) = group.app.as_ref().filter(|_| is_bound(group)) else { return Vec::new() };
    let of_app = driver(&app.kind).folders().iter().copied();
    let of_files = app.files.iter().filter_map(|file| own_folder(&file.path));
    let folders: BTreeSet<&str> = std::iter::once(FOLDER).chain(of_app).chain(of_files).collect();
    let is_mounted = |folder: &&str| group.mounts.iter().any(|mount| guest(mount) == *folder);
    folders.into_iter().filter(|folder| !is_mounted(folder)).map(str::to_owned).collect()
}

/// The folder below one of [`SHARED`] that a file lies in: its program's own, by custom.
fn own_folder(path: &str) -> Option<&str> {
    SHARED.iter().find_map(|shared| {
        let rest = path.strip_prefix(shared)?.strip_prefix('/')?;
        let name = &rest[..rest.find('/')?];
        Some(&path[..shared.len() + 1 + name.len()])
    })
}

/// What an app cannot do in its container, one sentence each.
pub(super) fn refusals(wanted: &Wanted<'_>) -> Vec<String> {
    let (group, spec) = (wanted.group, &wanted.spec);
    let Some(app) = group.app.as_ref().filter(|_| is_bound(group)) else { return Vec::new() };
    let mut found = Vec::new();
    if group.security.read_only && !app.install.is_empty() && install::kept_digest(group).is_none()
    {
        found.push(
            "nothing can be installed into a container whose root is `read_only`: take an image \
             that holds the software, or `install_as_image` with docker or podman"
                .to_owned(),
        );
    }
    let open: Vec<&str> = spec.mounts.iter().filter(|it| !it.read_only).map(guest).collect();
    // What is in memory would be gone after a stop.
    let open: Vec<&str> = open.into_iter().chain(spec.kept.iter().map(String::as_str)).collect();
    let key = if group.security.read_only { "read_only" } else { "user" };
    for file in wanted.app.iter().flat_map(|app| &app.files) {
        if !open.iter().any(|folder| is_below(&file.path, folder)) {
            found.push(format!(
                "with `{key}` the file `{}` of the app needs a folder of its own, such as \
                 `/etc/NAME`: it cannot be written where it is",
                file.path,
            ));
        }
    }
    found
}

/// What the nodes lack of what containers ask for: once per node and group.
pub fn lacking<'w>(
    wanted: impl IntoIterator<Item = &'w Wanted<'w>>,
    observation: &Observation,
) -> Vec<Refusal> {
    let mut found: Vec<Refusal> = Vec::new();
    for one in wanted {
        let Some(state) = observation.get(one.node) else { continue };
        for Lack { message, hint } in lacks(one.group.engine, &one.spec, &state.facts) {
            let message = format!("{message} of group `{}`", one.group.name);
            let (node, container) = (one.node.to_owned(), String::new());
            let refusal = Refusal { node, container, message, hint };
            if !found.contains(&refusal) {
                found.push(refusal);
            }
        }
    }
    found
}

fn guest(mount: &Mount) -> &str {
    mount.guest.trim_end_matches('/')
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_a_folder_of_its_own() {
        assert_eq!(own_folder("/etc/own/a/b.conf"), Some("/etc/own"));
        assert_eq!(own_folder("/var/lib/own/x"), Some("/var/lib/own"));
        for path in ["/etc/own.conf", "/usr/lib/x", "/etcetera/own/x", "/var/own/x"] {
            assert_eq!(own_folder(path), None, "{path}");
        }
    }

    #[test]
    fn who_is_root() {
        for user in ["root", "0", "0:100", "root:vnf", "00"] {
            assert!(is_root(user), "{user}");
        }
        for user in ["1", "vnf", "vnf:0", "rooter"] {
            assert!(!is_root(user), "{user}");
        }
    }
}
