//! One event, several reporters.

use crate::executor::{Event, Reporter};

/// Tells every event to each of its reporters, in order.
#[derive(Default)]
pub struct Several<'a> {
    reporters: Vec<&'a dyn Reporter>,
}

impl<'a> Several<'a> {
    /// A fan-out to these.
    pub fn new(reporters: impl IntoIterator<Item = &'a dyn Reporter>) -> Self {
        Self { reporters: reporters.into_iter().collect() }
    }
}

impl Reporter for Several<'_> {
    fn event(&self, event: &Event<'_>) {
        for reporter in &self.reporters {
            reporter.event(event);
        }
    }
}
