//! Commands that hang end at their deadline, here and there.

use crate::support::{Bed, Engine, Group, everywhere, run, text};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

everywhere!(a_hung_command_ends);
mod a_hung_engine_ends {
    crate::support::tests!(a_hung_engine_ends;
        docker Docker Local, podman Podman Local, lxc Lxc Local);
}

fn a_hung_command_ends(bed: &Bed) {
    match bed.engine {
        // They take plain files only.
        Engine::Native | Engine::Nspawn => an_exec_hangs(bed),
        _ => an_acquire_hangs(bed),
    }
}

/// An image nobody ever sends.
fn an_acquire_hangs(bed: &Bed) {
    let pipe = format!("{}/never.tar", bed.folder);
    bed.dut.must(&format!("mkfifo {pipe}"));
    let image = format!("live-never-{}", bed.name);
    let group = Group::new("VNF", bed.engine).image(&format!("node:{pipe}"));
    let on = bed.on(&bed.topology().group(group.key("image", text(&image))));
    let began = Instant::now();
    let ended = on.run("up --timeout 2s").exits(1).says("acquire").says("no end after 2s");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?} {ended}", began.elapsed());
    assert_eq!(bed.traces(), "");
    bed.dut.must(&gone(&format!("{}/neve[r]", bed.folder)));
}

fn an_exec_hangs(bed: &Bed) {
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine))).up();
    let began = Instant::now();
    let words = ["exec", "--timeout", "2s", "--", "sh", "-c", "sleep 987; :", &bed.folder];
    let ended = on.args(&words).exits(124);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?} {ended}", began.elapsed());
    bed.dut.must(&gone(&format!("sleep 987; : {}", bed.folder.replacen("/tmp", "/tm[p]", 1))));
    on.run("status").exits(0);
    on.down();
}

/// A script that waits a moment for the end of all processes whose command line matches.
fn gone(pattern: &str) -> String {
    format!(
        "for i in $(seq 40); do pgrep -f '{pattern}' >/dev/null || exit 0; sleep 0.1; done
         pgrep -af '{pattern}'; exit 1"
    )
}

/// The engine's program starts and never comes back: what makes containers, then what looks.
fn a_hung_engine_ends(bed: &Bed) {
    let (program, makes, looks) = match bed.engine {
        Engine::Docker => ("docker", "run", "ps"),
        Engine::Podman => ("podman", "run", "ps"),
        Engine::Lxc => ("lxc-start", "--name", ""),
        Engine::Native | Engine::Nspawn => {
            unreachable!("it takes no program from a folder of the user's")
        }
    };
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine)));
    on.run("acquire").exits(0);
    let folder = format!("{}/bin", bed.folder);
    let path = bed.dut.path(&format!("{folder}/{program}"));
    std::fs::create_dir(path.parent().expect("it has one")).expect("the DUT has a /tmp");
    for hangs in [makes, looks] {
        if hangs.is_empty() {
            continue;
        }
        let script = format!(
            "#!/bin/sh\ncase \" $* \" in *' {hangs} '*) exec sh -c 'sleep 987; :' {folder} ;; esac\n\
             exec /usr/bin/{program} \"$@\"\n"
        );
        std::fs::write(&path, script).expect("the DUT has a /tmp");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("it is ours");
        let mut command = bed.dut.command(&["env"]);
        command.arg(format!("PATH={folder}:/usr/sbin:/usr/bin:/sbin:/bin"));
        command.args(["/lab-share/vnfctl", "-t", &on.file, "up", "--timeout", "2s"]);
        let began = Instant::now();
        let told = if hangs == makes { "no end after 2s" } else { "no answer within 2 s" };
        let ended = run(command).exits(1).says(told);
        assert!(began.elapsed() < Duration::from_secs(10), "{:?} {ended}", began.elapsed());
        bed.dut.must(&gone(&format!("sleep 987; :.*{}/bi[n]", bed.folder)));
        assert_eq!(bed.traces(), "");
    }
    // With the engine back to life the same verb finishes.
    on.run("up").exits(0);
    on.run("status").exits(0);
    on.down();
}
