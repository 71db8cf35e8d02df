//! The one integration test binary: one module per subject.

mod facts;
mod lanes;
mod machines;
mod native;
mod placement;
mod soundness;
mod vectors;
