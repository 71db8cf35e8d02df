//! The two tables of a verification: containers and links. Columns that nothing has are left out.

use crate::lifecycle::{Check, VerifyReport};
use crate::ui::{Cell, Table, Tone};
use std::collections::BTreeMap;

/// The claims about an app.
pub(super) const APP_CLAIMS: [&str; 3] = ["installed", "configured", "app"];

/// A row per container.
pub(super) fn containers(report: &VerifyReport) -> Table {
    let mut containers: BTreeMap<(&str, &str), BTreeMap<&str, Cell>> = BTreeMap::new();
    let mut order = Vec::new();
    for check in &report.checks {
        let key = (check.node.as_str(), check.container.as_str());
        if !containers.contains_key(&key) {
            order.push(key);
        }
        containers.entry(key).or_default().insert(check.claim, cell(check));
    }
    let mut columns = vec!["CONTAINER", "NODE", "STATE", "CPUS", "MEMORY NODE", "THREADS"];
    let has_apps = report.checks.iter().any(|check| APP_CLAIMS.contains(&check.claim));
    columns.extend(has_apps.then_some("APP"));
    let mut table = Table::new(columns);
    for key in order {
        let mut cells = containers.remove(&key).unwrap_or_default();
        let app = has_apps.then(|| app_cell(report, key));
        let mut cell = |claim| cells.remove(claim).unwrap_or_else(|| Cell::from("-"));
        let mut row = vec![
            key.1.into(),
            key.0.into(),
            cell("running"),
            cell("cpuset_cpus"),
            cell("cpuset_mems"),
            cell("threads"),
        ];
        row.extend(app);
        table.row(row);
    }
    table
}

/// The app of a container in a word; [`failures`] has the reason.
fn app_cell(report: &VerifyReport, (node, container): (&str, &str)) -> Cell {
    let of_it = |check: &&Check| check.node == node && check.container == container;
    let mut checks =
        report.checks.iter().filter(of_it).filter(|one| APP_CLAIMS.contains(&one.claim));
    match checks.clone().find(|check| !check.passed).map(|check| check.claim) {
        Some("app") => Cell::toned(Tone::Bad, "not ready"),
        Some(claim) => Cell::toned(Tone::Bad, format!("not {claim}")),
        None => checks.find(|check| check.claim == "app").map_or_else(|| Cell::from("-"), cell),
    }
}

fn cell(check: &Check) -> Cell {
    if check.passed {
        Cell::toned(Tone::Good, check.found.clone())
    } else if check.claim.starts_with("cpuset") {
        Cell::toned(Tone::Bad, format!("{} (wanted {})", check.found, check.wanted))
    } else {
        Cell::toned(Tone::Bad, check.found.clone())
    }
}

/// A row per link.
pub(super) fn links(report: &VerifyReport) -> Table {
    // Nobody pings over a memif: both sides say whether it is up.
    let has_pings = report.links.iter().any(|link| link.kind == "veth");
    let mut table = Table::new(if has_pings {
        vec!["LINK", "NODE", "STATE", "PING"]
    } else {
        vec!["LINK", "NODE", "STATE"]
    });
    for link in &report.links {
        let state = if link.differences.is_empty() {
            Cell::toned(Tone::Good, "up")
        } else {
            Cell::toned(Tone::Bad, link.differences.join("; "))
        };
        let pings = link.pings.iter().map(|ping| {
            let answer = if ping.answered { "answers" } else { "is silent" };
            format!("{} {answer}", ping.to)
        });
        let text = pings.collect::<Vec<_>>().join(", ");
        let tone = if link.passed() { Tone::Good } else { Tone::Bad };
        let pings = if text.is_empty() { Cell::from("-") } else { Cell::toned(tone, text) };
        let mut row = vec![link.link.as_str().into(), link.node.as_str().into(), state];
        row.extend(has_pings.then_some(pings));
        table.row(row);
    }
    table
}
