//! The director: load -> probe -> place -> plan -> execute -> verify. It must not print, parse
//! what engines say, or start a process.

mod claims;
mod failure;
mod fan_out;
mod hugepages;
mod load;
mod neighbours;
mod numa;
mod observe;
mod place;
mod prepare;
mod session;
mod verify;

pub use claims::claims;
pub use failure::{Failure, NodeFailure};
pub use fan_out::{Child, Sink, existing, fan_out, is_running};
pub use hugepages::check_hugepages;
pub use load::{LoadRequest, load, read};
pub use neighbours::ask_neighbours;
pub use observe::{Look, observe};
pub use place::{Placed, place, place_regardless, saved_facts};
pub use prepare::{ChangeRequest, Prepared, prepare, prepare_from};
pub use session::{Seen, Session};
pub use verify::{Check, LinkReport, PingReport, VerifyReport, verify};
