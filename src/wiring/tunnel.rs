//! `ipsec` chains: NF n of the first node has tunnels to NF n of the second, or to the traffic
//! generator. Side 0 of an NF is the tunnels', side 1 the plain one, as in CSIT.

use super::build::Builder;
use super::number::{NETWORKS, address, next_hop, tunnel_mac};
use super::run::{Nf, Run};
use super::{Rule, Tunnel};
use crate::model::Ipsec;
use std::net::Ipv4Addr;

/// Security parameter indexes from the first node to the second, and back, of the first tunnel.
const SPI: [u32; 2] = [100_001, 200_001];

/// More tunnels on a node than that have no room in the indexes, nor in a /8 of /24s.
const TUNNELS: u64 = 65535;

/// Addresses, neighbours and tunnels of one NF. `peers` are the MAC addresses beyond the uplinks
/// of its sides, where known.
pub(super) fn rules(
    builder: &mut Builder<'_>,
    run: &Run<'_>,
    ipsec: &Ipsec,
    nf: &Nf<'_>,
    peers: &[Option<String>; 2],
) -> Vec<Rule> {
    if !check(builder, run, ipsec) {
        return Vec::new();
    }
    let [tunnel_port, plain_port] = nf.ports;
    let is_first = run.position == 0;
    let (own, far) = if is_first { (NETWORKS[0], "20") } else { (NETWORKS[1], "10") };
    let via = next_hop(nf.number, 1);
    let mut rules =
        vec![Rule::Address { port: plain_port, address: format!("{}/24", address(nf.number, 1)) }];
    let (port, address) = (plain_port, via.clone());
    rules.extend(peers[1].clone().map(|mac| Rule::Neighbour { port, address, mac }));
    rules.push(Rule::Route { prefix: own.to_owned(), via, port: plain_port, table: 0 });
    let peer = match run.before[..] {
        [first, second] => {
            let other = if is_first { second } else { first };
            Some(tunnel_mac(1 - run.position, other + nf.ordinal, 0))
        }
        _ => peers[0].clone(),
    };
    for index in 0..ipsec.tunnels {
        // Over all NFs of the node, from 0.
        let number = (nf.ordinal - 1) * ipsec.tunnels + index;
        let end = |base: Ipv4Addr| Ipv4Addr::from(u32::from(base).wrapping_add(number)).to_string();
        let (mut ends, mut spi) =
            ([end(ipsec.local), end(ipsec.remote)], SPI.map(|base| base + number));
        if !is_first {
            ends.reverse();
            spi.reverse();
        }
        let [local, remote] = ends;
        rules.push(Rule::Address { port: tunnel_port, address: format!("{local}/32") });
        let (port, address) = (tunnel_port, remote.clone());
        rules.extend(peer.clone().map(|mac| Rule::Neighbour { port, address, mac }));
        let (prefix, via) = (format!("{remote}/32"), remote.clone());
        rules.push(Rule::Route { prefix, via, port: tunnel_port, table: 0 });
        let prefix = if ipsec.tunnels == 1 {
            format!("{far}.0.0.0/8")
        } else {
            format!("{far}.{}.{}.0/24", index >> 8, index & 0xff)
        };
        rules.push(Rule::Tunnel(Box::new(Tunnel {
            number: index + 1,
            port: tunnel_port,
            local,
            remote,
            spi_out: spi[0],
            spi_in: spi[1],
            crypto: ipsec.crypto,
            crypto_key: ipsec.crypto_key.clone(),
            integrity: ipsec.integrity.clone(),
            prefix,
        })));
    }
    rules
}

/// Whether the addresses of all tunnels of a node are apart.
fn check(builder: &mut Builder<'_>, run: &Run<'_>, ipsec: &Ipsec) -> bool {
    let nfs = run.group.cpu.containers();
    let count = u64::from(nfs) * u64::from(ipsec.tunnels);
    if count > TUNNELS {
        builder.fault(
            run.subject(),
            "tunnels",
            format!("a node has {TUNNELS} tunnels at most"),
            format!("{nfs} NFs with {} each", ipsec.tunnels),
            "lower `tunnels`".to_owned(),
        );
        return false;
    }
    let [local, remote] = [ipsec.local, ipsec.remote].map(|base| u64::from(u32::from(base)));
    let fits = |base: u64| u32::try_from(base + count - 1).is_ok();
    if local.abs_diff(remote) < count || !fits(local) || !fits(remote) {
        builder.fault(
            run.subject(),
            "tunnels",
            format!(
                "`local` and `remote` are {count} addresses each, and they overlap or overflow"
            ),
            format!("from `{}` and from `{}`", ipsec.local, ipsec.remote),
            "each tunnel has the address after the last one's: move the two further apart"
                .to_owned(),
        );
        return false;
    }
    true
}
