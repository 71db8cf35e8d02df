//! The two tables of a verification: containers and links. Columns that nothing has are left out.

use crate::lifecycle::{Check, VerifyReport};
use crate::ui::{Cell, Table, Tone};
use std::collections::BTreeMap;

/// The claims about how a container is watched.
pub(super) const WATCH_CLAIMS: [&str; 2] = ["watched", "probe"];

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
    let has_watchers = report.checks.iter().any(|check| WATCH_CLAIMS.contains(&check.claim));
    columns.extend(has_watchers.then_some("PROBE"));
    let mut table = Table::new(columns);
    for key in order {
        let mut cells = containers.remove(&key).unwrap_or_default();
        let app = has_apps.then(|| app_cell(report, key));
        let done = cells.remove("done");
        let watched = has_watchers.then(|| watch_cell(report, key));
        let mut cell = |claim| cells.remove(claim).unwrap_or_else(|| Cell::from("-"));
        // An init container does not run: it is to be done.
        let state = done.unwrap_or_else(|| cell("running"));
        let mut row = vec![
            key.1.into(),
            key.0.into(),
            state,
            cell("cpuset_cpus"),
            cell("cpuset_mems"),
            cell("threads"),
        ];
        row.extend(app);
        row.extend(watched);
        table.row(row);
    }
    table
}

/// What its watcher says of a container in a word, or that it has none; [`failures`] has the
/// reason.
fn watch_cell(report: &VerifyReport, (node, container): (&str, &str)) -> Cell {
    let of_it = |check: &&Check| check.node == node && check.container == container;
    let mut checks =
        report.checks.iter().filter(of_it).filter(|one| WATCH_CLAIMS.contains(&one.claim));
    let Some(last) = checks.next_back() else { return Cell::from("-") };
    let word = last.found.split(':').next().unwrap_or_default();
    Cell::toned(if last.passed { Tone::Good } else { Tone::Bad }, word)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::LinkReport;
    use crate::ui::Paint;

    fn check(container: &str, claim: &'static str, found: &str, passed: bool) -> Check {
        Check {
            node: "DUT1".into(),
            container: container.into(),
            claim,
            wanted: String::new(),
            found: found.into(),
            passed,
        }
    }

    #[test]
    fn an_app_takes_a_column_and_a_memif_no_ping() {
        let link = |link: &str, differences: &[&str]| LinkReport {
            node: "DUT1".into(),
            kind: "memif",
            link: link.into(),
            differences: differences.iter().map(|&one| one.to_owned()).collect(),
            pings: Vec::new(),
        };
        let report = VerifyReport {
            checks: vec![
                check("NF1", "running", "running", true),
                check("NF1", "configured", "0123", true),
                check("NF1", "app", "ready", true),
                check("NF2", "running", "running", true),
                check("NF2", "configured", "made from another configuration", false),
                check("NF2", "app", "ready", true),
                check("NF3", "running", "running", true),
                check("NF3", "configured", "0123", true),
                check("NF3", "app", "exec line 3: unknown input", false),
                check("ETCD1", "running", "running", true),
                check("NF4", "running", "stopped, exit code 1", false),
            ],
            links: vec![link("a--b", &[]), link("b--c", &["NF3 port1: mode mismatch"])],
            ..VerifyReport::default()
        };
        let text = [containers(&report), links(&report)].map(|one| one.render(Paint { on: false }));
        insta::assert_snapshot!(text.join("\n"), @"
        CONTAINER  NODE  STATE                 CPUS  MEMORY NODE  THREADS  APP
        ───────────────────────────────────────────────────────────────────────────────────
        NF1        DUT1  running               -     -            -        ready
        NF2        DUT1  running               -     -            -        not configured
        NF3        DUT1  running               -     -            -        not ready
        ETCD1      DUT1  running               -     -            -        -
        NF4        DUT1  stopped, exit code 1  -     -            -        -

        LINK  NODE  STATE
        ──────────────────────────────────────
        a--b  DUT1  up
        b--c  DUT1  NF3 port1: mode mismatch
        ");
    }
}
