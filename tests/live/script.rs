//! Order and failure: the script of a plan, dependencies, a create that fails, rollback.

use crate::support::{Bed, Group, each_engine};

each_engine!(
    the_script_makes_the_same,
    dependencies_come_first,
    a_failed_create_leaves_nothing,
    rollback_leaves_nothing,
);

fn the_script_makes_the_same(bed: &Bed) {
    let group = Group::new("VNF", bed.engine).count(2);
    let group = group.env(&[("ODD", "it's $HOME\n`id` ä")]).key("memory", "\"64MiB\"");
    let topology = bed.topology().group(group).and(
        "[[links]]\nkind = \"veth\"\nends = [\n\
         { container = \"VNF1\", interface = \"eth7\", addresses = [\"10.7.0.1/24\"] },\n\
         { container = \"VNF2\", interface = \"eth7\", addresses = [\"10.7.0.2/24\"] } ]\n",
    );
    let on = bed.on(&topology);
    let script = on.run("plan --format sh").exits(0).stdout;
    let path = format!("{}/plan.sh", bed.folder);
    std::fs::write(bed.dut.path(&path), script).expect("the DUT has a /tmp");
    bed.dut.must(&format!("sh {path}"));
    on.run("status").exits(0);
    on.run("up").did_nothing();
    on.run("verify").exits(0);
    assert!(bed.tasks(bed.first("VNF2")).iter().all(|task| task.cpus == "1"));
    let ended = on.args(&["exec", "*VNF1", "--", "sh", "-c", "printf %s \"$ODD\""]).exits(0);
    assert_eq!(ended.stdout, "it's $HOME\n`id` ä");

    let script = on.run("plan destroy --format sh").exits(0).stdout;
    std::fs::write(bed.dut.path(&path), script).expect("the DUT has a /tmp");
    bed.dut.must(&format!("sh {path}"));
    assert_eq!(bed.traces(), "");
}

fn dependencies_come_first(bed: &Bed) {
    let engine = bed.engine;
    let topology = bed
        .topology()
        .group(Group::new("LAST", engine).depends_on(&["MID"]))
        .group(Group::new("MID", engine).count(2).depends_on(&["FIRST"]))
        .group(Group::new("FIRST", engine));
    let on = bed.on(&topology).up();
    let born = |short| bed.born(bed.first(short)).expect("it lives");
    assert!(born("FIRST1") <= born("MID1").min(born("MID2")));
    assert!(born("MID1").max(born("MID2")) <= born("LAST1"));

    let log = bed.file("log", "");
    on.args(&["--log", &log, "down", "--grace", "1s"]).exits(0);
    let text = match bed.place {
        crate::support::Place::Local => std::fs::read(bed.dut.path(&log)),
        crate::support::Place::Ssh => std::fs::read(&log),
    };
    let text = String::from_utf8(text.expect("the log is there")).expect("JSON is UTF-8");
    let at = |event: &str, short: &str| -> Vec<usize> {
        let lines = text.lines().enumerate().filter(|(_, line)| {
            let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
            line["event"] == event && line["container"] == bed.container(short)
        });
        lines.map(|(number, _)| number).collect()
    };
    let last = |short: &str| *at("finished", short).last().expect("it is in the log");
    let first = |short: &str| *at("started", short).first().expect("it is in the log");
    assert!(last("LAST1") < first("MID1").min(first("MID2")), "{text}");
    assert!(last("MID1").max(last("MID2")) < first("FIRST1"), "{text}");
    assert_eq!(bed.traces(), "");
}

fn a_failed_create_leaves_nothing(bed: &Bed) {
    let bad = Group::new("BAD", bed.engine).command(&["/no/such/program"]);
    let good = Group::new("GOOD", bed.engine);
    let on = bed.on(&bed.topology().group(bad).group(good));
    let ended = on.run("up --keep-going").exits(1).says("/no/such/program");
    assert!(ended.stderr.contains("BAD1"), "{ended}");
    let bad = bed.container("BAD1");
    let traces = bed.traces();
    assert!(!traces.contains(&bad), "{traces}");
    bed.first("GOOD1");
    on.run("status").exits(7).says("absent");
    on.down();
}

fn rollback_leaves_nothing(bed: &Bed) {
    let good = Group::new("GOOD", bed.engine).count(3);
    let bad = Group::new("BAD", bed.engine).command(&["/no/such/program"]).depends_on(&["GOOD"]);
    let on = bed.on(&bed.topology().group(good).group(bad));
    on.run("up --on-error rollback").exits(1).says("taken back");
    assert_eq!(bed.traces(), "");
    // Without it, what was done stays, and the report says so.
    on.run("up").exits(1).says("BAD1");
    bed.first("GOOD3");
    on.down();
}
