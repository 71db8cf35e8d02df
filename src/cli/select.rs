//! Which containers a verb is about.

use super::complete;
use crate::model::{glob_matches, is_glob};
use crate::ui::report::Fault;
use clap::Args;
use clap_complete::engine::ArgValueCandidates;

/// Containers by name, group and node. Nothing given = all; what is given in several ways must
/// hold in each of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct Selection {
    /// Take only containers of these names; `*` and `?` are wildcards
    #[arg(value_name = "CONTAINER-GLOB", add = ArgValueCandidates::new(complete::containers))]
    pub containers: Vec<String>,

    /// Take only containers of these groups; repeatable, globs allowed
    #[arg(
        short, long = "group", help_heading = "Selection", value_name = "GROUP",
        env = "VNFCTL_GROUP", value_delimiter = ',',
        add = ArgValueCandidates::new(complete::groups)
    )]
    pub groups: Vec<String>,

    /// Take only containers on these nodes; repeatable, globs allowed
    #[arg(
        short, long = "node", help_heading = "Selection", value_name = "NODE",
        env = "VNFCTL_NODE", value_delimiter = ',',
        add = ArgValueCandidates::new(complete::nodes)
    )]
    pub nodes: Vec<String>,
}

/// A word of a selection that selects nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmatched {
    /// `container`, `group` or `node`.
    pub kind: &'static str,
    /// What was written.
    pub word: String,
    /// The known name most like it.
    pub nearest: Option<String>,
}

impl Unmatched {
    /// The usage error (exit 2) that tells it.
    pub fn fault(&self) -> Fault {
        let fault = Fault::usage(format!("no {} matches `{}`", self.kind, self.word));
        match &self.nearest {
            Some(name) => fault.hint(format!("is it `{name}`?")),
            None => fault,
        }
    }
}

impl Selection {
    /// Whether everything is selected.
    pub fn is_everything(&self) -> bool {
        self.containers.is_empty() && self.groups.is_empty() && self.nodes.is_empty()
    }

    /// Whether this container is selected.
    pub fn matches(&self, container: &str, group: &str, node: &str) -> bool {
        any(&self.containers, container) && any(&self.groups, group) && any(&self.nodes, node)
    }

    /// Whether anything on this node may be selected.
    pub fn touches(&self, node: &str) -> bool {
        any(&self.nodes, node)
    }

    /// Words that match none of the (container, group, node) triples, in the order written.
    pub fn unmatched<'a, I>(&self, all: I) -> Vec<Unmatched>
    where
        I: IntoIterator<Item = (&'a str, &'a str, &'a str)>,
        I::IntoIter: Clone,
    {
        let all = all.into_iter();
        let containers = all.clone().map(|(container, _, _)| container);
        let groups = all.clone().map(|(_, group, _)| group);
        let nodes = all.map(|(_, _, node)| node);
        let mut words = unmatched("container", &self.containers, &containers);
        words.extend(unmatched("group", &self.groups, &groups));
        words.extend(unmatched("node", &self.nodes, &nodes));
        words
    }
}

fn any(patterns: &[String], name: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| glob_matches(pattern, name))
}

fn unmatched<'a>(
    kind: &'static str,
    patterns: &[String],
    names: &(impl Iterator<Item = &'a str> + Clone),
) -> Vec<Unmatched> {
    patterns
        .iter()
        .filter(|pattern| !names.clone().any(|name| glob_matches(pattern, name)))
        .map(|pattern| Unmatched {
            kind,
            word: pattern.clone(),
            nearest: (!is_glob(pattern)).then(|| nearest(pattern, names.clone())).flatten(),
        })
        .collect()
}

/// The name most like `word`, when it is like it at all. Upper and lower case are alike.
fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let word = word.to_lowercase();
    names
        .map(|name| (strsim::osa_distance(&word, &name.to_lowercase()), name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(&str, &str, &str); 3] = [
        ("DUT1_VNF1", "VNF", "DUT1"),
        ("DUT1_VNF10", "VNF", "DUT1"),
        ("DUT2_ETCD1", "ETCD", "DUT2"),
    ];

    fn selection(containers: &[&str], groups: &[&str], nodes: &[&str]) -> Selection {
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Selection { containers: owned(containers), groups: owned(groups), nodes: owned(nodes) }
    }

    fn chosen(selection: &Selection) -> Vec<&'static str> {
        let chosen = ALL.iter().filter(|(c, g, n)| selection.matches(c, g, n));
        chosen.map(|(c, _, _)| *c).collect()
    }

    #[test]
    fn every_way_of_choosing_must_hold() {
        assert_eq!(chosen(&Selection::default()).len(), 3);
        assert_eq!(chosen(&selection(&["DUT1_VNF1"], &[], &[])), ["DUT1_VNF1"]);
        assert_eq!(chosen(&selection(&["*1"], &[], &["DUT2"])), ["DUT2_ETCD1"]);
        assert_eq!(chosen(&selection(&[], &["VNF", "ETCD"], &["DUT?"])).len(), 3);
        assert_eq!(chosen(&selection(&["*10"], &["ETCD"], &[])), [""; 0]);
    }

    #[test]
    fn a_word_that_selects_nothing_names_its_neighbour() {
        let words = selection(&["DUT1_VNF2", "DUT1*", "XX*"], &["vnf"], &["DUT9"]).unmatched(ALL);
        let told: Vec<_> = words
            .iter()
            .map(|w| (w.fault().message, w.nearest.as_deref().unwrap_or("-")))
            .collect();
        assert_eq!(
            told,
            [
                ("no container matches `DUT1_VNF2`".to_owned(), "DUT1_VNF1"),
                ("no container matches `XX*`".to_owned(), "-"),
                ("no group matches `vnf`".to_owned(), "VNF"),
                ("no node matches `DUT9`".to_owned(), "DUT1"),
            ]
        );
    }
}
