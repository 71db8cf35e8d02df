//! From the difference between wanted and observed to steps: what every verb's planning shares.

use super::compare::{NodeState, owned};
use super::inside::Course;
use super::request::{Refusal, Request, Target, Verb};
use super::step::{Plan, Step, StepId};
use super::{distribute, lower, pods, raise, restart};
use crate::command::Command;
use crate::engine::{Observed, engine};
use crate::link::driver;
use crate::model::{EngineKind, Image};
use std::collections::{BTreeMap, BTreeSet};

/// Turns a request into a plan, or into all reasons why it cannot be carried out.
pub fn build(request: &Request<'_>, targets: &[Target<'_>]) -> Result<Plan, Vec<Refusal>> {
    let mut builder = Builder {
        request,
        plan: Plan::default(),
        refusals: Vec::new(),
        group_steps: BTreeMap::new(),
        homes: BTreeSet::new(),
        built: BTreeMap::new(),
        along: BTreeMap::new(),
    };
    let targets: Vec<&Target<'_>> =
        targets.iter().filter(|target| builder.engines_answer(target)).collect();
    for target in &targets {
        let groups = target.wanted.iter().map(|wanted| wanted.group.name.as_str());
        let found = owned(request.topology, target.state).map(group_of);
        builder.homes.extend(groups.chain(found).map(|group| (group, target.node)));
        builder.along.insert(target.node, pods::along(request, target));
    }
    match request.verb {
        Verb::Acquire
        | Verb::Build
        | Verb::Create
        | Verb::Install
        | Verb::Configure
        | Verb::Up(_) => {
            raise::raise(&mut builder, &targets);
        }
        Verb::Distribute => distribute::distribute(&mut builder, &targets),
        Verb::Start | Verb::Restart => restart::restart(&mut builder, &targets),
        Verb::Stop | Verb::Down | Verb::Destroy => lower::lower(&mut builder, &targets),
    }
    if !builder.refusals.is_empty() {
        return Err(builder.refusals);
    }
    let mut plan = builder.plan;
    if let Some(timeout) = request.timeout {
        for step in &mut plan.steps {
            step.command.deadline = Some(timeout);
        }
    }
    Ok(plan)
}

/// A group on a node.
type Home<'a> = (&'a str, &'a str);

pub(super) struct Builder<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) plan: Plan,
    pub(super) refusals: Vec<Refusal>,
    /// Last step of each container, by group and node.
    group_steps: BTreeMap<String, BTreeMap<String, Vec<StepId>>>,
    /// Wherever a group has or should have containers.
    homes: BTreeSet<Home<'a>>,
    /// Where images are built, and the last step of that.
    pub(super) built: BTreeMap<(EngineKind, Image), (String, StepId)>,
    /// By node, containers that go along with the owners of their pods.
    along: BTreeMap<&'a str, BTreeSet<String>>,
}

/// How to mend that a name is taken.
pub(super) const FOREIGN: &str = "give this topology a `prefix`, or remove that container yourself";

/// One thing to do with one container: commands that belong together and their undo.
pub(super) struct Deed {
    pub(super) verb: &'static str,
    pub(super) detail: String,
    pub(super) commands: Vec<Command>,
    pub(super) undo: Option<Command>,
}

impl Deed {
    pub(super) fn removal(container: &str, kind: EngineKind) -> Self {
        Self {
            verb: "destroy",
            detail: container.to_owned(),
            commands: vec![engine(kind).destroy(container)],
            undo: None,
        }
    }
}

