//! A virtual DUT, as it was when it was saved: what one case works on.

use crate::ended::{Ended, run};
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// PCI addresses of its NICs: the first is on NUMA node 0, the second on NUMA node 1.
pub(crate) const NICS: [&str; 2] = ["0000:41:00.0", "0000:81:00.0"];

/// One node under test.
pub(crate) struct Dut {
    pub(crate) name: &'static str,
    state: PathBuf,
    files: tempfile::TempDir,
    _lock: File,
}

impl Dut {
    /// Takes the DUT for one case and puts it back to its saved state.
    pub(crate) fn fresh(name: &'static str) -> Self {
        let state = std::env::var_os("VNFCTL_LAB_STATE")
            .expect("VNFCTL_LAB_STATE names the running lab: use tests/run");
        let state = PathBuf::from(state).join("vm");
        let lock = File::options().create(true).append(true).open(state.join(name).join("lock"));
        let lock = lock.expect("the DUT is up");
        lock.lock().expect("flock works");
        let mut reset = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/vm"));
        reset.env("LAB_STATE", state.parent().expect("it has one")).args(["reset", name]);
        run(reset).exits(0);
        let files = tempfile::tempdir().expect("this machine has a /tmp");
        Self { name, state, files, _lock: lock }
    }

    /// Whether SMT siblings have neighbouring numbers.
    pub(crate) fn is_adjacent(&self) -> bool {
        self.name == "dut2"
    }

    /// Both threads of a core of NUMA node 1, counted from 0 to 3.
    pub(crate) fn core(&self, number: u32) -> [u32; 2] {
        if self.is_adjacent() {
            [8 + 2 * number, 9 + 2 * number]
        } else {
            [4 + number, 12 + number]
        }
    }

    /// CPUs of whole cores of NUMA node 1 as placement writes them: first threads, then siblings.
    pub(crate) fn cores<const N: usize>(&self, numbers: [u32; N]) -> Vec<u32> {
        let threads = [0, 1].map(|thread| numbers.map(|number| self.core(number)[thread]));
        threads.into_iter().flatten().collect()
    }

    fn ssh_config(&self) -> String {
        self.state.join("ssh_config").display().to_string()
    }

    /// Runs a shell script with arguments on it.
    pub(crate) fn script(&self, script: &str, arguments: &[&str]) -> Ended {
        let mut ssh = Command::new("ssh");
        ssh.args(["-F", &self.ssh_config(), self.name, "sh", "-s", "--"]).args(arguments);
        ssh.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = ssh.spawn().expect("openssh-client is installed");
        let mut stdin = child.stdin.take().expect("it is piped");
        stdin.write_all(script.as_bytes()).expect("ssh reads it");
        drop(stdin);
        Ended::from(child.wait_with_output().expect("it ends"))
    }

    /// As [`Dut::script`]; it must succeed. Returns what it printed.
    #[track_caller]
    pub(crate) fn must(&self, script: &str) -> String {
        self.script(script, &[]).exits(0).stdout.trim_end().to_owned()
    }

    /// A topology of this case: this DUT as node `DUT1`, then `rest`. Prefix of its containers is
    /// its name.
    pub(crate) fn topology(&self, name: &str, top: &str, rest: &str) -> On<'_> {
        let [eth0, eth1] = NICS;
        let toml = format!(
            "name = \"{name}\"\nprefix = \"{name}-\"\n{top}\n\
             [nodes.DUT1]\nssh = \"{}\"\nsystem_cpus = 0\n\
             interfaces = {{ eth0.pci = \"{eth0}\", eth1.pci = \"{eth1}\" }}\n{rest}",
            self.name
        );
        let file = self.files.path().join(format!("{name}.toml"));
        std::fs::write(&file, toml).expect("this machine has a /tmp");
        On { dut: self, file: file.display().to_string() }
    }

    /// vnfctl with patience: the DUT's processor is emulated.
    pub(crate) fn vnfctl(&self, args: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vnfctl"));
        command.env_clear().env("VNFCTL_CONNECT_TIMEOUT", "60s");
        for name in ["PATH", "HOME", "LLVM_PROFILE_FILE"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.args(["--ssh-config", &self.ssh_config()]).args(args);
        run(command)
    }
}

/// A topology file and the DUT it is about.
pub(crate) struct On<'a> {
    dut: &'a Dut,
    file: String,
}

impl On<'_> {
    /// `vnfctl -t FILE WORDS...`; words are split at blanks.
    pub(crate) fn run(&self, words: &str) -> Ended {
        let mut args = vec!["-t", &self.file];
        args.extend(words.split_whitespace());
        self.dut.vnfctl(&args)
    }

    /// CPUs of each container as `check` gives them, main core first.
    pub(crate) fn placements(&self) -> Vec<(String, Vec<u32>, Vec<u32>)> {
        let answer = self.run("check -o json").exits(0).json();
        let placements = answer["placements"].as_array().expect("a list").iter();
        let numbers = |value: &serde_json::Value| {
            serde_json::from_value::<Vec<u32>>(value.clone()).expect("a list of numbers")
        };
        placements
            .map(|one| {
                let name = one["container"].as_str().expect("text").to_owned();
                (name, numbers(&one["cpuset_cpus"]), numbers(&one["cpuset_mems"]))
            })
            .collect()
    }
}
