//! Words and refusals; the scripts are run for real by the live suite.

use super::options::{config, refusals};
use super::*;
use crate::model::{Mount, Seccomp, Ulimit};

fn spec() -> ContainerSpec {
    let image = Image { name: Some("/srv/root".into()), ..Image::default() };
    let command = vec!["sleep".into(), "infinity".into()];
    ContainerSpec { name: "DUT1_VNF1".into(), image, command, ..ContainerSpec::default() }
}

fn mount(host: &str, guest: &str, read_only: bool) -> Mount {
    Mount { host: host.into(), guest: guest.into(), read_only }
}

/// Values of all records of a key.
fn records(spec: &ContainerSpec, key: &str) -> Vec<String> {
    let text = config(spec, &Facts::default());
    let mut lines = text.lines();
    let mut found = Vec::new();
    while let Some((word, count)) = lines.next().and_then(|line| line.split_once(' ')) {
        let value: Vec<&str> = lines.by_ref().take(count.parse().unwrap()).collect();
        if word == key {
            found.push(value.join("\n"));
        }
    }
    found
}

#[test]
fn a_plain_container_has_what_native_gives() {
    let words = records(&spec(), "option");
    let expected = [
        "--machine=DUT1-VNF1",
        "--keep-unit",
        "--console=pipe",
        "--link-journal=no",
        "--timezone=off",
        "--resolv-conf=off",
        "--capability=CAP_NET_ADMIN",
        "--drop-capability=CAP_DAC_READ_SEARCH,CAP_LINUX_IMMUTABLE,CAP_NET_BROADCAST,CAP_IPC_OWNER,\
         CAP_SYS_PTRACE,CAP_SYS_ADMIN,CAP_SYS_BOOT,CAP_SYS_NICE,CAP_SYS_RESOURCE,\
         CAP_SYS_TTY_CONFIG,CAP_MKNOD,CAP_LEASE,CAP_AUDIT_CONTROL",
    ];
    assert_eq!(words, expected);
    assert_eq!(records(&spec(), "arg"), ["sleep", "infinity"]);
    assert_eq!(records(&spec(), "image"), ["/srv/root"]);
}

#[test]
fn capabilities_are_told_as_a_difference() {
    let words = |spec: &ContainerSpec| {
        let words = records(spec, "option").into_iter();
        words.filter(|word| word.contains("capability")).collect::<Vec<_>>()
    };
    let mut spec = spec();
    spec.cap_drop = vec!["ALL".into()];
    spec.cap_add = vec!["CAP_SYS_ADMIN".into(), "ipc_lock".into()];
    let [more, less] = &words(&spec)[..] else { panic!("{:?}", words(&spec)) };
    assert_eq!(more, "--capability=CAP_IPC_LOCK");
    assert!(less.contains("CAP_CHOWN") && less.contains("CAP_MKNOD"), "{less}");
    assert!(!less.contains("CAP_SYS_ADMIN"), "{less}");
    spec.network = Some("host".into());
    spec.cap_drop.clear();
    assert!(!words(&spec)[0].contains("CAP_NET_ADMIN"), "the node's network is not its own");
    assert_eq!(records(&spec, "network"), ["host"]);
    spec.privileged = true;
    assert_eq!(words(&spec), ["--capability=all"]);
    assert!(records(&spec, "setting").contains(&"SYSTEMD_SECCOMP=0".to_owned()));
}

#[test]
fn paths_keep_their_colons() {
    let mut spec = spec();
    spec.mounts = vec![mount("/a:b\\c/", "/x y:z", false), mount("/r", "/w", true)];
    spec.devices = vec!["/dev/net/tun".into(), "/dev/vfio/1:/dev/vfio/2:rw".into()];
    let words = records(&spec, "option").into_iter();
    let binds: Vec<String> = words.filter(|word| word.starts_with("--bind")).collect();
    let expected = [
        r"--bind=/a\:b\\c/:/x y\:z",
        "--bind-ro=/r:/w",
        "--bind=/dev/net/tun:/dev/net/tun",
        "--bind=/dev/vfio/1:/dev/vfio/2",
    ];
    assert_eq!(binds, expected);
}

