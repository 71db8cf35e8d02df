//! The first part of a written topology: what it is, what it leaves to others, its nodes.

use super::meaning::{Meaning, Switching};
use super::words::plural;
use super::write::noted;
use crate::model::{ChainKind, Problem, SwitchForwarding};
use std::fmt::Write;

/// Columns of a comment.
const WIDTH: usize = 100;

/// Comment, name and nodes.
pub(super) fn head(meaning: &Meaning, source: &str, warnings: &[Problem]) -> String {
    let mut text = comment(&sentence(meaning));
    let _ = write!(text, "#\n#   {}\n#\n", drawing(meaning));
    text += &comment(&format!("Written by `vnfctl import {source}`."));
    let mut left: Vec<&str> = meaning.asides.iter().map(String::as_str).collect();
    let generated = meaning.switching == Switching::Generator;
    if generated {
        left.retain(|aside| !aside.contains("NIC"));
    }
    if !left.is_empty() {
        text += &comment(&format!("Not in this file: {}.", left.join("; ")));
    }
    for warning in warnings {
        text += &comment(&format!("Taken in doubt: {}; {}.", warning.message, warning.label));
    }
    if !meaning.duts_said {
        let said =
            "The name does not say how many nodes there are: add or take away `[nodes.DUTn]`.";
        text += &comment(said);
    }
    let needs = match meaning.ipsec {
        Some((_, _, Some(_))) => "CRYPTO_KEY=... INTEG_KEY=... ",
        Some((_, _, None)) => "CRYPTO_KEY=... ",
        None => "",
    };
    let dut = if has_ssh(meaning) { "DUT1=user@host " } else { "" };
    let _ = write!(text, "#\n#   {needs}{dut}vnfctl -t {}.toml up\n\n", meaning.title);
    let _ = writeln!(text, "name = \"{}\"", meaning.title);
    for dut in 1..=meaning.duts {
        text += &node(meaning, dut);
    }
    text
}

/// Text as lines of a comment.
fn comment(text: &str) -> String {
    let mut lines = String::new();
    let mut line = "#".to_owned();
    for word in text.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH && line.len() > 1 {
            lines += &line;
            lines.push('\n');
            "#".clone_into(&mut line);
        }
        line.push(' ');
        line += word;
    }
    lines + &line + "\n"
}

fn sentence(meaning: &Meaning) -> String {
    let Meaning { chains, nodes, .. } = *meaning;
    let what = match (meaning.kind, meaning.is_direct()) {
        (ChainKind::Ipsec, _) if nodes == 1 => "1 NF with tunnels".to_owned(),
        (ChainKind::Ipsec, _) => format!("{nodes} NFs with tunnels side by side"),
        (_, true) => format!("{} of {}", plural(chains, "pipeline"), plural(nodes, "NF")),
        _ => format!("{} of {}", plural(chains, "chain"), plural(nodes, "NF")),
    };
    let place = if meaning.duts == 1 { "" } else { " on each of two nodes" };
    let app = if meaning.testpmd { "testpmd" } else { "VPP" };
    let outside = match meaning.switching {
        Switching::Generator => "between a generator and a sink, testpmd too",
        Switching::Vswitch(_) if matches!(meaning.kind, ChainKind::Ipsec) => "behind a VPP vswitch",
        Switching::Vswitch(SwitchForwarding::L2bd) => {
            "behind a VPP vswitch that has bridge domains"
        }
        Switching::Vswitch(SwitchForwarding::L2xc) => "behind a VPP vswitch that cross-connects",
        Switching::Vswitch(SwitchForwarding::Ip4) => "behind a VPP vswitch that routes IPv4",
    };
    let engine = match meaning.engine {
        crate::model::EngineKind::Lxc => "LXC",
        crate::model::EngineKind::Nspawn => "systemd-nspawn",
        crate::model::EngineKind::Docker => "Docker",
        crate::model::EngineKind::Podman => "Podman",
        crate::model::EngineKind::Native => "the native engine",
        crate::model::EngineKind::Cri => "a CRI runtime",
    };
    format!("{what}{place}, {app} on {engine}, {outside}.")
}

/// The first chain of a node from end to end.
fn drawing(meaning: &Meaning) -> String {
    let switch = match meaning.switching {
        Switching::Vswitch(_) => "VSWITCH1",
        Switching::Generator => "",
    };
    let nfs: Vec<String> = match meaning.nodes {
        0..=4 => (1..=meaning.nodes).map(|number| format!("CNF{number}")).collect(),
        many => vec!["CNF1".to_owned(), "...".to_owned(), format!("CNF{many}")],
    };
    let is_parallel = meaning.kind == ChainKind::Ipsec;
    let between = match (is_parallel, meaning.is_direct()) {
        (true, _) => " | ".to_owned(),
        (_, true) => " --- ".to_owned(),
        _ => format!(" --- {switch} --- "),
    };
    let inner = nfs.join(&between);
    match (switch.is_empty(), meaning.is_cross()) {
        (true, true) => format!("GEN1 --- {inner} --- eth2"),
        (true, false) => format!("GEN1 --- {inner} --- SINK1"),
        (false, true) => format!("eth1 --- {switch} --- {inner} --- eth2"),
        (false, false) => format!("eth1 --- {switch} --- {inner} --- {switch} --- eth2"),
    }
}

/// A topology of one node without NICs runs where it is started.
fn has_ssh(meaning: &Meaning) -> bool {
    meaning.duts > 1 || !meaning.nics().is_empty()
}

fn node(meaning: &Meaning, dut: u32) -> String {
    if !has_ssh(meaning) {
        return "\n".to_owned() + &noted(&format!("[nodes.DUT{dut}]"), "no ssh key: this machine");
    }
    let mut text = format!("\n[nodes.DUT{dut}]\nssh = \"${{DUT{dut}:-dut{dut}}}\"\n");
    for port in meaning.nics() {
        let wire = match (meaning.duts, dut, port % 2) {
            (2, 1, 0) => format!("leads to DUT2's eth{}", port - 1),
            (2, 2, 1) => format!("leads to DUT1's eth{}", port + 1),
            _ => "leads to the traffic generator".to_owned(),
        };
        let heading = format!("[nodes.DUT{dut}.interfaces.eth{port}]");
        let [high, low] = [port >> 8, port & 0xff];
        let _ = write!(
            text,
            "\n{}pci = \"${{DUT{dut}_ETH{port}_PCI:-{}}}\"\n\
             peer_mac = \"${{DUT{dut}_ETH{port}_PEER_MAC:-52:54:00:f{dut}:{high:02x}:{low:02x}}}\"\n",
            noted(&heading, &wire),
            address(port - 1)
        );
    }
    text
}

/// A PCI address to be replaced: two functions per device, 32 devices per bus.
fn address(index: u32) -> String {
    format!("0000:{:02x}:{:02x}.{}", 0x18 + index / 64, index / 2 % 32, index % 2)
}
