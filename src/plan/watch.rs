//! Steps of watchers: one begins when its container and what runs inside are there, and ends before
//! anybody stops or changes these, so that it starts nothing that was meant to end.

use super::build::{Builder, Deed};
use super::compare::owned;
use super::inside::Before;
use super::request::{Refusal, Request, Target, Verb};
use super::step::StepId;
use super::wanted::Wanted;
use crate::app::FOLDER;
use crate::cpu::CpuSet;
use crate::engine::engine;
use crate::facts::Facts;
use crate::link::{LinkSpec, driver};
use crate::model::{EngineKind, Probe, RestartPolicy};
use crate::watch::{self, Mend, WatchSpec, await_ready};
use std::collections::BTreeSet;
use std::time::Duration;

/// The watcher of a container as it should be; `None` where its group asks for none.
pub fn watch_spec(target: &Target<'_>, wanted: &Wanted<'_>) -> Option<WatchSpec> {
    let group = wanted.group;
    if group.watch.is_empty() {
        return None;
    }
    let name = wanted.spec.name.as_str();
    let members: Vec<&Wanted<'_>> =
        target.wanted.iter().copied().filter(|one| lives_with(one, name)).collect();
    let is_inside = |end: &str| end == name || members.iter().any(|one| one.spec.name == end);
    let goes = |link: &&LinkSpec| link.ends.iter().any(|end| is_inside(&end.container));
    let links = target.links.iter().filter(goes).map(|link| Mend {
        name: link.name.clone(),
        remove: driver(link.kind).destroy(link),
        make: driver(link.kind).create(link),
    });
    let member = |one: &&Wanted<'_>| Mend {
        name: one.spec.name.clone(),
        remove: engine(one.group.engine).stop(&one.spec.name, Duration::from_secs(10)),
        make: engine(one.group.engine).start(&one.spec.name),
    };
    Some(WatchSpec {
        engine: group.engine,
        container: name.to_owned(),
        topology: wanted.spec.labels.topology.clone(),
        group: group.name.clone(),
        watch: group.watch.clone(),
        configured: group.app.is_some().then(|| format!("{FOLDER}/start")),
        links: links.collect(),
        members: members.iter().map(member).collect(),
        cpus: spare_cpus(target),
        secrets: wanted.spec.secrets.iter().chain(&wanted.secrets).cloned().collect(),
    })
}

/// Whether a container lives in the namespaces of `owner`.
fn lives_with(one: &Wanted<'_>, owner: &str) -> bool {
    one.spec.pod.as_ref().and_then(|seat| seat.owner.as_deref()) == Some(owner)
}

/// CPUs on no core of any container: of those the first core of each NUMA node, which is the
/// system's, where one is free. `None` where every core is some container's.
fn spare_cpus(target: &Target<'_>) -> Option<String> {
    let machine = &target.state.facts.machine;
    let made = target.state.containers().filter_map(|one| Some(one.labels.as_ref()?.cpus()));
    let made = made.flatten();
    let wanted = target.wanted.iter().flat_map(|one| one.spec.cpus.iter().copied());
    let core = |id: u32| machine.cpu(id).map(|cpu| (cpu.socket, cpu.core));
    let taken: BTreeSet<(u32, u32)> = made.chain(wanted).filter_map(core).collect();
    let is_free = |id: &u32| {
        let cpu = machine.cpu(*id).filter(|cpu| cpu.usable() && !cpu.isolated);
        cpu.is_some_and(|cpu| !taken.contains(&(cpu.socket, cpu.core)))
    };
    let first = machine
        .numa_nodes()
        .0
        .into_iter()
        .filter_map(|numa| machine.slots(numa).into_iter().next());
    let system: CpuSet = first.flat_map(|core| core.cpus).filter(is_free).collect();
    let free: CpuSet = machine.cpus().map(|cpu| cpu.id).filter(is_free).collect();
    let best = if system.0.is_empty() { free } else { system };
    (!best.0.is_empty()).then(|| best.to_string())
}

/// Why the node of these facts cannot watch a container. Where nothing is known of the node's
/// programs there is no reason.
pub fn unable_to_watch(wanted: &Wanted<'_>, facts: &Facts) -> Vec<Refusal> {
    let watch = &wanted.group.watch;
    if facts.tools.is_empty() || watch.is_empty() {
        return Vec::new();
    }
    let refusal = |message: String, hint: &str| Refusal {
        node: wanted.node.to_owned(),
        container: wanted.spec.name.clone(),
        message,
        hint: hint.to_owned(),
    };
    if facts.uid != 0 {
        let message = "only root can watch containers, and the login user is not".to_owned();
        let hint =
            "let `become` of the node be `sudo`, or take `probe`, `readiness` and `restart` out";
        return vec![refusal(message, hint)];
    }
    let probes = watch.probe.iter().chain(&watch.readiness);
    let lacks = probes.filter_map(|probe| watch::lacks(probe, &facts.tools));
    lacks.map(|message| refusal(message, "install one of them there, or ask by `exec`")).collect()
}

