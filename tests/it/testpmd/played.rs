//! The scripts, around a testpmd that says what DPDK 22.11's says, under dash and busybox. The real
//! one is in the live suite.

use super::play::{Play, SAYS, SHELLS, STARTS, summary};
use super::{Container, memif, pair};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use vnfctl::app::driver;
use vnfctl::model::Role;

/// Runs a case with a server and a client, under each shell.
fn everywhere(case: impl Fn(Play)) {
    for shell in SHELLS {
        case(Play::new(shell, Container::new(&[1], pair(), vec![])));
    }
}

fn bind(path: &Path) -> UnixListener {
    UnixListener::bind(path).unwrap()
}

#[test]
fn answers_go_to_who_asks_and_the_rest_to_the_log() {
    everywhere(|play| {
        let mut running = play.start();
        let said = play.ready();
        assert_eq!((said.code, said.stdout.as_str(), said.stderr.as_str()), (0, "", ""));
        assert_eq!(play.probe().stdout, "app ready\nport port1 up\nport port2 up\n");
        assert_eq!(play.linked().code, 0);
        play.write("show_port_stats_1", "  RX-packets: 640\n");
        let said = play.ctl("show port stats 1");
        assert_eq!((said.code, said.stdout.as_str()), (0, "  RX-packets: 640\n"));
        assert_eq!(play.ctl("").code, 2);
        // It forwards, as nothing says it should not, once.
        play.waits("asked", "start\n");
        let log = play.read("stdout");
        assert_eq!(log, SAYS, "the log has no answers");
        assert_eq!(play.read("testpmd/log"), SAYS);
        assert!(std::fs::read_dir(play.path("testpmd/answers")).unwrap().next().is_none());
        running.terminate();
        let said = play.ctl("show port stats 1");
        assert_eq!((said.code, said.stderr.as_str()), (1, "testpmd-ctl: testpmd does not run\n"));
        let said = play.probe();
        let reason = "testpmd does not run";
        assert_eq!(
            said.stdout,
            format!("app {reason}\nport port1 {reason}\nport port2 {reason}\n")
        );
        assert_eq!(said.code, 0);
    });
}

#[test]
fn many_ask_at_once_and_each_gets_its_answer() {
    everywhere(|play| {
        let _running = play.start();
        assert_eq!(play.ready().code, 0);
        for number in 0..8 {
            play.write(&format!("show_port_stats_{number}"), &format!("stats {number}\n"));
        }
        std::thread::scope(|scope| {
            for number in 0..8 {
                let play = &play;
                scope.spawn(move || {
                    let said = play.ctl(&format!("show port stats {number}"));
                    assert_eq!(said.stdout, format!("stats {number}\n"), "{}", said.stderr);
                });
            }
        });
    });
}

#[test]
fn the_log_is_bounded() {
    everywhere(|play| {
        let line = "x".repeat(999);
        play.write("first", &format!("{line}\n").repeat(300));
        let _running = play.start();
        assert_eq!(play.ready().code, 0);
        assert_eq!(play.read("stdout").len(), 300_000);
        let kept = play.read("testpmd/log").len() + play.read("testpmd/log.1").len();
        assert!((65_000..140_000).contains(&kept), "{kept}");
        // So is an answer.
        play.write("dump", &format!("{line}\n").repeat(300));
        assert_eq!(play.ctl("dump").stdout.len(), 262_000);
    });
}

#[test]
fn a_client_is_started_again_when_its_server_is_there() {
    everywhere(|mut play| {
        play.write("show_port_summary_all", &summary("up", "down"));
        play.write("start", "Not all ports were started\n");
        play.write("port_start_1", "Port 1: 52:54:00:00:01:02\n");
        let connects = "cp summary.up show_port_summary_all; mv started start; mv do do_start";
        play.write("do_port_start_1", connects);
        play.write("started", STARTS);
        play.write("do", "echo once >>forwards");
        play.write("summary.up", &summary("up", "up"));
        let mut running = play.start();
        let said = play.linked();
        let message = "port2: DUT1_PEER2 does not listen: there is no /mnt/memif/2.sock\n";
        assert_eq!((said.code, said.stderr.as_str()), (1, message));
        let asked = play.read("asked");
        assert!(!asked.contains("port start"), "nobody listens: {asked}");
        play.container.app.ready_timeout = Duration::from_secs(20);
        let _listener = bind(&play.path("memif/2.sock"));
        assert_eq!(play.linked().stderr, "");
        assert!(play.read("asked").contains("stop\nport stop 1\nport start 1\n"));
        // Forwarding is tried until it is under way, and then let alone.
        play.waits("forwards", "once");
        std::thread::sleep(Duration::from_millis(2500));
        assert_eq!(play.read("forwards"), "once\n");
        running.terminate();
    });
}

