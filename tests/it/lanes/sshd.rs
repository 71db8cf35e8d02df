//! A throw-away sshd on loopback: own keys, own configuration, own port, gone with its value.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use vnfctl::model::{Become, SshTarget};
use vnfctl::transport::{Connector, Nodes, Stop, Target, Transport, TransportError};

pub(super) struct Sshd {
    pub(super) folder: tempfile::TempDir,
    pub(super) port: u16,
    pub(super) child: Child,
}

impl Sshd {
    pub(super) fn start() -> Self {
        Self::with("")
    }

    /// An sshd with more lines in its configuration.
    pub(super) fn with(more: &str) -> Self {
        let program = Path::new("/usr/sbin/sshd");
        assert!(program.exists(), "sshd is missing; mend with: apt-get install openssh-server");
        let folder = tempfile::Builder::new().prefix("vnfctl-sshd").tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        // sshd refuses to start without its privilege separation folder.
        std::fs::create_dir_all("/run/sshd").unwrap();
        for key in ["host", "id"] {
            keygen(&at(key), "ed25519");
        }
        std::fs::copy(at("id.pub"), at("authorized_keys")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {host}\nPidFile none\nUsePAM no\n\
             AuthorizedKeysFile {keys}\nStrictModes no\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nPermitRootLogin yes\nMaxStartups 100\n{more}\n",
            host = at("host").display(),
            keys = at("authorized_keys").display(),
        );
        std::fs::write(at("sshd_config"), config).unwrap();
        let child = Command::new(program)
            .args(["-D", "-e", "-f"])
            .arg(at("sshd_config"))
            .stderr(std::fs::File::create(at("log")).unwrap())
            .spawn()
            .unwrap();
        let sshd = Self { folder, port, child };
        sshd.trust(&sshd.read("host.pub"));
        sshd.configure("");
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "sshd does not listen: {}", sshd.read("log"));
            std::thread::sleep(Duration::from_millis(5));
        }
        sshd
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Makes `key` the one known host key.
    pub(super) fn trust(&self, key: &str) {
        let line = format!("[127.0.0.1]:{} {key}", self.port);
        std::fs::write(self.path("known_hosts"), line).unwrap();
    }

    /// Writes the user's ssh configuration; `first` wins over the usual lines.
    pub(super) fn configure(&self, first: &str) {
        let config = format!(
            "{first}\nHost *\n HostName 127.0.0.1\n Port {port}\n User root\n\
             \x20IdentityFile {id}\n IdentitiesOnly yes\n IdentityAgent none\n\
             \x20UserKnownHostsFile {known}\n GlobalKnownHostsFile none\n\
             \x20ServerAliveInterval 2\n ServerAliveCountMax 1\n",
            port = self.port,
            id = self.path("id").display(),
            known = self.path("known_hosts").display(),
        );
        std::fs::write(self.path("ssh_config"), config).unwrap();
    }

    pub(super) fn target(&self, host: &str) -> Target {
        Target {
            node: "DUT1".to_owned(),
            ssh: Some(SshTarget { user: None, host: host.to_owned(), port: None }),
            r#become: Become::Sudo,
            connect_timeout: None,
            ssh_config: Some(self.path("ssh_config")),
        }
    }

    pub(super) fn open(&self, host: &str) -> Result<Box<dyn Transport>, TransportError> {
        Nodes::new(vec![self.target(host)]).open("DUT1", &Stop::new())
    }
}

impl super::Place for Sshd {
    fn lane(&self) -> Box<dyn Transport> {
        self.open("dut1").unwrap_or_else(|error| panic!("{error:?}\n{}", self.read("log")))
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A node whose commands are only those in one folder.
pub(super) struct Bare {
    sshd: Sshd,
    _folder: tempfile::TempDir,
}

impl Bare {
    /// A small device: everything is busybox.
    pub(super) fn busybox() -> Self {
        let busybox = Path::new("/usr/bin/busybox");
        assert!(busybox.exists(), "busybox is missing; mend with: apt-get install busybox-static");
        let list = Command::new(busybox).arg("--list").output().unwrap().stdout;
        let names = String::from_utf8(list).unwrap();
        Self::with(names.lines().map(|name| (name.to_owned(), busybox.to_owned())))
    }

    /// A node that lacks `timeout`.
    pub(super) fn without_timeout() -> Self {
        let names = ["sh", "cat", "echo", "id", "sleep"];
        Self::with(names.map(|name| (name.to_owned(), Path::new("/bin").join(name))).into_iter())
    }

    fn with(commands: impl Iterator<Item = (String, PathBuf)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, program) in commands {
            std::os::unix::fs::symlink(program, folder.path().join(name)).unwrap();
        }
        let path = folder.path().display();
        let line = format!("ForceCommand PATH={path}; export PATH; eval \"$SSH_ORIGINAL_COMMAND\"");
        Self { sshd: Sshd::with(&line), _folder: folder }
    }
}

impl super::Place for Bare {
    fn lane(&self) -> Box<dyn Transport> {
        self.sshd.lane()
    }
}

pub(super) fn keygen(path: &Path, kind: &str) {
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", kind, "-N", "", "-C", "a test", "-f"]).arg(path);
    let status = command.stdin(Stdio::null()).status();
    let status = status.expect("ssh-keygen is there; mend with: apt-get install openssh-client");
    assert!(status.success());
}
