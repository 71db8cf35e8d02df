//! A changed file: refused field by field, replaced only where asked for.

use crate::support::{Bed, Engine, Group, everywhere};

everywhere!(
    changed_is_refused_then_replaced,
    one_is_not_ten,
    a_foreign_one_is_never_touched,
    destroyed_by_name,
    moved_to_another_engine,
);

fn changed_is_refused_then_replaced(bed: &Bed) {
    let keep = Group::new("KEEP", bed.engine);
    let group = Group::new("VNF", bed.engine).env(&[("ROLE", "old")]).count(2);
    let topology = bed.topology().group(keep).group(group.clone());
    bed.on(&topology).up();
    let before = ["KEEP1", "VNF1", "VNF2"].map(|short| bed.first(short));

    let group = group.env(&[("ROLE", "new")]).key("memory", "\"64MiB\"");
    let on = bed.on(&topology.group(group));
    let refused = on.run("up").exits(1).says("memory").says("env.ROLE").says("--recreate");
    assert!(!refused.stderr.contains("KEEP1"), "{refused}");
    on.run("create").exits(1).says("memory");
    on.run("status").exits(7).says("memory");
    assert_eq!(["KEEP1", "VNF1", "VNF2"].map(|short| bed.first(short)), before);

    on.run("create --recreate").exits(0);
    let after = ["KEEP1", "VNF1", "VNF2"].map(|short| bed.first(short));
    assert_eq!(after[0], before[0], "KEEP1 has not changed");
    assert!(after[1] != before[1] && after[2] != before[2], "{before:?} {after:?}");
    let limit = bed.cgroup_file(after[1], "memory", "memory.limit_in_bytes", "memory.max");
    assert_eq!(limit, (64 << 20).to_string());
    on.run("status").exits(0);
    on.run("create --recreate").did_nothing();

    // One that left the file is an orphan, and goes with the rest.
    let only = bed.on(&bed.topology().group(Group::new("KEEP", bed.engine)));
    only.run("status").exits(7).says("orphan");
    only.down();
}

fn one_is_not_ten(bed: &Bed) {
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine).count(10))).up();
    let all = || (1..=10).map(|n| bed.pid(bed.engine, &bed.container(&format!("VNF{n}"))));
    let before: Vec<_> = all().collect();
    assert!(before.iter().all(Option::is_some), "{before:?}");
    on.args(&["destroy", "--yes", &bed.container("VNF1")]).exits(0);
    let after: Vec<_> = all().collect();
    assert_eq!(after[0], None);
    assert_eq!(after[1..], before[1..]);
    on.args(&["stop", "--grace", "1s", &bed.container("VNF10")]).exits(0);
    let stopped: Vec<_> = all().collect();
    assert_eq!((&stopped[1..9], stopped[9]), (&before[1..9], None));
    on.args(&["up", &bed.container("VNF1")]).exits(0);
    let status = on.run("status -o json").exits(7).json();
    let states = status["containers"].as_array().expect("a list").iter();
    let wrong: Vec<_> = states.filter(|row| row["state"] != "running").collect();
    assert!(wrong.len() == 1 && wrong[0]["container"] == bed.container("VNF10"), "{wrong:?}");
    on.down();
}

fn a_foreign_one_is_never_touched(bed: &Bed) {
    let name = bed.container("VNF1");
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine).count(2)));
    // Somebody's own, made by the engine's own program.
    if !matches!(bed.engine, Engine::Native | Engine::Nspawn) {
        on.run("acquire").exits(0);
        let word = bed.engine.word();
        let (make, id, remove) = match bed.engine {
            Engine::Lxc => (
                format!("lxc-create -n {name} -t busybox >/dev/null && lxc-start -n {name}"),
                format!("lxc-info -pH -n {name}; cat /var/lib/lxc/{name}/config"),
                format!("lxc-stop -k -n {name}; lxc-destroy -n {name}"),
            ),
            _ => (
                format!("{word} run -d --name {name} --network none live-busybox sleep 1000"),
                format!(
                    "{word} inspect -f '{{{{.Id}}}} {{{{.State.Pid}}}} {{{{.Config.Labels}}}}' {name}"
                ),
                format!("{word} rm -f {name}"),
            ),
        };
        bed.dut.must(&make);
        let before = bed.dut.must(&id);
        on.run("up").exits(1).says(&name).says("was not made by vnfctl");
        on.run("up --recreate --keep-going").exits(1);
        on.run("status").exits(7).says("foreign");
        on.run("down").exits(0);
        on.args(&["destroy", "--yes", &name]).exits(0);
        on.args(&["exec", &name, "--", "true"]).exits(1);
        assert_eq!(bed.dut.must(&id), before);
        assert_eq!(bed.pid(bed.engine, &bed.container("VNF2")), None, "nothing was made beside it");
        bed.dut.must(&remove);
    }
    // Another topology's.
    let mut other = bed.topology().group(Group::new("VNF", bed.engine));
    other.name = format!("{}-other", bed.name);
    let other = bed.on(&other).up();
    let before = bed.first("VNF1");
    on.run("up").exits(1).says(&name).says(&format!("`{}-other`", bed.name));
    on.run("down").exits(0);
    on.run("status").exits(7).says("foreign");
    on.args(&["destroy", "--yes", &name]).exits(0);
    assert_eq!(bed.first("VNF1"), before);
    assert_eq!(bed.pid(bed.engine, &bed.container("VNF2")), None, "nothing was made beside it");
    other.run("status").exits(0);
    other.down();
}

fn destroyed_by_name(bed: &Bed) {
    let topology = bed.topology().group(Group::new("VNF", bed.engine).count(2));
    bed.on(&topology).up();
    let mut other = topology.clone();
    other.name = format!("{}-b", bed.name);
    other.prefix = format!("{}-b-", bed.name);
    let other = bed.on(&other).up();
    let living = bed.living();
    let mut args = vec!["destroy", "--yes", "--name", &bed.name];
    if bed.place == crate::support::Place::Ssh {
        args.extend(["--host", bed.dut.name]);
    }
    bed.vnfctl(&args).exits(0);
    for short in ["VNF1", "VNF2"] {
        assert_eq!(bed.pid(bed.engine, &bed.container(short)), None);
    }
    bed.vnfctl(&args).did_nothing();
    other.run("status").exits(0);
    args[3] = "no-such-topology";
    bed.vnfctl(&args).did_nothing();
    other.run("down --grace 1s").exits(0);
    living.is_gone(bed);
    assert_eq!(bed.traces(), "");
}

/// What the old engine has is in nobody's way and goes with the rest.
fn moved_to_another_engine(bed: &Bed) {
    let old = bed.on(&bed.topology().group(Group::new("VNF", bed.engine))).up();
    let new = if bed.engine == Engine::Native { Engine::Docker } else { Engine::Native };
    let on = bed.on(&bed.topology().group(Group::new("VNF", new)));
    on.run("status").exits(7).says("orphan").says("absent");
    on.run("up").exits(0).says("no longer in the file");
    assert!(bed.pid(new, &bed.container("VNF1")).is_some());
    bed.first("VNF1");
    on.down();
    old.run("status").exits(7).says("absent");
}
