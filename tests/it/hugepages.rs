//! Huge pages that do not exist are missed before anything is made.

use crate::support::world::{self, Wish, as_wanted, prepared};
use std::collections::BTreeMap;
use vnfctl::facts::{Facts, NumaNode};
use vnfctl::lifecycle::{Failure, saved_facts};
use vnfctl::model::Loaded;
use vnfctl::plan::{NodeState, Observation, Refusal, Stage, Verb};

const UP: Verb = Verb::Up(Stage::Verify);

/// Two containers with 100 pages of 2 MiB each on NUMA node 1, one with one of 1 GiB and 30 of
/// 2 MiB there, and one without.
const LAB: &str = r#"
name = "lab"
[nodes.DUT1]
[defaults]
engine = "native"
cpuset_mems = 1
[groups.VNF]
count = 2
hugepages = { "2MiB" = 100 }
[groups.CNF]
cpu_skip = 4
hugepages = { "2MiB" = 30, "1GiB" = 1 }
[groups.ETCD]
cpu_skip = 6
"#;

const GIB: u64 = 1 << 20;

/// DUT1 with two NUMA nodes of 16 GiB; `first` and `second` are (total, free) pages of 2 MiB, and
/// the second has two of 1 GiB.
fn dut(first: (u64, u64), second: (u64, u64)) -> Observation {
    let node = |id, pages: &[(u64, (u64, u64))]| NumaNode {
        id,
        cpus: std::iter::once(id).collect(),
        memory_kib: 16 * GIB,
        hugepages: pages.iter().copied().collect(),
    };
    let numa =
        vec![node(0, &[(2048, first), (GIB, (0, 0))]), node(1, &[(2048, second), (GIB, (2, 2))])];
    let facts = Facts { numa, ..world::facts_of("two-sockets-smt") };
    let state = NodeState { facts, ..NodeState::default() };
    BTreeMap::from([("DUT1".to_owned(), state)])
}

/// As many free pages of 2 MiB on NUMA node 1 from now on.
fn leave(seen: &mut Observation, free: u64) {
    let node = &mut seen.get_mut("DUT1").unwrap().facts.numa[1];
    node.hugepages.get_mut(&2048).unwrap().1 = free;
}

#[track_caller]
fn refused(loaded: &Loaded, seen: &Observation, wish: &Wish<'_>) -> Vec<Refusal> {
    match prepared(loaded, seen, wish) {
        Err(Failure::Placement(refusals)) => refusals,
        Err(other) => panic!("{other}: {other:?}"),
        Ok(prepared) => panic!("{} steps", prepared.plan.steps.len()),
    }
}

#[track_caller]
fn fits(loaded: &Loaded, seen: &Observation, wish: &Wish<'_>) {
    let prepared = prepared(loaded, seen, wish).unwrap();
    assert_eq!(prepared.warnings, []);
}

#[test]
fn the_need_is_summed_by_numa_node_and_page_size() {
    let loaded = world::topology(LAB);
    fits(&loaded, &dut((0, 0), (230, 230)), &Wish::all(UP));
    for verb in [Verb::Create, UP, Verb::Up(Stage::Create)] {
        let refusals = refused(&loaded, &dut((0, 0), (256, 229)), &Wish::all(verb));
        assert_eq!(refusals.len(), 1, "{refusals:?}");
        let Refusal { node, message, hint, .. } = &refusals[0];
        assert_eq!(node, "DUT1");
        assert_eq!(
            message,
            "NUMA node 1: 229 of 256 huge pages of 2MiB are free, 230 asked for (`CNF` 1 container \
             x 30, `VNF` 2 containers x 100)"
        );
        let path = "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages";
        assert_eq!(*hint, format!("`echo 257 > {path}` as root on the node makes them"));
    }
    for verb in [Verb::Acquire, Verb::Up(Stage::Acquire), Verb::Stop, Verb::Down, Verb::Destroy] {
        fits(&loaded, &dut((0, 0), (0, 0)), &Wish::all(verb));
    }
}

#[test]
fn another_numa_node_that_has_enough_is_named() {
    let loaded = world::topology(LAB);
    let hint = &refused(&loaded, &dut((300, 230), (0, 0)), &Wish::all(UP))[0].hint;
    assert!(hint.ends_with("; NUMA node 0 has enough (`cpuset_mems = 0`)"), "{hint}");
    let hint = &refused(&loaded, &dut((300, 229), (0, 0)), &Wish::all(UP))[0].hint;
    assert!(!hint.contains("enough"), "{hint}");
}

#[test]
fn only_what_is_selected_counts() {
    let loaded = world::topology(LAB);
    let one = Wish { is_selected: &|name, _, _| name == "DUT1_VNF2", ..Wish::all(UP) };
    fits(&loaded, &dut((0, 0), (100, 100)), &one);
    let refusals = refused(&loaded, &dut((0, 0), (100, 99)), &one);
    assert!(
        refusals[0].message.contains("100 asked for (`VNF` 1 container x 100)"),
        "{refusals:?}"
    );
}

