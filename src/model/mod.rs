//! The topology: what a person wrote, checked and resolved. Pure; it must not know an engine's
//! commands, a node's facts, or how to read a file.

mod glob;
mod topology;

pub use glob::{glob_matches, is_glob};
pub use topology::{
    Become, ChainRequest, CpuRequest, EngineKind, Group, Image, ImageFile, Interface, Link,
    LinkEnd, LinkKind, Mems, Mount, Node, PlacementMode, Scarce, SliceRequest, SshTarget, Topology,
};
