//! Nodes where the topology does not matter, or is not known.

use super::Hosts;
use super::context::{Context, nodes_without_file};
use crate::lifecycle::{Failure, topologies_here};
use crate::model::{Loaded, Node, Topology};

/// A topology that is only a name, on the nodes of `--host`, of the files given by `-t`, or this
/// machine: what it owns is found by its labels.
pub(super) fn nameless(
    context: &Context<'_>,
    hosts: &Hosts,
    name: &str,
) -> Result<Loaded, Failure> {
    let files = !context.global.topologies.is_empty();
    let nodes = if hosts.hosts.is_empty() && files {
        context.load_testbed()?.topology.nodes
    } else {
        nodes_without_file(hosts)?
    };
    Ok(of_nodes(name, nodes))
}

/// The nodes of `--host`, else of the topology (the one of this folder, too), else `otherwise`,
/// else this machine.
pub(super) fn testbed(
    context: &Context<'_>,
    hosts: &Hosts,
    otherwise: Vec<Node>,
) -> Result<Loaded, Failure> {
    let has_file = !context.global.topologies.is_empty();
    if hosts.hosts.is_empty() && (has_file || !topologies_here()?.is_empty()) {
        return context.load_testbed();
    }
    let is_this_machine = otherwise.is_empty() || !hosts.hosts.is_empty();
    let nodes = if is_this_machine { nodes_without_file(hosts)? } else { otherwise };
    Ok(of_nodes("", nodes))
}

fn of_nodes(name: &str, nodes: Vec<Node>) -> Loaded {
    let topology = Topology { name: name.to_owned(), nodes, ..Topology::default() };
    Loaded { topology, ..Loaded::default() }
}
