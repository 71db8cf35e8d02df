//! What a topology needs of a node and the node lacks or has wrong, with what mends it. Pure: it
//! judges what was told and asks nobody.
//!
//! [`Needs`] says what to look for, [`findings`] holds it against the answers, `mend` knows the
//! commands of each distribution.

mod engines;
mod identity;
mod judge;
mod mend;
mod needs;

pub use judge::{Case, findings};
pub use needs::Needs;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It is not there, and the topology cannot do without.
    Missing,
    /// It is there, and not as it must be.
    Wrong,
    /// It may disturb.
    Warning,
}

impl Severity {
    /// As a person and JSON read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Wrong => "wrong",
            Self::Warning => "warning",
        }
    }
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about, in a word or two: `docker`, `huge pages`.
    pub subject: String,
    /// What is so, and why it matters.
    pub sentence: String,
    /// A command for a root shell on the node, or words where no command does it.
    pub mend: String,
}

impl Finding {
    fn new(severity: Severity, subject: &str, sentence: String, mend: String) -> Self {
        Self { severity, subject: subject.to_owned(), sentence, mend }
    }
}
