//! The engine `native` on this machine, for real: needs root.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;
use vnfctl::command::{Command, Stdin};
use vnfctl::engine::{ContainerSpec, Engine, Inventory, Labels, Native, Observed, State};
use vnfctl::facts::Facts;
use vnfctl::model::{Image, ImageFile, Mount};

/// What a command printed and how it ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Feeds a command to a shell, as a lane does.
#[expect(clippy::disallowed_methods, reason = "the engine's commands are run for real")]
pub(crate) fn run(command: &Command) -> Ran {
    let stdin = match &command.stdin {
        Stdin::Empty => Vec::new(),
        Stdin::Text(text) => text.clone().into_bytes(),
        Stdin::File(path) => std::fs::read(path).unwrap(),
        Stdin::Archive(_) => unreachable!("an archive builds an image"),
        Stdin::Node { .. } => unreachable!("nothing here comes from another node"),
    };
    let mut child = std::process::Command::new("sh")
        .arg("-c")
        .arg(command.words())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The command may end without reading it.
    let _ = child.stdin.take().unwrap().write_all(&stdin);
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs commands that must succeed; what the last one printed.
pub(crate) fn ok(commands: &[Command]) -> String {
    let mut stdout = String::new();
    for command in commands {
        let ran = run(command);
        assert_eq!(ran.code, 0, "{}\n{}", command.display(), ran.stderr);
        stdout = ran.stdout;
    }
    stdout
}

pub(crate) fn sh(script: &str) -> String {
    ok(&[Command::sh(script.to_owned(), [""; 0])])
}

/// cgroups of this machine.
pub(crate) fn facts() -> Facts {
    let mut facts = Facts::default();
    let mounts = sh("cat /proc/mounts");
    for line in mounts.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let mount = fields[1].to_owned();
        match fields[2] {
            "cgroup" => {
                for controller in ["cpuset", "memory"] {
                    if fields[3].split(',').any(|option| option == controller) {
                        facts.cgroup.mounts.insert(controller.into(), mount.clone());
                    }
                }
            }
            "cgroup2" => {
                let found = sh(&format!("cat '{mount}/cgroup.controllers'"));
                facts.cgroup.controllers = found.split_whitespace().map(Into::into).collect();
                facts.cgroup.mounts.insert(String::new(), mount);
            }
            _ => {}
        }
    }
    facts
}

/// A container that removes itself, also when its test fails.
pub(crate) struct Container(pub(crate) ContainerSpec);

impl Container {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("vnfctl-it-{name}");
        run(&Native.destroy(&name));
        let labels = Labels {
            shared: false,
            topology: "it".into(),
            node: "DUT1".into(),
            group: "VNF".into(),
            index: 1,
            cpuset: "0".into(),
            mems: "0".into(),
            hash: "00".into(),
            spec: r#"{"env":["ä=ß\"'"]}"#.into(),
            version: "0.1.0".into(),
        };
        Self(ContainerSpec { name, labels, cpus: vec![0], mems: vec![0], ..Default::default() })
    }

    pub(crate) fn create(&self) -> &Self {
        ok(&Native.create(&self.0, &facts()));
        self
    }

    pub(crate) fn exec(&self, script: &str) -> String {
        let argv = ["sh", "-c", script].map(str::to_owned);
        ok(&[Native.exec(&self.0.name, &argv, false)])
    }

    fn observed(&self) -> Option<Observed> {
        let inventory = query(&[]);
        inventory.containers.into_iter().find(|found| found.name == self.0.name)
    }

    fn log(&self) -> String {
        ok(&[Native.logs(&self.0.name, None, false)])
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        run(&Native.destroy(&self.0.name));
    }
}

fn present(images: &[Image]) -> Vec<Image> {
    query(images).images.into_keys().collect()
}

fn query(images: &[Image]) -> Inventory {
    Native.parse(&ok(&[Native.query(images)])).unwrap()
}

fn words(line: &[&str]) -> Vec<String> {
    line.iter().copied().map(str::to_owned).collect()
}

fn numbers(set: Option<vnfctl::cpu::CpuSet>) -> String {
    set.map(|set| set.to_string()).unwrap_or_default()
}