/// What it does, for people.
fn detail(spec: &WatchSpec) -> String {
    let asks = |word: &str, probe: &Option<Probe>| {
        let probe = probe.as_ref()?;
        Some(format!("{word} {} every {} s", probe.question, probe.every.as_secs()))
    };
    let watch = &spec.watch;
    let restart =
        (watch.restart != RestartPolicy::No).then(|| format!("restart {}", watch.restart.word()));
    let parts = [asks("probe", &watch.probe), asks("readiness", &watch.readiness), restart];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("{} ({})", spec.container, parts.join(", "))
}

/// How long `up` waits for a container; `None` = it has no probe that says when it is ready.
fn patience(wanted: &Wanted<'_>) -> Option<Duration> {
    let own = wanted.group.watch.readiness()?.ready_timeout;
    let app = wanted.group.app.as_ref().map(|app| app.ready_timeout);
    Some(own.or(app).unwrap_or(Probe::READY_TIMEOUT))
}

fn unwatch_deed(engine: EngineKind, container: &str) -> Deed {
    Deed {
        verb: "unwatch",
        detail: container.to_owned(),
        commands: vec![watch::unwatch(engine, container)],
        undo: None,
    }
}

/// Whether what this verb leaves behind is to be watched: what is inside is there.
fn completes(request: &Request<'_>, wanted: &Wanted<'_>) -> bool {
    let verb = request.verb;
    match wanted.group.app {
        _ if matches!(verb, Verb::Start | Verb::Restart) => true,
        Some(_) => verb.configures(),
        None => verb.creates(),
    }
}

impl Builder<'_> {
    /// Ends the watcher of a container, where it has one.
    pub(super) fn unwatch(
        &self,
        target: &Target<'_>,
        engine: EngineKind,
        container: &str,
    ) -> Option<Deed> {
        target.state.watcher(engine, container)?;
        let mut deed = unwatch_deed(engine, container);
        if self.request.verb == Verb::Stop {
            let is_it =
                |one: &&&Wanted<'_>| one.spec.name == container && one.group.engine == engine;
            let wanted = target.wanted.iter().find(is_it);
            let spec = wanted.and_then(|wanted| watch_spec(target, wanted));
            deed.undo = spec.as_ref().map(watch::watch);
        }
        Some(deed)
    }

    /// Starts the watcher of a container that is there when `last`, or `after` where nothing is
    /// done inside, is done, and waits until it says that the container is ready; or ends one
    /// that is no longer asked for. Returns the last step.
    pub(super) fn watch(
        &mut self,
        target: &Target<'_>,
        wanted: &Wanted<'_>,
        before: Before,
        last: Option<StepId>,
        after: Vec<StepId>,
    ) -> Option<StepId> {
        let (kind, name) = (wanted.group.engine, wanted.spec.name.as_str());
        let seen = target.state.watcher(kind, name);
        let was_ended = before != Before::Running || last.is_some();
        let after = last.map_or(after, |last| vec![last]);
        let Some(spec) = watch_spec(target, wanted) else {
            let deed = seen.filter(|_| !was_ended).map(|_| unwatch_deed(kind, name))?;
            return self.push(target.node, name, vec![deed], after);
        };
        let is_right = seen.is_some_and(|seen| seen.alive && seen.digest == spec.digest());
        let gives_back = was_ended && seen.is_some() && before != Before::Made;
        if (is_right && !was_ended) || !(completes(self.request, wanted) || gives_back) {
            return None;
        }
        let mut deeds = vec![Deed {
            verb: "watch",
            detail: detail(&spec),
            commands: vec![watch::watch(&spec)],
            undo: Some(watch::unwatch(kind, name)),
        }];
        deeds.extend(patience(wanted).map(|patience| Deed {
            verb: "ready",
            detail: format!("{name} (probe)"),
            commands: vec![await_ready(kind, name, patience)],
            undo: None,
        }));
        self.push(target.node, name, deeds, after)
    }

    /// Ends the selected watchers of the topology whose container is gone already.
    pub(super) fn unwatch_left(&mut self, target: &Target<'_>) {
        let topology = self.request.topology;
        let is_left = |kind: EngineKind, name: &str| {
            !owned(topology, target.state).any(|one| one.engine == kind && one.name == name)
        };
        let all = target.state.watchers.iter();
        let ours = all.filter(|((kind, name), watcher)| {
            watcher.topology == topology
                && self.selects(name, &watcher.group, target.node)
                && is_left(*kind, name)
        });
        let left: Vec<(EngineKind, String)> = ours.map(|(at, _)| at.clone()).collect();
        for (kind, name) in left {
            self.push(target.node, &name, vec![unwatch_deed(kind, &name)], Vec::new());
        }
    }
}
