//! What a plan touches, and what waits for what, over groups, containers and nodes.

use crate::support::world::{self, VERBS, Wish, as_wanted, empty, prepared};
use std::collections::BTreeSet;
use vnfctl::engine::State;
use vnfctl::model::{EngineKind, glob_matches};
use vnfctl::plan::{Plan, Stage, Verb};

const UP: Verb = Verb::Up(Stage::Verify);

/// A topology of twelve VNFs on each of two nodes, a switch, and a group that needs both.
const MANY: &str = r#"
name = "many"
[nodes.DUT1]
[nodes.DUT2]
[defaults]
engine = "native"
cpu_scarce = "share"
[groups.VNF]
count = 12
depends_on = ["SWITCH"]
[groups.SWITCH]
depends_on = ["STORE"]
[groups.STORE]
nodes = ["DUT2"]
[[links]]
kind = "veth"
ends = [{ container = "VNF1", interface = "eth0" }, { container = "VNF2", interface = "eth0" }]
[[links]]
kind = "veth"
ends = [{ container = "VNF3", interface = "eth0" }, { container = "VNF4", interface = "eth0" }]
"#;

/// Whether a container (name, group, node) is meant.
type IsSelected = dyn Fn(&str, &str, &str) -> bool;

/// The containers a plan touches.
fn touched(plan: &Plan) -> BTreeSet<&str> {
    plan.steps.iter().map(|step| step.container.as_str()).collect()
}

#[test]
fn a_selection_touches_nothing_else() {
    let loaded = world::topology(MANY);
    let nothing = empty(&loaded.topology, "two-sockets-smt");
    let mut right = as_wanted(&loaded, &nothing);
    // Something is wrong everywhere, so that there would be something to do everywhere.
    for state in right.values_mut() {
        for link in &mut state.links {
            link.differences = vec!["down".into()];
        }
        for inventory in state.inventories.values_mut() {
            for found in &mut inventory.as_mut().unwrap().containers {
                found.cpus = Some(world::cpu(40));
            }
        }
    }
    let mut stopped = right.clone();
    for found in stopped.values_mut().flat_map(|state| state.inventories.values_mut()) {
        for container in &mut found.as_mut().unwrap().containers {
            container.state = State::Stopped { code: None };
        }
    }
    let by_name = |name: &str, _: &str, _: &str| glob_matches("DUT1_VNF1", name);
    let by_glob = |name: &str, _: &str, _: &str| glob_matches("DUT1_VNF?", name);
    let by_group = |_: &str, group: &str, _: &str| group == "SWITCH";
    let by_node = |_: &str, _: &str, node: &str| node == "DUT2";
    let selections: [(&str, &IsSelected); 4] =
        [("name", &by_name), ("glob", &by_glob), ("group", &by_group), ("node", &by_node)];
    for (how, is_selected) in selections {
        for (word, verb) in VERBS {
            for (at, observation) in [&nothing, &right, &stopped].into_iter().enumerate() {
                let wish = Wish { is_selected, ..Wish::all(verb) };
                let Ok(prepared) = prepared(&loaded, observation, &wish) else { continue };
                for step in &prepared.plan.steps {
                    let group = step.container.split('_').nth(1).unwrap();
                    let group = group.trim_end_matches(|c: char| c.is_ascii_digit());
                    assert!(
                        is_selected(&step.container, group, &step.node),
                        "{word} by {how} in {at} touches {}: {}",
                        step.container,
                        step.sentence
                    );
                }
            }
        }
        let wish = Wish { is_selected, ..Wish::all(UP) };
        assert!(!prepared(&loaded, &nothing, &wish).unwrap().plan.steps.is_empty(), "{how}");
    }
    let wish = Wish { is_selected: &by_name, ..Wish::all(Verb::Destroy) };
    let plan = prepared(&loaded, &right, &wish).unwrap().plan;
    assert_eq!(touched(&plan), BTreeSet::from(["DUT1_VNF1"]));
}

