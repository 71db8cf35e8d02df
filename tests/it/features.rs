//! The table of engines and features, in the README and as a man page. Each cell is what the reader
//! and the engine make of a group that has just this feature: refused, with the reason as footnote,
//! or in the commands that make its container. A feature that is neither refused nor there fails.
//!
//! `VNFCTL_BLESS=1 cargo test --test it features` writes what is found into the README.

use std::fmt::Write;
use std::path::Path;
use vnfctl::engine::{ContainerSpec, Engine, Labels, engine};
use vnfctl::facts::Facts;
use vnfctl::model::{EngineKind, HOMES, Source, load};
use vnfctl::plan::{Assignment, Rendering, Wanted, wanted};

const HEAD: &str = "| feature |";

/// How a feature shows itself.
#[derive(Clone, Copy)]
enum Shown {
    /// Keys of a group that change how its container is made.
    Made(&'static str),
    /// Keys of a group that the engine itself need not know: placement, checks, watchers.
    Beside(&'static str),
    /// As [`Shown::Beside`], in other words for each engine.
    Words(fn(EngineKind) -> &'static str),
    /// Two groups, `VNF` and `CNF`, with these keys each, and what joins them.
    Joined(&'static str, &'static str),
    /// A group whose image is made by this recipe.
    Built(&'static str),
    /// What the engine says of itself, and the reason where it cannot.
    Engine(fn(&dyn Engine) -> bool, &'static str),
}
use Shown::{Beside, Built, Engine as Of, Joined, Made, Words};

const APP: &str = r#"app = { kind = "custom", start = ["sleep", "inf"] }"#;
const TARBALL: &str = "image = \"vnf\"\nimage_file = \"node:/srv/vnf.tar\"";
const VETH: &str = r#"[[links]]
kind = "veth"
ends = [{ container = "VNF1", interface = "net1" }, { container = "CNF1", interface = "net1" }]
"#;
const MEMIF: &str = r#"[[links]]
kind = "memif"
ends = [{ container = "VNF1" }, { container = "CNF1" }]
"#;

/// Every row: its first cell, and the feature. Rows about keys that no file can have are left out.
const FEATURES: [(&str, Shown); 42] = [
    ("image fetched by its name", Words(by_name)),
    ("image from a tarball: `image_file`", Beside(TARBALL)),
    ("built from a root file system recipe", Built("kind = \"rootfs\"\nsuite = \"bookworm\"")),
    ("built from a Dockerfile", Built("kind = \"dockerfile\"\ndockerfile = \"Dockerfile\"")),
    ("built from an LXC template", Built("kind = \"template\"\ntemplate = \"busybox\"")),
    ("a folder of the node as root", Beside(r#"image = "/srv/root""#)),
    ("`install_as_image`", Of(|engine| engine.derives(), INSTALLED)),
    ("`exec`, `shell`, `logs`", Of(is_entered, "")),
    ("`stop` and `start` keep what was put inside", Of(is_kept, NOT_KEPT)),
    ("put back on its CPUs while it runs", Of(is_repinned, "")),
    ("`cpuset_mems`", Beside("cpuset_mems = 0")),
    ("`memory`", Made(r#"memory = "1GiB""#)),
    ("`hugepages`", Beside(r#"hugepages = { "2MiB" = 16 }"#)),
    ("`mounts`", Made(r#"mounts = ["/srv:/srv:ro"]"#)),
    ("`env`", Made(r#"env = { COLOUR = "blue" }"#)),
    ("`command`", Made(r#"command = ["sleep", "9"]"#)),
    ("`network = \"none\"`", Beside(r#"network = "none""#)),
    ("`network = \"host\"`", Made(r#"network = "host""#)),
    ("`network = \"bridge\"`", Made(r#"network = "bridge""#)),
    ("`publish`", Made(r#"publish = ["8080:80"]"#)),
    ("veth links", Joined("", VETH)),
    ("memif links", Joined(APP, MEMIF)),
    ("`app`", Made(APP)),
    ("`privileged`", Made("privileged = true")),
    ("`cap_add`", Made(r#"cap_add = ["NET_ADMIN", "SYS_TIME"]"#)),
    ("`cap_drop`", Made(r#"cap_drop = ["CHOWN"]"#)),
    ("`devices`", Made(r#"devices = ["/dev/net/tun"]"#)),
    // Native has no filter that it could leave out.
    ("`seccomp = \"unconfined\"`", Beside(r#"seccomp = "unconfined""#)),
    ("`seccomp`: a profile", Made(r#"seccomp = "node:/etc/vnf.json""#)),
    ("`apparmor`", Made(r#"apparmor = "vnf""#)),
    ("`selinux`", Made(r#"selinux = "system_u:system_r:container_t:s0""#)),
    ("`no_new_privileges`", Made("no_new_privileges = true")),
    ("`read_only`", Made("read_only = true")),
    ("`user`", Made(r#"user = "1000""#)),
    ("`sysctls`", Made("sysctls = { \"net.ipv4.ip_forward\" = 1 }")),
    ("`ulimits`", Made("ulimits = { nofile = 1024 }")),
    ("`pids`", Made("pids = 100")),
    ("`idmap`", Beside(r#"idmap = "auto""#)),
    ("`runtime`", Made(r#"runtime = "crun""#)),
    ("sandboxes: `runtime = \"runsc\"`", Made(r#"runtime = "runsc""#)),
    ("`pod`", Beside(r#"pod = "together""#)),
    ("`init`", Beside("init = true\ncommand = [\"true\"]")),
];

/// As [`FEATURES`], of what watches containers.
const WATCHED: [(&str, Shown); 2] = [
    ("`probe`", Beside(r#"probe = { exec = ["true"] }"#)),
    ("`restart`", Beside(r#"restart = "always""#)),
];

const NOT_KEPT: &str =
    "its runtime starts no container twice: `start` makes it anew from its image";
const INSTALLED: &str =
    "it has no images to keep the result in: software is installed once per container";

/// A path that LXC takes for something else: nothing to refuse, and not this feature.
const TEMPLATE: &str =
    "lxc takes a path for a template to be run; give a tarball of the folder as `image_file`";

fn by_name(kind: EngineKind) -> &'static str {
    match kind {
        EngineKind::Lxc => r#"image = "download -d debian -r bookworm -a amd64""#,
        _ => r#"image = "debian:12""#,
    }
}

fn is_entered(engine: &dyn Engine) -> bool {
    let argv = ["true".to_owned()];
    let commands = [
        engine.exec("x", &argv, false),
        engine.exec("x", &argv, true),
        engine.logs("x", None, false),
    ];
    commands.iter().all(|command| !command.argv.is_empty())
}

fn is_kept(engine: &dyn Engine) -> bool {
    let stop = engine.stop("x", std::time::Duration::from_secs(1));
    // What removes it is `destroy`, and nothing else.
    engine.keeps() && stop != engine.destroy("x") && !engine.start("x").argv.is_empty()
}

fn is_repinned(engine: &dyn Engine) -> bool {
    let spec = ContainerSpec { name: "x".into(), cpus: vec![1], ..ContainerSpec::default() };
    !engine.repin(&spec, &Facts::default()).is_empty()
}

/// What is refused of a topology; otherwise the commands that make its containers, without labels,
/// which say everything.
fn tried(text: &str) -> Result<String, String> {
    let source = Source { name: "test.toml".into(), text: text.into() };
    let loaded = load(&[source], &|_| None).map_err(|problems| problems.list[0].message.clone())?;
    let assignment = |(group, cpu): (&vnfctl::model::Group, u32)| {
        let (node, group) = ("DUT1".to_owned(), group.name.clone());
        Assignment { node, group, ordinal: 1, cpus: vec![cpu], mems: vec![0] }
    };
    let assignments: Vec<_> = loaded.topology.groups.iter().zip(1..).map(assignment).collect();
    let all = wanted(&loaded.topology, &assignments, &loaded.secrets, Rendering::Whole);
    let all = all.unwrap_or_else(|errors| panic!("{errors:?}"));
    if let Some(refusal) = all.iter().flat_map(Wanted::refusals).next() {
        return Err(refusal.message);
    }
    let made = all.iter().flat_map(|one| {
        let spec = ContainerSpec { labels: Labels::default(), ..one.spec.clone() };
        engine(one.group.engine).create(&spec, &Facts::default())
    });
    Ok(made.map(|command| command.display()).collect())
}

/// A topology of one engine; groups without a root of their own have one from a tarball.
fn topology(kind: EngineKind, groups: &[(&str, &str)], rest: &str) -> String {
    let mut text = "name = \"one\"\n[nodes.DUT1]\n".to_owned();
    for (name, keys) in groups {
        let image = if keys.contains("image = ") { "" } else { TARBALL };
        writeln!(text, "[groups.{name}]\nengine = \"{}\"\n{image}\n{keys}", kind.word()).unwrap();
    }
    text + rest
}

/// The reason why not; none = it can.
fn judge(name: &str, shown: Shown, kind: EngineKind) -> Option<String> {
    let one = |keys: &str| tried(&topology(kind, &[("VNF", keys)], ""));
    match shown {
        Of(can, why) => (!can(engine(kind))).then(|| format!("{}: {why}", kind.word())),
        Beside(r#"image = "/srv/root""#) if kind == EngineKind::Lxc => Some(TEMPLATE.to_owned()),
        Beside(keys) => one(keys).err(),
        Words(keys) => one(keys(kind)).err(),
        Built(recipe) => {
            let recipe = format!("[images.built]\n{recipe}\n");
            let keys = "image = \"built\"\ncommand = [\"sleep\", \"9\"]";
            tried(&topology(kind, &[("VNF", keys)], &recipe)).err()
        }
        Joined(keys, links) => tried(&topology(kind, &[("VNF", keys), ("CNF", keys)], links)).err(),
        Made(keys) => match one(keys) {
            Err(reason) => Some(reason),
            Ok(made) => {
                let without = one("").expect("a group without anything is not refused");
                assert!(made != without, "{name} is taken by {} and has no effect", kind.word());
                None
            }
        },
    }
}

/// Whether a file can have the keys of a feature.
fn is_known(shown: Shown) -> bool {
    let key = match shown {
        Made(keys) | Beside(keys) => keys.split_whitespace().next().unwrap_or_default(),
        Built(_) => "images",
        Words(_) | Joined(..) | Of(..) => return true,
    };
    HOMES.iter().any(|(known, _)| known.contains(&key))
}

/// Rows of the table, `yes` or the number of a footnote in each cell, and the footnotes.
fn table() -> (Vec<(&'static str, Vec<String>)>, Vec<String>) {
    let mut notes: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    let all = FEATURES.into_iter().chain(WATCHED);
    for (name, shown) in all.filter(|(_, shown)| is_known(*shown)) {
        let cells = EngineKind::ALL.map(|kind| {
            let Some(reason) = judge(name, shown, kind) else { return "yes".to_owned() };
            let known = notes.iter().position(|note| *note == reason);
            let number = known.unwrap_or_else(|| {
                notes.push(reason);
                notes.len() - 1
            });
            format!("no [{}]", number + 1)
        });
        rows.push((name, cells.to_vec()));
    }
    (rows, notes)
}

fn markdown() -> String {
    let (rows, notes) = table();
    let engines = EngineKind::ALL.map(EngineKind::word);
    let mut text =
        format!("{HEAD} {} |\n|---|{}\n", engines.join(" | "), "---|".repeat(engines.len()));
    for (name, cells) in rows {
        writeln!(text, "| {name} | {} |", cells.join(" | ")).unwrap();
    }
    text.push('\n');
    for (number, note) in (1..).zip(notes) {
        writeln!(text, "{number}. {note}").unwrap();
    }
    text
}

/// The same as a man page.
pub(crate) fn page() -> String {
    let (rows, notes) = table();
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!(
        ".TH \"VNFCTL-ENGINES\" \"7\" \"\" \"vnfctl {version}\" \"vnfctl manual\"\n.SH NAME\n\
         vnfctl\\-engines \\- what each engine can do\n.SH DESCRIPTION\nThe same topology runs on \
         each engine when the word is changed, as far as the engine can. What it cannot is refused \
         by \\fBvnfctl check\\fR with its reason.\n.SH \"FEATURES\"\n.nf\n"
    );
    let widest = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |name: &str, cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:8}")).collect();
        format!("{name:widest$}  {}", cells.join("  "))
            .trim_end()
            .replace('\\', "\\e")
            .replace('-', "\\-")
    };
    let words = EngineKind::ALL.map(|kind| kind.word().to_owned());
    writeln!(text, "{}", line("", &words)).unwrap();
    for (name, cells) in &rows {
        writeln!(text, "{}", line(&name.replace('`', ""), cells)).unwrap();
    }
    text.push_str(".fi\n.SH \"REASONS\"\n");
    for (number, note) in (1..).zip(notes) {
        let note = note.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
        writeln!(text, ".IP \"[{number}]\" 6\n\\&{}", note.replace('`', "")).unwrap();
    }
    text.push_str(".SH \"SEE ALSO\"\n\\fBvnfctl\\fR(1)\n");
    text
}

#[test]
fn the_readme_says_what_each_engine_can_do() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let start = readme.find(HEAD).expect("the README has the table");
    let end = start + readme[start..].find("\n## ").expect("a section follows");
    let wanted = markdown();
    if std::env::var_os("VNFCTL_BLESS").is_some() {
        std::fs::write(path, [&readme[..start], &wanted, &readme[end..]].concat()).unwrap();
        return;
    }
    assert!(
        readme[start..end].trim_end() == wanted.trim_end(),
        "the README's table is not what the engines say; mend by `VNFCTL_BLESS=1 cargo test --test \
         it features`, and read it:\n{wanted}"
    );
}
