//! The integration tests, one crate.

mod native;
mod veth;
