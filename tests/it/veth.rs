//! Links between native containers of this machine, for real: needs root.

use crate::native::{Container, facts, ok, run, sh};
use vnfctl::engine::{Engine, Native};
use vnfctl::link::{EndSpec, LinkSpec, ObservedLink, driver};
use vnfctl::model::LinkKind;

fn end(container: &Container, interface: &str, mac: Option<&str>, addresses: &[&str]) -> EndSpec {
    EndSpec {
        container: container.0.name.clone(),
        pid: Native.first_process(&container.0.name),
        interface: interface.into(),
        mac: mac.map(Into::into),
        addresses: addresses.iter().copied().map(Into::into).collect(),
        ping: Vec::new(),
    }
}

fn link(name: &str, ends: [EndSpec; 2]) -> LinkSpec {
    let mtu = Some(9000);
    LinkSpec { kind: LinkKind::Veth, name: name.into(), topology: "it".into(), mtu, ends }
}

fn observe(links: &[LinkSpec]) -> Vec<ObservedLink> {
    let driver = driver(LinkKind::Veth);
    driver.parse(links, &ok(&[driver.query(links)])).unwrap()
}

fn differences(link: &LinkSpec) -> Vec<String> {
    observe(std::slice::from_ref(link)).remove(0).differences
}

#[test]
fn a_link_is_made_seen_pinged_and_removed() {
    let driver = driver(LinkKind::Veth);
    let (a, b) = (Container::new("veth-a"), Container::new("veth-b"));
    let wanted = link(
        "a--b",
        [
            end(&a, "eth0", Some("02:00:00:00:00:0a"), &["192.0.2.1/24", "fd00::1/64"]),
            end(&b, "east", None, &["192.0.2.2/24", "fd00::2/64"]),
        ],
    );
    let ran = run(&driver.create(&wanted));
    assert_eq!((ran.code, ran.stderr.as_str()), (1, "the container of `eth0` does not run\n"));
    assert!(observe(std::slice::from_ref(&wanted))[0].absent, "nobody runs");
    a.create();
    b.create();
    let missing = observe(std::slice::from_ref(&wanted)).remove(0);
    assert_eq!((missing.differences, missing.absent), (vec!["missing".to_owned()], true));
    let before = sh("ls /sys/class/net");

    ok(&[driver.create(&wanted)]);
    assert_eq!(differences(&wanted), [""; 0]);
    assert_eq!(a.exec("cat /sys/class/net/eth0/address"), "02:00:00:00:00:0a\n");
    assert_eq!(b.exec("cat /sys/class/net/east/mtu"), "9000\n");
    let pings = ok(&[driver.verify(&wanted).unwrap()]);
    let mut pings: Vec<&str> = pings.lines().collect();
    pings.sort_unstable();
    let all = ["ok east 192.0.2.1", "ok east fd00::1", "ok eth0 192.0.2.2", "ok eth0 fd00::2"];
    assert_eq!(pings, all);

    let again = run(&driver.create(&wanted));
    assert_ne!(again.code, 0, "taken");
    assert_eq!(differences(&wanted), [""; 0], "and untouched");

    a.exec("ip link set eth0 mtu 1400; ip address del 192.0.2.1/24 dev eth0");
    b.exec("ip link set east down");
    let name = |what: &str| format!("vnfctl-it-veth-{what}");
    let changed = [
        name("a eth0: mtu 1400, wanted 9000"),
        name("a eth0: address 192.0.2.1/24 missing"),
        name("b east: down"),
        name("b east: address fd00::2/64 missing"),
    ];
    assert_eq!(differences(&wanted), changed);

    ok(&[driver.destroy(&wanted), driver.destroy(&wanted)]);
    assert_eq!(differences(&wanted), ["missing"]);
    assert_eq!(b.exec("ls /sys/class/net"), "lo\n");
    assert_eq!(sh("ls /sys/class/net"), before, "the node's own devices");
}

#[test]
fn a_link_that_cannot_be_made_leaves_nothing_and_others_are_left_alone() {
    let driver = driver(LinkKind::Veth);
    let (a, b) = (Container::new("veth-c"), Container::new("veth-d"));
    a.create();
    b.create();
    let bad = link("bad", [end(&a, "eth0", None, &[]), end(&b, "eth0", None, &["192.0.2.1/99"])]);
    assert_ne!(run(&driver.create(&bad)).code, 0);
    assert_eq!(a.exec("ls /sys/class/net") + &b.exec("ls /sys/class/net"), "lo\nlo\n");

    a.exec("ip link add eth0 type bridge");
    let taken = link("taken", [end(&a, "eth0", None, &[]), end(&b, "eth0", None, &[])]);
    assert_ne!(run(&driver.create(&taken)).code, 0);
    ok(&[driver.destroy(&taken)]);
    assert_eq!(
        a.exec("ls /sys/class/net; ip link show type bridge | grep -c eth0"),
        "eth0\nlo\n1\n"
    );
    assert_eq!(b.exec("ls /sys/class/net"), "lo\n");
    let found = observe(std::slice::from_ref(&taken)).remove(0);
    assert!(!found.absent && found.differences[0].contains("made by somebody else"), "{found:?}");
}

#[test]
fn ends_that_are_not_joined_are_seen_and_lost_pings_reported() {
    let driver = driver(LinkKind::Veth);
    let containers = ["e", "f", "g"].map(|name| Container::new(&format!("veth-{name}")));
    for container in &containers {
        ok(&Native.create(&container.0, &facts()));
    }
    let [a, b, c] = &containers;
    let near = end(a, "eth0", None, &["192.0.2.1/24"]);
    let one = link("one", [near.clone(), end(b, "eth0", None, &["192.0.2.2/24"])]);
    let two = link("two", [end(a, "eth1", None, &[]), end(c, "eth0", None, &["192.0.2.3/24"])]);
    ok(&[driver.create(&one), driver.create(&two)]);
    let crossed = link("crossed", [near, two.ends[1].clone()]);
    let found = observe(&[one.clone(), two, crossed.clone()]);
    let phrases: Vec<_> = found.iter().map(|link| link.differences.join("; ")).collect();
    assert_eq!(phrases, ["", "", "the two ends are not joined"]);
    let lost = ok(&[driver.verify(&crossed).unwrap()]);
    assert!(lost.contains("lost eth0 192.0.2.3\n"), "{lost}");
}
