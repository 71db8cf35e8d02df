//! Value completers: they read the topology files, never a node; a mistake completes to nothing.

use super::outline::{Named, Outline, outline};
use clap_complete::CompleteEnv;
use clap_complete::engine::{CompletionCandidate, PathCompleter};
use std::borrow::Cow;
use std::ffi::OsString;
use std::path::PathBuf;

/// The variable that makes vnfctl its own completer. Not the customary `COMPLETE`: children would
/// inherit that.
pub const VARIABLE: &str = "VNFCTL_COMPLETE";

/// Answers a shell that asks for completions, and ends the process then. It must come first in
/// `main`, before anything is written to stdout.
pub fn answer() {
    CompleteEnv::with_factory(super::command).var(VARIABLE).completer("vnfctl").complete();
}

/// The line that registers completions with a shell: the same that `completions/` holds.
pub fn stub(shell: super::Shell) -> &'static str {
    match shell {
        super::Shell::Bash => include_str!("../../completions/vnfctl.bash"),
        super::Shell::Elvish => include_str!("../../completions/vnfctl.elv"),
        super::Shell::Fish => include_str!("../../completions/vnfctl.fish"),
        super::Shell::Powershell => include_str!("../../completions/_vnfctl.ps1"),
        super::Shell::Zsh => include_str!("../../completions/_vnfctl"),
    }
}

/// Topology files.
pub(super) fn topology_files() -> PathCompleter {
    PathCompleter::file()
        .filter(|path| path.is_dir() || path.extension().is_some_and(|end| end == "toml"))
}

/// Names of containers.
pub(super) fn containers() -> Vec<CompletionCandidate> {
    candidates(read().containers)
}

/// Names of groups.
pub(super) fn groups() -> Vec<CompletionCandidate> {
    candidates(read().groups)
}

/// Names of nodes.
pub(super) fn nodes() -> Vec<CompletionCandidate> {
    candidates(read().nodes)
}

fn candidates(names: Vec<Named>) -> Vec<CompletionCandidate> {
    let candidate = |(name, about): Named| CompletionCandidate::new(name).help(Some(about.into()));
    names.into_iter().map(candidate).collect()
}

#[expect(clippy::disallowed_methods, reason = "a completer answers without the director")]
fn read() -> Outline {
    let words: Vec<OsString> =
        std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let mut files = topologies_on_line(&words);
    if files.is_empty()
        && let Some(variable) = std::env::var_os("VNFCTL_TOPOLOGY")
    {
        files = std::env::split_paths(&variable).collect();
        files.retain(|file| !file.as_os_str().is_empty());
    }
    if !files.is_empty() {
        let home = std::env::home_dir();
        let texts = files.iter().map(|file| match (file.strip_prefix("~"), &home) {
            // The shell hands the word over as it was typed.
            (Ok(rest), Some(home)) => home.join(rest),
            _ => file.clone(),
        });
        let texts: Vec<String> =
            texts.filter_map(|file| std::fs::read_to_string(file).ok()).collect();
        return outline(&texts);
    }
    let Ok(folder) = std::fs::read_dir(".") else {
        return Outline::default();
    };
    let mut found = folder
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .map(|text| outline(&[text]))
        .filter(|outline| !outline.groups.is_empty());
    match (found.next(), found.next()) {
        (Some(only), None) => only,
        // Several topologies: the run would refuse to choose, too.
        _ => Outline::default(),
    }
}

/// The files named by `-t` and `--topology` on a line that is being typed.
fn topologies_on_line(words: &[OsString]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut words = words.iter().map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        let value = match word.as_ref() {
            "--" => break,
            "-t" | "--topology" => match words.next() {
                // bash splits `--topology=FILE` into three words.
                Some(sign) if sign == "=" => words.next().map(Cow::into_owned),
                value => value.map(Cow::into_owned),
            },
            word => word
                .strip_prefix("--topology=")
                .or_else(|| word.strip_prefix("-t").filter(|_| !word.starts_with("--")))
                .map(str::to_owned),
        };
        let unquoted = value.map(|value| value.trim_matches(['"', '\'']).replace("\\ ", " "));
        files.extend(unquoted.filter(|value| !value.is_empty()).map(PathBuf::from));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_every_spelling() {
        let line = "vnfctl -t a --topology b --topology=c -td --topology = e -- -t f";
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let expected = ["a", "b", "c", "d", "e"].map(PathBuf::from);
        assert_eq!(topologies_on_line(&words), expected);
        assert!(topologies_on_line(&["-t".into()]).is_empty());
        let quoted = ["-t".into(), "'my lab.toml'".into()];
        assert_eq!(topologies_on_line(&quoted), [PathBuf::from("my lab.toml")]);
    }
}
