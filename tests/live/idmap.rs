//! Root inside is somebody else outside: mapped ids of root's engines, and podman of the login user.

use crate::support::{Bed, Engine, Group, text};

mod mapped {
    crate::support::tests!(root_inside_is_another_user_outside;
        lxc_local Lxc Local, lxc_ssh Lxc Ssh, podman_local Podman Local, podman_ssh Podman Ssh);
}
mod memif {
    crate::support::tests!(a_socket_folder_is_shared; lxc_ssh Lxc Ssh);
}
mod own {
    crate::support::tests!(a_users_own_podman_pins exclusive; exclusive_podman_ssh Podman Ssh);
}
mod lacking {
    crate::support::tests!(without_subordinate_ids_nothing_is_made; lxc_ssh Lxc Ssh, podman_ssh Podman Ssh);
}

/// First range that the lab gives root.
const FIRST: &str = "1000000000";

fn user_of(bed: &Bed, pid: u32) -> String {
    bed.dut.must(&format!("awk '/^Uid:/ {{ print $2 }}' /proc/{pid}/status"))
}

fn root_inside_is_another_user_outside(bed: &Bed) {
    let group = Group::new("VNF", bed.engine).count(2).key("idmap", text("auto"));
    let on = bed.on(&bed.topology().group(group)).up();
    for name in ["VNF1", "VNF2"] {
        let pid = bed.first(name);
        assert_eq!(user_of(bed, pid), FIRST);
        assert!(bed.tasks(pid).iter().all(|task| task.cpus == "1"));
    }
    let script = "id -u; touch /made && stat -c %u /made; cut -c1-33 /proc/self/uid_map | xargs";
    let ended = on.args(&["exec", &bed.container("VNF1"), "--", "sh", "-c", script]).exits(0);
    assert_eq!(ended.stdout, format!("0\n0\n0 {FIRST} 65536\n"));
    on.run("up").did_nothing();
    on.run("verify").exits(0);
    on.run("stop --grace 1s").exits(0);
    on.run("start").exits(0);
    assert_eq!(user_of(bed, bed.first("VNF2")), FIRST);
    on.down();
}

/// What `/mnt/memif` is to a container: a folder of the node's root, that it may use all the same.
fn a_socket_folder_is_shared(bed: &Bed) {
    let link = "[[links]]\nkind = \"memif\"\nends = [{ container = \"VNF1\" }, { container = \"VNF2\" }]\n";
    let app = r#"kind = "custom", start = ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]"#;
    let group = Group::new("VNF", bed.engine).count(2).app(app).key("idmap", text("auto"));
    let on = bed.on(&bed.topology().group(group).and(link));
    on.run("up --until create").exits(0);
    let run = |short: &str, script: &str| {
        on.args(&["exec", &bed.container(short), "--", "sh", "-c", script]).exits(0).stdout
    };
    run("VNF1", "touch /mnt/memif/made");
    assert_eq!(run("VNF2", "stat -c %u /mnt/memif/made; rm /mnt/memif/made"), "0\n");
    on.down();
}

fn a_users_own_podman_pins(bed: &Bed) {
    let keys = format!("ssh = {}\nbecome = \"none\"", text(&format!("{}-csit", bed.dut.name)));
    let group = Group::new("VNF", bed.engine).count(2).key("network", text("none"));
    let on = bed.on(&bed.topology().node("DUT1", &keys).group(group)).up();
    let uid = bed.dut.must("id -u csit");
    let first = |short: &str| {
        let pid = bed.pid(Engine::Native, &bed.container(short));
        pid.expect("a process in a pid namespace of its own carries the name")
    };
    for name in ["VNF1", "VNF2"] {
        let pid = first(name);
        assert_eq!(user_of(bed, pid), uid, "its root is the user");
        assert!(bed.tasks(pid).iter().all(|task| task.cpus == "1"), "{:?}", bed.tasks(pid));
    }
    let script = "id -u; grep Cpus_allowed_list /proc/self/status | cut -f2";
    let ended = on.args(&["exec", &bed.container("VNF1"), "--", "sh", "-c", script]).exits(0);
    assert_eq!(ended.stdout, "0\n1\n", "exec is where the container is");
    on.run("up").did_nothing();
    on.run("verify").exits(0);
    bed.dut.must(&format!("taskset -apc 0-1 {}", first("VNF2")));
    on.run("status").exits(7).says("wanted 1");
    on.run("up").exits(0).says("repin");
    assert!(bed.tasks(first("VNF2")).iter().all(|task| task.cpus == "1"));
    on.run("restart --grace 1s").exits(0);
    assert!(bed.tasks(first("VNF1")).iter().all(|task| task.cpus == "1"));
    on.run("logs").exits(0).says("says");
    on.run("down --grace 1s").exits(0);
    assert_eq!(bed.pid(Engine::Native, &bed.container("VNF1")), None);
    let left = format!("ls -d /tmp/vnfctl-{uid} /run/user/{uid}/vnfctl-{uid} 2>/dev/null || true");
    assert_eq!(bed.dut.must(&left), "", "its lock is gone");
    // `migrate` ends the process by which podman keeps the user's namespace: podman's own.
    let script = "cd /; podman ps -aq; podman rmi -af >/dev/null 2>&1; podman system migrate";
    let own = bed.dut.must(&format!("su -s /bin/sh csit -c '{script}'"));
    assert_eq!(own, "");
    assert_eq!(bed.traces(), "");
}

fn without_subordinate_ids_nothing_is_made(bed: &Bed) {
    let group = Group::new("VNF", bed.engine).key("idmap", 4096);
    let on = bed.on(&bed.topology().group(group));
    on.run("up").exits(3).says("4096-69631").says("usermod --add-subuids");
    assert_eq!(bed.traces(), "");
}
