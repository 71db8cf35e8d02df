//! The way of a container through its life, every verb twice.

use crate::support::{Bed, Group, Place, VNFCTL, everywhere, run};

everywhere!(
    up_pins_and_down_leaves_nothing,
    stop_keeps_the_container,
    exec_answers_as_the_child,
    memory_limit_is_the_kernels,
    a_shell_has_a_terminal,
    a_tarball_becomes_an_image,
);

fn up_pins_and_down_leaves_nothing(bed: &Bed) {
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine).count(2)));
    on.run("plan --exit-code").exits(6);
    on.run("up --dry-run").exits(0).says("create");
    assert_eq!(bed.traces(), "", "a dry run made something");

    let up = on.run("up").exits(0).says("done");
    let placements = on.run("check -o json").exits(0).json();
    let pids = ["VNF1", "VNF2"].map(|short| bed.first(short));
    for (index, pid) in pids.iter().enumerate() {
        let placement = &placements["placements"][index];
        let cpus = format!("{}", placement["cpuset_cpus"][0]);
        let mems = format!("{}", placement["cpuset_mems"][0]);
        assert_eq!(cpus, "1", "{placement}");
        let tasks = bed.tasks(*pid);
        assert!(tasks.len() >= 2, "no child in {tasks:?}");
        for task in tasks {
            assert_eq!((&task.cpus, &task.mems), (&cpus, &mems), "{task:?} {up}");
        }
    }
    let cpuset = bed.cgroup_file(pids[0], "cpuset", "cpuset.cpus", "cpuset.cpus");
    assert_eq!(cpuset, "1", "the cgroup itself must hold the pin, or an exec escapes it");
    bed.binds_memory("VNF2");

    on.run("verify").exits(0);
    on.run("status").exits(0);
    on.run("plan --exit-code").exits(0);
    for verb in ["up", "create", "start", "acquire"] {
        on.run(verb).did_nothing();
    }
    assert_eq!(["VNF1", "VNF2"].map(|short| bed.first(short)), pids, "nothing was replaced");

    on.down();
    on.run("down").did_nothing();
    on.run("destroy --yes").did_nothing();
    on.run("stop").did_nothing();
    on.run("status").exits(7).says("absent");
    on.run("verify").exits(7);
    on.run("start").exits(1).says("does not exist");
}

fn stop_keeps_the_container(bed: &Bed) {
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine))).up();
    let first = bed.first("VNF1");
    let words = format!("says {}", bed.container("VNF1"));
    on.run("logs").exits(0).says(&words);

    on.run("stop --grace 2s").exits(0);
    assert_eq!(bed.pid(bed.engine, &bed.container("VNF1")), None);
    on.run("stop").did_nothing();
    on.run("status").exits(7).says("stopped");
    on.run("logs").exits(0).says(&words);

    on.run("start").exits(0);
    let second = bed.first("VNF1");
    assert_ne!(first, second);
    assert!(bed.tasks(second).iter().all(|task| task.cpus == "1"));
    bed.binds_memory("VNF1");
    on.run("start").did_nothing();
    on.run("status").exits(0);
    let logs = on.run("logs").exits(0);
    assert!(logs.stdout.matches(&words).count() >= 1, "{logs}");
    let tail = on.run("logs --tail 1").exits(0);
    assert_eq!(tail.stdout.trim(), words, "{tail}");

    on.run("restart --grace 2s").exits(0);
    assert_ne!(bed.first("VNF1"), second);
    bed.binds_memory("VNF1");
    on.run("status").exits(0);
    on.run("destroy --yes").exits(0);
    assert_eq!(bed.traces(), "");
}

