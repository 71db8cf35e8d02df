//! `sysctls` and `ulimits`: kernel parameters of a container's own namespaces and the limits of its
//! processes.

use super::group::Section;
use super::names::nearest;
use super::problem::Report;
use super::read::listed;
use super::security::Ulimit;
use super::value::{Entry, Kind, Value};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The limits of setrlimit(2) in lower case without `RLIMIT_`.
const LIMITS: [&str; 16] = [
    "as",
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];

/// Parameters of an IPC namespace (`ipc_namespaces(7)`), besides `fs.mqueue.*`.
const OF_IPC: [&str; 8] = [
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
];

/// Reads `sysctls`; those of the network need a namespace of its own.
pub(super) fn read_sysctls(
    section: &Section<'_>,
    network: Option<&str>,
    report: &mut Report,
) -> BTreeMap<String, String> {
    let table = section.get("sysctls").and_then(|entry| report.table("`sysctls`", &entry.value));
    let mut sysctls = BTreeMap::new();
    for entry in table.into_iter().flat_map(|table| &table.entries) {
        let value = match &entry.value.kind {
            Kind::Integer(number) => Some(number.to_string()),
            _ => report.text(&entry.key, &entry.value).map(|word| word.text.to_owned()),
        };
        let named = check_name(entry, network, report);
        let Some(value) = value else { continue };
        if value.trim().is_empty() || value.chars().any(char::is_control) {
            let message = format!("`{}` needs a value", entry.key);
            report.add(&entry.value.place, message, "no value of one line");
        } else if named {
            sysctls.insert(entry.key.clone(), value);
        }
    }
    sysctls
}

fn check_name(entry: &Entry, network: Option<&str>, report: &mut Report) -> bool {
    let name = entry.key.as_str();
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let is_word = |part: &str| !part.is_empty() && part.chars().all(plain);
    let parts: Vec<&str> = name.split('.').collect();
    let is_network = parts.len() > 2 && parts[0] == "net";
    let own = is_network || (parts.len() > 2 && name.starts_with("fs.mqueue."));
    if !parts.iter().all(|part| is_word(part)) || !(own || OF_IPC.contains(&name)) {
        let help = match nearest(name, OF_IPC) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "a container has its own `net.*`, `fs.mqueue.*`, {}; set others on the node, with \
                 sysctl(8)",
                listed(&OF_IPC)
            ),
        };
        let message = format!("`{name}` is no kernel parameter of a container's own");
        report.add(&entry.place, message, "the whole node's, or none").help(help);
        return false;
    }
    if is_network && network == Some("host") {
        let message = format!("`{name}` is the node's with `network = \"host\"`");
        report
            .add(&entry.place, message, "would change the node")
            .help("take it out, or give the container a network of its own");
        return false;
    }
    true
}

/// Reads `ulimits`.
pub(super) fn read_ulimits(section: &Section<'_>, report: &mut Report) -> BTreeMap<String, Ulimit> {
    let table = section.get("ulimits").and_then(|entry| report.table("`ulimits`", &entry.value));
    let mut ulimits = BTreeMap::new();
    for entry in table.into_iter().flat_map(|table| &table.entries) {
        let name = entry.key.as_str();
        if !LIMITS.contains(&name) {
            let bare = name.to_ascii_lowercase();
            let bare = bare.strip_prefix("rlimit_").unwrap_or(&bare);
            let help = match nearest(bare, LIMITS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("those of setrlimit(2): {}", listed(&LIMITS)),
            };
            let message = format!("unknown resource limit `{name}`");
            report.add(&entry.place, message, "not known here").help(help);
        } else if let Some(limit) = read_ulimit(name, &entry.value, report) {
            ulimits.insert(name.to_owned(), limit);
        }
    }
    ulimits
}

/// One limit for both, or `[soft, hard]`.
fn read_ulimit(name: &str, value: &Value, report: &mut Report) -> Option<Ulimit> {
    let Kind::List(list) = &value.kind else { return read_limit(name, value, report) };
    let [soft, hard] = list.as_slice() else {
        report
            .add(&value.place, format!("`{name}` needs two limits"), "soft and hard")
            .help(format!("write `{name} = [1024, 4096]`, or one value for both"));
        return None;
    };
    let (soft, hard) = (read_limit(name, soft, report), read_limit(name, hard, report));
    let (soft, hard) = (soft?.soft, hard?.hard);
    if hard.is_some_and(|hard| soft.is_none_or(|soft| soft > hard)) {
        report
            .add(&value.place, format!("the soft limit of `{name}` is above the hard one"), "here")
            .help("the soft limit stands first");
        return None;
    }
    Some(Ulimit { soft, hard })
}

/// The same limit for both.
fn read_limit(name: &str, value: &Value, report: &mut Report) -> Option<Ulimit> {
    let range = range(name);
    let limit = match &value.kind {
        Kind::Broken => return None,
        Kind::Integer(number) => u64::try_from(*number).ok().filter(|it| range.contains(it)),
        // The kernel refuses more open files than `fs.nr_open` to everybody.
        Kind::Text(text) if text == "unlimited" && *range.end() > LARGEST_WORD => {
            return Some(Ulimit { soft: None, hard: None });
        }
        _ => None,
    };
    if limit.is_none() {
        let help = match *range.end() {
            end if end > LARGEST_WORD => "a number, or `\"unlimited\"`".to_owned(),
            end => format!("a number from 0 to {end}"),
        };
        let message = format!("`{name}` must be a resource limit");
        report.add(&value.place, message, "cannot be read").help(help);
    }
    limit.map(|limit| Ulimit { soft: Some(limit), hard: Some(limit) })
}

/// The largest range of a limit that cannot be without end.
const LARGEST_WORD: u64 = 1 << 30;

/// What the kernel takes: setrlimit(2), and `fs.nr_open` up to 2^30 (on 64 bits 2^31 - 64).
fn range(name: &str) -> RangeInclusive<u64> {
    match name {
        "nice" => 0..=40,
        "rtprio" => 0..=99,
        "nofile" => 0..=LARGEST_WORD,
        _ => 0..=i64::MAX.cast_unsigned(),
    }
}
