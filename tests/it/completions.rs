//! Completions in real shells: the stubs of `completions/`, loaded as a person loads them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const TOPOLOGY: &str = r#"
[nodes.DUT1]
[nodes.DUT2]
ssh = "csit@192.0.2.11"
[groups.VNF]
engine = "docker"
count = 2
[groups.CNF]
nodes = ["DUT2"]
"#;

fn stubs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions")
}

/// A folder with one topology, which is the home of every shell started in it.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("lab.toml"), TOPOLOGY).unwrap();
    folder
}

/// What `shell` prints for `script`, with the built vnfctl first in `PATH` and nothing inherited.
fn run(folder: &Path, shell: &[&str], script: &str) -> Vec<String> {
    let binary = Path::new(env!("CARGO_BIN_EXE_vnfctl")).parent().unwrap();
    let output = Command::new(shell[0])
        .args(&shell[1..])
        .args(["-c", script])
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", binary.display()))
        .env("HOME", folder)
        .env("STUBS", stubs())
        .output()
        .unwrap_or_else(|error| {
            panic!("{}: {error}; mend by: apt-get install {}", shell[0], shell[0])
        });
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.is_empty(), "{}: {errors}", shell[0]);
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Completes the last of `words` in bash, as readline calls the registered function.
fn bash(folder: &Path, words: &[&str]) -> Vec<String> {
    let script = format!(
        r#"source "$STUBS/vnfctl.bash"
        compopt() {{ :; }} # it works only while readline completes
        COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_TYPE=9
        function=$(complete -p vnfctl); function=${{function##*-F }}; function=${{function%% *}}
        $function vnfctl "${{COMP_WORDS[COMP_CWORD]}}"
        (( ${{#COMPREPLY[@]}} == 0 )) || printf '%s\n' "${{COMPREPLY[@]}}""#,
        words = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")
    );
    run(folder, &["bash", "--norc", "--noprofile"], &script)
}

#[test]
fn bash_completes_verbs_options_and_names() {
    let folder = folder();
    let bash = |words: &[&str]| bash(folder.path(), words);
    assert_eq!(bash(&["vnfctl", "re"]), ["restart", "reserve", "release"]);
    assert_eq!(bash(&["vnfctl", "up", "DUT1_"]), ["DUT1_VNF1", "DUT1_VNF2"]);
    assert_eq!(bash(&["vnfctl", "exec", "DUT2_C"]), ["DUT2_CNF1"]);
    assert_eq!(bash(&["vnfctl", "shell", "DUT2_C"]), ["DUT2_CNF1"]);
    assert_eq!(bash(&["vnfctl", "up", "-g", ""]), ["CNF", "VNF"]);
    assert_eq!(bash(&["vnfctl", "up", "--node", "D"]), ["DUT1", "DUT2"]);
    assert_eq!(bash(&["vnfctl", "up", "--group", "CNF,V"]), ["CNF,VNF"]);
    assert_eq!(bash(&["vnfctl", "up", "--until", "c"]), ["create", "configure"]);
    assert_eq!(bash(&["vnfctl", "completions", "z"]), ["zsh"]);
    assert_eq!(bash(&["vnfctl", "-t", "l"]), ["lab.toml"]);
    assert_eq!(bash(&["vnfctl", "up", "--keep"]), ["--keep-going"]);
}

#[test]
fn names_come_from_the_topology_of_the_line() {
    let folder = folder();
    let other = "[nodes.A1]\n[groups.G]\ncount = 1\n";
    fs::create_dir(folder.path().join("other")).unwrap();
    fs::write(folder.path().join("other/two.toml"), other).unwrap();
    let bash = |words: &[&str]| bash(folder.path(), words);
    assert_eq!(bash(&["vnfctl", "-t", "other/two.toml", "up", "A"]), ["A1_G1"]);
    assert_eq!(bash(&["vnfctl", "up", "-t", "~/other/two.toml", "A"]), ["A1_G1"]);
    assert_eq!(bash(&["vnfctl", "up", "--topology", "=", "other/two.toml", "A"]), ["A1_G1"]);
    // Two topologies in the folder: vnfctl refuses to choose, and so does the completion.
    fs::write(folder.path().join("two.toml"), other).unwrap();
    assert_eq!(bash(&["vnfctl", "up", "A"]), [""; 0]);
    assert_eq!(bash(&["vnfctl", "-t", "missing.toml", "up", "A"]), [""; 0]);
}

#[test]
fn zsh_completes_names_from_the_first_tab_on() {
    let folder = folder();
    // Outside the line editor `_describe` cannot add matches, so it prints them here.
    let script = r"fpath=($STUBS $fpath)
        compdef() { }
        _describe() { print -l -- ${(P)3} }
        autoload -Uz _vnfctl
        words=(vnfctl up DUT1_) CURRENT=3
        _vnfctl";
    let expected = ["DUT1_VNF1:docker on DUT1", "DUT1_VNF2:docker on DUT1"];
    assert_eq!(run(folder.path(), &["zsh", "-f"], script), expected);
    let sourced = r"autoload -Uz compinit; compinit -u -D
        source <(vnfctl completions zsh)
        print -- $_comps[vnfctl]";
    let registered = run(folder.path(), &["zsh", "-f"], sourced);
    assert_eq!(registered, ["_clap_dynamic_completer_vnfctl"]);
}

#[test]
fn fish_completes_names_with_descriptions() {
    let folder = folder();
    let script = r#"source $STUBS/vnfctl.fish
        complete -C "vnfctl exec DUT2_"
        complete -C "vnfctl up --node DUT2""#;
    assert_eq!(
        run(folder.path(), &["fish", "--no-config"], script),
        [
            "DUT2_CNF1\tnative on DUT2",
            "DUT2_VNF1\tdocker on DUT2",
            "DUT2_VNF2\tdocker on DUT2",
            "DUT2\tcsit@192.0.2.11"
        ]
    );
}

#[test]
fn the_verb_prints_the_stub_of_each_shell() {
    let folder = folder();
    let names = ["vnfctl.bash", "vnfctl.elv", "vnfctl.fish", "_vnfctl.ps1", "_vnfctl"];
    let shells = ["bash", "elvish", "fish", "powershell", "zsh"];
    for (shell, name) in shells.into_iter().zip(names) {
        let printed = run(folder.path(), &["sh"], &format!("vnfctl completions {shell}"));
        let kept = fs::read_to_string(stubs().join(name)).unwrap();
        assert_eq!(printed, kept.lines().collect::<Vec<_>>(), "{shell}");
        assert_eq!(fs::read_dir(stubs()).unwrap().count(), names.len());
    }
}