#[test]
fn forwarding_that_a_person_stopped_stays_so() {
    everywhere(|mut play| {
        play.container = play.container.clone().set(|testpmd| testpmd.auto_start = false);
        play.container.app.ready_timeout = Duration::from_secs(20);
        play.write("show_port_summary_all", &summary("up", "down"));
        play.write("stop", "Packet forwarding not started\n");
        play.write("do_port_start_1", "cp summary.up show_port_summary_all\n");
        play.write("summary.up", &summary("up", "up"));
        let _listener = bind(&play.path("memif/2.sock"));
        let _running = play.start();
        assert_eq!(play.linked().stderr, "");
        std::thread::sleep(Duration::from_millis(1500));
        let asked = play.read("asked");
        assert!(!asked.lines().any(|line| line == "start"), "{asked}");
        // Had it been under way, it would go on.
        play.write("stop", "Telling cores to stop...\nWaiting for lcores to finish...\n");
        play.write("show_port_summary_all", &summary("up", "down"));
        play.waits("asked", "port start 1\nshow port summary all\nstart\n");
    });
}

/// Until then it would throw away what arrives, or its peer would find no buffers.
#[test]
fn it_is_connected_when_it_forwards() {
    everywhere(|mut play| {
        play.write("start", "Not all ports were started\n");
        let mut running = play.start();
        let said = play.linked();
        assert_eq!((said.code, said.stderr.as_str()), (1, "testpmd does not forward yet\n"));
        assert!(play.probe().stdout.starts_with("app testpmd does not forward yet\nport port1 up"));
        play.container.app.ready_timeout = Duration::from_secs(20);
        play.write("do_start", "sleep 1; echo once >>forwards");
        play.write("start", STARTS);
        assert_eq!(play.linked().code, 0);
        assert_eq!(play.read("forwards"), "once\n");
        assert_eq!(play.probe().stdout, "app ready\nport port1 up\nport port2 up\n");
        // Nor does it while a client is started again, even if it is not to begin by itself.
        running.terminate();
        play.container = play.container.clone().set(|testpmd| testpmd.auto_start = false);
        let _running = play.start();
        assert_eq!(play.linked().code, 0);
        play.write("stop", "Telling cores to stop...\nWaiting for lcores to finish...\n");
        play.write("do_port_start_1", "cp summary.up show_port_summary_all");
        play.write("summary.up", &summary("up", "up"));
        play.write("show_port_summary_all", &summary("up", "down"));
        let _listener = bind(&play.path("memif/2.sock"));
        play.waits("asked", "port start 1\n");
        assert_eq!(play.linked().code, 0);
        assert_eq!(play.read("forwards"), "once\nonce\n");
    });
}

/// `start` makes a client give its server buffers; those it found disconnected get none.
#[test]
fn forwarding_begins_anew_for_a_client_that_came_later() {
    everywhere(|mut play| {
        play.container.app.ready_timeout = Duration::from_secs(20);
        play.write("show_port_summary_all", &summary("up", "down"));
        play.write("summary.up", &summary("up", "up"));
        play.write("do_start", "cp summary.up show_port_summary_all; echo once >>forwards");
        play.write("stop", "Telling cores to stop...\nWaiting for lcores to finish...\n");
        let _running = play.start();
        assert_eq!(play.linked().code, 0);
        assert_eq!(play.read("forwards"), "once\nonce\n");
        assert!(!play.read("asked").contains("port stop"));
    });
}

#[test]
fn a_link_that_is_down_says_why() {
    everywhere(|play| {
        play.write("show_port_summary_all", &summary("down", "down"));
        let refusal = "memif_msg_receive_disconnect(): Disconnect received: Incorrect secret\n";
        play.write("port_start_1", refusal);
        let _listener = bind(&play.path("memif/2.sock"));
        let _running = play.start();
        play.waits("testpmd/refusal.1", "Incorrect secret");
        let said = play.linked();
        assert_eq!(
            said.stderr,
            "port1: DUT1_PEER1 has not connected to /mnt/memif/1.sock\n\
             port2: DUT1_PEER2 refuses the connection at /mnt/memif/2.sock: Incorrect secret\n"
        );
        assert_eq!(said.code, 1);
        assert!(play.probe().stdout.contains("\nport port2 DUT1_PEER2 refuses the connection"));
        play.write("show_port_summary_all", &summary("up", "down").replace("\n1 ", "\n9 "));
        assert!(play.linked().stderr.contains("port2: testpmd has no such port"));
    });
}

