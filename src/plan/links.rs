//! The links of one node as they should be.

use super::pods;
use crate::engine::engine;
use crate::link::{EndSpec, LinkSpec};
use crate::model::{LinkEnd, Topology, pod_owners};

/// Every link of the topology on `node`.
pub fn wanted_links(topology: &Topology, node: &str) -> Vec<LinkSpec> {
    let on_node = topology.links.iter().filter(|link| link.nodes.iter().any(|name| name == node));
    let owners = pod_owners(&topology.groups);
    let spec = |end: &LinkEnd| {
        let group = topology.groups.iter().find(|group| group.name == end.group);
        let group = group.expect("the model refuses links to unknown groups");
        let container = topology.container_name(node, &end.group, end.ordinal);
        let seat = pods::seat(topology, &owners, group, node, end.ordinal);
        // The devices of a pod outlive those of its containers that do not own its network.
        let owner = seat.and_then(|seat| seat.owner);
        EndSpec {
            pid: engine(group.engine).first_process(owner.as_ref().unwrap_or(&container)),
            container,
            interface: end.interface.clone(),
            mac: end.mac.clone(),
            addresses: end.addresses.clone(),
            ping: end.ping.clone(),
        }
    };
    on_node
        .map(|link| {
            let ends = [spec(&link.ends[0]), spec(&link.ends[1])];
            LinkSpec {
                kind: link.kind,
                name: format!(
                    "{}:{}--{}:{}",
                    ends[0].container, ends[0].interface, ends[1].container, ends[1].interface
                ),
                topology: topology.name.clone(),
                mtu: link.mtu,
                ends,
            }
        })
        .collect()
}
