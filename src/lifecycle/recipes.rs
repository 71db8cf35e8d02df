//! Reads the files here that images are built from, and what is in them. It must not send them.

use super::failure::Failure;
use super::load::read;
use crate::command::{Member, MemberContent};
use crate::model::{DockerIgnore, Dockerfile, Part, Recipe, RecipeKind, Topology, hexadecimal};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// What a context may leave out.
const IGNORE: &str = ".dockerignore";

/// Reads what the recipes in use are made of, and gives their images the names that follow.
pub(super) fn read_recipes(topology: &mut Topology) -> Result<(), Failure> {
    let used = topology.groups.iter().filter_map(|group| group.image.recipe.clone());
    let used: BTreeSet<String> = used.collect();
    for recipe in topology.images.values_mut().filter(|recipe| used.contains(&recipe.name)) {
        let more = parts(recipe)?;
        recipe.parts.extend(more);
        recipe.parts.sort_by(|a, b| a.member.path.cmp(&b.member.path));
    }
    topology.tag_images();
    Ok(())
}

fn parts(recipe: &Recipe) -> Result<Vec<Part>, Failure> {
    match &recipe.kind {
        RecipeKind::Template(_) => Ok(Vec::new()),
        RecipeKind::Rootfs(rootfs) => {
            let files = rootfs.files.iter();
            files
                .map(|file| part(&format!("files{}", file.path), file.mode, &file.source))
                .collect()
        }
        RecipeKind::Dockerfile(Dockerfile { file, context, .. }) => {
            let mut parts = vec![part("Dockerfile", 0o644, file)?];
            if let Some(folder) = context {
                let ignore = folder.join(IGNORE);
                let text = if exists(&ignore) { read(&ignore)? } else { String::new() };
                let ignore =
                    DockerIgnore::parse(&text).map_err(|reason| unreadable(&ignore, &reason))?;
                walk(folder, "", &ignore, &mut parts)?;
            }
            Ok(parts)
        }
    }
}

/// All that a folder of a context holds; `within` is its path in the context.
fn walk(
    folder: &Path,
    within: &str,
    ignore: &DockerIgnore,
    parts: &mut Vec<Part>,
) -> Result<(), Failure> {
    for name in names(folder)? {
        let path = folder.join(&name);
        let inside = if within.is_empty() { name } else { format!("{within}/{name}") };
        let is_left_out = ignore.leaves_out(&inside);
        let kind = kind(&path)?;
        if kind.is_dir() {
            if !is_left_out {
                parts.push(plain(&inside, 0o755, MemberContent::Folder));
            }
            if !is_left_out || ignore.takes_back() {
                walk(&path, &inside, ignore, parts)?;
            }
            continue;
        }
        if is_left_out {
            continue;
        }
        if kind.is_symlink() {
            parts.push(plain(&inside, 0o777, MemberContent::Link(target(&path)?)));
        } else if kind.is_file() {
            // As git: whoever cloned it with whatever umask gets the same tag.
            let mode = if kind.permissions().mode() & 0o111 == 0 { 0o644 } else { 0o755 };
            parts.push(part(&format!("context/{inside}"), mode, &path)?);
        } else {
            return Err(unreadable(&path, "it is no file, folder or link"));
        }
    }
    Ok(())
}

fn plain(inside: &str, mode: u32, content: MemberContent) -> Part {
    let member = Member { path: format!("context/{inside}"), mode, content };
    Part { member, digest: String::new() }
}

#[expect(clippy::disallowed_methods, reason = "recipes name files here")]
fn part(path: &str, mode: u32, from: &Path) -> Result<Part, Failure> {
    let told = |error: std::io::Error| unreadable(from, &error.to_string());
    let mut file = File::open(from).map_err(told)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(told)? {
            0 => break,
            count => hash.update(&buffer[..count]),
        }
    }
    let content = MemberContent::File(from.to_owned());
    let member = Member { path: path.to_owned(), mode, content };
    Ok(Part { member, digest: hexadecimal(&hash.finalize()) })
}

