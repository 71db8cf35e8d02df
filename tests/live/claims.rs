//! No core twice: what others on the node have is left alone, and named.

use crate::support::{Bed, Group, exclusively};

exclusively!(comes_up_with_a_core_of_its_own);

fn comes_up_with_a_core_of_its_own(bed: &Bed) {
    let topology = bed.topology().exclusive().group(Group::new("VNF", bed.engine));
    let on = bed.on(&topology).up();
    let tasks = bed.tasks(bed.first("VNF1"));
    assert!(tasks.iter().all(|task| task.cpus == "1"), "{tasks:?}");
    on.down();
}