#[test]
fn not_ready_tells_testpmds_own_words() {
    everywhere(|mut play| {
        play.write("dies", "KILL");
        let core = "EAL: core 5 unavailable\nEAL: invalid parameter for --lcores\nUsage: dpdk\n";
        play.write("first", &format!("{SAYS}{core}"));
        let mut running = play.start();
        assert_eq!(running.code(), Some(137));
        assert!(play.read("stdout").ends_with(core), "last words are not lost");
        let said = play.ready();
        let lines = core.trim_end_matches("Usage: dpdk\n");
        assert_eq!(said.stderr, format!("testpmd does not run\n{lines}"));
        assert_eq!(said.code, 1);
        // The launcher tells when it is over: nobody waits for the deadline.
        play.container.app.ready_timeout = Duration::from_mins(1);
        play.write("ended", "0123456789abcdef 137\n");
        let said = play.ready();
        assert_eq!(said.stderr, format!("testpmd ended with exit code 137\n{lines}"));
        play.write("testpmd/log", "nice: not found\n");
        assert!(play.ready().stderr.ends_with("137\nnice: not found\n"));
        // It goes on without a port that it cannot make: that is not ready either.
        let one =
            summary("up", "up").lines().take(3).fold(String::new(), |all, line| all + line + "\n");
        play.write("show_port_summary_all", &one);
        let used = "memif_socket_create(): Failed to setup socket /mnt/memif/2.sock: Address already in use\n";
        play.write("first", used);
        let _running = play.start();
        let since = Instant::now();
        play.waits("testpmd/log", "Address already");
        let said = play.ready();
        assert_eq!(said.stderr, format!("testpmd has 1 of 2 ports\n{used}"));
        assert!(since.elapsed() < Duration::from_secs(2), "it does not wait for the deadline");
        let app = format!("app testpmd has 1 of 2 ports: {used}");
        assert!(play.probe().stdout.starts_with(&app), "{}", play.probe().stdout);
    });
}

#[test]
fn a_socket_that_is_used_is_named_and_one_that_was_left_goes() {
    everywhere(|play| {
        let socket = play.path("memif/1.sock");
        let listener = bind(&socket);
        play.write("probed", "Port 0: 52:54:00:00:01:01\n");
        assert_eq!(play.start().code(), Some(1));
        let used = format!("`{}` is used", socket.display());
        assert!(play.read("stderr").starts_with(&used), "{}", play.read("stderr"));
        assert!(play.ready().stderr.contains("1.sock` is used: another process listens there"));
        assert!(socket.exists());
        drop(listener);
        let probed = "memif_connect_client(): Failed to connect socket: /mnt/memif/1.sock.\n";
        play.write("probed", probed);
        let mut running = play.start();
        assert_eq!(play.ready().code, 0);
        assert!(!socket.exists(), "testpmd would have failed to bind it");
        // Its own goes with it, however it ends.
        let _listener = bind(&socket);
        running.terminate();
        assert!(!socket.exists());
        play.write("memif/1.sock", "");
        assert_eq!(play.start().code(), Some(1));
        assert!(play.read("stderr").contains("something else is there"));
    });
}

#[test]
fn a_crash_when_a_peer_goes_is_mended() {
    let crashes_by = |play: &Play, signal: &str, code: u32| {
        play.write("dies", signal);
        let mut running = play.start();
        play.waits("stderr", &format!("crashed (exit code {code})"));
        assert_eq!(play.ready().code, 0);
        play.waits("asked", "start\n");
        assert!(running.0.try_wait().unwrap().is_none());
        running.terminate();
    };
    everywhere(|play| crashes_by(&play, "SEGV", 139));
    everywhere(|play| crashes_by(&play, "ABRT", 134));
}

#[test]
fn without_its_programs_it_says_so() {
    for (shell, gone) in SHELLS.into_iter().zip(["stdbuf", "dpdk-testpmd"]) {
        let play = Play::new(shell, Container::new(&[1], vec![memif(1, Role::Slave)], vec![]));
        // A PATH with all a script needs, and not that one.
        let mut busybox = Command::new("/bin/busybox");
        busybox.args(["--install", "-s"]).arg(play.path("bin"));
        assert!(busybox.status().unwrap().success());
        std::fs::remove_file(play.path("bin").join(gone)).unwrap();
        let script = driver(&play.container.app.kind).start(&play.container.instance()).unwrap();
        let output = play.command(&script).env("PATH", play.path("bin")).output().unwrap();
        let message = format!("there is no program `{gone}` in this container\n");
        assert_eq!(String::from_utf8_lossy(&output.stderr), message);
        assert_eq!(output.status.code(), Some(1));
    }
}
