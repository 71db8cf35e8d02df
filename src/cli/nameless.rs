//! Nodes without a topology: those of `--host`, of the files given by `-t`, or this machine.

use super::Hosts;
use super::context::{Context, nodes_without_file};
use crate::lifecycle::Failure;
use crate::model::{Loaded, Topology};

/// A topology that is only a name: what it owns is found by its labels.
pub(super) fn nameless(
    context: &Context<'_>,
    hosts: &Hosts,
    name: &str,
) -> Result<Loaded, Failure> {
    let files = !context.global.topologies.is_empty();
    let nodes = if hosts.hosts.is_empty() && files {
        context.load()?.topology.nodes
    } else {
        nodes_without_file(hosts)?
    };
    let topology = Topology { name: name.to_owned(), nodes, ..Topology::default() };
    Ok(Loaded { topology, ..Loaded::default() })
}
