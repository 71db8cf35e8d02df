//! Keys of an app of kind `vpp`.

use super::app::{Vpp, VppVariant};
use super::problem::Report;
use super::read::Word;
use super::size::{page_size, read_size};
use super::value::{Entry, Kind, Table};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Least heap with which memif and L2 work (measured, VPP 26.06).
const LEAST_HEAP: u64 = 60 << 20;

/// Least `statseg` of use.
const LEAST_STATSEG: u64 = 1 << 20;

/// Buffers per NUMA node: fewer do not fill one ring.
const BUFFERS: RangeInclusive<u32> = 1024..=1 << 24;

/// Microseconds between two polls.
const POLL_SLEEP: RangeInclusive<u32> = 1..=1_000_000;

/// Receive queues of a NIC.
const RX_QUEUES: RangeInclusive<u32> = 1..=256;

/// Reads the keys of `vpp`.
pub(super) fn read_vpp(table: &Table, report: &mut Report) -> Vpp {
    let variants = [
        ("plain", VppVariant::Plain),
        ("vswitch", VppVariant::Vswitch),
        ("ipsec", VppVariant::Ipsec),
        ("dma", VppVariant::Dma),
    ];
    let variant = match table.get("variant") {
        Some(entry) => report.choice(entry, &variants, "variant of VPP"),
        None => Some(VppVariant::default()),
    };
    if let Some(variant) = variant {
        check_variant(table, variant, &variants, report);
    }
    let mut size = |key: &str, least: u64, default: u64| {
        table.get(key).and_then(|entry| read_size(entry, least, report)).unwrap_or(default)
    };
    let main_heap_size = size("main_heap_size", LEAST_HEAP, 128 << 20);
    let statseg_size = size("statseg_size", LEAST_STATSEG, 8 << 20);
    let mut number = |key: &str, range: RangeInclusive<u32>| {
        table.get(key).and_then(|entry| report.integer(key, &entry.value, range))
    };
    let buffers_per_numa = number("buffers_per_numa", BUFFERS);
    let poll_sleep_usec = number("poll_sleep_usec", POLL_SLEEP);
    let rx_queues = number("rx_queues", RX_QUEUES);
    Vpp {
        variant: variant.unwrap_or_default(),
        main_heap_size,
        page_size: table.get("page_size").and_then(|entry| read_page_size(entry, report)),
        buffers_per_numa,
        statseg_size,
        poll_sleep_usec,
        plugins: read_plugins(table, report),
        rx_queues,
        dsa_devices: read_dsa_devices(table, report),
        startup: read_startup(table, report),
        exec: read_exec(table, report),
    }
}

/// Reports keys that only another variant has.
fn check_variant(
    table: &Table,
    variant: VppVariant,
    variants: &[(&str, VppVariant)],
    report: &mut Report,
) {
    for (key, needed) in [("rx_queues", VppVariant::Vswitch), ("dsa_devices", VppVariant::Dma)] {
        let Some(entry) = table.get(key).filter(|_| variant != needed) else { continue };
        let word = |variant| variants.iter().find(|(_, it)| *it == variant).map_or("", |it| it.0);
        let (needed, variant) = (word(needed), word(variant));
        let message = format!("`{key}` needs `variant = \"{needed}\"`");
        let problem = report.add(&entry.place, message, format!("nothing in variant `{variant}`"));
        match table.get("variant") {
            Some(entry) => problem.mark(&entry.value.place, "the variant"),
            None => problem.help("without `variant` it is `plain`"),
        };
    }
}

fn read_page_size(entry: &Entry, report: &mut Report) -> Option<u64> {
    let word = report.text("page_size", &entry.value)?;
    let size = page_size(word.text);
    if size.is_none() {
        report
            .add(word.place, format!("huge pages cannot be of `{}`", word.text), "not a page size")
            .help("`2MiB` or `1GiB`; leave `page_size` out for ordinary pages");
    }
    size.map(|kib| kib << 10)
}

