//! The engine `native` on this machine, for real: needs root.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;
use vnfctl::command::{Command, Stdin};
use vnfctl::engine::{ContainerSpec, Engine, Inventory, Labels, Native, Observed, State};
use vnfctl::facts::{Cgroup, CgroupVersion, Facts};
use vnfctl::model::{Image, ImageFile, Mount};

/// What a command printed and how it ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Feeds a command to a shell, as a lane does.
#[expect(clippy::disallowed_methods, reason = "the engine's commands are run for real")]
pub(crate) fn run(command: &Command) -> Ran {
    let stdin = match &command.stdin {
        Stdin::Empty => Vec::new(),
        Stdin::Text(text) => text.clone().into_bytes(),
        Stdin::File(path) => std::fs::read(path).unwrap(),
    };
    let shell = std::env::var("VNFCTL_TEST_SHELL").unwrap_or_else(|_| "sh".into());
    let mut words = shell.split(' ');
    let mut child = std::process::Command::new(words.next().unwrap())
        .args(words)
        .arg("-c")
        .arg(command.words())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The command may end without reading it.
    let _ = child.stdin.take().unwrap().write_all(&stdin);
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs commands that must succeed; what the last one printed.
pub(crate) fn ok(commands: &[Command]) -> String {
    let mut stdout = String::new();
    for command in commands {
        let ran = run(command);
        assert_eq!(ran.code, 0, "{}\n{}", command.display(), ran.stderr);
        stdout = ran.stdout;
    }
    stdout
}

fn sh(script: &str) -> String {
    ok(&[Command::sh(script, [""; 0])])
}

/// cgroups of this machine.
pub(crate) fn facts() -> Facts {
    let mut facts = Facts::default();
    let mounts = sh("cat /proc/mounts");
    for line in mounts.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let mount = fields[1].to_owned();
        match fields[2] {
            "cgroup" => {
                for controller in ["cpuset", "memory"] {
                    if fields[3].split(',').any(|option| option == controller) {
                        facts.cgroup.mounts.insert(controller.into(), mount.clone());
                    }
                }
            }
            "cgroup2" => {
                let found = sh(&format!("cat '{mount}/cgroup.controllers'"));
                facts.cgroup.controllers = found.split_whitespace().map(Into::into).collect();
                facts.cgroup.mounts.insert(String::new(), mount);
            }
            _ => {}
        }
    }
    facts
}

/// A container that removes itself, also when its test fails.
pub(crate) struct Container(pub(crate) ContainerSpec);

impl Container {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("vnfctl-it-{name}");
        run(&Native.destroy(&name));
        let labels = Labels {
            topology: "it".into(),
            node: "DUT1".into(),
            group: "VNF".into(),
            index: 1,
            cpuset: "0".into(),
            mems: "0".into(),
            hash: "00".into(),
            spec: r#"{"env":["ä=ß\"'"]}"#.into(),
            version: "0.1.0".into(),
        };
        Self(ContainerSpec { name, labels, cpus: vec![0], mems: vec![0], ..Default::default() })
    }

    pub(crate) fn create(&self) -> &Self {
        ok(&Native.create(&self.0, &facts()));
        self
    }

    fn exec(&self, script: &str) -> String {
        let argv = ["sh", "-c", script].map(str::to_owned);
        ok(&[Native.exec(&self.0.name, &argv, false)])
    }

    fn observed(&self) -> Option<Observed> {
        let inventory = query(&[]);
        inventory.containers.into_iter().find(|found| found.name == self.0.name)
    }

    fn log(&self) -> String {
        ok(&[Native.logs(&self.0.name, None, false)])
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        run(&Native.destroy(&self.0.name));
    }
}

fn query(images: &[Image]) -> Inventory {
    Native.parse(&ok(&[Native.query(images)])).unwrap()
}

#[test]
fn smoke() {
    let container = Container::new("smoke");
    container.create();
    println!("{}", container.exec("id; hostname; cat /proc/self/mountinfo; ls -la /dev / ; ps aux; grep Cap /proc/self/status"));
    println!("{:#?}", container.observed());
    ok(&[Native.stop(&container.0.name, Duration::from_secs(3))]);
    println!("{:#?}", container.observed());
    ok(&[Native.start(&container.0.name)]);
    println!("{:#?}", container.observed());
    println!("LOG {}", container.log());
    ok(&[Native.destroy(&container.0.name)]);
    println!("{:#?}", container.observed());
}

#[test]
fn timing() {
    let containers: Vec<_> = (0..64).map(|i| Container::new(&format!("t{i}"))).collect();
    for way in ["create", "stop", "start"] {
        let commands: Vec<Command> = containers
            .iter()
            .map(|c| match way {
                "create" => Native.create(&c.0, &facts()).remove(0),
                "stop" => Native.stop(&c.0.name, Duration::from_secs(3)),
                _ => Native.start(&c.0.name),
            })
            .collect();
        let begin = std::time::Instant::now();
        let cpu0 = sh("head -1 /proc/stat");
        std::thread::scope(|scope| {
            for half in commands.chunks(32) {
                scope.spawn(move || {
                    for c in half {
                        ok(std::slice::from_ref(c));
                    }
                });
            }
        });
        println!("{way} 64: {:?}\n{cpu0}{}", begin.elapsed(), sh("head -1 /proc/stat"));
    }
    let begin = std::time::Instant::now();
    let n = query(&[]).containers.len();
    println!("query {n}: {:?}", begin.elapsed());
    let begin = std::time::Instant::now();
    drop(containers);
    println!("destroy: {:?}", begin.elapsed());
}
