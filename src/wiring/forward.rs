//! How NFs that route forward, and what their neighbours must know.

use super::Rule;
use super::number::{NETWORKS, address, next_hop};
use super::run::Nf;

/// An NF with a network behind each side. `hops` are the MAC addresses frames are sent to; where
/// one is not known it is asked for by ARP.
pub(super) fn route(nf: &Nf<'_>, hops: &[Option<String>; 2]) -> Vec<Rule> {
    let side = |side: usize| (nf.ports[side], next_hop(nf.number, side));
    let sides = [side(0), side(1)];
    let own = |(side, (port, _)): (usize, &(usize, String))| Rule::Address {
        port: *port,
        address: format!("{}/24", address(nf.number, side)),
    };
    let neighbour = |((port, address), mac): (&(usize, String), &Option<String>)| {
        let (port, address) = (*port, address.clone());
        mac.clone().map(|mac| Rule::Neighbour { port, address, mac })
    };
    let onward = |(prefix, (port, via)): (&str, &(usize, String))| Rule::Route {
        prefix: prefix.to_owned(),
        via: via.clone(),
        port: *port,
        table: 0,
    };
    let addresses = sides.iter().enumerate().map(own);
    let neighbours = sides.iter().zip(hops).filter_map(neighbour);
    addresses.chain(neighbours).chain(NETWORKS.into_iter().zip(&sides).map(onward)).collect()
}

/// What the container at an end has to be the next hop of an NF's side.
pub(super) fn be_next_hop(nf: &Nf<'_>, side: usize, port: usize) -> [Rule; 2] {
    [
        Rule::Address { port, address: format!("{}/24", next_hop(nf.number, side)) },
        Rule::Neighbour { port, address: address(nf.number, side), mac: nf.macs[side].clone() },
    ]
}
