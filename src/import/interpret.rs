//! From what a name says to what it means. Where its numbers contradict each other one of them is
//! taken, and told; nothing is mended in silence.

use super::cursor::problem;
use super::meaning::{Import, Meaning, NfCpus, Switching, Wishes};
use super::name::{Cpus, Nic, PodsLayout, SwitchSize, VirtualSide};
use super::numbers::{Found, Shape};
use super::parse::{Parsed, Places};
use super::words::{Driver, Forwarding, Frame, Learning, Technology, Wire};
use crate::model::{ChainKind, EngineKind, MemifRoles, Problem, SwitchForwarding};

/// NFs of a node that have addresses of their own: two sockets each in one byte.
const MOST_ROUTING: u32 = 127;
/// NFs of a node that have MAC addresses of their own: one byte.
const MOST: u32 = 255;
/// NFs of a chain behind a vswitch that routes: two networks each.
const MOST_ROUTED: u32 = 48;
/// Bytes of a topology's name that leave room for the rest of a socket's path, and a prefix.
const LONGEST_TITLE: usize = 60;
/// More data-plane cores than any machine has.
const MOST_CORES: u32 = 256;

/// What a name means, and its contradictions in the order of its words.
///
/// # Errors
/// What no topology can be: more NFs or cores than a node can have.
pub fn interpret(parsed: &Parsed, wishes: Wishes) -> Result<(Meaning, Vec<Problem>), Problem> {
    let Parsed { name, places } = parsed;
    let mut found = Found { places, warnings: Vec::new() };
    let functional = name.test_type.is_some_and(super::TestType::is_functional);
    let mut shape = found.shape(&name.suite.virtual_side, functional);
    let vs_dtc = name.head.cores.map_or(1, |Cpus { cores, .. }| cores);
    let cpus = match (shape.width, functional) {
        (Some(width), _) => found.width(width),
        // One chain is `count` NFs; several need the density form.
        (None, true) if shape.chains == 1 => NfCpus::One,
        // CSIT's `auto_scale`: as many as the vswitch.
        (None, _) => NfCpus::Cores(vs_dtc),
    };
    let ipsec = found.ipsec(&name.suite, &mut shape);
    let testpmd_alone = wishes.app == Some(Import::Testpmd);
    let switching = if testpmd_alone {
        if shape.kind == ChainKind::Ipsec {
            let message = "testpmd has no IPsec";
            let help = Some("write it with `--app vpp`".to_owned());
            return Err(problem(places.wire.clone(), message, "tunnels", help));
        }
        found.without_vpp(&mut shape);
        Switching::Generator
    } else {
        Switching::Vswitch(found.forwarding(name.suite.switch.forwarding, shape.kind))
    };
    refuse_many(&shape, switching, places)?;
    if let Switching::Vswitch(_) = switching
        && shape.chains > 1
        && !shares_nics(shape.kind, switching)
    {
        let message = "these chains cannot share two NICs: frames would go round for ever";
        let label = "two NICs for each chain are taken";
        found.warn(&places.chains, message, label, None);
    }
    let cores = if let NfCpus::Cores(cores) = cpus { cores.max(vs_dtc) } else { vs_dtc };
    if cores > MOST_CORES {
        let place = if vs_dtc > MOST_CORES { &places.cores } else { &places.nfs };
        let message = format!("no node has {cores} cores for one data plane");
        return Err(problem(place.clone(), message, "too many", None));
    }
    let (duts, duts_said) = duts(parsed);
    let testpmd = match wishes.app {
        Some(app) => app == Import::Testpmd,
        None => shape.testpmd,
    };
    let engine = match (wishes.engine, shape.technology) {
        (Some(engine), _) => engine,
        (None, Technology::Lxc) => EngineKind::Lxc,
        (None, Technology::Vnf) => {
            let help = "`--engine` says another".to_owned();
            found.warn(&places.nfs, "`vnf` names no engine", "docker is taken", Some(help));
            EngineKind::Docker
        }
        (None, _) => EngineKind::Docker,
    };
    let early = name.test_type.is_some_and(super::TestType::is_early)
        || shape.technology == Technology::Docker
        || matches!(&name.suite.virtual_side,
            VirtualSide::Pods(pods) if matches!(pods.layout, PodsLayout::Before(_)));
    let meaning = Meaning {
        title: title(parsed, testpmd_alone),
        duts,
        duts_said,
        chains: shape.chains,
        nodes: shape.nodes,
        kind: shape.kind,
        switching,
        engine,
        testpmd,
        cpus,
        vs_dtc,
        roles: if early { MemifRoles::NfSlave } else { MemifRoles::NfMaster },
        huge1g: matches!(&name.suite.virtual_side, VirtualSide::Single(one) if one.huge1g),
        ipsec,
        asides: asides(parsed),
    };
    found.warnings.sort_by_key(|warning| (warning.span.start, warning.span.end));
    Ok((meaning, found.warnings))
}

