//! The integration tests: one binary, one module per subject.
#![expect(clippy::disallowed_methods, reason = "tests start programs and read files")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod completions;
mod diagnostics;
mod environment;
mod facts;
mod generated;
mod lanes;
mod layers;
mod machines;
mod native;
mod placement;
mod readme;
mod soundness;
mod streams;
mod vectors;
mod veth;
