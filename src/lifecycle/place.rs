//! Placement of a whole topology: each node's machine and interfaces, given to the pure placement.

use super::claims::claims_of;
use super::failure::Failure;
use super::numa::{doubts, numa};
use crate::cpu::{self, Claim, GroupRequest, Holder, NodePlacement};
use crate::engine::Observed;
use crate::facts::Facts;
use crate::model::{Group, Node, PlacementMode, Topology};
use crate::plan::{Assignment, Observation, Refusal};

/// What placement gave.
#[derive(Debug, Clone, Default)]
pub struct Placed {
    /// CPUs and memory nodes of every container on the nodes that were seen.
    pub assignments: Vec<Assignment>,
    /// What a person should know: node and sentence.
    pub warnings: Vec<(String, String)>,
}

/// Places every group on every observed node, beside what others have there.
pub fn place(topology: &Topology, observation: &Observation) -> Result<Placed, Failure> {
    place_beside(topology, observation, &|_| true)
}

/// As [`place`], for verbs that only look: that somebody else has what the file asks for is a
/// warning.
pub fn place_regardless(topology: &Topology, observation: &Observation) -> Result<Placed, Failure> {
    let Err(Failure::Placement(refusals)) = place(topology, observation) else {
        return place(topology, observation);
    };
    let is_own = |holder: &Holder| matches!(holder, Holder::Own { .. });
    let mut placed = place_beside(topology, observation, &is_own)?;
    placed.warnings.extend(refusals.into_iter().map(|one| (one.node, one.message)));
    Ok(placed)
}

/// Engines that nobody named and that did not answer: node and sentence.
pub(super) fn silent(observation: &Observation) -> Vec<(String, String)> {
    let mut warnings = Vec::new();
    for (node, state) in observation {
        for (kind, inventory) in &state.others {
            if let Err(reason) = inventory {
                let word = kind.word();
                warnings.push((node.clone(), format!("{word} is left out: {reason}")));
            }
        }
    }
    warnings
}

fn place_beside(
    topology: &Topology,
    observation: &Observation,
    counts: &dyn Fn(&Holder) -> bool,
) -> Result<Placed, Failure> {
    let mut sites = Vec::new();
    for node in &topology.nodes {
        let Some(state) = observation.get(&node.name) else { continue };
        let groups = topology.groups.iter().filter(|group| group.nodes.contains(&node.name));
        let (mode, groups): (_, Vec<&Group>) = (topology.placement, groups.collect());
        // Of whoever has a wanted name the plan tells the owner: CPUs are the smaller matter.
        let is_in_the_way = |found: &Observed| {
            !found.is_of(&topology.name)
                && groups.iter().any(|group| has_name(topology, node, group, found))
        };
        let mut claims = claims_of(&topology.name, state, &|found| !is_in_the_way(found));
        claims.retain(|claim| counts(&claim.holder));
        sites.push(Site { mode, node, facts: &state.facts, groups, claims });
    }
    let mut placed = Placed { assignments: Vec::new(), warnings: silent(observation) };
    let mut refusals = Vec::new();
    for site in &sites {
        match site.place(&site.groups) {
            Ok(placement) => site.take(placement, &mut placed),
            Err(found) => refusals.extend(found.into_iter().map(|one| one.explain(site, &sites))),
        }
    }
    if refusals.is_empty() { Ok(placed) } else { Err(Failure::Placement(refusals)) }
}

/// Whether a container of the same engine has the name of one of `group`.
fn has_name(topology: &Topology, node: &Node, group: &Group, found: &Observed) -> bool {
    let ordinal = || {
        let start = topology.container_name(&node.name, &group.name, 1);
        found.name.strip_prefix(start.strip_suffix('1')?)?.parse::<u32>().ok()
    };
    found.engine == group.engine
        && ordinal().is_some_and(|ordinal| {
            (1..=group.cpu.containers()).contains(&ordinal)
                && topology.container_name(&node.name, &group.name, ordinal) == found.name
        })
}

/// One node with what should be placed there and what is there.
struct Site<'a> {
    mode: PlacementMode,
    node: &'a Node,
    facts: &'a Facts,
    groups: Vec<&'a Group>,
    claims: Vec<Claim>,
}

/// A group that cannot be placed.
struct Unplaced {
    group: String,
    message: String,
    hint: String,
}

