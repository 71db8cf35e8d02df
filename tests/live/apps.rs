//! What runs inside containers: installed, configured, ready, started anew without a new container.

use crate::support::{Bed, Engine, Group, Place, everywhere, text};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

everywhere!(
    configured_once_and_anew_when_it_changed,
    stages_are_verbs_of_their_own,
    restarts_ask_and_wait,
);
mod dies {
    crate::support::tests!(an_app_that_dies_ends_its_container_with_its_code;
        native Native Local, docker Docker Local, podman Podman Local, lxc Lxc Local,
        nspawn Nspawn Local);
}
mod ready {
    crate::support::tests!(never_ready_ends_in_time;
        native_local Native Local, docker_local Docker Local, docker_ssh Docker Ssh);
}
mod interrupted {
    crate::support::tests!(ctrl_c_while_it_is_waited_for;
        native_local Native Local, docker_local Docker Local, docker_ssh Docker Ssh);
}

/// A program that says what it was started with and that it is up, and ends when it is told to.
/// Its first line is what the file changes.
fn program(word: &str) -> String {
    let script = format!(
        "# {word}\ntrap 'exit 0' TERM\necho \"{word} on $1\" >>/etc/starts\n: >/etc/up\n\
         echo says {word}\nsleep 1000 & wait"
    );
    let start = r#"start = ["sh", "/etc/app.sh", "{{ cpus.main }}"]"#;
    let file = format!(r#"{{ path = "/etc/app.sh", text = {} }}"#, text(&script));
    format!(r#"kind = "custom", {start}, files = [{file}], ready = ["test", "-e", "/etc/up"]"#)
}

/// What a container has in one of its files.
fn inside(on: &crate::support::On<'_>, bed: &Bed, file: &str) -> String {
    let name = bed.container("VNF1");
    on.args(&["exec", &name, "--", "cat", file]).exits(0).stdout
}

fn configured_once_and_anew_when_it_changed(bed: &Bed) {
    let group = Group::new("VNF", bed.engine);
    let on = bed.on(&bed.topology().group(group.clone().app(&program("one"))));
    on.run("up").exits(0).says("configure").says("ready");
    let first = bed.first("VNF1");
    assert_eq!(inside(&on, bed, "/etc/starts"), "one on 1\n");
    for verb in ["configure", "install", "up"] {
        on.run(verb).did_nothing();
    }
    on.run("plan --exit-code").exits(0);
    on.run("verify").exits(0).says("ready");

    let changed = bed.on(&bed.topology().group(group.app(&program("two"))));
    changed.run("status").exits(7).says("configure");
    changed.run("verify").exits(7);
    changed.run("plan --exit-code").exits(6).says("configure");
    changed.run("create").did_nothing();
    changed.run("configure").exits(0);
    assert_eq!(bed.first("VNF1"), first, "the container stays");
    assert_eq!(inside(&changed, bed, "/etc/starts"), "one on 1\ntwo on 1\n");
    changed.run("logs").exits(0).says("says one").says("says two");
    changed.run("configure").did_nothing();
    changed.run("verify").exits(0);
    changed.down();
}

fn stages_are_verbs_of_their_own(bed: &Bed) {
    let installs = |word: &str| {
        let command = text(&format!("echo {word} >>/etc/installed"));
        format!(r#"{}, install = [["sh", "-c", {command}]]"#, program("one"))
    };
    let group = Group::new("VNF", bed.engine);
    let on = bed.on(&bed.topology().group(group.clone().app(&installs("first"))));
    on.run("configure").exits(1).says("does not exist").says("vnfctl up");
    on.run("up --until create").exits(0);
    let first = bed.first("VNF1");
    on.run("status").exits(7).says("not");
    on.run("configure").exits(1).says("vnfctl install");
    on.run("install --dry-run").exits(0).says("install");
    on.run("install").exits(0).says("install");
    on.run("install").did_nothing();
    assert_eq!(inside(&on, bed, "/etc/installed"), "first\n");
    on.run("configure").exits(0).says("ready");
    on.run("up").did_nothing();

    let on = bed.on(&bed.topology().group(group.app(&installs("second"))));
    on.run("up").exits(0).says("install");
    assert_eq!(inside(&on, bed, "/etc/installed"), "first\nsecond\n");
    assert_eq!(inside(&on, bed, "/etc/starts"), "one on 1\none on 1\n", "started anew");
    assert_eq!(bed.first("VNF1"), first, "the container stays");
    on.run("stop --grace 1s").exits(0);
    on.run("install").exits(1).says("vnfctl start");
    // Nobody can look into a stopped container; what is installed is found when it runs again.
    on.run("up").exits(0);
    assert_eq!(inside(&on, bed, "/etc/installed"), "first\nsecond\n");
    on.run("verify").exits(0);
    on.down();
}

fn an_app_that_dies_ends_its_container_with_its_code(bed: &Bed) {
    let app = r#"kind = "custom", start = ["sh", "-c", "echo cannot go on; sleep 1; exit 7"],
        ready = ["false"], ready_timeout = "20s""#;
    let app = app.replace('\n', " ");
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine).app(&app)));
    let began = Instant::now();
    on.run("up").exits(1).says("ready").says("vnfctl logs");
    assert!(began.elapsed() < Duration::from_secs(15), "its end is noticed: {:?}", began.elapsed());
    on.run("logs").exits(0).says("cannot go on");
    // LXC keeps no exit code.
    let word = if bed.engine == Engine::Lxc { "stopped" } else { "stopped with exit code 7" };
    // One that ends so early leaves the container up for a while, to be looked at.
    let is_over = |_: &u32| {
        std::thread::sleep(Duration::from_secs(1));
        on.run("status").stdout.contains(word)
    };
    assert!((0..40).any(|n| is_over(&n)), "{}", on.run("status"));
    on.down();
}

