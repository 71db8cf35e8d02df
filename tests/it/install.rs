//! The scripts of an installation, run by dash and by busybox in a root with package managers that
//! only play their part: needs root.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use vnfctl::app::{InstallStep, install_digest, install_steps};
use vnfctl::model::{ImageFile, Install, PackageFile};

const SHELLS: [&str; 2] = ["dash", "ash"];

/// A root file system with busybox, dash and some package managers.
struct Root {
    folder: tempfile::TempDir,
    shell: &'static str,
}

/// How a script ended and what it wrote on standard error.
struct Ran {
    code: i32,
    stderr: String,
}

impl Root {
    fn new(shell: &'static str, managers: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let make = r#"
            set -e
            cd "$1"
            mkdir -p bin usr/bin usr/sbin etc tmp dev var/lib
            cp /bin/busybox /bin/dash bin/
            for file in $(ldd /bin/dash | grep -o '/[^ ]*'); do
                mkdir -p ".${file%/*}"
                cp -L "$file" ".$file"
            done
            for applet in $(/bin/busybox --list); do
                case $applet in busybox | dpkg* | rpm* | dash) ;; *) ln -sf busybox "bin/$applet" ;; esac
            done
            : >dev/null
            : >installed
            : >calls
            sh "$2" "$1"
            shift 2
            for fake in usr/bin/*; do
                case " $* " in *" ${fake##*/} "*) ;; *) rm "$fake" ;; esac
            done"#;
        let fakes = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/install/fakes.sh");
        let mut command = Command::new("sh");
        command.args(["-c", make, "sh"]).arg(folder.path()).arg(fakes).args(managers);
        assert!(command.status().unwrap().success());
        Self { folder, shell }
    }

    fn apt(shell: &'static str) -> Self {
        Self::new(shell, &["apt-get", "dpkg-query", "dpkg-deb"])
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    fn write(&self, inside: &str, text: &str) {
        std::fs::write(self.path(inside), text).unwrap();
    }

    fn read(&self, inside: &str) -> String {
        std::fs::read_to_string(self.path(inside)).unwrap_or_default()
    }

    /// What package managers were asked to do since the last time.
    fn calls(&self) -> String {
        let calls = self.read("calls");
        self.write("calls", "");
        calls
    }

    fn step(&self, step: &InstallStep) -> Ran {
        let stdin = match &step.file {
            None => Vec::new(),
            Some(ImageFile::Here(path)) => std::fs::read(path).unwrap(),
            Some(ImageFile::Node(path)) => std::fs::read(self.path(&path[1..])).unwrap(),
        };
        let mut command = Command::new("/usr/sbin/chroot");
        command.arg(self.folder.path()).arg(format!("/bin/{}", self.shell));
        command.args(["-c", &step.script, "vnfctl"]).args(&step.args);
        command.env_clear().env("PATH", "/usr/bin:/bin");
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A step that has nothing to do does not read.
        let _ = child.stdin.take().unwrap().write_all(&stdin);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        Ran { code: output.status.code().unwrap(), stderr }
    }

    /// All steps, or those until one fails: which one, and what it says.
    fn install(&self, install: &Install) -> Result<(), (String, String)> {
        for step in install_steps(install) {
            let ran = self.step(&step);
            if ran.code != 0 {
                return Err((step.detail, ran.stderr));
            }
        }
        Ok(())
    }

    #[track_caller]
    fn fails(&self, install: &Install, part: &str) {
        let before = self.read("var/lib/vnfctl/installed");
        let (step, said) = self.install(install).expect_err("it cannot be installed");
        assert!(said.contains(part), "{step}: {said}");
        assert_eq!(self.read("var/lib/vnfctl/installed"), before, "{step}");
    }

    /// A package file on the node, of the kind of its ending.
    fn file(&self, name: &str, content: &str) -> PackageFile {
        let magic: &[u8] = match name.rsplit('.').next().unwrap() {
            "deb" => b"!<arch>\n",
            "rpm" => b"\xed\xab\xee\xdb\n",
            _ => b"\x1f\x8b\x08\n",
        };
        std::fs::write(self.path(name), [magic, content.as_bytes()].concat()).unwrap();
        PackageFile { file: ImageFile::Node(format!("/{name}")), sha256: None }
    }
}

