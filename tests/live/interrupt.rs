//! Ctrl-C.

use crate::support::{Bed, Group, Place, everywhere};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

everywhere!(ctrl_c_during_up_of_16);

fn ctrl_c_during_up_of_16(bed: &Bed) {
    let on = bed.on(&bed.topology().group(Group::new("VNF", bed.engine).count(16)));
    on.run("acquire").exits(0);
    let mut command = on.command();
    command
        .args(["up", "-j", "2"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut text = String::new();
    while !text.contains("create") || !text.contains(" ok ") {
        assert!(stderr.read_line(&mut text).expect("it is text") > 0, "too early an end: {text}");
    }
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
    stderr.read_to_string(&mut text).expect("it is text");
    let code = child.wait().expect("it ends").code();
    assert_eq!(code, Some(130), "{text}");

    let made =
        (1..=16).filter(|n| bed.traces().contains(&bed.container(&format!("VNF{n}\n")))).count();
    assert!(made < 16, "it was not interrupted: {text}");
    assert!(text.contains("next:") && text.contains("VNF16"), "{text}");
    let status = on.run("status -o json").exits(7).json();
    let rows = status["containers"].as_array().expect("a list");
    let running = rows.iter().filter(|row| row["state"] == "running").count();
    let half = rows.iter().filter(|row| row["state"] == "half-made").count();
    assert!(running >= 1, "{text}");
    assert_eq!(half, 0, "half-made containers: {status} {text}");
    for row in rows.iter().filter(|row| row["state"] == "absent") {
        let name = row["container"].as_str().expect("a name");
        let line = text.lines().rev().find(|line| line.contains(&format!("{name} ")));
        assert!(line.is_some(), "the report does not tell of {name}: {text}");
    }
    on.run("up").exits(0);
    on.run("status").exits(0);
    on.down();
}
