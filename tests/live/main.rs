//! The live suite: real engines on the lab's DUTs. Run by `tests/run`, which starts the lab; fails without one.
#![expect(clippy::disallowed_methods, reason = "tests drive the lab's own scripts")]

mod apps;
mod bytes;
mod change;
mod claims;
mod cpus;
mod deadline;
mod distribute;
mod drift;
mod hugepages;
mod install;
mod interrupt;
mod lab;
mod lifecycle;
mod links;
mod lock;
mod memif;
mod nodes;
mod script;
mod shipped;
mod support;
mod threads;
mod vpp;