/// Whether `later` cannot start before `earlier` has succeeded.
fn waits(plan: &Plan, later: &str, earlier: &str) -> bool {
    let last = |name: &str| plan.steps.iter().rposition(|step| step.container == name).unwrap();
    let first = |name: &str| plan.steps.iter().position(|step| step.container == name).unwrap();
    let mut open = plan.steps[first(later)].after.clone();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            open.extend(&plan.steps[id].after);
        }
    }
    seen.contains(&last(earlier))
}

#[test]
fn groups_wait_for_those_they_depend_on_also_on_other_nodes() {
    let loaded = world::topology(MANY);
    let nothing = empty(&loaded.topology, "two-sockets-smt");
    let up = prepared(&loaded, &nothing, &Wish::all(UP)).unwrap().plan;
    assert!(waits(&up, "DUT1_SWITCH1", "DUT2_STORE1"));
    assert!(waits(&up, "DUT1_VNF12", "DUT1_SWITCH1"));
    assert!(!waits(&up, "DUT1_VNF12", "DUT2_SWITCH1"), "its own node has one");
    let right = as_wanted(&loaded, &nothing);
    for verb in [Verb::Down, Verb::Destroy, Verb::Stop] {
        let plan = prepared(&loaded, &right, &Wish::all(verb)).unwrap().plan;
        assert!(waits(&plan, "DUT2_STORE1", "DUT1_SWITCH1"), "{verb:?}");
        assert!(waits(&plan, "DUT2_STORE1", "DUT1_VNF3"), "{verb:?}");
        assert!(!waits(&plan, "DUT2_SWITCH1", "DUT1_VNF3"), "{verb:?}");
    }
    let restart = prepared(&loaded, &right, &Wish::all(Verb::Restart)).unwrap().plan;
    assert!(waits(&restart, "DUT1_VNF1", "DUT1_SWITCH1"));
    assert!(waits(&restart, "DUT2_VNF1", "DUT2_STORE1"));
}

#[test]
fn a_group_that_needs_nothing_done_still_hands_the_order_on() {
    let loaded = world::topology(MANY);
    let nothing = empty(&loaded.topology, "two-sockets-smt");
    let mut seen = as_wanted(&loaded, &nothing);
    world::remove(&mut seen, "DUT2_STORE1");
    world::remove(&mut seen, "DUT2_VNF5");
    let up = prepared(&loaded, &seen, &Wish::all(UP)).unwrap().plan;
    assert!(waits(&up, "DUT2_VNF5", "DUT2_STORE1"));
    for name in ["DUT1_SWITCH1", "DUT2_SWITCH1"] {
        world::remove(&mut seen, name);
    }
    let mut seen = as_wanted(&loaded, &nothing);
    world::remove(&mut seen, "DUT1_SWITCH1");
    world::remove(&mut seen, "DUT2_SWITCH1");
    let down = prepared(&loaded, &seen, &Wish::all(Verb::Down)).unwrap().plan;
    assert!(waits(&down, "DUT2_STORE1", "DUT2_VNF5"));
}

#[test]
fn what_another_engine_still_has_goes_too() {
    let loaded = world::topology(MANY);
    let nothing = empty(&loaded.topology, "two-sockets-smt");
    let mut right = as_wanted(&loaded, &nothing);
    // As if the file had named another engine when they were made.
    for state in right.values_mut() {
        let mut inventories = std::mem::take(&mut state.inventories).into_values().flatten();
        let mut old = inventories.next().unwrap();
        old.containers.iter_mut().for_each(|found| found.engine = EngineKind::Docker);
        state.others.insert(EngineKind::Docker, Ok(old));
    }
    let own = |verb| prepared(&loaded, &right, &Wish::all(verb)).unwrap();
    assert_eq!(touched(&own(Verb::Down).plan).len(), 27, "13 on DUT1, 14 on DUT2");
    let told = own(UP).warnings;
    let strays = told.iter().filter(|(_, sentence)| sentence.contains("no longer in the file"));
    assert_eq!(strays.count(), 27);
}
