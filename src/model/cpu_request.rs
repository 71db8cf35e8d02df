//! `count`, `cpu_*`, `nf_*`, `cpuset_mems` and `numa`: what a group asks of each of its nodes.

use super::group::{Draft, Section};
use super::problem::{Place, Report};
use super::topology::{ChainRequest, CpuRequest, Mems, NumaPolicy, Scarce, SliceRequest};
use super::value::{Entry, Kind, Table};
use super::{CHAIN_KEYS, SLICE_KEYS};

/// More containers of a group on one node than any node can run.
const MAX: u32 = 65535;

/// Which of the two forms a table speaks.
fn form<'a>(table: &'a Table, keys: &[&str]) -> Option<&'a Entry> {
    table.entries.iter().find(|entry| keys.contains(&entry.key.as_str()))
}

/// Reads the request. The group's own keys decide the form; keys of the other form in `defaults`
/// then do not apply. `None` when something is wrong, which is reported.
pub(super) fn read_cpu(
    section: &Section<'_>,
    place: &Place,
    report: &mut Report,
) -> Option<CpuRequest> {
    for table in [Some(section.own), section.shared].into_iter().flatten() {
        match (form(table, SLICE_KEYS), form(table, CHAIN_KEYS)) {
            (Some(slice), Some(chain)) => {
                report
                    .add(
                        &slice.place,
                        format!("`{}` does not go with `{}`", slice.key, chain.key),
                        "belongs to the slice form",
                    )
                    .mark(&chain.place, "belongs to the NF-density form")
                    .help("use `count` and `cpu_*`, or `nf_*`, but not both in one group");
                return None;
            }
            (None, Some(_)) => {
                return read_chain(section, place, report).map(CpuRequest::Chain).ok();
            }
            (Some(_), None) => break,
            (None, None) => {}
        }
    }
    read_slice(section, report).map(CpuRequest::Slice).ok()
}

