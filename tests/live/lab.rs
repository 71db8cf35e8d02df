//! The lab itself: if this fails, no other live test says anything about vnfctl.

use std::process::{Command, Output};

/// Runs `command` by ssh on `host`, a name in the lab's `ssh_config`; unknown host keys are refused.
fn ssh(host: &str, command: &str) -> Output {
    let state = std::env::var("VNFCTL_LAB_STATE")
        .expect("VNFCTL_LAB_STATE names the running lab: use tests/run");
    let config = format!("{state}/netns/ssh_config");
    Command::new("ssh")
        .args(["-F", &config, host, command])
        .output()
        .expect("openssh-client is installed")
}

#[track_caller]
fn stdout(host: &str, command: &str) -> String {
    let output = ssh(host, command);
    assert!(
        output.status.success(),
        "{host}: {command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn both_duts_have_their_own_engines() {
    let ids: Vec<_> =
        ["dut1", "dut2"].map(|dut| stdout(dut, "docker info --format '{{.ID}}'")).into();
    assert_ne!(ids[0], ids[1]);
    for dut in ["dut1", "dut2"] {
        assert_eq!(stdout(dut, "hostname"), dut);
    }
    let stores = "stat -c %d:%i /var/lib/lxc /var/lib/containers /var/lib/docker";
    assert_ne!(stdout("dut1", stores), stdout("dut2", stores));
}

#[test]
fn csit_may_become_root_and_nosudo_may_not() {
    assert_eq!(stdout("dut1-csit", "id -un; sudo -n id -un"), "csit\nroot");
    assert!(!ssh("dut1-nosudo", "sudo -n id -un").status.success());
    assert_eq!(stdout("dut1-nosudo", "id -un"), "nosudo");
}

#[test]
fn vnfctl_is_seen_inside_a_dut() {
    assert!(stdout("dut2", "/lab-share/vnfctl --help").contains("Usage"));
}
