//! The lab of `tests/lab/netns`, which `tests/run` has started.

use super::{Ended, run};
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

/// The program under test.
pub(crate) const VNFCTL: &str = env!("CARGO_BIN_EXE_vnfctl");

/// The running lab.
#[derive(Debug, Clone)]
pub(crate) struct Lab {
    state: PathBuf,
}

impl Lab {
    pub(crate) fn get() -> Self {
        let state = std::env::var_os("VNFCTL_LAB_STATE")
            .expect("VNFCTL_LAB_STATE names the running lab: use tests/run");
        Self { state: state.into() }
    }

    pub(crate) fn ssh_config(&self) -> String {
        self.state.join("netns/ssh_config").display().to_string()
    }

    pub(crate) fn image(&self, name: &str) -> PathBuf {
        self.state.join("images").join(name)
    }

    pub(crate) fn dut(&self, name: &'static str) -> Dut {
        let file = self.state.join("netns").join(name).join("pid");
        let pid = std::fs::read_to_string(file).expect("the DUT is up");
        Dut { lab: self.clone(), name, pid: pid.trim().to_owned() }
    }

    /// The lab's own script with its first arguments.
    pub(crate) fn netns(&self, args: &[&str]) -> Command {
        let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/netns"));
        command.env("LAB_STATE", &self.state).args(args);
        command
    }
}

/// One node under test, reached without ssh.
#[derive(Debug, Clone)]
pub(crate) struct Dut {
    pub(crate) lab: Lab,
    pub(crate) name: &'static str,
    pid: String,
}

impl Dut {
    /// Its root file system, as seen from here: `dut.path("/proc/1/comm")`.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        assert!(inside.starts_with('/'), "{inside}");
        format!("/proc/{}/root{inside}", self.pid).into()
    }

    pub(crate) fn read(&self, inside: &str) -> Option<Vec<u8>> {
        std::fs::read(self.path(inside)).ok()
    }

    pub(crate) fn address(&self) -> String {
        let output = self.must("ip -4 -o addr show dev mgmt0");
        let mut words = output.split_whitespace();
        let address = words.by_ref().skip_while(|word| *word != "inet").nth(1);
        address.and_then(|word| word.split('/').next()).expect("mgmt0 has an address").to_owned()
    }

    /// A command inside it as root, without ssh.
    pub(crate) fn command(&self, argv: &[&str]) -> Command {
        let mut command = self.lab.netns(&["exec", self.name]);
        command.args(argv);
        command
    }

    /// Runs a shell script inside it.
    pub(crate) fn sh(&self, script: &str) -> Ended {
        run(self.command(&["sh", "-c", script]))
    }

    /// As [`Dut::sh`]; the script must succeed. Returns what it printed.
    #[track_caller]
    pub(crate) fn must(&self, script: &str) -> String {
        let ended = self.sh(script);
        assert_eq!(ended.code, 0, "{} does not do `{script}`: {ended}", self.name);
        ended.stdout.trim_end().to_owned()
    }

    /// Held while a case uses the DUT: shared, or alone where it takes the whole DUT down.
    pub(crate) fn lock(&self, alone: bool) -> File {
        let path = self.lab.state.join(format!("{}.lock", self.name));
        let file = File::options().create(true).append(true).open(path).expect("a lock file");
        if alone { file.lock() } else { file.lock_shared() }.expect("flock works");
        file
    }
}