impl Site<'_> {
    fn place(&self, groups: &[&Group]) -> Result<NodePlacement, Vec<Unplaced>> {
        let mut unplaced = Vec::new();
        let mut requests = Vec::new();
        for group in groups {
            match numa(group, self.node, self.facts) {
                Ok(numa) => requests.push(GroupRequest {
                    group: &group.name,
                    cpu: &group.cpu,
                    numa,
                    numa_policy: group.numa,
                }),
                Err((message, hint)) => {
                    unplaced.push(Unplaced { group: group.name.clone(), message, hint });
                }
            }
        }
        if !unplaced.is_empty() {
            return Err(unplaced);
        }
        let (machine, system_cpus) = (&self.facts.machine, self.node.system_cpus);
        let refused = |one: cpu::Refusal| {
            let message = one.to_string();
            Unplaced { group: one.group, message, hint: one.help }
        };
        cpu::place(self.mode, machine, system_cpus, &requests, &self.claims)
            .map_err(|found| found.into_iter().map(refused).collect())
    }

    /// Whether a group of another node can be here too.
    fn has_room(&self, group: &Group) -> bool {
        let has = |name| self.node.interfaces.contains_key(name);
        let mut groups = self.groups.clone();
        groups.push(group);
        group.interfaces.iter().all(has)
            && self.groups.iter().all(|here| here.name != group.name)
            && self.place(&groups).is_ok()
    }

    fn take(&self, placement: NodePlacement, placed: &mut Placed) {
        let node = &self.node.name;
        let doubts = self.groups.iter().flat_map(|group| doubts(group, self.node, self.facts));
        let warnings = doubts.chain(placement.warnings.iter().map(ToString::to_string));
        placed.warnings.extend(warnings.map(|sentence| (node.clone(), sentence)));
        for group in placement.groups {
            let containers = (1..).zip(group.containers);
            placed.assignments.extend(containers.map(|(ordinal, pinned)| Assignment {
                node: node.clone(),
                group: group.group.clone(),
                ordinal,
                cpus: pinned.cpus,
                mems: pinned.mems,
            }));
        }
    }
}

impl Unplaced {
    /// What a person is told; a node of the topology that has room is named.
    fn explain(self, site: &Site<'_>, sites: &[Site<'_>]) -> Refusal {
        let group = site.groups.iter().find(|group| group.name == self.group);
        let roomy = group.and_then(|group| sites.iter().find(|other| other.has_room(group)));
        let room = roomy.map(|other| format!("node `{}` has room for it", other.node.name));
        let hints = [self.hint, room.unwrap_or_default()].into_iter();
        Refusal {
            node: site.node.name.clone(),
            container: String::new(),
            message: self.message,
            hint: hints.filter(|hint| !hint.is_empty()).collect::<Vec<_>>().join("; "),
        }
    }
}

/// Facts of a node known only by a saved machine: an interface that it does not tell of is on an
/// unknown NUMA node.
pub fn saved_facts(node: &Node, mut known: Facts) -> Facts {
    for interface in node.interfaces.values() {
        known.pci.entry(interface.pci.clone()).or_insert(None);
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::{Cpu, CpuSet, Machine};
    use crate::facts::Cpuset;
    use crate::model::{EngineKind, Source, load};
    use crate::plan::NodeState;

    const TWO: &str = r#"
name = "two"
[nodes.DUT1]
[nodes.DUT2]
[groups.VNF]
engine = "native"
nodes = ["DUT1"]
cpu_skip = 1
"#;

    /// Two nodes of four cores; somebody has CPU 1 of each of `taken`.
    fn placed(text: &str, taken: &[&str], regardless: bool) -> Result<Placed, Failure> {
        let source = Source { name: "two.toml".into(), text: text.into() };
        let topology = load(&[source], &|_| None).unwrap().topology;
        let cpu = |id| Cpu { id, core: id, online: true, allowed: true, ..Cpu::default() };
        let machine = Machine::from_cores((0..4).map(cpu).collect());
        let cpus: CpuSet = [1].into_iter().collect();
        let stranger = Cpuset { path: "/x".into(), cpus, pids: vec![7], ..Cpuset::default() };
        let state = |node: &str| NodeState {
            facts: Facts { machine: machine.clone(), ..Facts::default() },
            others: [(EngineKind::Docker, Err("it hangs".into()))].into(),
            cpusets: if taken.contains(&node) { vec![stranger.clone()] } else { Vec::new() },
            ..NodeState::default()
        };
        let observation = ["DUT1", "DUT2"].map(|node| (node.to_owned(), state(node))).into();
        let place = if regardless { place_regardless } else { place };
        place(&topology, &observation)
    }

    #[track_caller]
    fn refusal(text: &str, taken: &[&str]) -> Refusal {
        let Err(Failure::Placement(mut refusals)) = placed(text, taken, false) else {
            panic!("it was placed")
        };
        assert_eq!(refusals.len(), 1, "{refusals:?}");
        refusals.remove(0)
    }

    #[test]
    fn a_node_that_has_room_is_named() {
        let refused = refusal(TWO, &["DUT1"]);
        assert!(refused.message.contains("cgroup `/x`"), "{refused:?}");
        assert!(refused.hint.contains("node `DUT2` has room for it"), "{refused:?}");
        let full = refusal(TWO, &["DUT1", "DUT2"]);
        assert!(!full.hint.contains("has room"), "{full:?}");
        let everywhere = TWO.replace("nodes = [\"DUT1\"]\n", "");
        let there_already = refusal(&everywhere, &["DUT1"]);
        assert!(!there_already.hint.contains("has room"), "{there_already:?}");
    }

    #[test]
    fn who_only_looks_is_warned() {
        let found = placed(TWO, &["DUT1"], true).unwrap();
        assert_eq!(found.assignments[0].cpus, [1]);
        let told: Vec<_> = found.warnings.iter().filter(|(node, _)| node == "DUT1").collect();
        assert!(told.iter().any(|(_, sentence)| sentence.contains("cgroup `/x`")), "{told:?}");
    }

    #[test]
    fn an_engine_that_nobody_named_and_that_is_silent_is_a_warning() {
        let found = placed(TWO, &[], false).unwrap();
        let silent = ("DUT2".to_owned(), "docker is left out: it hangs".to_owned());
        assert!(found.warnings.contains(&silent), "{:?}", found.warnings);
    }
}
