//! What `doctor` says of nodes of the lab: well, and what is missing or wrong where it is.

use crate::support::{Bed, Group, each_engine, text};

each_engine!(a_node_with_all_it_needs_is_well);

mod what_is_wrong_is_told_with_its_command {
    crate::support::tests!(what_is_wrong_is_told_with_its_command; ssh Native Ssh);
}

fn a_node_with_all_it_needs_is_well(bed: &Bed) {
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine)));
    let well = on.run("doctor -o json").exits(0).json();
    assert_eq!(well["healthy"], true, "{well}");
    assert_eq!(well["nodes"][0]["os"], "debian 12", "{well}");
    // What runs has its CPUs, and takes them from nobody.
    let on = on.up();
    on.run("doctor").exits(0);
    on.down();
}

fn what_is_wrong_is_told_with_its_command(bed: &Bed) {
    let group = Group::new("VNF", bed.engine).key("hugepages", r#"{ "2MiB" = 1000000 }"#);
    let keys = format!("ssh = {}", text(&format!("{}-nosudo", bed.dut.name)));
    let topology = bed.topology().node("DUT1", &keys).group(group);
    let found = bed.on(&topology).run("doctor").exits(7);
    let found = found.says("wrong").says("`nosudo` does not become root without a prompt");
    found.says("/etc/sudoers.d/nosudo").says("1000000 asked for");

    let nowhere = format!("ssh = {}", text(&format!("root@{}:9", bed.dut.address())));
    let both = topology.node("DUT2", &nowhere);
    let found = bed.on(&both).run("doctor -o json").exits(4).json();
    assert_eq!(found["nodes"][0]["findings"][0]["subject"], "sudo", "{found}");
    assert!(found["nodes"][1]["unreachable"].is_string(), "{found}");
}
