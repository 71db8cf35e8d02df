//! What the engine says, held to what the tools understood when it was tried.

use super::*;
use crate::engine::{Labels, State};
use crate::model::Mount;
use insta::assert_snapshot;

fn full() -> ContainerSpec {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    ContainerSpec {
        name: "DUT1_VNF1".into(),
        image: Image {
            name: Some("download -d ubuntu -r jammy -a amd64".into()),
            file: None,
            ..Image::default()
        },
        command: ["sh", "-c", "echo $1", "x", "a\nb 'c'"].map(str::to_owned).to_vec(),
        env: vec![
            pair("MICROSERVICE_LABEL", "DUT1_VNF1"),
            pair("TOKEN", "Bearer hunter2"),
            pair("LINES", "#> two\nlines\n"),
        ],
        secrets: vec![Secret { name: "PW".into(), value: "hunter2".into() }],
        mounts: vec![
            Mount { host: "/srv/a b,c:\\d".into(), guest: "/mnt/x y".into(), read_only: true },
            Mount { host: "/run/new/".into(), guest: "/run/new".into(), read_only: false },
        ],
        cap_add: vec!["NET_ADMIN".into(), "SYS_TIME".into()],
        cap_drop: vec!["MKNOD".into()],
        devices: vec!["/dev/net/tun".into(), "/dev/a:/dev/b:r".into(), "/dev/c:rw".into()],
        memory: Some(2 << 30),
        cpus: vec![3, 60, 4],
        mems: vec![0],
        labels: Labels {
            shared: false,
            topology: "lab".into(),
            node: "DUT1".into(),
            group: "VNF".into(),
            index: 1,
            cpuset: "3,60,4".into(),
            mems: "0".into(),
            hash: "0123".into(),
            spec: r#"{"memory":"2GiB"}"#.into(),
            version: "0.1.0".into(),
        },
        ..ContainerSpec::default()
    }
}

fn facts(version: CgroupVersion) -> Facts {
    let mut facts = Facts::default();
    facts.cgroup.version = version;
    facts
}

fn stdin_of(spec: &ContainerSpec, version: CgroupVersion) -> String {
    let create = Lxc.create(spec, &facts(version)).pop().expect("the last one creates");
    let Stdin::Text(text) = create.stdin else { panic!("the files come by standard input") };
    text
}

#[test]
fn everything_is_in_the_configuration_before_the_start() {
    let commands = Lxc.create(&full(), &facts(CgroupVersion::Hybrid));
    let shown: Vec<String> = commands.iter().map(Command::display).collect();
    assert_snapshot!(shown.join("\n---\n"));
}

#[test]
fn keys_follow_the_cgroup_version() {
    let of = |version| {
        let text = stdin_of(&full(), version);
        text.lines().filter(|line| line.contains("cgroup")).collect::<Vec<_>>().join("; ")
    };
    let legacy = "lxc.cgroup.cpuset.mems = 0; lxc.cgroup.cpuset.cpus = 3-4,60; \
                  lxc.cgroup.memory.limit_in_bytes = 2147483648";
    assert_eq!(of(CgroupVersion::V1), legacy);
    assert_eq!(of(CgroupVersion::Hybrid), legacy);
    assert_eq!(
        of(CgroupVersion::V2),
        "lxc.cgroup2.cpuset.mems = 0; lxc.cgroup2.cpuset.cpus = 3-4,60; \
         lxc.cgroup2.memory.max = 2147483648"
    );
}

#[test]
fn capabilities_and_privilege() {
    let of = |edit: &dyn Fn(&mut ContainerSpec)| {
        let mut spec = ContainerSpec { name: "n".into(), ..ContainerSpec::default() };
        edit(&mut spec);
        let text = stdin_of(&spec, CgroupVersion::V2);
        let keys = ["lxc.cap", "lxc.seccomp", "devices", "lxc.mount.auto"];
        let lines = text.lines().filter(|line| keys.iter().any(|key| line.contains(key)));
        lines.collect::<Vec<_>>().join("; ")
    };
    assert_eq!(of(&|_| {}), "");
    assert_eq!(
        of(&|spec| spec.cap_drop = vec!["ALL".into()]),
        "lxc.cap.drop = ; lxc.cap.keep = none"
    );
    let keep_one = |spec: &mut ContainerSpec| {
        spec.cap_drop = vec!["ALL".into()];
        spec.cap_add = vec!["NET_ADMIN".into()];
    };
    assert_eq!(of(&keep_one), "lxc.cap.drop = ; lxc.cap.keep = net_admin");
    assert_eq!(
        of(&|spec| spec.cap_add = vec!["SYS_TIME".into()]),
        "lxc.cap.drop = ; lxc.cap.drop = mac_admin mac_override sys_module sys_rawio"
    );
    assert_eq!(
        of(&|spec| spec.privileged = true),
        "lxc.seccomp.profile = ; lxc.cgroup2.devices.allow = a; lxc.mount.auto = ; \
         lxc.mount.auto = cgroup:rw proc:rw sys:rw; lxc.cap.drop = "
    );
}

#[test]
fn no_secret_is_shown_or_in_argv() {
    let mut spec = full();
    spec.secrets = vec![Secret { name: "PW".into(), value: "it's\nhunter2".into() }];
    spec.env.push(("TOKEN2".into(), "it's\nhunter2".into()));
    spec.command.push("--password=it's\nhunter2".into());
    let create = Lxc.create(&spec, &facts(CgroupVersion::V2)).pop().expect("the last one creates");
    let display = create.display().replace("Bearer hunter2", "");
    assert!(!display.contains("hunter2"), "{display}");
    assert!(!create.argv.join("\n").contains("hunter2"));
    assert_eq!(display.matches("${PW:?}").count(), 2, "in the environment and in the command");
}

