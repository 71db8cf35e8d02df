//! What may be missing on a node, beside what it is: one script for `doctor` and its parser. Pure.

use crate::command::Command;
use std::collections::{BTreeMap, BTreeSet};

/// What a node told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// `ID` of `/etc/os-release`, and the words of `ID_LIKE`.
    pub os: Vec<String>,
    /// `VERSION_ID`.
    pub version: String,
    /// Whether systemd is init.
    pub systemd: bool,
    /// Who logged in, before becoming root.
    pub login: String,
    /// Its clock, seconds since the epoch.
    pub time: Option<u64>,
    /// Kinds of namespaces that the kernel has (`net`, `pid`, ...).
    pub namespaces: BTreeSet<String>,
    /// Programs found, of those asked for.
    pub tools: BTreeSet<String>,
    /// Kernel modules asked for; `None` = nobody knows.
    pub modules: BTreeMap<String, Option<bool>>,
    /// By an engine's word: the version of what answers, or why nothing does.
    pub answers: BTreeMap<String, Result<String, String>>,
    /// By an engine's word: KiB that are free for its images, and their folder.
    pub disks: BTreeMap<String, (u64, String)>,
    /// What `lxc-checkconfig` finds missing.
    pub lxc: Vec<String>,
    /// `/etc/subuid`: user, first id, how many.
    pub subuid: Vec<(String, u64, u64)>,
    /// `/etc/subgid`.
    pub subgid: Vec<(String, u64, u64)>,
    /// Whether pages may go to swap.
    pub swap: bool,
    /// `scaling_governor` of CPU 0, where there is one.
    pub governor: Option<String>,
}

/// One command that prints a [`Health`]: of programs, kernel modules with the option that builds
/// each, and engines, as their words.
pub fn examine<'a>(
    tools: impl IntoIterator<Item = &'a str>,
    modules: impl IntoIterator<Item = (&'a str, &'a str)>,
    engines: impl IntoIterator<Item = &'a str>,
) -> Command {
    let tools = tools.into_iter().map(|tool| ["tool".to_owned(), tool.to_owned()]);
    let modules = modules.into_iter();
    let modules = modules.map(|(name, option)| ["module".to_owned(), format!("{name}:{option}")]);
    let engines = engines.into_iter().map(|engine| ["engine".to_owned(), engine.to_owned()]);
    let arguments = tools.chain(modules).chain(engines).flatten();
    Command::sh(include_str!("doctor.sh"), arguments)
}

/// Reads what [`examine`] printed; `None` where its end is missing.
pub fn parse_health(stdout: &str) -> Option<Health> {
    let mut health = Health::default();
    let mut lines = stdout.trim_end().lines();
    (lines.next_back()? == "end").then_some(())?;
    // What a stranger's profile or an old tool prints between the lines is of no interest.
    lines.for_each(|line| health.line(line).unwrap_or_default());
    Some(health)
}

impl Health {
    fn line(&mut self, line: &str) -> Option<()> {
        if let Some(range) = line.strip_prefix("/etc/subuid:") {
            self.subuid.extend(subordinate(range));
            return Some(());
        }
        if let Some(range) = line.strip_prefix("/etc/subgid:") {
            self.subgid.extend(subordinate(range));
            return Some(());
        }
        let (word, value) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "os" if !value.is_empty() => self.os.insert(0, value.to_owned()),
            "like" => self.os.extend(value.split_whitespace().map(str::to_owned)),
            "version" => value.clone_into(&mut self.version),
            "init" => self.systemd = value == "systemd",
            "login" => value.clone_into(&mut self.login),
            "time" => self.time = value.parse().ok(),
            "namespace" => {
                self.namespaces.insert(value.to_owned());
            }
            "tool" => {
                self.tools.insert(value.to_owned());
            }
            "swap" => self.swap = true,
            "governor" => self.governor = Some(value.to_owned()),
            "lxc" => self.lxc.push(value.to_owned()),
            "module" => {
                let (name, verdict) = value.split_once(' ')?;
                let verdict = match verdict {
                    "yes" => Some(true),
                    "no" => Some(false),
                    _ => None,
                };
                self.modules.insert(name.to_owned(), verdict);
            }
            "answer" => {
                let mut words = value.splitn(3, ' ');
                let (engine, code) = (words.next()?, words.next()?);
                let text = words.next().unwrap_or_default();
                let version = text.split(' ').next().unwrap_or_default();
                let answer = match code {
                    "0" => Ok(version.to_owned()),
                    _ => Err(text.to_owned()),
                };
                self.answers.insert(engine.to_owned(), answer);
            }
            "disk" => {
                let mut words = value.splitn(3, ' ');
                let (engine, free) = (words.next()?, words.next()?.parse().ok()?);
                let folder = words.next().unwrap_or_default().to_owned();
                self.disks.insert(engine.to_owned(), (free, folder));
            }
            _ => {}
        }
        Some(())
    }
}

/// Takes `user:first:count` (subuid(5)).
fn subordinate(line: &str) -> Option<(String, u64, u64)> {
    let mut words = line.split(':');
    Some((words.next()?.to_owned(), words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}
