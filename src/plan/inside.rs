//! Steps inside containers: the software and the files of apps, and waiting until these are ready
//! and their memif links connected.

use super::build::{Builder, Deed};
use super::install::install;
use super::request::Target;
use super::step::StepId;
use super::wanted::Wanted;
use crate::app::{AppState, Deployment, FOLDER, install_digest};
use crate::command::{Command, DEFAULT_DEADLINE};
use crate::engine::{Observed, engine};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What a script may take beyond the time that its app has: to be started, and to say why it gave
/// up.
const MARGIN: Duration = Duration::from_secs(15);

/// What a plan does on one node, as it grows.
#[derive(Debug, Default)]
pub(super) struct Course<'w> {
    /// Last step of each container that is made, started or pinned anew.
    pub(super) touched: BTreeMap<&'w str, StepId>,
    /// Containers that run when the plan is done.
    pub(super) running: BTreeSet<&'w str>,
    /// Containers that are meant by the request.
    pub(super) meant: BTreeSet<&'w str>,
    /// Containers whose app is started (anew), and the step after which it is ready.
    pub(super) started: BTreeMap<&'w str, StepId>,
    /// Links that were looked at.
    pub(super) linked: BTreeSet<&'w str>,
    /// Steps that make the links of a container.
    pub(super) links: BTreeMap<&'w str, Vec<StepId>>,
}

/// What is known of a container before the steps inside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// The plan makes it: there is nothing inside.
    Made,
    /// The plan starts it: what is inside is not known, and its app starts by itself.
    Started,
    /// It runs.
    Running,
}

/// A POSIX script inside a container, as root; as its user where the group names one, whose files
/// and sockets these are.
fn inside(wanted: &Wanted<'_>, script: &str) -> Command {
    let argv = ["sh", "-c", script].map(str::to_owned);
    let (engine, name) = (engine(wanted.group.engine), wanted.spec.name.as_str());
    let command = match wanted.spec.security.user {
        None => engine.administer(name, &argv),
        Some(_) => engine.exec(name, &argv, false),
    };
    command.hide(&wanted.secrets).deadline(DEFAULT_DEADLINE)
}

impl Builder<'_> {
    /// Installs and configures what is not as it should be inside one container and waits until
    /// its app is ready; returns the last step.
    pub(super) fn inside<'w>(
        &mut self,
        target: &Target<'_>,
        wanted: &'w Wanted<'_>,
        before: Before,
        after: Vec<StepId>,
        course: &mut Course<'w>,
    ) -> Option<StepId> {
        let (Some(app), verb) = (&wanted.app, self.request.verb) else { return None };
        let name = wanted.spec.name.as_str();
        let known = target.state.apps.get(name).filter(|_| before == Before::Running);
        let known = known.cloned().unwrap_or_default();
        let mut deeds = Vec::new();
        let should = installation(wanted);
        let lacks = should.is_some() && known.installed != should;
        if lacks && verb.installs() {
            deeds.extend(install(wanted));
        }
        let starts = verb.configures()
            && (before != Before::Running || !deeds.is_empty() || is_other(app, &known));
        if starts {
            deeds.push(configure(wanted, app));
            deeds.extend(ready(wanted, app));
        }
        let last = self.push(target.node, name, deeds, after)?;
        if starts {
            course.started.insert(name, last);
        }
        Some(last)
    }

    /// Waits for an app that starts by itself with its container, which `started` does.
    pub(super) fn ready<'w>(
        &mut self,
        target: &Target<'_>,
        wanted: &'w Wanted<'_>,
        started: StepId,
        course: &mut Course<'w>,
    ) -> StepId {
        let Some(app) = &wanted.app else { return started };
        let name = wanted.spec.name.as_str();
        let links = course.links.get(name).into_iter().flatten().copied();
        let after = std::iter::once(started).chain(links).collect();
        let deed = ready(wanted, app).into_iter().collect();
        let last = self.push(target.node, name, deed, after).unwrap_or(started);
        course.started.insert(name, last);
        last
    }

    /// The app's own way to end, where it has one. It is given as long as the container is; what
    /// comes of it does not matter, since the engine ends the container in any case.
    pub(super) fn quit(&self, target: &Target<'_>, container: &Observed) -> Option<Deed> {
        let wanted = target.wanted_of(container)?;
        let app = wanted.app.as_ref()?;
        if app.stop.is_empty() || self.request.grace.is_zero() {
            return None;
        }
        let enter = engine(container.engine).exec(&container.name, &app.stop, false);
        let grace = self.request.grace.as_secs().max(1).to_string();
        let command = Command::sh(include_str!("quit.sh"), [grace, enter.words()]);
        Some(Deed {
            verb: "stop",
            detail: format!("{} (its app)", container.name),
            commands: vec![command.hide(&wanted.secrets).deadline(self.request.grace + MARGIN)],
            undo: None,
        })
    }

    /// Waits until the memif links are connected of all containers whose app the plan starts, and
    /// of those at the other ends: nobody waits for a link that has no other end.
    pub(super) fn connect(&mut self, target: &Target<'_>, course: &Course<'_>) {
        let by_name: BTreeMap<&str, &Wanted<'_>> =
            target.wanted.iter().map(|wanted| (wanted.spec.name.as_str(), *wanted)).collect();
        for wanted in &target.wanted {
            let name = wanted.spec.name.as_str();
            let Some(app) = &wanted.app else { continue };
            let Some(script) = &app.linked else { continue };
            let ends = || std::iter::once(name).chain(wanted.peers.iter().map(String::as_str));
            let after: BTreeSet<StepId> =
                ends().filter_map(|end| course.started.get(end).copied()).collect();
            let answers = |end: &str| match by_name.get(end) {
                Some(wanted) => will_answer(target, wanted, course),
                // A node's own VPP.
                None => true,
            };
            if after.is_empty() || !ends().all(answers) {
                continue;
            }
            let command = inside(wanted, &guarded(app, script));
            let deed = Deed {
                verb: "connect",
                detail: format!("{name} ({})", wanted.peers.join(", ")),
                commands: vec![command.deadline(patience(wanted))],
                undo: None,
            };
            self.push(target.node, name, vec![deed], after.into_iter().collect());
        }
    }
}

