//! An image made from another one by what is done in a container of it. Pure.

use crate::command::Command;

/// The image to be made, and the container it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Derived {
    /// Reference of the image it is made from.
    pub base: String,
    /// Its own reference.
    pub name: String,
    /// What it is known by: a label of the image.
    pub digest: String,
    /// Name of the container that is there for as long as it is made.
    pub container: String,
    /// CPUs of that container, as the kernel's list; empty = all.
    pub cpus: String,
    /// Its memory nodes.
    pub mems: String,
    /// Its network mode; `None` = the engine's default.
    pub network: Option<String>,
}

impl Derived {
    /// Label of every image made by [`super::Engine::derive`]: the reference of its base.
    pub const BASE_LABEL: &'static str = "vnfctl.image.base";
    /// Label with its digest.
    pub const DIGEST_LABEL: &'static str = "vnfctl.image.install";
}

/// The commands around what is done in the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derivation {
    /// Starts the container; one that a run left behind, which was killed, is removed before.
    pub start: Command,
    /// Makes the image and removes the container, also when it fails. The image starts what its
    /// base starts.
    pub keep: Command,
    /// Removes the container; succeeds when it is gone.
    pub remove: Command,
}
