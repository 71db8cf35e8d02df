//! What several subjects share: saved texts, and a world without nodes.

pub(crate) mod saved;
pub(crate) mod world;
