//! Errors become text, hints and exit codes; the only place where they do.
//!
//! Shape: `error: message`, the chain of causes, then `hint: ...` after a blank line.

use super::{ExitCode, Paint, Tone, clean, exit_phrase, hint, last_lines, redact};
use crate::command::Command;
use crate::executor::Outcome;
use crate::lifecycle::Failure;
use crate::plan::Step;
use crate::transport::{Exit, TransportError};
use std::fmt::Write;
use std::io;

/// Steps shown in full; the others are named in one line each.
const IN_FULL: usize = 3;
/// Steps named at all.
const NAMED: usize = 20;
/// A command longer than this is cut: a script of its own length would bury the error.
const COMMAND_LIMIT: usize = 2_000;

/// An error of the person layer that knows its exit code and what mends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// What is wrong.
    pub message: String,
    /// What mends it.
    pub hint: Option<String>,
    /// How vnfctl ends.
    pub code: ExitCode,
}

impl Fault {
    /// A mistake on the command line that its grammar cannot see (exit 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, code: ExitCode::Usage }
    }

    /// Adds what mends it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What is told about an error, and how vnfctl ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The text, several lines; empty when there is nobody to tell.
    pub text: String,
    /// How vnfctl ends.
    pub code: ExitCode,
}

/// The report of an error.
pub fn error(error: &anyhow::Error, paint: Paint) -> Report {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return super::failure::failure(failure, paint);
    }
    let (code, advice) = verdict(error);
    if code == ExitCode::Done {
        return Report { text: String::new(), code };
    }
    let mut text = format!("{} {}", head(paint), clean(&error.to_string()));
    let mut told = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // thiserror's own messages often hold their source already.
        if !told.contains(&cause) {
            let _ = write!(text, "\n  because: {}", clean(&cause));
        }
        told = cause;
    }
    if let Some(advice) = advice {
        let _ = write!(text, "\n\n{}", hint_line(&advice, paint));
    }
    Report { text, code }
}

/// Exit code and hint, from the first error of the chain that has an opinion.
fn verdict(error: &anyhow::Error) -> (ExitCode, Option<String>) {
    for cause in error.chain() {
        if let Some(fault) = cause.downcast_ref::<Fault>() {
            return (fault.code, fault.hint.clone());
        }
        if let Some(lane) = cause.downcast_ref::<TransportError>() {
            return (transport_code(lane), transport_hint(lane));
        }
        if let Some(error) = cause.downcast_ref::<io::Error>()
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            return (ExitCode::Done, None);
        }
    }
    (ExitCode::StepFailed, None)
}

pub(super) fn transport_code(error: &TransportError) -> ExitCode {
    match error {
        TransportError::Unreachable { .. }
        | TransportError::HostKey { .. }
        | TransportError::Auth { .. }
        | TransportError::Become { .. }
        | TransportError::Lost { .. } => ExitCode::NodeUnreachable,
        TransportError::Interrupted => ExitCode::Interrupted,
        TransportError::Spawn { .. } => ExitCode::StepFailed,
    }
}

pub(super) fn transport_hint(error: &TransportError) -> Option<String> {
    match error {
        TransportError::Unreachable { .. } => Some(
            "check the address and the node; with `--keep-going` the other nodes are served"
                .to_owned(),
        ),
        TransportError::HostKey { hint, .. } => Some(hint.clone()),
        TransportError::Auth { host, user, .. } => {
            let host = host.rsplit_once(':').map_or(host.as_str(), |(host, _)| host);
            Some(format!(
                "load a key with `ssh-add`, or install one by `ssh-copy-id {user}@{host}`"
            ))
        }
        TransportError::Become { reason, .. } => hint(Exit::Code(1), reason).or_else(|| {
            Some("log in as root, or allow `sudo` without a password (`NOPASSWD:`)".to_owned())
        }),
        TransportError::Lost { .. } => {
            Some("run the same verb again: it looks at what exists and does the rest".to_owned())
        }
        TransportError::Spawn { .. } | TransportError::Interrupted => None,
    }
}

/// How vnfctl ends after these outcomes: interrupted before unreachable before failed.
pub fn outcomes_code<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> ExitCode {
    let code = |outcome: &Outcome| match outcome {
        Outcome::Done | Outcome::Skipped { .. } => ExitCode::Done,
        Outcome::Failed { .. } => ExitCode::StepFailed,
        Outcome::Transport(error) => transport_code(error),
    };
    outcomes.into_iter().map(code).max().unwrap_or_default()
}

