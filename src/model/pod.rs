//! `pod`, `init` and `init_timeout`: groups that share namespaces, and those that run to their end.

use super::group::{Draft, Section};
use super::names::is_name;
use super::order::{PodOwners, pod_owners, start_order};
use super::problem::{Place, Report};
use super::read::{Word, listed};
use super::read_app::read_duration;
use super::topology::{EngineKind, Group};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

/// `init_timeout` where the file says nothing.
pub const INIT_TIMEOUT: Duration = Duration::from_mins(10);

/// Least and longest `init_timeout`.
const INIT_TIMEOUTS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);

/// What a group says of pods.
pub(super) struct PodKeys<'a> {
    pub(super) pod: Option<Word<'a>>,
    /// Where it says `init = true`.
    pub(super) init: Option<&'a Place>,
    pub(super) init_timeout: Duration,
}

/// Reads the keys of one group.
pub(super) fn read_pod<'a>(
    section: &Section<'a>,
    engine: Option<EngineKind>,
    report: &mut Report,
) -> PodKeys<'a> {
    let pod = section.get("pod").and_then(|entry| {
        let word = report.text("pod", &entry.value)?;
        if !is_name(word.text) {
            report
                .add(word.place, format!("`{}` cannot name a pod", word.text), "not a name")
                .help(
                    "letters, digits, `_` and `-`, starting with a letter or digit, two at least",
                );
            return None;
        }
        Some(word)
    });
    let init = section.get("init").and_then(|entry| {
        let is_init = report.boolean("init", &entry.value)?;
        is_init.then_some(&entry.place)
    });
    let timeout = section.get("init_timeout");
    let init_timeout = timeout.and_then(|entry| read_duration(entry, &INIT_TIMEOUTS, report));
    if let (None, Some(entry)) = (init, section.own.get("init_timeout")) {
        report
            .add(&entry.place, "`init_timeout` does nothing without `init = true`", "ignored")
            .help("an app is waited for by its `ready_timeout`");
    }
    if let Some(place) = init {
        check_init(section, engine, place, report);
    }
    PodKeys { pod, init, init_timeout: init_timeout.unwrap_or(INIT_TIMEOUT) }
}

fn check_init(
    section: &Section<'_>,
    engine: Option<EngineKind>,
    place: &Place,
    report: &mut Report,
) {
    for key in ["probe", "readiness", "restart"] {
        if let Some(entry) = section.get(key) {
            report
                .add(&entry.place, format!("an init container has no `{key}`"), "runs to its end")
                .mark(place, "it is one because of this")
                .help(format!("leave `{key}` out: `up` runs an init container again that failed"));
        }
    }
    if let Some(app) = section.get("app") {
        report
            .add(place, "an init container has no `app`", "runs to its end")
            .mark(&app.place, "this is to go on")
            .help("give it a `command` that ends, or leave `init` out");
    } else if !matches!(engine, None | Some(EngineKind::Docker | EngineKind::Podman))
        && section.get("command").is_none()
    {
        report
            .add(place, "an init container needs a `command`", "would never end")
            .help("what a root file system without one starts runs for ever");
    }
}

