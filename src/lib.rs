//! vnfctl: one TOML topology becomes pinned, wired, running containers on lab nodes.
//!
//! Everything before the last step is a value. A verb is: load -> probe -> place -> plan ->
//! execute -> report. Imports point down only; a test (`tests/it/layers.rs`) holds them to it.
//!
//! | layer | modules | may do I/O |
//! |---|---|---|
//! | 5 person | [`cli`], [`ui`] | terminal only |
//! | 4 director | [`lifecycle`] | through layer 3, reads topology files |
//! | 3 executor | [`executor`] | through layer 2 |
//! | 2 transport | [`transport`] | yes, the only one |
//! | 2 plan | [`plan`], [`doctor`] | no |
//! | 1 engines | [`engine`], [`app`], [`link`], [`facts`], [`threads`], [`lock`], [`watch`], [`import`] | no |
//! | 0 model | [`model`], [`wiring`], [`cpu`], [`command`] | no |

pub mod app;
pub mod cli;
pub mod command;
pub mod cpu;
pub mod doctor;
pub mod engine;
pub mod executor;
pub mod facts;
pub mod import;
pub mod lifecycle;
pub mod link;
pub mod lock;
pub mod model;
pub mod plan;
pub mod threads;
pub mod transport;
pub mod ui;
pub mod watch;
pub mod wiring;
