//! The troubleshooter: looks at how a command failed and says what mends it.

use super::clean;
use crate::transport::Exit;

/// Texts (lower case) and what to do about them; the first that applies counts. A rule applies
/// when all of its texts occur. Wordings are those of docker 20 to 28, podman 4 and 5, lxc 5,
/// dash, bash, sudo and the kernel.
const RULES: &[(&[&str], &str)] = &[
    (
        &["permission denied", "docker"],
        "the login user may not talk to docker: let it become root (`become = \"sudo\"`), or add \
         it to the group `docker`",
    ),
    (&["cannot connect to the docker daemon"], START_DOCKER),
    (&["failed to connect to the docker api"], START_DOCKER),
    (&["a password is required"], SUDO),
    (&["a terminal is required to read the password"], SUDO),
    (&["is not in the sudoers file"], SUDO),
    (
        &["executable file not found"],
        "the image has no such program: check `command` and `image` of the group",
    ),
    (
        &["exec format error"],
        "the image is made for another processor: choose one for the node's architecture",
    ),
    (&["pull access denied"], NO_IMAGE),
    (&["manifest unknown"], NO_IMAGE),
    (&["unable to find image"], NO_IMAGE),
    (&["no such image"], NO_IMAGE),
    (&["image not known"], NO_IMAGE),
    (&["did not resolve to an alias"], "write the image with its registry, e.g. docker.io/name"),
    (
        &["toomanyrequests"],
        "the registry refuses more pulls: log in there, or give a tarball by `image_file`",
    ),
    (&["no such host"], NO_REGISTRY),
    (&["temporary failure in name resolution"], NO_REGISTRY),
    (&["tls handshake timeout"], NO_REGISTRY),
    (&["port is already allocated"], PORT),
    (&["address already in use"], PORT),
    (&["the container name", "is already in use"], NAME),
    (&["container already exists"], NAME),
    (
        &["requested cpus are not available"],
        "the node does not let its engine use these CPUs: compare `vnfctl check` with \
         /sys/fs/cgroup on the node",
    ),
    (&["cpuset", "permission denied"], CGROUP),
    (&["cpuset", "invalid argument"], CGROUP),
    (&["cpuset", "numerical result out of range"], CGROUP),
    (&["cgroup", "read-only file system"], CGROUP),
    (
        &["cgroup", "permission denied"],
        "the node's cgroups are not writable: become root there, or have them delegated",
    ),
    (
        &["no space left on device"],
        "the node's disk is full: `df -h` there, then `docker system prune` or the like",
    ),
    (
        &["lxc-start", "no container config"],
        "the container is not there any more: `vnfctl create` makes it",
    ),
    (
        &["lxc-start", "failed"],
        "to see why: `lxc-start --foreground --logpriority DEBUG --logfile /dev/stderr --name \
         CONTAINER` on the node",
    ),
    (
        &["mount", "does not exist"],
        "create the mount's source on the node, or end it with `/` to have it made",
    ),
    (
        &["has no package manager"],
        "choose another `image`: one that has a package manager, or the software itself, such as \
         `install_as_image` makes",
    ),
    (
        &["package lists could not be fetched"],
        "inside there is no way to the packages: give the container a `network` and a proxy, give \
         files by `package_files`, or an `image` that has them (docker, podman: `install_as_image`)",
    ),
    (
        &["could be fetched for:"],
        "inside there is no way to the packages they need: name their files in `package_files` too",
    ),
    (&["unmet dependencies"], "add what is needed to `packages`, or its file to `package_files`"),
    (&["does not know: "], "check the names in `packages`, and the sources of the image"),
    (
        &["package file", "is not the one meant"],
        "fetch the file again, or correct its `sha256` in the topology",
    ),
    (
        &["packages could not be installed", "read-only file system"],
        "a native container without `image` has the node's `/usr`, read-only: give the group an \
         `image`, or install on the node",
    ),
    (&["operation not permitted"], ROOT),
    (&["cannot lock it", "permission denied"], ROOT),
];

const ROOT: &str = "this needs root on the node: see `become`";
const START_DOCKER: &str = "docker does not run on the node: `systemctl start docker` there";
const SUDO: &str = "sudo asks for a password: allow the login user to run commands without one \
                    (`NOPASSWD:` in /etc/sudoers.d), or log in as root";
const NO_IMAGE: &str = "no registry has this image: check its name, or give a tarball by \
                        `image_file`";
const NO_REGISTRY: &str = "the node cannot reach the registry: check its network and proxy, or \
                           give a tarball by `image_file`";
const PORT: &str = "another program on the node has the port: change `publish`, or find it by \
                    `ss -ltnp`";
const NAME: &str = "a container of this name exists and is not ours: rename it or set `prefix` \
                    in the topology";
const CGROUP: &str = "the kernel refuses these CPUs or memory nodes here: the parent cgroup of the \
                      engine on the node may not own them";

