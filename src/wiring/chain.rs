//! Chains: in which order their NFs, the vswitch and the ends are joined, and what each NF does.
//! It must not know how a vswitch forwards.

use super::build::{Builder, Party};
use super::number::{end_mac, switch_mac};
use super::run::{Nf, Run, routes, shape};
use super::switch::{Pair, Strand, Switches};
use super::{Rule, forward, tunnel};
use crate::model::ChainKind;

/// Wires all chains of an entry on one node.
pub(super) fn wire_chains<'a>(
    builder: &mut Builder<'a>,
    switches: &mut Switches<'a>,
    run: &Run<'a>,
) {
    let (chains, nfs) = shape(run.group);
    if !run.is_within_limits(builder, chains * nfs) {
        return;
    }
    let switch = run.switch();
    if let Some(switch) = switch {
        switches.open(builder, run, switch);
    }
    match run.chain.kind {
        ChainKind::CrossHoriz => {
            for ordinal in 1..=chains * nfs {
                horizontal(builder, switches, run, switch, ordinal);
            }
        }
        ChainKind::Vswitch | ChainKind::Ipsec => {
            if let Some(switch) = switch {
                parallel(builder, switches, run, switch, chains * nfs);
            }
        }
        _ => (0..chains).for_each(|chain| serial(builder, switches, run, switch, (chain, nfs))),
    }
}

/// NFs one after the other; joined by the vswitch, or directly.
fn serial<'a>(
    builder: &mut Builder<'a>,
    switches: &mut Switches<'a>,
    run: &Run<'a>,
    switch: Option<Party<'a>>,
    (chain, count): (u32, u32),
) {
    let mut nfs: Vec<Nf<'a>> = (1..=count).map(|k| run.nf(builder, chain * count + k)).collect();
    let last = nfs.len() - 1;
    let is_pipeline = matches!(run.chain.kind, ChainKind::PipelineIp4 | ChainKind::PipelineL2xc);
    let direct = switch.is_none() || is_pipeline;
    // Ports of the vswitch, or of the ends, to the sides of each NF.
    let mut others = vec![[None, None]; nfs.len()];
    for k in 0..=last {
        for side in [0, 1] {
            let is_outer = if side == 0 { k == 0 } else { k == last };
            if is_outer || !direct {
                let other = match switch {
                    Some(switch) => run.switch_end(switch, &nfs[k], side),
                    None => run.outer_end(builder, chain, side),
                };
                others[k][side] = Some(run.join(builder, &mut nfs[k], side, other));
            } else if side == 1 {
                run.join_nfs(builder, &mut nfs, k);
            }
        }
    }
    let needed = [routes(run.chain.kind); 2];
    let (uplinks, peers) = switch
        .map_or_else(Default::default, |switch| switches.uplinks(builder, run, switch, needed));
    if routes(run.chain.kind) {
        for (k, nf) in nfs.iter().enumerate() {
            let hops = [0, 1].map(|side: usize| {
                let neighbour = if side == 0 { k.checked_sub(1) } else { Some(k + 1) };
                match neighbour.and_then(|k| nfs.get(k)) {
                    _ if run.is_routed_by(switch) && others[k][side].is_some() => {
                        Some(switch_mac(nf.number, side))
                    }
                    Some(nf) => Some(nf.macs[1 - side].clone()),
                    None if switch.is_some() => peers[side].clone(),
                    None => Some(end_mac(run.chains_before + chain + 1, side)),
                }
            });
            builder.rules(nf.party, forward::route(nf, &hops));
        }
        if switch.is_none() {
            for (side, nf) in [(0, &nfs[0]), (1, &nfs[last])] {
                let party = run.outer_end(builder, chain, side).party;
                let rules = others[nf_index(side, last)][side]
                    .map(|port| forward::be_next_hop(nf, side, port));
                builder.rules(party, rules.into_iter().flatten());
            }
        }
    } else {
        for nf in &nfs {
            builder.rules(nf.party, [Rule::CrossConnect(nf.ports[0], nf.ports[1])]);
        }
    }
    if let Some(switch) = switch {
        let segments = (0..=nfs.len()).map(|segment| {
            let left = segment.checked_sub(1).and_then(|k| others[k][1]);
            let right = others.get(segment).and_then(|other| other[0]);
            left.into_iter().chain(right).collect()
        });
        let segments = segments.collect();
        let pairs = pairs(run, &nfs, &others, direct);
        switches.add(switch, Strand::new(run, segments, uplinks, peers, pairs));
    }
}