#[test]
fn a_life_from_creation_to_nothing_left() {
    let mut container = Container::new("life");
    let script = "grep Cpus_allowed_list /proc/self/status; echo err >&2; exec sleep 1000";
    container.0.command = words(&["sh", "-c", script]);
    let name = container.0.name.clone();
    container.create();
    let found = container.observed().unwrap();
    let State::Running { pid } = found.state else { panic!("{found:?}") };
    assert_eq!((numbers(found.cpus), numbers(found.mems)), ("0".into(), "0".into()));
    assert_eq!(found.labels.as_ref(), Some(&container.0.labels));
    assert_eq!(sh(&Native.first_process(&name)), format!("{pid}\n"));
    assert_eq!(container.exec("cat /proc/sys/kernel/hostname"), format!("{name}\n"));
    assert_eq!(container.exec("cat /sys/class/net/lo/flags; ls /sys/class/net"), "0x9\nlo\n");
    assert_eq!(container.exec("cat /proc/1/comm; pwd"), "sh\n/\n");
    assert_eq!(
        container.exec("grep Cpus_allowed_list /proc/self/status"),
        "Cpus_allowed_list:\t0\n"
    );
    assert_eq!(container.log(), "Cpus_allowed_list:\t0\nerr\n");
    let other = run(&Native.exec(&name, &words(&["sh", "-c", "exit 42"]), false));
    assert_eq!(other.code, 42);

    // Held open, so that no number is given to another container meanwhile.
    #[expect(clippy::disallowed_methods, reason = "a namespace is a file of the kernel")]
    let held = ["net", "mnt", "pid", "uts", "ipc"]
        .map(|kind| std::fs::File::open(format!("/proc/{pid}/ns/{kind}")).unwrap());
    let namespaces = sh(&format!("cd /proc/{pid}/ns && readlink net mnt pid uts ipc"));
    container.exec("echo kept > /root/file; echo gone > /tmp/file");
    ok(&[Native.stop(&name, Duration::from_secs(5)), Native.stop(&name, Duration::ZERO)]);
    assert_eq!(container.observed().unwrap().state, State::Stopped { code: Some(143) });
    assert_ne!(run(&Native.exec(&name, &words(&["true"]), false)).code, 0);
    assert_ne!(run(&Command::new(["sh", "-c", &Native.first_process(&name)])).code, 0);

    ok(&[Native.start(&name), Native.start(&name)]);
    assert!(matches!(container.observed().unwrap().state, State::Running { .. }));
    assert_eq!(container.exec("cat /root/file; ls /tmp"), "kept\n");
    assert_eq!(ok(&[Native.logs(&name, Some(1), false)]), "err\n");

    ok(&[Native.destroy(&name), Native.destroy(&name)]);
    assert_eq!(container.observed(), None);
    for namespace in namespaces.lines() {
        let users =
            sh(&format!("readlink /proc/[0-9]*/ns/* 2>/dev/null | grep -cF '{namespace}' || :"));
        assert_eq!(users, "0\n", "{namespace}");
    }
    drop(held);
    assert_eq!(sh(&format!("grep -c {name} /proc/mounts || :")), "0\n");
    assert_eq!(sh(&format!("find /run /sys/fs/cgroup -path '*{name}*' 2>/dev/null || :")), "");
}

