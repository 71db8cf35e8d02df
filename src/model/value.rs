//! The text as a tree in which every key and value knows its place.

use super::expand::expand;
use super::problem::{Place, Report};
use crate::command::Secret;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A string, variables expanded.
    Text(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    Date,
    List(Vec<Value>),
    Table(Table),
    /// Reported already; readers pass over it in silence.
    Broken,
}

impl Kind {
    /// The kind in words, with article.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Boolean(_) => "a boolean",
            Self::Date => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Broken => "unreadable",
        }
    }
}

/// Keys and values in the order of the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Table {
    pub(super) entries: Vec<Entry>,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) value: Value,
}

impl Table {
    /// The entry of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

impl<'a> IntoIterator for &'a Table {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}

/// Turns TOML into a [`Table`], expanding variables.
pub(super) struct Parser<'a> {
    pub(super) variables: &'a dyn Fn(&str) -> Option<String>,
    pub(super) report: &'a mut Report,
    /// Values of variables whose names look secret.
    pub(super) secrets: &'a mut Vec<Secret>,
}

impl Parser<'_> {
    /// Parses one source. `None` after a syntax error, the first of which goes to `syntax`.
    pub(super) fn parse(
        &mut self,
        source: usize,
        text: &str,
        syntax: &mut Report,
    ) -> Option<Table> {
        let (document, errors) = DeTable::parse_recoverable(text);
        let Some(error) = errors.first() else {
            return Some(self.table(source, document.get_ref()));
        };
        let span = error.span().unwrap_or(text.len()..text.len());
        syntax_error(error.message(), &Place { source, span }, text, document.get_ref(), syntax);
        None
    }

    fn table(&mut self, source: usize, table: &DeTable<'_>) -> Table {
        let mut entries: Vec<Entry> =
            table.iter().map(|(key, value)| self.entry(source, key, value)).collect();
        entries.sort_by_key(|entry| entry.place.span.start);
        Table { entries }
    }

    fn entry(
        &mut self,
        source: usize,
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Entry {
        let place = Place { source, span: key.span() };
        Entry { key: key.get_ref().to_string(), place, value: self.value(source, value) }
    }

    fn value(&mut self, source: usize, value: &Spanned<DeValue<'_>>) -> Value {
        let place = Place { source, span: value.span() };
        let kind = match value.get_ref() {
            DeValue::String(text) => self.text(&place, text),
            DeValue::Integer(integer) => {
                if let Ok(integer) = i64::from_str_radix(integer.as_str(), integer.radix()) {
                    Kind::Integer(integer)
                } else {
                    self.report.add(&place, "this integer is too large", "out of range");
                    Kind::Broken
                }
            }
            DeValue::Float(float) => Kind::Float(float.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(boolean) => Kind::Boolean(*boolean),
            DeValue::Datetime(_) => Kind::Date,
            DeValue::Array(array) => {
                Kind::List(array.iter().map(|item| self.value(source, item)).collect())
            }
            DeValue::Table(table) => Kind::Table(self.table(source, table)),
        };
        Value { place, kind }
    }

    fn text(&mut self, place: &Place, text: &str) -> Kind {
        match expand(text, self.variables, self.secrets) {
            Ok(text) if text.contains('\0') => {
                self.report
                    .add(place, "a string must not contain NUL", "contains `\\u0000`")
                    .help("no argument, variable or path on Linux can hold that character");
                Kind::Broken
            }
            Ok(text) => Kind::Text(text),
            Err(wrong) => {
                self.report.add(place, wrong.message, wrong.label).help(wrong.help);
                Kind::Broken
            }
        }
    }
}

/// Says what is wrong in words that fit what stands there.
fn syntax_error(
    message: &str,
    place: &Place,
    text: &str,
    document: &DeTable<'_>,
    syntax: &mut Report,
) {
    let found = text.get(place.span.clone()).unwrap_or_default();
    if message == "duplicate key" {
        let problem = syntax.add(place, format!("`{found}` is defined twice"), "defined again");
        problem.help("a table or key stands once in a file");
        // A table's first header is lost to the parser; a key's own is the last one before.
        let header = text[..place.span.start].rsplit('\n').next().unwrap_or_default();
        if !header.trim_start().starts_with('[')
            && let Some(span) = last_key(document, found, place.span.start)
        {
            problem.mark(&Place { source: place.source, span }, "defined first here");
        }
        return;
    }
    let (message, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    if message == "string values must be quoted" && found.trim().is_empty() {
        syntax.add(place, "not TOML: a value is missing", "nothing after `=`");
        return;
    }
    if message == "invalid basic string" && expected == "`\"`" {
        syntax.add(place, "not TOML: a string never ends", "a `\"` is missing");
        return;
    }
    let unquoted = ["string values must be quoted", "invalid float", "invalid boolean"];
    if unquoted.contains(&message) && found.starts_with(char::is_alphabetic) {
        syntax
            .add(place, format!("not TOML: `{found}` is a string without quotes"), "here")
            .help(format!("write `\"{found}\"`"));
        return;
    }
    let problem = syntax.add(place, format!("not TOML: {message}"), "here");
    if !expected.is_empty() {
        problem.help(format!("expected {expected}"));
    }
}

/// The last key of that name before `end`.
fn last_key(table: &DeTable<'_>, name: &str, end: usize) -> Option<Range<usize>> {
    let inner = table.values().filter_map(|value| last_key(value.get_ref().as_table()?, name, end));
    let own = table.keys().filter(|key| key.get_ref() == name).map(Spanned::span);
    own.chain(inner).filter(|span| span.start < end).max_by_key(|span| span.start)
}
