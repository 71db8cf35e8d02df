//! A bed for one case: a DUT, a name that no other case has, the command under test.

use super::{Dut, Ended, Lab, Topology, VNFCTL, run, text};
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// An engine under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Native,
    Docker,
    Podman,
    Lxc,
    Nspawn,
}

impl Engine {
    pub(crate) const ALL: [Self; 5] =
        [Self::Native, Self::Docker, Self::Podman, Self::Lxc, Self::Nspawn];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Lxc => "lxc",
            Self::Nspawn => "nspawn",
        }
    }
}

/// Where vnfctl runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Inside the DUT, on itself.
    Local,
    /// Here, on the DUT over ssh.
    Ssh,
}

impl Place {
    /// The DUT that cases at this place share.
    fn dut(self) -> &'static str {
        match self {
            Self::Local => "dut1",
            Self::Ssh => "dut2",
        }
    }
}

/// What one case works with. Whatever the case leaves when it fails is removed.
pub(crate) struct Bed {
    pub(crate) lab: Lab,
    pub(crate) dut: Dut,
    pub(crate) engine: Engine,
    pub(crate) place: Place,
    /// Name of the case's topology; its containers begin with it.
    pub(crate) name: String,
    /// A folder of the DUT, gone with the bed.
    pub(crate) folder: String,
    here: tempfile::TempDir,
    files: AtomicU32,
    _lock: File,
}

impl Bed {
    pub(crate) fn new(case: &str, engine: Engine, place: Place) -> Self {
        Self::on_dut(place.dut(), false, case, engine, place)
    }

    /// A bed on a DUT that no other case uses at the same time.
    pub(crate) fn alone(case: &str, engine: Engine, place: Place) -> Self {
        Self::on_dut(place.dut(), true, case, engine, place)
    }

    /// A bed on `dut3`, whose CPUs nobody else has while the case runs.
    pub(crate) fn exclusive(case: &str, engine: Engine, place: Place) -> Self {
        Self::on_dut("dut3", true, case, engine, place)
    }

    fn on_dut(dut: &'static str, alone: bool, case: &str, engine: Engine, place: Place) -> Self {
        let lab = Lab::get();
        let dut = lab.dut(dut);
        let letter = match place {
            Place::Local => 'l',
            Place::Ssh => 's',
        };
        let lock = dut.lock(alone);
        // Short: container names are host names too.
        let short: String = case.chars().filter(|&letter| letter != '_').take(12).collect();
        let mut hasher = DefaultHasher::new();
        case.hash(&mut hasher);
        let name = format!("{short}{:04x}-{}-{letter}", hasher.finish() & 0xffff, engine.word());
        let folder = format!("/tmp/{name}");
        let _ = std::fs::remove_dir_all(dut.path(&folder)); // of a run that was killed
        std::fs::create_dir_all(dut.path(&folder)).expect("the DUT has a /tmp");
        let here = tempfile::tempdir().expect("this machine has a /tmp");
        let bed = Self {
            lab,
            dut,
            engine,
            place,
            name,
            folder,
            here,
            files: AtomicU32::new(0),
            _lock: lock,
        };
        assert_eq!(bed.traces(), "", "an earlier run left something");
        bed
    }

    /// A topology of this case with one node, `DUT1`.
    pub(crate) fn topology(&self) -> Topology {
        Topology::new(&self.name).node("DUT1", &self.node_keys())
    }

    pub(crate) fn node_keys(&self) -> String {
        match self.place {
            Place::Local => String::new(),
            Place::Ssh => format!("ssh = {}", text(self.dut.name)),
        }
    }

    /// Full name of a container: `bed.container("VNF1")`.
    pub(crate) fn container(&self, short: &str) -> String {
        format!("{}-DUT1_{short}", self.name)
    }

    /// Writes a file where vnfctl runs; returns its path there.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        match self.place {
            Place::Local => {
                let path = format!("{}/{number}-{name}", self.folder);
                std::fs::write(self.dut.path(&path), content).expect("the DUT has a /tmp");
                path
            }
            Place::Ssh => {
                let path = self.here.path().join(format!("{number}-{name}"));
                std::fs::write(&path, content).expect("this machine has a /tmp");
                path.display().to_string()
            }
        }
    }

    /// vnfctl where this bed runs it, without arguments.
    pub(crate) fn program(&self) -> Command {
        match self.place {
            Place::Local => self.dut.command(&["/lab-share/vnfctl"]),
            Place::Ssh => Self::program_here(&self.lab.ssh_config()),
        }
    }

    /// vnfctl on this machine with another ssh configuration.
    pub(crate) fn program_here(ssh_config: &str) -> Command {
        let mut command = Command::new(VNFCTL);
        command.env_clear();
        for name in ["PATH", "HOME", "LLVM_PROFILE_FILE"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.args(["--ssh-config", ssh_config]);
        command
    }

    /// Runs vnfctl with these arguments only.
    pub(crate) fn vnfctl(&self, args: &[&str]) -> Ended {
        let mut command = self.program();
        command.args(args);
        run(command)
    }

    /// The words that make vnfctl read `topology`: put them before a verb.
    pub(crate) fn on(&self, topology: &Topology) -> On<'_> {
        self.on_text(&topology.toml())
    }

    /// As [`Bed::on`], for a file in its own words.
    pub(crate) fn on_text(&self, toml: &str) -> On<'_> {
        On { bed: self, file: self.file("topology.toml", toml) }
    }
}

/// A topology file and the bed it lies on.
pub(crate) struct On<'a> {
    bed: &'a Bed,
    pub(crate) file: String,
}

impl On<'_> {
    /// `vnfctl -t FILE WORDS...`; words are split at blanks.
    pub(crate) fn run(&self, words: &str) -> Ended {
        self.args(&words.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn args(&self, args: &[&str]) -> Ended {
        let mut command = self.command();
        command.args(args);
        run(command)
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = self.bed.program();
        command.args(["-t", &self.file]);
        command
    }

    /// `up` must work. Returns itself for what comes next.
    #[track_caller]
    pub(crate) fn up(self) -> Self {
        self.run("up").exits(0);
        self
    }

    /// `down` must work and leave nothing.
    #[track_caller]
    pub(crate) fn down(&self) {
        let living = self.bed.living();
        self.run("down --grace 1s").exits(0);
        living.is_gone(self.bed);
        assert_eq!(self.bed.traces(), "", "left by `down`");
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.remove();
        }
        // Best effort: the lab goes as a whole in the end.
        let _ = std::fs::remove_dir_all(self.dut.path(&self.folder));
    }
}
