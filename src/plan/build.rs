//! From the difference between wanted and observed to steps.

use super::compare::{Condition, NodeState, Observation, compare, compare_links, owned};
use super::step::{Plan, Step, StepId};
use super::wanted::Wanted;
use crate::command::Command;
use crate::engine::{Observed, State, engine};
use crate::link::{LinkSpec, driver};
use crate::model::{EngineKind, Image};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Images present.
    Acquire,
    /// Containers exist and run, links made.
    Create,
    /// Stopped containers run.
    Start,
    /// Running containers stopped.
    Stop,
    /// Stopped and started.
    Restart,
    /// Gone.
    Destroy,
    /// All stages up to this one.
    Up(Stage),
    /// Stopped and gone.
    Down,
}

/// A stage of `up`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Images present.
    Acquire,
    /// Containers run, links made.
    Create,
    /// Reality checked.
    Verify,
}

/// What is asked for.
pub struct Request<'a> {
    /// The verb.
    pub verb: Verb,
    /// Name of the topology.
    pub topology: &'a str,
    /// Whether a container (name, group, node) is meant.
    pub is_selected: &'a dyn Fn(&str, &str, &str) -> bool,
    /// Groups each group depends on; empty when the file is gone.
    pub depends_on: &'a BTreeMap<String, Vec<String>>,
    /// Replace containers whose specification changed.
    pub recreate: bool,
    /// From the stop signal to the end by force.
    pub grace: Duration,
    /// Deadline of every command instead of its own.
    pub timeout: Option<Duration>,
}

/// One node with what should be and what is.
pub struct Target<'a> {
    /// Name of the node.
    pub node: &'a str,
    /// All wanted containers of the node, in dependency order.
    pub wanted: Vec<&'a Wanted<'a>>,
    /// All wanted links of the node.
    pub links: &'a [LinkSpec],
    /// What was seen.
    pub state: &'a NodeState,
}

/// Why nothing is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Name of the node.
    pub node: String,
    /// Name of the container; empty when it concerns the node.
    pub container: String,
    /// What is wrong, a sentence without its end.
    pub message: String,
    /// How to mend it.
    pub hint: String,
}

