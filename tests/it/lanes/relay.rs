//! What a command prints on one node is read by a command of another.

use super::sshd::Sshd;
use std::path::Path;
use std::time::{Duration, Instant};
use vnfctl::command::{Command, Stdin};
use vnfctl::model::Become;
use vnfctl::transport::{Connector, Exit, Nodes, Output, Stop, Stream, Target, TransportError};

const MEGABYTE: usize = 1024 * 1024;

/// `here` is this machine, `dut1` is behind ssh.
struct Lab {
    sshd: Sshd,
    nodes: Nodes,
}

impl Lab {
    fn new() -> Self {
        let sshd = Sshd::start();
        let there = Target { node: "there".into(), ..sshd.target("dut1") };
        let here = Target {
            node: "here".into(),
            ssh: None,
            r#become: Become::Sudo,
            connect_timeout: None,
            ssh_config: None,
        };
        Self { nodes: Nodes::new(vec![here, there]), sshd }
    }

    fn path(&self, name: &str) -> String {
        self.sshd.path(name).display().to_string()
    }

    fn run(&self, node: &str, command: &Command, stop: &Stop) -> Result<Output, TransportError> {
        self.nodes.open(node, stop)?.run(command, stop)
    }
}

fn fed(reader: Command, node: &str, source: Command) -> Command {
    let (node, address) = (node.to_owned(), node.to_owned());
    let stdin = Stdin::Node { node, address, command: Box::new(source) };
    Command { stdin, ..reader }
}

fn sh(script: &str) -> Command {
    Command::sh(script.to_owned(), [""; 0])
}

fn is_gone(pid: &Path) -> bool {
    let pid = std::fs::read_to_string(pid).unwrap();
    let until = Instant::now() + Duration::from_secs(10);
    while Path::new("/proc").join(pid.trim()).exists() {
        if Instant::now() > until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

#[test]
fn bytes_pass_between_any_two_nodes_and_are_counted() {
    let lab = Lab::new();
    let size = 40 * MEGABYTE;
    let source =
        sh(&format!("head -c {size} /dev/zero | tr '\\0' 'a\\n\\0' ; printf 'last\\n\\n'"));
    let reader = sh("sha256sum; echo more >&2");
    let direct = format!("{{ {} ; }} | sha256sum", source.words());
    let wanted = lab.run("here", &sh(&direct), &Stop::new()).unwrap().stdout;
    for (from, to) in [("here", "there"), ("there", "here"), ("there", "there"), ("here", "here")] {
        let mut lane = lab.nodes.open(to, &Stop::new()).unwrap();
        lane.send(&fed(reader.clone(), from, source.clone())).unwrap();
        let mut told = 0;
        let output = lane
            .receive(&Stop::new(), &mut |stream, _| {
                if let Stream::Fed(bytes) = stream {
                    assert!(bytes > told, "it only grows");
                    told = bytes;
                }
            })
            .unwrap();
        assert_eq!((output.exit, &output.stdout), (Exit::Code(0), &wanted), "{from} to {to}");
        assert_eq!(told, (size + "last\n\n".len()) as u64, "{from} to {to}");
        assert_eq!(output.stderr, b"more\n");
        // The lane goes on.
        assert_eq!(lane.run(&sh("echo on"), &Stop::new()).unwrap().stdout, b"on\n");
    }
}

#[test]
fn a_source_that_fails_is_no_end_of_input() {
    let lab = Lab::new();
    let whole = lab.path("whole");
    let reader = Command::sh("cat >/dev/null; : >\"$1\"", [&whole]);
    for (node, reading) in [("there", "here"), ("here", "there")] {
        let source = sh("head -c 3000000 /dev/zero; echo no more >&2; exit 3");
        let output = lab.run(reading, &fed(reader.clone(), node, source), &Stop::new()).unwrap();
        assert_eq!(output.exit, Exit::Code(3));
        assert!(!Path::new(&whole).exists(), "{reading}: the reader saw an end of input");
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(words.contains(node) && words.contains("no more"), "{words}");
        // Its shell is gone as well: the connection broke.
        let source = sh("head -c 3000000 /dev/zero; kill -9 $PPID");
        let output = lab.run(reading, &fed(reader.clone(), node, source), &Stop::new()).unwrap();
        assert_ne!(output.exit, Exit::Code(0));
        assert!(!Path::new(&whole).exists(), "the reader saw an end of input");
    }
    let output = lab.run("here", &fed(reader.clone(), "nowhere", sh("true")), &Stop::new());
    assert!(matches!(output, Err(TransportError::Unreachable { .. })), "{output:?}");
    let slow = sh("echo a; sleep 60").deadline(Duration::from_secs(1));
    let output = lab.run("here", &fed(reader, "there", slow), &Stop::new()).unwrap();
    assert!(matches!(output.exit, Exit::Deadline(_)), "{output:?}");
    assert!(!Path::new(&whole).exists(), "the reader saw an end of input");
}

#[test]
fn a_reader_that_ends_early_ends_the_source() {
    let lab = Lab::new();
    let pid = lab.sshd.path("pid");
    let source = Command::sh("echo $$ >\"$1\"; exec cat /dev/zero", [pid.to_str().unwrap()]);
    let source = source.deadline(Duration::from_mins(5));
    for (node, reading) in [("there", "here"), ("here", "there")] {
        let command = fed(sh("head -c 1000 >/dev/null; exit 7"), node, source.clone());
        let output = lab.run(reading, &command, &Stop::new()).unwrap();
        assert_eq!(output.exit, Exit::Code(7), "{output:?}");
        assert!(is_gone(&pid), "{node}");
    }
}

#[test]
fn a_stop_ends_both_sides() {
    let lab = Lab::new();
    let (left, right) = (lab.sshd.path("left"), lab.sshd.path("right"));
    let source = Command::sh("echo $$ >\"$1\"; exec cat /dev/zero", [left.to_str().unwrap()]);
    let reader = Command::sh("echo $$ >\"$1\"; exec cat >/dev/null", [right.to_str().unwrap()]);
    let stop = Stop::new();
    let result = std::thread::scope(|scope| {
        let run = scope.spawn(|| lab.run("here", &fed(reader, "there", source), &stop));
        while !right.exists() || !left.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(100));
        stop.request();
        run.join().unwrap()
    });
    assert!(matches!(result, Err(TransportError::Interrupted)), "{result:?}");
    assert!(is_gone(&left) && is_gone(&right));
}
