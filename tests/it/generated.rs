//! What is generated from the grammar and kept in the tree: the man pages.
//!
//! `VNFCTL_BLESS=1 cargo test --test it generated` rewrites them.

use clap_mangen::Man;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

const BLESS: &str = "VNFCTL_BLESS=1 cargo test --test it generated";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("man")
}

/// Every page by file name.
fn pages() -> BTreeMap<String, String> {
    let mut grammar = vnfctl::cli::command();
    grammar.build();
    let commands = std::iter::once(&grammar).chain(grammar.get_subcommands());
    let of_engines = ("vnfctl-engines.7".to_owned(), crate::features::page());
    commands
        .map(|command| {
            let man = Man::new(command.clone());
            let text = page(&man, command.clone()).expect("memory can be written");
            (man.get_filename(), text)
        })
        .chain([of_engines])
        .collect()
}

fn page(man: &Man, mut command: clap::Command) -> io::Result<String> {
    // clap_mangen's own title leaves the empty date out, which moves the version into its place.
    let title = man.get_filename().replace(".1", "").to_uppercase();
    let version = env!("CARGO_PKG_VERSION");
    let title = format!(".TH \"{title}\" \"1\" \"\" \"vnfctl {version}\" \"vnfctl manual\"\n");
    let mut bytes = title.into_bytes();
    man.render_name_section(&mut bytes)?;
    // clap's one line of usage; clap_mangen would list all 25 options.
    let usage = command.render_usage().to_string().replace("Usage: ", "").replace('-', "\\-");
    bytes.extend(format!(".SH SYNOPSIS\n{usage}\n").into_bytes());
    man.render_description_section(&mut bytes)?;
    man.render_options_section(&mut bytes)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut bytes)?;
    }
    let mut text = String::from_utf8(bytes).expect("our texts are UTF-8");
    let after = command.get_after_long_help().or_else(|| command.get_after_help());
    text.push_str(&sections(&after.map(ToString::to_string).unwrap_or_default()));
    let (name, also) = match command.get_display_name() {
        Some(verb) if verb != "vnfctl" => ("vnfctl", "(1)\n"),
        _ => ("vnfctl\\-up", "(1), and one page for each verb\n"),
    };
    let _ = write!(text, ".SH \"SEE ALSO\"\n\\fB{name}\\fR{also}");
    Ok(text)
}

/// Our own sections: a line that ends in a colon is a heading, what is indented belongs to it.
/// `clap_mangen` would fill the lines of examples and tables into one paragraph.
fn sections(after: &str) -> String {
    let mut text = String::new();
    for block in after.split("\n\n") {
        let Some((heading, body)) = block.split_once(":\n") else { continue };
        let _ = writeln!(text, ".SH \"{}\"", heading.to_uppercase());
        let is_prose = ["Environment", "Log file"].contains(&heading);
        text.push_str(if is_prose { "" } else { ".nf\n" });
        for line in body.lines() {
            let line = line.strip_prefix("  ").unwrap_or(line);
            let line = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
            let _ = writeln!(text, "{}{line}", if line.starts_with('.') { "\\&" } else { "" });
        }
        text.push_str(if is_prose { "" } else { ".fi\n" });
    }
    text
}

#[test]
fn man_pages_are_in_step() {
    let pages = pages();
    let folder = folder();
    if std::env::var_os("VNFCTL_BLESS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for entry in fs::read_dir(&folder).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        for (name, text) in &pages {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let mut found: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, pages.keys().cloned().collect::<Vec<_>>(), "mend by: {BLESS}");
    for (name, text) in &pages {
        let kept = fs::read_to_string(folder.join(name)).unwrap();
        assert!(kept == *text, "man/{name} is not what the grammar says; mend by: {BLESS}");
    }
}

#[test]
fn man_pages_hold_examples_and_exit_codes() {
    let pages = pages();
    assert!(pages["vnfctl.1"].contains("\n130  interrupted, undo finished\n"));
    assert!(pages["vnfctl-exec.1"].contains(".SH \"EXAMPLES\""));
    let up = &pages["vnfctl-up.1"];
    assert!(up.starts_with(".TH \"VNFCTL-UP\" \"1\" \"\" \"vnfctl "), "{up:.80}");
}

#[test]
fn man_pages_please_mandoc() {
    for name in pages().keys() {
        let output = Command::new("mandoc")
            .args(["-T", "lint", "-W", "error"])
            .arg(folder().join(name))
            .output()
            .expect("mandoc is missing; mend by: apt-get install mandoc");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && told.is_empty(), "{told}");
    }
}
