//! Pods share network and IPC; init containers run to their end.

use crate::support::{Bed, Engine, Group, each_engine};

each_engine!(
    a_pod_is_one_network_and_one_ipc,
    the_owners_restart_takes_the_pod_along,
    an_init_container_runs_once_to_its_end,
    an_init_container_that_fails_says_what_it_wrote,
    an_init_container_of_a_pod_is_in_its_namespaces,
);

/// A group of the pod; only `MAIN`, the first one, says the network.
fn pod(name: &str, engine: Engine) -> Group {
    let group = Group::new(name, engine).key("pod", "\"web\"");
    if name == "MAIN" { group } else { group.without("network") }
}

/// Network and IPC namespace of a container's first process, as the kernel tells.
fn namespaces(bed: &Bed, short: &str) -> String {
    let pid = bed.first(short);
    bed.dut.must(&format!("readlink /proc/{pid}/ns/net /proc/{pid}/ns/ipc"))
}

fn a_pod_is_one_network_and_one_ipc(bed: &Bed) {
    let other = Group::new("OTHER", bed.engine);
    let link = "[[links]]\nkind = \"veth\"\nends = [{ container = \"SIDE1\", interface = \"left\", \
                addresses = [\"10.99.0.1/24\"] }, { container = \"OTHER1\", interface = \"left\", \
                addresses = [\"10.99.0.2/24\"] }]\n";
    let topology = bed.topology().group(pod("MAIN", bed.engine).count(2));
    let topology = topology.group(pod("SIDE", bed.engine)).group(other).and(link);
    let on = bed.on(&topology).up();
    let main = namespaces(bed, "MAIN1");
    assert_eq!(namespaces(bed, "MAIN2"), main, "of one group");
    assert_eq!(namespaces(bed, "SIDE1"), main, "and of another");
    assert_ne!(namespaces(bed, "OTHER1"), main, "not of another pod");
    on.run("verify").exits(0).says("pod");
    on.run("status").exits(0);
    // A port on the owner's loopback, and System V shared memory.
    let (first, member) = (bed.first("MAIN1"), bed.first("SIDE1"));
    let listen = format!("nsenter -t {first} -n timeout 9 busybox nc -l -p 4711 -e echo hello");
    bed.dut.must(&format!(
        "{listen} & sleep 1; nsenter -t {member} -n timeout 5 busybox nc 127.0.0.1 4711 </dev/null | grep hello"
    ));
    let make = format!("nsenter -t {first} -i ipcmk -M 4096 | tr -dc 0-9");
    let id = bed.dut.must(&make);
    bed.dut.must(&format!("nsenter -t {member} -i ipcs -m -i {id}"));
    // A member alone: its pod goes on, and so does the link.
    on.run("restart --grace 1s --group SIDE").exits(0);
    assert_eq!(bed.first("MAIN1"), first, "the owner is left alone");
    assert_ne!(bed.first("SIDE1"), member, "it was restarted");
    on.run("verify").exits(0);
    on.run("up").did_nothing();
    on.down();
}

fn the_owners_restart_takes_the_pod_along(bed: &Bed) {
    let topology = bed.topology().group(pod("MAIN", bed.engine)).group(pod("SIDE", bed.engine));
    let on = bed.on(&topology).up();
    let member = bed.first("SIDE1");
    on.run("restart --grace 1s --group MAIN").exits(0).says("SIDE1");
    assert_ne!(bed.first("SIDE1"), member, "restarted too");
    assert_eq!(namespaces(bed, "SIDE1"), namespaces(bed, "MAIN1"));
    on.run("verify").exits(0);
    // Its owner's end behind our back: namespaces of a member that nobody owns any more.
    let killed = bed.first("MAIN1");
    bed.dut.must(&format!("kill -KILL {killed}; while [ -d /proc/{killed} ]; do sleep 0.02; done"));
    on.run("verify").exits(7);
    on.run("up").exits(0);
    assert_eq!(namespaces(bed, "SIDE1"), namespaces(bed, "MAIN1"));
    on.run("verify").exits(0);
    on.run("up").did_nothing();
    // Another specification: made anew, whatever joined the old one too.
    let changed = topology.group(pod("MAIN", bed.engine).env(&[("NEW", "value")]));
    let on = bed.on(&changed);
    on.run("up --recreate").exits(0);
    assert_eq!(namespaces(bed, "SIDE1"), namespaces(bed, "MAIN1"));
    on.run("verify").exits(0);
    on.run("stop --grace 1s --group MAIN").exits(0);
    on.run("start --group SIDE").says("does not run");
    on.run("start --group MAIN").exits(0);
    on.run("verify").exits(0);
    on.down();
}

