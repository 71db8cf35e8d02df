//! What every handler starts from: the topology, the way to its nodes, the selection.

use super::{Global, Selection};
use crate::lifecycle::{Blocked, Failure, LoadRequest, Session, load};
use crate::model::{Loaded, Node, Topology};
use crate::transport::{Connector, Nodes, Stop, Target};
use crate::ui::{Ui, blocked_sentence, diagnostic};

/// The surroundings of one run.
pub(super) struct Context<'a> {
    pub(super) global: &'a Global,
    pub(super) ui: &'a Ui,
    pub(super) stop: &'a Stop,
    /// The command line as it can be pasted.
    pub(super) again: &'a str,
}

impl Context<'_> {
    /// Reads the topology and shows its warnings.
    pub(super) fn load(&self) -> Result<Loaded, Failure> {
        self.load_part(false)
    }

    /// As [`Self::load`]; nodes are enough.
    pub(super) fn load_testbed(&self) -> Result<Loaded, Failure> {
        self.load_part(true)
    }

    fn load_part(&self, is_testbed: bool) -> Result<Loaded, Failure> {
        let variables = self.global.variables.iter();
        let loaded = load(&LoadRequest {
            files: self.global.topologies.clone(),
            variables: variables.map(|one| (one.name.clone(), one.value.clone())).collect(),
            is_testbed,
        })?;
        let color = self.ui.stderr_paint().on;
        let warnings = diagnostic::render_warnings(&loaded.sources, &loaded.warnings, color);
        if !warnings.is_empty() {
            self.ui.note(&warnings);
        }
        Ok(loaded)
    }

    /// The way to the nodes of a topology; nothing is opened yet.
    pub(super) fn nodes(&self, topology: &Topology) -> Nodes {
        let target = |node: &Node| Target {
            node: node.name.clone(),
            ssh: node.ssh.clone(),
            r#become: node.r#become,
            connect_timeout: Some(self.global.connect_timeout),
            ssh_config: self.global.ssh_config.clone(),
        };
        Nodes::new(topology.nodes.iter().map(target).collect())
    }

    /// A session over connections.
    pub(super) fn session<'s>(
        &'s self,
        loaded: &'s Loaded,
        nodes: &'s dyn Connector,
    ) -> Session<'s> {
        Session::new(loaded, nodes, self.stop)
    }

    /// Tells a person that another run is waited for.
    pub(super) fn tell_wait(&self, blocked: &Blocked) {
        self.ui.note(&format!("waiting: {}", blocked_sentence(blocked)));
    }

    /// Tells a person what they should know: node and sentence each.
    pub(super) fn warn(&self, warnings: &[(String, String)]) {
        for (node, sentence) in warnings {
            self.ui.note(&format!("warning: {node}: {sentence}"));
        }
    }
}

/// A selection over the containers of one topology.
pub(super) struct Chosen<'a> {
    selection: &'a Selection,
    /// Name, group and node of every container of the file.
    all: Vec<(String, &'a str, &'a str)>,
}

impl<'a> Chosen<'a> {
    pub(super) fn new(selection: &'a Selection, topology: &'a Topology) -> Self {
        let mut all = Vec::new();
        for group in &topology.groups {
            for node in &group.nodes {
                for ordinal in 1..=group.cpu.containers() {
                    let name = topology.container_name(node, &group.name, ordinal);
                    all.push((name, group.name.as_str(), node.as_str()));
                }
            }
        }
        Self { selection, all }
    }

    /// Refuses words that match nothing in the file.
    pub(super) fn checked(self) -> anyhow::Result<Self> {
        let triples = self.all.iter().map(|(name, group, node)| (name.as_str(), *group, *node));
        match self.selection.unmatched(triples).first() {
            None => Ok(self),
            Some(unmatched) => Err(unmatched.fault().into()),
        }
    }

    pub(super) fn matches(&self, container: &str, group: &str, node: &str) -> bool {
        self.selection.matches(container, group, node)
    }

    /// Whether anything selected may be on a node: containers of the file, or, when the words
    /// name none of them, whatever is there.
    pub(super) fn touches(&self, node: &Node) -> bool {
        if self.selection.is_everything() {
            return true;
        }
        let selected = |one: &&(String, &str, &str)| self.matches(&one.0, one.1, one.2);
        let mut selected = self.all.iter().filter(selected).peekable();
        if selected.peek().is_none() {
            return self.selection.touches(&node.name);
        }
        selected.any(|(_, _, name)| *name == node.name)
    }
}
