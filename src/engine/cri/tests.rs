//! What the engine says, held to what crictl and containerd understood when they were tried.

use super::*;
use crate::command::Secret;
use crate::engine::{Labels, PodSeat, State};
use crate::model::{Mount, Seccomp};
use insta::assert_snapshot;

fn full() -> ContainerSpec {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut spec = ContainerSpec {
        name: "DUT1_VNF1".into(),
        image: Image { name: Some("vnf/vpp:26.06".into()), ..Image::default() },
        command: ["sh", "-c", "echo $1"].map(str::to_owned).to_vec(),
        env: vec![pair("MICROSERVICE_LABEL", "DUT1_VNF1"), pair("TOKEN", "Bearer hunter2\n")],
        secrets: vec![Secret { name: "PW".into(), value: "hunter2".into() }],
        mounts: vec![Mount { host: "/srv/a b".into(), guest: "/mnt/x".into(), read_only: true }],
        publish: vec!["8080:80".into(), "10.0.0.1:53:53/udp".into()],
        cap_add: vec!["NET_ADMIN".into()],
        devices: vec!["/dev/net/tun".into(), "/dev/a:/dev/b:r".into()],
        memory: Some(2 << 30),
        cpus: vec![3, 60, 4],
        mems: vec![0],
        runtime: Some("kata".into()),
        pod: Some(PodSeat { pod: "agents".into(), owner: None }),
        labels: Labels { topology: "lab".into(), group: "VNF".into(), ..Labels::default() },
        ..ContainerSpec::default()
    };
    spec.security.seccomp = Some(Seccomp::Node("/etc/vnf.json".into()));
    spec.security.user = Some("1000:1000".into());
    spec.security.no_new_privileges = true;
    spec
}

#[test]
fn a_container_is_two_configurations_on_standard_input() {
    let create = Cri.create(&full(), &Facts::default()).pop().expect("one command");
    assert!(!create.words().contains("hunter2"), "nothing of the environment is an argument");
    assert!(!create.display().contains("hunter2"), "and it is not shown");
    let Stdin::Text(text) = create.stdin else { panic!("on standard input") };
    assert_eq!(text.lines().count(), 2, "one line each");
    let pretty = text.lines().map(|line| {
        let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
        serde_json::to_string_pretty(&value).expect("it was read")
    });
    assert_snapshot!(pretty.collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_cri_has_no_words_for_is_refused() {
    assert_eq!(Cri.refusals(&full()), [""; 0]);
    let mut odd = full();
    odd.publish = vec!["8000-8010:80".into()];
    odd.network = Some("none".into());
    odd.security.pids = Some(10);
    odd.security.user = Some("vpp:vpp".into());
    odd.security.selinux = Some(crate::model::Selinux::Part("type:x".into()));
    odd.security.idmap = Some(crate::model::IdMap::Auto);
    assert_snapshot!(Cri.refusals(&odd).join("\n"));
}

#[test]
fn a_list_with_states_is_read() {
    let list = r#"containers {"containers":[{"id":"aa","podSandboxId":"p","metadata":{"name":"DUT1_VNF1","attempt":0},"image":{"image":"sha256:1","userSpecifiedImage":"vnf:1"},"state":"CONTAINER_RUNNING","annotations":{"vnfctl.topology":"lab","vnfctl.group":"VNF"}},{"id":"bb","metadata":{"name":"web"},"image":{"image":"web:1"},"state":"CONTAINER_EXITED"},{"id":"cc","metadata":{"name":"half"},"state":"CONTAINER_CREATED"},{"id":"dd","metadata":{"name":"went"},"state":"CONTAINER_RUNNING"}]}"#;
    let states = "state aa 71 0\nCpus_allowed_list:\t3\nMems_allowed_list:\t0\nstate bb 0 5\nstate cc 0 0\nstate later 9 0\nCpus_allowed_list:\t1\n";
    let inventory = Cri.parse(&format!("{list}\n{states}")).expect("it is well-formed");
    let told: Vec<_> =
        inventory.containers.iter().map(|one| (one.name.as_str(), one.state)).collect();
    let expected = [
        ("DUT1_VNF1", State::Running { pid: 71 }),
        ("web", State::Stopped { code: Some(5) }),
        ("half", State::Broken),
        ("went", State::Stopped { code: None }),
    ];
    assert_eq!(told, expected);
    let ours = &inventory.containers[0];
    assert_eq!(ours.cpus.as_ref().map(ToString::to_string).as_deref(), Some("3"));
    assert_eq!((ours.image.as_str(), inventory.containers[1].image.as_str()), ("vnf:1", "web:1"));
    assert!(inventory.cgroups.contains("cri-containerd-aa.scope"));
    assert!(Cri.parse("hello").is_err());
}
