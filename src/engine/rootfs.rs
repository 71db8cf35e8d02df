//! Root file systems from packages: one tarball per recipe and node, which every engine takes.
//! Pure.

use crate::command::{Command, Stdin, quote};
use crate::model::{Image, ImageFile, Recipe, RecipeKind};
use std::time::Duration;

/// Folder of the tarballs on a node; the roots of native containers are beside them.
const FOLDER: &str = "/var/lib/vnfctl/images";

/// Makes the tarball where it is missing.
const BUILD: &str = include_str!("rootfs/build.sh");

/// Makes and packs the root file system.
const MAKE: &str = concat!(include_str!("rootfs/mirror.sh"), include_str!("rootfs/make.sh"));

/// How long a build may take: packages come from afar.
pub(super) const DEADLINE: Duration = Duration::from_hours(1);

/// The command that makes the tarball of a recipe of kind `rootfs`, the same for all engines; it
/// ends at once where there is one. `None` for other kinds.
pub fn tarball(recipe: &Recipe) -> Option<Command> {
    let RecipeKind::Rootfs(rootfs) = &recipe.kind else { return None };
    let line =
        |argv: &Vec<String>| argv.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
    let mut packages = rootfs.packages.clone();
    packages.sort();
    let args = [
        MAKE.to_owned(),
        path(recipe),
        rootfs.suite.clone(),
        rootfs.mirror.clone().unwrap_or_default(),
        rootfs.variant.word().to_owned(),
        packages.join(","),
    ];
    let mut command = Command::sh(BUILD, args.into_iter().chain(rootfs.run.iter().map(line)));
    command.stdin = sent(recipe);
    Some(command.deadline(DEADLINE))
}

/// The image of a recipe as one that comes from its tarball.
pub(super) fn packed(image: &Image, recipe: &Recipe) -> Image {
    Image { name: image.name.clone(), file: Some(ImageFile::Node(path(recipe))), recipe: None }
}

/// What a recipe sends to where it is built.
pub(super) fn sent(recipe: &Recipe) -> Stdin {
    if recipe.parts.is_empty() {
        return Stdin::Empty;
    }
    Stdin::Archive(recipe.parts.iter().map(|part| part.member.clone()).collect())
}

/// Where the tarball of a recipe lies on a node.
fn path(recipe: &Recipe) -> String {
    format!("{FOLDER}/{}-{}.tar", recipe.name, recipe.tag())
}