fn read_plugins(table: &Table, report: &mut Report) -> Vec<String> {
    let Some(entry) = table.get("plugins") else { return Vec::new() };
    let words = report.distinct("plugins", &entry.value);
    for word in &words {
        let stem = word.text.strip_suffix("_plugin.so");
        if !stem.is_some_and(|stem| is_token(stem, "")) {
            report
                .add(word.place, format!("`{}` is not a plugin", word.text), "not a file name")
                .help("the name of its file, e.g. `acl_plugin.so`");
        }
    }
    words.iter().map(|word| word.text.to_owned()).collect()
}

fn read_dsa_devices(table: &Table, report: &mut Report) -> Vec<String> {
    let Some(entry) = table.get("dsa_devices") else { return Vec::new() };
    let words = report.distinct("dsa_devices", &entry.value);
    for word in words.iter().filter(|word| !is_work_queue(word.text)) {
        report
            .add(word.place, format!("`{}` is not a work queue", word.text), "cannot be read")
            .help("VPP takes the work queues of `accel-config list`, e.g. `wq0.0`");
    }
    words.iter().map(|word| word.text.to_owned()).collect()
}

/// `wq<device>.<queue>`, as the section `dsa` of `startup.conf` wants it.
fn is_work_queue(text: &str) -> bool {
    let number = |text: &str| text.parse::<u16>().is_ok_and(|number| number.to_string() == text);
    let numbers = text.strip_prefix("wq").and_then(|numbers| numbers.split_once('.'));
    numbers.is_some_and(|(device, queue)| number(device) && number(queue))
}

fn read_exec(table: &Table, report: &mut Report) -> Vec<String> {
    let Some(entry) = table.get("exec") else { return Vec::new() };
    let words = report.words("exec", &entry.value).unwrap_or_default();
    for word in words.iter().filter(|word| word.text.contains(['\n', '\r'])) {
        report
            .add(word.place, "an item of `exec` is one line", "several lines")
            .help("one item per command of VPP's command line");
    }
    words.iter().map(|word| word.text.to_owned()).collect()
}

/// Sections and their keys, in the order of the file.
fn read_startup(table: &Table, report: &mut Report) -> BTreeMap<String, Vec<(String, String)>> {
    let sections = table
        .get("startup")
        .and_then(|entry| report.table("`startup`", &entry.value))
        .map(|table| table.entries.as_slice())
        .unwrap_or_default();
    let mut startup = BTreeMap::new();
    for section in sections {
        if !is_token(&section.key, "") {
            report
                .add(
                    &section.place,
                    format!("`{}` cannot name a section", section.key),
                    "not a name",
                )
                .help("letters, digits, `_` and `-`, as in `startup.conf`");
        }
        let Some(table) = report.table(&format!("`{}`", section.key), &section.value) else {
            continue;
        };
        let values = table.entries.iter().filter_map(|entry| read_setting(entry, report)).collect();
        startup.insert(section.key.clone(), values);
    }
    startup
}

fn read_setting(entry: &Entry, report: &mut Report) -> Option<(String, String)> {
    let key = entry.key.as_str();
    if !is_token(key, "./:") {
        report
            .add(&entry.place, format!("`{key}` cannot be a key of `startup.conf`"), "not a key")
            .help("letters, digits, `_`, `-`, `.`, `/` and `:`");
    }
    if let Kind::Integer(number) = entry.value.kind {
        return Some((key.to_owned(), number.to_string()));
    }
    let word = report.text(key, &entry.value)?;
    check_setting(word, report);
    Some((key.to_owned(), word.text.to_owned()))
}

/// Braces and comments would reach into what follows; VPP accepts that in silence.
fn check_setting(word: Word<'_>, report: &mut Report) {
    let odd = |c: char| "{}#".contains(c) || c.is_control();
    if let Some(odd) = word.text.chars().find(|c| odd(*c)) {
        let message = format!("a value of `startup.conf` cannot have `{}`", odd.escape_debug());
        report
            .add(word.place, message, "would change the file's structure")
            .help("sections stand one level deep: `startup = { SECTION = { KEY = \"value\" } }`");
    }
}

/// Letters, digits, `_`, `-` and those of `extra`; not empty.
fn is_token(text: &str, extra: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c) || extra.contains(c);
    !text.is_empty() && text.chars().all(plain)
}
