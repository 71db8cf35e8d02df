//! Engines: each a pure file, commands out, observations in.
//!
//! An engine never runs anything and never sees a node; it returns [`Command`]s and parses what
//! they print. A new engine is one file and one line in [`engine`].

mod cri;
mod derived;
mod docker;
mod folders;
mod lacks;
mod lxc;
mod native;
mod nspawn;
mod oci;
mod packing;
mod podman;
mod rootfs;
mod runtime;
mod spec;
mod token;
mod variables;

pub use cri::Cri;
pub use derived::{Derivation, Derived};
pub use docker::Docker;
pub use lacks::lacks;
pub use lxc::Lxc;
pub use native::Native;
pub use nspawn::Nspawn;
pub use packing::Packing;
pub use podman::Podman;
pub use rootfs::tarball;
pub use spec::{ContainerSpec, Inventory, Labels, Observed, ParseError, PodSeat, Present, State};

use crate::command::Command;
use crate::facts::Facts;
use crate::model::{EngineKind, Image, Recipe, RecipeKind};
use std::time::Duration;

/// What every engine can do. Stateless.
pub trait Engine: Sync {
    /// Which engine it is.
    fn kind(&self) -> EngineKind;

    /// One command that observes all containers of a node, ours and foreign, and which of
    /// `images` are present. It must succeed and print an empty inventory when the engine has no
    /// containers.
    fn query(&self, images: &[Image]) -> Command;

    /// As [`Engine::query`] for no image, of an engine nobody named: where it is not installed or
    /// has no containers, it prints an empty inventory and starts nothing.
    fn glance(&self) -> Command;

    /// Parses what [`Engine::query`] and [`Engine::glance`] printed.
    fn parse(&self, stdout: &str) -> Result<Inventory, ParseError>;

    /// Commands that make `image` present on a node; run once per node and image, and only when
    /// the inventory lacks it. Empty when nothing is ever needed.
    fn acquire(&self, image: &Image) -> Vec<Command>;

    /// Commands that make the image of a recipe present on a node, as [`Engine::acquire`] does; one
    /// of kind `rootfs` by the tarball that [`tarball`] makes before. Empty for a kind that
    /// [`crate::model::RecipeKind::suits`] not. They leave nothing half-made when they fail.
    fn build(&self, image: &Image, recipe: &Recipe) -> Vec<Command> {
        match recipe.kind {
            RecipeKind::Rootfs(_) => self.acquire(&rootfs::packed(image, recipe)),
            RecipeKind::Dockerfile(_) | RecipeKind::Template(_) => Vec::new(),
        }
    }

    /// Prints an image that is present, for [`Engine::import`] on another node; `None` when it is
    /// none that can be handed on.
    fn export(&self, _image: &Image, _packing: Packing) -> Option<Command> {
        None
    }

    /// Makes an image present from what [`Engine::export`] prints, given to its standard input:
    /// as it is `present` there, or not at all. Input that was cut short is an error.
    fn import(&self, _image: &Image, _present: &Present, _packing: Packing) -> Option<Command> {
        None
    }

    /// Commands after which the container exists and runs, pinned from its first instruction.
    /// They fail, and touch nothing, when a container of that name exists; they leave nothing
    /// half-made when they fail.
    fn create(&self, spec: &ContainerSpec, facts: &Facts) -> Vec<Command>;

    /// Commands that put a running container back on the CPUs and memory nodes of `spec`.
    fn repin(&self, spec: &ContainerSpec, facts: &Facts) -> Vec<Command>;

    /// Whether what was put into a container is still there after a stop and a start.
    fn keeps(&self) -> bool {
        true
    }

    /// Starts a stopped container as it was created.
    fn start(&self, name: &str) -> Command;

    /// Stops a running container: its stop signal, then after `grace` its end by force.
    fn stop(&self, name: &str, grace: Duration) -> Command;

    /// Removes a container, running or not, and everything made for it. Succeeds when it is gone
    /// already.
    fn destroy(&self, name: &str) -> Command;

    /// Runs `argv` inside, with the container's environment, CPUs and limits; the exit code is
    /// the child's. `tty` asks for a terminal.
    fn exec(&self, name: &str, argv: &[String], tty: bool) -> Command;

    /// As [`Engine::exec`] without a terminal, as root whoever the image says runs in it: for what
    /// is done to a container.
    fn administer(&self, name: &str, argv: &[String]) -> Command {
        self.exec(name, argv, false)
    }

    /// Whether it can make an image of a container.
    fn derives(&self) -> bool {
        false
    }

    /// The commands around what is done in a container to make an image of it; `None` when it
    /// cannot make one.
    fn derive(&self, _derived: &Derived) -> Option<Derivation> {
        None
    }

    /// Prints what the container wrote: the last `tail` lines (`None` = all), then, with
    /// `follow`, what comes.
    fn logs(&self, name: &str, tail: Option<u32>, follow: bool) -> Command;

    /// A POSIX shell expression that prints the process id of the container's first process in
    /// the node's pid namespace, and fails or prints 0 when it does not run.
    fn first_process(&self, name: &str) -> String;

    /// A POSIX shell expression that waits until a container made with [`ContainerSpec::init`] has
    /// ended, and prints the exit code of its last run; it fails when nobody knows it.
    fn ended(&self, name: &str) -> String;

    /// A POSIX shell expression that prints the exit code of the last run of a container that
    /// does not run (128 + n for a signal), and nothing where the engine does not keep it: such an
    /// end counts as a failure.
    fn exit_code(&self, _name: &str) -> String {
        ":".to_owned()
    }

    /// What in `spec` this engine cannot do, one sentence each: errors of `check`.
    fn refusals(&self, spec: &ContainerSpec) -> Vec<String>;

    /// What `spec` needs of this engine on a node of these facts and is not there: part of [`lacks`].
    fn lacks(&self, _spec: &ContainerSpec, _facts: &Facts) -> Vec<Lack> {
        Vec::new()
    }
}

/// What a node lacks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lack {
    /// What is missing, a sentence without its end.
    pub message: String,
    /// How to mend it.
    pub hint: String,
}

/// The engine of a kind.
pub fn engine(kind: EngineKind) -> &'static dyn Engine {
    match kind {
        EngineKind::Native => &Native,
        EngineKind::Docker => &Docker,
        EngineKind::Podman => &Podman,
        EngineKind::Lxc => &Lxc,
        EngineKind::Nspawn => &Nspawn,
        EngineKind::Cri => &Cri,
    }
}
