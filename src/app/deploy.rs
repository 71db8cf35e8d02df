//! What `configure` delivers to one container, and the script that delivers it.

use super::template::{Origin, Templates};
use super::{FOLDER, File, Instance, RenderError, driver};
use crate::command::quote;
use crate::model::{AppFile, Content, Supervise};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The first process of a container with an app: a POSIX script, `sh -c LAUNCH`.
///
/// In [`FOLDER`] it notes its own pid in `launcher`, and of the app `running` (digest and pid)
/// while it runs, then `ended` (digest and exit code). An app that ends within 20 seconds leaves
/// the container up as long, so that it can be configured again.
pub const LAUNCH: &str = include_str!("launch.sh");

/// Everything about the app of one container, rendered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deployment {
    /// SHA-256 over files and start script, 16 hexadecimal digits: what `configured` holds.
    pub digest: String,
    /// Files, the app's own first.
    pub files: Vec<File>,
    /// The start script.
    pub start: String,
    /// [`super::AppDriver::ready`].
    pub ready: Option<String>,
    /// [`super::AppDriver::linked`].
    pub linked: Option<String>,
    /// [`super::AppDriver::probe`].
    pub probe: String,
    /// [`super::AppDriver::stop`].
    pub stop: Vec<String>,
}

impl Deployment {
    /// A POSIX script, run inside with [`Deployment::archive`] on its standard input, that writes
    /// the files, the start script and the digest, and starts the app, or starts it anew when what
    /// it had was different. Running it twice changes nothing the second time. Nothing is
    /// half-written when it is cut short: the digest comes last.
    pub fn script(&self) -> String {
        self.script_in(FOLDER)
    }

    /// As [`Deployment::script`], with another folder than [`FOLDER`].
    pub fn script_in(&self, folder: &str) -> String {
        let mut script = format!(
            "folder={} digest={} total={}\n{}",
            quote(folder),
            self.digest,
            self.archive().len(),
            include_str!("deploy.sh")
        );
        let files =
            self.files.iter().map(|file| (file.mode, file.content.len(), quote(&file.path)));
        let start = (0o700, self.whole_start().len(), "\"$folder/start\"".to_owned());
        for (mode, bytes, path) in files.chain([start]) {
            let _ = writeln!(script, "put {mode:04o} {bytes} {path}");
        }
        script + "finish \"$before\"\n"
    }

    /// What the script reads: the content of every file and the start script.
    pub fn archive(&self) -> String {
        let files = self.files.iter().map(|file| file.content.as_str());
        files.chain([self.whole_start().as_str()]).collect()
    }

    /// The start script with what it is known by, for the launcher.
    fn whole_start(&self) -> String {
        format!("# {}\n{}", self.digest, self.start)
    }
}

/// Renders everything of one container.
///
/// # Errors
/// The first template or setting that makes no file.
pub fn deploy(instance: &Instance<'_>) -> Result<Deployment, RenderError> {
    let driver = driver(&instance.app.kind);
    let templates = Templates::new(instance);
    let mut files = driver.files(instance)?;
    for file in &instance.app.files {
        files.push(render(file, &files, &templates)?);
    }
    let mut start = driver.start(instance)?;
    if instance.app.supervise == Supervise::Supervisord {
        start = supervised(start, &mut files);
    }
    Ok(Deployment {
        digest: digest(&files, &start),
        files,
        start,
        ready: driver.ready(instance)?,
        linked: driver.linked(instance),
        probe: driver.probe(instance)?,
        stop: driver.stop(instance)?,
    })
}

/// A file of the user's; `own` are the app's.
fn render(file: &AppFile, own: &[File], templates: &Templates<'_>) -> Result<File, RenderError> {
    let (text, origin) = match &file.content {
        Content::Text { text, origin } => (text, origin),
        Content::Source(path) => {
            let message = "this file was not read".to_owned();
            return Err(RenderError { place: path.display().to_string(), message });
        }
    };
    if own.iter().any(|other| other.path == file.path) {
        return Err(RenderError {
            place: format!("{}:{}", origin.0, origin.1),
            message: format!("the app writes `{}` itself: choose another path", file.path),
        });
    }
    let content = templates.render(text, Origin::File(&origin.0, origin.1))?;
    Ok(File { path: file.path.clone(), content, mode: file.mode })
}

/// The start script that has supervisord run `start`; what it needs is added to the files.
fn supervised(start: String, files: &mut Vec<File>) -> String {
    let file = |name: &str, content: String| File {
        path: format!("{FOLDER}/{name}"),
        content,
        mode: 0o600,
    };
    files.push(file("app", start));
    files.push(file("supervisord.conf", include_str!("supervisord.conf").to_owned()));
    include_str!("supervised.sh").to_owned()
}

/// The first 64 bits of SHA-256 over everything that is written.
fn digest(files: &[File], start: &str) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &str| {
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    };
    for file in files {
        add(&file.path);
        add(&file.content);
        add(&format!("{:o}", file.mode));
    }
    add(start);
    let head: [u8; 8] = hash.finalize()[..8].try_into().expect("SHA-256 has 32 bytes");
    format!("{:016x}", u64::from_be_bytes(head))
}
