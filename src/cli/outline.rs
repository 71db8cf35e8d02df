//! The names in a topology, read leniently: for completions, which must work on a file that is
//! being written and must never take long. Pure; nothing else may rely on it.

use crate::model::glob_matches;
use toml::de::{DeTable, DeValue};

/// More containers than this per group and node are not offered.
const MOST: i64 = 10_000;

/// A name with a few words about it.
pub(super) type Named = (String, String);

/// Names of one topology.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Outline {
    pub(super) nodes: Vec<Named>,
    pub(super) groups: Vec<Named>,
    pub(super) containers: Vec<Named>,
}

/// What a topology of several files names. Whatever cannot be read is left out.
pub(super) fn outline(texts: &[String]) -> Outline {
    let documents: Vec<_> = texts.iter().map(|text| DeTable::parse_recoverable(text).0).collect();
    let tables: Vec<&DeTable<'_>> = documents.iter().map(toml::Spanned::get_ref).collect();
    let entries = |section: &'static str| {
        tables
            .iter()
            .filter_map(move |table| table.get(section)?.get_ref().as_table())
            .flatten()
            .filter_map(|(name, value)| {
                Some((name.get_ref().as_ref(), value.get_ref().as_table()?))
            })
    };
    let value = |key| tables.iter().find_map(|table| Some(table.get(key)?.get_ref()));
    let shared = value("defaults").and_then(DeValue::as_table);
    let prefix = value("prefix").and_then(DeValue::as_str).unwrap_or_default();
    let mut outline = Outline::default();
    for (name, node) in entries("nodes") {
        let about = node.get("ssh").and_then(|ssh| ssh.get_ref().as_str());
        outline.nodes.push((name.to_owned(), about.unwrap_or("this machine").to_owned()));
    }
    for (name, own) in entries("groups") {
        let get = |key| own.get(key).or_else(|| shared?.get(key)).map(toml::Spanned::get_ref);
        let engine = get("engine").and_then(DeValue::as_str).unwrap_or("native");
        outline.groups.push((name.to_owned(), engine.to_owned()));
        // A variable in the prefix is known only to the run itself.
        if prefix.contains("${") {
            continue;
        }
        let number = |key| get(key).and_then(integer);
        let count = match (number("nf_chains"), number("nf_nodes")) {
            (Some(chains), Some(nodes)) => chains.saturating_mul(nodes),
            _ => number("count").unwrap_or(1),
        };
        let globs: Option<Vec<&str>> = get("nodes")
            .and_then(DeValue::as_array)
            .map(|array| array.iter().filter_map(|glob| glob.get_ref().as_str()).collect());
        let is_home = |node: &str| {
            globs.as_ref().is_none_or(|globs| globs.iter().any(|glob| glob_matches(glob, node)))
        };
        for (node, _) in outline.nodes.iter().filter(|(node, _)| is_home(node)) {
            for ordinal in 1..=count.min(MOST) {
                let container = format!("{prefix}{node}_{name}{ordinal}");
                outline.containers.push((container, format!("{engine} on {node}")));
            }
        }
    }
    outline
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    value.as_integer()?.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(named: &[Named]) -> Vec<&str> {
        named.iter().map(|(name, _)| name.as_str()).collect()
    }

    const TEXT: &str = r#"
        prefix = "a-"
        [defaults]
        engine = "docker"
        count = 2
        [nodes.DUT1]
        [nodes.DUT2]
        ssh = "csit@192.0.2.11"
        [groups.VNF]
        [groups.CNF]
        engine = "lxc"
        nodes = ["*2"]
        nf_chains = 1
        nf_nodes = 3
    "#;

    #[test]
    fn containers_are_named_as_the_model_names_them() {
        let outline = outline(&[TEXT.to_owned()]);
        assert_eq!(outline.nodes[1], ("DUT2".to_owned(), "csit@192.0.2.11".to_owned()));
        assert_eq!(names(&outline.groups), ["CNF", "VNF"]);
        assert_eq!(
            names(&outline.containers),
            [
                "a-DUT2_CNF1",
                "a-DUT2_CNF2",
                "a-DUT2_CNF3",
                "a-DUT1_VNF1",
                "a-DUT1_VNF2",
                "a-DUT2_VNF1",
                "a-DUT2_VNF2"
            ]
        );
        assert_eq!(outline.containers[0].1, "lxc on DUT2");
    }

    #[test]
    fn nodes_and_groups_may_live_in_two_files() {
        let texts = ["[nodes.A1]\n", "[groups.G]\ncount = 1\n"].map(str::to_owned);
        assert_eq!(names(&outline(&texts).containers), ["A1_G1"]);
    }

    #[test]
    fn a_half_written_file_still_names_what_it_can() {
        let text = format!("{TEXT}\n[groups.ETCD]\nimage = \n");
        assert_eq!(names(&outline(&[text]).groups), ["CNF", "ETCD", "VNF"]);
        assert_eq!(outline(&["\0= [".to_owned()]), Outline::default());
    }

    #[test]
    fn an_absurd_count_does_not_hang_the_shell() {
        let text = "[nodes.A1]\n[groups.G]\ncount = 9000000000000000000\n".to_owned();
        assert_eq!(outline(&[text]).containers.len(), 10_000);
    }
}
