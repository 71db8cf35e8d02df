//! Failures of the director as text: what, where, how to mend it.

use super::lock::{blocked_sentence, kept_sentence};
use super::report::{Report, head, hint_line, transport_code, transport_hint};
use super::{ExitCode, Paint, Tone, clean, diagnostic, hint};
use crate::app::RenderError;
use crate::command::quote;
use crate::lifecycle::{Failure, Kept, NodeFailure};
use crate::plan::Refusal;
use crate::transport::Exit;
use std::fmt::Write;
use std::time::Duration;

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
        Failure::Render(errors) => unrendered(errors, paint),
        Failure::Nodes(failures) => nodes(failures, paint),
        Failure::Placement(refusals) => refused(refusals, ExitCode::PlacementImpossible, paint),
        Failure::Unable(refusals) => refused(refusals, ExitCode::TopologyInvalid, paint),
        Failure::Refused(refusals) => refused(refusals, ExitCode::StepFailed, paint),
        Failure::Locked { blocked, waited } => {
            let (sentences, waited) = (blocked.iter().map(blocked_sentence), *waited);
            locked(sentences, &lock_hint(waited), paint)
        }
        Failure::Reserved(kept) => {
            locked(kept.iter().map(kept_sentence), &reservation_hint(kept), paint)
        }
        Failure::LockLost(_) => plain(
            ExitCode::Locked,
            "its lane broke, or its node was cut off for a minute, and another run may work there \
             now; run this again: what is done stays done",
        ),
        Failure::NothingRuns => plain(ExitCode::StepFailed, "`vnfctl status` shows what exists"),
        Failure::Interrupted => plain(ExitCode::Interrupted, ""),
    }
}

/// Mistakes that show when a template is filled in, shaped as the other mistakes of a topology.
fn unrendered(errors: &[RenderError], paint: Paint) -> Report {
    let one = |error: &RenderError| {
        let arrow = paint.paint(Tone::Dim, "-->");
        format!("{} {}\n {arrow} {}\n", head(paint), clean(&error.message), clean(&error.place))
    };
    let count = errors.len();
    let noun = if count == 1 { "mistake" } else { "mistakes" };
    let text = errors.iter().map(one).collect::<Vec<_>>().join("\n");
    Report { text: format!("{text}\n{count} {noun}"), code: ExitCode::TopologyInvalid }
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

/// What stands in the way, a sentence each, and what to do.
fn locked(sentences: impl Iterator<Item = String>, hint: &str, paint: Paint) -> Report {
    let lines = sentences.map(|sentence| format!("{} {}", head(paint), clean(&sentence)));
    let mut text = lines.collect::<Vec<_>>().join("\n");
    add_hint(&mut text, hint, paint);
    Report { text, code: ExitCode::Locked }
}

fn lock_hint(waited: Duration) -> String {
    let longer = if waited.is_zero() {
        "`--lock-wait 1m` waits for it".to_owned()
    } else {
        let waited = humantime::format_duration(waited);
        format!("it was waited for {waited}; `--lock-wait` waits longer")
    };
    format!(
        "{longer}; a lock ends with its run, by itself where that has died: a second after its last \
         command, or a minute after its wire was cut"
    )
}

fn reservation_hint(kept: &[Kept]) -> String {
    let person = kept.first().map_or("", |one| one.reservation.person.as_str());
    let word = quote(person);
    format!(
        "ask `{person}`; who works for them says `--as {word}`, and `vnfctl release --force` ends \
         the reservation",
    )
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
