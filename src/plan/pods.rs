//! Places of containers in pods, as they should be and as labels tell, and what follows from them:
//! the namespaces of a pod live and die with the container that owns them.

use super::build::{Builder, Deed, group_of};
use super::compare::{Condition, NodeState, compare, owned};
use super::inside::{Course, MARGIN};
use super::request::{Refusal, Request, Target, Verb};
use super::step::StepId;
use super::wanted::Wanted;
use crate::command::Command;
use crate::engine::{Observed, PodSeat, State, engine};
use crate::model::{EngineKind, Group, INIT_TIMEOUT, PodOwners, Topology};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// Field of a description that holds the name of the pod.
const POD: &str = "pod";

/// Field of a description that holds the name of the container it joins.
const OWNER: &str = "pod_owner";

/// Field of a description that says that it runs to its end.
pub(super) const INIT: &str = "init";

/// The place of one container.
pub(super) fn seat(
    topology: &Topology,
    owners: &PodOwners<'_>,
    group: &Group,
    node: &str,
    ordinal: u32,
) -> Option<PodSeat> {
    let pod = group.pod.as_deref()?;
    let owner = owners.get(pod)?;
    let owns = owner.name == group.name && ordinal == 1;
    let owner = (!owns).then(|| topology.container_name(node, &owner.name, 1));
    Some(PodSeat { pod: pod.to_owned(), owner })
}

/// The network of a group: its pod's.
pub(super) fn network(owners: &PodOwners<'_>, group: &Group) -> Option<String> {
    let owner = group.pod.as_deref().and_then(|pod| owners.get(pod));
    owner.map_or(&group.network, |owner| &owner.network).clone()
}

/// Fields of a container's description.
pub(super) fn described(seat: &PodSeat) -> Vec<(String, Value)> {
    let owner = seat.owner.iter().map(|owner| (OWNER.to_owned(), json!(owner)));
    std::iter::once((POD.to_owned(), json!(seat.pod))).chain(owner).collect()
}

/// What planning has to know of one container of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seat<'a> {
    place: Option<PodSeat>,
    is_init: bool,
    group: &'a str,
}

impl<'a> Seat<'a> {
    pub(super) fn of(wanted: &Wanted<'a>) -> Self {
        let spec = &wanted.spec;
        Self { place: spec.pod.clone(), is_init: spec.init, group: &wanted.group.name }
    }

    /// The place a container was made for.
    pub(super) fn found(container: &'a Observed) -> Self {
        let spec = container.labels.as_ref().map_or("", |labels| labels.spec.as_str());
        let spec: Value = serde_json::from_str(spec).unwrap_or_default();
        let text = |field: &str| spec.get(field).and_then(Value::as_str).map(str::to_owned);
        let place = text(POD).map(|pod| PodSeat { pod, owner: text(OWNER) });
        let is_init = spec.get(INIT) == Some(&Value::Bool(true));
        Self { place, is_init, group: group_of(container) }
    }

    /// The container whose namespaces it joins.
    pub(super) fn owner(&self) -> Option<&str> {
        self.place.as_ref()?.owner.as_deref()
    }

    pub(super) fn is_init(&self) -> bool {
        self.is_init
    }

    /// Where it stands in the order in which the containers of a pod start.
    pub(super) fn rank(&self) -> u8 {
        match self.owner() {
            None => 0,
            Some(_) if self.is_init => 1,
            Some(_) => 2,
        }
    }

    /// What it starts after: its owner, and the pod's init containers of other groups so far.
    pub(super) fn after(&self, course: &Course<'_>) -> Vec<StepId> {
        let Some(owner) = self.owner() else { return Vec::new() };
        let owner = course.touched.get(owner).copied();
        owner.into_iter().chain(self.inits(course)).collect()
    }

    /// The ends of the pod's init containers of other groups.
    pub(super) fn inits(&self, course: &Course<'_>) -> Vec<StepId> {
        let Some(place) = &self.place else { return Vec::new() };
        let all = course.inits.get(&place.pod).into_iter().flatten();
        all.filter(|(group, _)| group != self.group).map(|(_, step)| *step).collect()
    }

    /// Remembers the end of an init container for those that wait for it.
    pub(super) fn remember(&self, course: &mut Course<'_>, last: StepId) {
        if let Some(place) = self.place.as_ref().filter(|_| self.is_init) {
            let inits = course.inits.entry(place.pod.clone()).or_default();
            inits.push((self.group.to_owned(), last));
        }
    }
}

/// What a plan does to the container whose namespaces others join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing that ends its namespaces.
    Lives,
    /// It is stopped and started, or started.
    Starts,
    /// It is made (anew).
    Made,
}

