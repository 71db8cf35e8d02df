//! Colours: few, meaningful, and decided once.

use clap::ValueEnum;
use std::fmt;

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless the environment says no
    #[default]
    Auto,
    /// Also into files and pipes
    Always,
    /// Plain text only
    Never,
}

/// What the environment says about colours.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    /// `NO_COLOR`, see <https://no-color.org>: any text but the empty one means no.
    pub no_color: Option<String>,
    /// `CLICOLOR`: `0` means no.
    pub clicolor: Option<String>,
    /// `CLICOLOR_FORCE`: anything but `0` and the empty text means yes, also without a terminal.
    pub clicolor_force: Option<String>,
    /// `TERM`: `dumb` means no.
    pub term: Option<String>,
}

impl Environment {
    /// The environment of this process.
    #[expect(clippy::disallowed_methods, reason = "what a terminal can do is told by variables")]
    pub fn read() -> Self {
        let read = |name| std::env::var_os(name).map(|text| text.to_string_lossy().into_owned());
        Self {
            no_color: read("NO_COLOR"),
            clicolor: read("CLICOLOR"),
            clicolor_force: read("CLICOLOR_FORCE"),
            term: read("TERM"),
        }
    }
}

/// Whether a stream is coloured.
pub fn is_colored(when: ColorWhen, environment: &Environment, is_terminal: bool) -> bool {
    let is = |text: &Option<String>, word: &str| text.as_deref() == Some(word);
    let is_set = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if is_set(&environment.no_color) => false,
        ColorWhen::Auto
            if is_set(&environment.clicolor_force) && !is(&environment.clicolor_force, "0") =>
        {
            true
        }
        ColorWhen::Auto => {
            is_terminal && !is(&environment.clicolor, "0") && !is(&environment.term, "dumb")
        }
    }
}

/// What a colour means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Different, or about to change.
    Warn,
    /// Wrong.
    Bad,
    /// Less important than the rest.
    Dim,
    /// More important than the rest.
    Strong,
}

impl Tone {
    /// The escape sequence that begins it.
    pub(super) fn start(self) -> &'static str {
        match self {
            Self::Good => "\x1b[32m",
            Self::Warn => "\x1b[33m",
            Self::Bad => "\x1b[1;31m",
            Self::Dim => "\x1b[2m",
            Self::Strong => "\x1b[1m",
        }
    }
}

/// Colours text, or leaves it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paint {
    /// Whether colours are on.
    pub on: bool,
}

impl Paint {
    /// `text` in the colour of `tone`.
    pub fn paint(self, tone: Tone, text: impl fmt::Display) -> String {
        if self.on { format!("{}{text}\x1b[0m", tone.start()) } else { text.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_beats_the_environment_beats_the_terminal() {
        let set = |text: &str| Some(text.to_owned());
        let plain = Environment::default();
        assert!(is_colored(ColorWhen::Auto, &plain, true));
        assert!(!is_colored(ColorWhen::Auto, &plain, false));
        let no = Environment { no_color: set("1"), clicolor_force: set("1"), ..plain.clone() };
        assert!(!is_colored(ColorWhen::Auto, &no, true));
        assert!(is_colored(ColorWhen::Always, &no, false));
        let empty = Environment { no_color: set(""), ..plain.clone() };
        assert!(is_colored(ColorWhen::Auto, &empty, true));
        let force = Environment { clicolor_force: set("1"), ..plain.clone() };
        assert!(is_colored(ColorWhen::Auto, &force, false));
        assert!(!is_colored(ColorWhen::Never, &force, true));
        for environment in [
            Environment { clicolor: set("0"), ..plain.clone() },
            Environment { term: set("dumb"), ..plain.clone() },
        ] {
            assert!(!is_colored(ColorWhen::Auto, &environment, true));
        }
    }
}