/// Whether something else is installed in a running container than what should be.
pub(super) fn lacks_software(target: &Target<'_>, wanted: &Wanted<'_>) -> bool {
    let known = target.state.apps.get(&wanted.spec.name);
    let should = installation(wanted);
    should.is_some() && should.as_ref() != known.and_then(|known| known.installed.as_ref())
}

/// Whether the app of a container runs as it should be when the plan is done.
fn will_answer(target: &Target<'_>, wanted: &Wanted<'_>, course: &Course<'_>) -> bool {
    let name = wanted.spec.name.as_str();
    let Some(app) = &wanted.app else { return false };
    let is_right = || target.state.apps.get(name).is_some_and(|known| !is_other(app, known));
    course.started.contains_key(name) || course.running.contains(name) && is_right()
}

/// Whether something else was configured than what should be. Where nobody rendered what should
/// be, anything will do.
fn is_other(app: &Deployment, known: &AppState) -> bool {
    match &known.configured {
        None => true,
        Some(digest) => !app.digest.is_empty() && *digest != app.digest,
    }
}

/// Digest of what should be installed; `None` = nothing.
fn installation(wanted: &Wanted<'_>) -> Option<String> {
    let install = &wanted.group.app.as_ref()?.install;
    (!install.is_empty()).then(|| install_digest(install))
}

/// How long the app may take, and its script to say so.
fn patience(wanted: &Wanted<'_>) -> Duration {
    wanted.group.app.as_ref().map_or(Duration::ZERO, |app| app.ready_timeout) + MARGIN
}

/// What was never configured does not run, so there is nothing to wait for. Where this plan
/// configures it, nobody need look.
fn guarded(app: &Deployment, script: &str) -> String {
    if app.digest.is_empty() {
        format!("[ -e {FOLDER}/start ] || exit 0\n{script}")
    } else {
        script.to_owned()
    }
}

fn detail(wanted: &Wanted<'_>) -> String {
    let kind = wanted.group.app.as_ref().map_or("", |app| app.kind.word());
    format!("{} ({kind})", wanted.spec.name)
}

fn configure(wanted: &Wanted<'_>, app: &Deployment) -> Deed {
    let script = app.script();
    let command = inside(wanted, &script);
    Deed {
        verb: "configure",
        detail: detail(wanted),
        commands: vec![command.stdin(app.archive())],
        undo: None,
    }
}

fn ready(wanted: &Wanted<'_>, app: &Deployment) -> Option<Deed> {
    let script = app.ready.as_ref()?;
    let script = guarded(app, script);
    let command = inside(wanted, &script);
    Some(Deed {
        verb: "ready",
        detail: detail(wanted),
        commands: vec![command.deadline(patience(wanted))],
        undo: None,
    })
}
