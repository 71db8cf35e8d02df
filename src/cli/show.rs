//! How plans and placements are shown. The JSON shapes are part of the contract:
//! each carries `version`, which changes when a field goes or changes its meaning.

use crate::plan::{Plan, Wanted, script};
use crate::ui::{Format, Table, Ui};
use serde_json::{Value, json};
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
