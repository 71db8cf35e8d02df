//! The scripts against a `vppctl` that answers from files, with VPP 26.06's own texts, under dash
//! and busybox.

use super::{Container, Script, vpp, wirings};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use vnfctl::model::AppKind;
use vnfctl::wiring::PortKind;

/// Shells of the images that scripts meet.
pub(crate) const SHELLS: [&[&str]; 2] = [&["/bin/dash"], &["/bin/busybox", "sh"]];

/// `vppctl` out of files: one per question, with `_` for spaces; a question that has none is not
/// understood. Lines end as VPP's do.
const VPPCTL: &str = r#"#!/bin/sh
shift 2
[ $# -gt 0 ] || { read -r words; set -- "$words"; }
echo "$*" >>"$PLAYED/asked"
file=$PLAYED/$(printf %s "$*" | tr ' /' '_|')
[ ! -e "$PLAYED/hangs" ] || exec sleep 60
[ ! -e "$PLAYED/gone" ] || { echo 'connect: Connection refused' >&2; exit 1; }
if [ -e "$file" ]; then sed 's/$/\r/' "$file"; else printf 'unknown input `%s'"'"'\r\n' "$*"; fi
"#;

struct Play {
    folder: TempDir,
}

struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Play {
    /// A VPP that has done all of `container`'s exec file.
    fn of(container: &Container) -> Self {
        let play = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(play.path("bin")).unwrap();
        play.write("bin/vppctl", VPPCTL);
        Command::new("chmod").arg("+x").arg(play.path("bin/vppctl")).status().unwrap();
        play.write("exec.cli", &container.files().unwrap()[1].content);
        play.marked("ready");
        play.is_over();
        play.write("show_plugins", "  1. memif_plugin.so    26.06-release    Packet Memory");
        play
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn digest(&self) -> String {
        let exec = std::fs::read_to_string(self.path("exec.cli")).unwrap();
        let mark = exec.lines().last().unwrap().split(' ').next_back().unwrap();
        mark.strip_prefix("vnfctl-").unwrap().strip_suffix("-ready").unwrap().to_owned()
    }

    fn marked(&self, what: &str) {
        let text = format!("local0: vnfctl-{}-{what}\n", self.digest());
        self.write("show_interface_tag_local0", &text);
    }

    fn is_over(&self) {
        let state = r#"startup-config-process        "not started               1"#;
        self.write("show_runtime_startup-config-process", state);
    }

    fn is_under_way(&self) {
        let state = r#"startup-config-process         "any wait"                0"#;
        self.write("show_runtime_startup-config-process", state);
    }

    fn runs(&self, shell: &[&str], script: &str) -> Ran {
        self.runs_with(shell, script, ":/usr/bin:/bin")
    }

    fn runs_with(&self, shell: &[&str], script: &str, path: &str) -> Ran {
        let folder = self.folder.path().to_str().unwrap();
        let script = script.replace("/etc/vpp", folder).replace("/run/vpp", folder);
        let script = script.replace("/var/lib/vnfctl", folder);
        let path = format!("{folder}/bin{path}");
        let mut command = Command::new(shell[0]);
        command.args(&shell[1..]).arg("-c").arg(script);
        let output = command.env("PATH", path).env("PLAYED", folder).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(folder, "/etc/vpp");
        Ran {
            code: output.status.code().unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    fn asked(&self) -> String {
        std::fs::read_to_string(self.path("asked")).unwrap_or_default()
    }
}

fn nf() -> Container {
    let mut container = Container::new(&[1], wirings::l2xc(1), vpp());
    container.app.ready_timeout = Duration::from_secs(1);
    container
}

/// What `ready` ends with: nothing, or its complaint.
fn ready(play: &Play, container: &Container, shell: &[&str]) -> String {
    let ran = play.runs(shell, &container.script(Script::Ready));
    assert_eq!(ran.stdout, "");
    assert_eq!(ran.code != 0, !ran.stderr.is_empty(), "{}", ran.stderr);
    ran.stderr
}

#[test]
fn ready_when_the_exec_file_is_done() {
    for shell in SHELLS {
        let container = nf();
        let play = Play::of(&container);
        assert_eq!(ready(&play, &container, shell), "");
        play.is_under_way();
        assert_eq!(ready(&play, &container, shell), "", "the mark is enough");
    }
}

#[test]
fn not_ready_names_the_line_and_vpps_words() {
    for shell in SHELLS {
        let container = nf();
        let play = Play::of(&container);
        play.marked("4");
        let interface = "set interface l2 xconnect memif1|1 memif2|1".replace(' ', "_");
        play.write(&interface, "set interface l2 xconnect: unknown interface\n");
        let started = Instant::now();
        assert_eq!(
            ready(&play, &container, shell),
            "/etc/vpp/exec.cli:10: `set interface l2 xconnect memif1/1 memif2/1`: VPP stopped \
             there: set interface l2 xconnect: unknown interface\n"
        );
        assert!(started.elapsed() < Duration::from_millis(900), "it does not wait for nothing");

        // Where VPP does not say that it is over, the deadline tells.
        play.is_under_way();
        let said = ready(&play, &container, shell);
        assert!(said.ends_with("memif2/1`: VPP is still at this command\n"), "{said}");
        assert_eq!(play.asked().matches("xconnect").count(), 1, "it was not asked again");
    }
}

#[test]
fn a_missing_plugin_is_named() {
    for shell in SHELLS {
        let mut container = nf();
        let play = Play::of(&container);
        play.marked("2");
        play.write("show_plugins", "  1. ping_plugin.so    26.06-release    Ping (ping)");
        let said = ready(&play, &container, shell);
        let create = "create interface memif id 1 socket-id 1 master hw-addr 52:54:00:00:01:01";
        assert!(said.contains(&format!("unknown input `{create}'\n")), "{said}");
        assert!(said.contains("\nVPP has no plugin memif_plugin.so: "), "{said}");

        // Its commands are not used, and it is missed all the same.
        let AppKind::Vpp(settings) = &mut container.app.kind else { panic!() };
        settings.plugins = vec!["nosuch_plugin.so".into(), "ping_plugin.so".into()];
        let play = Play::of(&container);
        play.write("show_plugins", "  1. ping_plugin.so  26\n  2. memif_plugin.so  26\n");
        let said = ready(&play, &container, shell);
        assert!(said.starts_with("VPP has no plugin nosuch_plugin.so: "), "{said}");
        let probe = play.runs(shell, &container.script(Script::Probe));
        assert!(probe.stdout.starts_with("app VPP has no plugin nosuch_plugin.so\n"));
    }
}

#[test]
fn an_unknown_command_of_the_user_is_explained() {
    for shell in SHELLS {
        let mut container = nf();
        let AppKind::Vpp(settings) = &mut container.app.kind else { panic!() };
        settings.exec = vec!["acl-plugin wrong secret s3cret x".into()];
        let play = Play::of(&container);
        play.marked("8");
        let said = ready(&play, &container, shell);
        assert!(
            said.contains("`acl-plugin wrong secret ... x`: VPP stopped there: unknown"),
            "{said}"
        );
        assert!(said.contains("belongs to a plugin that is not in `plugins`"), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[test]
fn a_vpp_that_hangs_is_gone_or_has_another_configuration_is_told_so() {
    for shell in SHELLS {
        let container = nf();
        let play = Play::of(&container);
        play.write("gone", "");
        let said = ready(&play, &container, shell);
        assert!(said.starts_with("VPP does not run, or never came to its CLI"), "{said}");
        assert!(said.contains(" (connect: Connection refused)\n"), "{said}");
        play.write("words", "vlib_thread_init: no\n#0  0x00 abort\n");
        play.write("ended", "0123456789abcdef 134\n");
        let said = ready(&play, &container, shell);
        assert_eq!(said, "VPP ended with code 134:\nvlib_thread_init: no\n");
        std::fs::remove_file(play.path("ended")).unwrap();
        play.write("vpp.pid", &std::process::id().to_string());
        let said = ready(&play, &container, shell);
        assert!(said.contains("and does not answer at"), "{said}");
        let probe = play.runs(shell, &container.script(Script::Probe));
        assert_eq!(
            probe.stdout,
            "app VPP does not answer at /etc/vpp/cli.sock: connect: Connection refused\n\
             port port1 VPP does not answer\nport port2 VPP does not answer\n"
        );

        std::fs::remove_file(play.path("gone")).unwrap();
        play.write("show_interface_tag_local0", "local0: vnfctl-0123456789abcdef-ready");
        let said = ready(&play, &container, shell);
        assert!(said.starts_with("VPP runs with an earlier configuration"), "{said}");
        play.write("show_interface_tag_local0", "local0: (none)");
        let said = ready(&play, &container, shell);
        assert_eq!(said, "VPP runs and did not read /etc/vpp/exec.cli\n");
        play.write("show_interface_tag_local0", "local0: mine");
        let said = ready(&play, &container, shell);
        assert!(said.starts_with("the tag of local0 is `mine`"), "{said}");
        std::fs::remove_file(play.path("exec.cli")).unwrap();
        let said = ready(&play, &container, shell);
        assert!(said.ends_with("this container is not configured\n"), "{said}");
    }
}

#[test]
fn a_vpp_that_hangs_does_not_hang_the_script() {
    let container = nf();
    let play = Play::of(&container);
    play.write("hangs", "");
    let started = Instant::now();
    let said = ready(&play, &container, SHELLS[0]);
    assert!(said.contains("(no answer in 5 s)"), "{said}");
    assert!(started.elapsed() < Duration::from_secs(15));
}

/// `show memif` of a VPP whose first port is up and whose second port has `lines`.
fn memifs(lines: &str) -> String {
    format!(
        "sockets\n  id  listener    filename\n  1   yes (1)     /mnt/memif/DUT1_CNF1-1\n\ninterface \
         memif1/1\n  remote-name \"VPP 26.06\"\n  socket-id 1 id 1 mode ethernet\n  flags admin-up \
         connected zero-copy\n  listener-fd 13 conn-fd 14\ninterface memif2/1\n  socket-id 2 id 1 \
         mode ethernet\n{lines}"
    )
}

#[test]
fn links_are_judged_one_by_one() {
    let up = "  flags admin-up connected\n";
    let cases = [
        (up, "up"),
        ("  flags connected\n", "set down in VPP"),
        ("  flags\n", "set down in VPP"),
        (
            "  flags admin-up\n  listener-fd 15 conn-fd 0\n",
            "DUT1_VSWITCH1 is not connected to /mnt/memif/DUT1_CNF1-2",
        ),
        (
            "  flags admin-up\n  local-disc-reason \"incorrect secret\"\n",
            "DUT1_VSWITCH1 is not connected to /mnt/memif/DUT1_CNF1-2: incorrect secret",
        ),
        (
            "  flags admin-up slave\n  local-disc-reason \"disconnect received\"\n  \
             remote-disc-reason \"mode mismatch\"\n",
            "DUT1_VSWITCH1 is not connected to /mnt/memif/DUT1_CNF1-2: mode mismatch",
        ),
    ];
    for shell in SHELLS {
        let container = nf();
        let play = Play::of(&container);
        for (lines, how) in cases {
            play.write("show_memif", &memifs(lines));
            let probe = play.runs(shell, &container.script(Script::Probe));
            assert_eq!((probe.code, probe.stderr.as_str()), (0, ""));
            assert_eq!(probe.stdout, format!("app ready\nport port1 up\nport port2 {how}\n"));
            let linked = play.runs(shell, &container.script(Script::Linked));
            let complaint =
                if how == "up" { String::new() } else { format!("port2 (memif2/1): {how}\n") };
            assert_eq!((linked.code, linked.stderr), (i32::from(how != "up"), complaint));
        }
        play.write("show_memif", "sockets\n");
        let linked = play.runs(shell, &container.script(Script::Linked));
        assert_eq!(
            linked.stderr,
            "port1 (memif1/1): no interface memif1/1 in VPP\nport2 (memif2/1): no interface \
             memif2/1 in VPP\n"
        );
    }
}

#[test]
fn what_cannot_start_is_said_before_vpp_is_started() {
    for shell in SHELLS {
        let mut container = nf();
        let play = Play::of(&container);
        let start = |container: &Container| {
            let ran = play.runs(shell, &container.script(Script::Start));
            (ran.code, ran.stderr)
        };
        for tool in ["rm", "mkdir"] {
            std::os::unix::fs::symlink(format!("/bin/{tool}"), play.path("bin").join(tool))
                .unwrap();
        }
        let ran = play.runs_with(shell, &container.script(Script::Start), "");
        let (code, said) = (ran.code, ran.stderr);
        assert_eq!(code, 1);
        assert!(said.starts_with("vnfctl: no program `vpp` in this container"), "{said}");

        play.write("bin/vpp", "#!/bin/sh\necho \"$*\" >&2\n");
        Command::new("chmod").arg("+x").arg(play.path("bin/vpp")).status().unwrap();
        container.cpus = vec![0];
        assert_eq!(start(&container), (0, "-c /etc/vpp/startup.conf\n".into()));
        container.cpus = vec![0, 60_000];
        let (code, said) = start(&container);
        assert_eq!(code, 1);
        assert!(said.starts_with("vnfctl: CPU 60000 is for a thread of VPP"), "{said}");
        container.cpus = vec![];

        // A socket of a master: used, stale, something else.
        let socket = play.path("port1.sock");
        let PortKind::Memif(memif) = &mut container.wiring.ports[0].kind else { panic!() };
        memif.socket = socket.to_str().unwrap().into();
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let (code, said) = start(&container);
        assert_eq!(code, 1);
        assert!(said.contains("port1.sock is used: another process listens"), "{said}");
        drop(listener);
        play.write("gone", "");
        assert_eq!(start(&container).0, 0, "nobody listens there any more");
        std::fs::remove_file(&socket).unwrap();
        std::fs::write(&socket, "").unwrap();
        let (_, said) = start(&container);
        assert!(said.contains("something else is there: remove it"), "{said}");
    }
}

#[test]
fn scripts_are_read_by_both_shells() {
    let folder = tempfile::tempdir().unwrap();
    let file: &Path = &folder.path().join("script");
    let container = nf();
    for which in [Script::Start, Script::Ready, Script::Linked, Script::Probe] {
        std::fs::write(file, container.script(which)).unwrap();
        for shell in SHELLS {
            let mut command = Command::new(shell[0]);
            let output = command.args(&shell[1..]).arg("-n").arg(file).output().unwrap();
            assert!(output.status.success(), "{which:?}: {output:?}");
        }
    }
}