impl Builder<'_> {
    /// What the plan so far does to a container.
    pub(super) fn fate(&self, name: &str, course: &Course<'_>) -> Fate {
        match course.touched.get(name).map(|&id| self.plan.steps[id].verb) {
            Some("create") => Fate::Made,
            Some("start") => Fate::Starts,
            _ => Fate::Lives,
        }
    }

    /// Waits for the end of an init container, which must be a success; longest `timeout`, where the
    /// file tells it.
    pub(super) fn finish(name: &str, kind: EngineKind, timeout: Option<Duration>) -> Deed {
        let engine = engine(kind);
        let timeout = timeout.unwrap_or(INIT_TIMEOUT);
        let seconds = timeout.as_secs().max(1).to_string();
        let logs = engine.logs(name, Some(20), false).words();
        let command = Command::sh(include_str!("init.sh"), [engine.ended(name), seconds, logs]);
        Deed {
            verb: "init",
            detail: format!("{name} (runs to its end)"),
            commands: vec![command.deadline(timeout + MARGIN)],
            undo: None,
        }
    }

    /// Refuses a container whose owner does not run and is not started either.
    pub(super) fn refuse_lost(
        &mut self,
        target: &Target<'_>,
        name: &str,
        seat: &Seat<'_>,
        course: &Course<'_>,
    ) -> bool {
        let Some(owner) = seat.owner() else { return false };
        if course.touched.contains_key(owner) || is_running(target.state, owner) {
            return false;
        }
        if !self.refusals.iter().any(|refusal| refusal.container == owner) {
            self.refusals.push(Refusal {
                node: target.node.to_owned(),
                container: name.to_owned(),
                message: format!("the first container of its pod, `{owner}`, does not run"),
                hint: format!("select `{owner}` too: it takes its pod along"),
            });
        }
        true
    }
}

/// Containers of a node that a request reaches without naming them: what ends the namespaces of a
/// pod is done to all of it that exists.
pub(super) fn along(request: &Request<'_>, target: &Target<'_>) -> BTreeSet<String> {
    let seats: Vec<(&Observed, Seat<'_>)> = owned(request.topology, target.state)
        .map(|found| (found, Seat::found(found)))
        .filter(|(_, seat)| seat.owner().is_some())
        .collect();
    let ends = |owner: &str| {
        let is_owner = |one: &&&Wanted<'_>| one.spec.name == owner;
        let wanted = target.wanted.iter().find(is_owner);
        let found = owned(request.topology, target.state).find(|found| found.name == owner);
        let selects = |group: &str| (request.is_selected)(owner, group, target.node);
        match request.verb {
            Verb::Stop | Verb::Down | Verb::Destroy | Verb::Restart => {
                found.is_some_and(|found| selects(group_of(found)))
            }
            Verb::Start => found.is_some_and(|found| {
                selects(group_of(found)) && !matches!(found.state, State::Running { .. })
            }),
            verb if verb.creates() => wanted.is_some_and(|wanted| {
                selects(&wanted.group.name)
                    && !matches!(compare(wanted, target.state), Condition::Running { .. })
            }),
            _ => false,
        }
    };
    let reached = seats.iter().filter(|(_, seat)| seat.owner().is_some_and(ends));
    reached.map(|(found, _)| found.name.clone()).collect()
}

/// Those that were made to join the namespaces of `owner`, in the reverse of their order.
pub(super) fn members<'s>(
    request: &Request<'_>,
    target: &Target<'s>,
    owner: &str,
) -> Vec<&'s Observed> {
    let all = owned(request.topology, target.state);
    let mut members: Vec<&Observed> =
        all.filter(|found| Seat::found(found).owner() == Some(owner)).collect();
    members.sort_by_key(|found| std::cmp::Reverse(Seat::found(found).rank()));
    members
}

/// Whether a container runs in other namespaces than the owner of its pod, where that is known.
pub(super) fn is_apart(wanted: &Wanted<'_>, state: &NodeState) -> bool {
    let Some(PodSeat { owner: Some(owner), .. }) = &wanted.spec.pod else { return false };
    let own = state.namespaces.get(&wanted.spec.name);
    own.is_some_and(|own| state.namespaces.get(owner) != Some(own))
}

/// Whose namespaces a container that runs in a pod should have, and whose it has; `None` for one
/// that has its own or was not looked at.
pub fn pod_found(wanted: &Wanted<'_>, state: &NodeState) -> Option<(String, String)> {
    let PodSeat { owner: Some(owner), .. } = wanted.spec.pod.as_ref()? else { return None };
    let own = state.namespaces.get(&wanted.spec.name)?;
    let whose = format!("network and IPC of `{owner}`");
    let found = match state.namespaces.get(owner) {
        Some(owners) if owners == own => whose.clone(),
        Some(_) => "others: `vnfctl up` restarts it".to_owned(),
        None => format!("`{owner}` does not run"),
    };
    Some((whose, found))
}

/// Whether a container runs, whoever has it.
fn is_running(state: &NodeState, name: &str) -> bool {
    let mut all = state.containers();
    all.any(|found| found.name == name && matches!(found.state, State::Running { .. }))
}
