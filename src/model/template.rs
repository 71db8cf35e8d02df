//! Templates of apps: their syntax, the names they may use, and the check of both before any node
//! is known. What the names stand for is computed in [`crate::app`].

use super::Source;
use super::problem::{Place, Report};
use super::read::{Word, known};
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use std::ops::Range;

/// What every template knows.
pub const TEMPLATE_VARIABLES: &[&str] = &[
    "name",
    "node",
    "group",
    "ordinal",
    "cpus",
    "mems",
    "mems_list",
    "ports",
    "links",
    "peers",
    "macs",
];

/// What `cpus` has.
pub const TEMPLATE_CPUS: &[&str] = &["all", "main", "workers", "list"];

/// Jinja that prints nothing for nothing: unknown names are errors, no character is escaped, a
/// line with only a `{% .. %}` leaves no line, and the end of the text stays as it is.
///
/// # Panics
/// Never: the delimiters are the default ones.
pub fn template_environment<'a>() -> Environment<'a> {
    let mut environment = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    syntax.keep_trailing_newline(true).trim_blocks(true).lstrip_blocks(true);
    environment.set_syntax(syntax.build().expect("the default delimiters"));
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_debug(true);
    environment
}

/// Reports a template that cannot be parsed, and every name in it that none has. What is inside
/// `ports` is known only when it is rendered.
pub(super) fn check_template(word: Word<'_>, sources: &[Source], report: &mut Report) {
    let environment = template_environment();
    let literal = sources[word.place.source].text.get(word.place.span.clone()).unwrap_or_default();
    let within = |inner: Range<usize>| {
        let start = word.place.span.start;
        Place { source: word.place.source, span: start + inner.start..start + inner.end }
    };
    let template = match environment.template_from_str(word.text) {
        Ok(template) => template,
        Err(error) => {
            let place = line_in(literal, error.line()).map_or_else(|| word.place.clone(), within);
            let detail = error.detail().unwrap_or("it cannot be parsed").to_owned();
            report
                .add(&place, format!("this template is not sound: {detail}"), "cannot be read")
                .help("`{{ name }}` is a value, `{% if .. %}` a statement; `{% raw %}` keeps both");
            return;
        }
    };
    let mut unknown: Vec<String> = template.undeclared_variables(true).into_iter().collect();
    unknown.sort();
    for path in unknown {
        let mut parts = path.split('.');
        let root = parts.next().unwrap_or_default();
        let (name, candidates, what) = match parts.next() {
            Some(part) if root == "cpus" => (part, TEMPLATE_CPUS, "names in `cpus`"),
            _ => (root, TEMPLATE_VARIABLES, "variables"),
        };
        let is_function = environment.globals().any(|(function, _)| function == name);
        if candidates.contains(&name) || is_function && name == root {
            continue;
        }
        let shown = if name == root { name.to_owned() } else { format!("{root}.{name}") };
        let place = find_word(literal, &shown).map_or_else(|| word.place.clone(), within);
        report
            .add(&place, format!("unknown variable `{shown}` in a template"), "not known here")
            .help(known(name, candidates, what));
    }
}

/// Bytes of a line of a literal's content, from 1; `None` where the literal is one line.
fn line_in(literal: &str, line: Option<usize>) -> Option<Range<usize>> {
    let opened =
        literal.get(3..).is_some_and(|rest| rest.trim_start_matches('\r').starts_with('\n'));
    let index = line?.checked_sub(1)? + usize::from(opened);
    let lines: Vec<&str> = literal.split('\n').collect();
    let found = lines.get(index).filter(|_| lines.len() > 1)?.trim();
    let start = found.as_ptr() as usize - literal.as_ptr() as usize;
    Some(start..start + found.len())
}

/// The first place where `name` stands as a whole word behind a `{{` or `{%`.
fn find_word(literal: &str, name: &str) -> Option<Range<usize>> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let opened = |at: usize| {
        let before = &literal[..at];
        ["{{", "{%"].iter().filter_map(|open| before.rfind(open)).max()
            > ["}}", "%}"].iter().filter_map(|close| before.rfind(close)).max()
    };
    literal.match_indices(name).map(|(at, _)| at..at + name.len()).find(|range| {
        let (before, after) = (&literal[..range.start], &literal[range.end..]);
        opened(range.start)
            && !before.ends_with(|c| part(c) || c == '.')
            && !after.starts_with(part)
    })
}
