//! `image` and `image_file`: where a container's root file system comes from.

use super::Source;
use super::group::Section;
use super::problem::{Place, Report};
use super::read::Word;
use super::topology::{EngineKind, Image, ImageFile};
use std::path::Path;

/// Reads both keys and checks them against what the engine needs.
pub(super) fn read_image(
    section: &Section<'_>,
    engine: Option<EngineKind>,
    place: &Place,
    sources: &[Source],
    report: &mut Report,
) -> Image {
    let file_entry = section.get("image_file");
    let file = file_entry
        .and_then(|entry| report.text("image_file", &entry.value))
        .and_then(|word| read_file("`image_file`", word, sources, report));
    let name = if let Some(entry) = section.get("image") {
        let word = report.text("image", &entry.value);
        word.inspect(|word| check_image(*word, engine, file_entry.is_some(), report))
    } else {
        check_absent(section, engine, file_entry.is_some(), place, report);
        None
    };
    Image { name: name.map(|word| word.text.to_owned()), file, recipe: None }
}

/// A path here, relative to the file it stands in, or `node:/path`.
pub(super) fn read_file(
    what: &str,
    word: Word<'_>,
    sources: &[Source],
    report: &mut Report,
) -> Option<ImageFile> {
    if let Some(path) = word.text.strip_prefix("node:") {
        if path.starts_with('/') {
            return Some(ImageFile::Node(path.to_owned()));
        }
        report
            .add(word.place, "a path on the node must be absolute", "not absolute")
            .help(format!("write `node:/{path}`, or the plain path of a file here"));
        return None;
    }
    if word.text.is_empty() {
        report
            .add(word.place, format!("{what} is empty"), "no path")
            .help("a path here, relative to this file, or `node:/path` for a file on the node");
        return None;
    }
    let folder = Path::new(&sources[word.place.source].name).parent().unwrap_or(Path::new(""));
    Some(ImageFile::Here(folder.join(word.text)))
}

fn check_image(word: Word<'_>, engine: Option<EngineKind>, has_file: bool, report: &mut Report) {
    let text = word.text;
    let blank = |c: char| c.is_whitespace() || c.is_control();
    match engine {
        Some(EngineKind::Native | EngineKind::Lxc | EngineKind::Nspawn) if has_file => {
            let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) || !text.chars().all(plain) {
                report
                    .add(
                        word.place,
                        format!("`{text}` cannot name a tarball's image"),
                        "not a name",
                    )
                    .help("beside `image_file`, `image` is a name: letters, digits, `.`, `_`, `-`");
            }
        }
        Some(EngineKind::Native) if !text.starts_with('/') => {
            report
                .add(word.place, "a native image is a directory on the node", "not absolute")
                .help(
                    "write an absolute path, add `image_file` for a tarball, or leave `image` out \
                     for the node's own root",
                );
        }
        Some(EngineKind::Docker | EngineKind::Podman | EngineKind::Cri)
            if text.is_empty() || text.starts_with(['-', '/']) || text.contains(blank) =>
        {
            report
                .add(word.place, format!("`{text}` is not an image reference"), "cannot be read")
                .help("write `name:tag` or `registry/name:tag`");
        }
        Some(EngineKind::Nspawn) if !text.starts_with('/') => {
            report
                .add(word.place, "an nspawn image is a directory on the node", "not absolute")
                .help("write an absolute path, or add `image_file` for a tarball");
        }
        Some(EngineKind::Lxc) if text.trim().is_empty() || text.starts_with('-') => {
            report
                .add(word.place, format!("`{text}` is not an LXC template"), "cannot be read")
                .help("the template with its arguments, e.g. `download -d debian -r bookworm -a amd64`");
        }
        _ => {}
    }
}

fn check_absent(
    section: &Section<'_>,
    engine: Option<EngineKind>,
    has_file: bool,
    place: &Place,
    report: &mut Report,
) {
    let Some(engine) = engine else { return };
    let help = match engine {
        EngineKind::Docker | EngineKind::Podman | EngineKind::Cri if has_file => {
            "the name of the image inside the tarball of `image_file`"
        }
        EngineKind::Docker | EngineKind::Podman | EngineKind::Cri => {
            "the image's reference, e.g. `image = \"debian:12\"`"
        }
        EngineKind::Lxc if !has_file => {
            "a template such as `busybox`, or `image_file` with a root file system"
        }
        EngineKind::Nspawn if !has_file => {
            "a directory on the node, or `image_file` with a root file system"
        }
        _ => return,
    };
    let what = format!("a group of engine `{}`", engine.word());
    report.missing(section.own, place, "image", &what, help);
}
