//! Writes topology files.

use super::Engine;
use std::fmt::Write as _;

/// A TOML string that holds `value` byte for byte, also where the file expands variables.
pub(crate) fn text(value: &str) -> String {
    let quoted = serde_json::to_string(&value.replace('$', "$$")).expect("text is JSON");
    quoted.replace('\u{7f}', "\\u007f")
}

fn list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    format!("[{}]", values.into_iter().map(text).collect::<Vec<_>>().join(", "))
}

/// One group; keys are given as TOML.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    name: String,
    keys: Vec<(String, String)>,
}

/// A first process with a child, that ends at once when it is told to.
const COMMAND: [&str; 3] =
    ["sh", "-c", "trap 'exit 0' TERM; echo says $MICROSERVICE_LABEL; sleep 1000 & wait"];

impl Group {
    /// A group whose containers run a shell with a child on CPU 1.
    pub(crate) fn new(name: &str, engine: Engine) -> Self {
        let group = Self { name: name.to_owned(), keys: Vec::new() };
        let group = group.key("engine", text(engine.word())).command(&COMMAND);
        match engine {
            Engine::Native => group,
            Engine::Lxc | Engine::Nspawn => group.image("node:/lab-images/busybox.tar"),
            Engine::Docker | Engine::Podman => {
                group.image("node:/lab-images/busybox.tar").key("network", text("none"))
            }
        }
    }

    /// Sets a key, again or anew.
    pub(crate) fn key(mut self, key: &str, value: impl std::fmt::Display) -> Self {
        self.keys.retain(|(old, _)| old != key);
        self.keys.push((key.to_owned(), value.to_string()));
        self
    }

    /// Without a key that it has.
    pub(crate) fn without(mut self, key: &str) -> Self {
        self.keys.retain(|(old, _)| old != key);
        self
    }

    pub(crate) fn image(self, file: &str) -> Self {
        self.key("image", text("live-busybox")).key("image_file", text(file))
    }

    pub(crate) fn count(self, count: u32) -> Self {
        self.key("count", count)
    }

    pub(crate) fn command(self, argv: &[&str]) -> Self {
        self.key("command", list(argv.iter().copied()))
    }

    /// An app instead of the command; its keys as TOML.
    pub(crate) fn app(mut self, keys: &str) -> Self {
        self.keys.retain(|(key, _)| key != "command");
        self.key("app", format!("{{ {keys} }}"))
    }

    pub(crate) fn env(self, pairs: &[(&str, &str)]) -> Self {
        let pairs = pairs.iter().map(|(name, value)| format!("{} = {}", text(name), text(value)));
        self.key("env", format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", ")))
    }

    pub(crate) fn mounts(self, mounts: &[&str]) -> Self {
        self.key("mounts", list(mounts.iter().copied()))
    }

    pub(crate) fn depends_on(self, groups: &[&str]) -> Self {
        self.key("depends_on", list(groups.iter().copied()))
    }
}

/// A topology file.
#[derive(Debug, Clone)]
pub(crate) struct Topology {
    pub(crate) name: String,
    pub(crate) prefix: String,
    nodes: Vec<(String, String)>,
    groups: Vec<Group>,
    is_exclusive: bool,
    rest: String,
}

impl Topology {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            prefix: format!("{name}-"),
            nodes: Vec::new(),
            groups: Vec::new(),
            is_exclusive: false,
            rest: String::new(),
        }
    }

    /// A node and its keys as lines of TOML.
    pub(crate) fn node(mut self, name: &str, keys: &str) -> Self {
        self.nodes.retain(|(old, _)| old != name);
        self.nodes.push((name.to_owned(), keys.to_owned()));
        self
    }

    /// A group; one of the same name is replaced.
    pub(crate) fn group(mut self, group: Group) -> Self {
        match self.groups.iter_mut().find(|old| old.name == group.name) {
            Some(old) => *old = group,
            None => self.groups.push(group),
        }
        self
    }

    /// Its containers share their CPUs with nobody: for beds on a DUT of their own.
    pub(crate) fn exclusive(mut self) -> Self {
        self.is_exclusive = true;
        self
    }

    /// Anything else as TOML.
    pub(crate) fn and(mut self, toml: &str) -> Self {
        self.rest.push_str(toml);
        self
    }

    pub(crate) fn toml(&self) -> String {
        let mut toml = format!("name = {}\nprefix = {}\n", text(&self.name), text(&self.prefix));
        for (name, keys) in &self.nodes {
            write!(toml, "[nodes.{name}]\n{keys}\n").expect("a String takes all text");
        }
        toml.push_str("[defaults]\ncpu_count = 1\ncpu_skip = 1\n");
        if !self.is_exclusive {
            // The DUTs have two CPUs: all containers share CPU 1.
            toml.push_str("cpu_scarce = \"share\"\n");
        }
        for group in &self.groups {
            writeln!(toml, "[groups.{}]", group.name).expect("a String takes all text");
            for (key, value) in &group.keys {
                writeln!(toml, "{key} = {value}").expect("a String takes all text");
            }
        }
        toml.push_str(&self.rest);
        toml
    }
}
