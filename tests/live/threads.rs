//! `verify` to the thread: what it says holds against the kernel, and who disturbs is named.

use crate::support::{Bed, Group, Task, each_engine, exclusively};
use std::collections::BTreeSet;

each_engine!(every_thread_is_proven);
exclusively!(whoever_is_pinned_to_our_core_is_named);

/// A shell with two children, one of which has a child too.
const FAMILY: [&str; 3] =
    ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & sh -c 'sleep 1000; :' & wait"];

fn every_thread_is_proven(bed: &Bed) {
    let group = Group::new("VNF", bed.engine).command(&FAMILY);
    let on = bed.on(&bed.topology().group(group)).up();
    let tasks = bed.tasks(bed.first("VNF1"));
    assert!(tasks.len() >= 4, "{tasks:?}");
    let proven = |code: i32| {
        let report = on.run("verify -o json").exits(code).json();
        let container = report["containers"][0].clone();
        assert_eq!(container["passed"], code == 0, "{container}");
        let threads = container["threads"].as_array().expect("a list").clone();
        // The engine's own processes in the container's cgroup are there too.
        let of = |task: &Task| {
            let it = threads.iter().find(|thread| thread["tid"] == task.pid);
            it.unwrap_or_else(|| panic!("{} is missing: {container}", task.pid)).clone()
        };
        for task in &tasks {
            let thread = of(task);
            assert_eq!(thread["passed"], code == 0, "{thread}");
            let now = bed.tasks(task.pid).into_iter().find(|now| now.pid == task.pid);
            assert_eq!(thread["cpus"].as_str(), now.as_ref().map(|now| now.cpus.as_str()));
            assert_eq!(thread["mems"].as_str(), now.as_ref().map(|now| now.mems.as_str()));
        }
        threads.len()
    };
    let all = proven(0);
    on.run("verify").exits(0).says(&format!("{all} of {all} right"));
    bed.move_away("VNF1", "0");
    assert_eq!(proven(7), all);
    let told = on.run("verify -v").exits(7).says(&format!("{all} of {all} on CPU 0"));
    for task in &tasks {
        assert!(
            told.stdout.contains(&format!("({}) may run on CPU 0, wanted 1", task.pid)),
            "{told}"
        );
    }
    on.down();
}

fn whoever_is_pinned_to_our_core_is_named(bed: &Bed) {
    let topology = bed.topology().exclusive().group(Group::new("VNF", bed.engine));
    let on = bed.on(&topology).up();
    // What nobody pinned may come, and counts only when nothing may.
    let quiet = on.run("verify -o json").exits(0).json();
    let notes = quiet["notes"].as_array().expect("a list");
    let kinds: BTreeSet<_> = notes.iter().filter_map(|note| note["kind"].as_str()).collect();
    assert!(kinds.contains("tasks") && kinds.contains("not_isolated"), "{kinds:?}");
    on.run("verify --strict").exits(7).says("may come to CPU 1");

    let stray = bed.stray("taskset -c 1 sleep 1000");
    let named = format!("`sleep` ({}) pinned to CPU 1", stray.pid);
    on.run("verify").exits(7).says(&named);
    on.run("up").exits(7).says(&named);
    drop(stray);
    on.run("up").exits(0);

    let busy = bed.stray("taskset -c 1 sh -c 'while :; do :; done'");
    let report = on.run("verify --sample 1s -o json").exits(7).json();
    let sample = &report["samples"][0];
    let first = &sample["intruders"][0];
    assert_eq!((&first["tid"], &first["exact"]), (&busy.pid.into(), &true.into()), "{sample}");
    // How much it gets depends on what else the lab's machine does.
    assert!(first["run_s"].as_f64() > Some(0.01), "{sample}");
    assert!(sample["seconds"].as_f64() >= Some(1.0), "{sample}");
    assert_eq!(sample["cpus"][0]["cpu"], 1);
    assert_eq!(sample["containers"][0]["container"], bed.container("VNF1"));
    drop(busy);
    on.down();
}