#[test]
fn what_runs_has_its_pages_and_what_stands_needs_them() {
    let loaded = world::topology(LAB);
    let mut seen = as_wanted(&loaded, &dut((0, 0), (230, 230)));
    leave(&mut seen, 0);
    for verb in [UP, Verb::Start, Verb::Restart] {
        fits(&loaded, &seen, &Wish::all(verb));
    }
    world::stop(&mut seen, "DUT1_VNF1");
    for verb in [UP, Verb::Create, Verb::Start, Verb::Restart] {
        let refusals = refused(&loaded, &seen, &Wish::all(verb));
        let asked = "0 of 230 huge pages of 2MiB are free, 100 asked for (`VNF` 1 container x 100)";
        assert!(refusals[0].message.contains(asked), "{refusals:?}");
    }
    leave(&mut seen, 100);
    for verb in [UP, Verb::Start, Verb::Restart] {
        fits(&loaded, &seen, &Wish::all(verb));
    }
}

#[test]
fn a_replaced_container_asks_for_what_it_did_not_have() {
    let mut seen = as_wanted(&world::topology(LAB), &dut((0, 0), (230, 230)));
    leave(&mut seen, 119);
    let more = world::topology(&LAB.replace("= 100", "= 160"));
    let change = prepared(&more, &seen, &Wish::all(UP)).unwrap_err();
    let Failure::Refused(changed) = change else { panic!("{change:?}") };
    let told = r#"hugepages = {"2MiB":160} (was {"2MiB":100})"#;
    assert!(changed[0].message.contains(told), "{changed:?}");
    let recreate = Wish { recreate: true, ..Wish::all(UP) };
    let refusals = refused(&more, &seen, &recreate);
    assert!(
        refusals[0].message.contains("120 asked for (`VNF` 2 containers x 60)"),
        "{refusals:?}"
    );
    leave(&mut seen, 120);
    fits(&more, &seen, &recreate);
    // One that stands has nothing.
    world::stop(&mut seen, "DUT1_VNF2");
    let refusals = refused(&more, &seen, &recreate);
    let asked = "220 asked for (`VNF` 1 container x 60, `VNF` 1 container x 160)";
    assert!(refusals[0].message.contains(asked), "{refusals:?}");
}

#[test]
fn a_page_size_that_the_kernel_lacks_is_told_from_pages_that_do_not_exist() {
    let loaded = world::topology(&LAB.replace("1GiB", "16MiB"));
    let refusals = refused(&loaded, &dut((0, 0), (230, 230)), &Wish::all(UP));
    assert_eq!(
        (refusals[0].message.as_str(), refusals[0].hint.as_str()),
        (
            "there are no huge pages of 16MiB: 1 asked for (`CNF` 1 container x 1)",
            "the node's kernel has pages of 2MiB and 1GiB"
        )
    );
    let many = world::topology(&LAB.replace("\"1GiB\" = 1", "\"1GiB\" = 40"));
    let refusals = refused(&many, &dut((0, 0), (230, 230)), &Wish::all(UP));
    let hint = "fewer containers or pages: NUMA node 1 has 16384 MiB of memory in all";
    assert_eq!(refusals[0].hint, hint);
}

#[test]
fn with_one_numa_node_the_machine_s_own_file_is_named() {
    let loaded = world::topology(&LAB.replace("cpuset_mems = 1", "cpuset_mems = 0"));
    let mut seen = dut((10, 10), (0, 0));
    seen.get_mut("DUT1").unwrap().facts.numa.truncate(1);
    let refusals = refused(&loaded, &seen, &Wish::all(UP));
    assert_eq!(refusals.len(), 2, "one for each page size: {refusals:?}");
    let path = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
    assert_eq!(refusals[0].hint, format!("`echo 230 > {path}` as root on the node makes them"));
}

#[test]
fn a_saved_machine_does_not_tell_its_pages() {
    let loaded = world::topology(LAB);
    let machine = world::facts_of("two-sockets-smt").machine;
    let facts = saved_facts(&loaded.topology.nodes[0], Facts { machine, ..Facts::default() });
    let seen = BTreeMap::from([("DUT1".to_owned(), NodeState { facts, ..NodeState::default() })]);
    let plan = prepared(&loaded, &seen, &Wish::all(UP)).unwrap();
    let told = "huge pages are not checked: a saved `lscpu -p` does not tell them";
    assert_eq!(plan.warnings, [("DUT1".to_owned(), told.to_owned())]);
    assert_eq!(plan.plan.steps.len(), 4);
    fits(&world::topology(&LAB.replace("hugepages", "#")), &seen, &Wish::all(UP));
}
