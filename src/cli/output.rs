//! Output of many children on one terminal: raw for one, prefixed line by line for several, JSON
//! where asked for.

use super::context::Context;
use super::show::JSON_VERSION;
use crate::lifecycle::Child;
use crate::transport::{self, Exit, Stream, TransportError};
use crate::ui::{ExitCode, Format, Tone, Ui};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Where the output of children goes as it comes.
pub(super) struct Output<'a> {
    ui: &'a Ui,
    prefixes: Vec<String>,
    /// Unfinished lines, by child and stream.
    partial: Mutex<BTreeMap<(usize, bool), Vec<u8>>>,
}

impl<'a> Output<'a> {
    pub(super) fn new(ui: &'a Ui, children: &[Child]) -> Self {
        let width = children.iter().map(|child| child.container.len()).max().unwrap_or(0);
        let prefix = |child: &Child| {
            let name = format!("{:width$} |", child.container);
            format!("{} ", ui.stdout_paint().paint(Tone::Dim, name))
        };
        let prefixes =
            if children.len() > 1 { children.iter().map(prefix).collect() } else { vec![] };
        Self { ui, prefixes, partial: Mutex::default() }
    }

    /// Writes what a child wrote. A reader that has gone away is noticed by the caller's next
    /// look at the ui.
    pub(super) fn write(&self, id: usize, stream: Stream, bytes: &[u8]) {
        if self.ui.format() == Format::Json {
            return;
        }
        let is_stdout = stream == Stream::Stdout;
        if self.prefixes.is_empty() {
            return self.emit(is_stdout, bytes);
        }
        let mut partial = self.partial.lock().expect("writing does not panic");
        let line = partial.entry((id, is_stdout)).or_default();
        let mut text = Vec::new();
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                text.extend_from_slice(self.prefixes[id].as_bytes());
                text.append(line);
            }
        }
        self.emit(is_stdout, &text);
    }

    /// Writes lines that never got their end.
    pub(super) fn finish(&self) {
        let partial = std::mem::take(&mut *self.partial.lock().expect("writing does not panic"));
        for ((id, is_stdout), line) in partial.into_iter().filter(|(_, line)| !line.is_empty()) {
            let text = [self.prefixes[id].as_bytes(), &line, b"\n"].concat();
            self.emit(is_stdout, &text);
        }
    }

    fn emit(&self, is_stdout: bool, bytes: &[u8]) {
        let written = if is_stdout { self.ui.data(bytes) } else { self.ui.child_stderr(bytes) };
        if let Err(error) = written {
            self.ui.error(&format!("output lost: {error}"));
        }
    }
}

/// Tells how children ended: the child's own exit code for one, the worst for several.
pub(super) fn tell_children(
    context: &Context<'_>,
    children: &[Child],
    results: Vec<Result<transport::Output, TransportError>>,
) -> anyhow::Result<ExitCode> {
    let ui = context.ui;
    let mut worst = 0;
    let mut documents = Vec::new();
    for (child, result) in children.iter().zip(results) {
        let output = match result {
            Err(TransportError::Interrupted) => return Ok(ExitCode::Interrupted),
            other => other?,
        };
        let code = number(output.exit);
        worst = worst.max(code);
        if ui.format() == Format::Json {
            documents.push(json!({
                "container": child.container,
                "node": child.node,
                "exit_code": code,
                "stdout": String::from_utf8_lossy(&output.stdout),
                "stderr": String::from_utf8_lossy(&output.stderr),
            }));
        } else if code != 0 && children.len() > 1 {
            ui.note(&format!("{}: exit code {code}", child.container));
        }
    }
    if ui.format() == Format::Json {
        ui.json(&json!({ "version": JSON_VERSION, "children": documents }))?;
    }
    Ok(ExitCode::Child(u8::try_from(worst).unwrap_or(u8::MAX)))
}

/// The number a shell would show.
fn number(exit: Exit) -> i32 {
    match exit {
        Exit::Code(code) => code,
        Exit::Signal(signal) => 128 + signal,
        // What timeout(1) says.
        Exit::Deadline(_) => 124,
    }
}