fn packages(names: &[&str]) -> Install {
    Install { packages: names.iter().copied().map(Into::into).collect(), ..Install::default() }
}

#[test]
fn lists_are_fetched_once_and_only_when_needed_and_no_service_starts() {
    for shell in SHELLS {
        let root = Root::apt(shell);
        root.write("repo", "tree 2.1\nvpp 26.06\n");
        root.write("installed", "iproute2 6.1\n");
        root.install(&packages(&["iproute2", "tree"])).unwrap();
        assert_eq!(
            root.calls(),
            "apt-get --download-only install tree\napt-get update\n\
             apt-get --download-only install tree\napt-get install tree\nquiet\napt-get clean\n"
        );
        assert!(!root.path("usr/sbin/policy-rc.d").exists());
        assert_eq!(root.read("installed"), "iproute2 6.1\ntree 2.1\n");

        // A further one: what is there is not touched, and the lists do.
        root.install(&packages(&["iproute2", "iproute2=6.1", "tree", "vpp"])).unwrap();
        let calls = root.calls();
        assert!(calls.starts_with("apt-get --download-only install vpp\napt-get install vpp\n"));
        root.write("usr/sbin/policy-rc.d", "mine");
        root.install(&packages(&["vpp=26.06"])).unwrap();
        assert_eq!(root.calls(), "", "it is there in that version");
        root.install(&packages(&["vpp=26.05"])).unwrap();
        assert!(root.calls().contains("install vpp=26.05"));
        assert_eq!(root.read("usr/sbin/policy-rc.d"), "mine");
    }
}

#[test]
fn an_installation_that_was_finished_asks_nobody() {
    for shell in SHELLS {
        let root = Root::apt(shell);
        root.write("installed", "tree 2.1\n");
        let mut install = packages(&["tree"]);
        install.commands = vec![
            ["sh", "-c", "echo ran >>/calls; echo it >\"/tmp/$1\"", "x", "a b"]
                .map(str::to_owned)
                .into(),
        ];
        install.package_files = vec![root.file("vpp.deb", "vpp 26.06\n")];
        root.install(&install).unwrap();
        assert_eq!(root.read("tmp/a b"), "it\n");
        assert!(root.calls().ends_with("ran\n"), "commands come after packages");
        assert_eq!(root.read("var/lib/vnfctl/installed").trim_end(), install_digest(&install));
        assert!(!root.path("var/lib/vnfctl/packages").exists());

        root.write("installed", "");
        root.install(&install).unwrap();
        assert_eq!(root.calls(), "");
        assert!(!root.path("var/lib/vnfctl/packages").exists());
    }
}

#[test]
fn files_go_with_the_names_in_one_transaction_and_need_one_another() {
    for shell in SHELLS {
        let root = Root::apt(shell);
        root.write("lists", "tree 2.1\n");
        let plugin = root.file("plugin.deb", "plugin 1\nvpp\n");
        let files = vec![plugin.clone(), root.file("vpp $x.deb", "vpp 26.06\n")];
        root.install(&Install { package_files: files, ..packages(&["tree"]) }).unwrap();
        let calls = root.calls();
        let all = calls.lines().find(|line| line.starts_with("apt-get install ")).unwrap();
        assert!(["1-plugin.deb", "2-vpp__x.deb", " tree"].iter().all(|word| all.contains(word)));
        assert!(root.read("installed").contains("vpp 26.06\n"), "{calls}");

        let lone = Root::apt(shell);
        lone.write("offline", "");
        lone.file("plugin.deb", "plugin 1\nvpp\n");
        let lone_plugin = Install { package_files: vec![plugin], ..Install::default() };
        lone.fails(&lone_plugin, "unmet dependencies: plugin needs vpp");
        assert_eq!(lone.read("installed"), "");
    }
}

