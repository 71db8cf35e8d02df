//! What a person is told about topology files: every fixture's report, word for word.
//!
//! `tests/fixtures/bad/X.toml` holds one mistake, its report is `X.stderr`. A folder
//! `bad/X/` holds several files of one topology. `VNFCTL_BLESS=1` rewrites the reports.
#![expect(clippy::disallowed_methods, reason = "fixtures are files")]

use crate::support::saved::{compare, finish};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use vnfctl::model::{self, Loaded, Problems, Source};
use vnfctl::ui::diagnostic;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn variables(name: &str) -> Option<String> {
    match name {
        "LAB_HOST" => Some("192.0.2.11".to_owned()),
        "REGISTRY_TOKEN" => Some("hunter2".to_owned()),
        _ => None,
    }
}

/// The topology of one file, or of all files of a folder in the order of their names.
fn sources(path: &Path) -> Vec<Source> {
    let files = if path.is_dir() { toml_files(path) } else { vec![path.to_owned()] };
    let source = |file: &PathBuf| Source {
        name: file.strip_prefix(fixtures()).expect("a fixture").display().to_string(),
        text: fs::read_to_string(file).expect("a readable fixture"),
    };
    files.iter().map(source).collect()
}

fn load(path: &Path) -> Result<Loaded, Problems> {
    model::load(&sources(path), &variables)
}

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of fixtures");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.is_dir() || path.extension().is_some_and(|ext| ext == "toml"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_bad_file_has_one_mistake_and_a_good_report() {
    let mut failures = Vec::new();
    let files = toml_files(&fixtures().join("bad"));
    assert!(files.len() >= 45, "only {} bad files", files.len());
    for file in files {
        match load(&file) {
            Ok(_) => failures.push(format!("{} loads", file.display())),
            Err(problems) if problems.list.len() != 1 => {
                let report = diagnostic::render(&problems, false);
                failures.push(format!("{} is not one mistake:\n{report}", file.display()));
            }
            Err(problems) => {
                let report = diagnostic::render(&problems, false);
                compare(&file.with_extension("stderr"), &report, &mut failures);
            }
        }
    }
    finish(&failures);
}

#[test]
fn every_saved_report_has_its_fixture() {
    for folder in ["bad", "many", "good"] {
        for entry in fs::read_dir(fixtures().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.with_extension("");
            let fixture = stem.is_dir() || stem.with_extension("toml").is_file();
            assert!(fixture, "{} is left over", path.display());
        }
    }
}

#[test]
fn all_mistakes_of_a_file_are_in_one_report() {
    let mut failures = Vec::new();
    for file in toml_files(&fixtures().join("many")) {
        let problems = load(&file).expect_err("a file with mistakes");
        assert_eq!(problems.list.len(), 10, "{}", diagnostic::render(&problems, false));
        let places: Vec<_> = problems.list.iter().map(|p| (p.source, p.span.start)).collect();
        assert!(places.is_sorted(), "not in the order of the file: {places:?}");
        let report = diagnostic::render(&problems, false);
        compare(&file.with_extension("stderr"), &report, &mut failures);
    }
    finish(&failures);
}

#[test]
fn every_good_file_loads_as_saved() {
    let mut failures = Vec::new();
    let files = toml_files(&fixtures().join("good"));
    assert!(files.len() >= 5, "only {} good files", files.len());
    for file in files {
        match load(&file) {
            Ok(loaded) => {
                let mut found = format!("{:#?}\n{:#?}\n", loaded.topology, loaded.secrets);
                found += &diagnostic::render_warnings(&sources(&file), &loaded.warnings, false);
                compare(&file.with_extension("debug"), &found, &mut failures);
            }
            Err(problems) => failures.push(diagnostic::render(&problems, false)),
        }
    }
    finish(&failures);
}

#[test]
fn colour_changes_nothing_but_colour() {
    for file in toml_files(&fixtures().join("bad")) {
        let problems = load(&file).expect_err("a file with mistakes");
        let styled = diagnostic::render(&problems, true);
        assert!(styled.contains('\u{1b}'), "{} has no colour", file.display());
        assert_eq!(without_ansi(&styled), diagnostic::render(&problems, false));
    }
}

/// Removes `ESC [ ... m`.
fn without_ansi(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or("", |(_, rest)| rest))
}

fn load_text(text: &str) -> Result<Loaded, Problems> {
    let source = Source { name: "damaged.toml".to_owned(), text: text.to_owned() };
    model::load(&[source], &variables)
}

const TEXT: &str = include_str!("../fixtures/good/every-key.toml");

proptest! {
    /// Whatever is cut out or put in: a topology or problems with places inside the text,
    /// never a panic.
    #[test]
    fn damaged_files_are_reported(
        at in 0..TEXT.len(),
        cut in 0..40_usize,
        put in "[a-z0-9=\\[\\]{}\",.$ \n#é-]{0,6}",
    ) {
        let start = (0..=at).rev().find(|at| TEXT.is_char_boundary(*at)).unwrap_or(0);
        let end = (start + cut..TEXT.len()).find(|at| TEXT.is_char_boundary(*at));
        let text = format!("{}{put}{}", &TEXT[..start], &TEXT[end.unwrap_or(TEXT.len())..]);
        if let Err(problems) = load_text(&text) {
            prop_assert!(!problems.list.is_empty());
            for problem in &problems.list {
                prop_assert!(text.get(problem.span.clone()).is_some(), "{problem:?}");
            }
            prop_assert!(!diagnostic::render(&problems, true).is_empty());
        }
    }
}
