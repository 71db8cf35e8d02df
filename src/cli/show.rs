//! How plans, placements and verifications are shown. The JSON shapes are part of the contract:
//! each carries `version`, which changes when a field goes or changes its meaning.

use crate::lifecycle::VerifyReport;
use crate::plan::{Plan, Wanted, script};
use crate::ui::{Cell, Format, Table, Tone, Ui};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;

use super::PlanFormat;

/// Version of every JSON document of this program.
pub(super) const JSON_VERSION: u32 = 1;

/// Prints a plan; without a format as `--output` says.
pub(super) fn show_plan(
    ui: &Ui,
    plan: &Plan,
    topology: &str,
    verb: &str,
    format: Option<PlanFormat>,
) -> io::Result<()> {
    let format = format.unwrap_or(match ui.format() {
        Format::Table => PlanFormat::Table,
        Format::Json => PlanFormat::Json,
    });
    match format {
        PlanFormat::Sh => ui.data(script(plan, topology)),
        PlanFormat::Json => ui.json(&plan_json(plan, topology, verb)),
        PlanFormat::Table if plan.steps.is_empty() => ui.data(format!("{verb}: nothing to do\n")),
        PlanFormat::Table => {
            let mut table = Table::new(["STEP", "AFTER", "NODE", "DOES"]);
            for (id, step) in plan.steps.iter().enumerate() {
                let after: Vec<String> = step.after.iter().map(|id| (id + 1).to_string()).collect();
                table.row([
                    (id + 1).to_string().into(),
                    shortened(&after).into(),
                    step.node.as_str().into(),
                    step.sentence.as_str().into(),
                ]);
            }
            ui.data(table.render(ui.stdout_paint()))
        }
    }
}

/// A list of step numbers that stays readable when a group waits for a hundred others.
fn shortened(numbers: &[String]) -> String {
    match numbers {
        [first, .., last] if numbers.len() > 4 => format!("{first}..{last} ({})", numbers.len()),
        _ => numbers.join(","),
    }
}

fn plan_json(plan: &Plan, topology: &str, verb: &str) -> Value {
    let steps = plan.steps.iter().enumerate().map(|(id, step)| {
        json!({
            "id": id + 1,
            "node": step.node,
            "container": step.container,
            "verb": step.verb,
            "sentence": step.sentence,
            "command": step.command.display(),
            "deadline_s": step.command.deadline.map(|deadline| deadline.as_secs_f64()),
            "after": step.after.iter().map(|id| id + 1).collect::<Vec<_>>(),
        })
    });
    let steps: Vec<Value> = steps.collect();
    json!({ "version": JSON_VERSION, "topology": topology, "verb": verb, "steps": steps })
}

/// Prints who gets which CPUs.
pub(super) fn show_placement(
    ui: &Ui,
    topology: &str,
    wanted: &[&Wanted<'_>],
    warnings: &[(String, String)],
) -> io::Result<()> {
    if ui.format() == Format::Json {
        let placements = wanted.iter().map(|one| {
            json!({
                "container": one.spec.name,
                "node": one.node,
                "group": one.group.name,
                "engine": one.group.engine.word(),
                "cpuset_cpus": one.spec.cpus,
                "cpuset_mems": one.spec.mems,
            })
        });
        let warnings = warnings.iter().map(|(node, text)| json!({ "node": node, "text": text }));
        return ui.json(&json!({
            "version": JSON_VERSION,
            "topology": topology,
            "placements": placements.collect::<Vec<_>>(),
            "warnings": warnings.collect::<Vec<_>>(),
        }));
    }
    let mut table = Table::new(["CONTAINER", "NODE", "ENGINE", "CPUS (MAIN FIRST)", "MEMORY NODE"]);
    for one in wanted {
        let cpus: Vec<String> = one.spec.cpus.iter().map(u32::to_string).collect();
        table.row([
            one.spec.name.as_str().into(),
            one.node.into(),
            one.group.engine.word().into(),
            cpus.join(",").into(),
            one.spec.memset().into(),
        ]);
    }
    ui.data(table.render(ui.stdout_paint()))
}

/// A verification as JSON.
pub(super) fn verify_json(report: &VerifyReport, topology: &str) -> Value {
    let checks = report.checks.iter().map(|check| {
        json!({
            "container": check.container,
            "node": check.node,
            "claim": check.claim,
            "wanted": check.wanted,
            "found": check.found,
            "passed": check.passed,
        })
    });
    let links = report.links.iter().map(|link| {
        let pings = link
            .pings
            .iter()
            .map(|ping| json!({ "from": ping.from, "to": ping.to, "answered": ping.answered }));
        json!({
            "link": link.link,
            "node": link.node,
            "differences": link.differences,
            "pings": pings.collect::<Vec<_>>(),
            "passed": link.passed(),
        })
    });
    json!({
        "version": JSON_VERSION,
        "topology": topology,
        "passed": report.passed(),
        "checks": checks.collect::<Vec<_>>(),
        "links": links.collect::<Vec<_>>(),
    })
}

/// Prints a verification as tables: a row per container, a row per link.
pub(super) fn show_verify(ui: &Ui, report: &VerifyReport) -> io::Result<()> {
    let mut containers: BTreeMap<(&str, &str), BTreeMap<&str, Cell>> = BTreeMap::new();
    let mut order = Vec::new();
    for check in &report.checks {
        let key = (check.node.as_str(), check.container.as_str());
        if !containers.contains_key(&key) {
            order.push(key);
        }
        let cell = if check.passed {
            Cell::toned(Tone::Good, check.found.clone())
        } else if check.claim == "running" {
            Cell::toned(Tone::Bad, check.found.clone())
        } else {
            Cell::toned(Tone::Bad, format!("{} (wanted {})", check.found, check.wanted))
        };
        containers.entry(key).or_default().insert(check.claim, cell);
    }
    let mut table = Table::new(["CONTAINER", "NODE", "STATE", "CPUS", "MEMORY NODE"]);
    for key in order {
        let mut cells = containers.remove(&key).unwrap_or_default();
        let mut cell = |claim| cells.remove(claim).unwrap_or_else(|| Cell::from("-"));
        table.row([
            key.1.into(),
            key.0.into(),
            cell("running"),
            cell("cpuset_cpus"),
            cell("cpuset_mems"),
        ]);
    }
    if !table.is_empty() {
        ui.data(table.render(ui.stdout_paint()))?;
    }
    show_links(ui, report)
}

fn show_links(ui: &Ui, report: &VerifyReport) -> io::Result<()> {
    if report.links.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(["LINK", "NODE", "STATE", "PING"]);
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
        table.row([link.link.as_str().into(), link.node.as_str().into(), state, pings]);
    }
    ui.data(format!("\n{}", table.render(ui.stdout_paint())))
}
