//! `memory`, `hugepages` and other sizes with units.

use super::problem::{Place, Report};
use super::value::{Entry, Kind};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The least memory limit in bytes; docker refuses less than 6 MiB itself, the kernel kills below.
const LEAST: u64 = 4 << 20;

/// Sizes of huge pages in KiB that kernels have: arm64's smallest to POWER's largest.
const PAGE_SIZES: RangeInclusive<u64> = 64..=16 << 20;

const UNITS: [(&str, u64); 9] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
];

/// Bytes of `2GiB`, `512MiB`, `1GB`; `None` for anything else.
fn parse_size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let number: u64 = digits.trim_end_matches(' ').parse().ok()?;
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*factor)
}

/// Reads a memory limit in bytes.
pub(super) fn read_memory(entry: &Entry, report: &mut Report) -> Option<u64> {
    read_size(entry, LEAST, report)
}

/// Reads a size in bytes, `least` (whole MiB) or more.
pub(super) fn read_size(entry: &Entry, least: u64, report: &mut Report) -> Option<u64> {
    let (key, place) = (&entry.key, &entry.value.place);
    let bytes = match &entry.value.kind {
        Kind::Text(text) => parse_size(text),
        Kind::Integer(bytes) => u64::try_from(*bytes).ok(),
        Kind::Broken => return None,
        _ => None,
    };
    match bytes {
        Some(bytes) if bytes >= least => Some(bytes),
        Some(bytes) => {
            let message = format!("`{key}` must be at least {}MiB", least >> 20);
            report.add(place, message, format!("{bytes} bytes"));
            None
        }
        None => {
            report
                .add(place, format!("`{key}` must be a size with a unit"), "cannot be read")
                .help("e.g. \"512MiB\", \"2GiB\" or \"1GB\"; an integer is bytes");
            None
        }
    }
}

/// KiB of a size that huge pages can have, from its word: `2MiB`; `None` for anything else.
pub fn page_size(word: &str) -> Option<u64> {
    let bytes = parse_size(word)?;
    let kib = bytes >> 10;
    (bytes.is_power_of_two() && PAGE_SIZES.contains(&kib)).then_some(kib)
}

/// The word of a page size in KiB: `2MiB`.
pub fn page_size_word(kib: u64) -> String {
    let (unit, factor) = if kib.is_multiple_of(1 << 20) {
        ("GiB", 1 << 20)
    } else if kib.is_multiple_of(1 << 10) {
        ("MiB", 1 << 10)
    } else {
        ("KiB", 1)
    };
    format!("{}{unit}", kib / factor)
}

/// Reads pages per container, by page size in KiB.
pub(super) fn read_hugepages(entry: &Entry, report: &mut Report) -> BTreeMap<u64, u64> {
    let mut pages: BTreeMap<u64, (u64, &Place)> = BTreeMap::new();
    let table = report.table("`hugepages`", &entry.value);
    for Entry { key, place, value } in table.into_iter().flat_map(|table| &table.entries) {
        let count = report.integer(key, value, 1..=u32::MAX);
        let Some(kib) = page_size(key) else {
            report
                .add(place, format!("huge pages cannot be of `{key}`"), "not a page size")
                .help(nearest_page_size(key));
            continue;
        };
        if let Some((_, first)) = pages.get(&kib) {
            let message = format!("huge pages of {} are asked for twice", page_size_word(kib));
            report.add(place, message, "again").mark(first, "first here");
        } else if let Some(count) = count {
            pages.insert(kib, (count.into(), place));
        }
    }
    pages.into_iter().map(|(kib, (count, _))| (kib, count)).collect()
}

/// For `2M`, `2MB` and `2 mib` the size that was meant.
fn nearest_page_size(word: &str) -> String {
    let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
    let unit = word.chars().find(char::is_ascii_alphabetic).map(|unit| unit.to_ascii_uppercase());
    let meant = unit.map(|unit| format!("{digits}{unit}iB")).filter(|it| page_size(it).is_some());
    match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => {
            "a power of two from `64KiB` to `16GiB`; most machines have `2MiB` and `1GiB`".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, wanted) in [
            ("2GiB", Some(2 << 30)),
            ("512MiB", Some(512 << 20)),
            ("1GB", Some(1_000_000_000)),
            ("1 GB", Some(1_000_000_000)),
            ("0KiB", Some(0)),
            ("2g", None),
            ("2", None),
            ("GiB", None),
            ("-1GiB", None),
            ("1.5GiB", None),
            ("99999999999TiB", None),
        ] {
            assert_eq!(parse_size(text), wanted, "{text}");
        }
    }

    #[test]
    fn page_sizes() {
        for (word, wanted) in [
            ("2MiB", Some(2048)),
            ("2048KiB", Some(2048)),
            ("1GiB", Some(1 << 20)),
            ("64KiB", Some(64)),
            ("16GiB", Some(16 << 20)),
            ("32KiB", None),
            ("32GiB", None),
            ("3MiB", None),
            ("2MB", None),
            ("0KiB", None),
        ] {
            assert_eq!(page_size(word), wanted, "{word}");
        }
        for word in ["64KiB", "2MiB", "512MiB", "1GiB", "16GiB"] {
            assert_eq!(page_size(word).map(page_size_word).as_deref(), Some(word));
        }
    }
}
