//! Software into a container: packages of its own package manager, package files, commands.
//!
//! Which package manager there is only the container knows: the scripts look for it inside. They
//! ask no network when all is there, and fetch a manager's lists only when these do not do.

use super::FOLDER;
use crate::model::{ImageFile, Install, PackageFile};
use serde_json::json;
use sha2::{Digest, Sha256};

/// Takes a package file.
const FILE: &str = include_str!("install/file.sh");

/// Installs names and files.
const PACKAGES: &str = concat!(
    include_str!("install/apt.sh"),
    include_str!("install/rpm.sh"),
    include_str!("install/apk.sh"),
    include_str!("install/packages.sh")
);

/// Runs a command of the user's own.
const COMMAND: &str = include_str!("install/command.sh");

/// Leaves the digest.
const DONE: &str = include_str!("install/done.sh");

/// One step of an installation: a POSIX script run inside as root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallStep {
    /// For people, e.g. `packages iproute2, supervisor`.
    pub detail: String,
    /// The script.
    pub script: String,
    /// Its `$1`, `$2` and so on.
    pub args: Vec<String>,
    /// A file that the script reads from its standard input.
    pub file: Option<ImageFile>,
}

/// What an installation is known by: SHA-256 over all it asks for, 16 hexadecimal digits. The last
/// step leaves it in the container, in `installed`.
///
/// A file is known by its checksum, or by its name where the topology says none: not by the
/// operator's path, for it may lie elsewhere on another machine.
pub fn install_digest(install: &Install) -> String {
    let file = |file: &PackageFile| match (&file.sha256, &file.file) {
        (Some(sum), _) => sum.clone(),
        (None, ImageFile::Here(_)) => file_name(&file.file),
        (None, ImageFile::Node(path)) => format!("node:{path}"),
    };
    let files: Vec<String> = install.package_files.iter().map(file).collect();
    let all = json!([install.packages, files, install.commands]).to_string();
    let hash = Sha256::digest(all.as_bytes());
    let head: [u8; 8] = hash[..8].try_into().expect("SHA-256 has 32 bytes");
    format!("{:016x}", u64::from_be_bytes(head))
}

/// The steps of an installation; empty when nothing is asked for. Each may be run again.
///
/// All files arrive, and are checked, before anything is installed.
pub fn install_steps(install: &Install) -> Vec<InstallStep> {
    if install.is_empty() {
        return Vec::new();
    }
    let digest = install_digest(install);
    // Each installation has its own folder: what another one left half-way is not installed.
    let folder = format!("{FOLDER}/packages/{digest}");
    let script = |detail: String, script: &str, args: Vec<String>| InstallStep {
        detail,
        script: format!("{}{script}", unless_done(&digest)),
        args,
        file: None,
    };
    let mut steps = Vec::new();
    for (at, package) in install.package_files.iter().enumerate() {
        let name = file_name(&package.file);
        let stored = format!("{}-{}", at + 1, stem(&name));
        let sum = package.sha256.clone().unwrap_or_default();
        let args = vec![folder.clone(), stored, sum, name.clone()];
        let file = Some(package.file.clone());
        steps.push(InstallStep { file, ..script(format!("file {name}"), FILE, args) });
    }
    if !(install.packages.is_empty() && install.package_files.is_empty()) {
        let files = install.package_files.iter().map(|package| file_name(&package.file));
        let all: Vec<String> = install.packages.iter().cloned().chain(files).collect();
        let args = [folder].into_iter().chain(install.packages.iter().cloned()).collect();
        steps.push(script(format!("packages {}", all.join(", ")), PACKAGES, args));
    }
    for command in &install.commands {
        // Its other words may be secret.
        let program = command.first().map_or("", String::as_str);
        steps.push(script(format!("command {program}"), COMMAND, command.clone()));
    }
    let args = vec![FOLDER.to_owned(), digest.clone()];
    steps.push(script("a note of what is installed".to_owned(), DONE, args));
    steps
}

/// Ends a script with success where its installation was finished before: then nothing is looked
/// for, and the user's commands do not run again.
fn unless_done(digest: &str) -> String {
    let known = format!("$(cat {FOLDER}/installed 2>/dev/null)");
    format!("[ \"{known}\" != {digest} ] || {{ cat >/dev/null; exit 0; }}\n")
}

/// The last part of a file's path.
fn file_name(file: &ImageFile) -> String {
    let path = match file {
        ImageFile::Here(path) => path.to_string_lossy().into_owned(),
        ImageFile::Node(path) => path.clone(),
    };
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// A file's name without the ending of a package, in characters that no shell reads.
fn stem(name: &str) -> String {
    let stem = ["deb", "rpm", "apk"].iter().find_map(|ending| {
        let stem = name.strip_suffix(ending)?;
        stem.strip_suffix('.')
    });
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._+~-".contains(c) { c } else { '_' };
    stem.unwrap_or(name).chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    fn full() -> Install {
        let file =
            |file, sha256: Option<&str>| PackageFile { file, sha256: sha256.map(Into::into) };
        Install {
            packages: vec!["iproute2".into(), "g++=4:12".into()],
            package_files: vec![
                file(ImageFile::Here("pool/a b$(x).deb".into()), None),
                file(ImageFile::Node("/srv/libvpp_26.06.deb".into()), Some("abc")),
            ],
            commands: vec![vec!["make-it".into(), "so now".into()]],
            as_image: false,
        }
    }

    fn shown(install: &Install) -> String {
        let one = |step: InstallStep| {
            let InstallStep { detail, args, file, .. } = step;
            format!("{detail}\n    {args:?} {file:?}\n")
        };
        install_steps(install).into_iter().map(one).collect()
    }

    #[test]
    fn files_arrive_before_packages_and_the_digest_is_last() {
        assert_snapshot!(shown(&full()));
    }

    #[test]
    fn nothing_asked_for_is_nothing_to_do() {
        assert_eq!(install_steps(&Install { as_image: true, ..Install::default() }), []);
    }

    #[test]
    fn the_digest_tells_what_is_installed_and_not_how_or_from_where() {
        let known = install_digest(&full());
        assert!(known.len() == 16 && known.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let changed = |change: &dyn Fn(&mut Install)| {
            let mut install = full();
            change(&mut install);
            install_digest(&install) != known
        };
        assert!(!changed(&|install| install.as_image = true));
        let moved = ImageFile::Here("/elsewhere/a b$(x).deb".into());
        assert!(!changed(&|install| install.package_files[0].file = moved.clone()));
        let elsewhere = ImageFile::Node("/elsewhere/x.deb".into());
        assert!(!changed(&|install| install.package_files[1].file = elsewhere.clone()));
        assert!(changed(&|install| install.package_files[1].sha256 = Some("abd".into())));
        assert!(changed(&|install| install.package_files[0].file = elsewhere.clone()));
        assert!(changed(&|install| install.packages.swap(0, 1)));
        assert!(changed(&|install| install.commands.clear()));
        assert!(changed(&|install| install.commands.push(vec!["again".into()])));
    }

    #[test]
    fn a_stored_name_is_one_plain_word() {
        assert_eq!(stem("a b$(x).deb"), "a_b__x_");
        assert_eq!(stem("vpp_26.06~rc0+1-x.rpm"), "vpp_26.06~rc0+1-x");
        assert_eq!(stem("deb"), "deb");
    }
}
