//! The integration tests: one binary, one link.
#![expect(clippy::disallowed_methods, reason = "tests start programs and read files")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod completions;
mod environment;
mod generated;
mod layers;
mod streams;
