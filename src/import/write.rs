//! The topology file of a meaning, formatted like the shipped ones. Stable: the same meaning gives
//! the same bytes.

use super::meaning::{Meaning, Switching};
use super::{write_groups, write_head};
use crate::model::{ChainKind, MemifRoles, Problem, SwitchForwarding};
use std::fmt::Write;

/// Writes the topology; `source` are the options it comes from, `warnings` the name's contradictions.
pub fn write(meaning: &Meaning, source: &str, warnings: &[Problem]) -> String {
    let mut text = write_head::head(meaning, source, warnings);
    text.push_str(&write_groups::groups(meaning));
    text.push_str(&chain(meaning));
    text
}

/// A line of TOML with a comment, which begins in one column.
pub(super) fn noted(line: &str, comment: &str) -> String {
    format!("{line:<31} # {comment}\n")
}

fn chain(meaning: &Meaning) -> String {
    let mut text = "\n[[chains]]\ngroup = \"CNF\"\n".to_owned();
    let kind = meaning.kind.word();
    text.push_str(&noted(&format!("kind = \"{kind}\""), words(meaning.kind)));
    match meaning.switching {
        Switching::Generator if meaning.is_cross() => text.push_str("ends = [\"GEN\"]\n"),
        Switching::Generator => text.push_str("ends = [\"GEN\", \"SINK\"]\n"),
        Switching::Vswitch(forwarding) => {
            text.push_str("vswitch = \"VSWITCH\"\n");
            if let Some(word) = forwarding_word(meaning.kind, forwarding) {
                let _ = writeln!(text, "forwarding = \"{word}\"");
            }
        }
    }
    if meaning.roles == MemifRoles::NfSlave && meaning.kind != ChainKind::Ipsec {
        text.push_str(&noted("memif_roles = \"nf-slave\"", "as CSIT had it before 2018-05"));
    }
    if let Some((tunnels, crypto, integrity)) = meaning.ipsec {
        text.push_str(&noted("[chains.ipsec]", "keys in hexadecimal, from the environment"));
        let _ = writeln!(text, "tunnels = {tunnels}\ncrypto = \"{}\"", crypto.word());
        let bytes = crypto.key_bytes();
        let key = "crypto_key = \"${CRYPTO_KEY}\"";
        text.push_str(&noted(key, &format!("openssl rand -hex {bytes}")));
        if let Some(integrity) = integrity {
            let _ = writeln!(text, "integ = \"{}\"", integrity.word());
            let key = "integ_key = \"${INTEG_KEY}\"";
            text.push_str(&noted(key, &format!("openssl rand -hex {}", integrity.key_bytes())));
        }
        text.push_str("local = \"100.0.0.1\"\nremote = \"200.0.0.1\"\n");
    }
    text
}

/// `None` where the kind of chain leaves no choice.
fn forwarding_word(kind: ChainKind, forwarding: SwitchForwarding) -> Option<&'static str> {
    let word = match forwarding {
        SwitchForwarding::L2bd => "l2bd",
        SwitchForwarding::L2xc => "l2xc",
        SwitchForwarding::Ip4 => "ip4",
    };
    match (kind, forwarding) {
        (ChainKind::Ipsec, _) | (ChainKind::CrossHoriz, SwitchForwarding::Ip4) => None,
        _ => Some(word),
    }
}

fn words(kind: ChainKind) -> &'static str {
    match kind {
        ChainKind::L2xc => "an NF cross-connects its two memifs",
        ChainKind::Functional => "cross-connects that wait for interrupts",
        ChainKind::Ip4 => "an NF routes between its two memifs",
        ChainKind::PipelineIp4 => "an NF routes, neighbours are joined directly",
        ChainKind::PipelineL2xc => "an NF cross-connects, neighbours are joined directly",
        ChainKind::Ipsec => "an NF has the ends of its tunnels",
        ChainKind::CrossHoriz => "an NF has a memif and a NIC",
        ChainKind::Vswitch => "all NFs on two sockets of the vswitch",
        ChainKind::Dma => "cross-connects whose copies DSA makes",
    }
}
