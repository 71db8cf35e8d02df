//! `[images.NAME]`: images that are built.

use super::app::Content;
use super::names::is_word;
use super::problem::{Place, Report};
use super::read::{Word, listed};
use super::read_app_file::read_files;
use super::read_install::read_commands;
use super::recipe::{Dockerfile, FileFromHere, Part, Recipe, RecipeKind, Rootfs, Variant};
use super::value::{Entry, Table};
use super::{DOCKERFILE_KEYS, RECIPE_KEYS, ROOTFS_KEYS, Source, TEMPLATE_KEYS};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Kinds with the keys that only they have.
const KINDS: [(&str, &[&str]); 3] =
    [("rootfs", ROOTFS_KEYS), ("dockerfile", DOCKERFILE_KEYS), ("template", TEMPLATE_KEYS)];

/// Most bytes of a name: with a tag it is still the name of an LXC base as it is.
const LONGEST: usize = 19;

/// A recipe and where it stands; `None` where something is wrong with it, which is reported.
pub(super) struct NamedRecipe<'a> {
    pub(super) place: &'a Place,
    pub(super) recipe: Option<Recipe>,
}

/// All recipes, by name.
pub(super) type Recipes<'a> = BTreeMap<&'a str, NamedRecipe<'a>>;

/// Reads `images`.
pub(super) fn read_recipes<'a>(
    entry: &'a Entry,
    sources: &[Source],
    report: &mut Report,
) -> Recipes<'a> {
    let Some(table) = report.table("`images`", &entry.value) else { return Recipes::new() };
    let one = |entry: &'a Entry| {
        let recipe = read_recipe(entry, sources, report);
        (entry.key.as_str(), NamedRecipe { place: &entry.place, recipe })
    };
    table.entries.iter().map(one).collect()
}

fn read_recipe(entry: &Entry, sources: &[Source], report: &mut Report) -> Option<Recipe> {
    let (name, place) = (&entry.key, &entry.place);
    check_name(name, place, report);
    let table = report.table(&format!("`{name}`"), &entry.value)?;
    let word = read_kind(table, place, report);
    check_keys(table, word, report);
    let mut parts = Vec::new();
    let kind = match word? {
        "dockerfile" => RecipeKind::Dockerfile(read_dockerfile(table, place, sources, report)?),
        "template" => RecipeKind::Template(read_template(table, place, report)?),
        _ => RecipeKind::Rootfs(read_rootfs(table, place, sources, &mut parts, report)?),
    };
    Some(Recipe { name: name.clone(), kind, parts })
}

/// Docker's grammar of repositories, of which LXC and folders take all.
fn check_name(name: &str, place: &Place, report: &mut Report) {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let pieces_are_plain =
        name.split(['-', '_']).all(|piece| !piece.is_empty() && piece.chars().all(plain));
    if is_word(name) && pieces_are_plain && name.len() <= LONGEST {
        return;
    }
    let label = if name.len() > LONGEST { "too long" } else { "not a name" };
    report.add(place, format!("`{name}` cannot name an image that is built"), label).help(format!(
        "lower-case letters and digits, single `-` or `_` between them, {LONGEST} characters at most"
    ));
}

fn read_kind(table: &Table, place: &Place, report: &mut Report) -> Option<&'static str> {
    let choices = KINDS.map(|(word, _)| (word, word));
    if let Some(entry) = table.get("kind") {
        return report.choice(entry, &choices, "kind of image");
    }
    let words = listed(&choices.map(|(word, _)| word));
    report.missing(table, place, "kind", "an image that is built", format!("one of {words}"));
    None
}

/// Where the kind is unknown, any kind's keys are passed over.
fn check_keys(table: &Table, kind: Option<&str>, report: &mut Report) {
    let all: Vec<&str> = KINDS.iter().flat_map(|(_, keys)| *keys).copied().collect();
    let own = KINDS.iter().find(|(word, _)| kind == Some(word)).map_or(&all[..], |(_, keys)| keys);
    let keys = [RECIPE_KEYS, own].concat();
    let what = kind.map_or("an image".into(), |kind| format!("an image of kind `{kind}`"));
    report.check_keys_of(table, &keys, &what, &all, "an image of another `kind`");
}

fn read_dockerfile(
    table: &Table,
    place: &Place,
    sources: &[Source],
    report: &mut Report,
) -> Option<Dockerfile> {
    let Some(entry) = table.get("dockerfile") else {
        let help = "the path of a Dockerfile here, relative to this file";
        report.missing(table, place, "dockerfile", "an image of kind `dockerfile`", help);
        return None;
    };
    let file = read_here(entry, sources, report);
    let context = table.get("context").map(|entry| read_here(entry, sources, report));
    let mut args = BTreeMap::new();
    if let Some(table) = table.get("args").and_then(|entry| report.table("`args`", &entry.value)) {
        for entry in &table.entries {
            if !crate::command::is_variable_name(&entry.key) {
                let message = format!("`{}` cannot name an argument", entry.key.escape_default());
                report
                    .add(&entry.place, message, "not a name")
                    .help("letters, digits and `_`, not a digit first, as `ARG` has it");
            }
            if let Some(word) = report.text(&entry.key, &entry.value) {
                args.insert(entry.key.clone(), word.text.to_owned());
            }
        }
    }
    Some(Dockerfile { file: file?, context: context.unwrap_or_default(), args })
}

