//! Nodes that do not answer, are not trusted, or are not ours to command.

use crate::support::{Bed, Ended, Engine, Group, Place, Topology, over_ssh, run, text};
use std::time::{Duration, Instant};

over_ssh!(one_of_two_is_unreachable, csit_becomes_root_by_sudo, nosudo_is_told_so,);

/// This bed's DUT as `DUT1` and a node that refuses connections as `DUT2`.
fn with_a_dead_node(bed: &Bed) -> Topology {
    let nowhere = format!("ssh = {}", text(&format!("root@{}:9", bed.dut.address())));
    bed.topology().node("DUT2", &nowhere).group(Group::new("VNF", bed.engine))
}

fn one_of_two_is_unreachable(bed: &Bed) {
    let on = bed.on(&with_a_dead_node(bed));
    for verb in ["up", "acquire", "create", "down", "status", "verify", "logs"] {
        on.run(verb).exits(4).says("DUT2");
    }
    assert_eq!(bed.traces(), "", "nothing is made when a node is missing");
    on.run("up --keep-going").exits(4).says("DUT2");
    let pid = bed.first("VNF1");
    on.run("status --node DUT1").exits(0);
    on.run("up --keep-going").exits(4).says("nothing to do");
    assert_eq!(bed.first("VNF1"), pid);
    on.run("up --node DUT1").did_nothing();
    on.run("down").exits(4);
    assert_eq!(bed.first("VNF1"), pid);
    on.run("down --keep-going --grace 1s").exits(4);
    assert_eq!(bed.traces(), "");
}

fn csit_becomes_root_by_sudo(bed: &Bed) {
    let group = Group::new("VNF", bed.engine).env(&[("ODD", "it's $HOME\n`id` ä")]);
    let keys = format!("ssh = {}\nbecome = \"sudo\"", text(&format!("{}-csit", bed.dut.name)));
    let on = bed.on(&bed.topology().node("DUT1", &keys).group(group.clone())).up();
    assert!(bed.tasks(bed.first("VNF1")).iter().all(|task| task.cpus == "1"));
    let ended = on.args(&["exec", "--", "sh", "-c", "printf %s \"$ODD\"; exit 5"]).exits(5);
    assert_eq!(ended.stdout, "it's $HOME\n`id` ä");
    on.run("up").did_nothing();
    on.run("logs").exits(0).says("says");
    on.run("stop --grace 1s").exits(0);
    on.run("start").exits(0);
    on.down();
}

fn nosudo_is_told_so(bed: &Bed) {
    let keys = format!("ssh = {}\nbecome = \"sudo\"", text(&format!("{}-nosudo", bed.dut.name)));
    let on = bed.on(&bed.topology().node("DUT1", &keys).group(Group::new("VNF", bed.engine)));
    for verb in ["up", "down", "status"] {
        on.run(verb).exits(4).says("password").says("hint:");
    }
    assert_eq!(bed.traces(), "");
}

/// vnfctl with an ssh configuration whose known hosts are `known`.
fn trusting(bed: &Bed, known: &str) -> Ended {
    let known = bed.file("known_hosts", known);
    let config = std::fs::read_to_string(bed.lab.ssh_config()).expect("the lab wrote it");
    let lines = config.lines().map(|line| match line.trim().split(' ').next() {
        Some("UserKnownHostsFile") => format!("  UserKnownHostsFile {known}"),
        _ => line.to_owned(),
    });
    let config = bed.file("ssh_config", &lines.collect::<Vec<_>>().join("\n"));
    let topology = bed.topology().group(Group::new("VNF", Engine::Native));
    let file = bed.file("topology.toml", &topology.toml());
    let mut command = Bed::program_here(&config);
    command.args(["-t", &file, "up"]);
    run(command)
}

#[test]
fn an_unknown_host_key_is_refused_with_its_fingerprint() {
    let bed = Bed::new("unknown_key", Engine::Native, Place::Ssh);
    let fingerprint = bed.dut.must("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    let fingerprint = fingerprint.split(' ').nth(1).expect("bits, then the fingerprint").to_owned();
    trusting(&bed, "").exits(4).says(&fingerprint).says("hint:");
    assert_eq!(bed.traces(), "");
}

#[test]
fn a_changed_host_key_is_refused() {
    let bed = Bed::new("changed_key", Engine::Native, Place::Ssh);
    let other =
        std::fs::read_to_string(bed.lab.dut("dut1").path("/etc/ssh/ssh_host_ed25519_key.pub"));
    let other = other.expect("dut1 has a host key");
    trusting(&bed, &format!("{} {other}", bed.dut.address())).exits(4).says("changed");
    assert_eq!(bed.traces(), "");
}

/// The wire dies while a command runs. Nobody else may be on the DUT.
#[test]
fn a_cut_wire_ends_in_a_report() {
    let bed = Bed::alone("cut_wire", Engine::Native, Place::Ssh);
    let on = bed.on(&bed.topology().group(Group::new("VNF", Engine::Native))).up();
    let pid = bed.first("VNF1");
    run(bed.lab.netns(&["cut", bed.dut.name])).exits(0);
    let began = Instant::now();
    let ended = on.run("--connect-timeout 2s up");
    run(bed.lab.netns(&["mend", bed.dut.name])).exits(0);
    ended.exits(4).says("DUT1");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(bed.first("VNF1"), pid, "the container lives on");
    on.run("status").exits(0);
    on.down();
}
