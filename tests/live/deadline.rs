//! Commands that hang end at their deadline, here and there.

use crate::support::{Bed, Engine, Group, everywhere, on_the_node, text};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

everywhere!(a_hung_acquire_ends);
on_the_node!(a_hung_engine_ends);

/// An image nobody ever sends.
fn a_hung_acquire_ends(bed: &Bed) {
    let pipe = format!("{}/never.tar", bed.folder);
    bed.dut.must(&format!("mkfifo {pipe}"));
    let image = format!("live-never-{}", bed.name);
    let group = Group::new("VNF", bed.engine).image(&format!("node:{pipe}"));
    let on = bed.on(&bed.topology().group(group.key("image", text(&image))));
    let began = Instant::now();
    let ended = on.run("up --timeout 2s").exits(1).says("acquire").says("no end after 2s");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?} {ended}", began.elapsed());
    assert_eq!(bed.traces(), "");
    // Nobody waits for it any more.
    let script = format!(
        "for i in $(seq 40); do pgrep -f {pipe} >/dev/null || exit 0; sleep 0.1; done; pgrep -af {pipe}; exit 1"
    );
    bed.dut.must(&script);
}

/// The engine's program starts and never comes back; what comes before it works.
fn a_hung_engine_ends(bed: &Bed) {
    let (program, hangs) = match bed.engine {
        Engine::Docker => ("docker", "run"),
        Engine::Podman => ("podman", "run"),
        Engine::Lxc => ("lxc-start", ""),
        Engine::Native => ("unshare", ""),
    };
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine)));
    on.run("acquire").exits(0);
    let folder = format!("{}/bin", bed.folder);
    let path = bed.dut.path(&format!("{folder}/{program}"));
    std::fs::create_dir(path.parent().expect("it has one")).expect("the DUT has a /tmp");
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *' {hangs}'*) exec sleep 987 ;; esac\nexec /usr/bin/{program} \"$@\"\n"
    );
    std::fs::write(&path, script).expect("the DUT has a /tmp");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("it is ours");

    let mut command = bed.dut.command(&["env"]);
    command.arg(format!("PATH={folder}:/usr/sbin:/usr/bin:/sbin:/bin"));
    command.args(["/lab-share/vnfctl", "-t", &on.file, "up", "--timeout", "2s"]);
    let began = Instant::now();
    let ended = crate::support::run(command).exits(1).says("no end after 2s");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?} {ended}", began.elapsed());
    let left = bed.dut.sh("pgrep -x sleep -a | grep 987");
    assert_eq!(left.stdout, "", "the hung program lives on");
    // With the engine back to life the same verb finishes.
    on.run("up").exits(0);
    on.run("status").exits(0);
    on.down();
}
