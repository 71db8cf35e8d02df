//! `cpus`: the map of a busy machine, and the verb over saved machines.

use crate::cli::Sandbox;
use crate::support::world;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use vnfctl::cpu::{CpuMap, Holder};
use vnfctl::engine::{Inventory, Labels, Observed, State};
use vnfctl::facts;
use vnfctl::lifecycle::claims;
use vnfctl::model::EngineKind;
use vnfctl::plan::NodeState;
use vnfctl::ui::{Paint, cpu_map};

/// The probed machine of this name, as `--machine` takes it.
fn probe(name: &str) -> String {
    world::path(&format!("tests/fixtures/machines/{name}.probe")).display().to_string()
}

fn container(name: &str, owner: Option<(&str, &str)>, cpus: Option<&str>) -> Observed {
    let labels = owner.map(|(topology, cpuset)| Labels {
        topology: topology.to_owned(),
        group: "VNF".to_owned(),
        index: 1,
        cpuset: cpuset.to_owned(),
        ..Labels::default()
    });
    Observed {
        engine: EngineKind::Docker,
        name: name.to_owned(),
        labels,
        state: State::Running { pid: 7 },
        cpus: cpus.map(|cpus| cpus.parse().unwrap()),
        mems: None,
        cgroup_cpus: None,
        cgroup_mems: None,
        image: String::new(),
    }
}

/// Two topologies, half cores, a stopped container, foreign ones with a cpuset and without.
fn busy() -> NodeState {
    let stopped = Observed {
        state: State::Stopped { code: Some(0) },
        ..container("DUT1_OLD1", Some(("lab", "10,66")), None)
    };
    let containers = vec![
        container("DUT1_VNF1", Some(("pair", "2,3,58,59")), Some("2-3,58-59")),
        container("DUT1_VNF2", Some(("pair", "4,5,60,61")), Some("4-5,60-61")),
        container("other-DUT1_NF1", Some(("lab", "6")), Some("6")),
        container("other-DUT1_NF2", Some(("lab", "62")), Some("62")),
        container("other-DUT1_NF3", Some(("lab", "62")), Some("62")),
        stopped,
        container("web", None, Some("40-43")),
        container("everywhere", None, Some("0-111")),
    ];
    let inventory = Inventory { containers, ..Inventory::default() };
    let text = std::fs::read_to_string(probe("xeon-second-half")).unwrap();
    NodeState {
        facts: facts::parse(&text).unwrap(),
        inventories: BTreeMap::from([(EngineKind::Docker, Ok(inventory))]),
        ..NodeState::default()
    }
}

#[test]
fn a_busy_machine_of_112_threads_is_readable() {
    let state = busy();
    let claims = claims("", &state);
    let map = CpuMap::new(&state.facts.machine, 1, &claims, &|holder| match holder {
        Holder::Topology { topology, container } => format!("{container} (topology {topology})"),
        other => other.to_string(),
    });
    let drawn = cpu_map("DUT1", &map, Paint { on: false });
    assert!(drawn.lines().all(|line| line.chars().count() <= 100), "{drawn}");
    let readme = std::fs::read_to_string(world::path("README.md")).unwrap();
    let strip: Vec<&str> = drawn.lines().take(7).collect();
    assert!(readme.contains(&strip.join("\n")), "the README's example is another");
    insta::assert_snapshot!(drawn);
}

#[test]
fn own_containers_are_told_from_those_of_others() {
    let own =
        |holder: &Holder| matches!(holder, Holder::Own { group, ordinal: 1, .. } if group == "VNF");
    let claims = claims("pair", &busy());
    assert_eq!(claims.iter().filter(|claim| own(&claim.holder)).count(), 2);
    let foreign = claims.iter().filter(|claim| matches!(claim.holder, Holder::Foreign { .. }));
    let foreign: Vec<_> =
        foreign.map(|claim| (claim.holder.to_string(), claim.cpus.to_string())).collect();
    assert_eq!(foreign, [("docker container `web`".to_owned(), "40-43".to_owned())]);
}

#[test]
fn every_probed_machine_is_drawn_by_the_binary_within_100_columns() {
    let sandbox = Sandbox::new();
    for name in world::stems_with("tests/fixtures/machines", "probe") {
        let ended = sandbox.run(&format!("cpus --machine DUT1={}", probe(&name))).with(0);
        assert_eq!(ended.stderr, "", "{name}");
        let map = std::fs::read_to_string(probe(&name).replace(".probe", ".map")).unwrap();
        assert!(map.starts_with(&ended.stdout), "{name}: {}", ended.stdout);
        let wide = ended.stdout.lines().find(|line| line.chars().count() > 100);
        assert_eq!(wide, None, "{name}");
    }
}