/// The NF at an outer side.
fn nf_index(side: usize, last: usize) -> usize {
    if side == 0 { 0 } else { last }
}

/// What a vswitch that routes has between two of its segments: an NF, or a whole pipeline.
fn pairs(run: &Run<'_>, nfs: &[Nf<'_>], others: &[[Option<usize>; 2]], direct: bool) -> Vec<Pair> {
    let last = nfs.len() - 1;
    let spans: Vec<(usize, usize)> =
        if direct { vec![(0, last)] } else { (0..=last).map(|k| (k, k)).collect() };
    let pair = |(first, last): (usize, usize)| {
        let hops = if routes(run.chain.kind) {
            [nfs[first].macs[0].clone(), nfs[last].macs[1].clone()]
        } else {
            // Through an NF that does not route the next hop is the vswitch itself.
            [switch_mac(nfs[last].number, 1), switch_mac(nfs[first].number, 0)]
        };
        let ports = [others[first][0]?, others[last][1]?];
        Some(Pair { ports, segments: [first, last + 1], hops })
    };
    spans.into_iter().filter_map(pair).collect()
}

/// All NFs side by side between two sockets, and two bridge domains, of the vswitch.
fn parallel<'a>(
    builder: &mut Builder<'a>,
    switches: &mut Switches<'a>,
    run: &Run<'a>,
    switch: Party<'a>,
    count: u32,
) {
    let mut segments = vec![Vec::new(), Vec::new()];
    let mut nfs: Vec<Nf<'a>> = (1..=count).map(|ordinal| run.nf(builder, ordinal)).collect();
    for nf in &mut nfs {
        for side in [0, 1] {
            let other = run.switch_end(switch, nf, side);
            segments[side].push(run.join(builder, nf, side, other));
        }
    }
    // Between two nodes the other end of a tunnel is known.
    let is_paired = run.chain.kind == ChainKind::Ipsec && run.group.nodes.len() == 2;
    let (uplinks, peers) = switches.uplinks(builder, run, switch, [!is_paired, true]);
    for nf in &nfs {
        let rules = match &run.chain.ipsec {
            Some(ipsec) => tunnel::rules(builder, run, ipsec, nf, &peers),
            None => forward::route(nf, &peers),
        };
        builder.rules(nf.party, rules);
    }
    switches.add(switch, Strand::new(run, segments, uplinks, peers, Vec::new()));
}

/// One memif and one NIC of an NF.
fn horizontal<'a>(
    builder: &mut Builder<'a>,
    switches: &mut Switches<'a>,
    run: &Run<'a>,
    switch: Option<Party<'a>>,
    ordinal: u32,
) {
    let mut nf = run.nf(builder, ordinal);
    let other = match switch {
        Some(switch) => run.switch_end(switch, &nf, 0),
        None => run.outer_end(builder, ordinal - 1, 0),
    };
    let port = run.join(builder, &mut nf, 0, other);
    let name = run.group.interfaces.get(ordinal as usize - 1);
    let Some(interface) = name.and_then(|name| run.node.interfaces.get(name)) else {
        let (nfs, nics) = (run.group.cpu.containers(), run.group.interfaces.len());
        builder.fault(
            run.subject(),
            "interfaces",
            format!(
                "each NF of kind `cross_horiz` has a NIC, and `{}` names {nics}",
                run.group.name
            ),
            format!("{nfs} NFs per node"),
            format!("name an interface per NF in `interfaces` of group `{}`", run.group.name),
        );
        return;
    };
    let nic = builder.nic(run.subject(), nf.party, &interface.pci);
    builder.rules(nf.party, [Rule::CrossConnect(nf.ports[0], nic)]);
    if let Some(switch) = switch {
        let (uplinks, peers) = switches.uplinks(builder, run, switch, [false, false]);
        switches.add(switch, Strand::new(run, vec![vec![port]], uplinks, peers, Vec::new()));
    }
}
