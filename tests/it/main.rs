//! The integration tests: one binary, one module per subject.
#![expect(clippy::disallowed_methods, reason = "tests start programs and read files")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod auto;
mod claims;
mod cli;
mod completions;
mod cpus;
mod delivered;
mod deploy;
mod derived;
mod diagnostics;
mod director;
mod environment;
mod exclusive;
mod executor;
mod facts;
mod generated;
mod guard;
mod hugepages;
mod import;
mod inside;
mod install;
mod lanes;
mod launch;
mod layers;
mod lock;
mod machines;
mod native;
mod numa;
mod order;
mod placement;
mod plans;
mod proof;
mod random;
mod readme;
mod soundness;
mod streams;
mod support;
mod switch;
mod templates;
mod testpmd;
mod threads;
mod vectors;
mod veth;
mod vpp;
mod wiring;