#[test]
fn a_file_that_is_not_the_one_meant_keeps_everything_from_being_installed() {
    for shell in SHELLS {
        let root = Root::apt(shell);
        root.write("lists", "tree 2.1\n");
        let good = root.file("good.deb", "good 1\n");
        let sum = "83d1f4a1b9a5c0e9".repeat(4);
        let bad = PackageFile { sha256: Some(sum.clone()), ..root.file("bad.deb", "bad 1\n") };
        let install = Install { package_files: vec![good, bad], ..packages(&["tree"]) };
        root.fails(&install, &format!("the topology says {sum}"));
        root.fails(&install, "package file `bad.deb`");
        assert_eq!((root.calls().as_str(), root.read("installed").as_str()), ("", ""));
        let left = std::fs::read_dir(root.path("var/lib/vnfctl/packages")).unwrap();
        let left = left.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
        let left: Vec<_> = left.map(|file| file.unwrap().file_name()).collect();
        assert_eq!(left, ["1-good.deb"]);
    }
}

#[test]
fn what_cannot_be_installed_is_named_with_the_reason() {
    for shell in SHELLS {
        let root = Root::apt(shell);
        root.write("repo", "tree 2.1\n");
        root.fails(&packages(&["tree", "vpq"]), "apt-get does not know: vpq\n");
        root.write("offline", "");
        std::fs::remove_file(root.path("lists")).unwrap();
        let why = "apt-get does not know: tree, and its package lists could not be fetched";
        root.fails(&packages(&["tree"]), why);
        root.fails(&packages(&["tree"]), "Temporary failure resolving 'repo'");
        assert_eq!(root.read("installed"), "");

        let of = |file| Install { package_files: vec![file], ..Install::default() };
        let rpm = root.file("vpp.rpm", "vpp-26.06 1\n");
        let why = "files of kind rpm are not for the package manager of this container, apt-get";
        root.fails(&of(rpm.clone()), why);
        let both = vec![rpm, root.file("x.deb", "x 1\n")];
        let both = Install { package_files: both, ..Install::default() };
        root.fails(&both, "package files of different kinds: debrpm");
        root.write("text", "text");
        let text = PackageFile { file: ImageFile::Node("/text".into()), sha256: None };
        root.fails(&of(text), "`text` is no package");

        let none = Root::new(shell, &[]);
        none.fails(&packages(&["tree"]), "this container has no package manager");
        let mut command = packages(&[]);
        command.commands = vec![["sh", "-c", "exit 7"].map(str::to_owned).into()];
        none.fails(&command, "the install command `sh -c exit 7` ended with code 7");
    }
}

#[test]
fn fedora_and_alpine_are_asked_for_what_is_missing_only() {
    for shell in SHELLS {
        let root = Root::new(shell, &["dnf", "rpm"]);
        root.write("repo", "tree 2.1\n");
        root.write("installed", "iproute 6\n");
        root.install(&packages(&["iproute", "tree"])).unwrap();
        assert_eq!(root.calls(), "dnf -y --setopt=install_weak_deps=0 install tree\n");
        root.fails(&packages(&["vpq"]), "dnf does not know: vpq");
        root.calls();
        let vpp = root.file("vpp.rpm", "vpp-26.06 1\n");
        root.install(&Install { package_files: vec![vpp.clone()], ..packages(&["tree"]) }).unwrap();
        let calls = root.calls();
        assert!(calls.starts_with("rpm -U --oldpackage ") && calls.lines().count() == 1, "{calls}");
        root.install(&Install { package_files: vec![vpp], ..packages(&[]) }).unwrap();
        assert_eq!(root.calls(), "");

        let root = Root::new(shell, &["apk"]);
        root.write("repo", "tree 2.1\n");
        root.write("installed", "iproute2 6\n");
        let vpp = root.file("vpp.apk", "vpp 26.06\n");
        let install = Install { package_files: vec![vpp], ..packages(&["iproute2", "tree"]) };
        root.install(&install).unwrap();
        let calls = root.calls();
        let expected = "apk add --no-cache tree\napk add --no-network --allow-untrusted /var/";
        assert!(calls.starts_with(expected), "{calls}");
        root.fails(&packages(&["vpq"]), "apk does not know: vpq");
    }
}
