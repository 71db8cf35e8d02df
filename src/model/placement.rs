//! `placement`, and the keys that mean something with some of its words only.

use super::problem::Report;
use super::topology::PlacementMode;
use super::value::{Entry, Kind, Table};

/// Keys of a group that only `auto` has a use for.
const OF_AUTO: &[&str] = &["numa"];

/// Keys of a group that are arithmetic over slots.
const OF_SLOTS: &[&str] = &["cpu_skip", "vs_dtc"];

/// Reads `placement`, and holds the keys of groups and `defaults` against it.
pub(super) fn read_placement(document: &Table, report: &mut Report) -> PlacementMode {
    let entry = document.get("placement");
    let choices = [
        ("slots", PlacementMode::Slots),
        ("csit", PlacementMode::Csit),
        ("auto", PlacementMode::Auto),
    ];
    let mode = match entry {
        Some(entry) => report.choice(entry, &choices, "placement"),
        None => Some(PlacementMode::default()),
    };
    // Where the word is unknown, nobody knows which keys go with it.
    let Some(mode) = mode else { return PlacementMode::default() };
    let is_auto = mode == PlacementMode::Auto;
    for key in tables(document).flat_map(|table| &table.entries) {
        let word = key.key.as_str();
        let problem = if OF_AUTO.contains(&word) && !is_auto {
            report
                .add(
                    &key.place,
                    format!("`{word}` needs `placement = \"auto\"`"),
                    "no other placement chooses",
                )
                .help("`slots` and `csit` take the NUMA node of `cpuset_mems` or of the interfaces")
        } else if OF_SLOTS.contains(&word) && is_auto {
            report
                .add(
                    &key.place,
                    format!("`{word}` does not go with `placement = \"auto\"`"),
                    "nothing is skipped",
                )
                .help("`auto` takes free cores, without the node's `system_cpus` and what others have")
        } else {
            continue;
        };
        if let Some(entry) = entry {
            problem.mark(&entry.place, "the placement");
        }
    }
    mode
}

/// `defaults` and the groups, as far as they are tables.
fn tables(document: &Table) -> impl Iterator<Item = &Table> {
    let defaults = document.get("defaults").and_then(as_table);
    let groups = document.get("groups").and_then(as_table);
    defaults
        .into_iter()
        .chain(groups.into_iter().flat_map(|groups| &groups.entries).filter_map(as_table))
}

fn as_table(entry: &Entry) -> Option<&Table> {
    match &entry.value.kind {
        Kind::Table(table) => Some(table),
        _ => None,
    }
}
