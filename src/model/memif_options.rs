//! What both ends of a memif agree on: queues, rings, buffers, mode, secret.

use super::chain::{MemifMode, MemifOptions};
use super::problem::Report;
use super::value::{Entry, Table};
use std::ops::RangeInclusive;

/// VPP's `MEMIF_SECRET_SIZE`.
const SECRET_BYTES: usize = 24;

/// VPP refuses larger rings; smaller ones are of no use.
const RING: RangeInclusive<u32> = 32..=16384;

/// Reads the keys of a link or a chain that say so; VPP's own defaults for the others.
pub(super) fn read_options(table: &Table, report: &mut Report) -> MemifOptions {
    let mut options = MemifOptions::default();
    let mut integer = |key: &str, range: RangeInclusive<u32>, target: &mut u32| {
        let read = table.get(key).and_then(|entry| report.integer(key, &entry.value, range));
        *target = read.unwrap_or(*target);
    };
    integer("rx_queues", 1..=255, &mut options.rx_queues);
    integer("tx_queues", 1..=255, &mut options.tx_queues);
    integer("ring_size", RING, &mut options.ring_size);
    integer("buffer_size", 64..=65535, &mut options.buffer_size);
    if let Some(entry) = table.get("ring_size").filter(|_| !options.ring_size.is_power_of_two()) {
        let near = options.ring_size.next_power_of_two();
        report
            .add(&entry.value.place, "`ring_size` must be a power of two", "is none")
            .help(format!("{} or {near}", near / 2));
    }
    if let Some(entry) = table.get("mode") {
        let modes = [
            ("ethernet", MemifMode::Ethernet),
            ("ip", MemifMode::Ip),
            ("punt-inject", MemifMode::PuntInject),
        ];
        options.mode = report.choice(entry, &modes, "memif mode").unwrap_or_default();
    }
    options.secret = table.get("secret").and_then(|entry| read_secret(entry, report));
    options
}

fn read_secret(entry: &Entry, report: &mut Report) -> Option<String> {
    let word = report.text("secret", &entry.value)?;
    // It is one word of a command line of VPP, and one value of an argument of testpmd.
    let odd = |c: char| !c.is_ascii_graphic() || "\"'\\,#".contains(c);
    if word.text.is_empty() || word.text.len() > SECRET_BYTES || word.text.contains(odd) {
        report.add(word.place, "this cannot be the secret of a memif", "not a secret").help(
            format!("1 to {SECRET_BYTES} letters, digits and signs but no space, `\"`, `'`, `\\`, `,`, `#`"),
        );
        return None;
    }
    Some(word.text.to_owned())
}
