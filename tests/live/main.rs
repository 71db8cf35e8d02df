//! The live suite: real engines on the lab's DUTs. Run by `tests/run`, which starts the lab; fails without one.
#![expect(clippy::disallowed_methods, reason = "tests drive the lab's own scripts")]

mod apps;
mod build;
mod bytes;
mod change;
mod claims;
mod cpus;
mod deadline;
mod distribute;
mod doctor;
mod drift;
mod hugepages;
mod idmap;
mod install;
mod interrupt;
mod lab;
mod lifecycle;
mod links;
mod lock;
mod memif;
mod nodes;
mod pods;
mod runtime;
mod script;
mod security;
mod shipped;
mod support;
mod threads;
mod vpp;
mod watch;