#[expect(clippy::disallowed_methods, reason = "a context is a folder here")]
fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    let told = |error: std::io::Error| unreadable(folder, &error.to_string());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let name = entry.map_err(told)?.file_name();
        let name = name
            .into_string()
            .map_err(|name| unreadable(&folder.join(name), "its name is no UTF-8"))?;
        names.push(name);
    }
    names.sort();
    Ok(names)
}

fn exists(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

fn kind(path: &Path) -> Result<std::fs::Metadata, Failure> {
    std::fs::symlink_metadata(path).map_err(|error| unreadable(path, &error.to_string()))
}

fn target(path: &Path) -> Result<String, Failure> {
    let to = std::fs::read_link(path).map_err(|error| unreadable(path, &error.to_string()))?;
    to.into_os_string().into_string().map_err(|_| unreadable(path, "where it leads is no UTF-8"))
}

fn unreadable(path: &Path, reason: &str) -> Failure {
    Failure::Unreadable { path: path.display().to_string(), reason: reason.to_owned() }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make the files that are read")]
mod tests {
    use super::*;
    use crate::lifecycle::{LoadRequest, load};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::{Duration, SystemTime};

    const TOPOLOGY: &str = "name = \"lab\"\n[nodes.DUT1]\n[images.web]\nkind = \"dockerfile\"\n\
        dockerfile = \"Dockerfile\"\ncontext = \"web\"\n[images.unused]\nkind = \"dockerfile\"\n\
        dockerfile = \"missing\"\n[groups.VNF]\nengine = \"podman\"\nimage = \"web\"\n";

    fn made() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("this machine has a /tmp");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("web/sub/empty")).expect("a folder");
        for (name, text) in [
            ("lab.toml", TOPOLOGY),
            ("Dockerfile", "FROM scratch\n"),
            ("web/index", "1"),
            ("web/sub/tool", "2"),
            ("web/note.txt", "3"),
            ("web/.dockerignore", "*.txt\n.dockerignore\n"),
        ] {
            std::fs::write(at(name), text).expect("a file");
        }
        std::fs::set_permissions(at("web/sub/tool"), PermissionsExt::from_mode(0o700)).expect("x");
        symlink("../index", at("web/sub/link")).expect("a link");
        folder
    }

    fn loaded(folder: &Path) -> Topology {
        let files = vec![folder.join("lab.toml")];
        load(&LoadRequest { files, ..LoadRequest::default() }).expect("it is sound").topology
    }

    fn name(folder: &Path) -> String {
        loaded(folder).groups[0].image.name.clone().unwrap_or_default()
    }

    #[test]
    fn a_context_is_sent_without_what_it_leaves_out() {
        let folder = made();
        let topology = loaded(folder.path());
        let parts = topology.images["web"].parts.iter();
        let seen: Vec<(&str, u32)> =
            parts.map(|part| (part.member.path.as_str(), part.member.mode)).collect();
        let wanted = [
            ("Dockerfile", 0o644),
            ("context/index", 0o644),
            ("context/sub", 0o755),
            ("context/sub/empty", 0o755),
            ("context/sub/link", 0o777),
            ("context/sub/tool", 0o755),
        ];
        assert_eq!(seen, wanted);
    }

    #[test]
    fn the_tag_follows_content_and_nothing_else() {
        let folder = made();
        let at = |name: &str| folder.path().join(name);
        let known = name(folder.path());
        assert!(known.starts_with("web:") && known.len() == "web:".len() + 12, "{known}");
        assert_eq!(name(made().path()), known, "in another folder");
        let file = File::options().append(true).open(at("web/index")).expect("it is there");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_hours(1)).expect("it is ours");
        std::fs::write(at("web/note.txt"), "other").expect("it is ours");
        assert_eq!(name(folder.path()), known, "another time, and what is left out");
        std::fs::write(at("web/index"), "other").expect("it is ours");
        assert_ne!(name(folder.path()), known);
        std::fs::write(at("web/index"), "1").expect("it is ours");
        assert_eq!(name(folder.path()), known);
        std::fs::write(at("Dockerfile"), "FROM scratch\nUSER 1\n").expect("it is ours");
        assert_ne!(name(folder.path()), known);
    }
}
