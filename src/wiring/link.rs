//! The memif links that the file names one by one.

use super::build::{Builder, End, Joint, Number, Party};
use super::{Rule, Subject};
use crate::model::{MemifEnd, MemifLink, Role};

/// Makes a link on each of its nodes.
pub(super) fn wire_link<'a>(builder: &mut Builder<'a>, index: usize, link: &'a MemifLink) {
    let topology = builder.topology;
    for node in topology.nodes.iter().filter(|node| link.nodes.contains(&node.name)) {
        let party = |end: &'a MemifEnd| {
            let container = Some((end.group.as_str(), end.ordinal));
            Party { node: &node.name, container }
        };
        let ends = [&link.ends[0], &link.ends[1]];
        let file = link.socket.clone().unwrap_or_else(|| {
            let short = ends.map(|end| format!("{}{}", end.group, end.ordinal));
            builder.free_file(node, &format!("{}_{}", node.name, short.join("-")))
        });
        let joint_end = |end: &'a MemifEnd| End {
            party: party(end),
            number: end.socket_id.map_or(Number::Free, Number::Exactly),
            mac: end.mac.clone(),
            dma: false,
            interrupt: false,
        };
        let ports = builder.join(Joint {
            subject: Subject::Memif(index),
            node,
            file,
            id: link.id,
            master: usize::from(link.ends[1].role == Role::Master),
            options: &link.options,
            ends: ends.map(joint_end),
        });
        for (end, port) in ends.into_iter().zip(ports) {
            let address = |address: &String| Rule::Address { port, address: address.clone() };
            builder.rules(party(end), end.addresses.iter().map(address));
        }
    }
}
