//! FD.io VPP: `startup.conf` and the exec file out of the model and the wiring, and the scripts
//! that start it and ask how it is. It must not know what the CLI lines of the user's mean.

mod exec;
mod section;
mod startup;

pub(super) use exec::{commands, interface};

use super::template::{Origin, Templates};
use super::{AppDriver, FOLDER, File, Instance, RenderError};
use crate::command::quote;
use crate::model::{self, AppKind, Role};
use crate::wiring::{Memif, Port, PortKind};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The driver of `kind = "vpp"`.
#[derive(Debug, Clone, Copy)]
pub struct Vpp;

impl AppDriver for Vpp {
    fn folders(&self) -> &'static [&'static str] {
        &["/etc/vpp"]
    }

    fn files(&self, instance: &Instance<'_>) -> Result<Vec<File>, RenderError> {
        let vpp = settings(instance)?;
        let startup = startup::startup(instance, vpp)?;
        let mut lines = exec::commands(instance.wiring)?;
        let templates = Templates::new(instance);
        for line in &vpp.exec {
            lines.push(templates.render(line, Origin::Key("exec"))?);
        }
        let digest = digest(&startup, &lines);
        let exec = exec::exec_file(&lines, &digest);
        let mode = if exec::is_secret(instance.wiring) { 0o600 } else { 0o644 };
        Ok(vec![
            File { path: startup::STARTUP_FILE.to_owned(), content: startup, mode: 0o644 },
            File { path: startup::EXEC_FILE.to_owned(), content: exec, mode },
        ])
    }

    fn start(&self, instance: &Instance<'_>) -> Result<String, RenderError> {
        // Whoever places threads in `startup` knows what they do.
        let placed = !settings(instance)?.startup.contains_key("cpu");
        let cpus = if placed { instance.cpus } else { &[] };
        let cpus: Vec<String> = cpus.iter().map(u32::to_string).collect();
        let listens = memifs(instance).filter(|(_, memif)| memif.role == Role::Master);
        let mut sockets: Vec<&str> = listens.map(|(_, memif)| memif.socket.as_str()).collect();
        sockets.sort_unstable();
        sockets.dedup();
        let words = std::iter::once(cpus.join(" ")).chain(sockets.iter().map(ToString::to_string));
        Ok(script(words, &[ASK, include_str!("vpp/start.sh")]))
    }

    fn ready(&self, instance: &Instance<'_>) -> Result<Option<String>, RenderError> {
        let words = std::iter::once(seconds(instance)).chain(needed(instance)?);
        Ok(Some(script(words, &[ASK, CONFIGURED, include_str!("vpp/ready.sh")])))
    }

    fn linked(&self, instance: &Instance<'_>) -> Option<String> {
        let ports = ports(instance);
        if ports.is_empty() {
            return None;
        }
        let words = std::iter::once(seconds(instance)).chain(ports);
        Some(script(words, &[ASK, LINK, include_str!("vpp/linked.sh")]))
    }

    fn probe(&self, instance: &Instance<'_>) -> Result<String, RenderError> {
        let ports = ports(instance);
        let count = std::iter::once((ports.len() / PORT_WORDS).to_string());
        let words = count.chain(ports).chain(needed(instance)?);
        Ok(script(words, &[ASK, CONFIGURED, LINK, include_str!("vpp/probe.sh")]))
    }

    fn stop(&self, _instance: &Instance<'_>) -> Result<Vec<String>, RenderError> {
        // SIGTERM ends it cleanly in 10 ms.
        Ok(Vec::new())
    }
}

/// What asks VPP, with a deadline per question.
const ASK: &str = include_str!("vpp/ask.sh");
/// How far VPP came in its exec file.
const CONFIGURED: &str = include_str!("vpp/configured.sh");
/// How one memif is.
const LINK: &str = include_str!("vpp/link.sh");

/// Words per port in the arguments of the scripts.
const PORT_WORDS: usize = 5;

/// What tells the marks of this configuration from those of another: 16 hexadecimal digits.
fn digest(startup: &str, lines: &[String]) -> String {
    let hash = Sha256::digest(format!("{startup}\0{}", lines.join("\n")).as_bytes());
    hash.iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn settings<'a>(instance: &Instance<'a>) -> Result<&'a model::Vpp, RenderError> {
    match &instance.app.kind {
        AppKind::Vpp(vpp) => Ok(vpp),
        other => Err(refusal("kind", &format!("`{}` is not VPP", other.word()))),
    }
}

fn memifs<'a>(instance: &Instance<'a>) -> impl Iterator<Item = (&'a Port, &'a Memif)> {
    instance.wiring.ports.iter().filter_map(|port| match &port.kind {
        PortKind::Memif(memif) => Some((port, memif)),
        PortKind::Nic { .. } | PortKind::Existing { .. } => None,
    })
}

/// The plugins that must be there.
fn needed(instance: &Instance<'_>) -> Result<Vec<String>, RenderError> {
    Ok(startup::needed(instance, settings(instance)?))
}

/// [`PORT_WORDS`] words for each memif.
fn ports(instance: &Instance<'_>) -> Vec<String> {
    let words = |(port, memif): (&Port, &Memif)| {
        let role = if memif.role == Role::Master { "master" } else { "slave" };
        let interface = format!("memif{}/{}", memif.socket_id, memif.id);
        let words = [port.name.as_str(), &interface, role, &memif.socket, &memif.peer];
        words.map(str::to_owned)
    };
    memifs(instance).flat_map(words).collect()
}

fn seconds(instance: &Instance<'_>) -> String {
    instance.app.ready_timeout.as_secs().max(1).to_string()
}

/// A script with its arguments; they stand inside, as nobody else passes any.
fn script(words: impl IntoIterator<Item = String>, parts: &[&str]) -> String {
    let words: Vec<String> = words.into_iter().map(|word| quote(&word)).collect();
    format!("folder={FOLDER}\nset -- {}\n{}", words.join(" "), parts.concat())
}

fn refusal(place: &str, message: &str) -> RenderError {
    RenderError { place: format!("app.{place}"), message: message.to_owned() }
}
