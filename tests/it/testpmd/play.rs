//! A testpmd out of files, and what runs the driver's scripts around it.

use super::Container;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use vnfctl::app::driver;

pub(crate) const SHELLS: [&[&str]; 2] = [&["/usr/bin/dash"], &["/bin/busybox", "sh"]];

/// Echoes what it reads, as testpmd does, and answers out of files named after the commands, with
/// `_` for spaces. `do_<command>` is run first; `first` is what it says when it starts.
const TESTPMD: &str = r##"#!/bin/sh
cd "$PLAYED"
case " $* " in *id=4294967295*) cat probed; exit 0 ;; esac
echo "$*" >args
cat first
if [ -e dies ]; then read -r code <dies; rm dies; sleep 1; kill -"$code" $$; fi
while read -r line; do
	printf 'testpmd> %s\r\n' "$line"
	case $line in "#"*) continue ;; esac
	file=$(printf %s "$line" | tr ' ' _)
	echo "$line" >>asked
	[ ! -e "do_$file" ] || . "./do_$file"
	[ ! -e "$file" ] || cat "$file"
done
"##;

/// `show port summary all` of two ports.
pub(crate) fn summary(first: &str, second: &str) -> String {
    format!(
        "Number of available ports: 2\n\
         Port MAC Address       Name         Driver         Status   Link\n\
         0    52:54:00:00:01:01 net_memif0   net_memif      {first}       100 Gbps\n\
         1    52:54:00:00:01:02 net_memif1   net_memif      {second}     100 Gbps\n"
    )
}

/// What testpmd says when a link is refused and when a core is not there, as recorded.
pub(crate) const SAYS: &str = "EAL: Detected CPU lcores: 2
EAL: Physical addresses are unavailable, selecting IOVA as VA mode.
rte_pmd_memif_probe(): Failed to register mp action callback: Operation not supported
testpmd: preferred mempool ops selected: ring_mp_mc
";

/// What it says to `start`.
pub(crate) const STARTS: &str = "io packet forwarding - ports=2 - cores=1\n";

pub(crate) struct Play {
    folder: TempDir,
    shell: &'static [&'static str],
    pub(crate) container: Container,
}

pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn code(&mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }

    pub(crate) fn terminate(&mut self) -> Option<i32> {
        let pid = self.0.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.try_wait().unwrap().is_none() {
            self.terminate();
        }
    }
}

pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Play {
    pub(crate) fn new(shell: &'static [&'static str], container: Container) -> Self {
        let play = Self { folder: tempfile::tempdir().unwrap(), shell, container };
        for folder in ["bin", "memif", "testpmd"] {
            std::fs::create_dir(play.path(folder)).unwrap();
        }
        play.write("bin/dpdk-testpmd", TESTPMD);
        play.write("bin/stdbuf", "#!/bin/sh\n[ \"$1\" = -oL ] && shift && exec \"$@\"\n");
        for file in driver(&play.container.app.kind).files(&play.container.instance()).unwrap() {
            play.write(file.path.strip_prefix("/var/lib/vnfctl/").unwrap(), &file.content);
        }
        Command::new("chmod")
            .arg("+x")
            .args([play.path("bin/dpdk-testpmd"), play.path("bin/stdbuf")])
            .status()
            .unwrap();
        play.write("first", SAYS);
        play.write("show_port_summary_all", &summary("up", "up"));
        play.write("start", STARTS);
        play
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// A command for `script` with the container's paths below the play's folder.
    pub(crate) fn command(&self, script: &str) -> Command {
        let folder = self.folder.path().to_str().unwrap();
        let script = script
            .replace("/var/lib/vnfctl", folder)
            .replace("/mnt/memif", &format!("{folder}/memif"));
        let mut command = Command::new(self.shell[0]);
        command.args(&self.shell[1..]).arg("-c").arg(script).stdin(Stdio::null());
        command.env("PATH", format!("{folder}/bin:/usr/bin:/bin")).env("PLAYED", folder);
        command
    }

    pub(crate) fn start(&self) -> Running {
        let script = driver(&self.container.app.kind).start(&self.container.instance()).unwrap();
        let output = |name| std::fs::File::create(self.path(name)).unwrap();
        let mut command = self.command(&script);
        Running(command.stdout(output("stdout")).stderr(output("stderr")).spawn().unwrap())
    }

    pub(crate) fn runs(&self, script: &str) -> Said {
        let output = self.command(script).output().unwrap();
        let folder = self.folder.path().to_str().unwrap();
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(&format!("{folder}/memif"), "/mnt/memif")
        };
        let code = output.status.code().unwrap();
        Said { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    pub(crate) fn ready(&self) -> Said {
        self.runs(
            &driver(&self.container.app.kind).ready(&self.container.instance()).unwrap().unwrap(),
        )
    }

    pub(crate) fn linked(&self) -> Said {
        self.runs(&driver(&self.container.app.kind).linked(&self.container.instance()).unwrap())
    }

    pub(crate) fn probe(&self) -> Said {
        self.runs(&driver(&self.container.app.kind).probe(&self.container.instance()).unwrap())
    }

    pub(crate) fn ctl(&self, command: &str) -> Said {
        self.runs(&format!("sh /var/lib/vnfctl/testpmd-ctl {command}"))
    }

    /// Waits until a file holds `part`.
    #[track_caller]
    pub(crate) fn waits(&self, name: &str, part: &str) {
        let since = Instant::now();
        while !self.read(name).contains(part) {
            assert!(
                since.elapsed() < Duration::from_secs(20),
                "no `{part}` in {name}: {}",
                self.read(name)
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