/// The report of all steps that failed; `None` when none did. Skipped steps are not failures.
pub fn failed_steps<'a>(
    results: impl IntoIterator<Item = (&'a Step, &'a Outcome)>,
    paint: Paint,
) -> Option<Report> {
    // What Ctrl-C cut short is told once by the caller, not for each step.
    let is_failure = |outcome: &Outcome| match outcome {
        Outcome::Done
        | Outcome::Skipped { .. }
        | Outcome::Transport(TransportError::Interrupted) => false,
        Outcome::Failed { .. } | Outcome::Transport(_) => true,
    };
    let failures: Vec<_> = results.into_iter().filter(|(_, outcome)| is_failure(outcome)).collect();
    let code = outcomes_code(failures.iter().map(|(_, outcome)| *outcome));
    let mut parts: Vec<String> = failures
        .iter()
        .take(IN_FULL)
        .map(|(step, outcome)| in_full(step, outcome, paint))
        .collect();
    let named = failures.iter().skip(IN_FULL).take(NAMED).map(|(step, outcome)| {
        let why = match outcome {
            Outcome::Failed { exit, .. } => exit_phrase(*exit, &step.command),
            Outcome::Transport(error) => clean(&error.to_string()),
            Outcome::Done | Outcome::Skipped { .. } => String::new(),
        };
        format!("{} {}: {}: {why}", head(paint), step.node, clean(&step.sentence))
    });
    let mut named: Vec<String> = named.collect();
    if failures.len() > IN_FULL + NAMED {
        named.push(format!("... and {} more", failures.len() - IN_FULL - NAMED));
    }
    if !named.is_empty() {
        parts.push(named.join("\n"));
    }
    (!parts.is_empty()).then(|| Report { text: parts.join("\n\n"), code })
}

/// One failed step: what, where, the command, how it ended, its last words, a hint.
fn in_full(step: &Step, outcome: &Outcome, paint: Paint) -> String {
    let mut text = format!("{} {}", head(paint), clean(&step.sentence));
    let mut field = |name: &str, value: &str| {
        let label = paint.paint(Tone::Dim, format!("{name:>8}"));
        let _ = if name == "command" && value.contains('\n') {
            // Not indented: blanks inside quotes would be pasted with it.
            write!(text, "\n{label}\n{value}")
        } else {
            write!(text, "\n{label}  {}", value.replace('\n', "\n          "))
        };
    };
    field("node", &step.node);
    field("command", &shown(step));
    let advice = match outcome {
        Outcome::Failed { exit, stdout, stderr } => {
            field("end", &exit_phrase(*exit, &step.command));
            let last = |text: &str| last_lines(&redact(text, &step.command.secrets), 8).join("\n");
            let [errors, output] = [last(stderr), last(stdout)];
            // Some programs complain on stdout only.
            match (errors.is_empty(), output.is_empty()) {
                (false, _) => field("stderr", &errors),
                (true, false) => field("stdout", &output),
                (true, true) => {}
            }
            let said = if errors.is_empty() { &output } else { &errors };
            inside_hint(step, *exit).or_else(|| hint(*exit, said))
        }
        Outcome::Transport(error) => {
            field("end", &clean(&redact(&error.to_string(), &step.command.secrets)));
            transport_hint(error)
        }
        Outcome::Done | Outcome::Skipped { .. } => None,
    };
    if let Some(advice) = advice {
        let _ = write!(text, "\n\n{}", hint_line(&advice, paint));
    }
    text
}

/// What mends an app that does not come up: it has said itself what is wrong, and words of its own
/// need not mean what they mean in an engine's mouth.
fn inside_hint(step: &Step, exit: Exit) -> Option<String> {
    let name = &step.container;
    match (step.verb, exit) {
        (_, Exit::Deadline(_)) => None,
        ("ready", _) => Some(format!("`vnfctl logs {name}` shows what its app wrote")),
        ("init", _) => Some(format!(
            "`vnfctl up` runs it again; `vnfctl logs {name}` shows all it wrote, while it is there"
        )),
        ("connect", _) => Some(format!(
            "`vnfctl verify` asks both sides of each link; `vnfctl logs {name}` shows what its app \
             wrote"
        )),
        _ => None,
    }
}

/// The command as it can be pasted, unless it is a long script. Those that wait for an app are
/// short work in many lines: what they say counts.
fn shown(step: &Step) -> String {
    let text = clean(&Command::display(&step.command));
    let is_brief =
        matches!(step.verb, "configure" | "init" | "ready" | "connect") && text.contains('\n');
    if text.len() <= COMMAND_LIMIT && !is_brief {
        return text;
    }
    let lines = text.lines().count();
    let first: String = text.lines().next().unwrap_or_default().chars().take(200).collect();
    let of = if step.container.is_empty() { String::new() } else { format!(" {}", step.container) };
    if step.verb == "distribute" {
        return format!("{first} ... ({lines} lines; all: `vnfctl distribute -v`)");
    }
    let verb = match step.verb {
        known @ ("acquire" | "build" | "create" | "install" | "configure" | "start" | "stop"
        | "restart" | "destroy") => known,
        "ready" | "connect" => "restart",
        _ => "up",
    };
    format!("{first} ... ({lines} lines; all: `vnfctl plan {verb}{of} --format sh`)")
}

