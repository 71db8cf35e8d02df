//! All integration tests, one binary.
#![cfg(test)]

mod machines;
mod placement;
mod soundness;
mod vectors;
