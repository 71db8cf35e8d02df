//! Which variables of a container may pass through the environment of the program that makes it.
//! Pure.

use crate::command::is_variable_name;

/// Names that steer the shell, the loader, Go's runtime or an engine's program itself: passing one
/// through the environment would change the program that should only hand it on.
const STEERING: &[&str] = &[
    "CDPATH",
    "ENV",
    "EUID",
    "HOME",
    "HOSTNAME",
    "IFS",
    "LANG",
    "LANGUAGE",
    "LINENO",
    "LOGNAME",
    "MAIL",
    "MAILPATH",
    "NOTIFY_SOCKET",
    "OLDPWD",
    "OPTARG",
    "OPTERR",
    "OPTIND",
    "PATH",
    "POSIXLY_CORRECT",
    "PPID",
    "PS1",
    "PS2",
    "PS4",
    "PWD",
    "SHELL",
    "SHELLOPTS",
    "SHLVL",
    "TERM",
    "TMPDIR",
    "TZ",
    "UID",
    "USER",
    "_",
    "container",
];

/// The same, by prefix; the last is that of variables in our own scripts.
const STEERING_PREFIXES: &[&str] = &[
    "BASH",
    "BUILDAH_",
    "BUILDKIT_",
    "CONTAINER",
    "CONTAINERS_",
    "DBUS_",
    "DOCKER_",
    "GLIBC_",
    "GO",
    "LC_",
    "LD_",
    "LISTEN_",
    "MALLOC_",
    "PODMAN_",
    "REGISTRY_",
    "SSL_",
    "STORAGE_",
    "SYSTEMD_",
    "XDG_",
    "_CONTAINERS_",
    "LXC_",
    "vnfctl_",
];

/// Whether the value may go through the process environment, and so stay out of argv.
pub(super) fn is_passed_on(name: &str) -> bool {
    is_variable_name(name)
        && !STEERING.contains(&name)
        && !STEERING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Those variables that pass through the process environment.
pub(super) fn through_environment(env: &[(String, String)]) -> Vec<(String, String)> {
    env.iter().filter(|(name, _)| is_passed_on(name)).cloned().collect()
}

/// A variable as a word of a command whose environment holds those that pass through it: its name,
/// or its name with its value.
pub(super) fn word((name, value): &(String, String)) -> String {
    if is_passed_on(name) { name.clone() } else { format!("{name}={value}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_the_program_is_written_out() {
        for name in ["PATH", "DOCKER_HOST", "LD_PRELOAD", "a b", "1X", "x.y", "", "CONTAINER_HOST"]
        {
            assert!(!is_passed_on(name), "{name}");
        }
        for name in ["MICROSERVICE_LABEL", "HTTP_PROXY", "http_proxy", "_x", "VPP_HOME"] {
            assert!(is_passed_on(name), "{name}");
        }
    }
}
