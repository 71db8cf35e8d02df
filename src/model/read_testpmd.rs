//! Keys of an app of kind `testpmd`.

use super::app::Testpmd;
use super::problem::Report;
use super::value::Table;
use std::ops::RangeInclusive;

/// Forwarding modes of DPDK 22.11 that need no further devices.
const FORWARD: [&str; 10] =
    ["io", "mac", "macswap", "flowgen", "rxonly", "txonly", "csum", "icmpecho", "5tswap", "noisy"];

/// `-m` in MiB, at least what its own pools need.
const MEMORY: RangeInclusive<u32> = 32..=1 << 20;

/// `--total-num-mbufs`.
const MBUFS: RangeInclusive<u32> = 1024..=1 << 24;

/// Reads the keys of `testpmd`.
pub(super) fn read_testpmd(table: &Table, report: &mut Report) -> Testpmd {
    let choices = FORWARD.map(|word| (word, word));
    let forward = table
        .get("forward")
        .and_then(|entry| report.choice(entry, &choices, "forwarding mode of testpmd"));
    let mut number = |key: &str, range: RangeInclusive<u32>, default: u32| {
        let entry = table.get(key);
        entry.and_then(|entry| report.integer(key, &entry.value, range)).unwrap_or(default)
    };
    let (memory_mib, mbufs) = (number("memory_mib", MEMORY, 128), number("mbufs", MBUFS, 8192));
    let mut claim = |key: &str, default: bool| {
        let entry = table.get(key);
        entry.and_then(|entry| report.boolean(key, &entry.value)).unwrap_or(default)
    };
    let (hugepages, auto_start) = (claim("hugepages", false), claim("auto_start", true));
    let args = table.get("args").and_then(|entry| report.words("args", &entry.value));
    Testpmd {
        forward: forward.map(str::to_owned),
        memory_mib,
        mbufs,
        hugepages,
        auto_start,
        args: args.into_iter().flatten().map(|word| word.text.to_owned()).collect(),
    }
}
