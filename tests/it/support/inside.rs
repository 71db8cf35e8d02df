//! The inside of a container without a container: our folder is a temporary one, the first process
//! a child of the test, the tools Debian's or busybox's alone.

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use vnfctl::app::LAUNCH;

/// Whose shell and tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tools {
    /// dash and coreutils.
    Debian,
    /// busybox and nothing else.
    Busybox,
}

impl Tools {
    pub(crate) const ALL: [Self; 2] = [Self::Debian, Self::Busybox];
}

pub(crate) struct Inside {
    root: TempDir,
    path: String,
    shell: PathBuf,
}

impl Inside {
    pub(crate) fn new(tools: Tools) -> Self {
        let root = tempfile::tempdir().unwrap();
        let (path, shell) = match tools {
            Tools::Debian => ("/usr/bin:/bin".to_owned(), PathBuf::from("/usr/bin/dash")),
            Tools::Busybox => {
                let bin = root.path().join("bin");
                std::fs::create_dir(&bin).unwrap();
                let status =
                    Command::new("busybox").args(["--install", "-s"]).arg(&bin).status().unwrap();
                assert!(status.success());
                (bin.display().to_string(), bin.join("sh"))
            }
        };
        Self { root, path, shell }
    }

    /// A path in the container.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// The text of a path; empty where there is nothing.
    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.at(path)).unwrap_or_default()
    }

    pub(crate) fn folder(&self) -> String {
        self.at("vnfctl").display().to_string()
    }

    /// A shell that runs a script in the container's root.
    pub(crate) fn sh(&self, script: &str) -> Command {
        let mut command = Command::new(&self.shell);
        command.arg("-c").arg(script).arg("vnfctl").env_clear().env("PATH", &self.path);
        command.current_dir(self.root.path());
        command
    }

    /// Runs a script to its end.
    pub(crate) fn run(&self, script: &str) -> Output {
        self.sh(script).stdin(Stdio::null()).output().unwrap()
    }

    /// The first process; what it prints goes to `log`.
    pub(crate) fn launch(&self, grace: u32, patience: u32) -> First {
        let log = std::fs::File::options().append(true).create(true).open(self.at("log")).unwrap();
        let mut command = self.sh(LAUNCH);
        command.args([self.folder(), grace.to_string(), patience.to_string()]);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).process_group(0);
        let _ = std::fs::remove_file(self.at("vnfctl/launcher"));
        let first = First(command.spawn().unwrap());
        self.until("the first process is up", || !self.read("vnfctl/launcher").is_empty());
        first
    }

    /// What `configure` leaves, without it.
    pub(crate) fn start(&self, script: &str) {
        std::fs::write(self.at("vnfctl/start.new"), format!("# d1\n{script}")).unwrap();
        std::fs::rename(self.at("vnfctl/start.new"), self.at("vnfctl/start")).unwrap();
    }

    /// Waits for something, ten seconds at most.
    pub(crate) fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let since = Instant::now();
        while !holds() {
            if since.elapsed() > Duration::from_secs(10) {
                let files = list(&self.at("vnfctl"));
                panic!("{what}: {files:?} {}", self.read("log"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Names in a folder.
pub(crate) fn list(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The first process; it goes with all that it started.
pub(crate) struct First(Child);

impl First {
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Its exit code; `None` when it has not ended after `limit`.
    pub(crate) fn code(&mut self, limit: Duration) -> Option<i32> {
        let since = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return Some(status.code().expect("it ends by itself"));
            }
            if since.elapsed() > limit {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for First {
    fn drop(&mut self) {
        let _ = kill_process_group(self.pid(), Signal::KILL);
        let _ = self.0.wait();
    }
}