/// Arguments of a process can be read by everybody on the node.
#[test]
fn values_are_no_arguments() {
    let mut spec = spec();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    spec.env =
        vec![pair("TOKEN", "two\nlines"), pair("PATH", "/bin"), pair("SYSTEMD_SECCOMP", "1")];
    let words = records(&spec, "option").into_iter();
    let set: Vec<String> = words.filter(|word| word.starts_with("--setenv")).collect();
    assert_eq!(set, ["--setenv=TOKEN", "--setenv=PATH=/bin", "--setenv=SYSTEMD_SECCOMP=1"]);
    let settings = records(&spec, "setting");
    assert!(settings.contains(&"TOKEN=two\nlines".to_owned()), "{settings:?}");
    assert!(!settings.iter().any(|one| one.starts_with("PATH=") || one.contains("SECCOMP")));
}

#[test]
fn refusals_name_what_cannot_be() {
    assert_eq!(refusals(&spec()), [""; 0]);
    let mut spec = ContainerSpec { name: "a".repeat(65), ..ContainerSpec::default() };
    spec.publish = vec!["80:80".into()];
    spec.network = Some("bridge".into());
    spec.mounts = vec![mount("/a", "/", false)];
    spec.env = vec![("a.b".into(), String::new())];
    spec.devices = vec!["/dev/x:/dev/x:r".into()];
    spec.cap_add = vec!["fly".into()];
    let said = refusals(&spec);
    let words = [
        "an `image`",
        "ports",
        "`bridge`",
        "64 bytes",
        "over the root",
        "`a.b`",
        "reading",
        "`fly`",
    ];
    assert_eq!(said.len(), words.len(), "{said:?}");
    for (sentence, word) in said.iter().zip(words) {
        assert!(sentence.contains(word), "{sentence} has no {word}");
    }
    for (image, word) in [("/", "own root"), ("debian", "absolute")] {
        let image = Image { name: Some(image.into()), ..Image::default() };
        let spec = ContainerSpec { name: "A1".into(), image, ..ContainerSpec::default() };
        assert!(refusals(&spec)[0].contains(word));
    }
}

#[test]
fn its_cgroups_are_folders_and_scopes() {
    let text = "container A1\n/run/vnfctl/nspawn/A1/labels:vnfctl.topology=t\ncontainer B1\n";
    let inventory = Nspawn.parse(text).unwrap();
    assert_eq!(inventory.containers.len(), 2);
    assert_eq!(inventory.containers[0].engine, EngineKind::Nspawn);
    let cgroups: Vec<&str> = inventory.cgroups.iter().map(String::as_str).collect();
    assert_eq!(cgroups, ["A1", "vnfctl-A1.scope"]);
    let error = Nspawn.parse("/run/vnfctl/native/A1/labels:x=y").unwrap_err();
    assert_eq!(error.engine, EngineKind::Nspawn);
}

#[test]
fn a_profile_is_words_or_refused() {
    let mut spec = spec();
    let security = &mut spec.security;
    security.no_new_privileges = true;
    security.read_only = true;
    security.ulimits.insert("memlock".into(), Ulimit { soft: Some(1), hard: None });
    security.sysctls.insert("net.ipv4.ip_forward".into(), "1".into());
    security.seccomp = Some(Seccomp::Unconfined);
    assert_eq!(refusals(&spec), [""; 0]);
    let words = records(&spec, "option");
    for word in ["--no-new-privileges=yes", "--read-only", "--rlimit=MEMLOCK=1:infinity"] {
        assert!(words.iter().any(|one| one == word), "{word} in {words:?}");
    }
    assert_eq!(records(&spec, "net_sysctl"), ["net/ipv4/ip_forward 1"]);
    let settings = records(&spec, "setting");
    assert!(settings.contains(&"SYSTEMD_SECCOMP=0".to_owned()));
    assert!(!settings.iter().any(|one| one.contains("TMPFS_TMP")), "a read-only /tmp is of no use");

    let security = &mut spec.security;
    security.seccomp = Some(Seccomp::Node("/p.json".into()));
    security.apparmor = Some("vnf".into());
    security.selinux = Some(crate::model::Selinux::Part("type:x_t".into()));
    security.user = Some("vpp:vpp".into());
    security.sysctls.insert("kernel.shmmax".into(), "1".into());
    spec.runtime = Some("crun".into());
    let said = refusals(&spec);
    let words = ["/p.json", "`vnf`", "`type:x_t`", "`vpp:vpp`", "`kernel.shmmax`", "`crun`"];
    assert_eq!(said.len(), words.len(), "{said:?}");
    for (sentence, word) in said.iter().zip(words) {
        assert!(sentence.contains(word), "{sentence} has no {word}");
    }
}
