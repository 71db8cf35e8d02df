//! Typed reading: each reader returns the value or reports why not, and says how to mend it.

use super::names::nearest;
use super::problem::{Place, Problem, Report};
use super::value::{Entry, Kind, Table, Value};
use super::{home, is_key};
use std::ops::RangeInclusive;

/// A string and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) place: &'a Place,
}

/// More words than this are not listed in full.
const LISTED: usize = 64;

/// "a, b and c", each in backticks.
pub(super) fn listed<S: AsRef<str>>(words: &[S]) -> String {
    let quote = |word: &S| format!("`{}`", word.as_ref());
    if words.len() > LISTED {
        let first: Vec<String> = words[..10].iter().map(quote).collect();
        return format!("{} and {} more", first.join(", "), words.len() - first.len());
    }
    let quoted: Vec<String> = words.iter().map(quote).collect();
    match quoted.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        Some((last, _)) => last.clone(),
        None => "nothing".to_owned(),
    }
}

/// Names the nearest of the known words, or all of them.
pub(super) fn known(word: &str, candidates: &[&str], what: &str) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if candidates.is_empty() => format!("there are no {what}"),
        None if candidates.len() == 1 => format!("the only one known is `{}`", candidates[0]),
        None => format!("known {what}: {}", listed(candidates)),
    }
}

/// Whether only an `s` is missing of one of the keys: then `group` is no key of a chain.
fn is_plural_of(key: &str, keys: &[&str]) -> bool {
    keys.iter().any(|known| known.strip_suffix('s') == Some(key))
}

impl Report {
    fn wrong_type(&mut self, what: &str, wanted: &str, value: &Value) -> Option<&mut Problem> {
        if value.kind == Kind::Broken {
            return None;
        }
        let label = format!("this is {}", value.kind.noun());
        Some(self.add(&value.place, format!("{what} must be {wanted}"), label))
    }

