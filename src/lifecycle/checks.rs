//! The claims about one container, each with what was found.

use super::apps::Answers;
use super::threads::Proof;
use super::verify::{Check, ContainerReport, container};
use crate::cpu::CpuSet;
use crate::engine::{Observed, State};
use crate::model::is_sandbox;
use crate::plan::{
    Condition, NodeState, Wanted, compare, deliveries, pod_found, real_cpus, real_mems,
};
use crate::threads::{Intruder, Judged};

/// What is found when nobody else was put on a container's cores.
const NOBODY: &str = "nobody else";

/// What is added where the threads inside cannot be seen: those outside are what the kernel runs.
const FROM_OUTSIDE: &str = ", sandbox seen from outside";

/// What an app says when it is configured and serves.
const READY: &str = "ready";

/// What an init container is that ran to its end.
const DONE: &str = "done";

/// The container of a wanted one, where it runs as ours.
pub(super) fn running<'s>(wanted: &Wanted<'_>, state: &'s NodeState) -> Option<&'s Observed> {
    let is_running = matches!(compare(wanted, state), Condition::Running { .. });
    let found = wanted.observed(state).filter(|_| is_running)?;
    matches!(found.state, State::Running { .. }).then_some(found)
}

/// Every check of one wanted container.
pub(super) fn checks(
    wanted: &Wanted<'_>,
    state: &NodeState,
    proof: &Proof,
    answers: &Answers,
) -> Vec<Check> {
    let check = |claim, wanted_value: String, found: String| Check {
        node: wanted.node.to_owned(),
        container: wanted.spec.name.clone(),
        claim,
        passed: wanted_value == found,
        wanted: wanted_value,
        found,
    };
    let found = word(&compare(wanted, state));
    if wanted.spec.init {
        return vec![check(DONE, DONE.into(), found)];
    }
    let mut checks = vec![check("running", "running".into(), found)];
    let Some(seen) = running(wanted, state) else { return checks };
    checks.extend(pod_found(wanted, state).map(|(whose, found)| check("pod", whose, found)));
    let judgement = match &proof.containers {
        Ok(judged) => judged.get(&wanted.spec.name),
        Err(_) => None,
    };
    let granted = judgement.and_then(|judgement| judgement.granted.as_ref());
    let cpus = granted.map(|granted| &granted.cpus);
    let mems = granted.map(|granted| &granted.mems);
    let text = |set: Option<&CpuSet>| set.map_or_else(|| "unknown".to_owned(), ToString::to_string);
    checks.push(check(
        "cpuset_cpus",
        wanted.spec.cpuset(),
        text(cpus.or_else(|| real_cpus(seen, &wanted.spec.cpus))),
    ));
    checks.push(check(
        "cpuset_mems",
        wanted.spec.memset(),
        text(mems.or_else(|| real_mems(seen, &wanted.spec.mems))),
    ));
    let (threads, others) = match (&proof.containers, judgement) {
        (Err(reason), _) => (reason.clone(), None),
        (Ok(_), Some(judgement)) if !judgement.threads.is_empty() => {
            let report = container(wanted, judgement);
            (report.threads_found(), (!report.shared).then(|| report.intruders_found()))
        }
        (Ok(_), _) => ("its first process is gone".to_owned(), None),
    };
    let count = judgement.map_or(0, |judgement| judgement.threads.len());
    let right = if count == 0 { "all right".into() } else { format!("{count} of {count} right") };
    let seen_from = match wanted.spec.runtime.as_deref() {
        Some(runtime) if is_sandbox(runtime) => FROM_OUTSIDE,
        _ => "",
    };
    checks.push(check("threads", right + seen_from, threads + seen_from));
    checks.extend(others.map(|found| check("alone", NOBODY.to_owned(), found)));
    for one in deliveries(wanted, state) {
        checks.push(check(one.claim, one.wanted.clone(), one.difference().unwrap_or(one.wanted)));
    }
    checks.extend(watch_checks(wanted, state, &check));
    let said = answers.get(&wanted.spec.name).map(|answer| &answer.said);
    checks.extend(said.map(|said| {
        let found = said.as_ref().map_err(String::as_str).map(|probe| match &probe.app {
            Ok(()) => READY,
            Err(reason) => reason,
        });
        check("app", READY.to_owned(), found.unwrap_or_else(|reason| reason).to_owned())
    }));
    checks
}

