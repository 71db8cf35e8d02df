//! The commands that mend a node, by its distribution (`ID` and `ID_LIKE` of os-release(5)).

use crate::facts::Health;
use crate::model::EngineKind;

/// Whose package manager a node has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Apt,
    Dnf,
    Apk,
    Zypper,
}

/// Names of packages: apt, dnf, apk, zypper; empty = the distribution has none.
type Names = [&'static str; 4];

/// Which packages bring which programs. Programs that are not here have packages of their own name.
const PACKAGES: [(&[&str], Names); 20] = [
    (&["docker"], ["docker.io", "moby-engine", "docker", "docker"]),
    (&["podman"], ["podman", "podman", "podman", "podman"]),
    (&["lxc"], ["lxc", "lxc lxc-templates", "lxc lxc-templates lxc-download", "lxc"]),
    (&["nspawn"], ["systemd-container", "systemd-container", "", "systemd-container"]),
    (&["cri"], ["cri-tools", "cri-tools", "cri-tools", "cri-tools"]),
    (&["ip"], ["iproute2", "iproute", "iproute2", "iproute2"]),
    (&["ping"], ["iputils-ping", "iputils", "iputils", "iputils"]),
    (&["awk"], ["mawk", "gawk", "gawk", "gawk"]),
    (&["find"], ["findutils", "findutils", "findutils", "findutils"]),
    (&["readlink", "timeout", "id"], ["coreutils", "coreutils", "coreutils", "coreutils"]),
    (&["setpriv"], ["util-linux", "util-linux", "setpriv", "util-linux"]),
    (&["flock"], ["util-linux", "util-linux-core", "flock", "util-linux"]),
    (
        &["mount", "umount", "pivot_root", "nsenter", "setsid", "taskset", "unshare", "lscpu"],
        ["util-linux", "util-linux", "util-linux util-linux-misc", "util-linux"],
    ),
    (&["xz"], ["xz-utils", "xz", "xz", "xz"]),
    (&["newuidmap", "newgidmap"], ["uidmap", "shadow-utils", "shadow-subids", "shadow"]),
    (&["supervisord"], ["supervisor", "supervisor", "supervisor", "supervisor"]),
    (&["crun"], ["crun", "crun", "crun", "crun"]),
    (&["runc"], ["runc", "runc", "runc", "runc"]),
    (&["runsc"], ["runsc", "", "", ""]),
    (&["kata"], ["", "kata-containers", "", "katacontainers"]),
];

fn family(health: &Health) -> Option<Family> {
    health.os.iter().find_map(|word| match word.as_str() {
        "debian" | "ubuntu" => Some(Family::Apt),
        "fedora" | "rhel" | "centos" | "rocky" | "almalinux" => Some(Family::Dnf),
        "alpine" => Some(Family::Apk),
        "suse" | "opensuse" | "sles" | "opensuse-leap" | "opensuse-tumbleweed" => {
            Some(Family::Zypper)
        }
        _ => None,
    })
}

/// What installs a program, an engine (by its word) or a runtime.
pub(super) fn install(health: &Health, what: &str) -> String {
    let row = PACKAGES.into_iter().find(|(words, _)| words.contains(&what)).map(|(_, names)| names);
    let Some(family) = family(health) else {
        return format!("install `{what}` with the node's package manager");
    };
    let names = row.map_or(what, |names| names[family as usize]);
    // Docker's package is Fedora's; those like it have only Docker's own.
    if what == "docker"
        && family == Family::Dnf
        && health.os.first().is_none_or(|os| os != "fedora")
    {
        return "dnf install -y dnf-plugins-core && dnf config-manager --add-repo \
                https://download.docker.com/linux/centos/docker-ce.repo && dnf install -y docker-ce \
                && systemctl enable --now docker"
            .to_owned();
    }
    if names.is_empty() {
        return format!(
            "install `{what}` as its makers say: this distribution has no package of it"
        );
    }
    let from_epel = ["lxc"].contains(&what) && health.os.first().is_none_or(|os| os != "fedora");
    let command = match family {
        Family::Dnf if from_epel => {
            format!("dnf install -y epel-release && dnf install -y {names}")
        }
        Family::Apt => format!("apt-get update && apt-get install -y {names}"),
        Family::Dnf => format!("dnf install -y {names}"),
        Family::Apk => format!("apk add {names}"),
        Family::Zypper => format!("zypper --non-interactive install {names}"),
    };
    match (what, family) {
        // Packages of the others start it.
        ("docker", Family::Dnf | Family::Zypper) => {
            format!("{command} && systemctl enable --now docker")
        }
        ("docker", Family::Apk) => {
            format!("{command} && rc-update add docker && rc-service docker start")
        }
        _ => command,
    }
}

/// What brings a version that is new enough.
pub(super) fn upgrade(health: &Health, engine: EngineKind) -> String {
    let word = engine.word();
    match family(health) {
        Some(Family::Apt) => format!(
            "upgrade the node to a release of its distribution with a newer {word}, or take {word} \
             from its makers' repository (`apt-cache policy` shows what there is)"
        ),
        Some(Family::Dnf) => format!("dnf upgrade -y {word}"),
        Some(Family::Apk) => format!("apk add --upgrade {word}"),
        Some(Family::Zypper) => format!("zypper --non-interactive update {word}"),
        None => format!("install a newer {word}"),
    }
}

/// What makes a service answer.
pub(super) fn restart(health: &Health, service: &str) -> String {
    match family(health) {
        _ if health.systemd => format!("systemctl enable {service} && systemctl restart {service}"),
        Some(Family::Apk) => format!("rc-update add {service} && rc-service {service} restart"),
        _ => format!("service {service} restart"),
    }
}

/// What loads a kernel module, or brings it.
pub(super) fn module(health: &Health, name: &str, option: &str) -> String {
    let extra = match (family(health), health.os.first().map(String::as_str)) {
        (Some(Family::Apt), Some("ubuntu")) => {
            Some("apt-get install -y linux-modules-extra-$(uname -r)")
        }
        (Some(Family::Dnf), _) => Some("dnf install -y kernel-modules-extra"),
        _ => None,
    };
    match extra {
        Some(extra) => format!("{extra} && modprobe {name}"),
        None => format!("run a kernel with CONFIG_{option}, then `modprobe {name}`"),
    }
}
