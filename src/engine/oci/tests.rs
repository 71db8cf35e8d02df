//! What the engines say, held to what the tools understood when it was tried.

use super::*;
use crate::command::Secret;
use crate::engine::{Derivation, Derived, Docker, Labels, Podman, State};
use crate::model::Mount;
use insta::assert_snapshot;

fn full() -> ContainerSpec {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    ContainerSpec {
        name: "DUT1_VNF1".into(),
        image: Image { name: Some("vnf/busybox:1".into()), file: None, ..Image::default() },
        is_entrypoint: false,
        command: ["sh", "-c", "echo $1", "x", "a\nb 'c'"].map(str::to_owned).to_vec(),
        env: vec![
            pair("MICROSERVICE_LABEL", "DUT1_VNF1"),
            pair("TOKEN", "Bearer hunter2"),
            pair("PATH", "/opt/bin:/bin"),
            pair("with.dot", "two\nlines"),
        ],
        secrets: vec![Secret { name: "PW".into(), value: "hunter2".into() }],
        mounts: vec![
            Mount { host: "/srv/a b,c:\"d\"".into(), guest: "/mnt/x,y".into(), read_only: true },
            Mount { host: "/run/new/".into(), guest: "/run/new".into(), read_only: false },
        ],
        publish: vec!["2379:2379".into()],
        privileged: true,
        cap_add: vec!["NET_ADMIN".into()],
        cap_drop: vec!["MKNOD".into()],
        devices: vec!["/dev/net/tun:/dev/net/tun:rw".into()],
        network: Some("bridge".into()),
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
            spec: r#"{"image":"vnf/busybox:1"}"#.into(),
            version: "0.1.0".into(),
        },
        ..ContainerSpec::default()
    }
}

fn shown(commands: &[Command]) -> String {
    commands.iter().map(Command::display).collect::<Vec<_>>().join("\n---\n")
}

#[test]
fn docker_creates_with_everything() {
    assert_snapshot!(shown(&Docker.create(&full(), &Facts::default())));
}

#[test]
fn podman_creates_with_everything() {
    assert_snapshot!(shown(&Podman.create(&full(), &Facts::default())));
}

#[test]
fn a_container_that_asks_for_nothing_gets_no_options() {
    let spec = ContainerSpec {
        name: "DUT1_VNF1".into(),
        image: Image { name: Some("busybox".into()), file: None, ..Image::default() },
        ..ContainerSpec::default()
    };
    let words = arguments::of_run(&spec, &Facts::default());
    let plain: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| *word != "--label" && !word.starts_with(Labels::PREFIX))
        .collect();
    assert_eq!(plain, ["--name", "DUT1_VNF1", "--pull", "never", "busybox"]);
}

#[test]
fn the_launcher_of_an_app_is_the_first_process_whatever_the_image_says() {
    let spec = ContainerSpec {
        image: Image { name: Some("vnf/vpp".into()), file: None, ..Image::default() },
        command: ["sh", "-c", "launch"].map(str::to_owned).into(),
        is_entrypoint: true,
        ..ContainerSpec::default()
    };
    let words = arguments::of_run(&spec, &Facts::default());
    let tail = &words[words.len() - 5..];
    assert_eq!(tail, ["--entrypoint", "sh", "vnf/vpp", "-c", "launch"]);
}

#[test]
fn values_of_variables_are_set_by_the_shell_and_not_in_argv() {
    let [_, run] = Docker.create(&full(), &Facts::default()).try_into().expect("mkdir and run");
    let argv = run.argv.join("\0");
    assert!(!argv.contains("hunter2"), "{argv}");
    assert!(run.env.contains(&("TOKEN".into(), "Bearer hunter2".into())));
    assert!(run.env.iter().all(|(name, _)| name != "PATH" && name != "with.dot"));
}

fn derived() -> Derived {
    Derived {
        base: "vnf/debian:12".into(),
        name: "vnfctl-0123".into(),
        digest: "4567".into(),
        container: "vnfctl-0123-lab".into(),
        ..Derived::default()
    }
}

fn around(engine: &dyn Engine, derived: &Derived) -> Vec<Command> {
    assert!(engine.derives());
    let Derivation { start, keep, remove } = engine.derive(derived).expect("it can");
    vec![start, keep, remove]
}