/// Reports what keeps pods from being pods. The groups are sound by themselves.
pub(super) fn check_pods(drafts: &[Draft<'_>], report: &mut Report) {
    let groups: Option<Vec<Group>> = drafts.iter().map(|draft| draft.group.clone()).collect();
    let Some(groups) = groups.filter(|groups| groups.iter().any(|group| group.pod.is_some()))
    else {
        return;
    };
    let owners = pod_owners(&groups);
    let mut pods: BTreeMap<&str, Vec<Member<'_, '_>>> = BTreeMap::new();
    for (draft, group) in drafts.iter().zip(&groups) {
        if let Some(word) = draft.pod {
            pods.entry(word.text).or_default().push(Member { draft, group, place: word.place });
        }
    }
    for (pod, members) in pods {
        let owner = owners.get(pod);
        let Some(owner) =
            members.iter().find(|one| owner.is_some_and(|o| o.name == one.group.name))
        else {
            report
                .add(members[0].place, format!("pod `{pod}` has init containers only"), "no owner")
                .help("its namespaces end with its first container, so one must go on");
            continue;
        };
        check_owner(owner, &members, report);
        for member in members.iter().filter(|one| one.group.name != owner.group.name) {
            check_member(owner, member, report);
        }
    }
    check_circles(drafts, &groups, &owners, report);
}

#[derive(Clone, Copy)]
struct Member<'d, 'a> {
    draft: &'d Draft<'a>,
    group: &'d Group,
    /// Of the pod's name.
    place: &'a Place,
}

fn check_owner(owner: &Member<'_, '_>, members: &[Member<'_, '_>], report: &mut Report) {
    let init = members.iter().find_map(|one| one.draft.init);
    let count = owner.group.cpu.containers();
    if let (Some(init), 2..) = (init, count) {
        let Group { name, .. } = owner.group;
        report
            .add(owner.place, format!("`{name}` owns a pod and has {count} containers"), "one")
            .mark(init, "these come after its first container and before all others")
            .help("put the others into a group of their own in the same pod");
    }
}

fn check_member(owner: &Member<'_, '_>, member: &Member<'_, '_>, report: &mut Report) {
    let (first, group) = (owner.group, member.group);
    let (own, other) = (&first.name, &group.name);
    if first.engine != group.engine {
        let message = format!("`{own}` and `{other}` are one pod and have different engines");
        report
            .add(member.place, message, group.engine.word())
            .mark(owner.place, first.engine.word())
            .help("one engine makes a pod: choose one, or another pod");
    }
    let lack: Vec<&String> =
        group.nodes.iter().filter(|node| !first.nodes.contains(node)).collect();
    if !lack.is_empty() {
        let message = format!("the pod of `{other}` has no owner on {}", listed(&lack));
        report
            .add(member.place, message, "no owner")
            .mark(owner.place, format!("`{own}`, its first group, is not there"))
            .help(format!("run `{own}` on these nodes too, or name their pod otherwise"));
    }
    let help = format!("say it in `{own}`, the pod's first group, which owns its network");
    if let Some(word) = member.draft.network
        && first.network != group.network
    {
        report
            .add(word.place, format!("`{other}` has the network of its pod"), "another network")
            .mark(owner.place, format!("`{own}` owns it"))
            .help(&help);
    }
    if let Some(port) = member.draft.ports.first() {
        report
            .add(port.place, format!("`{other}` has the network of its pod"), "published by it")
            .mark(owner.place, format!("`{own}` owns it"))
            .help(help);
    }
}

/// Reports groups that wait for each other because of their pods.
fn check_circles(
    drafts: &[Draft<'_>],
    groups: &[Group],
    owners: &PodOwners<'_>,
    report: &mut Report,
) {
    let order = start_order(groups);
    let mut open: BTreeSet<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    while let Some(next) = open
        .iter()
        .find(|name| !order[**name].iter().any(|before| open.contains(before.as_str())))
        .copied()
    {
        open.remove(next);
    }
    // What is left waits for a circle or is in one; an init container is in each.
    let stuck = drafts.iter().filter(|draft| open.contains(draft.name));
    let Some(init) = stuck.clone().find(|draft| draft.init.is_some() && draft.pod.is_some()) else {
        return;
    };
    let (Some(pod), Some(place)) = (init.pod, init.init) else { return };
    let owner = owners.get(pod.text).map_or("", |owner| owner.name.as_str());
    let names: Vec<&str> = stuck.map(|draft| draft.name).collect();
    report
        .add(place, format!("{} wait for each other", listed(&names)), "runs in the pod")
        .mark(pod.place, format!("`{owner}` owns it and starts first"))
        .help(
            "init containers of a pod start after its first container and end before its app and \
             all other containers: take one of the `depends_on` out, or the init container out of \
             the pod",
        );
}

/// The network of a group: that of the pod's group that says one.
pub(super) fn network_of<'a>(draft: &Draft<'a>, drafts: &[Draft<'a>]) -> Option<Word<'a>> {
    let mut mates = drafts.iter().filter(
        |other| matches!((other.pod, draft.pod), (Some(one), Some(two)) if one.text == two.text),
    );
    draft.network.or_else(|| mates.find_map(|mate| mate.network))
}

/// Reports a link or chain of an init container.
pub(super) fn check_lasting(draft: &Draft<'_>, place: &Place, report: &mut Report) {
    if let Some(init) = draft.init {
        report
            .add(place, format!("`{}` are init containers", draft.name), "ends before it is linked")
            .mark(init, "because of this")
            .help("link a container that goes on; one of its pod has the same interfaces");
    }
}
