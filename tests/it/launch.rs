//! The first process of a container with an app, with the shells and tools that containers have.

use crate::support::inside::{Inside, Tools};
use rustix::process::Signal;
use std::process::Command;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(5);

/// Runs until it is told to end, and says so.
const OBEDIENT: &str = "trap 'echo told; exit 5' TERM\necho up $$\nwhile :; do sleep 0.05; done";

fn each(test: impl Fn(&Inside)) {
    for tools in Tools::ALL {
        test(&Inside::new(tools));
    }
}

#[test]
fn it_waits_in_silence_and_ends_at_once_when_told() {
    each(|inside| {
        for signal in [Signal::TERM, Signal::INT, Signal::POWER] {
            let mut first = inside.launch(1, 0);
            let since = Instant::now();
            first.signal(signal);
            assert_eq!(first.code(SOON), Some(143), "{signal:?}");
            assert!(since.elapsed() < Duration::from_millis(500), "{:?}", since.elapsed());
        }
        let first = inside.launch(1, 0);
        std::thread::sleep(Duration::from_secs(2));
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", first.pid())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        // utime, stime, cutime, cstime in hundredths.
        let ticks: u32 = fields[11..15].iter().map(|ticks| ticks.parse::<u32>().unwrap()).sum();
        assert!(ticks < 10, "{ticks} ticks in two seconds");
        assert_eq!(inside.read("log"), "");
    });
}

#[test]
fn it_ends_as_its_app_ends() {
    each(|inside| {
        for (script, code) in [
            ("exit 0", 0),
            ("echo out; echo err >&2; exit 7", 7),
            ("exec /nonexistent", 127),
            ("kill -KILL $$", 137),
            ("kill -TERM $$", 143),
        ] {
            let mut first = inside.launch(1, 0);
            inside.start(script);
            assert_eq!(first.code(SOON), Some(code), "{script}");
            assert_eq!(inside.read("vnfctl/ended"), format!("d1 {code}\n"));
            assert!(!inside.at("vnfctl/running").exists());
            std::fs::remove_file(inside.at("vnfctl/start")).unwrap();
        }
        let log = inside.read("log");
        assert!(log.starts_with("out\nerr\n") && log.contains("nonexistent"), "{log}");
    });
}

#[test]
fn the_app_is_told_to_end() {
    each(|inside| {
        let mut first = inside.launch(1, 0);
        inside.start(OBEDIENT);
        inside.until("the app is up", || inside.read("log").contains("up"));
        inside.until("it says so", || inside.read("vnfctl/running").starts_with("d1 "));
        first.signal(Signal::TERM);
        assert_eq!(first.code(SOON), Some(5));
        assert!(inside.read("log").ends_with("told\n"));
    });
}

#[test]
fn a_hangup_starts_the_app_anew() {
    each(|inside| {
        let mut first = inside.launch(1, 0);
        inside.start(OBEDIENT);
        for ups in 1..4 {
            inside.until("the app is up", || inside.read("log").matches("up").count() == ups);
            first.signal(Signal::HUP);
        }
        inside.until("the app is up", || inside.read("log").matches("up").count() == 4);
        assert_eq!(inside.read("log").matches("told").count(), 3);
        // One that does not obey goes by force, and with another script.
        inside.start("trap '' TERM\necho deaf\nwhile :; do sleep 0.05; done");
        first.signal(Signal::HUP);
        inside.until("the other app is up", || inside.read("log").contains("deaf"));
        inside.start("echo third; exit 3");
        first.signal(Signal::HUP);
        assert_eq!(first.code(SOON), Some(3));
        assert!(inside.read("log").ends_with("deaf\nthird\n"), "{}", inside.read("log"));
    });
}

#[test]
fn an_early_end_leaves_time_for_another_configuration() {
    each(|inside| {
        let mut first = inside.launch(1, 3);
        inside.start("exit 9");
        inside.until("the app has ended", || inside.read("vnfctl/ended") == "d1 9\n");
        assert_eq!(first.code(Duration::from_millis(500)), None);
        inside.start("echo better; exit 4");
        first.signal(Signal::HUP);
        inside.until("the better one has ended", || inside.read("vnfctl/ended") == "d1 4\n");
        first.signal(Signal::TERM);
        assert_eq!(first.code(Duration::from_millis(500)), Some(4), "told while it waits");

        // Nobody comes: it ends by itself, as the app did.
        let mut first = inside.launch(1, 1);
        assert_eq!(first.code(SOON), Some(4));
        // Not early: no waiting.
        inside.start("sleep 2; exit 6");
        let since = Instant::now();
        assert_eq!(inside.launch(1, 2).code(SOON), Some(6));
        assert!(since.elapsed() < Duration::from_millis(3500), "{:?}", since.elapsed());
    });
}

#[test]
fn what_is_configured_starts_by_itself_the_next_time() {
    each(|inside| {
        let mut first = inside.launch(1, 0);
        inside.start("echo once; exit 1");
        assert_eq!(first.code(SOON), Some(1));
        assert_eq!(inside.launch(1, 0).code(SOON), Some(1));
        assert_eq!(inside.read("log"), "once\nonce\n");
    });
}

#[test]
fn no_signal_is_lost_whenever_it_comes() {
    each(|inside| {
        for round in 0..40_u64 {
            let mut first = inside.launch(10, 20);
            inside.start("exec sleep 1000");
            for step in 0..3 {
                std::thread::sleep(Duration::from_micros(997 * ((round * 7 + step * 5) % 13)));
                first.signal(Signal::HUP);
            }
            std::thread::sleep(Duration::from_micros(883 * (round % 11)));
            first.signal(Signal::TERM);
            let code = first.code(SOON);
            assert_eq!(code, Some(143), "round {round}, log {}", inside.read("log"));
            let _ = std::fs::remove_file(inside.at("vnfctl/start"));
        }
    });
}

#[test]
fn the_dead_are_buried() {
    // As pid 1 of a namespace of its own, where orphans become its children.
    let orphans = "i=0; while [ $i -lt 20 ]; do (sleep 0.2 & ); i=$((i + 1)); done; sleep 1; \
                   cat /proc/[0-9]*/stat; echo end; exec sleep 1000";
    each(|inside| {
        std::fs::create_dir(inside.at("vnfctl")).unwrap();
        inside.start(orphans);
        let inner = inside.sh(vnfctl::app::LAUNCH);
        let mut command = Command::new("/usr/bin/unshare");
        command.args(["--pid", "--fork", "--mount-proc", "--kill-child"]);
        command.arg(inner.get_program()).args(inner.get_args()).arg(inside.folder());
        for (name, value) in inner.get_envs() {
            command.env(name, value.unwrap());
        }
        let log = std::fs::File::create(inside.at("log")).unwrap();
        let mut child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        inside.until("the processes are listed", || inside.read("log").contains("end\n"));
        child.kill().unwrap();
        child.wait().unwrap();
        let log = inside.read("log");
        assert!(log.starts_with("1 ("), "{log}");
        assert!(!log.contains(") Z "), "{log}");
    });
}
