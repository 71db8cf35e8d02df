//! The README is held to the program: its keys, verbs, exit codes, commands and topologies.

use std::collections::BTreeSet;
use vnfctl::model::{HOMES, Loaded, Source, load};
use vnfctl::ui::ExitCode;

const README: &str = include_str!("../../README.md");

/// The bodies of the fenced blocks of a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let parts = README.split(&fence).skip(1);
    parts.map(|part| part.split("```").next().unwrap()).collect()
}

fn loaded(name: &str, text: &str) -> Loaded {
    let source = Source { name: name.to_owned(), text: text.to_owned() };
    load(&[source], &|_| None)
        .unwrap_or_else(|problems| panic!("{}", vnfctl::ui::diagnostic::render(&problems, false)))
}

#[test]
fn every_key_of_the_file_is_described() {
    for (keys, _) in HOMES {
        for key in keys {
            let told = [format!("`{key}`"), format!(".{key}`"), format!("{key} = ")];
            assert!(
                told.iter().any(|form| README.contains(form)),
                "the README does not describe `{key}`"
            );
        }
    }
}

#[test]
fn every_verb_is_described_and_no_other() {
    let verbs =
        README.split("\n## Verbs\n").nth(1).unwrap().split("\n\nEvery verb").next().unwrap();
    let told: BTreeSet<String> = verbs
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| line.split('|').nth(1).unwrap().split('`'))
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let command = vnfctl::cli::command();
    let known = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    assert_eq!(told, known);
}

#[test]
fn every_exit_code_is_described() {
    for code in [
        ExitCode::Done,
        ExitCode::StepFailed,
        ExitCode::Usage,
        ExitCode::TopologyInvalid,
        ExitCode::NodeUnreachable,
        ExitCode::PlacementImpossible,
        ExitCode::ChangesPending,
        ExitCode::RealityDiffers,
        ExitCode::Locked,
        ExitCode::Interrupted,
    ] {
        assert!(README.contains(&format!("\n| {} |", code.code())), "{code:?}");
    }
}

#[test]
fn its_topologies_are_topologies() {
    let examples = blocks("toml");
    assert!(!examples.is_empty());
    for example in examples {
        loaded("README.md", example);
    }
}

#[test]
fn its_commands_are_commands() {
    let lines = blocks("sh").into_iter().flat_map(str::lines);
    let commands: Vec<&str> = lines.filter(|line| line.starts_with("vnfctl ")).collect();
    assert!(commands.len() > 5, "{commands:?}");
    for line in commands {
        let words = line.split(['>', '#']).next().unwrap().split_whitespace();
        let parsed = vnfctl::cli::parse(words);
        assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
    }
}

#[test]
fn every_shipped_topology_is_sound() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/topologies");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let loaded = loaded(&entry.path().display().to_string(), &text);
        assert_eq!(loaded.warnings, [], "{}", entry.path().display());
        seen += 1;
    }
    assert!(seen >= 6, "{seen}");
}
