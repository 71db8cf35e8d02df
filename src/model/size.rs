//! `memory`: sizes with units.

use super::problem::Report;
use super::value::{Entry, Kind};

/// The least memory limit in bytes; docker refuses less than 6 MiB itself, the kernel kills below.
const LEAST: u64 = 4 << 20;

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
    let place = &entry.value.place;
    let bytes = match &entry.value.kind {
        Kind::Text(text) => parse_size(text),
        Kind::Integer(bytes) => u64::try_from(*bytes).ok(),
        Kind::Broken => return None,
        _ => None,
    };
    match bytes {
        Some(bytes) if bytes >= LEAST => Some(bytes),
        Some(bytes) => {
            report.add(place, "`memory` must be at least 4MiB", format!("{bytes} bytes"));
            None
        }
        None => {
            report
                .add(place, "`memory` must be a size with a unit", "cannot be read")
                .help("e.g. \"512MiB\", \"2GiB\" or \"1GB\"; an integer is bytes");
            None
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
}
