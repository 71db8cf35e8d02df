//! What is special about lanes over ssh: keys, ways, and death.

use super::Place;
use super::sshd::{Bare, Sshd, keygen};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use vnfctl::command::Command;
use vnfctl::transport::{
    Connector, Exit, Nodes, Stop, Target, Transport, TransportError, interactive,
};

pub(super) fn error(result: Result<Box<dyn Transport>, TransportError>) -> TransportError {
    match result {
        Ok(_) => panic!("the lane opened"),
        Err(error) => error,
    }
}

pub(super) fn echo(lane: &mut dyn Transport) -> String {
    let output = lane.run(&Command::new(["echo", "on"]), &Stop::new()).unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn refused_keys_are_listed() {
    let sshd = Sshd::start();
    for name in ["stranger", "second"] {
        keygen(&sshd.path(name), "ed25519");
    }
    let lines = ["stranger", "second", "missing"]
        .map(|name| format!("IdentityFile {}\n", sshd.path(name).display()));
    sshd.configure(&lines.concat());
    std::fs::write(sshd.path("authorized_keys"), "").unwrap();
    match error(sshd.open("dut1")) {
        TransportError::Auth { host, user, tried } => {
            assert_eq!((host, user), (format!("127.0.0.1:{}", sshd.port), "root".to_owned()));
            for name in ["stranger", "second", "id"] {
                assert!(tried.contains(&sshd.path(name).display().to_string()), "{tried}");
            }
            assert!(!tried.contains("missing"), "{tried}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_agent_is_asked_for_its_later_keys_too() {
    let sshd = Sshd::start();
    keygen(&sshd.path("stranger"), "ed25519");
    let socket = sshd.path("agent");
    let mut agent =
        std::process::Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).spawn().unwrap();
    while !socket.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    for key in ["stranger", "id"] {
        let mut add = std::process::Command::new("ssh-add");
        let add = add.arg("-q").arg(sshd.path(key)).env("SSH_AUTH_SOCK", &socket);
        assert!(add.status().unwrap().success());
    }
    std::fs::remove_file(sshd.path("id")).unwrap();
    std::fs::remove_file(sshd.path("id.pub")).unwrap();
    sshd.configure(&format!("IdentityAgent {}\nIdentitiesOnly no\n", socket.display()));
    let result = sshd.open("dut1");
    let refused = {
        std::fs::write(sshd.path("authorized_keys"), "").unwrap();
        sshd.open("dut1")
    };
    agent.kill().unwrap();
    agent.wait().unwrap();
    assert_eq!(echo(result.unwrap().as_mut()), "on\n");
    let told = error(refused).to_string();
    assert_eq!(told.matches("(agent, SHA256:").count(), 2, "{told}");
}

#[test]
fn a_closed_port_is_unreachable() {
    let sshd = Sshd::start();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    sshd.configure(&format!("Port {port}\n"));
    match error(sshd.open("dut1")) {
        TransportError::Unreachable { node, reason } => {
            assert_eq!(node, "DUT1");
            assert!(reason.contains(&port.to_string()) && reason.contains("refused"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_silent_server_ends_at_the_timeout_and_at_a_stop() {
    let sshd = Sshd::start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    sshd.configure(&format!("Port {}\n", silent.local_addr().unwrap().port()));
    let timeout = Some(Duration::from_secs(1));
    let nodes = Nodes::new(vec![Target { connect_timeout: timeout, ..sshd.target("dut1") }]);
    let start = Instant::now();
    let told = error(nodes.open("DUT1", &Stop::new()));
    assert!(matches!(told, TransportError::Unreachable { .. }), "{told:?}");
    assert!(start.elapsed() >= Duration::from_secs(1) && start.elapsed() < Duration::from_secs(3));

    let nodes = Nodes::new(vec![sshd.target("dut1")]);
    let stop = Stop::new();
    let stopper = stop.clone();
    let start = Instant::now();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        stopper.request();
    });
    let told = error(nodes.open("DUT1", &stop));
    thread.join().unwrap();
    assert!(matches!(told, TransportError::Interrupted), "{told:?}");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn a_jump_host_carries_the_lane() {
    let sshd = Sshd::start();
    for way in ["ProxyJump hop", "ProxyJump far,hop", "ProxyCommand ssh -F FILE -W %h:%p hop"] {
        let file = sshd.path("ssh_config").display().to_string();
        let port = sshd.port;
        let known = format!("[dut9.test]:{port} {}", sshd.read("host.pub"));
        sshd.trust(&format!("{}{known}", sshd.read("host.pub")));
        let way = way.replace("FILE", &file);
        // The name is one that only the jump host could resolve.
        sshd.configure(&format!("Host dut9\n {way}\n HostKeyAlias [dut9.test]:{port}\nHost *\n"));
        let mut lane = sshd.open("dut9").unwrap();
        assert_eq!(echo(lane.as_mut()), "on\n", "{way}");
    }
    sshd.configure("Host dut9\n ProxyJump hop\nHost hop\n Port 1\nHost *\n");
    match error(sshd.open("dut9")) {
        TransportError::Unreachable { reason, .. } => {
            assert!(reason.contains("refused"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lane_becomes_root_once_and_says_why_not() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let sudo = |script: &str| {
        std::fs::write(at("sudo"), format!("#!/bin/sh\n{script}\n")).unwrap();
        for (name, mode) in [("", 0o777), ("sudo", 0o755)] {
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(at(name), mode).unwrap();
        }
    };
    // Whoever logs in is somebody without rights, with our sudo first in their path.
    let sshd = Sshd::with(&format!(
        "ForceCommand exec setpriv --reuid=65534 --clear-groups env PATH={}:$PATH \
         sh -c \"$SSH_ORIGINAL_COMMAND\"",
        folder.path().display()
    ));
    sudo("echo 'sudo: a password is required' >&2; exit 1");
    match error(sshd.open("dut1")) {
        TransportError::Become { node, reason } => {
            assert_eq!((node.as_str(), reason.as_str()), ("DUT1", "sudo: a password is required"));
        }
        other => panic!("{other:?}"),
    }
    sudo(&format!(
        "[ \"$1 $2\" = '-n --' ] || exit 9; shift 2; echo x >>{}; exec \"$@\"",
        at("log")
    ));
    let mut lane = sshd.lane();
    for _ in 0..3 {
        assert_eq!(echo(lane.as_mut()), "on\n");
    }
    assert_eq!(std::fs::read_to_string(at("log")).unwrap(), "x\n");
}

/// Carries one connection to `port` with a delay per packet, and counts how often the client
/// spoke after the server did: the round trips it waited for.
fn slow_way(port: u16) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = listener.local_addr().unwrap().port();
    let (trips, answered) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(true)));
    let counted = Arc::clone(&trips);
    std::thread::spawn(move || {
        let client = listener.accept().unwrap().0;
        let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let ways = [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)];
        for (upward, (mut from, mut to)) in [true, false].into_iter().zip(ways) {
            let (answered, counted) = (Arc::clone(&answered), Arc::clone(&counted));
            std::thread::spawn(move || {
                let mut buffer = vec![0; 65536];
                while let Ok(count @ 1..) = from.read(&mut buffer) {
                    if upward && answered.swap(false, Ordering::SeqCst) {
                        counted.fetch_add(1, Ordering::SeqCst);
                    }
                    std::thread::sleep(Duration::from_millis(30));
                    if !upward {
                        answered.store(true, Ordering::SeqCst);
                    }
                    if to.write_all(&buffer[..count]).is_err() {
                        break;
                    }
                }
                // Either side may have closed already.
                let _ = to.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    (here, trips)
}

#[test]
fn commands_in_flight_share_a_round_trip() {
    let sshd = Sshd::start();
    let (port, trips) = slow_way(sshd.port);
    sshd.configure(&format!("Port {port}\nHostKeyAlias [127.0.0.1]:{}\n", sshd.port));
    let mut lane = sshd.lane();
    let opening = trips.swap(0, Ordering::SeqCst);
    assert!(opening < 16, "{opening} round trips to open a lane");
    let stop = Stop::new();
    let commands: Vec<_> =
        (0..8).map(|n| Command::new(["echo".to_owned(), n.to_string()])).collect();
    for command in &commands {
        lane.send(command).unwrap();
    }
    for n in 0..8 {
        let output = lane.receive(&stop, &mut |_, _| ()).unwrap();
        assert_eq!(output.stdout, format!("{n}\n").into_bytes());
    }
    assert_eq!(trips.swap(0, Ordering::SeqCst), 1, "eight commands at once");
    for command in &commands {
        lane.run(command, &stop).unwrap();
    }
    assert_eq!(trips.swap(0, Ordering::SeqCst), 8, "eight commands one by one");
}

#[test]
fn a_node_without_timeout_is_watched_from_here() {
    let node = Bare::without_timeout();
    let mut lane = node.lane();
    let deadline = Duration::from_secs(1);
    let start = Instant::now();
    lane.send(&Command::new(["sh", "-c", "sleep 100; echo no"]).deadline(deadline)).unwrap();
    lane.send(&Command::new(["sh", "-c", "sleep 2; echo next"])).unwrap();
    let stop = Stop::new();
    let output = lane.receive(&stop, &mut |_, _| ()).unwrap();
    assert_eq!((output.exit, output.stdout), (Exit::Deadline(deadline), Vec::new()));
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    // The command behind it is not ended along with it.
    assert_eq!(lane.receive(&stop, &mut |_, _| ()).unwrap().stdout, b"next\n");
}

/// The process that serves the connection of a lane, which the closure sees stopped.
fn while_dead<T>(lane: &mut dyn Transport, act: impl FnOnce(&mut dyn Transport) -> T) -> T {
    let script = "ps -o ppid= -p $(ps -o ppid= -p $PPID)";
    let output = lane.run(&Command::new(["sh", "-c", script]), &Stop::new()).unwrap();
    let pid = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    assert_eq!(std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap().trim(), "sshd");
    let send = |signal: &str| {
        let status = std::process::Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(status.success());
    };
    lane.send(&Command::new(["sleep", "15"])).unwrap();
    send("-STOP");
    let result = act(lane);
    send("-CONT");
    result
}

#[test]
fn a_dead_peer_is_noticed() {
    let sshd = Sshd::start();
    let start = Instant::now();
    let told = while_dead(sshd.lane().as_mut(), |lane| lane.receive(&Stop::new(), &mut |_, _| ()));
    assert!(matches!(told, Err(TransportError::Lost { .. })), "{told:?}");
    // ServerAliveInterval 2, ServerAliveCountMax 1.
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[test]
fn a_stop_does_not_wait_for_a_dead_peer() {
    let sshd = Sshd::start();
    let stop = Stop::new();
    stop.request();
    let start = Instant::now();
    let told = while_dead(sshd.lane().as_mut(), |lane| lane.receive(&stop, &mut |_, _| ()));
    assert!(matches!(told, Err(TransportError::Interrupted)), "{told:?}");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[test]
fn any_login_shell_starts_a_lane() {
    for shell in ["bash", "dash", "zsh", "fish"] {
        let found = std::process::Command::new(shell).args(["-c", "exit 0"]).status();
        assert!(found.is_ok(), "{shell} is missing; mend with: apt-get install {shell}");
        let sshd = Sshd::with(&format!("ForceCommand exec {shell} -c \"$SSH_ORIGINAL_COMMAND\""));
        let mut lane = sshd.lane();
        assert_eq!(echo(lane.as_mut()), "on\n", "{shell}");
        let stdin = vnfctl::command::Stdin::File(sshd.path("id.pub"));
        let command = Command { stdin, ..Command::new(["cat"]).env("K", "it's") };
        let output = lane.run(&command, &Stop::new()).unwrap();
        assert_eq!(output.stdout, sshd.read("id.pub").into_bytes(), "{shell}");
    }
}

#[test]
fn a_quiet_command_outlives_the_keepalives() {
    let sshd = Sshd::start();
    let mut lane = sshd.lane();
    let output = lane.run(&Command::new(["sleep", "6"]), &Stop::new()).unwrap();
    assert_eq!(output.exit, Exit::Code(0));
}

#[test]
fn a_killed_connection_is_lost() {
    let sshd = Sshd::start();
    let mut lane = sshd.lane();
    let script = "kill -9 $(ps -o ppid= -p $(ps -o ppid= -p $PPID))";
    let told = lane.run(&Command::new(["sh", "-c", script]), &Stop::new()).unwrap_err();
    assert!(matches!(told, TransportError::Lost { .. }), "{told:?}");
    assert!(lane.run(&Command::new(["true"]), &Stop::new()).is_err());
}

#[test]
fn an_interactive_command_passes_its_exit_code() {
    let sshd = Sshd::start();
    let command = Command::new(["sh", "-c", "test \"$K\" = \"it's\" && exit 7"]).env("K", "it's");
    assert_eq!(interactive(&sshd.target("dut1"), &command).unwrap(), 7);
    let here = Target { ssh: None, ..sshd.target("dut1") };
    assert_eq!(interactive(&here, &command).unwrap(), 7);
    let killed = Command::new(["sh", "-c", "kill -9 $$"]);
    assert_eq!(interactive(&here, &killed).unwrap(), 137);
}
