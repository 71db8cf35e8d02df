//! The house rules that a reader of one file cannot see: imports point down, files are short,
//! modules say what they are for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every module of the crate with its layer, as the table in `src/lib.rs` has it.
const LAYERS: [(&str, u8); 19] = [
    ("cli", 5),
    ("ui", 5),
    ("lifecycle", 4),
    ("executor", 3),
    ("transport", 2),
    ("plan", 2),
    ("doctor", 2),
    ("engine", 1),
    ("app", 1),
    ("link", 1),
    ("facts", 1),
    ("threads", 1),
    ("lock", 1),
    ("watch", 1),
    ("import", 1),
    ("wiring", 0),
    ("model", 0),
    ("cpu", 0),
    ("command", 0),
];

/// Who must not know whom although the layers would allow it; with the words that are allowed
/// nevertheless, because they are shapes and not behaviour.
const STRANGERS: [(&str, &str, &[&str]); 29] = [
    ("ui", "transport", &["Exit", "Stream", "TransportError"]),
    ("ui", "cli", &[]),
    ("ui", "engine", &[]),
    ("ui", "link", &[]),
    ("executor", "engine", &[]),
    ("executor", "link", &[]),
    ("executor", "model", &[]),
    ("executor", "facts", &[]),
    ("transport", "plan", &[]),
    ("transport", "engine", &[]),
    ("transport", "link", &[]),
    ("transport", "facts", &[]),
    ("transport", "model", &["Become", "SshTarget"]),
    ("engine", "link", &[]),
    ("link", "engine", &[]),
    ("plan", "transport", &[]),
    ("executor", "lock", &[]),
    ("transport", "lock", &[]),
    ("plan", "lock", &[]),
    ("lock", "engine", &[]),
    ("app", "engine", &[]),
    ("engine", "app", &[]),
    ("executor", "app", &[]),
    ("transport", "app", &[]),
    ("engine", "watch", &[]),
    ("app", "watch", &[]),
    ("watch", "link", &[]),
    ("executor", "watch", &[]),
    ("transport", "watch", &[]),
];

/// File names that say nothing.
const BANNED: [&str; 6] = ["util", "utils", "helper", "helpers", "common", "manager"];

const MAX_LINES: usize = 400;

struct Source {
    /// Relative to `src`.
    path: PathBuf,
    text: String,
}

impl Source {
    /// The module right under the crate; empty for `main.rs` and `lib.rs`.
    fn module(&self) -> &str {
        let first = self.path.components().next().and_then(|part| part.as_os_str().to_str());
        let name = first.unwrap_or_default().trim_end_matches(".rs");
        if ["main", "lib"].contains(&name) { "" } else { name }
    }

    /// The text without comments and without its tests, which stand at its end or in a
    /// `tests.rs` of their own.
    fn code(&self) -> String {
        if self.path.iter().any(|part| part == "tests.rs" || part == "tests") {
            return String::new();
        }
        let code = self.text.split("\n#[cfg(test)]\n").next().unwrap_or_default();
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        code.lines().filter(is_code).collect::<Vec<_>>().join("\n")
    }

    /// Every (module, word) named after `crate::`; `word` is what follows the module, or empty.
    fn imports(&self) -> BTreeSet<(String, String)> {
        let code = self.code();
        let code: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut found = BTreeSet::new();
        for (at, _) in code.match_indices("crate::") {
            for path in expand(&code[at + "crate::".len()..]) {
                let mut words = path.split("::");
                let module = words.next().unwrap_or_default().to_owned();
                // Of `error::TransportError` the type counts, of `Exit::Code` too.
                let word = words.find(|word| word.starts_with(char::is_uppercase));
                found.insert((module, word.unwrap_or_default().to_owned()));
            }
        }
        found
    }
}

/// The paths that a `use` tree or an expression begins with: `a::{B, c::D}` is `a::B`, `a::c::D`.
fn expand(text: &str) -> Vec<String> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    let (path, rest) = text.split_at(end.unwrap_or(text.len()));
    let Some(inner) = rest.strip_prefix('{').filter(|_| path.is_empty() || path.ends_with("::"))
    else {
        return vec![path.trim_end_matches(':').to_owned()];
    };
    let mut depth = 1;
    let mut parts = vec![String::new()];
    for c in inner.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
        parts.last_mut().expect("it begins with one").push(c);
    }
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(expand).map(|part| format!("{path}{part}")).collect()
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source { path: path.strip_prefix(root).unwrap().to_owned(), text });
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    assert!(found.len() > 20, "the sources are where they are looked for");
    found
}