/// Whether all chains of a vswitch can have the same two NICs.
pub(super) fn shares_nics(kind: ChainKind, switching: Switching) -> bool {
    use ChainKind::{Ip4, Ipsec, PipelineIp4};
    switching == Switching::Vswitch(SwitchForwarding::L2bd)
        && matches!(kind, Ip4 | PipelineIp4 | Ipsec)
}

/// More NFs than a node has numbers for.
fn refuse_many(shape: &Shape, switching: Switching, places: &Places) -> Result<(), Problem> {
    use ChainKind::{Ip4, Ipsec, PipelineIp4};
    let is_routing = matches!(shape.kind, Ip4 | Ipsec | PipelineIp4);
    let (most, why) = if is_routing {
        (MOST_ROUTING, "their addresses are numbered in one byte")
    } else {
        (MOST, "their MAC addresses are numbered in one byte")
    };
    let nfs = shape.chains.saturating_mul(shape.nodes);
    if nfs > most {
        let help = format!("at most {most}: {why}");
        let message = format!("no node can have {nfs} NFs");
        return Err(problem(places.nfs.clone(), message, "too many", Some(help)));
    }
    if switching == Switching::Vswitch(SwitchForwarding::Ip4) && shape.nodes > MOST_ROUTED {
        let help = format!("at most {MOST_ROUTED} in a chain: so many networks it has");
        let message = format!("a vswitch that routes cannot have {} NFs in a chain", shape.nodes);
        return Err(problem(places.nfs.clone(), message, "too many", Some(help)));
    }
    Ok(())
}

/// Nodes with containers, and whether the name says so.
fn duts(parsed: &Parsed) -> (u32, bool) {
    let head = &parsed.name.head;
    if let Some(testbed) = head.testbed {
        return ((testbed.nodes - 1).max(1), true);
    }
    match (&head.nic, &parsed.name.suite.virtual_side) {
        // Device tests: traffic generator and DUT, no more.
        (Some(Nic::Virtual { .. }), _) => (1, true),
        // No prefix before the NIC means three nodes.
        (Some(Nic::Card { .. }), _) => (2, true),
        // A tag does not say it. All density suites but those with tunnels have two nodes.
        (None, VirtualSide::Density(_) | VirtualSide::Group(_)) => {
            (if matches!(parsed.name.suite.wire, Wire::Ipsec { .. }) { 2 } else { 1 }, false)
        }
        (None, _) => (2, false),
    }
}

/// The suite, without algorithms: names of topologies are part of socket paths.
fn title(parsed: &Parsed, testpmd: bool) -> String {
    let mut suite = parsed.name.suite.clone();
    if let VirtualSide::Density(density) = &mut suite.virtual_side {
        density.ciphers.clear();
    }
    let text = suite.to_string();
    let suffix = if testpmd && !text.ends_with("testpmd") { "-testpmd" } else { "" };
    let mut title = text.as_str();
    while title.len() + suffix.len() > LONGEST_TITLE {
        let Some((shorter, _)) = title.rsplit_once('-') else { break };
        title = shorter;
    }
    format!("{title}{suffix}")
}

/// What only the traffic generator or the testbed can do.
fn asides(parsed: &Parsed) -> Vec<String> {
    let name = &parsed.name;
    let mut asides = Vec::new();
    match name.head.frame {
        Some(Frame::Bytes(bytes)) => asides.push(format!("frames of {bytes} bytes")),
        Some(Frame::Imix) => asides.push("a mix of frame sizes".to_owned()),
        None => {}
    }
    if let Some(test_type) = name.test_type {
        asides.push(format!("the measurement, `{test_type}`"));
    }
    if let Wire::Word(word) = name.suite.wire {
        if word.starts_with("dot1") || word.ends_with("vxlan") {
            asides.push(format!("`{word}` on the wire, with sub-interfaces or tunnels for it"));
        } else if word.contains("ip6") || word.contains("icmp") {
            asides.push(format!("packets, `{word}`"));
        }
    }
    if let SwitchSize::Scale(entries) = name.suite.switch.size {
        asides.push(format!("the scale of the vswitch, {entries}"));
    }
    if name.suite.switch.learning == Some(Learning::Static) {
        asides.push("static MAC addresses of the vswitch".to_owned());
    }
    if let Some(driver) = name.head.driver.filter(|driver| *driver != Driver::VfioPci) {
        asides.push(format!("the NIC's driver, `{driver}`"));
    }
    if let VirtualSide::Pods(pods) = &name.suite.virtual_side {
        asides.push("pods (these are containers without Kubernetes)".to_owned());
        if name.suite.switch.forwarding == Forwarding::L2bd && pods.memifs > 2 {
            let inner = "cross-connects of the vswitch between NFs (these are bridge domains)";
            asides.push(inner.to_owned());
        }
    }
    asides
}
