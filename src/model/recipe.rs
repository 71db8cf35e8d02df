//! `[images.NAME]`, resolved: what an image is built from, and the tag that its content gives it.
//! It must not read files: whoever does hands their members and digests in.

use super::topology::{EngineKind, Image, Topology};
use crate::command::{Member, MemberContent};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Hexadecimal digits of a tag: 48 bits.
const TAG: usize = 12;

/// How an image is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// Its name, also the first part of the name of what is built.
    pub name: String,
    /// What is done.
    pub kind: RecipeKind,
    /// What is sent to where it is built, once the files here are read.
    pub parts: Vec<Part>,
}

/// The kinds of recipes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecipeKind {
    /// A Dockerfile.
    Dockerfile(Dockerfile),
    /// A template of LXC with its arguments, words of a shell.
    Template(String),
    /// A root file system from packages of a Debian or a relative of it.
    Rootfs(Rootfs),
}

/// A recipe of kind `dockerfile`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dockerfile {
    /// The file, here.
    pub file: PathBuf,
    /// The folder that its `COPY` and `ADD` start from, here; `None` = nothing is sent.
    pub context: Option<PathBuf>,
    /// Values of its `ARG`s.
    pub args: BTreeMap<String, String>,
}

/// A recipe of kind `rootfs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rootfs {
    /// Suite of the distribution, e.g. `bookworm`.
    pub suite: String,
    /// Where packages come from; `None` = where the node's own come from.
    pub mirror: Option<String>,
    /// Which packages there are besides `packages`.
    pub variant: Variant,
    /// Further packages.
    pub packages: Vec<String>,
    /// Files from here written before `run`; those whose text is known are parts already.
    pub files: Vec<FileFromHere>,
    /// Commands run inside, one after the other.
    pub run: Vec<Vec<String>>,
}

/// A file for a root file system that lies here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFromHere {
    /// Its absolute path inside.
    pub path: String,
    /// Permissions.
    pub mode: u32,
    /// Where it lies here.
    pub source: PathBuf,
}

/// What a root file system starts from: `--variant` of debootstrap and mmdebstrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words are those of the two programs")]
pub enum Variant {
    Minbase,
    Important,
    Buildd,
    Apt,
    Essential,
    Extract,
}

impl Variant {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Minbase, Self::Important, Self::Buildd, Self::Apt, Self::Essential, Self::Extract];

    /// The word of the topology file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Minbase => "minbase",
            Self::Important => "important",
            Self::Buildd => "buildd",
            Self::Apt => "apt",
            Self::Essential => "essential",
            Self::Extract => "extract",
        }
    }
}

/// One thing that is sent to where an image is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is, and its place in the archive.
    pub member: Member,
    /// SHA-256 of a file's content in hexadecimal; empty for what has none.
    pub digest: String,
}

impl Part {
    /// A file with this text.
    pub fn text(path: &str, mode: u32, text: &str) -> Self {
        let member =
            Member { path: path.to_owned(), mode, content: MemberContent::Text(text.into()) };
        Self { member, digest: hexadecimal(&Sha256::digest(text.as_bytes())) }
    }
}

/// Bytes in hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes all text");
        text
    })
}

impl RecipeKind {
    /// The word of the topology file.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Dockerfile(_) => "dockerfile",
            Self::Template(_) => "template",
            Self::Rootfs(_) => "rootfs",
        }
    }

    /// Whether an engine can use what it builds.
    pub fn suits(&self, engine: EngineKind) -> bool {
        match self {
            Self::Dockerfile(_) => matches!(engine, EngineKind::Docker | EngineKind::Podman),
            Self::Template(_) => engine == EngineKind::Lxc,
            Self::Rootfs(_) => true,
        }
    }
}

impl Recipe {
    /// The tag of what it builds: SHA-256 over the recipe and the content of all that is sent, its
    /// first 12 hexadecimal digits. Neither the order of packages, arguments and files matters, nor
    /// where files lie here and when they were changed.
    pub fn tag(&self) -> String {
        let mut parts: Vec<Value> = self.parts.iter().map(described).collect();
        parts.sort_by_key(Value::to_string);
        let all = json!([self.kind.word(), of_kind(&self.kind), parts]).to_string();
        let mut tag = hexadecimal(&Sha256::digest(all.as_bytes()));
        tag.truncate(TAG);
        tag
    }

    /// The image it builds, in the words of an engine.
    pub fn image(&self, engine: EngineKind) -> Image {
        let between = match engine {
            EngineKind::Docker | EngineKind::Podman | EngineKind::Cri => ':',
            EngineKind::Native | EngineKind::Lxc | EngineKind::Nspawn => '-',
        };
        let name = format!("{}{between}{}", self.name, self.tag());
        Image { name: Some(name), file: None, recipe: Some(self.name.clone()) }
    }
}