/// Warns of keys in `defaults` whose form no group uses.
pub(super) fn unused_defaults(shared: &Table, drafts: &[Draft<'_>], warnings: &mut Report) {
    if drafts.iter().any(|draft| draft.cpu.is_none()) {
        return;
    }
    let chain = |draft: &Draft<'_>| matches!(draft.cpu, Some(CpuRequest::Chain(_)));
    let any_chain = drafts.iter().any(chain);
    let any_slice = !drafts.iter().all(chain);
    for entry in &shared.entries {
        let key = entry.key.as_str();
        let unused =
            SLICE_KEYS.contains(&key) && !any_slice || CHAIN_KEYS.contains(&key) && !any_chain;
        if unused {
            warnings
                .add(&entry.place, format!("`{key}` of `defaults` applies to no group"), "unused")
                .help("every group uses the other form of CPU request: `count` and `cpu_*`, or `nf_*`");
        }
    }
}

/// Something is wrong with a key, which is reported.
struct Reported;

/// A key that may be absent.
fn optional<T>(
    section: &Section<'_>,
    key: &str,
    read: impl FnOnce(&Entry) -> Option<T>,
) -> Result<Option<T>, Reported> {
    section.get(key).map(|entry| read(entry).ok_or(Reported)).transpose()
}

fn integer(
    section: &Section<'_>,
    key: &str,
    least: u32,
    report: &mut Report,
) -> Result<Option<u32>, Reported> {
    optional(section, key, |entry| report.integer(key, &entry.value, least..=MAX))
}

fn boolean(
    section: &Section<'_>,
    key: &str,
    report: &mut Report,
) -> Result<Option<bool>, Reported> {
    optional(section, key, |entry| report.boolean(key, &entry.value))
}

/// All keys are read, and reported, before the first wrong one ends the request.
fn read_slice(section: &Section<'_>, report: &mut Report) -> Result<SliceRequest, Reported> {
    let count = integer(section, "count", 1, report);
    let cpu_count = integer(section, "cpu_count", 0, report);
    let cpu_skip = integer(section, "cpu_skip", 0, report);
    let smt_used = boolean(section, "smt_used", report);
    let cpu_shared = boolean(section, "cpu_shared", report);
    let cpu_scarce = optional(section, "cpu_scarce", |entry| {
        let choices = [("refuse", Scarce::Refuse), ("share", Scarce::Share)];
        report.choice(entry, &choices, "`cpu_scarce` word")
    });
    Ok(SliceRequest {
        count: count?.unwrap_or(1),
        cpu_count: cpu_count?.unwrap_or(1),
        cpu_skip: cpu_skip?,
        smt_used: smt_used?.unwrap_or(false),
        cpu_shared: cpu_shared?.unwrap_or(false),
        cpu_scarce: cpu_scarce?.unwrap_or_default(),
    })
}

fn read_chain(
    section: &Section<'_>,
    place: &Place,
    report: &mut Report,
) -> Result<ChainRequest, Reported> {
    let mut required = |key: &str| {
        if let Some(entry) = section.get(key) {
            report.integer(key, &entry.value, 1..=MAX).ok_or(Reported)
        } else {
            let help = "`nf_chains` x `nf_nodes` is the number of containers per node";
            report.missing(section.own, place, key, "the NF-density form", help);
            Err(Reported)
        }
    };
    let (nf_chains, nf_nodes) = (required("nf_chains"), required("nf_nodes"));
    let nf_dtc = match section.get("nf_dtc") {
        Some(entry) => read_dtc(entry, report),
        None => Ok(Some(1)),
    };
    let nf_mtcr = integer(section, "nf_mtcr", 1, report);
    let nf_dtcr = integer(section, "nf_dtcr", 1, report);
    let vs_dtc = integer(section, "vs_dtc", 0, report);
    let smt_used = boolean(section, "smt_used", report);
    let (nf_chains, nf_nodes) = (nf_chains?, nf_nodes?);
    if nf_chains.checked_mul(nf_nodes).is_none_or(|product| product > MAX) {
        let place = section.get("nf_nodes").map_or(place, |entry| &entry.value.place);
        let message = format!("`nf_chains` x `nf_nodes` must be at most {MAX}");
        report.add(place, message, format!("{nf_chains} x {nf_nodes}"));
        return Err(Reported);
    }
    Ok(ChainRequest {
        nf_chains,
        nf_nodes,
        nf_dtc: nf_dtc?,
        nf_mtcr: nf_mtcr?.unwrap_or(2),
        nf_dtcr: nf_dtcr?.unwrap_or(1),
        vs_dtc: vs_dtc?.unwrap_or(1),
        smt_used: smt_used?,
    })
}

/// Cores per NF; `None` = half a core.
fn read_dtc(entry: &Entry, report: &mut Report) -> Result<Option<u32>, Reported> {
    let whole =
        |integer: i64| u32::try_from(integer).ok().filter(|cores| (1..=MAX).contains(cores));
    match entry.value.kind {
        Kind::Broken => return Err(Reported),
        Kind::Float(float) if (float - 0.5).abs() < f64::EPSILON => return Ok(None),
        Kind::Integer(integer) => {
            if let Some(cores) = whole(integer) {
                return Ok(Some(cores));
            }
        }
        _ => {}
    }
    let message = "`nf_dtc` must be 0.5 or a positive integer";
    report
        .add(&entry.value.place, message, "neither of both")
        .help("physical data-plane cores per NF; 0.5 is one thread of a core");
    Err(Reported)
}

/// Reads `cpuset_mems`.
pub(super) fn read_mems(section: &Section<'_>, report: &mut Report) -> Mems {
    let Some(entry) = section.get("cpuset_mems") else { return Mems::Auto };
    match &entry.value.kind {
        Kind::Text(text) if text == "auto" => Mems::Auto,
        Kind::Integer(integer) if (0..=1023).contains(integer) => {
            Mems::Node(u32::try_from(*integer).expect("within 0..=1023"))
        }
        Kind::Broken => Mems::Auto,
        _ => {
            report
                .add(
                    &entry.value.place,
                    "`cpuset_mems` must be \"auto\" or the number of a NUMA node, 0 to 1023",
                    "neither of both",
                )
                .help("`auto` binds memory where the group's interfaces are");
            Mems::Auto
        }
    }
}

/// Reads `numa`.
pub(super) fn read_numa(section: &Section<'_>, report: &mut Report) -> NumaPolicy {
    let choices = [("require", NumaPolicy::Require), ("prefer", NumaPolicy::Prefer)];
    let word = section.get("numa").and_then(|entry| report.choice(entry, &choices, "`numa` word"));
    word.unwrap_or_default()
}