    /// Reports every key that is not in `keys`.
    pub(super) fn check_keys<'a>(
        &mut self,
        entries: impl IntoIterator<Item = &'a Entry>,
        keys: &[&str],
        what: &str,
    ) {
        for entry in entries.into_iter().filter(|entry| !keys.contains(&entry.key.as_str())) {
            self.add(&entry.place, format!("unknown key `{}` in {what}", entry.key), "unknown key")
                .help(match home(&entry.key).filter(|_| !is_plural_of(&entry.key, keys)) {
                    Some(home) => format!("`{}` is a key of {home}", entry.key),
                    None => known(&entry.key, keys, "keys"),
                });
        }
    }

    /// As [`Self::check_keys`], where a table of another kind has keys of its own: `others`.
    pub(super) fn check_keys_of(
        &mut self,
        table: &Table,
        keys: &[&str],
        what: &str,
        others: &[&str],
        other: &str,
    ) {
        let foreign = |key: &str| others.contains(&key) && !keys.contains(&key);
        let (wrong, rest): (Vec<&Entry>, Vec<&Entry>) =
            table.entries.iter().partition(|entry| foreign(&entry.key));
        for entry in wrong {
            self.add(&entry.place, format!("{what} has no `{}`", entry.key), "not here")
                .help(format!("`{}` is a key of {other}", entry.key));
        }
        self.check_keys(rest, keys, what);
    }

    /// Reports a key that must be there, unless a misspelt one is, which is reported already.
    pub(super) fn missing(
        &mut self,
        table: &Table,
        place: &Place,
        key: &str,
        what: &str,
        help: impl Into<String>,
    ) {
        let misspelt = |entry: &Entry| {
            let elsewhere = is_key(&entry.key) && !is_plural_of(&entry.key, &[key]);
            !elsewhere && nearest(&entry.key, [key]).is_some()
        };
        if !table.entries.iter().any(misspelt) {
            let message = format!("{what} needs `{key}`");
            self.add(place, message, format!("`{key}` is missing")).help(help);
        }
    }

    /// A string.
    pub(super) fn text<'a>(&mut self, name: &str, value: &'a Value) -> Option<Word<'a>> {
        self.text_of(&format!("`{name}`"), value)
    }

    fn text_of<'a>(&mut self, what: &str, value: &'a Value) -> Option<Word<'a>> {
        if let Kind::Text(text) = &value.kind {
            return Some(Word { text, place: &value.place });
        }
        let number = matches!(value.kind, Kind::Integer(_) | Kind::Float(_) | Kind::Boolean(_));
        let problem = self.wrong_type(what, "a string", value)?;
        if number {
            problem.help("put it in quotes");
        }
        None
    }

    /// An integer within a range.
    pub(super) fn integer(
        &mut self,
        name: &str,
        value: &Value,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let Kind::Integer(integer) = value.kind else {
            let quoted = matches!(&value.kind, Kind::Text(text) if text.parse::<u32>().is_ok());
            let problem = self.wrong_type(&format!("`{name}`"), "an integer", value)?;
            if quoted {
                problem.help("remove the quotes");
            }
            return None;
        };
        match u32::try_from(integer) {
            Ok(integer) if range.contains(&integer) => Some(integer),
            _ => {
                let (low, high) = (range.start(), range.end());
                let message = format!("`{name}` must be {low} to {high}");
                self.add(&value.place, message, format!("{integer} is out of range"));
                None
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, name: &str, value: &Value) -> Option<bool> {
        if let Kind::Boolean(boolean) = value.kind {
            return Some(boolean);
        }
        self.wrong_type(&format!("`{name}`"), "`true` or `false`", value)?.help("without quotes");
        None
    }

    /// A table.
    pub(super) fn table<'a>(&mut self, what: &str, value: &'a Value) -> Option<&'a Table> {
        if let Kind::Table(table) = &value.kind {
            return Some(table);
        }
        self.wrong_type(what, "a table", value);
        None
    }

    /// A list.
    pub(super) fn list<'a>(&mut self, name: &str, value: &'a Value) -> Option<&'a [Value]> {
        self.list_of(&format!("`{name}`"), value)
    }

    fn list_of<'a>(&mut self, what: &str, value: &'a Value) -> Option<&'a [Value]> {
        if let Kind::List(list) = &value.kind {
            return Some(list);
        }
        let text = matches!(value.kind, Kind::Text(_));
        let problem = self.wrong_type(what, "a list", value)?;
        if text {
            problem.help("put it in brackets: `[\"...\"]`");
        }
        None
    }

    /// A list of strings; items of other types are reported and left out.
    pub(super) fn words<'a>(&mut self, name: &str, value: &'a Value) -> Option<Vec<Word<'a>>> {
        self.words_of(&format!("`{name}`"), value)
    }

    /// As [`Report::words`]; `what` names the list, with backticks where it is a key.
    pub(super) fn words_of<'a>(&mut self, what: &str, value: &'a Value) -> Option<Vec<Word<'a>>> {
        let list = self.list_of(what, value)?;
        let what = format!("an item of {what}");
        Some(list.iter().filter_map(|item| self.text_of(&what, item)).collect())
    }

    /// A list of strings, none of them twice.
    pub(super) fn distinct<'a>(&mut self, name: &str, value: &'a Value) -> Vec<Word<'a>> {
        let words = self.words(name, value).unwrap_or_default();
        for (at, word) in words.iter().enumerate() {
            if let Some(first) = words[..at].iter().find(|first| first.text == word.text) {
                let message = format!("`{}` is in `{name}` twice", word.text);
                self.add(word.place, message, "again").mark(first.place, "first here");
            }
        }
        words
    }

    /// One of the known words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        entry: &Entry,
        choices: &[(&str, T)],
        what: &str,
    ) -> Option<T> {
        let word = self.text(&entry.key, &entry.value)?;
        if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == word.text) {
            return Some(*choice);
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let message = format!("unknown {what} `{}`", word.text);
        let near = nearest(word.text, names.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean `{near}`? (known: {})", listed(&names)),
            None => format!("known: {}", listed(&names)),
        };
        self.add(word.place, message, "not known here").help(help);
        None
    }
}