/// Programs that engines and links need, and the Debian package of each.
const PACKAGES: &[(&str, &str)] = &[
    ("docker", "docker.io"),
    ("podman", "podman"),
    ("lxc-start", "lxc"),
    ("lxc-stop", "lxc"),
    ("lxc-create", "lxc"),
    ("lxc-copy", "lxc"),
    ("lxc-destroy", "lxc"),
    ("lxc-attach", "lxc"),
    ("lxc-info", "lxc"),
    ("lxc-ls", "lxc"),
    ("ip", "iproute2"),
    ("ping", "iputils-ping"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("taskset", "util-linux"),
    ("lscpu", "util-linux"),
    ("setsid", "util-linux"),
    ("flock", "util-linux"),
    ("mount", "mount"),
    ("sudo", "sudo"),
    ("tar", "tar"),
    ("xz", "xz-utils"),
    ("zstd", "zstd"),
    ("gzip", "gzip"),
    ("busybox", "busybox-static"),
    ("debootstrap", "debootstrap"),
    ("timeout", "coreutils"),
    ("sha256sum", "coreutils"),
    ("awk", "mawk"),
];

/// What mends a command that ended this way and wrote this to stderr.
pub fn hint(exit: Exit, stderr: &str) -> Option<String> {
    let text = clean(stderr).to_lowercase();
    if let Some(found) = missing_program(&text) {
        return Some(found);
    }
    if let Some((_, advice)) =
        RULES.iter().find(|(texts, _)| texts.iter().all(|each| text.contains(each)))
    {
        return Some((*advice).to_owned());
    }
    match exit {
        Exit::Deadline(_) => Some(
            "the command hung or was too slow: try it by hand on the node, or allow more by \
             `--timeout`"
                .to_owned(),
        ),
        Exit::Signal(9) | Exit::Code(137) => Some(
            "killed from outside, often for want of memory: `dmesg | tail` on the node".to_owned(),
        ),
        _ => None,
    }
}

/// A program that a shell, `env` or `timeout` did not find, with its package.
fn missing_program(text: &str) -> Option<String> {
    // Inside a container the image is at fault, not the node.
    if text.contains("executable file not found") || text.contains("oci runtime") {
        return None;
    }
    let is_missing = |program: &str| {
        text.lines().any(|line| {
            [
                format!(": {program}: not found"),
                format!(": {program}: command not found"),
                format!("‘{program}’: no such file"),
                format!("'{program}': no such file"),
            ]
            .iter()
            .any(|phrase| line.contains(phrase))
        })
    };
    let (program, package) = PACKAGES.iter().find(|(program, _)| is_missing(program))?;
    Some(format!("the node has no `{program}`: `apt-get install {package}` there"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn known_failures_have_a_hint() {
        for (stderr, word) in [
            (
                "docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
                "systemctl",
            ),
            (
                "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: dial unix",
                "group `docker`",
            ),
            ("sudo: a password is required", "NOPASSWD"),
            (
                "Error response from daemon: pull access denied for x, repository does not exist",
                "image_file",
            ),
            (
                "Error: short-name \"x\" did not resolve to an alias and no registries are defined",
                "with its registry",
            ),
            (
                "driver failed programming: Bind for 0.0.0.0:2379 failed: port is already allocated",
                "ss -ltnp",
            ),
            (
                "Conflict. The container name \"/A1\" is already in use by container \"c0\"",
                "prefix",
            ),
            ("Requested CPUs are not available - requested 9, available: 0-1", "vnfctl check"),
            (
                "sh: 1: cannot create /sys/fs/cgroup/cpuset/x/cpuset.cpus: Permission denied",
                "parent cgroup",
            ),
            (
                "sh: 1: echo: echo: I/O error: /sys/fs/cgroup/cpuset.cpus Invalid argument",
                "parent cgroup",
            ),
            ("this container has no package manager: none of apt-get", "install_as_image"),
            ("apt-get does not know: x, and its package lists could not be fetched", "network"),
            ("not everything could be fetched for: 1-x.deb", "package_files"),
            ("unmet dependencies: x needs y", "`packages`"),
            ("dnf does not know: vpq", "check the names"),
            ("package file `x.deb` is not the one meant: its SHA-256 is 1", "correct"),
            (
                "E: unpacking: Read-only file system\npackages could not be installed: x",
                "give the group an `image`",
            ),
            ("sh: 1: docker: not found", "docker.io"),
            ("bash: line 1: lxc-copy: command not found", "apt-get install lxc"),
            (
                "timeout: failed to run command ‘podman’: No such file or directory",
                "install podman",
            ),
            ("exec: \"ip\": executable file not found in $PATH: unknown", "`command`"),
            (
                "lxc-start: A1: tools/lxc_start.c: main: 306 The container failed to start",
                "--logpriority",
            ),
        ] {
            let told = hint(Exit::Code(1), stderr).unwrap_or_default();
            assert!(told.contains(word), "{stderr}\n-> {told}");
        }
    }

    #[test]
    fn an_unknown_failure_has_no_hint_but_a_hung_one_has() {
        assert_eq!(hint(Exit::Code(1), "something odd"), None);
        assert_eq!(hint(Exit::Code(127), "sh: 1: myprog: not found"), None);
        assert!(hint(Exit::Deadline(Duration::from_secs(1)), "").unwrap().contains("--timeout"));
        assert!(hint(Exit::Code(137), "").unwrap().contains("dmesg"));
    }
}
