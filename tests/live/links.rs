//! Links of kind veth between containers of all engines.

use crate::support::{Bed, Engine, Group, Topology, in_both_places};

in_both_places!(links_join_all_engines, a_deleted_link_is_mended, a_restart_joins_again);

const ENGINES: usize = Engine::ALL.len();

/// native - docker - podman - lxc - nspawn - native, each link with another MTU.
fn ring(bed: &Bed) -> Topology {
    let mut topology = bed.topology();
    for engine in Engine::ALL {
        topology = topology.group(Group::new(&group(engine), engine));
    }
    for number in 0..ENGINES {
        let [a, b] = [0, 1].map(|end| group(Engine::ALL[(number + end) % ENGINES]));
        topology = topology.and(&format!(
            "[[links]]\nkind = \"veth\"\nmtu = {mtu}\nends = [\n\
             {{ container = \"{a}1\", interface = \"right\", mac = \"02:fe:00:00:{number:02}:01\",\
                addresses = [\"10.9.{number}.1/24\", \"fd00:{net}:0:0::1/64\"] }},\n\
             {{ container = \"{b}1\", interface = \"left\", addresses = [\"10.9.{number}.2/24\"] }} ]\n",
            mtu = 1400 + number,
            net = number + 1
        ));
    }
    topology
}

fn group(engine: Engine) -> String {
    engine.word().to_uppercase()
}

fn pid(bed: &Bed, engine: Engine) -> u32 {
    let name = bed.container(&format!("{}1", group(engine)));
    bed.pid(engine, &name).unwrap_or_else(|| panic!("{name} does not run"))
}

/// What `ip` tells of a device inside a container, from outside.
fn device(bed: &Bed, engine: Engine, name: &str) -> serde_json::Value {
    let pid = pid(bed, engine);
    let text = bed.dut.must(&format!("nsenter -t {pid} -n ip -j addr show dev {name}"));
    serde_json::from_str::<serde_json::Value>(&text).expect("ip prints JSON")[0].clone()
}

#[track_caller]
fn all_joined(bed: &Bed) {
    for number in 0..ENGINES {
        let right = device(bed, Engine::ALL[number], "right");
        let left = device(bed, Engine::ALL[(number + 1) % ENGINES], "left");
        assert_eq!(right["mtu"], 1400 + number, "{right}");
        assert_eq!(left["mtu"], 1400 + number, "{left}");
        assert_eq!(right["address"], format!("02:fe:00:00:{number:02}:01"));
        assert_eq!(right["operstate"], "UP", "{right}");
        let locals: Vec<&str> = right["addr_info"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|address| address["local"].as_str())
            .collect();
        for address in [format!("10.9.{number}.1"), format!("fd00:{:x}::1", number + 1)] {
            assert!(locals.contains(&address.as_str()), "{address} is not in {right}");
        }
        let pid = pid(bed, Engine::ALL[number]);
        bed.dut.must(&format!("nsenter -t {pid} -n ping -q -c 1 -W 2 10.9.{number}.2"));
    }
}

fn links_join_all_engines(bed: &Bed) {
    let on = bed.on(&ring(bed));
    on.run("up").exits(0).says("answers");
    all_joined(bed);
    on.run("status").exits(0);
    on.run("verify").exits(0).says("10.9.3.2 answers");
    on.run("up").did_nothing();
    // No end of theirs is in the node's own namespace.
    assert_eq!(bed.dut.must("ip -o link | grep -cE ' (left|right)[@:]' || true"), "0");
    on.down();
}

fn a_deleted_link_is_mended(bed: &Bed) {
    let on = bed.on(&ring(bed)).up();
    let podman = pid(bed, Engine::Podman);
    let pids = Engine::ALL.map(|engine| pid(bed, engine));
    bed.dut.must(&format!("nsenter -t {podman} -n ip link delete right"));
    on.run("status").exits(7).says("missing");
    on.run("verify").exits(7);
    on.run("plan --exit-code").exits(6).says("link");
    on.run("up").exits(0);
    all_joined(bed);
    // Taken down, readdressed: seen and mended as well.
    bed.dut.must(&format!("nsenter -t {podman} -n ip link set left down"));
    on.run("status").exits(7).says("down");
    on.run("up").exits(0);
    bed.dut.must(&format!("nsenter -t {podman} -n ip address flush dev right"));
    on.run("status").exits(7);
    on.run("up").exits(0);
    bed.dut.must(&format!("nsenter -t {podman} -n ip link set left mtu 1300"));
    on.run("status").exits(7).says("1300");
    on.run("up").exits(0);
    all_joined(bed);
    assert_eq!(Engine::ALL.map(|engine| pid(bed, engine)), pids, "containers were left alone");
    on.run("up").did_nothing();
    on.down();
}

fn a_restart_joins_again(bed: &Bed) {
    let on = bed.on(&ring(bed)).up();
    for engine in Engine::ALL {
        let before = pid(bed, engine);
        on.args(&["restart", "--grace", "1s", &bed.container(&format!("{}1", group(engine)))])
            .exits(0);
        assert_ne!(pid(bed, engine), before);
        all_joined(bed);
        on.run("status").exits(0);
    }
    on.run("stop --grace 1s").exits(0);
    on.run("start").exits(0);
    all_joined(bed);
    on.run("verify").exits(0);
    on.args(&["destroy", "--yes", &bed.container("DOCKER1")]).exits(0);
    on.run("status").exits(7).says("missing");
    on.run("up").exits(0);
    all_joined(bed);
    on.down();
}
