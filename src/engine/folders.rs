//! Host folders that mounts ask for. Pure.

use super::ContainerSpec;
use crate::command::Command;

/// Makes the host paths written with a trailing `/`; every other one must exist.
pub(super) fn make_folders(spec: &ContainerSpec) -> Option<Command> {
    let hosts = spec.mounts.iter().map(|mount| mount.host.as_str());
    let folders: Vec<&str> = hosts.filter(|host| host.ends_with('/')).collect();
    let mkdir = ["mkdir", "-p", "--"].into_iter();
    (!folders.is_empty()).then(|| Command::new(mkdir.chain(folders)))
}
