//! `cpus` names who has a CPU, on every engine.

use crate::support::{Bed, Group, each_engine};

each_engine!(a_container_is_on_the_map_while_it_exists);

fn a_container_is_on_the_map_while_it_exists(bed: &Bed) {
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine))).up();
    let name = bed.container("VNF1");
    for state in ["running", "stopped"] {
        let map = on.run("cpus -o json").exits(0).json();
        let placements = map["placements"].as_array().expect("an array");
        let ours = placements.iter().find(|one| one["container"] == *name).expect("it is there");
        assert_eq!(ours["cpuset_cpus"], serde_json::json!([1]), "{state}: {ours}");
        assert_eq!(ours["cpuset_mems"], serde_json::json!([0]), "{state}: {ours}");
        assert_eq!(
            (&ours["topology"], &ours["engine"]),
            (&bed.name.as_str().into(), &bed.engine.word().into())
        );
        let cpu = &map["nodes"][0]["cpus"][1];
        assert_eq!(cpu["state"], "container", "{state}: {cpu}");
        assert!(cpu["owner"].as_str().expect("it has an owner").contains(&name), "{state}: {cpu}");
        on.run("cpus").exits(0).says(&name);
        on.run("stop --grace 1s").exits(0);
    }
    on.down();
    let map = on.run("cpus -o json").exits(0).json();
    assert!(!map.to_string().contains(&name), "{map}");
}
