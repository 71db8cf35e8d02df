//! The first part of a written topology: what it is, what it leaves to others, its nodes.

use super::meaning::{Meaning, Switching};
use super::write::noted;
use crate::model::{ChainKind, Problem, SwitchForwarding};
use std::fmt::Write;

/// Columns of a comment.
const WIDTH: usize = 100;

/// Comment, name and nodes.
pub(super) fn head(meaning: &Meaning, source: &str, warnings: &[Problem]) -> String {
    let mut text = comment(&sentence(meaning));
    let _ = write!(text, "#\n#   {}\n#\n", drawing(meaning));
    text += &comment(&format!("Written by `vnfctl import --name {source}`."));
    let mut left: Vec<&str> = meaning.asides.iter().map(String::as_str).collect();
    let generated = meaning.switching == Switching::Generator;
    if generated {
        left.retain(|aside| !aside.contains("NIC"));
    }
    if !left.is_empty() {
        text += &comment(&format!("Not in this file: {}.", left.join("; ")));
    }
    for warning in warnings {
        text += &comment(&format!("Taken in doubt: {}: {}.", warning.message, warning.label));
    }
    if !meaning.duts_said {
        let said = "The name does not say how many nodes there are; that is a table `[nodes.DUTn]`";
        text += &comment(&format!("{said} each."));
    }
    let needs = if meaning.ipsec.is_some() { "CRYPTO_KEY=... " } else { "" };
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
    let plural =
        |number: u32, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let what = match (meaning.kind, meaning.direct) {
        (ChainKind::Ipsec, _) => format!("{} side by side", plural(nodes, "NF")),
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
        crate::model::EngineKind::Docker => "Docker",
        crate::model::EngineKind::Podman => "Podman",
        crate::model::EngineKind::Native => "the native engine",
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
    let between = match (is_parallel, meaning.direct || switch.is_empty()) {
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
    meaning.duts > 1 || has_nics(meaning)
}

fn has_nics(meaning: &Meaning) -> bool {
    meaning.switching != Switching::Generator || meaning.is_cross()
}

fn node(meaning: &Meaning, dut: u32) -> String {
    if !has_ssh(meaning) {
        return "\n".to_owned() + &noted(&format!("[nodes.DUT{dut}]"), "no ssh key: this machine");
    }
    let mut text = format!("\n[nodes.DUT{dut}]\nssh = \"${{DUT{dut}:-dut{dut}}}\"\n");
    if !has_nics(meaning) {
        return text;
    }
    let lan = |port: u32| match (meaning.duts, dut, port) {
        (2, 1, 2) => "leads to DUT2's eth1".to_owned(),
        (2, 2, 1) => "leads to DUT1's eth2".to_owned(),
        _ => format!("leads to the traffic generator's port {port}"),
    };
    for port in 1..=2 {
        let heading = format!("[nodes.DUT{dut}.interfaces.eth{port}]");
        text += &format!("\n{}", noted(&heading, &lan(port)));
        let _ = writeln!(
            text,
            "pci = \"${{DUT{dut}_ETH{port}_PCI:-0000:18:00.{}}}\"\n\
             peer_mac = \"${{DUT{dut}_ETH{port}_PEER_MAC:-52:54:00:fd:0{dut}:0{port}}}\"",
            port - 1
        );
    }
    text
}
