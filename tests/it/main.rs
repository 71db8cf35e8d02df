//! All integration tests, one binary.
#![cfg(test)]

mod placement;
mod vectors;
