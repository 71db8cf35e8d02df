//! What a group may do, as the kernel tells it: of the first process and of what `exec` runs.

use crate::support::{Bed, Engine, Group, On, each_engine, text};

each_engine!(what_a_node_or_an_engine_cannot_is_told_before_anything_is_made);

/// One `#[test]` for each case and each engine that takes the whole profile.
macro_rules! whole {
    ($($case:ident),* $(,)?) => { $(
        mod $case {
            crate::support::tests!($case;
                native_local Native Local, docker_ssh Docker Ssh, podman_local Podman Local,
                lxc_ssh Lxc Ssh);
        }
    )* };
}
whole!(
    a_profile_is_what_the_kernel_says,
    a_seccomp_profile_filters,
    an_app_lives_with_a_read_only_root_and_a_user,
);
mod nspawn {
    crate::support::tests!(nspawn_takes_what_it_can; nspawn_local Nspawn Local, nspawn_ssh Nspawn Ssh);
}

/// A profile that every engine has.
const PROFILE: [(&str, &str); 8] = [
    ("no_new_privileges", "true"),
    ("read_only", "true"),
    ("user", r#""1234:2345""#),
    ("sysctls", r#"{ "net.ipv4.ip_forward" = 1, "kernel.shmmax" = "65536" }"#),
    // `nproc` besides: podman would raise what is not said, which the lab cannot.
    ("ulimits", "{ nofile = [256, 512], core = 0, nproc = 500 }"),
    ("pids", "24"),
    ("cap_drop", r#"["NET_RAW", "MKNOD"]"#),
    ("memory", r#""64MiB""#),
];

/// Bits of `/usr/include/linux/capability.h`.
const NET_RAW: u64 = 1 << 13;
const MKNOD: u64 = 1 << 27;
const CHOWN: u64 = 1;

fn group(engine: Engine, keys: &[(&str, &str)]) -> Group {
    keys.iter().fold(Group::new("VNF", engine), |group, (key, value)| group.key(key, value))
}

/// One field of a `/proc/PID/status`.
#[track_caller]
fn field(status: &str, name: &str) -> String {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let line = line.unwrap_or_else(|| panic!("no {name} in {status}"));
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn inside(on: &On<'_>, script: &str) -> String {
    on.args(&["exec", "--", "sh", "-c", script]).exits(0).stdout
}

/// What holds of the first process and of one that `exec` runs.
#[track_caller]
fn is_profile(status: &str, limits: &str) {
    assert_eq!(field(status, "NoNewPrivs"), "1");
    assert_eq!(field(status, "Uid"), "1234 1234 1234 1234");
    assert_eq!(field(status, "Gid"), "2345 2345 2345 2345");
    assert_eq!(field(status, "CapEff"), "0000000000000000", "another user than root");
    let words = |name: &str| -> Vec<String> {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).expect("a limit");
        line.split_whitespace().map(str::to_owned).collect()
    };
    // runc before 1.1.13 now and then raises the soft one to the hard one, as Go 1.19 does.
    let files = words("Max open files");
    assert!(["256", "512"].contains(&&*files[0]) && files[1] == "512", "{limits}");
    assert_eq!(words("Max core file size")[..2], ["0", "0"], "{limits}");
}

fn a_profile_is_what_the_kernel_says(bed: &Bed) {
    let on = bed.on(&bed.topology().group(group(bed.engine, &PROFILE))).up();
    let pid = bed.first("VNF1");
    let of = |file: &str| bed.dut.sh(&format!("cat /proc/{pid}/{file}")).stdout;
    is_profile(&of("status"), &of("limits"));
    let bounding = u64::from_str_radix(&field(&of("status"), "CapBnd"), 16).expect("a mask");
    assert_eq!(bounding & (NET_RAW | MKNOD), 0, "{bounding:x}");
    assert_eq!(bounding & CHOWN, CHOWN, "{bounding:x}");

    let status = inside(&on, "cat /proc/self/status");
    is_profile(&status, &inside(&on, "cat /proc/self/limits"));
    let is_own = |name: &str| field(&status, name) == field(&of("status"), name);
    // Where the image has no `setpriv`, native comes in with all of a user's nothing.
    assert!(is_own("Seccomp"), "{status}");
    assert_eq!(inside(&on, "cat /proc/sys/net/ipv4/ip_forward").trim(), "1");
    assert_eq!(inside(&on, "cat /proc/sys/kernel/shmmax").trim(), "65536");

    for folder in ["/", "/etc", "/root", "/var"] {
        let script = format!("echo x 2>/dev/null >{folder}/vnfctl-live && exit 9; exit 0");
        inside(&on, &script);
    }
    let mounts = inside(&on, "grep -E ' (/|/etc) ' /proc/self/mounts");
    assert!(
        mounts.lines().all(|line| line.split(' ').nth(3).is_some_and(|it| it.starts_with("ro")))
    );
    for folder in ["/run", "/tmp", "/var/tmp"] {
        inside(&on, &format!("echo x >{folder}/it && cat {folder}/it"));
    }

    let forks = "i=0; while [ $i -lt 40 ]; do sleep 5 & i=$((i + 1)); done; wait";
    let forks = on.args(&["exec", "--", "sh", "-c", forks]);
    assert!(forks.code != 0 && forks.stderr.contains("fork"), "{forks}");

    on.run("verify").exits(0);
    on.run("up").did_nothing();
    on.run("restart --grace 1s").exits(0);
    let pid = bed.first("VNF1");
    let of = |file: &str| bed.dut.sh(&format!("cat /proc/{pid}/{file}")).stdout;
    is_profile(&of("status"), &of("limits"));
    let changed = group(bed.engine, &PROFILE).key("pids", 32);
    bed.on(&bed.topology().group(changed)).run("status").exits(7).says("pids");
    on.down();
}

fn a_seccomp_profile_filters(bed: &Bed) {
    let seccomp = |pid| field(&bed.dut.sh(&format!("cat /proc/{pid}/status")).stdout, "Seccomp");
    let of =
        |value: &str| bed.topology().group(Group::new("VNF", bed.engine).key("seccomp", value));
    let on = bed.on(&of(r#""unconfined""#)).up();
    assert_eq!(seccomp(bed.first("VNF1")), "0");
    inside(&on, "mkdir /tmp/made");
    on.down();

    // Each engine's own format: no folder can be made.
    let file = format!("{}/profile", bed.folder);
    let content = match bed.engine {
        Engine::Lxc => "2\ndenylist\nmkdir errno 1\nmkdirat errno 1\n".to_owned(),
        _ => r#"{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            { "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1 } ] }"#
            .to_owned(),
    };
    std::fs::write(bed.dut.path(&file), content).expect("the DUT has a /tmp");
    let on = bed.on(&of(&text(&format!("node:{file}"))));
    if bed.engine == Engine::Native {
        on.run("check").exits(3).says("cannot load the seccomp profile");
        on.run("up").exits(3);
        assert_eq!(bed.traces(), "");
        return;
    }
    let on = on.up();
    assert_eq!(seccomp(bed.first("VNF1")), "2");
    assert_eq!(inside(&on, "grep Seccomp: /proc/self/status").trim(), "Seccomp:\t2");
    on.args(&["exec", "--", "mkdir", "/tmp/made"]).exits(1);
    inside(&on, "echo x >/tmp/file");
    on.down();
}

fn an_app_lives_with_a_read_only_root_and_a_user(bed: &Bed) {
    let script = "trap 'exit 0' TERM; id -u >/run/who; echo up >>/var/lib/vnfctl/starts; \
                  sleep 1000 & wait";
    let app = format!(
        "kind = \"custom\", start = [\"sh\", \"-c\", {}], ready = [\"test\", \"-s\", \"/run/who\"], \
         files = [{{ path = \"/etc/own/conf\", text = \"{{{{ name }}}}\" }}]",
        text(script)
    );
    let group = || Group::new("VNF", bed.engine).app(&app);
    for keys in [&[("read_only", "true")][..], &[("user", "\"1234\"")], &PROFILE] {
        let uid = if keys.iter().any(|(key, _)| *key == "user") { "1234" } else { "0" };
        let group = keys.iter().fold(group(), |group, (key, value)| group.key(key, value));
        let on = bed.on(&bed.topology().group(group)).up();
        on.run("verify").exits(0).says("ready");
        assert_eq!(inside(&on, "cat /run/who").trim(), uid);
        assert_eq!(inside(&on, "cat /etc/own/conf"), bed.container("VNF1"));
        on.run("up").did_nothing();
        // What was configured outlives a stop.
        on.run("restart --grace 1s").exits(0);
        on.run("verify").exits(0).says("ready");
        assert_eq!(inside(&on, "cat /var/lib/vnfctl/starts"), "up\nup\n");
        on.down();
    }
    let elsewhere = app.replace("/etc/own/conf", "/etc/own.conf");
    let group = Group::new("VNF", bed.engine).app(&elsewhere).key("read_only", true);
    let on = bed.on(&bed.topology().group(group));
    on.run("check").exits(3).says("`/etc/own.conf` of the app needs a folder");
    assert_eq!(bed.traces(), "");
}

fn what_a_node_or_an_engine_cannot_is_told_before_anything_is_made(bed: &Bed) {
    let labels = [
        ("apparmor", "\"vnf\"", "AppArmor is not enabled"),
        ("selinux", "\"system_u:system_r:vnf_t:s0\"", "SELinux is not enabled"),
    ];
    for (key, value, sentence) in labels {
        let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine).key(key, value)));
        for verb in ["check", "up"] {
            on.run(verb).exits(3).says(sentence).says("DUT1");
        }
        assert_eq!(bed.traces(), "");
    }
    let on = bed.on(&bed.topology().group(group(bed.engine, &[("apparmor", "\"unconfined\"")])));
    on.run("check").exits(0);
    let privileged = group(bed.engine, &[("privileged", "true")]);
    let on = bed.on(&bed.topology().group(privileged));
    on.run("check").exits(0).says("group `VNF` is privileged");
    if matches!(bed.engine, Engine::Docker | Engine::Podman) {
        let limit = group(bed.engine, &[("ulimits", "{ as = 1000000000 }")]);
        bed.on(&bed.topology().group(limit)).run("check").exits(3).says("no ulimit `as`");
    }
    if matches!(bed.engine, Engine::Native | Engine::Lxc) {
        let part = group(bed.engine, &[("selinux", "\"type:vnf_t\"")]);
        bed.on(&bed.topology().group(part)).run("check").exits(3).says("a whole SELinux context");
        let user = group(bed.engine, &[("user", "\"nobody-of-this-name\"")]);
        let on = bed.on(&bed.topology().group(user));
        on.run("up").exits(1).says("has no user `nobody-of-this-name`");
        assert_eq!(bed.traces(), "");
    }
}

fn nspawn_takes_what_it_can(bed: &Bed) {
    let app = r#"kind = "custom", start = ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"],
        files = [{ path = "/etc/own/conf", text = "{{ name }}" }]"#;
    let takes: Vec<_> =
        PROFILE.into_iter().filter(|(key, _)| !["user", "sysctls"].contains(key)).collect();
    let group = group(bed.engine, &takes).app(&app.replace('\n', " "));
    let group = group.key("sysctls", r#"{ "net.ipv4.ip_forward" = 1 }"#);
    let on = bed.on(&bed.topology().group(group.clone())).up();
    let of = |file: &str| bed.dut.sh(&format!("cat /proc/{}/{file}", bed.first("VNF1"))).stdout;
    let is_right = || {
        assert_eq!(field(&of("status"), "NoNewPrivs"), "1");
        let bounding = u64::from_str_radix(&field(&of("status"), "CapBnd"), 16).expect("a mask");
        assert_eq!(bounding & (NET_RAW | MKNOD), 0, "{bounding:x}");
        let limits = of("limits");
        let files = limits.lines().find(|line| line.starts_with("Max open files")).expect("a line");
        assert!(files.contains(" 512 "), "{limits}");
        assert_eq!(inside(&on, "cat /proc/sys/net/ipv4/ip_forward").trim(), "1");
        inside(&on, "echo x 2>/dev/null >/etc/vnfctl-live && exit 9; exit 0");
        assert_eq!(inside(&on, "cat /etc/own/conf"), bed.container("VNF1"));
    };
    is_right();
    on.run("up").did_nothing();
    on.run("restart --grace 1s").exits(0);
    is_right();
    on.run("verify").exits(0);
    on.down();
    let as_user = bed.topology().group(group.key("user", text("1234")));
    bed.on(&as_user).run("check").exits(3).says("getent");
}
