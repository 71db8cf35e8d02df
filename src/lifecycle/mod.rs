//! The director: load -> probe -> place -> plan -> execute -> verify. It must not print, parse
//! what engines say, or start a process.

mod apps;
mod checks;
mod claims;
mod doctor;
mod failure;
mod fan_out;
mod guard;
mod hugepages;
mod load;
mod neighbours;
mod numa;
mod observe;
mod packers;
mod pings;
mod place;
mod prepare;
mod recipes;
mod reserve;
mod session;
mod threads;
mod verify;

pub use claims::claims;
pub use doctor::{Examined, examine_nodes};
pub use failure::{Blocked, Failure, Kept, NodeFailure};
pub use fan_out::{Child, Sink, existing, fan_out, is_running};
pub use guard::Guard;
pub use hugepages::check_hugepages;
pub use load::{LoadRequest, load, read, topologies_here};
pub use neighbours::ask_neighbours;
pub use observe::{Look, observe};
pub use place::{Placed, place, place_regardless, saved_facts};
pub use prepare::{
    ChangeRequest, Prepared, leave_out_silent_engines, prepare, prepare_from, wanted,
};
pub use reserve::{Reserved, rehearse_reservation, release, reservations, reserve};
pub use session::{Seen, Session};
pub use verify::{
    Check, ContainerReport, LinkReport, NodeReport, PingReport, VerifyOptions, VerifyReport, verify,
};