fn described(part: &Part) -> Value {
    let Part { member: Member { path, mode, content }, digest } = part;
    match content {
        MemberContent::Folder => json!([path, "folder", mode]),
        MemberContent::Text(_) | MemberContent::File(_) => json!([path, "file", mode, digest]),
        MemberContent::Link(to) => json!([path, "link", to]),
    }
}

fn of_kind(kind: &RecipeKind) -> Value {
    match kind {
        RecipeKind::Dockerfile(Dockerfile { file: _, context, args }) => {
            json!([context.is_some(), args])
        }
        RecipeKind::Template(words) => json!(shlex::split(words)),
        RecipeKind::Rootfs(Rootfs { suite, mirror, variant, packages, files: _, run }) => {
            let mut packages = packages.clone();
            packages.sort();
            json!([suite, mirror, variant.word(), packages, run])
        }
    }
}

impl Topology {
    /// Gives the images that recipes build the names that these have for what is known of them.
    pub fn tag_images(&mut self) {
        let Self { groups, images, .. } = self;
        for group in groups {
            let recipe = group.image.recipe.as_ref().and_then(|name| images.get(name));
            if let Some(recipe) = recipe {
                group.image = recipe.image(group.engine);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rootfs(change: impl Fn(&mut Rootfs)) -> Recipe {
        let mut rootfs = Rootfs {
            suite: "bookworm".into(),
            mirror: None,
            variant: Variant::Minbase,
            packages: vec!["iproute2".into(), "iperf3".into()],
            files: Vec::new(),
            run: vec![vec!["true".into()], vec!["ldconfig".into()]],
        };
        change(&mut rootfs);
        let kind = RecipeKind::Rootfs(rootfs);
        Recipe { name: "debian-net".into(), kind, parts: Vec::new() }
    }

    fn dockerfile(parts: Vec<Part>, arg: &str, file: &str) -> Recipe {
        let args = [("A".to_owned(), arg.to_owned())].into();
        let context = Some("web".into());
        let kind = RecipeKind::Dockerfile(Dockerfile { file: file.into(), context, args });
        Recipe { name: "web".into(), kind, parts }
    }

    #[test]
    fn the_order_of_what_has_none_changes_no_tag() {
        let tag = rootfs(|_| ()).tag();
        assert!(tag.len() == TAG && tag.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(rootfs(|rootfs| rootfs.packages.reverse()).tag(), tag);
        let (a, b) = (Part::text("a", 0o644, "1"), Part::text("b", 0o644, "2"));
        assert_eq!(
            dockerfile(vec![a.clone(), b.clone()], "1", "x/Dockerfile").tag(),
            dockerfile(vec![b, a], "1", "y/Dockerfile").tag()
        );
    }

    #[test]
    fn whatever_changes_the_image_changes_the_tag() {
        let changed = |change: &dyn Fn(&mut Rootfs)| rootfs(change).tag() != rootfs(|_| ()).tag();
        assert!(changed(&|rootfs| rootfs.suite = "trixie".into()));
        assert!(changed(&|rootfs| rootfs.mirror = Some("http://192.0.2.1/debian".into())));
        assert!(changed(&|rootfs| rootfs.variant = Variant::Extract));
        assert!(changed(&|rootfs| rootfs.packages.truncate(1)));
        assert!(changed(&|rootfs| rootfs.run.reverse()));
        let of = |text: &str, mode, arg| {
            dockerfile(vec![Part::text("a", mode, text)], arg, "Dockerfile").tag()
        };
        let known = of("1", 0o644, "1");
        assert_eq!(known, of("1", 0o644, "1"));
        assert_ne!(known, of("2", 0o644, "1"));
        assert_ne!(known, of("1", 0o755, "1"));
        assert_ne!(known, of("1", 0o644, "2"));
        let moved = Part::text("b", 0o644, "1");
        assert_ne!(known, dockerfile(vec![moved], "1", "Dockerfile").tag());
        let kind = RecipeKind::Template("busybox".into());
        let template = Recipe { name: "web".into(), kind, parts: Vec::new() };
        assert_ne!(known, template.tag());
    }

    #[test]
    fn an_image_is_named_as_its_engine_names_images() {
        let recipe = rootfs(|_| ());
        let name = |engine| recipe.image(engine).name.unwrap_or_default();
        let tag = recipe.tag();
        assert_eq!(name(EngineKind::Podman), format!("debian-net:{tag}"));
        assert_eq!(name(EngineKind::Lxc), format!("debian-net-{tag}"));
        assert!(EngineKind::ALL.into_iter().all(|engine| recipe.kind.suits(engine)));
    }
}