/// Turns a request into a plan, or into all reasons why it cannot be carried out.
pub fn build(request: &Request<'_>, targets: &[Target<'_>]) -> Result<Plan, Vec<Refusal>> {
    let mut builder =
        Builder { request, plan: Plan::default(), refusals: Vec::new(), groups: BTreeMap::new() };
    match request.verb {
        Verb::Acquire | Verb::Create | Verb::Up(_) => {
            for target in targets {
                builder.raise(target);
            }
        }
        Verb::Start | Verb::Restart => targets.iter().for_each(|target| builder.restart(target)),
        Verb::Stop | Verb::Down | Verb::Destroy => {
            targets.iter().for_each(|target| builder.lower(target));
        }
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

struct Builder<'a> {
    request: &'a Request<'a>,
    plan: Plan,
    refusals: Vec<Refusal>,
    /// Last steps of the containers of each group: by node and group.
    groups: BTreeMap<(String, String), Vec<StepId>>,
}

/// One thing to do with one container: commands that belong together and their undo.
struct Deed {
    verb: &'static str,
    detail: String,
    commands: Vec<Command>,
    undo: Option<Command>,
}

impl Builder<'_> {
    /// acquire, create, up.
    fn raise(&mut self, target: &Target<'_>) {
        if !self.engines_answer(target) {
            return;
        }
        let selected: Vec<&Wanted<'_>> = target
            .wanted
            .iter()
            .copied()
            .filter(|wanted| self.selects(&wanted.spec.name, &wanted.group.name, target.node))
            .collect();
        let images = self.images(target, &selected);
        if matches!(self.request.verb, Verb::Acquire | Verb::Up(Stage::Acquire)) {
            return;
        }
        let mut touched = BTreeMap::new();
        let mut running: BTreeSet<&str> = BTreeSet::new();
        for wanted in &target.wanted {
            let condition = compare(wanted, target.state);
            if matches!(condition, Condition::Running { .. }) {
                running.insert(&wanted.spec.name);
            }
            if !self.selects(&wanted.spec.name, &wanted.group.name, target.node) {
                continue;
            }
            running.insert(&wanted.spec.name);
            let deeds = match self.deeds(target, wanted, condition) {
                Ok(deeds) => deeds,
                Err(refusal) => {
                    self.refusals.push(refusal);
                    continue;
                }
            };
            let mut after = self.dependencies(target.node, &wanted.group.name);
            after.extend(images.get(&(wanted.group.engine, &wanted.spec.image)));
            if let Some(last) = self.push(target.node, &wanted.spec.name, deeds, after) {
                touched.insert(wanted.spec.name.as_str(), last);
                let key = (target.node.to_owned(), wanted.group.name.clone());
                self.groups.entry(key).or_default().push(last);
            }
        }
        self.links(target, &touched, &running);
    }

    /// Steps that make missing images present, by engine and image.
    fn images<'w>(
        &mut self,
        target: &Target<'_>,
        selected: &[&'w Wanted<'_>],
    ) -> BTreeMap<(EngineKind, &'w Image), StepId> {
        let mut steps = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for wanted in selected {
            let (kind, image) = (wanted.group.engine, &wanted.spec.image);
            if !seen.insert((kind, image)) || has_image(target.state, kind, image) {
                continue;
            }
            let commands = engine(kind).acquire(image);
            if commands.is_empty() {
                continue;
            }
            let name = image_name(image);
            if self.request.verb == Verb::Create {
                let exists = compare(wanted, target.state) != Condition::Absent;
                if !exists {
                    self.refusals.push(Refusal {
                        node: target.node.to_owned(),
                        container: String::new(),
                        message: format!("{} has no image `{name}`", kind.word()),
                        hint: "run `vnfctl acquire` first, or `vnfctl up`".into(),
                    });
                }
                continue;
            }
            let deed = Deed {
                verb: "acquire",
                detail: format!("{name} ({})", kind.word()),
                commands,
                undo: None,
            };
            if let Some(last) = self.push(target.node, "", vec![deed], Vec::new()) {
                steps.insert((kind, image), last);
            }
        }
        steps
    }

    fn deeds(
        &self,
        target: &Target<'_>,
        wanted: &Wanted<'_>,
        condition: Condition,
    ) -> Result<Vec<Deed>, Refusal> {
        let engine = engine(wanted.group.engine);
        let spec = &wanted.spec;
        let facts = &target.state.facts;
        let destroy = || engine.destroy(&spec.name);
        let create = || Deed {
            verb: "create",
            detail: format!(
                "{} ({}, CPUs {}, memory node {})",
                spec.name,
                wanted.group.engine.word(),
                spec.cpuset(),
                spec.memset()
            ),
            commands: engine.create(spec, facts),
            undo: Some(destroy()),
        };
        let refuse = |message: String, hint: String| {
            let (node, container) = (target.node.to_owned(), spec.name.clone());
            Err(Refusal { node, container, message, hint })
        };
        match condition {
            Condition::Absent => Ok(vec![create()]),
            Condition::Foreign { owner } => refuse(
                format!("a {} container of this name exists: {owner}", wanted.group.engine.word()),
                "give this topology a `prefix`, or remove that container yourself".into(),
            ),
            Condition::Broken => Ok(vec![self.removal(&spec.name, destroy()), create()]),
            Condition::Changed(_) if self.request.recreate => {
                Ok(vec![self.removal(&spec.name, destroy()), create()])
            }
            Condition::Changed(changes) => {
                let list: Vec<String> = changes
                    .iter()
                    .map(|change| match (change.was.as_str(), change.wanted.as_str()) {
                        (_, _) if change.field.starts_with("env.") => change.field.clone(),
                        ("", wanted) => format!("{} = {wanted} (was not set)", change.field),
                        (was, "") => format!("{} = {was} is no longer set", change.field),
                        (was, wanted) => format!("{} = {wanted} (was {was})", change.field),
                    })
                    .collect();
                refuse(
                    format!("it was made from another specification: {}", list.join("; ")),
                    "`--recreate` replaces the containers that changed, and only those".into(),
                )
            }
            Condition::Stopped { .. } => Ok(vec![Deed {
                verb: "start",
                detail: spec.name.clone(),
                commands: vec![engine.start(&spec.name)],
                undo: Some(engine.stop(&spec.name, self.request.grace)),
            }]),
            Condition::Running { drift } if drift.is_empty() => Ok(Vec::new()),
            Condition::Running { drift } => Ok(vec![Deed {
                verb: "repin",
                detail: format!("{} ({})", spec.name, drift.join("; ")),
                commands: engine.repin(spec, facts),
                undo: None,
            }]),
        }
    }

    /// start, restart: what exists, by its labels.
    fn restart(&mut self, target: &Target<'_>) {
        if !self.engines_answer(target) {
            return;
        }
        let found = self.owned_selected(target);
        let absent = target.wanted.iter().filter(|wanted| {
            self.selects(&wanted.spec.name, &wanted.group.name, target.node)
                && !found.iter().any(|found| found.name == wanted.spec.name)
        });
        let refusals: Vec<Refusal> = absent
            .map(|wanted| Refusal {
                node: target.node.to_owned(),
                container: wanted.spec.name.clone(),
                message: "it does not exist".into(),
                hint: "`vnfctl up` makes what is missing".into(),
            })
            .collect();
        self.refusals.extend(refusals);
        let order: BTreeMap<&str, usize> = target
            .wanted
            .iter()
            .enumerate()
            .map(|(at, wanted)| (wanted.spec.name.as_str(), at))
            .collect();
        let mut found = found;
        found.sort_by_key(|found| order.get(found.name.as_str()).copied().unwrap_or(usize::MAX));
        let mut touched = BTreeMap::new();
        let mut running = BTreeSet::new();
        for container in &found {
            running.insert(container.name.as_str());
            let mut deeds = Vec::new();
            let is_running = matches!(container.state, State::Running { .. });
            if is_running && self.request.verb == Verb::Start {
                continue;
            }
            if is_running {
                deeds.push(self.stop_deed(container));
            }
            deeds.push(Deed {
                verb: "start",
                detail: container.name.clone(),
                commands: vec![engine(container.engine).start(&container.name)],
                undo: (!is_running)
                    .then(|| engine(container.engine).stop(&container.name, self.request.grace)),
            });
            let group = group_of(container);
            let after = self.dependencies(target.node, group);
            if let Some(last) = self.push(target.node, &container.name, deeds, after) {
                touched.insert(container.name.as_str(), last);
                let key = (target.node.to_owned(), group.to_owned());
                self.groups.entry(key).or_default().push(last);
            }
        }
        self.links(target, &touched, &running);
    }

    /// stop, down, destroy: what exists, by its labels, dependents first.
    fn lower(&mut self, target: &Target<'_>) {
        if !self.engines_answer(target) {
            return;
        }
        let mut found = self.owned_selected(target);
        let depth: BTreeMap<&str, usize> =
            found.iter().map(|found| (group_of(found), self.depth(group_of(found)))).collect();
        found.sort_by_key(|found| std::cmp::Reverse(depth[group_of(found)]));
        for container in found {
            let mut deeds = Vec::new();
            let is_running = matches!(container.state, State::Running { .. });
            if is_running && self.request.verb != Verb::Destroy {
                deeds.push(self.stop_deed(container));
            }
            if self.request.verb != Verb::Stop {
                let destroy = engine(container.engine).destroy(&container.name);
                deeds.push(self.removal(&container.name, destroy));
            }
            let group = group_of(container).to_owned();
            let after = self.dependents(target.node, &group);
            if let Some(last) = self.push(target.node, &container.name, deeds, after) {
                self.groups.entry((target.node.to_owned(), group)).or_default().push(last);
            }
        }
    }

    /// Makes or mends the links whose two containers run when this plan is done.
    fn links(
        &mut self,
        target: &Target<'_>,
        touched: &BTreeMap<&str, StepId>,
        running: &BTreeSet<&str>,
    ) {
        for (link, seen) in compare_links(target.links, target.state) {
            let ends = [link.ends[0].container.as_str(), link.ends[1].container.as_str()];
            if !ends.iter().all(|end| running.contains(end)) {
                continue;
            }
            let new: Vec<StepId> = ends.iter().filter_map(|end| touched.get(end).copied()).collect();
            let has_new_end = new.iter().any(|&id| self.plan.steps[id].verb != "repin");
            if !has_new_end && seen.differences.is_empty() {
                continue;
            }
            let driver = driver(link.kind);
            let mut commands = Vec::new();
            if !has_new_end && !seen.absent {
                commands.push(driver.destroy(link));
            }
            commands.push(driver.create(link));
            let deed = Deed {
                verb: "link",
                detail: link.name.clone(),
                commands,
                undo: Some(driver.destroy(link)),
            };
            self.push(target.node, ends[0], vec![deed], new);
        }
    }

    fn stop_deed(&self, container: &Observed) -> Deed {
        let engine = engine(container.engine);
        Deed {
            verb: "stop",
            detail: container.name.clone(),
            commands: vec![engine.stop(&container.name, self.request.grace)],
            undo: (self.request.verb == Verb::Stop).then(|| engine.start(&container.name)),
        }
    }

    #[expect(clippy::unused_self, reason = "reads as its siblings do")]
    fn removal(&self, name: &str, destroy: Command) -> Deed {
        Deed { verb: "destroy", detail: name.to_owned(), commands: vec![destroy], undo: None }
    }

    /// Adds deeds one after the other; returns the id of the last step.
    fn push(
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

    /// Steps of the groups that `group` depends on: those of this node, or of all nodes where
    /// the group does not run here.
    fn dependencies(&self, node: &str, group: &str) -> Vec<StepId> {
        let names = self.request.depends_on.get(group).map_or(&[][..], Vec::as_slice);
        names.iter().flat_map(|name| self.steps_of(node, name)).collect()
    }

    fn dependents(&self, node: &str, group: &str) -> Vec<StepId> {
        let depends = self.request.depends_on.iter();
        let names = depends.filter(|(_, on)| on.iter().any(|name| name == group));
        names.flat_map(|(name, _)| self.steps_of(node, name)).collect()
    }

    fn steps_of(&self, node: &str, group: &str) -> Vec<StepId> {
        if let Some(here) = self.groups.get(&(node.to_owned(), group.to_owned())) {
            return here.clone();
        }
        let elsewhere = self.groups.iter().filter(|((_, name), _)| name == group);
        elsewhere.flat_map(|(_, ids)| ids.iter().copied()).collect()
    }

    /// Length of the longest dependency chain below a group.
    fn depth(&self, group: &str) -> usize {
        let names = self.request.depends_on.get(group).map_or(&[][..], Vec::as_slice);
        names.iter().map(|name| 1 + self.depth(name)).max().unwrap_or(0)
    }

    fn selects(&self, name: &str, group: &str, node: &str) -> bool {
        (self.request.is_selected)(name, group, node)
    }

    fn owned_selected<'s>(&self, target: &Target<'s>) -> Vec<&'s Observed> {
        owned(self.request.topology, target.state)
            .filter(|found| self.selects(&found.name, group_of(found), target.node))
            .collect()
    }

    /// Refuses a node whose engines, those it needs, do not answer.
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