fn exec_answers_as_the_child(bed: &Bed) {
    let group = Group::new("VNF", bed.engine).count(2).env(&[("ROLE", "for warder")]);
    let on = bed.on(&bed.topology().group(group)).up();
    let one = bed.container("VNF1");
    on.args(&["exec", &one, "--", "sh", "-c", "exit 42"]).exits(42);
    on.args(&["exec", &one, "--", "true"]).exits(0);
    let script = "case $MICROSERVICE_LABEL in *VNF1) exit 3 ;; *VNF2) exit 9 ;; esac";
    on.args(&["exec", "--", "sh", "-c", script]).exits(9);
    on.args(&["exec", &one, "--", "sh", "-c", "kill -KILL $$"]).exits(137);
    // 127 by most; docker 20.10 says 126 where its runtime finds no such file.
    let missing = on.args(&["exec", &one, "--", "/no/such/program"]);
    assert!([126, 127].contains(&missing.code), "{missing}");

    let ended = on.args(&["exec", &one, "--", "sh", "-c", "echo \"$ROLE $MICROSERVICE_LABEL\""]);
    assert_eq!(ended.exits(0).stdout, format!("for warder {one}\n"));
    let ended = on.args(&["exec", &one, "--", "sh", "-c", "echo out; echo err >&2"]).exits(0);
    assert_eq!((ended.stdout.as_str(), ended.stderr.contains("err")), ("out\n", true), "{ended}");
    let ended = on.args(&["exec", &one, "--", "grep", "Cpus_allowed_list", "/proc/self/status"]);
    assert_eq!(ended.exits(0).stdout, "Cpus_allowed_list:\t1\n");
    let words = ["", "two words", "it's", "\"$HOME`id`\\n\"", "-n", "ä\n\tb", "*"];
    let mut args = vec!["exec", &one, "--", "printf", "<%s>"];
    args.extend(words);
    let wanted = format!("<{}>", words.join("><"));
    assert_eq!(on.args(&args).exits(0).stdout, wanted);
    let script = "head -c 300000 /dev/zero | tr '\\0' x";
    let ended = on.args(&["exec", &one, "--", "sh", "-c", script]).exits(0);
    assert_eq!(ended.bytes.len(), 300_000);
    assert!(ended.bytes.iter().all(|&byte| byte == b'x'));
    on.down();
    on.args(&["exec", &one, "--", "true"]).exits(1);
}

fn a_shell_has_a_terminal(bed: &Bed) {
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine))).up();
    let inside =
        "stty -a >/dev/null && test -t 0 && test -t 1 && echo at $MICROSERVICE_LABEL; exit 7";
    let script = bed.file(
        "inside.sh",
        &format!(
            "exec \"$VNFCTL\" {} -t {} shell {} -- sh -c '{inside}'\n",
            match bed.place {
                Place::Local => String::new(),
                Place::Ssh => format!("--ssh-config {}", bed.lab.ssh_config()),
            },
            on.file,
            bed.container("VNF1"),
        ),
    );
    let words = ["script", "-qec", &format!("sh {script}"), "/dev/null"];
    let ended = match bed.place {
        Place::Local => {
            let mut command = bed.dut.command(&["env", "VNFCTL=/lab-share/vnfctl"]);
            command.args(words);
            run(command)
        }
        Place::Ssh => {
            let mut command = std::process::Command::new(words[0]);
            command.args(&words[1..]).env("VNFCTL", VNFCTL).env("TERM", "dumb");
            run(command)
        }
    };
    ended.exits(7).says(&format!("at {}", bed.container("VNF1")));
    on.args(&["shell", "NO_SUCH"]).exits(2);
    on.down();
}

fn memory_limit_is_the_kernels(bed: &Bed) {
    let group = Group::new("VNF", bed.engine).key("memory", "\"48MiB\"").key("cpuset_mems", 0);
    let on = bed.on(&bed.topology().group(group)).up();
    let pid = bed.first("VNF1");
    let limit = bed.cgroup_file(pid, "memory", "memory.limit_in_bytes", "memory.max");
    assert_eq!(limit, (48 << 20).to_string());
    let mems = bed.cgroup_file(pid, "cpuset", "cpuset.mems", "cpuset.mems");
    assert_eq!(mems, "0");
    on.run("restart --grace 2s").exits(0);
    let pid = bed.first("VNF1");
    let limit = bed.cgroup_file(pid, "memory", "memory.limit_in_bytes", "memory.max");
    assert_eq!(limit, (48 << 20).to_string(), "after a restart");
    on.down();
}

/// From the operator's machine over ssh, from the node's own disk where vnfctl runs on it.
fn a_tarball_becomes_an_image(bed: &Bed) {
    let file = match bed.place {
        Place::Local => "/lab-images/busybox-b.tar".to_owned(),
        Place::Ssh => bed.lab.image("busybox-b.tar").display().to_string(),
    };
    let image = format!("live-{}-{}", bed.name, std::process::id()); // no earlier run's
    let group = Group::new("VNF", bed.engine).image(&file).key("image", format!("\"{image}\""));
    let on = bed.on(&bed.topology().group(group.count(2)));
    on.run("create").exits(1).says("vnfctl acquire");
    let ended = on.run("acquire").exits(0).says("acquire");
    assert_eq!(ended.stderr.matches(" ok ").count(), 1, "once per node: {ended}");
    on.run("acquire").did_nothing();
    on.run("create").exits(0);
    let ended = on.args(&["exec", "*VNF2", "--", "cat", "/etc/vnf-image"]).exits(0);
    assert_eq!(ended.stdout, "busybox-b\n");
    on.down();
    on.run("acquire").did_nothing();
}
