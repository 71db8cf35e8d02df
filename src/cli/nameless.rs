//! Nodes where the topology does not matter, or is not known.

use super::Hosts;
use super::context::Context;
use crate::lifecycle::{Failure, topologies_here};
use crate::model::{Become, Loaded, Node, Topology, parse_ssh};
use std::collections::BTreeMap;

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

/// The nodes of `--host`, or this machine.
fn nodes_without_file(hosts: &Hosts) -> Result<Vec<Node>, Failure> {
    let target = |host: &String| {
        let ssh = parse_ssh(host).ok_or_else(|| Failure::Usage {
            message: format!("--host {host}: that is no ssh target"),
            hint: "write it as [USER@]HOST[:PORT]".into(),
        })?;
        let r#become = hosts.r#become.unwrap_or_default();
        Ok(Node { ssh: Some(ssh), r#become, ..bare_node(host) })
    };
    if hosts.hosts.is_empty() {
        return Ok(vec![bare_node("localhost")]);
    }
    hosts.hosts.iter().map(target).collect()
}

/// This machine under a name, with nothing said about it.
pub(super) fn bare_node(name: &str) -> Node {
    Node {
        name: name.to_owned(),
        ssh: None,
        r#become: Become::default(),
        system_cpus: 1,
        interfaces: BTreeMap::new(),
    }
}
