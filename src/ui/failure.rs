//! Failures of the director as text: what, where, how to mend it.

use super::report::{Report, head, hint_line, transport_code, transport_hint};
use super::{ExitCode, Paint, clean, diagnostic, hint};
use crate::lifecycle::{Failure, NodeFailure};
use crate::plan::Refusal;
use crate::transport::Exit;
use std::fmt::Write;

/// The report of a failure.
pub(super) fn failure(failure: &Failure, paint: Paint) -> Report {
    let plain = |code, hint: &str| {
        let mut text = format!("{} {}", head(paint), clean(&failure.to_string()));
        add_hint(&mut text, hint, paint);
        Report { text, code }
    };
    match failure {
        Failure::Usage { hint, .. } => plain(ExitCode::Usage, hint),
        Failure::Unreadable { .. } => plain(ExitCode::TopologyInvalid, ""),
        Failure::Topology(problems) => {
            Report { text: diagnostic::render(problems, paint.on), code: ExitCode::TopologyInvalid }
        }
        Failure::Nodes(failures) => nodes(failures, paint),
        Failure::Placement(refusals) => refused(refusals, ExitCode::PlacementImpossible, paint),
        Failure::Unable(refusals) => refused(refusals, ExitCode::TopologyInvalid, paint),
        Failure::Refused(refusals) => refused(refusals, ExitCode::StepFailed, paint),
        Failure::NothingRuns => plain(ExitCode::StepFailed, "`vnfctl status` shows what exists"),
        Failure::Interrupted => plain(ExitCode::Interrupted, ""),
    }
}

/// The report of nodes that could not be used.
pub fn nodes(failures: &[NodeFailure], paint: Paint) -> Report {
    let mut parts = Vec::new();
    let mut code = ExitCode::Done;
    for NodeFailure { node, error } in failures {
        code = code.max(transport_code(error));
        let message = clean(&error.to_string());
        let subject = if message.contains(&format!("`{node}`")) {
            String::new()
        } else {
            format!("{node}: ")
        };
        let mut text = format!("{} {subject}{message}", head(paint));
        add_hint(&mut text, &transport_hint(error).unwrap_or_default(), paint);
        parts.push(text);
    }
    Report { text: parts.join("\n"), code }
}

/// All reasons, equal hints once.
fn refused(refusals: &[Refusal], code: ExitCode, paint: Paint) -> Report {
    let mut text = String::new();
    let mut hints: Vec<String> = Vec::new();
    for refusal in refusals {
        let subject = if refusal.container.is_empty() {
            String::new()
        } else {
            format!("{}: ", refusal.container)
        };
        let message = clean(&refusal.message);
        let _ = writeln!(text, "{} {}: {subject}{message}", head(paint), refusal.node);
        // What an engine said for itself may be known.
        let advice = Some(refusal.hint.clone()).filter(|hint| !hint.is_empty());
        let advice = advice.or_else(|| hint(Exit::Code(1), &refusal.message));
        hints.extend(advice.filter(|advice| !hints.contains(advice)));
    }
    let mut text = text.trim_end().to_owned();
    for hint in hints {
        add_hint(&mut text, &hint, paint);
    }
    Report { text, code }
}

fn add_hint(text: &mut String, hint: &str, paint: Paint) {
    if !hint.is_empty() {
        let _ = write!(text, "\n\n{}", hint_line(hint, paint));
    }
}
