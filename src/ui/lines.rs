//! Progress for pipes and CI: one line per finished step.

use super::{Paint, Tone, clean, exit_phrase};
use crate::command::Command;
use crate::executor::{Event, Outcome, Reporter};
use crate::plan::Step;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Writes `DUT1 create DUT1_VNF1 (docker, CPUs 3-4) ... ok 0.31s` for each finished step.
pub struct Lines<W> {
    writer: Mutex<W>,
    paint: Paint,
    verbose: bool,
}

impl<W: Write> Lines<W> {
    /// Lines into `writer`; `verbose` also shows each command as it starts.
    pub fn new(writer: W, paint: Paint, verbose: bool) -> Self {
        Self { writer: Mutex::new(writer), paint, verbose }
    }
}

impl<W: Write + Send> Reporter for Lines<W> {
    fn event(&self, event: &Event<'_>) {
        let line = match event {
            Event::Started { step, .. } if self.verbose => {
                command_line(&step.node, &step.command, self.paint)
            }
            Event::Started { .. } | Event::Bytes { .. } => return,
            Event::Finished { step, outcome, elapsed, .. } => {
                finished_line(step, outcome, *elapsed, self.paint)
            }
            Event::Undone { step, outcome } => undone_line(step, outcome, self.paint),
        };
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // Progress that nobody reads must not fail the run.
        let _ = writeln!(writer, "{line}");
    }
}

/// `-v`: the command as it can be pasted.
pub(super) fn command_line(node: &str, command: &Command, paint: Paint) -> String {
    paint.paint(Tone::Dim, format!("{node} + {}", clean(&command.display())))
}

/// How a step ended, in one line.
pub(super) fn finished_line(
    step: &Step,
    outcome: &Outcome,
    elapsed: Duration,
    paint: Paint,
) -> String {
    let end = end_words(outcome, &step.command, paint);
    let time = match outcome {
        Outcome::Skipped { .. } => String::new(),
        _ => format!(" {}", seconds(elapsed)),
    };
    format!("{} {} ... {end}{time}", step.node, clean(&step.sentence))
}

/// How the undo of a step ended, in one line.
pub(super) fn undone_line(step: &Step, outcome: &Outcome, paint: Paint) -> String {
    let command = step.undo.as_ref().unwrap_or(&step.command);
    let end = end_words(outcome, command, paint);
    format!("{} undo {} ... {end}", step.node, clean(&step.sentence))
}

fn end_words(outcome: &Outcome, command: &Command, paint: Paint) -> String {
    match outcome {
        Outcome::Done => paint.paint(Tone::Good, "ok"),
        Outcome::Failed { exit, .. } => {
            paint.paint(Tone::Bad, format!("FAILED, {}", exit_phrase(*exit, command)))
        }
        Outcome::Transport(error) => {
            paint.paint(Tone::Bad, format!("FAILED, {}", clean(&error.to_string())))
        }
        Outcome::Skipped { reason } => {
            paint.paint(Tone::Warn, format!("not done: {}", clean(reason)))
        }
    }
}

/// A duration as people read it: `0.31s`, `12.4s`, `3m 20s`.
pub(super) fn seconds(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0..=9 => format!("{:.2}s", elapsed.as_secs_f64()),
        10..=99 => format!("{:.1}s", elapsed.as_secs_f64()),
        whole => humantime::format_duration(Duration::from_secs(whole)).to_string(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::command::Secret;
    use crate::transport::{Exit, TransportError};

    /// A step of `container` on `DUT1`.
    pub(in crate::ui) fn step(container: &str, verb: &'static str) -> Step {
        let secret = Secret { name: "PW".into(), value: "hunter2".into() };
        Step {
            node: "DUT1".into(),
            container: container.into(),
            verb,
            sentence: format!("{verb} {container} (docker)"),
            command: Command::new(["docker", verb, container]).env("P", "hunter2").hide(&[secret]),
            undo: Some(Command::new(["docker", "rm", container])),
            after: Vec::new(),
        }
    }

    /// A failure with this code and stderr.
    pub(in crate::ui) fn failed(code: i32, stderr: &str) -> Outcome {
        Outcome::Failed { exit: Exit::Code(code), stdout: String::new(), stderr: stderr.into() }
    }

    #[test]
    fn each_finished_step_is_one_line() {
        let mut written = Vec::new();
        {
            let lines = Lines::new(&mut written, Paint::default(), true);
            let step = step("A1", "create");
            let elapsed = Duration::from_millis(310);
            lines.event(&Event::Started { id: 0, step: &step });
            for outcome in [
                Outcome::Done,
                failed(137, "no\x1b[2J"),
                Outcome::Transport(TransportError::Interrupted),
                Outcome::Skipped { reason: "ETCD1 failed".into() },
            ] {
                lines.event(&Event::Finished { id: 0, step: &step, outcome: &outcome, elapsed });
            }
            lines.event(&Event::Undone { step: &step, outcome: &Outcome::Done });
        }
        insta::assert_snapshot!(String::from_utf8(written).unwrap(), @r#"
        DUT1 + P="${PW:?}" docker create A1
        DUT1 create A1 (docker) ... ok 0.31s
        DUT1 create A1 (docker) ... FAILED, exit code 137 (SIGKILL) 0.31s
        DUT1 create A1 (docker) ... FAILED, interrupted 0.31s
        DUT1 create A1 (docker) ... not done: ETCD1 failed
        DUT1 undo create A1 (docker) ... ok
        "#);
    }

    #[test]
    fn durations_are_short() {
        let told = [310, 12_400, 200_500].map(|ms| seconds(Duration::from_millis(ms)));
        assert_eq!(told, ["0.31s", "12.4s", "3m 20s"]);
    }
}