fn group_of(container: &Observed) -> &str {
    container.labels.as_ref().map_or("", |labels| labels.group.as_str())
}

fn has_image(state: &NodeState, kind: EngineKind, image: &Image) -> bool {
    let inventory = state.inventories.get(&kind).and_then(|inventory| inventory.as_ref().ok());
    inventory.is_some_and(|inventory| inventory.images.contains(image))
}

fn image_name(image: &Image) -> String {
    match (&image.name, &image.file) {
        (Some(name), _) => name.clone(),
        (None, Some(crate::model::ImageFile::Here(path))) => path.display().to_string(),
        (None, Some(crate::model::ImageFile::Node(path))) => path.clone(),
        (None, None) => "the node's own root".into(),
    }
}

/// The targets of an observation, for callers that hold everything by node.
pub fn targets<'a>(
    wanted: &'a [Wanted<'a>],
    links: &'a BTreeMap<String, Vec<LinkSpec>>,
    observation: &'a Observation,
) -> Vec<Target<'a>> {
    let mut by_node: BTreeMap<&str, Vec<&Wanted<'_>>> = BTreeMap::new();
    for one in wanted {
        by_node.entry(one.node).or_default().push(one);
    }
    observation
        .iter()
        .map(|(node, state)| Target {
            node,
            wanted: by_node.remove(node.as_str()).unwrap_or_default(),
            links: links.get(node).map_or(&[], Vec::as_slice),
            state,
        })
        .collect()
}
