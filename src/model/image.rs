//! `image` and `image_file`: where a container's root file system comes from.

use super::Source;
use super::group::{Around, Section};
use super::problem::{Place, Report};
use super::read::Word;
use super::read_recipe::NamedRecipe;
use super::recipe::RecipeKind;
use super::topology::{EngineKind, Image, ImageFile};
use super::value::Kind;
use std::path::Path;

/// Reads both keys and checks them against what the engine needs.
pub(super) fn read_image(
    section: &Section<'_>,
    engine: Option<EngineKind>,
    place: &Place,
    around: Around<'_>,
    report: &mut Report,
) -> Image {
    let Around { recipes, sources, .. } = around;
    if let Some(entry) = section.get("image")
        && let Kind::Text(name) = &entry.value.kind
        && let Some(recipe) = recipes.get(name.as_str())
    {
        let word = Word { text: name, place: &entry.value.place };
        return read_recipe_name(section, word, recipe, engine, report);
    }
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

/// An image that is built: its name where it has no tag yet.
fn read_recipe_name(
    section: &Section<'_>,
    word: Word<'_>,
    recipe: &NamedRecipe<'_>,
    engine: Option<EngineKind>,
    report: &mut Report,
) -> Image {
    if let Some(file) = section.get("image_file") {
        report
            .add(&file.place, "`image_file` does not go with an image that is built", "and this")
            .mark(recipe.place, "built as this says")
            .help("remove one of both, or give the file's image another name");
    }
    let kind = recipe.recipe.as_ref().map(|recipe| &recipe.kind);
    if let (Some(engine), Some(kind)) = (engine, kind) {
        let help = match kind {
            RecipeKind::Dockerfile(_) => "engines for it: `docker`, `podman`",
            RecipeKind::Template(_) => "the engine for it: `lxc`",
            RecipeKind::Rootfs(_) => "",
        };
        if !kind.suits(engine) {
            let message =
                format!("{} cannot use an image of kind `{}`", engine.word(), kind.word());
            report
                .add(word.place, message, "of that kind")
                .mark(recipe.place, "built as this says")
                .help(format!("{help}; every engine can use one of kind `rootfs`"));
        }
        let is_oci = matches!(engine, EngineKind::Docker | EngineKind::Podman);
        let starts = ["command", "app"].iter().any(|key| section.get(key).is_some());
        if is_oci && matches!(kind, RecipeKind::Rootfs(_)) && !starts {
            report
                .add(
                    word.place,
                    "an image of kind `rootfs` starts nothing by itself",
                    "of that kind",
                )
                .help("say what its containers run by `command` or `app`");
        }
    }
    let name = Some(word.text.to_owned());
    Image { recipe: name.clone(), name, file: None }
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
