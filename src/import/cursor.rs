//! The words of a name one after the other, each with its place. It must not know the grammar.

use super::words::nearest_word;
use crate::model::Problem;
use std::ops::Range;

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// In lower case.
    pub(super) text: String,
    /// Bytes of the whole text.
    pub(super) span: Range<usize>,
}

/// Walks over the words of a name.
#[derive(Debug)]
pub(super) struct Cursor {
    words: Vec<Word>,
    at: usize,
    /// Where the text ends.
    end: usize,
}

impl Cursor {
    /// The words of a name: without the folder it is in and without `.robot`. Case does not count.
    pub(super) fn new(text: &str) -> Self {
        let folder = text.rfind('/').map_or(0, |slash| slash + 1);
        let name = text[folder..].trim_end();
        let start = folder + (name.len() - name.trim_start().len());
        let name = name.trim_start();
        let name = name.strip_suffix(".robot").unwrap_or(name);
        let mut words = Vec::new();
        let mut at = start;
        for word in name.split('-') {
            let span = at..at + word.len();
            words.push(Word { text: word.to_ascii_lowercase(), span });
            at += word.len() + 1;
        }
        Self { words, at: 0, end: start + name.len() }
    }

    /// The word that comes next.
    pub(super) fn peek(&self) -> Option<&Word> {
        self.words.get(self.at)
    }

    /// The text of what comes `ahead` words after the next one; empty past the end.
    pub(super) fn text(&self, ahead: usize) -> &str {
        self.words.get(self.at + ahead).map_or("", |word| word.text.as_str())
    }

    /// Goes on by a word.
    pub(super) fn skip(&mut self) -> Range<usize> {
        let span = self.place();
        self.at += 1;
        span
    }

    /// Takes the next word where it is understood.
    pub(super) fn take<T>(&mut self, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let found = read(&self.peek()?.text)?;
        self.at += 1;
        Some(found)
    }

    /// Takes the next word, which must be understood.
    ///
    /// # Errors
    /// It is not, or there is none: `expected` says what belongs there, `known` are its words,
    /// with `#` for a number.
    pub(super) fn expect<T>(
        &mut self,
        expected: &str,
        known: &[&str],
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Problem> {
        match self.take(read) {
            Some(found) => Ok(found),
            None => Err(self.unknown(expected, known)),
        }
    }

    /// The next word is not what belongs there.
    pub(super) fn unknown(&self, expected: &str, known: &[&str]) -> Problem {
        let Some(word) = self.peek().filter(|word| !word.text.is_empty()) else {
            let message = format!("the name lacks {expected}");
            return problem(self.place(), message, format!("{expected} is missing here"), None);
        };
        let help = match nearest_word(&word.text, known.iter().copied()) {
            Some(near) if near == word.text => "a number is 1 to 999999".to_owned(),
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let list = known.iter().map(|known| format!("`{}`", known.replace('#', "N")));
                format!("known here: {}", list.collect::<Vec<_>>().join(", "))
            }
        };
        let help = Some(help);
        let message = format!("unknown word `{}` in the name", word.text);
        problem(word.span.clone(), message, format!("{expected} is expected here"), help)
    }

    /// Where the word stands that was taken last.
    pub(super) fn before(&self) -> Range<usize> {
        let last = self.at.checked_sub(1).and_then(|at| self.words.get(at));
        last.map_or(0..0, |word| word.span.clone())
    }

    /// Where the word stands that comes `ahead` words after the next one.
    pub(super) fn place_of(&self, ahead: usize) -> Range<usize> {
        self.words.get(self.at + ahead).map_or(self.end..self.end, |word| word.span.clone())
    }

    /// Where the next word stands, or where the text ends.
    pub(super) fn place(&self) -> Range<usize> {
        self.place_of(0)
    }
}

/// Something about a name.
pub(super) fn problem(
    span: Range<usize>,
    message: impl Into<String>,
    label: impl Into<String>,
    help: Option<String>,
) -> Problem {
    let (message, label) = (message.into(), label.into());
    Problem { source: 0, span, message, label, help, secondary: Vec::new() }
}
