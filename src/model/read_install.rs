//! What an app asks to have installed: `packages`, `package_files`, `install`, `install_as_image`.

use super::app::{Install, PackageFile};
use super::image::read_file;
use super::problem::{Place, Report};
use super::read::Word;
use super::read_custom::read_words;
use super::topology::ImageFile;
use super::value::{Kind, Table, Value};
use super::{PACKAGE_FILE_KEYS, Source};

/// Endings of package files.
const ENDINGS: [&str; 3] = [".deb", ".rpm", ".apk"];

/// Reads the keys of an installation.
pub(super) fn read_install(table: &Table, sources: &[Source], report: &mut Report) -> Install {
    let install = Install {
        packages: read_packages(table, report),
        package_files: read_package_files(table, sources, report),
        commands: read_commands(table, "install", report),
        as_image: table
            .get("install_as_image")
            .and_then(|entry| report.boolean("install_as_image", &entry.value))
            .unwrap_or(false),
    };
    let asks = ["packages", "package_files", "install"].iter().any(|key| table.get(key).is_some());
    if let (true, false, Some(entry)) = (install.as_image, asks, table.get("install_as_image")) {
        report
            .add(&entry.place, "`install_as_image` without anything to install", "keeps nothing")
            .help("add `packages`, `package_files` or `install`, or remove it");
    }
    install
}

fn read_packages(table: &Table, report: &mut Report) -> Vec<String> {
    let Some(entry) = table.get("packages") else { return Vec::new() };
    let words = report.distinct("packages", &entry.value);
    // What no package manager has in a name; a leading `-` would be an option, and apt removes what
    // ends in one.
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-._:=~@/<>*^".contains(c);
    for word in &words {
        if !word.text.starts_with(|c: char| c.is_ascii_alphanumeric())
            || !word.text.chars().all(plain)
            || word.text.ends_with('-')
        {
            report
                .add(
                    word.place,
                    format!("`{}` is not the name of a package", word.text),
                    "not a name",
                )
                .help(if ENDINGS.iter().any(|ending| word.text.ends_with(ending)) {
                    "files stand in `package_files`"
                } else {
                    "one name per item, as `apt`, `dnf` or `apk` know it"
                });
        }
    }
    words.iter().map(|word| word.text.to_owned()).collect()
}

fn read_package_files(table: &Table, sources: &[Source], report: &mut Report) -> Vec<PackageFile> {
    let Some(entry) = table.get("package_files") else { return Vec::new() };
    let list = report.list("package_files", &entry.value).unwrap_or_default();
    let mut files: Vec<(PackageFile, &Place)> = Vec::new();
    for item in list {
        let Some(file) = read_package_file(item, sources, report) else { continue };
        if let Some((_, first)) = files.iter().find(|(other, _)| other.file == file.file) {
            report
                .add(&item.place, "a file is in `package_files` twice", "again")
                .mark(first, "first here");
        }
        files.push((file, &item.place));
    }
    files.into_iter().map(|(file, _)| file).collect()
}

fn read_package_file(item: &Value, sources: &[Source], report: &mut Report) -> Option<PackageFile> {
    if let Kind::Text(text) = &item.kind {
        let word = Word { text, place: &item.place };
        let file = read_path(word, sources, report)?;
        return Some(PackageFile { file, sha256: None });
    }
    let what = "an item of `package_files`";
    let Kind::Table(table) = &item.kind else {
        if item.kind != Kind::Broken {
            let label = format!("this is {}", item.kind.noun());
            report
                .add(&item.place, format!("{what} must be a string or a table"), label)
                .help("`\"./x.deb\"` or `{ file = \"./x.deb\", sha256 = \"...\" }`");
        }
        return None;
    };
    report.check_keys(table, PACKAGE_FILE_KEYS, what);
    let sha256 = table.get("sha256").and_then(|entry| {
        let word = report.text("sha256", &entry.value)?;
        read_sha256(word, report)
    });
    let Some(entry) = table.get("file") else {
        let help = "e.g. `file = \"./x.deb\"`, or `\"node:/srv/x.deb\"` for a file on the node";
        report.missing(table, &item.place, "file", what, help);
        return None;
    };
    let word = report.text("file", &entry.value)?;
    Some(PackageFile { file: read_path(word, sources, report)?, sha256 })
}

fn read_path(word: Word<'_>, sources: &[Source], report: &mut Report) -> Option<ImageFile> {
    let file = read_file("the path of a package file", word, sources, report)?;
    if !ENDINGS.iter().any(|ending| word.text.ends_with(ending)) {
        report
            .add(word.place, format!("`{}` is not a package file", word.text), "which kind?")
            .help("its name ends in `.deb`, `.rpm` or `.apk`");
    }
    Some(file)
}

fn read_sha256(word: Word<'_>, report: &mut Report) -> Option<String> {
    let digits = word.text.to_ascii_lowercase();
    if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(digits);
    }
    let label = format!("{} characters", word.text.chars().count());
    report
        .add(word.place, "`sha256` must be 64 hexadecimal digits", label)
        .help("as `sha256sum FILE` prints it");
    None
}

/// A list of commands, each a list.
pub(super) fn read_commands(table: &Table, key: &str, report: &mut Report) -> Vec<Vec<String>> {
    let Some(entry) = table.get(key) else { return Vec::new() };
    let list = report.list(key, &entry.value).unwrap_or_default();
    let what = format!("an item of `{key}`");
    let mut commands = Vec::new();
    for item in list {
        match &item.kind {
            Kind::List(_) => commands.push(read_words(&what, item, report)),
            Kind::Broken => {}
            other => {
                let label = format!("this is {}", other.noun());
                report
                    .add(&item.place, format!("{what} must be a list"), label)
                    .help("program and arguments: `[[\"sh\", \"-c\", \"...\"]]`");
            }
        }
    }
    commands
}
