//! The topology's part in the node's own VPP: the scripts against a `vppctl` that writes down what
//! it is asked, under dash and busybox.

use crate::support::world;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;
use vnfctl::app::{Switch, SwitchState, remove_folder, remove_switch};
use vnfctl::command::Stdin;
use vnfctl::model::Loaded;
use vnfctl::plan::{NodeState, Stage, Verb, switch_difference, wanted_switches};

const SHELLS: [&[&str]; 2] = [&["/bin/dash"], &["/bin/busybox", "sh"]];

const CHAIN: &str = r#"
name = "chain"
[nodes.DUT1]
[groups.NF]
engine = "native"
cpu_skip = 0
app = { kind = "vpp" }
[[chains]]
group = "NF"
kind = "l2xc"
vswitch = "node"
cli = "/run/vpp/cli.sock"
uplinks = ["eth1", "eth2"]
secret = "hush"
"#;

/// Answers as VPP does: nothing for what changes something, but the number of a bridge domain.
const VPPCTL: &str = r#"#!/bin/sh
shift 2
echo "$*" >>"$PLAYED/asked"
[ ! -e "$PLAYED/gone" ] || exit 1
if [ -s "$PLAYED/refuses" ] && case "$*" in "$(cat "$PLAYED/refuses")"*) ;; *) false ;; esac; then
	printf 'create: Entry already exists\r\n'
	exit 0
fi
case "$*" in
'show mode '*) printf '%s %s  \r\n' "$(cat "$PLAYED/mode" 2>/dev/null || echo l3)" "$3" ;;
'create bridge-domain '*del) ;;
'create bridge-domain '*) printf 'bridge-domain %s\r\n' "$3" ;;
'show interface tag '*) grep "^$4: " "$PLAYED/tags" | sed 's/$/\r/' ;;
'show memif') printf 'interface memif1/1\r\n  flags admin-up connected\r\n' ;;
esac
"#;

struct Play {
    folder: TempDir,
}

