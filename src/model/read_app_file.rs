//! `files` of an app: what is written into the container before it starts.

use super::app::{AppFile, Content};
use super::problem::{Place, Report};
use super::read::Word;
use super::value::{Entry, Table, Value};
use super::{APP_FILE_KEYS, Source};
use std::path::Path;

/// Permissions where the file says nothing.
const MODE: u32 = 0o644;

/// Most permissions there are.
const MODES: u32 = 0o7777;

/// Folder in a container that is not the user's: [`crate::app::FOLDER`].
const RESERVED: &str = "/var/lib/vnfctl";

/// Reads `files`.
pub(super) fn read_files(table: &Table, sources: &[Source], report: &mut Report) -> Vec<AppFile> {
    let Some(entry) = table.get("files") else { return Vec::new() };
    let list = report.list("files", &entry.value).unwrap_or_default();
    let mut files: Vec<(AppFile, &Place)> = Vec::new();
    for item in list {
        let Some((file, place)) = read_one(item, sources, report) else { continue };
        if let Some((_, first)) = files.iter().find(|(other, _)| other.path == file.path) {
            let message = format!("two files have the same place `{}`", file.path);
            report.add(place, message, "again").mark(first, "first here");
        }
        files.push((file, place));
    }
    files.into_iter().map(|(file, _)| file).collect()
}

fn read_one<'a>(
    item: &'a Value,
    sources: &[Source],
    report: &mut Report,
) -> Option<(AppFile, &'a Place)> {
    let what = "an item of `files`";
    let table = report.table(what, item)?;
    report.check_keys(table, APP_FILE_KEYS, what);
    let mode = table.get("mode").map_or(Some(MODE), |entry| read_mode(entry, report));
    let content = read_content(table, item, sources, report);
    let Some(entry) = table.get("path") else {
        let help = "where it is in the container, e.g. `path = \"/etc/my-nf.conf\"`";
        report.missing(table, &item.place, "path", what, help);
        return None;
    };
    let word = report.text("path", &entry.value)?;
    let path = read_path(word, report)?;
    Some((AppFile { path, content: content?, mode: mode? }, word.place))
}

fn read_content(
    table: &Table,
    item: &Value,
    sources: &[Source],
    report: &mut Report,
) -> Option<Content> {
    match (table.get("text"), table.get("source")) {
        (Some(text), Some(source)) => {
            report
                .add(&source.place, "a file has either `text` or `source`", "and this")
                .mark(&text.place, "this")
                .help("remove one of both");
            None
        }
        (Some(entry), None) => {
            let word = report.text("text", &entry.value)?;
            let origin = origin(word.place, sources);
            Some(Content::Text { text: word.text.to_owned(), origin })
        }
        (None, Some(entry)) => {
            let word = report.text("source", &entry.value)?;
            if word.text.is_empty() {
                report
                    .add(word.place, "`source` is empty", "no path")
                    .help("the path of a file here, relative to this file");
                return None;
            }
            let folder = Path::new(&sources[word.place.source].name).parent();
            Some(Content::Source(folder.unwrap_or(Path::new("")).join(word.text)))
        }
        (None, None) => {
            let help = "`text = \"\"\"...\"\"\"`, or `source` with the path of a file here";
            report.missing(table, &item.place, "text", "an item of `files`", help);
            None
        }
    }
}

/// The file and the line where a string's content begins.
fn origin(place: &Place, sources: &[Source]) -> (String, usize) {
    let source = &sources[place.source];
    let (before, literal) = source.text.split_at(place.span.start);
    // The newline right after the opening quotes is not part of the content.
    let opened = ["\"\"\"", "'''"].iter().find_map(|quotes| literal.strip_prefix(quotes));
    let below = opened.is_some_and(|rest| rest.trim_start_matches('\r').starts_with('\n'));
    (source.name.clone(), 1 + before.matches('\n').count() + usize::from(below))
}

/// An absolute path with one form only.
fn read_path(word: Word<'_>, report: &mut Report) -> Option<String> {
    let parts: Vec<&str> = word.text.split('/').collect();
    let (message, help) = match &parts[..] {
        ["", rest @ ..] if !rest.is_empty() => {
            if rest.iter().any(|part| ["", ".", ".."].contains(part)) {
                ("a path in a container is written out", "no `//`, `.`, `..` or `/` at the end")
            } else if word.text.chars().any(char::is_control) {
                ("a path cannot have control characters", "letters, digits and signs only")
            } else if word.text == RESERVED || Path::new(word.text).starts_with(RESERVED) {
                ("this folder in a container is taken", "vnfctl keeps its own files there")
            } else {
                return Some(word.text.to_owned());
            }
        }
        _ => ("a path in a container must be absolute", "write it from `/`"),
    };
    let label = format!("`{}`", word.text.escape_debug());
    report.add(word.place, message, label).help(help);
    None
}

fn read_mode(entry: &Entry, report: &mut Report) -> Option<u32> {
    let word = report.text("mode", &entry.value)?;
    let octal = word.text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    let mode = u32::from_str_radix(word.text, 8).ok().filter(|mode| octal && *mode <= MODES);
    if mode.is_none() {
        report
            .add(word.place, format!("`{}` is not a mode", word.text), "cannot be read")
            .help("octal digits, e.g. `0644` or `0755`");
    }
    mode
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_of_a_text_is_its_first_line() {
        for (text, line) in [
            ("text = \"x\"", 1),
            ("\n\ntext = \"\"\"x\"\"\"", 3),
            ("\ntext = \"\"\"\nx\"\"\"", 3),
            ("\ntext = '''\r\nx'''", 3),
            ("\ntext = \"\"", 2),
        ] {
            let sources = [Source { name: "lab.toml".to_owned(), text: text.to_owned() }];
            let start = text.find(['"', '\'']).unwrap();
            let place = Place { source: 0, span: start..text.len() };
            assert_eq!(origin(&place, &sources), ("lab.toml".to_owned(), line), "{text:?}");
        }
    }

    #[test]
    fn the_reserved_folder_is_that_of_apps() {
        assert_eq!(RESERVED, crate::app::FOLDER);
    }
}
