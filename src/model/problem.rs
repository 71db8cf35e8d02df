//! What is wrong with a topology, and where. It must not know how problems are shown.

use super::Source;
use std::ops::Range;

/// One mistake, with everything a person needs to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Index of the source it is in.
    pub source: usize,
    /// Bytes of that source it is about; `0..0` where something is missing altogether.
    pub span: Range<usize>,
    /// What is wrong, in one lower-case sentence.
    pub message: String,
    /// What stands at the span.
    pub label: String,
    /// How to mend it.
    pub help: Option<String>,
    /// Other places that matter.
    pub secondary: Vec<Mark>,
}

impl Problem {
    pub(super) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn mark(&mut self, place: &Place, label: impl Into<String>) -> &mut Self {
        let Place { source, span } = place.clone();
        self.secondary.push(Mark { source, span, label: label.into() });
        self
    }
}

/// Another place a problem is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Index of the source it is in; may differ from the problem's.
    pub source: usize,
    /// Bytes of that source.
    pub span: Range<usize>,
    /// What stands there.
    pub label: String,
}

/// All mistakes of a topology, in the order of the files and lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the topology has {} mistake{}", list.len(), if list.len() == 1 { "" } else { "s" })]
pub struct Problems {
    /// The sources, as they were given but for secrets, which are `*`.
    pub sources: Vec<Source>,
    /// The mistakes; never empty.
    pub list: Vec<Problem>,
}

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Place {
    /// Index of the source.
    pub(super) source: usize,
    /// Bytes of that source.
    pub(super) span: Range<usize>,
}

/// Collects problems.
#[derive(Debug, Default)]
pub(super) struct Report {
    list: Vec<Problem>,
}

impl Report {
    /// Adds a problem; help and further places may be added to what is returned.
    pub(super) fn add(
        &mut self,
        place: &Place,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> &mut Problem {
        self.list.push(Problem {
            source: place.source,
            span: place.span.clone(),
            message: message.into(),
            label: label.into(),
            help: None,
            secondary: Vec::new(),
        });
        self.list.last_mut().expect("just pushed")
    }

    /// Whether nothing is wrong so far.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All problems, sorted by place. A key of `defaults` is read once per group, so its
    /// problems come more than once; each is kept once.
    pub(super) fn into_sorted(mut self) -> Vec<Problem> {
        self.list.sort_by(|a, b| {
            let key = |p: &Problem| (p.source, p.span.start, p.span.end);
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        self.list
            .dedup_by(|a, b| (a.source, &a.span, &a.message) == (b.source, &b.span, &b.message));
        self.list
    }
}
