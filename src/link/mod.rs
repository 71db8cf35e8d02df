//! Links between containers: commands out, observations in. Pure; knows neither node nor engine,
//! only how to ask for a container's first process.

mod veth;

pub use veth::Veth;

use crate::command::Command;
use crate::model::LinkKind;

/// The driver of a kind of link.
pub fn driver(kind: LinkKind) -> &'static dyn LinkDriver {
    match kind {
        LinkKind::Veth => &Veth,
    }
}

/// One link as it should be, on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSpec {
    /// What kind.
    pub kind: LinkKind,
    /// Stable name on its node: `<container a>:<interface a>--<container b>:<interface b>`.
    pub name: String,
    /// Name of the topology that owns it.
    pub topology: String,
    /// MTU in bytes.
    pub mtu: Option<u32>,
    /// Its two ends.
    pub ends: [EndSpec; 2],
}

/// One end of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndSpec {
    /// Container name.
    pub container: String,
    /// Shell expression that prints the pid of the container's first process
    /// (`Engine::first_process`).
    pub pid: String,
    /// Interface name in the container.
    pub interface: String,
    /// MAC address, lower case.
    pub mac: Option<String>,
    /// Addresses with prefix length.
    pub addresses: Vec<String>,
    /// Addresses that must answer a ping from here.
    pub ping: Vec<String>,
}

/// A link as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedLink {
    /// [`LinkSpec::name`].
    pub name: String,
    /// What differs from the specification, one phrase each (`missing`, `mtu 1500, wanted 9000`,
    /// `down`); empty = as it should be.
    pub differences: Vec<String>,
    /// Nothing of it exists, so it can be made; otherwise it must be removed first.
    pub absent: bool,
}

/// What a kind of link can do. Stateless.
pub trait LinkDriver: Sync {
    /// One command that observes all `links` of a node. Containers that do not run are no error.
    fn query(&self, links: &[LinkSpec]) -> Command;
    /// Parses what [`LinkDriver::query`] printed.
    fn parse(&self, links: &[LinkSpec], stdout: &str) -> Result<Vec<ObservedLink>, String>;
    /// Makes the link; both containers run. Leaves nothing half-made when it fails.
    fn create(&self, link: &LinkSpec) -> Command;
    /// Removes the link; succeeds when it is gone already.
    fn destroy(&self, link: &LinkSpec) -> Command;
    /// Traffic proof: prints one line per ping, `ok|lost <from interface> <address>`; `None` when
    /// there is nothing to ping.
    fn verify(&self, link: &LinkSpec) -> Option<Command>;
}