pub(super) fn head(paint: Paint) -> String {
    paint.paint(Tone::Bad, "error:")
}

pub(super) fn hint_line(advice: &str, paint: Paint) -> String {
    format!("{} {}", paint.paint(Tone::Strong, "hint:"), clean(advice))
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::{failed, step};
    use super::*;
    use anyhow::{Context, anyhow};

    fn plain(error: &anyhow::Error) -> (String, u8) {
        let report = super::error(error, Paint::default());
        (report.text, report.code.code())
    }

    #[test]
    fn causes_and_hints_follow_the_message() {
        let lost = TransportError::HostKey {
            host: "dut1:22".into(),
            reason: "key unknown".into(),
            hint: "ssh dut1".into(),
        };
        let error = Err::<(), _>(lost).context("cannot look at `DUT1`").unwrap_err();
        let (text, code) = plain(&error);
        assert_eq!(code, 4);
        insta::assert_snapshot!(text, @r#"
        error: cannot look at `DUT1`
          because: `dut1:22` is not trusted: key unknown

        hint: ssh dut1
        "#);
    }

    #[test]
    fn each_kind_of_error_has_its_exit_code() {
        let node = || "DUT1".to_owned();
        for (error, code) in [
            (anyhow!("anything"), 1),
            (TransportError::Interrupted.into(), 130),
            (TransportError::Unreachable { node: node(), reason: "timeout".into() }.into(), 4),
            (TransportError::Spawn { program: "ssh".into(), reason: "none".into() }.into(), 1),
            (Fault::usage("give one container").into(), 2),
            (io::Error::from(io::ErrorKind::BrokenPipe).into(), 0),
        ] {
            assert_eq!(plain(&error).1, code, "{error}");
        }
        let (text, code) = plain(&Fault::usage("no node `D`").hint("is it `D1`?").into());
        assert_eq!((text.as_str(), code), ("error: no node `D`\n\nhint: is it `D1`?", 2));
    }

    #[test]
    fn a_failed_step_can_be_pasted_and_hides_secrets() {
        let step = step("A1", "create");
        let outcome = failed(125, "warn\n\x1b[31mhunter2: port is already allocated\n");
        let report = failed_steps([(&step, &outcome)], Paint::default()).unwrap();
        assert_eq!(report.code, ExitCode::StepFailed);
        insta::assert_snapshot!(report.text, @r#"
        error: create A1 (docker)
            node  DUT1
         command  P="${PW:?}" docker create A1
             end  exit code 125
          stderr  warn
                  ${PW}: port is already allocated

        hint: another program on the node has the port: change `publish`, or find it by `ss -ltnp`
        "#);
    }

    #[test]
    fn lines_of_a_command_are_not_indented() {
        let mut step = step("A1", "create");
        step.command = Command::sh("a\nb", [""; 0]);
        let text = failed_steps([(&step, &failed(1, ""))], Paint::default()).unwrap().text;
        assert!(text.contains("\nsh -c 'a\nb' vnfctl\n"), "{text}");
    }

    #[test]
    fn many_failures_do_not_bury_the_first() {
        let step = step("A1", "create");
        let outcome = failed(1, "x");
        let results = std::iter::repeat_n((&step, &outcome), 100);
        let text = failed_steps(results, Paint::default()).unwrap().text;
        assert_eq!(text.matches("command").count(), IN_FULL);
        assert!(text.ends_with("... and 77 more"), "{text}");
    }

    #[test]
    fn a_long_script_is_cut_and_names_the_verb_that_prints_it() {
        let mut step = step("A1", "create");
        step.command = Command::sh("true\n".repeat(1_000), [""; 0]);
        let text = failed_steps([(&step, &failed(1, ""))], Paint::default()).unwrap().text;
        assert!(text.len() < 500, "{text}");
        assert!(text.contains("vnfctl plan create A1 --format sh"), "{text}");
    }

    #[test]
    fn interrupted_steps_are_no_failures_but_end_with_130() {
        let step = step("A1", "create");
        let cut = Outcome::Transport(TransportError::Interrupted);
        assert_eq!(failed_steps([(&step, &cut)], Paint::default()), None);
        assert_eq!(outcomes_code([&Outcome::Done, &cut, &failed(1, "")]), ExitCode::Interrupted);
        assert_eq!(outcomes_code([]), ExitCode::Done);
    }
}