fn restarts_ask_and_wait(bed: &Bed) {
    let stop = r#"stop = ["sh", "-c", "echo asked >>/etc/asked"]"#;
    let app = format!("{}, {stop}", program("one"));
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine).app(&app))).up();
    on.run("restart --grace 2s").exits(0).says("its app").says("ready");
    assert_eq!(inside(&on, bed, "/etc/asked"), "asked\n");
    assert_eq!(inside(&on, bed, "/etc/starts"), "one on 1\none on 1\n");
    on.run("stop --grace 2s").exits(0);
    on.run("start").exits(0).says("ready");
    assert_eq!(inside(&on, bed, "/etc/asked"), "asked\nasked\n");
    on.run("verify").exits(0);
    on.run("up").did_nothing();
    on.down();
}

fn never_ready_ends_in_time(bed: &Bed) {
    let app = r#"kind = "custom", start = ["sleep", "1000"], ready = ["test", "-e", "/never"], ready_timeout = "2s""#;
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine).app(app)));
    let began = Instant::now();
    let up = on.run("up").exits(1).says("ready").says("vnfctl logs");
    let took = began.elapsed();
    // Seconds are counted whole, by the clock.
    assert!(took > Duration::from_secs(1) && took < Duration::from_secs(15), "{took:?} {up}");
    assert!(up.stderr.contains("error: ready"), "{up}");
    // It runs on, and the check says the same.
    bed.first("VNF1");
    on.run("verify").exits(7);
    on.down();
}

fn ctrl_c_while_it_is_waited_for(bed: &Bed) {
    let app = r#"kind = "custom", start = ["sleep", "1000"], ready = ["test", "-e", "/etc/go"], ready_timeout = "1m""#;
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine).app(app)));
    on.run("up --until create").exits(0);
    let mut command = on.command();
    command.args(["configure"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut told = String::new();
    while !told.contains("configure") || !told.contains(" ok ") {
        assert!(stderr.read_line(&mut told).expect("it is text") > 0, "too early an end: {told}");
    }
    let began = Instant::now();
    match bed.place {
        Place::Ssh => {
            let pid = rustix::process::Pid::from_child(&child);
            rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it runs");
        }
        // Its pid in the DUT is another one.
        Place::Local => {
            bed.dut.must(&format!("kill -INT $(pgrep -f '^/lab-share/vnfctl -t {}')", on.file));
        }
    }
    stderr.read_to_string(&mut told).expect("it is text");
    assert_eq!(child.wait().expect("it ends").code(), Some(130), "{told}");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert!(told.contains("next:"), "{told}");
    let go = ["exec", &bed.container("VNF1"), "--", "touch", "/etc/go"];
    on.args(&go).exits(0);
    on.run("verify").exits(0);
    on.down();
}