#[test]
fn the_other_commands() {
    let image = |name: &str, file| Image { name: Some(name.into()), file, ..Image::default() };
    let argv = ["sh".to_owned(), "-c".into(), "echo $HOME".into()];
    let commands = [
        Lxc.acquire(&image("download -d 'my distro'", None)),
        Lxc.acquire(&image("vnf", Some(ImageFile::Here("b.tar".into())))),
        Lxc.acquire(&image("vnf", Some(ImageFile::Node("/srv/b.tar".into())))),
        Lxc.repin(&full(), &Facts::default()),
        vec![Lxc.start("DUT1_VNF1"), Lxc.stop("DUT1_VNF1", Duration::from_secs(10))],
        vec![Lxc.stop("DUT1_VNF1", Duration::ZERO), Lxc.destroy("DUT1_VNF1")],
        vec![Lxc.exec("DUT1_VNF1", &argv, false), Lxc.exec("DUT1_VNF1", &argv, true)],
        vec![Lxc.logs("DUT1_VNF1", Some(5), true), Lxc.logs("DUT1_VNF1", None, false)],
    ]
    .concat();
    let mut text = String::new();
    for command in commands {
        let words: Vec<String> = command
            .argv
            .iter()
            .map(|word| if word.contains('\n') { "<script>".into() } else { quote(word) })
            .collect();
        let (words, stdin, deadline) = (words.join(" "), command.stdin, command.deadline);
        text = format!("{text}{words} {stdin:?} {deadline:?} {:?}\n", command.accept);
    }
    assert_snapshot!(text + &Lxc.first_process("DUT1_VNF1"));
}

#[test]
fn real_output_of_lxc_5_0() {
    let found = Lxc.parse(include_str!("captured/query.txt")).expect("it parses");
    let states: Vec<(&str, bool)> =
        found.containers.iter().map(|it| (it.name.as_str(), it.labels.is_some())).collect();
    let wanted =
        [("DUT1_VNF1", true), ("DUT1_VNF2", true), ("DUT1_VNF3", true), ("foreign", false)];
    assert_eq!(states, wanted, "the base is no container");
    assert!(matches!(found.containers[0].state, State::Running { .. }));
    assert_eq!(found.containers[1].state, State::Stopped { code: None });
    assert_eq!(found.containers[2].state, State::Broken);
    assert_snapshot!(format!("{found:#?}"));
}

#[test]
fn what_is_not_understood_is_named() {
    for line in ["hello", "image x", "state 1", "# vnfctl.a = b"] {
        let error = Lxc.parse(&format!("{line}\n")).expect_err("no query prints this");
        assert_eq!(error, ParseError { engine: EngineKind::Lxc, line: line.to_owned() });
    }
    assert!(Lxc.parse("container a\nstate dead\n").is_err());
    assert_eq!(Lxc.parse(""), Ok(Inventory::default()));
}

#[test]
fn refusals_name_what_cannot_be() {
    let spec = ContainerSpec {
        name: "vnfctl-base-x".into(),
        image: Image { name: Some("busybox 'a".into()), file: None, ..Image::default() },
        publish: vec!["1:1".into()],
        network: Some("lxcbr0".into()),
        mounts: vec![Mount { host: "/a".into(), guest: "/".into(), read_only: false }],
        env: vec![("x.y".into(), "1\n2".into()), ("PATH".into(), "/x ".into())],
        ..ContainerSpec::default()
    };
    assert_snapshot!(Lxc.refusals(&spec).join("\n"));
    assert_eq!(Lxc.refusals(&full()), Vec::<String>::new());
}

#[test]
fn mapped_ids_are_lines_of_the_configuration_and_need_a_copy() {
    let mut spec = ContainerSpec { name: "n1".into(), ..ContainerSpec::default() };
    spec.security.idmap = Some(crate::model::IdMap::Auto);
    spec.mounts = vec![Mount {
        host: "/run/vnfctl/memif/t/".into(),
        guest: crate::wiring::GUEST_FOLDER.into(),
        read_only: false,
    }];
    let mut facts = facts(CgroupVersion::V2);
    assert_eq!(Lxc.lacks(&spec, &facts).len(), 1, "no ids");
    facts.subids.uids = vec![(100_000, 65_536)];
    facts.subids.gids = vec![(200_000, 65_536)];
    facts.engines.insert(EngineKind::Lxc, Ok("4.0.6".into()));
    assert!(Lxc.lacks(&spec, &facts)[0].message.contains("4.0.6"));
    facts.engines.insert(EngineKind::Lxc, Ok("5.0.2".into()));
    assert_eq!(Lxc.lacks(&spec, &facts), []);
    let create = Lxc.create(&spec, &facts).pop().expect("the last one creates");
    let words = create.words();
    assert!(words.contains(" lxc.cgroup2 copy "), "{words}");
    assert!(words.contains("rbind,idmap=container"), "{words}");
    let Stdin::Text(text) = create.stdin else { panic!("the files come by standard input") };
    for line in ["u 0 100000 65536", "g 0 200000 65536"] {
        assert!(text.contains(&format!("\nlxc.idmap = {line}\n")), "{text}");
    }
    assert!(text.contains("\nlxc.rootfs.options = idmap=container\n"), "{text}");
}
