//! Host keys: unknown, changed, revoked, new, and known in every spelling.

use super::Place;
use super::ssh::{echo, error};
use super::sshd::{Sshd, keygen};
use vnfctl::transport::{Transport, TransportError};

fn host_key(result: Result<Box<dyn Transport>, TransportError>) -> (String, String) {
    match error(result) {
        TransportError::HostKey { reason, hint, .. } => (reason, hint),
        other => panic!("{other:?}"),
    }
}

fn fingerprint(sshd: &Sshd, key: &str) -> String {
    let output =
        std::process::Command::new("ssh-keygen").arg("-lf").arg(sshd.path(key)).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn an_unknown_host_key_is_refused_with_its_fingerprint() {
    let sshd = Sshd::start();
    std::fs::write(sshd.path("known_hosts"), "").unwrap();
    let (reason, hint) = host_key(sshd.open("dut1"));
    assert!(reason.contains(&fingerprint(&sshd, "host.pub")), "{reason}");
    let scan = format!("ssh-keyscan -p {} 127.0.0.1 >> ", sshd.port);
    assert!(hint.starts_with(&scan), "{hint}");
    // The hint is true.
    let status = std::process::Command::new("sh").arg("-c").arg(&hint).status().unwrap();
    assert!(status.success());
    assert_eq!(echo(sshd.lane().as_mut()), "on\n");
}

#[test]
fn a_changed_host_key_is_refused_with_both_fingerprints() {
    let sshd = Sshd::start();
    keygen(&sshd.path("other"), "ed25519");
    sshd.trust(&sshd.read("other.pub"));
    for strict in ["", "StrictHostKeyChecking no", "StrictHostKeyChecking accept-new"] {
        sshd.configure(strict);
        let (reason, hint) = host_key(sshd.open("dut1"));
        assert!(reason.contains("changed"), "{reason}");
        for key in ["host.pub", "other.pub"] {
            assert!(reason.contains(&fingerprint(&sshd, key)), "{reason}");
        }
        assert!(hint.contains(&format!("ssh-keygen -R '[127.0.0.1]:{}'", sshd.port)), "{hint}");
    }
}

#[test]
fn a_revoked_host_key_is_refused_even_where_it_is_known() {
    let sshd = Sshd::start();
    let both = format!("{}@revoked * {}", sshd.read("known_hosts"), sshd.read("host.pub"));
    std::fs::write(sshd.path("known_hosts"), both).unwrap();
    sshd.configure("StrictHostKeyChecking no");
    let (reason, _) = host_key(sshd.open("dut1"));
    assert!(reason.contains("revoked"), "{reason}");
}

#[test]
fn accept_new_keeps_the_key_once() {
    let sshd = Sshd::start();
    // Whoever wrote the last line did not end it.
    std::fs::write(sshd.path("known_hosts"), "elsewhere ssh-ed25519 AAAA").unwrap();
    sshd.configure("StrictHostKeyChecking accept-new");
    for _ in 0..2 {
        assert_eq!(echo(sshd.lane().as_mut()), "on\n");
    }
    assert_eq!(sshd.read("known_hosts").lines().count(), 2);
    sshd.configure("StrictHostKeyChecking yes");
    assert_eq!(echo(sshd.lane().as_mut()), "on\n");
}

#[test]
fn a_host_is_known_by_whichever_key_type_and_spelling_is_on_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ecdsa");
    keygen(&path, "ecdsa");
    let sshd = Sshd::with(&format!("HostKey {}", path.display()));
    let key = std::fs::read_to_string(folder.path().join("ecdsa.pub")).unwrap();
    sshd.trust(&key);
    assert_eq!(echo(sshd.lane().as_mut()), "on\n");
    let hash = ["-q", "-H", "-f"];
    let known = sshd.path("known_hosts");
    let status =
        std::process::Command::new("ssh-keygen").args(hash).arg(&known).output().unwrap().status;
    assert!(status.success() && sshd.read("known_hosts").starts_with("|1|"));
    assert_eq!(echo(sshd.lane().as_mut()), "on\n");
    std::fs::write(&known, format!("[127.0.0.?]:{} {key}", sshd.port)).unwrap();
    assert_eq!(echo(sshd.lane().as_mut()), "on\n");
}
