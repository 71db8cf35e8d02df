//! From texts to the resolved topology, or to everything that is wrong with them.

use super::across::{check_depends, check_names, check_ports};
use super::chain_table::read_chains;
use super::cpu_request::unused_defaults;
use super::group::{Around, Draft, read_group};
use super::link::{Links, read_links};
use super::mask::masked;
use super::merge::merge;
use super::names::is_word;
use super::node::{check_name, read_nodes, warn_of_same_machine};
use super::placement::read_placement;
use super::pod::check_pods;
use super::problem::{Place, Problem, Problems, Report};
use super::read_recipe::read_recipes;
use super::secret;
use super::topology::{Group, Topology};
use super::value::{Parser, Table};
use super::{GROUP_KEYS, TOP_KEYS};
use crate::command::Secret;
use crate::wiring::{Subject, Wiring, wire};

/// A topology file: its name, as it is shown and as relative paths start from, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Path, as given.
    pub name: String,
    /// Content.
    pub text: String,
}

/// A topology without mistakes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Loaded {
    /// The topology.
    pub topology: Topology,
    /// What it was read from; warnings point into it.
    pub sources: Vec<Source>,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Problem>,
    /// Values that are never shown.
    pub secrets: Vec<Secret>,
}

/// Parses, merges, resolves and checks the sources; `variables` gives the values of `${NAME}`.
/// Pure: image files and nodes are not looked at.
///
/// # Errors
/// Every mistake of all sources at once; after a syntax error only the syntax errors, the first
/// of each source.
pub fn load(
    sources: &[Source],
    variables: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded, Problems> {
    read(sources, variables, Part::Service)
}

/// As [`load`], for those who care for the nodes only: `name` and `groups` may be missing.
///
/// # Errors
/// As [`load`].
pub fn load_testbed(
    sources: &[Source],
    variables: &dyn Fn(&str) -> Option<String>,
) -> Result<Loaded, Problems> {
    read(sources, variables, Part::Testbed)
}

/// What has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Nodes, and what runs on them.
    Service,
    /// Nodes.
    Testbed,
}

fn read(
    sources: &[Source],
    variables: &dyn Fn(&str) -> Option<String>,
    part: Part,
) -> Result<Loaded, Problems> {
    let mut report = Report::default();
    let mut secrets = Vec::new();
    let mut syntax = Report::default();
    let mut tables = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let mut parser = Parser { variables, report: &mut report, secrets: &mut secrets };
        tables.extend(parser.parse(index, &source.text, &mut syntax));
    }
    if !syntax.is_empty() {
        return Err(masked(sources, syntax.into_sorted(), &secrets));
    }
    let mut warnings = Report::default();
    let document = merge(tables, &mut report);
    let topology = resolve(&document, part, sources, &mut report, &mut warnings);
    match topology.filter(|_| report.is_empty()) {
        Some(topology) => {
            let secrets = secret::collect(&topology, secrets);
            Ok(Loaded {
                topology,
                sources: sources.to_vec(),
                warnings: warnings.into_sorted(),
                secrets,
            })
        }
        None => Err(masked(sources, report.into_sorted(), &secrets)),
    }
}

/// `None` only after a problem was reported.
fn resolve(
    document: &Table,
    part: Part,
    sources: &[Source],
    report: &mut Report,
    warnings: &mut Report,
) -> Option<Topology> {
    report.check_keys(document, TOP_KEYS, "a topology");
    let is_left_out = |key: &str| part == Part::Testbed && document.get(key).is_none();
    let name = if is_left_out("name") { Some(String::new()) } else { read_name(document, report) };
    let placement = read_placement(document, report);
    let prefix = read_prefix(document, report);
    let nodes_table = read_section(document, "nodes", "[nodes.DUT1]", report);
    let nodes = nodes_table.map(|table| read_nodes(table, report)).unwrap_or_default();
    if let Some(table) = nodes_table {
        warn_of_same_machine(table, &nodes, warnings);
    }
    let recipes = document.get("images").map(|entry| read_recipes(entry, sources, report));
    let recipes = recipes.unwrap_or_default();
    let shared =
        document.get("defaults").and_then(|entry| report.table("`defaults`", &entry.value));
    if let Some(shared) = shared {
        report.check_keys(shared, GROUP_KEYS, "`defaults`");
    }
    let groups_table = if is_left_out("groups") {
        None
    } else {
        read_section(document, "groups", "[groups.VNF]", report)
    };
    let entries = groups_table.map(|table| table.entries.as_slice()).unwrap_or_default();
    let around = Around { nodes: &nodes, recipes: &recipes, sources };
    let drafts: Vec<Draft<'_>> =
        entries.iter().map(|entry| read_group(entry, shared, around, report)).collect();
    if let Some(shared) = shared.filter(|_| !is_left_out("groups")) {
        unused_defaults(shared, &drafts, warnings);
    }
    check_depends(&drafts, report);
    check_names(&prefix, &drafts, &nodes, report);
    check_ports(&drafts, report);
    let links = document.get("links").map(|entry| read_links(entry, &drafts, &nodes, report));
    let links = links.unwrap_or_default();
    let chains = document.get("chains").map(|entry| read_chains(entry, &drafts, &nodes, report));
    let (chains, chain_places) = chains.unwrap_or_default();
    if report.is_empty() {
        check_pods(&drafts, report);
    }
    let groups: Option<Vec<Group>> = drafts.into_iter().map(|draft| draft.group).collect();
    let (name, groups, wiring) = (name?, groups?, Wiring::default());
    let Links { veths: links, memifs, memif_places } = links;
    let images = recipes.into_values().filter_map(|recipe| recipe.recipe);
    let images = images.map(|recipe| (recipe.name.clone(), recipe)).collect();
    let mut topology =
        Topology { name, placement, prefix, nodes, images, groups, links, memifs, chains, wiring };
    topology.tag_images();
    if report.is_empty() {
        let place = |subject| match subject {
            Subject::Memif(index) => memif_places[index],
            Subject::Chain(index) => chain_places[index],
        };
        topology.wiring = wired(&topology, place, report)?;
    }
    Some(topology)
}

