//! Watchers: what ends or fails is started again with its links and app, on every engine.

use crate::support::{Bed, Engine, Group, On, Topology, each_engine};

each_engine!(
    what_is_killed_is_started_again_with_its_link_and_app,
    an_exec_probe_that_fails_restarts,
    http_and_tcp_are_asked_inside,
    what_never_gets_ready_is_an_error,
    a_stop_is_a_stop,
    a_watcher_is_renewed_without_a_new_container,
);

const WEB: [&str; 3] =
    ["sh", "-c", "trap 'exit 0' TERM; while [ ! -e /tmp/down ]; do sleep 0.2; done & wait"];

/// The container of that short name as `status` has it.
fn seen(on: &On<'_>, name: &str) -> serde_json::Value {
    let all = on.run("status -o json").json();
    let containers = all["containers"].as_array().expect("a list").iter();
    let mut its =
        containers.filter(|one| one["container"].as_str().is_some_and(|its| its.ends_with(name)));
    its.next().expect("it is there").clone()
}

#[track_caller]
fn until(on: &On<'_>, name: &str, holds: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
    let mut last = serde_json::Value::Null;
    for _ in 0..60 {
        last = seen(on, name);
        if holds(&last) {
            return last;
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    panic!("{name}: {last:#}")
}

/// Folders and processes of the watchers of this case.
fn watchers(bed: &Bed) -> String {
    let folders = bed.dut.must("ls /run/vnfctl/watch 2>/dev/null || true");
    let folders = folders.lines().map(str::to_owned);
    let processes = bed.pids().filter_map(|pid| {
        let arguments = bed.dut.read(&format!("/proc/{pid}/cmdline"))?;
        let arguments = String::from_utf8_lossy(&arguments).into_owned();
        arguments.starts_with("sh\0/run/vnfctl/watch/").then_some(arguments)
    });
    let own = format!("-{}-", bed.name);
    folders.chain(processes).filter(|one| one.contains(&own)).collect()
}

#[track_caller]
fn down(bed: &Bed, on: &On<'_>) {
    on.down();
    assert_eq!(watchers(bed), "", "left by `down`");
}

fn pair(bed: &Bed) -> Topology {
    let app = "kind = \"custom\", start = [\"sleep\", \"1000\"]";
    let nf = Group::new("NF", bed.engine).app(app).key("restart", "\"on-failure\"");
    let nf = nf.key("probe", "{ exec = [\"test\", \"!\", \"-e\", \"/tmp/bad\"], every = \"2s\" }");
    let link = "[[links]]\nkind = \"veth\"\nends = [\n\
                { container = \"NF1\", interface = \"left\", addresses = [\"10.9.0.1/24\"] },\n\
                { container = \"VNF1\", interface = \"left\", addresses = [\"10.9.0.2/24\"] } ]\n";
    bed.topology().group(nf).group(Group::new("VNF", bed.engine)).and(link)
}

fn what_is_killed_is_started_again_with_its_link_and_app(bed: &Bed) {
    let on = bed.on(&pair(bed)).up();
    on.run("status").exits(0).says("running (healthy)");
    on.run("up").did_nothing();
    let (before, other) = (bed.first("NF1"), bed.first("VNF1"));
    bed.dut.must(&format!("kill -KILL {before}"));
    let watched = |one: &serde_json::Value| {
        one["watcher"]["restarts"] == 1 && one["watcher"]["state"] == "healthy"
    };
    let one = until(&on, "NF1", watched);
    assert_eq!(one["drift"].as_array().map(Vec::len), Some(0), "{one:#}");
    let after = bed.first("NF1");
    assert_ne!(after, before);
    assert_eq!(bed.first("VNF1"), other, "the other one was left alone");
    assert!(bed.tasks(after).iter().all(|task| task.cpus == "1"), "{:?}", bed.tasks(after));
    on.run("verify").exits(0).says("10.9.0.2 answers");
    on.run("up").did_nothing();
    down(bed, &on);
}

fn an_exec_probe_that_fails_restarts(bed: &Bed) {
    let on = bed.on(&pair(bed)).up();
    let before = bed.first("NF1");
    // In a container whose files outlive its end it would fail for ever.
    let name = bed.container("NF1");
    on.args(&[
        "exec",
        &name,
        "--",
        "sh",
        "-c",
        "touch /tmp/bad; (sleep 9; rm /tmp/bad) >/dev/null 2>&1 &",
    ])
    .exits(0);
    let one = until(&on, "NF1", |one| one["watcher"]["restarts"] != 0);
    assert_ne!(bed.first("NF1"), before, "{one:#}");
    on.args(&["exec", &name, "--", "rm", "-f", "/tmp/bad"]).exits(0);
    until(&on, "NF1", |one| one["watcher"]["state"] == "healthy");
    on.run("verify").exits(0).says("10.9.0.1 answers");
    down(bed, &on);
}

fn http_and_tcp_are_asked_inside(bed: &Bed) {
    let busybox = "httpd -f -p 127.0.0.1:8123 -h /etc & wait";
    let script = format!("trap 'exit 0' TERM; {busybox}");
    let group = Group::new("WEB", bed.engine).command(&["sh", "-c", &script]);
    let group = match bed.engine {
        // The DUT's own root: it has busybox as one program.
        Engine::Native => group.command(&["sh", "-c", &script.replace("httpd", "busybox httpd")]),
        _ => group,
    };
    let group = group
        .key("probe", "{ http = \"8123/passwd\", every = \"1s\", fails = 2 }")
        .key("readiness", "{ tcp = 8123, every = \"1s\", fails = 1 }");
    let on = bed.on(&bed.topology().group(group.clone())).up();
    on.run("verify").exits(0);
    let name = bed.container("WEB1");
    // Without a policy a failure is shown, and nothing more.
    let before = bed.first("WEB1");
    let stop = "for p in /proc/[0-9]*; do read -r c <$p/comm; case $c in httpd | busybox) \
                [ ${p##*/} = 1 ] || grep -q httpd $p/cmdline && kill -STOP ${p##*/} ;; esac; done; true";
    on.args(&["exec", &name, "--", "sh", "-c", stop]).exits(0);
    let one = until(&on, "WEB1", |one| one["watcher"]["state"] == "failing");
    assert_eq!(
        one["watcher"]["why"], "http 127.0.0.1:8123/passwd: no answer within 1 s",
        "{one:#}"
    );
    on.run("verify").exits(7).says("failing");
    assert_eq!(bed.first("WEB1"), before);
    // With one it is started again.
    let on = bed.on(&bed.topology().group(group.key("restart", "\"on-failure\"")));
    on.run("plan --exit-code").exits(6).says("watch");
    on.run("up").exits(0);
    until(&on, "WEB1", |one| one["watcher"]["state"] == "healthy");
    assert_ne!(bed.first("WEB1"), before);
    down(bed, &on);
}

fn what_never_gets_ready_is_an_error(bed: &Bed) {
    let group = Group::new("VNF", bed.engine).key(
        "readiness",
        "{ exec = [\"sh\", \"-c\", \"echo not yet; exit 1\"], ready_timeout = \"3s\" }",
    );
    let late = Group::new("LATE", bed.engine).depends_on(&["VNF"]);
    let on = bed.on(&bed.topology().group(group).group(late));
    let name = bed.container("VNF1");
    on.run("up").exits(1).says(&format!("`{name}` is not ready after 3 s: exec sh: not yet"));
    assert_eq!(seen(&on, "LATE1")["state"], "absent", "it waits for what is ready");
    down(bed, &on);
}

fn a_stop_is_a_stop(bed: &Bed) {
    let group = Group::new("VNF", bed.engine).command(&WEB).key("restart", "\"always\"");
    let on = bed.on(&bed.topology().group(group)).up();
    on.run("stop --grace 1s").exits(0);
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(seen(&on, "VNF1")["state"], "stopped");
    assert_eq!(watchers(bed), "", "nobody watches what was stopped");
    on.run("start").exits(0);
    on.run("status").exits(0);
    let pid = bed.first("VNF1");
    bed.dut.must(&format!("kill -KILL {pid}"));
    until(&on, "VNF1", |one| one["watcher"]["restarts"] == 1);
    let living = bed.living();
    bed.vnfctl(&match bed.place {
        crate::support::Place::Local => vec!["destroy", "--yes", "--name", &bed.name],
        crate::support::Place::Ssh => {
            vec!["destroy", "--yes", "--name", &bed.name, "--host", bed.dut.name]
        }
    })
    .exits(0);
    living.is_gone(bed);
    assert_eq!((watchers(bed), bed.traces()), (String::new(), String::new()));
}

fn a_watcher_is_renewed_without_a_new_container(bed: &Bed) {
    let group = Group::new("VNF", bed.engine).key("restart", "\"always\"");
    let on = bed.on(&bed.topology().group(group.clone())).up();
    let before = bed.first("VNF1");
    let group = group.key("probe", "{ exec = [\"true\"], every = \"1s\" }");
    let on_other = bed.on(&bed.topology().group(group.clone()));
    on_other.run("up").exits(0).says("watch");
    on_other.run("up").did_nothing();
    on_other.run("status").exits(0).says("running (healthy)");
    // It died: seen and mended.
    let key = format!("{}-{}", bed.engine.word(), bed.container("VNF1"));
    let kill = format!("read -r pid _ </run/vnfctl/watch/{key}/pid; kill -KILL $pid; sleep 0.2");
    bed.dut.must(&kill);
    on_other.run("status").exits(7).says("its watcher does not run");
    on_other.run("verify").exits(7).says("no watcher");
    on_other.run("up").exits(0).says("watch");
    on_other.run("verify").exits(0);
    // Asked for no more.
    let plain = bed.on(&bed.topology().group(group.without("probe").without("restart")));
    plain.run("up").exits(0).says("unwatch");
    plain.run("up").did_nothing();
    assert_eq!(watchers(bed), "");
    assert_eq!(bed.first("VNF1"), before);
    drop(on);
    down(bed, &plain);
}
