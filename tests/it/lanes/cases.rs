//! What every lane promises, wherever its shell is.

use super::Place;
use std::path::Path;
use std::time::{Duration, Instant};
use vnfctl::command::{Command, Stdin};
use vnfctl::transport::{Exit, Output, Stop, Stream, Transport, TransportError};

/// Prints the process id of the lane's shell, which `timeout` may stand in front of.
const LANE_PID: &str = "p=$PPID; while read -r c </proc/$p/comm; [ \"$c\" != sh ]; do \
                        set -- $(cat /proc/$p/stat); p=$4; done; echo $p";

const MEGABYTE: usize = 1024 * 1024;

fn run(lane: &mut dyn Transport, command: &Command) -> Output {
    lane.run(command, &Stop::new()).unwrap()
}

fn sh(script: &str) -> Command {
    Command::sh(script.to_owned(), [""; 0])
}

fn out(lane: &mut dyn Transport, script: &str) -> String {
    let output = run(lane, &sh(script));
    assert_eq!(output.exit, Exit::Code(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

/// Reads a pid a command writes to `path` and waits for it.
fn pid_in(path: &Path) -> String {
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        if let Ok(text) = std::fs::read_to_string(path)
            && text.ends_with('\n')
        {
            return text.trim().to_owned();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("nothing was written to {}", path.display());
}

fn assert_gone(pid: &str) {
    let until = Instant::now() + Duration::from_secs(3);
    while is_alive(pid) {
        assert!(Instant::now() < until, "process {pid} is still there");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Sets `stop` as soon as `path` holds a pid; gives the pid and when the flag was set.
fn stop_when_running(path: &Path, stop: &Stop) -> std::thread::JoinHandle<(String, Instant)> {
    let (path, stop) = (path.to_owned(), stop.clone());
    std::thread::spawn(move || {
        let pid = pid_in(&path);
        stop.request();
        (pid, Instant::now())
    })
}

pub(super) fn output_is_binary_and_streams_are_separate(place: &dyn Place) {
    let mut lane = place.lane();
    let script = r"printf 'a\0\n\377b\n\n'; printf 'e\0\n' >&2";
    for _ in 0..3 {
        let output = run(lane.as_mut(), &sh(script));
        assert_eq!(output.exit, Exit::Code(0));
        assert_eq!(output.stdout, b"a\0\n\xffb\n\n");
        assert_eq!(output.stderr, b"e\0\n");
    }
    let silent = run(lane.as_mut(), &Command::new(["true"]));
    assert_eq!((silent.stdout, silent.stderr), (Vec::new(), Vec::new()));
}

pub(super) fn output_is_seen_as_it_comes(place: &dyn Place) {
    let mut lane = place.lane();
    lane.send(&sh("echo one; echo two >&2; sleep 1; printf three")).unwrap();
    let (mut seen, mut first) = (Vec::new(), None);
    let start = Instant::now();
    let output = lane
        .receive(&Stop::new(), &mut |stream, bytes| {
            if !bytes.is_empty() {
                first.get_or_insert_with(|| start.elapsed());
                seen.push((stream, bytes.to_vec()));
            }
        })
        .unwrap();
    assert!(first.unwrap() + Duration::from_millis(500) < output.elapsed, "{first:?}");
    let of = |wanted| {
        let parts = seen.iter().filter(|(stream, _)| *stream == wanted);
        parts.flat_map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>()
    };
    assert_eq!((of(Stream::Stdout), of(Stream::Stderr)), (output.stdout, output.stderr));
}

pub(super) fn large_outputs_and_inputs_pass_both_ways_at_once(place: &dyn Place) {
    let mut lane = place.lane();
    let size = 32 * MEGABYTE;
    let script = format!("head -c {size} /dev/zero >&2 & head -c {size} /dev/zero; wait");
    let output = run(lane.as_mut(), &sh(&script));
    assert_eq!((output.stdout.len(), output.stderr.len()), (size, size));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bulk");
    let content: Vec<u8> =
        (0..size).map(|at| (at.wrapping_mul(31) >> 5).to_le_bytes()[0]).collect();
    std::fs::write(&path, &content).unwrap();
    let command =
        Command { stdin: Stdin::File(path), ..Command::new(["sh", "-c", "tee /dev/fd/2"]) };
    let output = run(lane.as_mut(), &command);
    assert!(output.stdout == content && output.stderr == content, "32 MB there and twice back");
}

pub(super) fn a_text_is_delivered_byte_for_byte(place: &dyn Place) {
    let mut lane = place.lane();
    let odd = "it's \"$HOME\" `id` \\n %s\n\ttab äöü 日本 \u{1f600}\r\n\n";
    let long = odd.repeat(MEGABYTE / odd.len() + 1);
    for text in ["", "\n", "-n", "%s", odd, &long] {
        let output = run(lane.as_mut(), &Command::new(["cat"]).stdin(text));
        assert!(output.stdout == text.as_bytes(), "{:?}", text.get(..40));
        assert_eq!(output.exit, Exit::Code(0));
    }
}

pub(super) fn an_early_end_of_a_reader_is_no_error(place: &dyn Place) {
    let mut lane = place.lane();
    let output = run(lane.as_mut(), &Command::new(["true"]).stdin("x".repeat(MEGABYTE)));
    assert_eq!((output.exit, output.stderr), (Exit::Code(0), Vec::new()));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bulk");
    std::fs::write(&path, vec![b'x'; 8 * MEGABYTE]).unwrap();
    let command = Command { stdin: Stdin::File(path), ..sh("head -c 3; exit 4") };
    let output = run(lane.as_mut(), &command);
    assert_eq!((output.exit, output.stdout), (Exit::Code(4), b"xxx".to_vec()));
    assert_eq!(out(lane.as_mut(), "echo on"), "on\n");
}

pub(super) fn a_file_is_delivered_and_keeps_its_place_in_the_order(place: &dyn Place) {
    let mut lane = place.lane();
    let folder = tempfile::tempdir().unwrap();
    let (path, log) = (folder.path().join("bulk"), folder.path().join("log"));
    std::fs::write(&path, "from a file\n").unwrap();
    let append =
        |text: &str| Command::sh("sleep 0.2; echo \"$2\" >>\"$1\"", [log.to_str().unwrap(), text]);
    let bulk = Command::sh("cat >>\"$1\"; echo \"$K\"", [log.to_str().unwrap()]).env("K", "it's");
    lane.send(&append("first")).unwrap();
    lane.send(&Command { stdin: Stdin::File(path), ..bulk }).unwrap();
    lane.send(&append("last")).unwrap();
    let stop = Stop::new();
    let outputs: Vec<_> =
        (0..3).map(|_| lane.receive(&stop, &mut |_, _| ()).unwrap().stdout).collect();
    assert_eq!(outputs, [b"".to_vec(), b"it's\n".to_vec(), b"".to_vec()]);
    assert_eq!(std::fs::read_to_string(log).unwrap(), "first\nfrom a file\nlast\n");
}

pub(super) fn a_missing_file_is_an_error_that_names_it(place: &dyn Place) {
    let mut lane = place.lane();
    let command = Command { stdin: Stdin::File("/no/such/file".into()), ..sh("cat") };
    let error = lane.run(&command, &Stop::new()).unwrap_err();
    assert!(matches!(error, TransportError::Spawn { .. }), "{error:?}");
    assert!(error.to_string().contains("/no/such/file"), "{error}");
    assert_eq!(out(lane.as_mut(), "echo on"), "on\n");
}

pub(super) fn words_arrive_as_they_are(place: &dyn Place) {
    let mut lane = place.lane();
    let words =
        ["", " ", "it's", "$HOME `id` $(id)", "a\nb\n", "*", "~", "\\", "!x", "äö 日", "K=v"];
    for quiet in [false, true] {
        let mut command = Command::new(["printf", "<%s>"].iter().copied().chain(words));
        if quiet {
            command.deadline = None;
        }
        let output = run(lane.as_mut(), &command);
        let wanted = format!("<{}>", words.join("><"));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), wanted);
    }
}

pub(super) fn environment_of_any_name_arrives(place: &dyn Place) {
    let mut lane = place.lane();
    let command = Command::new(["/usr/bin/env"])
        .env("PLAIN", "it's $HOME\n`x`")
        .env("a.b-c", "odd name")
        .env("PATH", "/nowhere")
        .env("UID", "7")
        .env("EMPTY", "");
    for deadline in [command.deadline, None] {
        let output = run(lane.as_mut(), &Command { deadline, ..command.clone() });
        let text = String::from_utf8(output.stdout).unwrap();
        let wanted = [
            "PLAIN=it's $HOME\n`x`\n",
            "a.b-c=odd name\n",
            "PATH=/nowhere\n",
            "UID=7\n",
            "EMPTY=\n",
        ];
        for line in wanted {
            assert!(text.contains(line), "{line:?} in {text} {:?}", output.stderr);
        }
    }
    assert_eq!(out(lane.as_mut(), "echo \"${PLAIN-unset}\""), "unset\n");
}

pub(super) fn exit_codes_and_signals_are_told_apart(place: &dyn Place) {
    let mut lane = place.lane();
    for deadline in [Some(Duration::from_secs(30)), None] {
        let mut exit = |script: &str, accept: &[i32]| {
            let command = Command { deadline, ..sh(script).accept(accept) };
            run(lane.as_mut(), &command).exit
        };
        assert_eq!(exit("exit 3", &[]), Exit::Code(3));
        assert_eq!(exit("exit 124", &[]), Exit::Code(124));
        assert_eq!(exit("exit 255", &[]), Exit::Code(255));
        assert_eq!(exit("kill -9 $$", &[]), Exit::Signal(9));
        assert_eq!(exit("kill -15 $$", &[]), Exit::Signal(15));
        assert_eq!(exit("exit 137", &[137]), Exit::Code(137));
        let missing = Command { deadline, ..Command::new(["/no/such/program"]) };
        let output = run(lane.as_mut(), &missing);
        assert_eq!(output.exit, Exit::Code(127));
        assert!(String::from_utf8_lossy(&output.stderr).contains("/no/such/program"));
    }
}

pub(super) fn a_deadline_ends_the_command_and_the_lane_goes_on(place: &dyn Place) {
    let mut lane = place.lane();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pid");
    let script = "echo early; sleep 100 & echo $! >\"$1\"; wait";
    let deadline = Duration::from_secs(1);
    let command = Command::sh(script, [path.to_str().unwrap()]).deadline(deadline);
    let output = run(lane.as_mut(), &command);
    assert_eq!(output.exit, Exit::Deadline(deadline), "{output:?}");
    assert_eq!(output.stdout, b"early\n");
    assert!(output.elapsed < Duration::from_secs(3), "{:?}", output.elapsed);
    assert_gone(&pid_in(&path));
    assert_eq!(out(lane.as_mut(), "echo on"), "on\n");
}

pub(super) fn a_stop_ends_the_command_and_its_descendants(place: &dyn Place) {
    for deadline in [Some(Duration::from_mins(1)), None] {
        let mut lane = place.lane();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pid");
        // A grandchild that ignores the polite signal.
        let script = "(trap '' TERM; sleep 1000 & echo $! >\"$1\"; wait) & wait; echo after";
        let command = Command { deadline, ..Command::sh(script, [path.to_str().unwrap()]) };
        let stop = Stop::new();
        let stopper = stop_when_running(&path, &stop);
        let error = lane.run(&command, &stop).unwrap_err();
        let (pid, asked) = stopper.join().unwrap();
        assert!(matches!(error, TransportError::Interrupted), "{error:?}");
        assert!(asked.elapsed() < Duration::from_secs(30), "{:?}", asked.elapsed());
        assert!(!is_alive(&pid), "{pid}");
    }
}

pub(super) fn a_stop_ends_what_waits_behind(place: &dyn Place) {
    let mut lane = place.lane();
    let folder = tempfile::tempdir().unwrap();
    let (path, log) = (folder.path().join("pid"), folder.path().join("log"));
    lane.send(&Command::sh("echo $$ >\"$1\"; exec sleep 100", [path.to_str().unwrap()])).unwrap();
    lane.send(&Command::new(["touch", log.to_str().unwrap()])).unwrap();
    let stop = Stop::new();
    let stopper = stop_when_running(&path, &stop);
    let error = lane.receive(&stop, &mut |_, _| ()).unwrap_err();
    assert!(matches!(error, TransportError::Interrupted), "{error:?}");
    let (pid, _) = stopper.join().unwrap();
    assert!(!is_alive(&pid));
    let error = lane.receive(&Stop::new(), &mut |_, _| ()).unwrap_err();
    assert!(matches!(error, TransportError::Lost { .. }), "{error:?}");
    std::thread::sleep(Duration::from_millis(300));
    assert!(!log.exists(), "a command behind the stopped one ran");
}

pub(super) fn a_bulk_command_is_stopped_and_timed_like_any_other(place: &dyn Place) {
    let folder = tempfile::tempdir().unwrap();
    let (path, file) = (folder.path().join("pid"), folder.path().join("bulk"));
    std::fs::write(&file, vec![b'x'; 8 * MEGABYTE]).unwrap();
    let script = "sleep 1000 & echo $! >\"$1\"; wait";
    let command = Command {
        stdin: Stdin::File(file),
        ..Command::sh(script, [path.to_str().unwrap()]).deadline(Duration::from_secs(1))
    };
    let mut lane = place.lane();
    let output = run(lane.as_mut(), &command);
    assert_eq!(output.exit, Exit::Deadline(Duration::from_secs(1)));
    assert_gone(&pid_in(&path));
    assert_eq!(out(lane.as_mut(), "echo on"), "on\n");

    std::fs::remove_file(&path).unwrap();
    let command = command.deadline(Duration::from_mins(1));
    let stop = Stop::new();
    let stopper = stop_when_running(&path, &stop);
    let error = lane.run(&command, &stop).unwrap_err();
    let (pid, asked) = stopper.join().unwrap();
    assert!(matches!(error, TransportError::Interrupted), "{error:?}");
    assert!(asked.elapsed() < Duration::from_secs(30), "{:?}", asked.elapsed());
    assert!(!is_alive(&pid), "{pid}");
}

pub(super) fn a_dropped_lane_leaves_nothing_running(place: &dyn Place) {
    let mut lane = place.lane();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pid");
    let shell = out(lane.as_mut(), LANE_PID);
    let script = "sleep 1000 & echo $! >\"$1\"; wait";
    lane.send(&Command::sh(script, [path.to_str().unwrap()])).unwrap();
    let pid = pid_in(&path);
    assert!(is_alive(&pid) && is_alive(&shell), "{pid} {shell}");
    drop(lane);
    assert_gone(&pid);
    assert_gone(&shell);

    let mut idle = place.lane();
    let shell = out(idle.as_mut(), LANE_PID);
    assert!(is_alive(&shell));
    drop(idle);
    assert_gone(&shell);
}

pub(super) fn a_background_child_that_holds_the_streams_does_not_hold_the_frame(place: &dyn Place) {
    let mut lane = place.lane();
    let start = Instant::now();
    let pid = out(lane.as_mut(), "setsid sleep 1000 & echo $!");
    assert_eq!(out(lane.as_mut(), "echo on"), "on\n");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    drop(lane);
    assert!(is_alive(&pid), "what left for its own session stays");
    let status = std::process::Command::new("kill").arg(pid.trim()).status().unwrap();
    assert!(status.success());
}

pub(super) fn commands_cannot_harm_or_read_the_lane(place: &dyn Place) {
    let mut lane = place.lane();
    for deadline in [Some(Duration::from_secs(30)), None] {
        for argv in [["exit", "3"], ["cd", "/"], ["set", "-e"], ["exec", "true"]] {
            let output = run(lane.as_mut(), &Command { deadline, ..Command::new(argv) });
            assert_eq!(output.exit, Exit::Code(127), "{argv:?}: no such program");
        }
        lane.send(&Command { deadline, ..Command::new(["cat"]) }).unwrap();
        lane.send(&Command::new(["echo", "next"])).unwrap();
        let stop = Stop::new();
        assert_eq!(lane.receive(&stop, &mut |_, _| ()).unwrap().stdout, b"");
        assert_eq!(lane.receive(&stop, &mut |_, _| ()).unwrap().stdout, b"next\n");
    }
    let nul = lane.send(&Command::new(["echo", "a\0b"])).unwrap_err();
    assert!(matches!(nul, TransportError::Spawn { .. }), "{nul:?}");
}

pub(super) fn commands_in_flight_run_in_order(place: &dyn Place) {
    let mut lane = place.lane();
    for number in 0..8 {
        lane.send(&sh(&format!("sleep 0.05; echo {number}; exit {number}"))).unwrap();
    }
    for number in 0..8 {
        let output = lane.receive(&Stop::new(), &mut |_, _| ()).unwrap();
        assert_eq!(output.exit, Exit::Code(number));
        assert_eq!(output.stdout, format!("{number}\n").into_bytes());
    }
    let error = lane.receive(&Stop::new(), &mut |_, _| ()).unwrap_err();
    assert!(matches!(error, TransportError::Lost { .. }), "{error:?}");
}
