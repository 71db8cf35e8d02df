//! `import`: the topology that the name of a CSIT test means, on stdout or into a file. It reads
//! no topology and no node.

use super::context::Context;
use super::show::JSON_VERSION;
use super::{Import, ImportApp, ImportEngine};
use crate::import::{self, Wishes, interpret, parse};
use crate::model::{EngineKind, Problem, Problems, Source};
use crate::ui::report::Fault;
use crate::ui::{ExitCode, Format, diagnostic};
use anyhow::Context as _;
use clap::ValueEnum;
use serde_json::json;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// What a name is called where its place is shown.
const WHERE: &str = "--name";

pub(super) fn run(context: &Context<'_>, args: &Import) -> anyhow::Result<ExitCode> {
    let name = args.name.trim();
    let sources = vec![Source { name: WHERE.to_owned(), text: name.to_owned() }];
    let wishes = Wishes {
        app: args.app.map(|app| match app {
            ImportApp::Vpp => import::Import::Vpp,
            ImportApp::Testpmd => import::Import::Testpmd,
        }),
        engine: args.engine.map(|engine| match engine {
            ImportEngine::Native => EngineKind::Native,
            ImportEngine::Docker => EngineKind::Docker,
            ImportEngine::Podman => EngineKind::Podman,
            ImportEngine::Lxc => EngineKind::Lxc,
        }),
    };
    let read = parse(name).and_then(|parsed| Ok((interpret(&parsed, wishes)?, parsed.name)));
    let ((meaning, warnings), parsed) = match read {
        Ok(read) => read,
        Err(problem) => return Ok(refuse(context, sources, problem)),
    };
    let color = context.ui.stderr_paint().on;
    let told = diagnostic::render_warnings(&sources, &warnings, color);
    if !told.is_empty() {
        context.ui.note(&told);
    }
    let mut words = format!("--name {parsed}");
    for (option, value) in [
        ("app", args.app.as_ref().and_then(ValueEnum::to_possible_value)),
        ("engine", args.engine.as_ref().and_then(ValueEnum::to_possible_value)),
    ] {
        if let Some(value) = value {
            let _ = write!(words, " --{option} {}", value.get_name());
        }
    }
    let text = import::write(&meaning, &words, &warnings);
    match &args.to {
        Some(path) => {
            save(path, &text, args.force)?;
            context.ui.note(&format!("written: {}", path.display()));
        }
        None if context.ui.format() == Format::Json => {
            let warning = |warning: &Problem| {
                json!({
                    "message": warning.message,
                    "taken": warning.label,
                    "word": name.get(warning.span.clone()),
                })
            };
            context.ui.json(&json!({
                "version": JSON_VERSION,
                "topology": meaning.title,
                "toml": text,
                "warnings": warnings.iter().map(warning).collect::<Vec<_>>(),
            }))?;
        }
        None => context.ui.data(text)?,
    }
    Ok(ExitCode::Done)
}

/// A name that means no topology is a mistake of the command line.
fn refuse(context: &Context<'_>, sources: Vec<Source>, problem: Problem) -> ExitCode {
    let problems = Problems { sources, list: vec![problem] };
    let color = context.ui.stderr_paint().on;
    context.ui.error(diagnostic::render_mistakes(&problems, color).trim_end());
    ExitCode::Usage
}

#[expect(clippy::disallowed_methods, reason = "the person names where to write")]
fn save(path: &Path, text: &str, force: bool) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let mut file = match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let fault = Fault::usage(format!("`{}` exists", path.display()));
            return Err(fault.hint("`--force` writes over it").into());
        }
        other => other.with_context(|| format!("cannot write `{}`", path.display()))?,
    };
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write `{}`", path.display()))
}
