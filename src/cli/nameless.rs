//! Nodes without a topology file: those of `--host`, of the files given by `-t`, or this machine.

use super::context::Context;
use crate::lifecycle::Failure;
use crate::model::{Become, Loaded, Node, SshTarget, Topology, parse_ssh};

/// A topology that is only a name: what it owns is found by its labels.
pub(super) fn nameless(
    context: &Context<'_>,
    hosts: &[String],
    r#become: Option<Become>,
    name: &str,
) -> Result<Loaded, Failure> {
    let mut nodes = Vec::new();
    if !hosts.is_empty() {
        for host in hosts {
            let ssh = parse_ssh(host).ok_or_else(|| Failure::Usage {
                message: format!("--host {host}: that is no ssh target"),
                hint: "write it as [USER@]HOST[:PORT]".into(),
            })?;
            nodes.push(node(host, Some(ssh), r#become.unwrap_or_default()));
        }
    } else if context.global.topologies.is_empty() {
        nodes.push(node("localhost", None, Become::default()));
    } else {
        nodes = context.load()?.topology.nodes;
    }
    let topology = Topology { name: name.to_owned(), nodes, ..Topology::default() };
    Ok(Loaded { topology, ..Loaded::default() })
}

fn node(name: &str, ssh: Option<SshTarget>, r#become: Become) -> Node {
    Node {
        name: name.to_owned(),
        ssh,
        r#become,
        system_cpus: 1,
        interfaces: std::collections::BTreeMap::new(),
    }
}
