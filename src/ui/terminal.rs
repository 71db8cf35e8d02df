//! The streams of this process: the only writer of stdout and stderr.

use super::style::{ColorWhen, Environment, Paint, is_colored};
use super::{Bars, Lines};
use crate::executor::{Event, Reporter};
use crate::plan::Plan;
use clap::ValueEnum;
use serde::Serialize;
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Table,
    /// For programs: documented, versioned shapes
    Json,
}

/// What a person asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// `--color`.
    pub color: ColorWhen,
    /// `--quiet`.
    pub quiet: bool,
    /// `--verbose`.
    pub verbose: bool,
    /// `--output`.
    pub format: Format,
}

/// The streams, with everything about them decided once.
#[derive(Debug)]
pub struct Ui {
    settings: Settings,
    stdout: Paint,
    stderr: Paint,
    stdout_is_terminal: bool,
    draws_bars: bool,
    asks: bool,
    width: usize,
    reader_is_gone: AtomicBool,
}

impl Ui {
    /// Looks at the streams and the environment of this process.
    pub fn new(settings: Settings) -> Self {
        let environment = Environment::read();
        let [out, err] = [io::stdout().is_terminal(), io::stderr().is_terminal()];
        let is_dumb = environment.term.as_deref() == Some("dumb");
        let size = rustix::termios::tcgetwinsize(io::stderr()).ok();
        let width = size.map_or(0, |size| usize::from(size.ws_col));
        Self {
            settings,
            stdout: Paint { on: is_colored(settings.color, &environment, out) },
            stderr: Paint { on: is_colored(settings.color, &environment, err) },
            stdout_is_terminal: out,
            draws_bars: err && !is_dumb && width > 0,
            asks: err && io::stdin().is_terminal(),
            width: if width == 0 { 80 } else { width },
            reader_is_gone: AtomicBool::new(false),
        }
    }

    /// How data is printed.
    pub fn format(&self) -> Format {
        self.settings.format
    }

    /// Colours for stdout.
    pub fn stdout_paint(&self) -> Paint {
        self.stdout
    }

    /// Colours for stderr.
    pub fn stderr_paint(&self) -> Paint {
        self.stderr
    }

    /// Columns of the terminal; 80 where there is none.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether stdout and stdin belong to a terminal, so that a shell makes sense.
    pub fn is_interactive(&self) -> bool {
        self.stdout_is_terminal && io::stdin().is_terminal()
    }

    /// Writes data to stdout as it is. A reader that has gone away (`| head`) is no error; see
    /// [`Ui::reader_is_gone`].
    pub fn data(&self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(bytes.as_ref()).and_then(|()| stdout.flush());
        self.forgive(written)
    }

    /// Writes bytes of a child's stderr to stderr as they are.
    pub fn child_stderr(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stderr = io::stderr().lock();
        self.forgive(stderr.write_all(bytes))
    }

    /// Writes one JSON document to stdout: indented on a terminal, one line elsewhere.
    pub fn json(&self, document: &impl Serialize) -> io::Result<()> {
        let mut bytes = if self.stdout_is_terminal {
            serde_json::to_vec_pretty(document)?
        } else {
            serde_json::to_vec(document)?
        };
        bytes.push(b'\n');
        self.data(bytes)
    }

    /// Tells a person something on stderr, unless they asked for quiet. Adds a newline.
    pub fn note(&self, text: &str) {
        if !self.settings.quiet {
            self.error(text);
        }
    }

    /// Tells a person something on stderr. Adds a newline.
    pub fn error(&self, text: &str) {
        let mut stderr = io::stderr().lock();
        // Nobody is left to be told that stderr cannot be written.
        let _ = writeln!(stderr, "{}", text.trim_end_matches('\n'));
    }

    /// Whether whoever read stdout has closed it: more data is of no use.
    pub fn reader_is_gone(&self) -> bool {
        self.reader_is_gone.load(Ordering::Relaxed)
    }

    /// Asks before something is removed. Only people are asked: where stdin or stderr is no
    /// terminal the answer is yes, so that scripts and CI behave alike with and without `--yes`.
    pub fn confirms(&self, question: &str) -> bool {
        if !self.asks {
            return true;
        }
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "{question} [y/N] ");
        let _ = stderr.flush();
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }

    /// Who shows the progress of `plan`: bars on a terminal, lines elsewhere, nobody when quiet.
    pub fn progress(&self, plan: &Plan) -> Box<dyn Reporter> {
        let verbose = self.settings.verbose;
        if self.settings.quiet {
            Box::new(Silent)
        } else if self.draws_bars {
            Box::new(Bars::new(plan, self.stderr, verbose, self.width))
        } else {
            Box::new(Lines::new(io::stderr(), self.stderr, verbose))
        }
    }

    fn forgive(&self, written: io::Result<()>) -> io::Result<()> {
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.reader_is_gone.store(true, Ordering::Relaxed);
                Ok(())
            }
            written => written,
        }
    }
}

/// Shows nothing.
struct Silent;

impl Reporter for Silent {
    fn event(&self, _event: &Event<'_>) {}
}
