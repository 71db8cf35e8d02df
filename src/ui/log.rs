//! `--log FILE`: every step as one line of JSON, with times and without secrets.
//!
//! Fields of every line, in this order; those in brackets only where they apply:
//!
//! | field | meaning |
//! |---|---|
//! | `v` | version of this shape, [`LOG_VERSION`]; fields may be added without a new version |
//! | `time` | wall clock of the operator's machine, RFC 3339, UTC, milliseconds |
//! | `pid` | process id of vnfctl: tells runs apart that share a file |
//! | `event` | `started`, `finished` or `undone` |
//! | [`id`] | number of the step in its plan; not for `undone` |
//! | `node`, `container`, `verb`, `sentence` | what the step is; `container` is empty for images |
//! | [`command`] | `started`, `undone`: the command as it can be pasted, secrets hidden |
//! | [`outcome`] | `finished`, `undone`: `done`, `failed`, `transport` or `skipped` |
//! | [`elapsed_ms`] | `finished`: milliseconds |
//! | [`exit_code`] [`signal`] [`deadline_s`] | how a failed command ended: exactly one of them |
//! | [`stderr`] | its last 20 lines, secrets hidden |
//! | [`reason`] | `transport`, `skipped`: why |

use super::{clean, last_lines, redact, signal_name};
use crate::command::Command;
use crate::executor::{Event, Outcome, Reporter};
use crate::plan::{Step, StepId};
use crate::transport::Exit;
use serde::Serialize;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Version of the shape of a line.
pub const LOG_VERSION: u32 = 1;

/// Writes every event as one line of JSON.
pub struct Log<W> {
    writer: Mutex<(W, io::Result<()>)>,
    clock: fn() -> SystemTime,
}

#[derive(Serialize)]
struct Line<'a> {
    v: u32,
    time: String,
    pid: u32,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<StepId>,
    node: &'a str,
    container: &'a str,
    verb: &'static str,
    sentence: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    #[serde(flatten)]
    end: Option<End>,
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed_ms: Option<u64>,
}

#[derive(Serialize, Default)]
struct End {
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deadline_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stderr: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl<W: Write> Log<W> {
    /// A log into `writer`, which should append; one write per line.
    #[expect(clippy::disallowed_methods, reason = "a log line carries the wall clock")]
    pub fn new(writer: W) -> Self {
        Self::with_clock(writer, SystemTime::now)
    }

    /// A log with a clock of its own.
    pub fn with_clock(writer: W, clock: fn() -> SystemTime) -> Self {
        Self { writer: Mutex::new((writer, Ok(()))), clock }
    }

    /// The first error of writing, if any: the log is incomplete then.
    pub fn finish(self) -> io::Result<()> {
        self.writer.into_inner().unwrap_or_else(PoisonError::into_inner).1
    }

    fn line<'a>(&self, event: &'static str, step: &'a Step) -> Line<'a> {
        Line {
            v: LOG_VERSION,
            time: humantime::format_rfc3339_millis((self.clock)()).to_string(),
            pid: std::process::id(),
            event,
            id: None,
            node: &step.node,
            container: &step.container,
            verb: step.verb,
            sentence: &step.sentence,
            command: None,
            end: None,
            elapsed_ms: None,
        }
    }

    fn write(&self, line: &Line<'_>) {
        let mut guard = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let (writer, result) = &mut *guard;
        if result.is_err() {
            return;
        }
        *result = serde_json::to_vec(line).map_err(io::Error::from).and_then(|mut bytes| {
            bytes.push(b'\n');
            writer.write_all(&bytes)?;
            writer.flush()
        });
    }
}

impl<W: Write + Send> Reporter for Log<W> {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Started { id, step } => {
                let command = Some(step.command.display());
                self.write(&Line { id: Some(*id), command, ..self.line("started", step) });
            }
            Event::Bytes { .. } => {}
            Event::Finished { id, step, outcome, elapsed } => {
                let end = Some(end(outcome, &step.command));
                let elapsed_ms = Some(milliseconds(*elapsed));
                self.write(&Line { id: Some(*id), end, elapsed_ms, ..self.line("finished", step) });
            }
            Event::Undone { step, outcome } => {
                let undo = step.undo.as_ref().unwrap_or(&step.command);
                let (command, end) = (Some(undo.display()), Some(end(outcome, undo)));
                self.write(&Line { command, end, ..self.line("undone", step) });
            }
        }
    }
}

