//! `doctor`: what each node lacks or has wrong for a topology, and what mends it.

use super::Doctor;
use super::context::{Chosen, Context};
use super::show::JSON_VERSION;
use crate::doctor::{Finding, Severity};
use crate::executor::Lanes;
use crate::lifecycle::{Examined, Failure, NodeFailure, examine_nodes};
use crate::model::Become;
use crate::ui::{Cell, ExitCode, Format, Paint, Table, Tone, clean};
use serde_json::json;

pub(super) fn run(context: &Context<'_>, args: &Doctor) -> anyhow::Result<ExitCode> {
    let loaded = context.load()?;
    let chosen = Chosen::new(&args.selection, &loaded.topology).checked()?;
    let nodes = context.nodes(&loaded.topology);
    let mut unprivileged = loaded.topology.clone();
    unprivileged.nodes.iter_mut().for_each(|node| node.r#become = Become::None);
    let without_root = context.nodes(&unprivileged);
    let session = context.session(&loaded, &nodes).within(args.patience.timeout);
    let bare = Lanes::new(&without_root);
    let (examined, failures) = examine_nodes(&session, &bare, &|node| chosen.touches(node))?;
    let ails = |finding: &Finding| finding.severity != Severity::Warning;
    let is_well = !examined.iter().flat_map(|one| &one.findings).any(ails);
    match context.ui.format() {
        Format::Json => {
            context.ui.json(&json!({
                "version": JSON_VERSION,
                "topology": loaded.topology.name,
                "healthy": is_well && failures.is_empty(),
                "nodes": nodes_json(&examined, &failures),
            }))?;
        }
        Format::Table => context.ui.data(text(&examined, context.ui.stdout_paint()))?,
    }
    if !failures.is_empty() {
        return Err(Failure::Nodes(failures).into());
    }
    Ok(if is_well { ExitCode::Done } else { ExitCode::RealityDiffers })
}

fn nodes_json(examined: &[Examined], failures: &[NodeFailure]) -> Vec<serde_json::Value> {
    let findings = |one: &Examined| {
        let finding = |finding: &Finding| {
            json!({
                "severity": finding.severity.word(),
                "subject": finding.subject,
                "finding": finding.sentence,
                "mend": finding.mend,
            })
        };
        one.findings.iter().map(finding).collect::<Vec<_>>()
    };
    let answered = examined.iter().map(|one| {
        json!({ "node": one.node, "os": one.os, "unreachable": null, "findings": findings(one) })
    });
    let silent = failures.iter().map(|failure| {
        let reason = failure.error.to_string();
        json!({ "node": failure.node, "os": null, "unreachable": reason, "findings": [] })
    });
    answered.chain(silent).collect()
}

fn text(examined: &[Examined], paint: Paint) -> String {
    let mut table = Table::new(["NODE", "IS", "ABOUT", "FINDING"]);
    let mut mends = String::new();
    for one in examined {
        if one.findings.is_empty() {
            let cells = [Cell::toned(Tone::Good, "well"), Cell::from(""), Cell::from("")];
            table.row(std::iter::once(one.node.as_str().into()).chain(cells));
            continue;
        }
        for finding in &one.findings {
            let tone = match finding.severity {
                Severity::Warning => Tone::Dim,
                _ => Tone::Bad,
            };
            table.row([
                one.node.as_str().into(),
                Cell::toned(tone, finding.severity.word()),
                finding.subject.as_str().into(),
                finding.sentence.as_str().into(),
            ]);
        }
        mends.push_str(&mending(one));
    }
    let table = if table.is_empty() { String::new() } else { table.render(paint) };
    table + &mends
}

/// What mends a node, each command once, in the order of the findings.
fn mending(one: &Examined) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for finding in one.findings.iter().filter(|finding| !finding.mend.is_empty()) {
        if !lines.contains(&finding.mend.as_str()) {
            lines.push(&finding.mend);
        }
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("  {}", clean(line))).collect();
    format!("\n{} ({}), to mend it, as root:\n{}\n", one.node, one.os, lines.join("\n"))
}