/// What links and chains mean for the containers, or faults at their places.
fn wired<'a>(
    topology: &Topology,
    place: impl Fn(Subject) -> &'a Place,
    report: &mut Report,
) -> Option<Wiring> {
    match wire(topology) {
        Ok(wiring) => Some(wiring),
        Err(faults) => {
            for fault in faults {
                report.add(place(fault.subject), fault.message, fault.label).help(fault.help);
            }
            None
        }
    }
}

fn read_name(document: &Table, report: &mut Report) -> Option<String> {
    let Some(entry) = document.get("name") else {
        let help = "write `name = \"...\"` at the top of one file: it marks what is created";
        report.missing(document, &Place::default(), "name", "a topology", help);
        return None;
    };
    let word = report.text("name", &entry.value)?;
    check_name("topology", word.text, word.place, report).then(|| word.text.to_owned())
}

fn read_prefix(document: &Table, report: &mut Report) -> String {
    let Some(word) = document.get("prefix").and_then(|entry| report.text("prefix", &entry.value))
    else {
        return String::new();
    };
    if !word.text.is_empty() && !is_word(word.text) {
        report
            .add(word.place, format!("`{}` cannot start a name", word.text), "not a prefix")
            .help("letters, digits, `_` and `-`, starting with a letter or digit");
    }
    word.text.to_owned()
}

/// A table that must be there and not empty.
fn read_section<'a>(
    document: &'a Table,
    key: &str,
    example: &str,
    report: &mut Report,
) -> Option<&'a Table> {
    let Some(entry) = document.get(key) else {
        let help = format!("add one with `{example}`");
        report.missing(document, &Place::default(), key, "a topology", help);
        return None;
    };
    let table = report.table(&format!("`{key}`"), &entry.value)?;
    if table.entries.is_empty() {
        report
            .add(&entry.place, format!("`{key}` is empty"), "none")
            .help(format!("add one with `{example}`"));
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn loaded(text: &str) -> Result<Loaded, Problems> {
        load(&[Source { name: "lab.toml".to_owned(), text: text.to_owned() }], &|_| None)
    }

    #[test]
    fn a_hundred_nodes_and_groups_resolve() {
        let mut text = "name = \"large\"\n[defaults]\nengine = \"native\"\n".to_owned();
        for index in 0..100 {
            writeln!(text, "[nodes.DUT{index}]\nssh = \"csit@192.0.2.{index}\"").unwrap();
            writeln!(text, "[groups.VNF{index}x]\ncount = 10\nmemory = \"1GiB\"").unwrap();
        }
        let topology = loaded(&text).unwrap().topology;
        assert_eq!(topology.nodes[99].name, "DUT99");
        assert_eq!(topology.groups[99].nodes.len(), 100);
    }

    #[test]
    fn the_order_is_that_of_the_file() {
        let text = "name = \"lab\"\n[nodes.ZZ]\n[nodes.AA]\n[defaults]\nengine = \"native\"\n\
                    [groups.NF]\nnodes = [\"AA\", \"*\"]\nenv = { Z = \"\", A = \"\" }\n[groups.BB]\n";
        let topology = loaded(text).unwrap().topology;
        let groups: Vec<&str> = topology.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(groups, ["NF", "BB"]);
        assert_eq!(topology.groups[0].nodes, ["ZZ", "AA"]);
        assert_eq!(topology.groups[0].env[0].0, "Z");
    }

    #[test]
    fn a_testbed_needs_nodes_only() {
        let source = |text: &str| [Source { name: "lab.toml".to_owned(), text: text.to_owned() }];
        let testbed = |text| load_testbed(&source(text), &|_| None);
        let loaded = testbed("[nodes.DUT1]\n[defaults]\ncount = 2\n").unwrap();
        assert_eq!((loaded.topology.nodes.len(), loaded.warnings.len()), (1, 0));
        assert!(testbed("name = \"lab\"\n").is_err(), "no nodes");
        assert!(testbed("[nodes.DUT1]\n[groups.VNF]\n").is_err(), "a group without an engine");
    }

    #[test]
    fn after_a_syntax_error_nothing_else_is_reported() {
        let problems = loaded("nmae = 1\n[groups.VNF\n[nodes.\n").unwrap_err();
        assert_eq!(problems.list.len(), 1, "{:?}", problems.list);
    }
}