fn milliseconds(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

fn end(outcome: &Outcome, command: &Command) -> End {
    match outcome {
        Outcome::Done => End { outcome: "done", ..End::default() },
        Outcome::Failed { exit, stderr, .. } => {
            let stderr = last_lines(&redact(stderr, &command.secrets), 20);
            let end = End { outcome: "failed", stderr: Some(stderr), ..End::default() };
            match exit {
                Exit::Code(code) => End { exit_code: Some(*code), ..end },
                Exit::Signal(number) => End { signal: Some(signal_name(*number)), ..end },
                Exit::Deadline(limit) => End { deadline_s: Some(limit.as_secs_f64()), ..end },
            }
        }
        Outcome::Transport(error) => {
            let reason = clean(&redact(&error.to_string(), &command.secrets));
            End { outcome: "transport", reason: Some(reason), ..End::default() }
        }
        Outcome::Skipped { reason } => {
            End { outcome: "skipped", reason: Some(clean(reason)), ..End::default() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::{failed, step};
    use super::*;
    use crate::transport::TransportError;

    fn written(events: &[Event<'_>]) -> Vec<serde_json::Value> {
        let mut bytes = Vec::new();
        let log = Log::with_clock(&mut bytes, || SystemTime::UNIX_EPOCH);
        for event in events {
            log.event(event);
        }
        log.finish().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn lines_have_the_documented_fields() {
        let step = step("A1", "create");
        let elapsed = Duration::from_millis(310);
        let outcome = failed(125, "no hunter2 here\n");
        let lines = written(&[
            Event::Started { id: 3, step: &step },
            Event::Finished { id: 3, step: &step, outcome: &outcome, elapsed },
            Event::Undone { step: &step, outcome: &Outcome::Done },
        ]);
        assert_eq!(lines[0]["v"], 1);
        assert_eq!(lines[0]["time"], "1970-01-01T00:00:00.000Z");
        assert_eq!(lines[0]["event"], "started");
        assert_eq!(lines[0]["command"], "P=\"${PW:?}\" docker create A1");
        assert_eq!(lines[1]["id"], 3);
        assert_eq!(lines[1]["outcome"], "failed");
        assert_eq!(lines[1]["exit_code"], 125);
        assert_eq!(lines[1]["elapsed_ms"], 310);
        assert_eq!(lines[1]["stderr"][0], "no ${PW} here");
        assert_eq!(lines[2]["event"], "undone");
        assert_eq!(lines[2]["command"], "docker rm A1");
        assert!(lines[2].get("id").is_none() && lines[0].get("outcome").is_none());
    }

    #[test]
    fn every_end_is_told() {
        let step = step("A1", "create");
        let ends = [
            Outcome::Failed { exit: Exit::Signal(9), stdout: String::new(), stderr: String::new() },
            Outcome::Failed {
                exit: Exit::Deadline(Duration::from_secs(2)),
                stdout: String::new(),
                stderr: String::new(),
            },
            Outcome::Transport(TransportError::Interrupted),
            Outcome::Skipped { reason: "stopped".into() },
        ];
        let elapsed = Duration::ZERO;
        let events =
            ends.each_ref().map(|outcome| Event::Finished { id: 0, step: &step, outcome, elapsed });
        let lines = written(&events);
        assert_eq!(lines[0]["signal"], "SIGKILL");
        assert_eq!(lines[1]["deadline_s"], 2.0);
        assert_eq!(lines[2]["reason"], "interrupted");
        assert_eq!(lines[3]["reason"], "stopped");
    }

    #[test]
    fn a_full_disk_is_told_once_at_the_end() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let log = Log::new(Full);
        let step = step("A1", "create");
        log.event(&Event::Started { id: 0, step: &step });
        assert_eq!(log.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
