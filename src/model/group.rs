//! `[groups.X]` over `[defaults]`: what runs, on which nodes, how.

use super::cpu_request::{read_cpu, read_mems, read_numa};
use super::environment::{read_capabilities, read_devices, read_env, read_mounts};
use super::glob::glob_matches;
use super::idmap::read_idmap;
use super::image::read_image;
use super::names::nearest;
use super::node::check_name;
use super::pod::{PodKeys, read_pod};
use super::port::{Port, read_network, read_publish};
use super::problem::{Place, Report};
use super::read::{Word, known, listed};
use super::read_app::read_app;
use super::read_recipe::Recipes;
use super::read_security::read_security;
use super::read_watch::read_watch;
use super::runtime::read_runtime;
use super::size::{read_hugepages, read_memory};
use super::topology::{CpuRequest, EngineKind, Group, Node};
use super::value::{Entry, Kind, Table};
use super::{GROUP_KEYS, Source};

/// A group's own keys over those of `defaults`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section<'a> {
    pub(super) own: &'a Table,
    pub(super) shared: Option<&'a Table>,
}

impl<'a> Section<'a> {
    /// The entry that counts.
    pub(super) fn get(&self, key: &str) -> Option<&'a Entry> {
        self.own.get(key).or_else(|| self.shared?.get(key))
    }
}

/// A group with what is needed to check it against others. Parts that are wrong are reported and
/// `None`; checks that need them are left out.
pub(super) struct Draft<'a> {
    pub(super) name: &'a str,
    pub(super) place: &'a Place,
    pub(super) engine: Option<EngineKind>,
    /// Indexes of its nodes.
    pub(super) nodes: Option<Vec<usize>>,
    pub(super) cpu: Option<CpuRequest>,
    pub(super) ports: Vec<Port<'a>>,
    pub(super) depends_on: Vec<Word<'a>>,
    pub(super) network: Option<Word<'a>>,
    pub(super) pod: Option<Word<'a>>,
    /// Where it says that its containers are init containers.
    pub(super) init: Option<&'a Place>,
    /// Complete where nothing was reported.
    pub(super) group: Option<Group>,
}

impl<'a> Draft<'a> {
    fn unreadable(name: &'a str, place: &'a Place) -> Self {
        let (ports, depends_on) = (Vec::new(), Vec::new());
        let (engine, nodes, cpu, network, group) = (None, None, None, None, None);
        let (pod, init) = (None, None);
        Self { name, place, engine, nodes, cpu, ports, depends_on, network, pod, init, group }
    }

    /// Containers per node, where known.
    pub(super) fn containers(&self) -> Option<u32> {
        self.cpu.as_ref().map(CpuRequest::containers)
    }
}

/// What a group is read against.
#[derive(Clone, Copy)]
pub(super) struct Around<'t> {
    pub(super) nodes: &'t [Node],
    pub(super) recipes: &'t Recipes<'t>,
    pub(super) sources: &'t [Source],
}

/// Reads one group.
pub(super) fn read_group<'a>(
    entry: &'a Entry,
    shared: Option<&'a Table>,
    around: Around<'_>,
    report: &mut Report,
) -> Draft<'a> {
    let Around { nodes, sources, .. } = around;
    let (name, place) = (entry.key.as_str(), &entry.place);
    let named = check_name("group", name, place, report);
    if named && name.ends_with(|c: char| c.is_ascii_digit()) {
        let bare = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let problem =
            report.add(place, format!("group name `{name}` ends in a digit"), "ambiguous");
        problem.help(format!(
            "containers are named group + ordinal, so `{name}1` could be number 1 of `{name}` or \
             a later one of `{bare}`: end the name in a letter, `_` or `-`"
        ));
    }
    let Some(own) = report.table(&format!("`{name}`"), &entry.value) else {
        return Draft::unreadable(name, place);
    };
    report.check_keys(own, GROUP_KEYS, "a group");
    let section = Section { own, shared };

    let engine = read_engine(&section, place, report);
    let image = read_image(&section, engine, place, around, report);
    let nodes_of_group = read_nodes_of(&section, place, nodes, report);
    let cpu = read_cpu(&section, place, report);
    let cpuset_mems = read_mems(&section, report);
    let numa = read_numa(&section, report);
    let interfaces =
        read_interfaces(&section, nodes_of_group.as_deref().unwrap_or_default(), nodes, report);
    let mounts = read_mounts(&section, report);
    let env = read_env(&section, report);
    let (publish, ports) = read_publish(&section, engine, cpu.as_ref(), report);
    let (privileged, cap_add, cap_drop) = read_capabilities(&section, report);
    let devices = read_devices(&section, report);
    let runtime = read_runtime(&section, report);
    let idmap = read_idmap(&section, report);
    let network = read_network(&section, engine, report);
    let security = read_security(&section, network.map(|word| word.text), report);
    let memory = section.get("memory").and_then(|entry| read_memory(entry, report));
    let hugepages = section.get("hugepages").map(|entry| read_hugepages(entry, report));
    let command = read_command(&section, report);
    let app = read_app(&section, sources, report);
    let PodKeys { pod, init, init_timeout } = read_pod(&section, engine, report);
    let watch = read_watch(&section, report);
    let depends_on = match section.get("depends_on") {
        Some(entry) => report.distinct("depends_on", &entry.value),
        None => Vec::new(),
    };
    let group = engine.zip(cpu.clone()).map(|(engine, cpu)| Group {
        name: name.to_owned(),
        engine,
        image,
        nodes: nodes_of_group.iter().flatten().map(|node| nodes[*node].name.clone()).collect(),
        cpu,
        cpuset_mems,
        numa,
        hugepages: hugepages.unwrap_or_default(),
        interfaces,
        mounts,
        env,
        publish,
        privileged,
        cap_add,
        cap_drop,
        devices,
        network: network.map(|network| network.text.to_owned()),
        memory,
        command,
        depends_on: depends_on.iter().map(|word| word.text.to_owned()).collect(),
        app,
        security: super::Security { idmap, ..security },
        runtime,
        pod: pod.map(|pod| pod.text.to_owned()),
        init: init.is_some(),
        init_timeout,
        watch,
    });
    let nodes = nodes_of_group;
    Draft { name, place, engine, nodes, cpu, ports, depends_on, network, pod, init, group }
}