#[test]
fn values_arrive_byte_for_byte() {
    let mut container = Container::new("bytes");
    let odd = "a b\t'\"$HOME`id`\\ \n\nä€\u{81}\u{88}ā 𝄞*?[x]~#;&|<>\n";
    let value = format!("{odd}=x");
    let show = r#"printf '%s|' "$@"; printf '%s|%s|' "$ODD" "$key"; exec sleep 1000"#;
    container.0.command = words(&["sh", "-c", show, "x", odd, "", "\n", "--", "-n"]);
    container.0.env = vec![
        ("ODD".into(), value.clone()),
        ("key".into(), "name=value".into()),
        ("PATH".into(), "/sbin:/usr/bin".into()),
        ("LD_PRELOAD".into(), String::new()),
    ];
    container.create();
    let wanted = format!("{odd}||\n|--|-n|{value}|name=value|");
    for _ in 0..200 {
        if container.log().len() >= wanted.len() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(container.log(), wanted);
    let argv = words(&["sh", "-c", r#"printf '%s|' "$@" "$ODD" "$PATH"; cat"#, "x", odd]);
    let ran = run(&Native.exec(&container.0.name, &argv, true).stdin("in\u{81}put"));
    assert_eq!(ran.stdout, format!("{odd}|{value}|/sbin:/usr/bin|in\u{81}put"));
    assert_eq!(ran.stderr, "");
    let environment = container.exec("env | grep -c 'CARGO\\|VNFCTL' || :");
    assert_eq!(environment, "0\n", "nothing of the lane's environment leaks");
}

#[test]
fn signals_reach_the_command_and_force_ends_it() {
    let mut container = Container::new("signals");
    let obey = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done";
    container.0.command = words(&["sh", "-c", obey]);
    container.create();
    while container.log().is_empty() {}
    ok(&[Native.stop(&container.0.name, Duration::from_secs(10))]);
    assert_eq!(container.observed().unwrap().state, State::Stopped { code: Some(7) });
    ok(&[Native.destroy(&container.0.name)]);

    container.0.command =
        words(&["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]);
    container.create();
    while container.log().is_empty() {}
    ok(&[Native.stop(&container.0.name, Duration::from_millis(200))]);
    assert_eq!(container.observed().unwrap().state, State::Stopped { code: Some(137) });
    ok(&[Native.destroy(&container.0.name)]);

    container.0.command = words(&["sh", "-c", "exit 5"]);
    container.create();
    while !matches!(container.observed().unwrap().state, State::Stopped { code: Some(5) }) {}
}

#[test]
fn what_cannot_start_leaves_nothing() {
    let wrong: [(&str, &[&str]); 3] =
        [("/no/such", &[]), ("vnfctl-no-such-command", &[]), ("/etc/passwd", &["x"])];
    for (program, rest) in wrong {
        let mut container = Container::new("broken");
        container.0.command = words(&[&[program], rest].concat());
        let ran = run(&Native.create(&container.0, &facts())[0]);
        assert_eq!(ran.code, 1, "{program}: {}", ran.stderr);
        assert!(ran.stderr.contains(program), "{}", ran.stderr);
        assert_eq!(container.observed(), None);
        let name = &container.0.name;
        assert_eq!(sh(&format!("find /run /sys/fs/cgroup -path '*{name}*' 2>/dev/null || :")), "");
    }
    let mut container = Container::new("broken");
    container.0.cpus = vec![4095];
    let ran = run(&Native.create(&container.0, &facts())[0]);
    assert!(ran.code == 1 && ran.stderr.contains("cannot write `4095`"), "{}", ran.stderr);
    container.0.cpus = vec![0];
    container.0.mounts = vec![mount("/no/such/folder", "/mnt/x", false)];
    let ran = run(&Native.create(&container.0, &facts())[0]);
    assert!(
        ran.code == 1 && ran.stderr.contains("`/no/such/folder` does not exist"),
        "{}",
        ran.stderr
    );
    container.0.mounts = vec![mount("/tmp", "/usr/no-such/x", false)];
    let ran = run(&Native.create(&container.0, &facts())[0]);
    assert!(ran.code == 1 && ran.stderr.contains("/usr/no-such/x"), "{}", ran.stderr);
    assert_eq!(container.observed(), None);
}

#[test]
fn a_name_is_taken_once() {
    let container = Container::new("clash");
    container.create();
    let before = container.observed();
    let ran = run(&Native.create(&container.0, &facts())[0]);
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.stderr,
        "container `vnfctl-it-clash` exists already and belongs to topology `it`\n"
    );
    assert_eq!(container.observed(), before);
}

#[test]
fn a_creation_cut_short_is_broken_and_goes() {
    let container = Container::new("half");
    let name = &container.0.name;
    sh(&format!(
        "mkdir -p /run/vnfctl/native/{name} && echo vnfctl.topology=it > /run/vnfctl/native/{name}/labels.new"
    ));
    let found = container.observed().unwrap();
    assert_eq!(found.state, State::Broken);
    assert_eq!(found.labels.unwrap().topology, "it");
    ok(&[Native.destroy(name)]);
    assert_eq!(container.observed(), None);
}

#[test]
fn the_nodes_root_is_read_only_with_private_parts() {
    let container = Container::new("root");
    container.create();
    for path in
        ["/usr/x", "/x", "/boot/x", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/sys/x"]
    {
        let ran = run(&Native.exec(
            &container.0.name,
            &words(&["sh", "-c", &format!("echo x > {path}")]),
            false,
        ));
        assert_ne!(ran.code, 0, "{path}");
    }
    container.exec("echo 1 > /proc/sys/net/ipv4/ip_forward");
    container.exec("for d in etc var root home opt srv mnt media tmp run dev dev/shm; do echo x > /$d/vnfctl-it-x || exit 1; done");
    assert_eq!(sh("ls -d /etc/vnfctl-it-x /var/vnfctl-it-x /tmp/vnfctl-it-x 2>/dev/null || :"), "");
    assert_eq!(
        container.exec("test -s /etc/passwd; ls -A /run; stat -c %a /root /tmp"),
        "vnfctl-it-x\n700\n1777\n"
    );
    assert_eq!(
        container.exec("grep -c /run/vnfctl/native/vnfctl-it-root/log /proc/mounts || :"),
        "0\n"
    );
    let points = container.exec("cut -d' ' -f5 /proc/self/mountinfo");
    assert!(!points.contains("cgroup"), "{points}");
    let open =
        container.exec("grep ' ro' /proc/mounts | grep -c ' /usr ' ; ls /dev | tr '\\n' ' '");
    assert_eq!(
        open,
        "1\nfd full null ptmx pts random shm stderr stdin stdout tty urandom vnfctl-it-x zero "
    );
    // chown..setpcap, net_bind_service, net_admin, net_raw, sys_chroot, audit_write, setfcap.
    assert_eq!(container.exec("grep CapEff /proc/self/status"), "CapEff:\t00000000a00435fb\n");
    assert_eq!(container.exec("grep CapEff /proc/1/status"), "CapEff:\t00000000a00435fb\n");
    container.exec("ip link add br0 type bridge && ip link set br0 up");
}

fn mount(host: &str, guest: &str, read_only: bool) -> Mount {
    Mount { host: host.into(), guest: guest.into(), read_only }
}

#[test]
fn mounts_appear_where_they_are_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().to_str().unwrap();
    let odd = format!("{base}/a b'\\040$x,:=\nä");
    ok(&[Command::sh(r#"mkdir "$1" && echo data > "$1/file""#, [&odd])]);
    let mut container = Container::new("mounts");
    container.0.mounts = vec![
        mount(&odd, "/mnt/a b\n'c", false),
        mount(&format!("{odd}/file"), "/opt/new/file", true),
        mount(&format!("{base}/made/"), "/vnfctl-top/below", false),
        mount(&odd, "/var/run/link", true),
    ];
    container.0.devices = vec!["/dev/null:/dev/vnfctl-null".into()];
    container.create();
    let found = container.exec("cat \"/mnt/a b\n'c/file\" /opt/new/file /run/link/file; echo new > \"/mnt/a b\n'c/new\"; touch /vnfctl-top/below/x");
    assert_eq!(found, "data\ndata\ndata\n");
    assert_eq!(
        ok(&[Command::sh(r#"cat "$1/new"; ls "$2""#, [&odd, &format!("{base}/made")])]),
        "new\nx\n"
    );
    assert_eq!(
        container.exec(
            "echo x >/opt/new/file || echo x > /run/link/y || echo refused; echo > /dev/vnfctl-null"
        ),
        "refused\n"
    );
}

#[test]
fn memory_is_limited_and_cpus_can_be_put_back() {
    let mut container = Container::new("limits");
    container.0.memory = Some(24 << 20);
    container.create();
    let hog = "x=$(head -c 100000000 /dev/zero | tr '\\0' x); echo survived";
    let ran = run(&Native.exec(&container.0.name, &words(&["sh", "-c", hog]), false));
    assert_eq!((ran.code, ran.stdout.as_str()), (137, ""));
    let all = sh(
        "cat /sys/fs/cgroup/cpuset/cpuset.cpus 2>/dev/null || cat /sys/fs/cgroup/cpuset.cpus.effective",
    );
    if all.trim() != "0" {
        container.0.cpus = vec![1];
        ok(&Native.repin(&container.0, &facts()));
        assert_eq!(numbers(container.observed().unwrap().cpus), "1");
        let name = &container.0.name;
        ok(&[Native.stop(name, Duration::from_secs(5)), Native.start(name)]);
        assert_eq!(numbers(container.observed().unwrap().cpus), "1");
    }
}

/// A cpuset that stays the same does not move a thread back by itself.
#[test]
fn a_first_process_moved_with_taskset_is_put_back() {
    let mut container = Container::new("taskset");
    container.0.cpus = vec![0, 1];
    container.create();
    let State::Running { pid } = container.observed().unwrap().state else {
        panic!("it does not run")
    };
    sh(&format!("taskset -pc 1 {pid}"));
    assert_eq!(numbers(container.observed().unwrap().cpus), "1", "the test itself works");
    ok(&Native.repin(&container.0, &facts()));
    assert_eq!(numbers(container.observed().unwrap().cpus), "0-1");
    ok(&[Native.stop(&container.0.name, Duration::ZERO)]);
    ok(&Native.repin(&container.0, &facts()));
}

#[test]
fn privileged_and_host_network() {
    let mut container = Container::new("host");
    container.0.privileged = true;
    container.0.network = Some("host".into());
    container.create();
    assert_eq!(container.exec("readlink /proc/self/ns/net"), sh("readlink /proc/self/ns/net"));
    assert_eq!(
        container.exec("grep CapBnd /proc/self/status"),
        sh("grep CapBnd /proc/self/status")
    );
    container.exec("test -e /dev/kmsg && mount -t tmpfs x /mnt");
}

/// A root of busybox alone.
fn busybox_root(at: &str) {
    let make = r#"mkdir -p "$1/bin" "$1/etc" && cp "$(command -v busybox)" "$1/bin/" &&
        for a in sh sleep cat ls echo grep id; do ln -s /bin/busybox "$1/bin/$a"; done; echo image > "$1/etc/name""#;
    ok(&[Command::sh(make, [at])]);
}

#[test]
fn a_folder_is_a_root() {
    let folder = tempfile::tempdir().unwrap();
    let root = format!("{}/root, with:odd chars", folder.path().to_str().unwrap());
    busybox_root(&root);
    let mut container = Container::new("folder");
    container.0.image.name = Some(root.clone());
    assert_eq!(present(&[container.0.image.clone()]), [container.0.image.clone()]);
    ok(&Native.acquire(&container.0.image));
    container.create();
    assert_eq!(
        container.exec("cat /etc/name; ls /; echo changed > /etc/name"),
        "image\nbin\ndev\netc\nproc\nsys\n"
    );
    assert_eq!(sh(&format!("cat '{root}/etc/name'")), "image\n");
    assert_eq!(
        container.exec("grep -c . /proc/mounts; grep -c ' / ' /proc/mounts").lines().nth(1),
        Some("1")
    );
    let name = &container.0.name;
    ok(&[Native.stop(name, Duration::from_secs(5)), Native.start(name)]);
    assert_eq!(container.exec("cat /etc/name"), "changed\n");
    ok(&[Native.destroy(name)]);

    // No shell inside: the command is the first process itself.
    sh(&format!("rm '{root}/bin/sh'"));
    container.0.command = words(&["sleep", "1000"]);
    container.0.env = vec![("K".into(), "v".into())];
    container.create();
    assert_eq!(ok(&[Native.exec(name, &words(&["cat", "/proc/1/comm"]), false)]), "sleep\n");
    ok(&[Native.destroy(name)]);
    container.0.command = words(&["no-such"]);
    assert_eq!(run(&Native.create(&container.0, &facts())[0]).code, 1);
    assert_eq!(container.observed(), None);
}

#[test]
fn a_tarball_is_unpacked_once_and_is_a_root() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().to_str().unwrap();
    busybox_root(&format!("{base}/root"));
    let packers = [("", "cat"), (".gz", "gzip"), (".xz", "xz")];
    for (ending, packer) in packers {
        let tar = format!("{base}/vnfctl-it-image.tar{ending}");
        sh(&format!("tar -C {base}/root -c . | {packer} > {tar}"));
        let node =
            Image { name: None, file: Some(ImageFile::Node(tar.clone())), ..Image::default() };
        let here = Image {
            name: None,
            file: Some(ImageFile::Here(tar.clone().into())),
            ..Image::default()
        };
        for image in [node, here] {
            sh(
                "rm -rf /var/lib/vnfctl/images/vnfctl-it-image* /var/lib/vnfctl/images/.vnfctl-it-image*",
            );
            assert_eq!(present(std::slice::from_ref(&image)), []);
            ok(&Native.acquire(&image));
            let images = query(std::slice::from_ref(&image)).images;
            let seen = images.get(&image).unwrap();
            let sum = sh(&format!("sha256sum <{tar}"));
            assert_eq!(seen.digest.as_deref(), sum.split(' ').next(), "{seen:?}");
            assert_eq!(seen.bytes, Some(std::fs::metadata(&tar).unwrap().len()));
            let mut container = Container::new("tarball");
            container.0.image = image;
            container.create();
            assert_eq!(container.exec("cat /etc/name"), "image\n");
        }
    }
    assert_eq!(sh("ls /var/lib/vnfctl/images | grep it-image"), "vnfctl-it-image\n");
    sh(
        "rm -rf /var/lib/vnfctl/images/vnfctl-it-image /var/lib/vnfctl/images/.vnfctl-it-image; rmdir -p /var/lib/vnfctl/images 2>/dev/null || :",
    );
}
