//! Finds and reads topology files and saved machines: with [`super::recipes`] the director's only
//! own I/O.

use super::failure::Failure;
use super::recipes::read_recipes;
use crate::model::{self, Content, Loaded, Source, Topology};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Which files, with which variables.
#[derive(Debug, Clone, Default)]
pub struct LoadRequest {
    /// Topology files, in the order given; empty = the one in the current folder.
    pub files: Vec<PathBuf>,
    /// `--set NAME=value`; these win over the environment.
    pub variables: BTreeMap<String, String>,
    /// Only the nodes are asked for.
    pub is_testbed: bool,
}

/// Reads, checks and resolves a topology.
pub fn load(request: &LoadRequest) -> Result<Loaded, Failure> {
    let files =
        if request.files.is_empty() { vec![only_topology()?] } else { request.files.clone() };
    let sources = files
        .iter()
        .map(|path| Ok(Source { name: path.display().to_string(), text: read(path)? }))
        .collect::<Result<Vec<_>, Failure>>()?;
    let read = if request.is_testbed { model::load_testbed } else { model::load };
    let mut loaded = read(&sources, &|name| variable(request, name)).map_err(Failure::Topology)?;
    read_templates(&mut loaded.topology)?;
    read_recipes(&mut loaded.topology)?;
    Ok(loaded)
}

/// Reads the templates that apps take from files here.
fn read_templates(topology: &mut Topology) -> Result<(), Failure> {
    let apps = topology.groups.iter_mut().filter_map(|group| group.app.as_mut());
    for file in apps.flat_map(|app| &mut app.files) {
        if let Content::Source(path) = &file.content {
            let (text, origin) = (read(path)?, (path.display().to_string(), 1));
            file.content = Content::Text { text, origin };
        }
    }
    Ok(())
}

/// The text of a file, or why it cannot be read.
#[expect(clippy::disallowed_methods, reason = "reading files is this module's purpose")]
pub fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::Unreadable {
        path: path.display().to_string(),
        reason: error.to_string(),
    })
}

#[expect(clippy::disallowed_methods, reason = "topology variables come from the environment")]
fn variable(request: &LoadRequest, name: &str) -> Option<String> {
    request.variables.get(name).cloned().or_else(|| std::env::var(name).ok())
}

/// The topologies among the `*.toml` files of the current folder. A TOML file that has neither
/// `[nodes]` nor `[groups]` (`Cargo.toml`, `deny.toml`) is none.
pub fn topologies_here() -> Result<Vec<PathBuf>, Failure> {
    let mut found = toml_files()?;
    found.retain(|path| is_topology(path));
    found.sort();
    Ok(found)
}

fn only_topology() -> Result<PathBuf, Failure> {
    let mut found = topologies_here()?;
    if found.len() == 1 {
        return Ok(found.remove(0));
    }
    let names: Vec<String> = found.iter().map(|path| path.display().to_string()).collect();
    Err(if names.is_empty() {
        Failure::Usage {
            message: "there is no topology file in this folder".into(),
            hint: "name one with `-t FILE` or VNFCTL_TOPOLOGY".into(),
        }
    } else {
        Failure::Usage {
            message: format!("several topology files in this folder: {}", names.join(", ")),
            hint: "name the one you mean with `-t FILE`".into(),
        }
    })
}

#[expect(clippy::disallowed_methods, reason = "finding files is this module's purpose")]
fn toml_files() -> Result<Vec<PathBuf>, Failure> {
    let unreadable =
        |error: std::io::Error| Failure::Unreadable { path: ".".into(), reason: error.to_string() };
    let entries = std::fs::read_dir(".").map_err(unreadable)?;
    let paths = entries.flatten().map(|entry| PathBuf::from(entry.file_name()));
    Ok(paths.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect())
}

fn is_topology(path: &Path) -> bool {
    let text = read(path).unwrap_or_default();
    text.lines().map(str::trim_start).any(|line| {
        ["[nodes", "[groups", "nodes.", "groups."].iter().any(|start| line.starts_with(start))
    })
}