/// That a container is watched as the file says, and what its watcher says of it.
fn watch_checks(
    wanted: &Wanted<'_>,
    state: &NodeState,
    check: &dyn Fn(&'static str, String, String) -> Check,
) -> Vec<Check> {
    let seen = state.watcher(wanted.group.engine, &wanted.spec.name);
    let (none, watched) = ("no watcher".to_owned(), "watched".to_owned());
    if wanted.group.watch.is_empty() {
        return seen.map(|_| check("watched", none, watched)).into_iter().collect();
    }
    let Some(seen) = seen.filter(|seen| seen.alive) else {
        return vec![check("watched", watched, none)];
    };
    let found = seen.complaint().unwrap_or_else(|| READY.to_owned());
    vec![check("watched", watched.clone(), watched), check("probe", READY.to_owned(), found)]
}

/// A condition in words.
pub(super) fn word(condition: &Condition) -> String {
    match condition {
        Condition::Running { .. } => "running".to_owned(),
        Condition::Done => DONE.to_owned(),
        Condition::Absent => "absent".into(),
        Condition::Foreign { owner } => format!("foreign: {owner}"),
        Condition::Changed(changes) => {
            let fields: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
            format!("made from another specification: {}", fields.join(", "))
        }
        Condition::Broken => "half-made".into(),
        Condition::Stopped { code: Some(code) } => format!("stopped, exit code {code}"),
        Condition::Stopped { code: None } => "stopped".into(),
    }
}

impl ContainerReport {
    /// Threads that are not where they should be.
    pub fn wrong(&self) -> impl Iterator<Item = &Judged> {
        self.threads.iter().filter(|thread| !thread.passed)
    }

    /// Threads of others whose presence is a failure.
    pub fn failing_intruders(&self) -> &[Intruder] {
        if self.shared { &[] } else { &self.intruders }
    }

    fn threads_found(&self) -> String {
        let (all, wrong) = (self.threads.len(), self.wrong().count());
        let outside = |numbers: &mut dyn Iterator<Item = u32>, wanted: &CpuSet| -> CpuSet {
            numbers.filter(|number| !wanted.0.contains(number)).collect()
        };
        let allowed = self.wrong().flat_map(|thread| thread.cpus.0.iter().copied());
        let cpus = outside(&mut allowed.into_iter(), &self.cpus);
        let mems = self.wrong().flat_map(|thread| thread.mems.0.iter().copied());
        let mems = outside(&mut mems.into_iter(), &self.mems);
        let placed = self.wrong().filter(|thread| thread.mems == self.mems);
        let ran = outside(&mut placed.map(|thread| thread.last_cpu), &self.cpus);
        let [cpus, mems, ran, lacking] =
            [("CPU", &cpus), ("memory node", &mems), ("CPU", &ran), ("memory node", &self.mems)]
                .map(|(noun, set)| {
                    let ending = if set.0.len() == 1 { "" } else { "s" };
                    (!set.0.is_empty()).then(|| format!("{noun}{ending} {set}"))
                });
        if wrong == 0 {
            return format!("{all} of {all} right");
        }
        match cpus.or(mems).or(ran) {
            Some(where_it_is) => format!("{wrong} of {all} on {where_it_is}"),
            None => format!("{wrong} of {all} without {}", lacking.unwrap_or_default()),
        }
    }

    fn intruders_found(&self) -> String {
        let all: Vec<String> = self.failing_intruders().iter().map(ToString::to_string).collect();
        if all.is_empty() { NOBODY.to_owned() } else { all.join("; ") }
    }
}