impl Play {
    fn new() -> Self {
        let play = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(play.path("bin")).unwrap();
        play.write("bin/vppctl", VPPCTL);
        Command::new("chmod").arg("+x").arg(play.path("bin/vppctl")).status().unwrap();
        play
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// What was asked since the last time, without looks.
    fn changed(&self) -> Vec<String> {
        let asked = self.read("asked");
        let _ = std::fs::remove_file(self.path("asked"));
        let lines = asked.lines().filter(|line| !line.starts_with("show "));
        lines.map(str::to_owned).collect()
    }

    fn runs(&self, shell: &[&str], command: &vnfctl::command::Command) -> Output {
        let folder = self.folder.path().to_str().unwrap();
        let words = command.argv[1..].iter();
        let words = words.map(|word| word.replace("/run/vnfctl/memif", folder));
        let mut child = Command::new(shell[0])
            .args(&shell[1..])
            .args(words)
            .env("PATH", format!("{folder}/bin:/usr/bin:/bin"))
            .env("PLAYED", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let Stdin::Text(text) = &command.stdin else {
            drop(child.stdin.take());
            return child.wait_with_output().unwrap();
        };
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn complains(&self, shell: &[&str], command: &vnfctl::command::Command) -> String {
        let output = self.runs(shell, command);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

fn switch(loaded: &Loaded) -> Switch {
    wanted_switches(&loaded.topology).unwrap().remove("DUT1").unwrap()
}

/// What is taken back after `lines` were carried out, in order.
fn back(switch: &Switch, lines: usize) -> Vec<String> {
    let undone = switch.lines[..lines].iter().rev().map(|(_, undo)| undo.clone());
    undone.filter(|undo| !undo.is_empty()).collect()
}

#[test]
fn what_is_put_there_is_taken_out_again_in_reverse_order() {
    let loaded = world::topology(CHAIN);
    let switch = switch(&loaded);
    let lines: Vec<String> = switch.lines.iter().map(|(line, _)| line.clone()).collect();
    assert!(lines.len() > 12 && back(&switch, lines.len()).len() > 8, "{lines:?}");
    for shell in SHELLS {
        let play = Play::new();
        for command in [remove_switch("chain"), remove_folder("chain")] {
            assert!(play.runs(shell, &switch.configure()).status.success());
            assert_eq!(play.changed(), lines);
            assert!(!play.read("chain/switch").contains("hush"), "no secret lies there");
            // Again, as after a restart of VPP: what may be there goes first.
            assert!(play.runs(shell, &switch.configure()).status.success());
            assert_eq!(play.changed(), [back(&switch, lines.len()), lines.clone()].concat());
            assert!(play.runs(shell, &command).status.success());
            assert_eq!(play.changed(), back(&switch, lines.len()));
            assert!(play.runs(shell, &command).status.success());
            assert_eq!(play.changed(), [""; 0]);
        }
        assert!(!play.path("chain").exists());
    }
}

#[test]
fn a_line_that_vpp_does_not_take_is_told_and_what_is_somebody_elses_stays() {
    let loaded = world::topology(CHAIN);
    let switch = switch(&loaded);
    let at = switch.lines.iter().position(|(line, _)| line.contains("bridge-domain")).unwrap();
    for shell in SHELLS {
        let play = Play::new();
        play.write("refuses", "create bridge-domain");
        let told = play.complains(shell, &switch.configure());
        let line = &switch.lines[at].0;
        let place = format!("line {} of the part for VPP at /run/vpp/cli.sock", at + 1);
        assert_eq!(told, format!("{place}: {line}: create: Entry already exists\n"));
        play.changed();
        assert!(play.runs(shell, &remove_switch("chain")).status.success());
        assert_eq!(play.changed(), back(&switch, at));

        play.write("refuses", "create interface memif");
        let told = play.complains(shell, &switch.configure());
        assert!(told.contains("secret ...: create: Entry") && !told.contains("hush"), "{told}");
        std::fs::remove_file(play.path("refuses")).unwrap();
        play.write("mode", "l2 bridge");
        let told = play.complains(shell, &switch.configure());
        assert!(
            told.starts_with("interface eth1 of the VPP at /run/vpp/cli.sock serves"),
            "{told}"
        );
    }
}

#[test]
fn a_vpp_that_is_gone_is_told_and_needs_no_removal() {
    let loaded = world::topology(CHAIN);
    let switch = switch(&loaded);
    for shell in SHELLS {
        let play = Play::new();
        assert!(play.runs(shell, &switch.configure()).status.success());
        play.write("gone", "");
        let told = "no VPP answers at /run/vpp/cli.sock\n";
        assert_eq!(play.complains(shell, &switch.configure()), told);
        assert_eq!(play.complains(shell, &switch.query()), told);
        assert!(play.runs(shell, &remove_folder("chain")).status.success());
        assert!(!play.path("chain").exists());
    }
}

#[test]
fn what_is_there_is_known_by_its_tags() {
    let loaded = world::topology(CHAIN);
    let switch = switch(&loaded);
    for shell in SHELLS {
        let play = Play::new();
        let tags = |tag: &str| -> String {
            let lines = switch.memifs.iter().map(|(_, name)| format!("{name}: {tag}"));
            lines.collect::<Vec<_>>().join("\n") + "\n"
        };
        let look = |text: &str| {
            play.write("tags", text);
            let output = play.runs(shell, &switch.query());
            assert!(output.status.success(), "{output:?}");
            let found = vnfctl::app::parse_switch(&String::from_utf8(output.stdout).unwrap());
            assert_eq!(found.connected, ["memif1/1"]);
            switch_difference(
                &switch,
                &NodeState { switch: Some(Ok(found)), ..NodeState::default() },
            )
        };
        assert_eq!(look(&tags(&switch.tag)), None);
        assert_eq!(look(&tags("vnfctl:chain:0")).unwrap(), "made from another configuration");
        assert_eq!(look(""), Some("not configured".to_owned()));
    }
}

#[test]
fn it_is_a_step_before_those_of_containers_and_none_when_it_is_there() {
    let loaded = world::topology(CHAIN);
    let switch = switch(&loaded);
    let mut seen = world::empty(&loaded.topology, "four-cores");
    let steps = |state: Result<SwitchState, String>, verb: Verb| {
        let mut seen = seen.clone();
        seen.get_mut("DUT1").unwrap().switch = Some(state);
        let prepared = world::prepared(&loaded, &seen, &world::Wish::all(verb));
        prepared.map(|prepared| prepared.plan.steps)
    };
    let up = Verb::Up(Stage::Verify);
    let found = steps(Ok(SwitchState::default()), up).unwrap();
    assert_eq!(found[0].sentence, "configure the VPP at /run/vpp/cli.sock (vswitch)");
    assert!(found[0].after.is_empty() && found[0].undo.is_some());
    assert!(!found[0].command.display().contains("hush"));
    let is_it = |step: &vnfctl::plan::Step| step.sentence.contains("(vswitch)");
    let tags = switch.memifs.iter().map(|(_, name)| (name.clone(), switch.tag.clone())).collect();
    let there = SwitchState { tags, ..SwitchState::default() };
    assert!(!steps(Ok(there), up).unwrap().iter().any(is_it));
    let created = steps(Ok(SwitchState::default()), Verb::Create).unwrap();
    assert!(!created.iter().any(is_it), "`create` configures nothing");
    let refused = world::told(&{
        seen.get_mut("DUT1").unwrap().switch = Some(Err("no VPP answers at /x".into()));
        world::prepared(&loaded, &seen, &world::Wish::all(up))
    });
    assert!(refused.contains("its VPP is to be the vswitch: no VPP answers at /x"), "{refused}");
}
