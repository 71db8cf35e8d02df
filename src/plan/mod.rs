//! Plans: what a verb would do, as data. Pure.
//!
//! [`wanted`] says what should be, [`compare`] holds it against what is, [`build`] turns the
//! difference into steps, [`script`] prints steps as a POSIX script.

mod app;
mod build;
mod compare;
mod delivery;
mod distribute;
mod hugepages;
mod images;
mod inside;
mod install;
mod links;
mod lower;
mod pods;
mod privileged;
mod profile;
mod raise;
mod request;
mod restart;
mod script;
mod step;
mod switch;
mod wanted;
mod watch;

pub use app::Rendering;
pub use build::{build, has_image};
pub use compare::{
    Change, Condition, NodeState, Observation, compare, compare_links, orphans, real_cpus,
    real_mems, watch_difference,
};
pub use delivery::{Delivery, deliveries};
pub use hugepages::{Hugepages, hugepages};
pub use install::images;
pub use links::wanted_links;
pub use pods::pod_found;
pub use privileged::privileged;
pub use profile::lacking;
pub use request::{Refusal, Request, Stage, Target, Transfer, Verb, targets};
pub use script::script;
pub use step::{Plan, Step, StepId};
pub use switch::{switch_difference, switch_steps, wanted_switches};
pub use wanted::{Assignment, Wanted, wanted};
pub use watch::{unable_to_watch, watch_spec};
