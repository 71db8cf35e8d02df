//! The executor: runs a plan over lanes. It must not know an engine or a container's content.

mod event;

pub use event::{Event, Outcome, Reporter};
