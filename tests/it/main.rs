//! All integration tests, one binary.
#![cfg(test)]

mod facts;
mod machines;
mod placement;
mod soundness;
mod vectors;