fn layer(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

/// What is wrong with the imports of one source.
fn wrong_imports(source: &Source) -> Vec<String> {
    let own = source.module();
    let Some(own_layer) = layer(own) else {
        return if own.is_empty() { vec![] } else { vec![format!("`{own}` has no layer")] };
    };
    let mut wrong = Vec::new();
    for (module, word) in source.imports() {
        let Some(other) = layer(&module).filter(|_| module != own) else { continue };
        if other > own_layer {
            wrong.push(format!("{own} -> {module} points up"));
        }
        let stranger = STRANGERS.iter().find(|(who, whom, _)| *who == own && *whom == module);
        if let Some((_, _, allowed)) = stranger
            && !allowed.contains(&word.as_str())
        {
            wrong.push(format!("{own} -> {module}::{word}: {own} must not know {module}"));
        }
    }
    wrong
}

#[test]
fn imports_point_down() {
    let wrong: Vec<String> = sources()
        .iter()
        .flat_map(|source| {
            let path = source.path.display().to_string();
            wrong_imports(source).into_iter().map(move |what| format!("src/{path}: {what}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_table_of_the_library_has_every_module() {
    let library = sources().into_iter().find(|source| source.path == Path::new("lib.rs")).unwrap();
    for (module, layer) in LAYERS {
        let row = library.text.lines().find(|line| line.contains(&format!("[`{module}`]")));
        let row = row.unwrap_or_else(|| panic!("`{module}` is not in the table"));
        assert!(row.contains(&format!("| {layer} ")), "{module}: {row}");
    }
    for line in library.text.lines() {
        if let Some(module) = line.strip_prefix("pub mod ") {
            assert!(layer(module.trim_end_matches(';')).is_some(), "{line} has no layer");
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for source in sources() {
        let path = source.path.display().to_string();
        let lines = source.text.lines().count();
        if lines > MAX_LINES {
            wrong.push(format!("src/{path}: {lines} lines, {MAX_LINES} at most"));
        }
        if !source.text.starts_with("//! ") {
            wrong.push(format!("src/{path}: begins without `//!`"));
        }
        if source.text.contains("#[allow(") || source.text.contains("#![allow(") {
            wrong.push(format!("src/{path}: `allow`; write `expect` with a reason"));
        }
        let names = source.path.iter().map(|part| part.to_string_lossy().replace(".rs", ""));
        if let Some(name) = names.into_iter().find(|name| BANNED.contains(&name.as_str())) {
            wrong.push(format!("src/{path}: `{name}` says nothing"));
        }
        for word in [
            ".unwrap()",
            concat!("todo", "!("),
            concat!("unimplemented", "!("),
            concat!("TO", "DO"),
            concat!("FIX", "ME"),
        ] {
            if source.code().contains(word) {
                wrong.push(format!("src/{path}: `{word}` outside of tests"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn wrong_imports_are_seen() {
    let wrong = |path: &str, text: &str| {
        wrong_imports(&Source { path: path.into(), text: text.to_owned() }).len()
    };
    assert_eq!(wrong("model/a.rs", "use crate::engine::Engine;"), 1);
    assert_eq!(wrong("engine/a.rs", "use crate::{command::Command, link::{LinkSpec}};"), 1);
    assert_eq!(wrong("ui/a.rs", "use crate::transport::{Exit, TransportError};"), 0);
    assert_eq!(wrong("ui/a.rs", "use crate::transport::{\n    Exit,\n    Connector,\n};"), 1);
    assert_eq!(wrong("ui/a.rs", "fn f() { crate::transport::local::Local::open() }"), 1);
    assert_eq!(wrong("ui/a.rs", "fn f(e: crate::transport::error::TransportError) {}"), 0);
    assert_eq!(wrong("executor/a.rs", "// crate::engine\n"), 0);
    assert_eq!(wrong("plan.rs", "\n#[cfg(test)]\nmod tests { use crate::ui::Ui; }"), 0);
    assert_eq!(wrong("misc/a.rs", ""), 1);
}