fn an_init_container_runs_once_to_its_end(bed: &Bed) {
    let write = format!("echo ran >>{}/count; sleep 1; echo end >>{}/count", "/share", "/share");
    let prep = Group::new("PREP", bed.engine).key("init", true);
    let prep = prep.command(&["sh", "-c", &write]).mounts(&[&format!("{}/:/share", bed.folder)]);
    let main = Group::new("MAIN", bed.engine).depends_on(&["PREP"]);
    let main = main.mounts(&[&format!("{}:/share", bed.folder)]).command(&[
        "sh",
        "-c",
        "cat /share/count >/share/seen; trap 'exit 0' TERM; sleep 1000 & wait",
    ]);
    let on = bed.on(&bed.topology().group(main).group(prep)).up();
    let read = |file: &str| bed.dut.must(&format!("cat {}/{file}", bed.folder));
    assert_eq!(read("seen"), "ran\nend", "it had ended before");
    on.run("status").exits(0).says("done");
    on.run("verify").exits(0);
    on.run("up").did_nothing();
    on.run("start").did_nothing();
    assert_eq!(read("count"), "ran\nend");
    on.run("restart --grace 1s --group PREP").exits(0);
    assert_eq!(read("count"), "ran\nend\nran\nend", "asked for, it runs again");
    on.run("status").exits(0);
    on.down();
}

fn an_init_container_that_fails_says_what_it_wrote(bed: &Bed) {
    let prep = |command: &[&str]| Group::new("PREP", bed.engine).key("init", true).command(command);
    let main = Group::new("MAIN", bed.engine).depends_on(&["PREP"]);
    let fails = prep(&["sh", "-c", "echo no such luck; exit 3"]);
    let on = bed.on(&bed.topology().group(main.clone()).group(fails));
    let ended = on.run("up").exits(1);
    let ended = ended.says("exit code 3");
    ended.says("no such luck");
    on.run("status").exits(7);
    on.run("up").exits(1).says("exit code 3");
    let slow = prep(&["sh", "-c", "echo waiting; sleep 1000"]).key("init_timeout", "\"1s\"");
    let on = bed.on(&bed.topology().group(main.clone()).group(slow));
    on.run("up --recreate").exits(1).says("did not end within 1 s");
    let right = prep(&["true"]);
    let on = bed.on(&bed.topology().group(main).group(right));
    on.run("up --recreate").exits(0);
    bed.first("MAIN1");
    on.run("status").exits(0);
    on.down();
}

fn an_init_container_of_a_pod_is_in_its_namespaces(bed: &Bed) {
    let look = "readlink /proc/self/ns/net >>/share/prep";
    let share = format!("{}/:/share", bed.folder);
    let prep = pod("PREP", bed.engine).key("init", true).mounts(&[&share]);
    let prep = prep.command(&["sh", "-c", look]);
    let app = "kind = \"custom\", start = [\"sh\", \"-c\", \"cp /share/prep /share/seen; exec sleep \
               1000\"], ready = [\"test\", \"-e\", \"/share/seen\"]";
    let main = pod("MAIN", bed.engine).mounts(&[&share]).app(app);
    let on = bed.on(&bed.topology().group(main).group(prep).group(pod("SIDE", bed.engine))).up();
    let net = || {
        let pid = bed.first("MAIN1");
        bed.dut.must(&format!("readlink /proc/{pid}/ns/net"))
    };
    let read = |file: &str| bed.dut.must(&format!("cat {}/{file}", bed.folder));
    let before = net();
    assert_eq!(read("prep"), before);
    assert_eq!(read("seen"), before, "the owner's app waited for it");
    on.run("up").did_nothing();
    on.run("restart --grace 1s --group MAIN").exits(0);
    assert_eq!(read("prep"), format!("{before}\n{}", net()), "once in each of its namespaces");
    on.run("verify").exits(0);
    on.down();
}
