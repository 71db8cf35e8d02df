//! With a real VPP in containers: `VNFCTL_TEST_VPP_ROOTFS` names the tarball of a root file system
//! that has `vpp` and `vppctl` in its PATH. Every packet that the vswitch generates comes back to
//! it through the NFs, on every engine and over two engines, also after a restart of one NF.

use crate::support::{Bed, Engine, Group, On, text};
use std::time::{Duration, Instant};

/// `#[test]`s for a machine that has VPP.
macro_rules! with_vpp {
    ($($name:ident: $vswitch:ident $nf:ident $place:ident),* $(,)?) => { $(
        #[test]
        #[ignore = "needs a VPP: VNFCTL_TEST_VPP_ROOTFS"]
        fn $name() {
            use crate::support::Place;
            let bed = Bed::new(concat!("vpp_", stringify!($name)), Engine::$nf, Place::$place);
            all_packets_come_back(&bed, Engine::$vswitch, Engine::$nf);
        }
    )* };
}

with_vpp! {
    docker: Docker Docker Ssh,
    lxc: Lxc Lxc Ssh,
    native: Native Native Local,
    podman: Podman Podman Ssh,
    mixed: Docker Lxc Ssh,
    mixed_the_other_way: Native Docker Local,
}

/// A group of VPPs without huge pages, on one CPU of two.
fn vpp(bed: &Bed, name: &str, engine: Engine, exec: &[String]) -> Group {
    let rootfs = std::env::var_os("VNFCTL_TEST_VPP_ROOTFS");
    let rootfs = rootfs.expect("VNFCTL_TEST_VPP_ROOTFS names a tarball with vpp in it");
    let image = bed.lab.image("vpp.tar");
    if !image.exists() {
        std::fs::copy(rootfs, &image).expect("it can be copied");
    }
    let lines: Vec<String> = exec.iter().map(|line| text(line)).collect();
    Group::new(name, engine)
        .without("command")
        .image("node:/lab-images/vpp.tar")
        .key("image", text("live-vpp"))
        .key(
            "app",
            format!("{{ kind = \"vpp\", poll_sleep_usec = 100, exec = [{}] }}", lines.join(", ")),
        )
}

/// What the vswitch has besides: a generator at one end of the chain and an interface that counts
/// at the other, in the outer bridge domains.
fn uplinks(last_domain: u32) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, domain) in [("pg0", 1), ("pg1", last_domain)] {
        lines.push(format!("create packet-generator interface {name}"));
        lines.push(format!("set interface l2 bridge {name} {domain}"));
        lines.push(format!("set interface state {name} up"));
    }
    lines
}

fn asked(bed: &Bed, on: &On<'_>, command: &str) -> String {
    let vswitch = bed.container("VSWITCH1");
    on.args(&["exec", &vswitch, "--", "vppctl", "-s", "/run/vpp/cli.sock", command]).exits(0).stdout
}

/// Packets that have left the vswitch at the far end of the chain.
fn counted(bed: &Bed, on: &On<'_>) -> u64 {
    let text = asked(bed, on, "show interface pg1");
    let count = text.lines().find_map(|line| line.split("tx packets").nth(1));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

/// 5000 packets more, less at a time than a ring holds while an NF waits for its CPU.
fn sent(bed: &Bed, on: &On<'_>, stream: &str) {
    let before = counted(bed, on);
    asked(
        bed,
        on,
        &format!(
            "packet-generator new {{ name {stream} limit 5000 rate 2e3 size 64-64 interface pg0 \
             node ethernet-input data {{ IP4: 00:00:00:00:00:01 -> 00:00:00:00:00:02 UDP: \
             10.0.0.1 -> 20.0.0.1 UDP: 1234 -> 2345 incrementing 8 }} }}"
        ),
    );
    asked(bed, on, &format!("packet-generator enable-stream {stream}"));
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut arrived = 0;
    while arrived < 5000 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(200));
        arrived = counted(bed, on) - before;
    }
    let state = || format!("{}{}", asked(bed, on, "show interface"), asked(bed, on, "show errors"));
    assert_eq!(arrived, 5000, "{}", state());
}

fn all_packets_come_back(bed: &Bed, vswitch: Engine, nf: Engine) {
    for count in [1, 2] {
        let topology = bed
            .topology()
            .group(vpp(bed, "VSWITCH", vswitch, &uplinks(count + 1)))
            .group(vpp(bed, "CNF", nf, &[]).count(count))
            .and("[[chains]]\ngroup = \"CNF\"\nkind = \"l2xc\"\nvswitch = \"VSWITCH\"\n");
        let on = bed.on(&topology).up();
        sent(bed, &on, "first");
        on.run("verify").exits(0);
        on.run("up").did_nothing();
        let cnf = bed.container("CNF1");
        on.args(&["stop", "--grace", "2s", &cnf]).exits(0);
        on.run("verify").exits(7).says(&format!("{cnf}:port1"));
        on.args(&["start", &cnf]).exits(0);
        on.args(&["restart", "--grace", "2s", &cnf]).exits(0);
        on.run("verify").exits(0);
        sent(bed, &on, "second");
        on.down();
        let folder = format!("/run/vnfctl/memif/{}", bed.name);
        assert!(!bed.dut.path(&folder).exists(), "{folder} is left");
    }
}
