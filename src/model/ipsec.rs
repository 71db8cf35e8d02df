//! `ipsec` of a chain: its tunnels.

use super::IPSEC_KEYS;
use super::chain::{ChainKind, Crypto, Integrity, Ipsec};
use super::problem::{Place, Report};
use super::value::{Entry, Table};
use std::net::Ipv4Addr;

/// More tunnels per NF than anybody configures by lines of a file.
const TUNNELS: u32 = 65535;

/// Reads `ipsec`, which chains of that kind need and others do not have. `None` also when
/// something is wrong, which is reported.
pub(super) fn read_ipsec(
    table: &Table,
    place: &Place,
    kind: Option<ChainKind>,
    report: &mut Report,
) -> Option<Ipsec> {
    let kind = kind?;
    let Some(entry) = table.get("ipsec") else {
        if kind == ChainKind::Ipsec {
            let help = "`ipsec = { crypto = \"aes-gcm-256\", crypto_key = \"${IPSEC_KEY}\", \
                        local = \"100.64.0.1\", remote = \"100.65.0.1\" }`";
            report.missing(table, place, "ipsec", "a chain of kind `ipsec`", help);
        }
        return None;
    };
    if kind != ChainKind::Ipsec {
        report
            .add(&entry.place, format!("kind `{}` has no tunnels", kind.word()), "not here")
            .help("`ipsec` belongs to `kind = \"ipsec\"`");
        return None;
    }
    let table = report.table("`ipsec`", &entry.value)?;
    report.check_keys(table, IPSEC_KEYS, "`ipsec`");
    let place = &entry.place;
    let tunnels =
        table.get("tunnels").map(|entry| report.integer("tunnels", &entry.value, 1..=TUNNELS));
    let crypto = required(table, "crypto", "e.g. `crypto = \"aes-gcm-256\"`", place, report)
        .and_then(|entry| report.choice(entry, &Crypto::WORDS, "encryption"));
    let key_help = "`crypto_key = \"${IPSEC_KEY}\"`: hexadecimal, from the environment";
    let crypto_key = required(table, "crypto_key", key_help, place, report)
        .and_then(|entry| read_key(entry, crypto.map(Crypto::key_bytes), report));
    let integrity = read_integrity(table, crypto, place, report);
    let mut address = |key: &str, help: &str| {
        let entry = required(table, key, help, place, report)?;
        read_address(entry, report)
    };
    let local =
        address("local", "`local = \"100.64.0.1\"`: end of the first tunnel on the first node");
    let remote = address("remote", "`remote = \"100.65.0.1\"`: the other end of the first tunnel");
    Some(Ipsec {
        tunnels: tunnels.unwrap_or(Some(1))?,
        crypto: crypto?,
        crypto_key: crypto_key?,
        integrity: integrity.ok()?,
        local: local?,
        remote: remote?,
    })
}

fn required<'a>(
    table: &'a Table,
    key: &str,
    help: &str,
    place: &Place,
    report: &mut Report,
) -> Option<&'a Entry> {
    let entry = table.get(key);
    if entry.is_none() {
        report.missing(table, place, key, "`ipsec`", help);
    }
    entry
}

/// Something is wrong with a key, which is reported.
struct Reported;

/// Algorithm and key; `None` where the encryption needs none.
fn read_integrity(
    table: &Table,
    crypto: Option<Crypto>,
    place: &Place,
    report: &mut Report,
) -> Result<Option<(Integrity, String)>, Reported> {
    let crypto = crypto.ok_or(Reported)?;
    if crypto.is_aead() {
        for entry in ["integ", "integ_key"].iter().filter_map(|key| table.get(key)) {
            report
                .add(
                    &entry.place,
                    format!("`{}` proves integrity itself", crypto.word()),
                    "one too many",
                )
                .help("remove `integ` and `integ_key`, or choose an `aes-cbc-...`");
        }
        return Ok(None);
    }
    let help = format!("`{}` does not prove integrity: `integ = \"sha-256-128\"`", crypto.word());
    let integrity = required(table, "integ", &help, place, report)
        .and_then(|entry| report.choice(entry, &Integrity::WORDS, "proof of integrity"));
    let help = "`integ_key = \"${INTEG_KEY}\"`: hexadecimal, from the environment";
    let key = required(table, "integ_key", help, place, report)
        .and_then(|entry| read_key(entry, integrity.map(Integrity::key_bytes), report));
    integrity.zip(key).map(Some).ok_or(Reported)
}

/// A key in lower-case hexadecimal. It is never part of a message.
fn read_key(entry: &Entry, bytes: Option<usize>, report: &mut Report) -> Option<String> {
    let word = report.text(&entry.key, &entry.value)?;
    let bytes = bytes?;
    let is_hex = word.text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex || word.text.len() != 2 * bytes {
        let label =
            if is_hex { format!("{} digits", word.text.len()) } else { "not hexadecimal".into() };
        let message = format!("`{}` must be {} hexadecimal digits", entry.key, 2 * bytes);
        report
            .add(word.place, message, label)
            .help(format!("{bytes} bytes, e.g. from `openssl rand -hex {bytes}`"));
        return None;
    }
    Some(word.text.to_ascii_lowercase())
}

fn read_address(entry: &Entry, report: &mut Report) -> Option<Ipv4Addr> {
    let word = report.text(&entry.key, &entry.value)?;
    let address = word.text.parse().ok();
    if address.is_none() {
        report
            .add(word.place, format!("`{}` is not an IPv4 address", word.text), "cannot be read")
            .help("without prefix length, e.g. `100.64.0.1`");
    }
    address
}