#[test]
fn the_document_says_everything_of_each_cpu() {
    let sandbox = Sandbox::new();
    let machine = probe("cpu0-and-siblings-offline");
    let document = sandbox.run(&format!("cpus -o json --machine DUT1={machine}")).with(0).json();
    assert_eq!(document["version"], 1);
    assert_eq!(document["placements"], json!([]));
    let node = &document["nodes"][0];
    assert_eq!((&node["node"], &node["system_cpus"]), (&json!("DUT1"), &json!(1)));
    let cpus = node["cpus"].as_array().unwrap();
    assert_eq!(cpus.len(), 16);
    assert_eq!(
        cpus[9],
        json!({
            "cpu": 9, "core": 0, "socket": 0, "numa": 0, "l3": 0, "slot": 0, "thread": 1, "kind": 0,
            "online": true, "allowed": true, "isolated": false, "nohz_full": false,
            "state": "system", "owner": null,
        })
    );
    assert_eq!(
        cpus[0],
        json!({
            "cpu": 0, "core": null, "socket": null, "numa": 0, "l3": null, "slot": null,
            "thread": null, "kind": 0, "online": false, "allowed": false, "isolated": false,
            "nohz_full": false, "state": "offline", "owner": null,
        })
    );
}

const LAB: &str = "name = \"lab\"\n[nodes.DUT1]\nssh = \"root@127.0.0.1:9\"\nsystem_cpus = 2\n\
                   [nodes.DUT2]\n[groups.NF]\nengine = \"native\"\n";

#[test]
fn nodes_come_from_the_topology_where_there_is_one() {
    let sandbox = Sandbox::with(LAB, "two-sockets-smt");
    let nodes = |words: &str| {
        let document = sandbox.run(&format!("cpus -o json {words}")).with(0).json();
        let names = document["nodes"].as_array().unwrap().iter().map(|node| node["node"].clone());
        names.collect::<Vec<Value>>()
    };
    assert_eq!(nodes("--machine DUT*=dut.lscpu"), ["DUT1", "DUT2"]);
    assert_eq!(nodes("--machine DUT*=dut.lscpu --node DUT2"), ["DUT2"]);
    let drawn = sandbox.run("cpus --machine DUT*=dut.lscpu --node DUT1").with(0).stdout;
    assert!(drawn.contains("\ns    0     0   0-1    "), "two slots are the system's: {drawn}");
    let wrong = sandbox.run("cpus --node DUT3").with(2);
    assert!(wrong.stderr.contains("no node matches `DUT3`"), "{}", wrong.stderr);
    let wrong = sandbox.run("cpus --machine XX=dut.lscpu").with(2);
    assert!(wrong.stderr.contains("no node matches `XX`"), "{}", wrong.stderr);
    let far = sandbox.run("cpus --node DUT1").with(4);
    assert!(far.stderr.contains("DUT1"), "{}", far.stderr);
    assert_eq!(far.stdout, "");
}

#[test]
fn a_testbed_without_groups_is_enough() {
    let sandbox = Sandbox::new();
    sandbox.write("lab.toml", "[nodes.DUT1]\n[nodes.DUT2]\n");
    let machine = probe("smt-off");
    let document = sandbox.run(&format!("cpus -o json --machine DUT*={machine}")).with(0).json();
    assert_eq!(document["nodes"].as_array().unwrap().len(), 2);
    let wrong = sandbox.run(&format!("check --machine DUT*={machine}")).with(3);
    assert!(wrong.stderr.contains("a topology needs `groups`"), "{}", wrong.stderr);
}

#[test]
fn a_probed_machine_is_placed_on_too() {
    let sandbox = Sandbox::new();
    let group = "[groups.NF]\nengine = \"native\"\nsmt_used = true\ncpuset_mems = 8\n";
    sandbox.write("lab.toml", &format!("name = \"lab\"\n[nodes.DUT1]\n{group}"));
    let words = format!("check -o json --machine DUT1={}", probe("power9-smt4"));
    let document = sandbox.run(&words).with(0).json();
    let placement = &document["placements"][0];
    assert_eq!(placement["cpuset_cpus"], json!([36, 37, 38, 39]));
    assert_eq!(placement["cpuset_mems"], json!([8]));
    let torn = std::fs::read_to_string(probe("no-numa")).unwrap().replace("\nend\n", "\n");
    sandbox.write("torn.probe", &torn);
    sandbox.run("check --machine DUT1=torn.probe").with(2);
}

#[test]
fn what_is_saved_is_what_is_drawn() {
    let sandbox = Sandbox::new();
    let here = sandbox.run("cpus --save . -q").with(0).stdout;
    assert!(here.starts_with("localhost: "), "{here}");
    let again = sandbox.run("cpus --machine localhost=localhost.probe").with(0).stdout;
    let strips = |drawn: &str| drawn.split("KEY").next().unwrap().lines().count();
    assert_eq!(strips(&again), strips(&here));
    let wrong = sandbox.run("cpus --save gone").with(1);
    assert!(wrong.stderr.contains("cannot write `gone/localhost.probe`"), "{}", wrong.stderr);
}