fn read_template(table: &Table, place: &Place, report: &mut Report) -> Option<String> {
    let Some(entry) = table.get("template") else {
        let help = "the template with its arguments, e.g. `template = \"busybox\"`";
        report.missing(table, place, "template", "an image of kind `template`", help);
        return None;
    };
    let word = report.text("template", &entry.value)?;
    let words = shlex::split(word.text);
    if words.is_none_or(|words| words.first().is_none_or(|first| first.starts_with('-'))) {
        report
            .add(word.place, format!("`{}` is not an LXC template", word.text), "cannot be read")
            .help(
                "the template with its arguments, e.g. `download -d debian -r bookworm -a amd64`",
            );
    }
    Some(word.text.to_owned())
}

fn read_rootfs(
    table: &Table,
    place: &Place,
    sources: &[Source],
    parts: &mut Vec<Part>,
    report: &mut Report,
) -> Option<Rootfs> {
    let mut files = Vec::new();
    for file in read_files(table, sources, report) {
        match file.content {
            Content::Text { text, .. } => {
                parts.push(Part::text(&format!("files{}", file.path), file.mode, &text));
            }
            Content::Source(source) => {
                files.push(FileFromHere { path: file.path, mode: file.mode, source });
            }
        }
    }
    let mirror = table.get("mirror").and_then(|entry| read_mirror(entry, report));
    let variants = Variant::ALL.map(|variant| (variant.word(), variant));
    let variant = table
        .get("variant")
        .map_or(Some(Variant::Minbase), |entry| report.choice(entry, &variants, "variant"));
    let packages = read_packages(table, report);
    let run = read_commands(table, "run", report);
    let Some(entry) = table.get("suite") else {
        let help = "the name of a release, e.g. `suite = \"bookworm\"`";
        report.missing(table, place, "suite", "an image of kind `rootfs`", help);
        return None;
    };
    let suite = report.text("suite", &entry.value)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if !suite.text.starts_with(|c: char| c.is_ascii_alphanumeric())
        || !suite.text.chars().all(plain)
    {
        report
            .add(suite.place, format!("`{}` is not a suite", suite.text), "not a name")
            .help("the name of a release, e.g. `bookworm` or `stable`");
    }
    let suite = suite.text.to_owned();
    Some(Rootfs { suite, mirror, variant: variant?, packages, files, run })
}

fn read_mirror(entry: &Entry, report: &mut Report) -> Option<String> {
    let word = report.text("mirror", &entry.value)?;
    let is_line = |line: &str| line.starts_with("deb ");
    let is_url = |line: &str| line.contains(":/") && !line.contains(char::is_whitespace);
    let is_sound =
        is_url(word.text) || (!word.text.trim().is_empty() && word.text.lines().all(is_line));
    if !is_sound || word.text.starts_with('-') {
        report
            .add(word.place, format!("`{}` is not a mirror", word.text.escape_debug()), "no URL")
            .help("e.g. `http://deb.debian.org/debian`, or a line `deb ...` of a `sources.list`");
    }
    Some(word.text.to_owned())
}

/// Names that both debootstrap and mmdebstrap take, joined by commas.
fn read_packages(table: &Table, report: &mut Report) -> Vec<String> {
    let Some(entry) = table.get("packages") else { return Vec::new() };
    let words = report.distinct("packages", &entry.value);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
    for word in &words {
        let first = word.text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if !first || !word.text.chars().all(plain) {
            report
                .add(
                    word.place,
                    format!("`{}` is not the name of a package", word.text),
                    "not a name",
                )
                .help("one name per item, as `apt` knows it, without a version");
        }
    }
    words.iter().map(|word| word.text.to_owned()).collect()
}

/// A path here, relative to the file it stands in.
fn read_here(entry: &Entry, sources: &[Source], report: &mut Report) -> Option<PathBuf> {
    let Word { text, place } = report.text(&entry.key, &entry.value)?;
    if text.is_empty() || text.starts_with("node:") {
        report
            .add(place, format!("`{}` is a path here", entry.key), "not a path here")
            .help("relative to this file: it is sent to where the image is built");
        return None;
    }
    let folder = Path::new(&sources[place.source].name).parent();
    Some(folder.unwrap_or(Path::new("")).join(text))
}
