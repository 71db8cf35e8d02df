//! What several subjects share: saved texts, a world without nodes, the inside of a container.

pub(crate) mod inside;
pub(crate) mod saved;
pub(crate) mod world;
