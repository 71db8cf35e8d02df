//! The executor: runs a plan over lanes. It must not know an engine or a container's content.

mod event;
mod lanes;
mod permit;
mod run;
mod schedule;
mod stopwatch;
mod undo;

pub use event::{Event, Outcome, Reporter};
pub use lanes::Lanes;
pub use permit::Permit;
pub use run::{Options, execute};
pub use schedule::OnError;
pub use stopwatch::{Stopwatch, wall_clock};
pub use undo::{Undo, Undoing, undo};
