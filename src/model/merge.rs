//! Several sources as one: later ones add to earlier ones, nothing is defined twice.

use super::problem::Report;
use super::value::{Entry, Kind, Table};

/// How deep a top-level key may be added to by a later source.
fn depth(key: &str) -> u32 {
    match key {
        "groups" => 2,
        "nodes" | "images" | "defaults" | "links" | "chains" => 1,
        _ => 0,
    }
}

/// Merges the sources' tables in their order.
pub(super) fn merge(tables: Vec<Table>, report: &mut Report) -> Table {
    let mut merged = Table::default();
    for entry in tables.into_iter().flat_map(|table| table.entries) {
        let depth = depth(&entry.key);
        add(&mut merged, entry, depth, report);
    }
    merged
}

fn add(table: &mut Table, entry: Entry, depth: u32, report: &mut Report) {
    let Some(earlier) = table.entries.iter_mut().find(|earlier| earlier.key == entry.key) else {
        table.entries.push(entry);
        return;
    };
    match (&mut earlier.value.kind, entry.value.kind) {
        (Kind::Table(earlier), Kind::Table(later)) if depth > 0 => {
            for entry in later.entries {
                add(earlier, entry, depth - 1, report);
            }
        }
        (Kind::List(earlier), Kind::List(later)) if depth > 0 => earlier.extend(later),
        _ => {
            report
                .add(&entry.place, format!("`{}` is defined twice", entry.key), "defined again")
                .mark(&earlier.place, "defined first here")
                .help("a later file adds to earlier ones and cannot change them: keep one of both");
        }
    }
}