#[test]
fn the_other_commands() {
    let image = |file| Image { name: Some("vnf/busybox:1".into()), file, ..Image::default() };
    let argv = ["sh".to_owned(), "-c".into(), "echo $HOME".into()];
    let mut text = String::new();
    for engine in [&Docker as &dyn Engine, &Podman] {
        let commands = [
            engine.acquire(&image(None)),
            engine.acquire(&image(Some(ImageFile::Here("b.tar".into())))),
            engine.acquire(&image(Some(ImageFile::Node("/srv/b.tar".into())))),
            engine.repin(&full(), &Facts::default()),
            vec![engine.start("DUT1_VNF1")],
            vec![engine.stop("DUT1_VNF1", Duration::from_secs(10))],
            vec![engine.destroy("DUT1_VNF1")],
            vec![engine.exec("DUT1_VNF1", &argv, false), engine.exec("DUT1_VNF1", &argv, true)],
            vec![engine.administer("DUT1_VNF1", &argv)],
            vec![engine.logs("DUT1_VNF1", Some(5), true), engine.logs("DUT1_VNF1", None, false)],
            around(
                engine,
                &Derived { network: Some("host".into()), cpus: "1-2".into(), ..derived() },
            ),
            around(engine, &derived()),
        ]
        .concat();
        for command in commands {
            // A script is shown by its length: its text is a file of its own.
            let words: Vec<String> = command
                .argv
                .iter()
                .map(|word| if word.contains('\n') { "<script>".into() } else { quote(word) })
                .collect();
            let (words, stdin, deadline) = (words.join(" "), command.stdin, command.deadline);
            text = format!("{text}{words} {stdin:?} {deadline:?}\n");
        }
        text = format!("{text}{}\n", engine.first_process("DUT1_VNF1"));
    }
    assert_snapshot!(text);
}

#[test]
fn queries_carry_every_image_there_and_back() {
    let images = [
        Image { name: Some("a".into()), file: None, ..Image::default() },
        Image {
            name: Some("b:1".into()),
            file: Some(ImageFile::Here("b.tar".into())),
            ..Image::default()
        },
        Image::default(),
    ];
    for engine in [&Docker as &dyn Engine, &Podman] {
        let argv = engine.query(&images).argv;
        let printed = format!("image sha256:ab 7 {}\nimage - - {}\n", argv[6], argv[8]);
        assert_eq!(argv[5..].len(), 4, "an image without a name is not asked for");
        let found = engine.parse(&printed).expect("our own lines").images;
        assert_eq!(found.keys().collect::<Vec<_>>(), images[..2].iter().collect::<Vec<_>>());
        assert_eq!(found[&images[0]].digest.as_deref(), Some("ab"));
    }
}

#[test]
fn real_output_of_docker_20_10() {
    let found = Docker.parse(include_str!("captured/docker.txt")).expect("it parses");
    assert_snapshot!(format!("{found:#?}"));
}

#[test]
fn real_output_of_podman_4_3() {
    let found = Podman.parse(include_str!("captured/podman.txt")).expect("it parses");
    assert_snapshot!(format!("{found:#?}"));
}

#[test]
fn states_are_told_apart() {
    let state = |pid: u32, word: &str| {
        let json = format!(
            r#"{{"id":"1","name":"n","labels":null,"state":"{word}","code":137,"image":"i"}}"#
        );
        let found = Docker.parse(&format!("container {pid} {json}\n")).expect("it parses");
        found.containers[0].state
    };
    assert_eq!(state(7, "running"), State::Running { pid: 7 });
    assert_eq!(state(7, "paused"), State::Running { pid: 7 });
    assert_eq!(state(0, "exited"), State::Stopped { code: Some(137) });
    assert_eq!(state(0, "restarting"), State::Stopped { code: None });
    assert_eq!(state(0, "created"), State::Broken);
    assert_eq!(state(0, "removing"), State::Broken);
}

#[test]
fn what_is_not_understood_is_named() {
    for line in ["hello", "container x {}", "container 1 {\"name\":1}", "Cpus_allowed_list:\t0"] {
        let error = Docker.parse(&format!("{line}\n")).expect_err("no query prints this");
        assert_eq!(error, ParseError { engine: EngineKind::Docker, line: line.to_owned() });
    }
    assert_eq!(Docker.parse(""), Ok(Inventory::default()));
}

#[test]
fn refusals_name_what_cannot_be() {
    let spec = ContainerSpec {
        memory: Some(1 << 20),
        publish: vec!["1:1".into()],
        network: Some("host".into()),
        mounts: vec![Mount { host: "/a ".into(), guest: "/b".into(), read_only: false }],
        env: vec![("PATH".into(), "/x/hunter2".into()), ("OK".into(), "hunter2".into())],
        secrets: vec![Secret { name: "PW".into(), value: "hunter2".into() }],
        ..ContainerSpec::default()
    };
    assert_snapshot!(Docker.refusals(&spec).join("\n"));
    assert_eq!(Podman.refusals(&spec).len(), Docker.refusals(&spec).len() - 1, "no least memory");
    assert_eq!(Docker.refusals(&full()), Vec::<String>::new());
}
