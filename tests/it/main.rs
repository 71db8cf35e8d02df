//! The one integration test binary: one module per subject.

mod diagnostics;
mod facts;
mod lanes;
mod machines;
mod native;
mod placement;
mod soundness;
mod vectors;