impl Builder<'_> {
    /// Ends a container: its app its own way, where it has one, then the engine.
    pub(super) fn stop(&self, target: &Target<'_>, container: &Observed) -> Vec<Deed> {
        let engine = engine(container.engine);
        let mut deeds: Vec<Deed> = self.quit(target, container).into_iter().collect();
        deeds.push(Deed {
            verb: "stop",
            detail: container.name.clone(),
            commands: vec![engine.stop(&container.name, self.request.grace)],
            undo: (self.request.verb == Verb::Stop).then(|| engine.start(&container.name)),
        });
        deeds
    }

    pub(super) fn start(&self, container: &str, kind: EngineKind) -> Deed {
        let engine = engine(kind);
        Deed {
            verb: "start",
            detail: container.to_owned(),
            commands: vec![engine.start(container)],
            undo: Some(engine.stop(container, self.request.grace)),
        }
    }

    /// Stops and starts a container that runs.
    pub(super) fn again(&self, target: &Target<'_>, container: &Observed) -> Vec<Deed> {
        let mut deeds = self.stop(target, container);
        let start = self.start(&container.name, container.engine);
        // It ran before: taking the restart back must not stop it.
        deeds.push(Deed { undo: None, ..start });
        deeds
    }

    /// Adds deeds one after the other; returns the id of the last step.
    pub(super) fn push(
        &mut self,
        node: &str,
        container: &str,
        deeds: Vec<Deed>,
        mut after: Vec<StepId>,
    ) -> Option<StepId> {
        let mut last = None;
        for deed in deeds {
            let count = deed.commands.len();
            let mut undo = deed.undo;
            for (at, command) in deed.commands.into_iter().enumerate() {
                let part = if count > 1 { format!(" [{}/{count}]", at + 1) } else { String::new() };
                let id = self.plan.push(Step {
                    node: node.to_owned(),
                    container: container.to_owned(),
                    verb: deed.verb,
                    sentence: format!("{} {}{part}", deed.verb, deed.detail),
                    command,
                    undo: undo.take(),
                    after: std::mem::take(&mut after),
                });
                after = vec![id];
                last = Some(id);
            }
        }
        last
    }

    /// Remembers the last step of a container, for the groups that wait for its group.
    pub(super) fn remember(&mut self, node: &str, group: &str, last: StepId) {
        let nodes = self.group_steps.entry(group.to_owned()).or_default();
        nodes.entry(node.to_owned()).or_default().push(last);
    }

    /// Makes or mends the links of containers that are meant whose two ends run when this plan is
    /// done, as soon as both are there.
    pub(super) fn links<'w>(&mut self, target: &Target<'w>, course: &mut Course<'w>) {
        for (link, seen) in super::compare::compare_links(target.links, target.state) {
            let ends = [link.ends[0].container.as_str(), link.ends[1].container.as_str()];
            let is_meant = ends.iter().any(|end| course.meant.contains(end));
            let is_there = ends.iter().all(|end| course.running.contains(end));
            if !is_meant || !is_there || !course.linked.insert(&link.name) {
                continue;
            }
            let steps = |names: &[&str]| -> Vec<StepId> {
                names.iter().filter_map(|name| course.touched.get(name).copied()).collect()
            };
            // A link dies with the network namespace of either end.
            let homes = ends.map(|end| target.namespace_owner(end));
            let has_new_end = steps(&homes).iter().any(|&id| self.plan.steps[id].verb != "repin");
            let mut new = steps(&ends);
            new.extend(
                steps(&homes).iter().filter(|id| !new.contains(id)).copied().collect::<Vec<_>>(),
            );
            if !has_new_end && seen.differences.is_empty() {
                continue;
            }
            let driver = driver(link.kind);
            let deed = |verb, command, undo| Deed {
                verb,
                detail: link.name.clone(),
                commands: vec![command],
                undo,
            };
            let mut deeds = Vec::new();
            if !has_new_end && !seen.absent {
                deeds.push(deed("unlink", driver.destroy(link), None));
            }
            deeds.push(deed("link", driver.create(link), Some(driver.destroy(link))));
            if let Some(last) = self.push(target.node, ends[0], deeds, new) {
                for end in ends {
                    course.links.entry(end).or_default().push(last);
                }
            }
        }
    }

    /// Steps of the groups that `group` on `node` depends on.
    pub(super) fn dependencies(&self, node: &str, group: &str) -> Vec<StepId> {
        self.nearest(group, node, &|group, node| self.below(group, node))
    }

    /// Steps of the groups that depend on `group` on `node`.
    pub(super) fn dependents(&self, node: &str, group: &str) -> Vec<StepId> {
        self.nearest(group, node, &|group, node| self.above(group, node))
    }

    /// Steps of the homes next to a home; one where nothing is done hands the order on to those
    /// next to it.
    fn nearest<'s>(
        &'s self,
        group: &str,
        node: &str,
        next: &dyn Fn(&str, &str) -> Vec<Home<'s>>,
    ) -> Vec<StepId> {
        let mut open = next(group, node);
        let (mut seen, mut steps) = (BTreeSet::new(), BTreeSet::new());
        while let Some(home) = open.pop() {
            if !seen.insert(home) {
                continue;
            }
            let (group, node) = home;
            match self.group_steps.get(group).and_then(|nodes| nodes.get(node)) {
                Some(found) => steps.extend(found),
                None => open.extend(next(group, node)),
            }
        }
        steps.into_iter().collect()
    }

    /// Where the groups are that `group` on `node` depends on: on this node, or everywhere when
    /// they have no containers here.
    fn below(&self, group: &str, node: &str) -> Vec<Home<'_>> {
        let needs = self.needs(group);
        if needs.is_empty() {
            return Vec::new();
        }
        let homes = self.homes.iter().filter(|home| needs.iter().any(|name| name == home.0));
        homes.filter(|home| self.serves(**home, node)).copied().collect()
    }

    /// Where the groups are that depend on `group` on `node`.
    fn above(&self, group: &str, node: &str) -> Vec<Home<'_>> {
        let needs = |name: &str| self.needs(name).iter().any(|needed| needed == group);
        if !self.request.depends_on.keys().any(|name| needs(name)) {
            return Vec::new();
        }
        let homes = self.homes.iter().filter(|(name, _)| needs(name));
        homes.filter(|(_, other)| self.serves((group, node), other)).copied().collect()
    }

    /// Whether those on `node` look for this group in this home.
    fn serves(&self, home: Home<'_>, node: &str) -> bool {
        home.1 == node || !self.homes.contains(&(home.0, node))
    }

    fn needs(&self, group: &str) -> &[String] {
        self.request.depends_on.get(group).map_or(&[], Vec::as_slice)
    }

    /// Length of the longest chain of groups that come before a group.
    pub(super) fn depth(&self, group: &str) -> usize {
        let before = self.request.order.get(group).map_or(&[][..], Vec::as_slice);
        before.iter().map(|name| 1 + self.depth(name)).max().unwrap_or(0)
    }

    pub(super) fn selects(&self, name: &str, group: &str, node: &str) -> bool {
        (self.request.is_selected)(name, group, node)
            || self.along.get(node).is_some_and(|along| along.contains(name))
    }

    /// Selected containers of the topology that exist on a node.
    pub(super) fn owned_selected<'s>(&self, target: &Target<'s>) -> Vec<&'s Observed> {
        owned(self.request.topology, target.state)
            .filter(|found| self.selects(&found.name, group_of(found), target.node))
            .collect()
    }

    /// Refuses a node when an engine it needs does not answer.
    fn engines_answer(&mut self, target: &Target<'_>) -> bool {
        let before = self.refusals.len();
        for (kind, inventory) in &target.state.inventories {
            if let Err(reason) = inventory {
                self.refusals.push(Refusal {
                    node: target.node.to_owned(),
                    container: String::new(),
                    message: format!("{} does not answer: {reason}", kind.word()),
                    hint: String::new(),
                });
            }
        }
        self.refusals.len() == before
    }
}

/// The group a container was made for, by its labels.
pub(super) fn group_of(container: &Observed) -> &str {
    container.labels.as_ref().map_or("", |labels| labels.group.as_str())
}

/// Whether a node has an image.
/// Whether an engine of a node has an image.
pub fn has_image(state: &NodeState, kind: EngineKind, image: &Image) -> bool {
    let inventory = state.inventories.get(&kind).and_then(|inventory| inventory.as_ref().ok());
    inventory.is_some_and(|inventory| inventory.images.contains_key(image))
}