fn read_engine(section: &Section<'_>, place: &Place, report: &mut Report) -> Option<EngineKind> {
    let choices = EngineKind::ALL.map(|engine| (engine.word(), engine));
    if let Some(entry) = section.get("engine") {
        report.choice(entry, &choices, "engine")
    } else {
        let words = choices.map(|(word, _)| word);
        let words = listed(&words);
        let help = format!("one of {words}; `defaults` may hold it for all groups");
        report.missing(section.own, place, "engine", "a group", help);
        None
    }
}

fn read_nodes_of(
    section: &Section<'_>,
    place: &Place,
    nodes: &[Node],
    report: &mut Report,
) -> Option<Vec<usize>> {
    let Some(entry) = section.get("nodes") else { return Some((0..nodes.len()).collect()) };
    let globs = report.words("nodes", &entry.value)?;
    if matches!(&entry.value.kind, Kind::List(list) if list.is_empty()) {
        report
            .add(&entry.value.place, "a group needs a node to run on", "no node")
            .help("leave `nodes` out for all nodes")
            .mark(place, "this group");
        return None;
    }
    // Without any node, or any sound glob, there is a problem already.
    match_nodes(
        &globs,
        nodes,
        |_| true,
        report,
        |glob, report| {
            let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
            report
                .add(glob.place, format!("`{}` matches no node", glob.text), "no such node")
                .help(known(glob.text, &names, "nodes"));
        },
    )
    .filter(|matched| !matched.is_empty())
}

/// Indexes of the nodes that any of the globs matches, in the order of the file. Each glob must
/// match one that is `eligible`; those that do not go to `complain`.
pub(super) fn match_nodes(
    globs: &[Word<'_>],
    nodes: &[Node],
    eligible: impl Fn(usize) -> bool,
    report: &mut Report,
    complain: impl Fn(Word<'_>, &mut Report),
) -> Option<Vec<usize>> {
    let mut matched = vec![false; nodes.len()];
    let mut all_match = true;
    for glob in globs {
        let mut any = nodes.is_empty();
        for (index, node) in nodes.iter().enumerate() {
            if eligible(index) && glob_matches(glob.text, &node.name) {
                matched[index] = true;
                any = true;
            }
        }
        if !any {
            all_match = false;
            complain(*glob, report);
        }
    }
    all_match.then(|| (0..nodes.len()).filter(|index| matched[*index]).collect())
}

fn read_interfaces(
    section: &Section<'_>,
    indexes: &[usize],
    nodes: &[Node],
    report: &mut Report,
) -> Vec<String> {
    let Some(entry) = section.get("interfaces") else { return Vec::new() };
    let words = report.distinct("interfaces", &entry.value);
    for word in &words {
        let lack: Vec<&Node> = indexes
            .iter()
            .map(|index| &nodes[*index])
            .filter(|node| !node.interfaces.contains_key(word.text))
            .collect();
        let Some(first) = lack.first() else { continue };
        let names: Vec<&str> = lack.iter().map(|node| node.name.as_str()).collect();
        let has: Vec<&str> = first.interfaces.keys().map(String::as_str).collect();
        let help = match nearest(word.text, has.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "add `[nodes.{node}.interfaces.{}]`; `{node}` has {}",
                word.text,
                listed(&has),
                node = first.name
            ),
        };
        let message = format!("no interface `{}` on node {}", word.text, listed(&names));
        report.add(word.place, message, "not an interface of every node of the group").help(help);
    }
    words.iter().map(|word| word.text.to_owned()).collect()
}

fn read_command(section: &Section<'_>, report: &mut Report) -> Vec<String> {
    let Some(entry) = section.get("command") else { return Vec::new() };
    let words = report.words("command", &entry.value).unwrap_or_default();
    if let Some(first) = words.first().filter(|first| first.text.is_empty()) {
        report
            .add(first.place, "the command's program is an empty string", "empty")
            .help("leave `command` out for the image's own");
    }
    words.iter().map(|word| word.text.to_owned()).collect()
}
