//! The reality check: what should be, read back from the kernel thread by thread, what the apps
//! say of themselves, and traffic over the links.

use super::apps::{Answers, ask_apps, memif_links};
use super::checks::{checks, running, word};
use super::failure::Failure;
use super::pings::node_links;
use super::session::Session;
use super::threads::{Proof, prove_threads};
use crate::cpu::CpuSet;
use crate::link::LinkSpec;
use crate::model::is_sandbox;
use crate::plan::{NodeState, Observation, Wanted, compare, wanted_switches};
use crate::threads::{Intruder, Judged, Judgement, Note, Sample};
use crate::wiring::WiredLink;
use std::collections::BTreeMap;
use std::time::Duration;

/// How a verification is made.
#[derive(Debug, Clone, Copy, Default)]
pub struct VerifyOptions {
    /// Whether a note is a failure.
    pub strict: bool,
    /// Count for so long what happens on the containers' cores.
    pub sample: Option<Duration>,
}

/// The result of a verification.
#[derive(Debug, Clone, Default)]
pub struct VerifyReport {
    /// Every check of every container, in the order of the topology.
    pub checks: Vec<Check>,
    /// The threads of every container that runs.
    pub containers: Vec<ContainerReport>,
    /// What may disturb the containers of each node.
    pub nodes: Vec<NodeReport>,
    /// Every link.
    pub links: Vec<LinkReport>,
    /// Whether a note is a failure.
    pub strict: bool,
}

/// One claim about a container and what reality says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Name of the node.
    pub node: String,
    /// Name of the container.
    pub container: String,
    /// What is claimed: of an init container `done`, of all others `running`, in a pod `pod`, `cpuset_cpus`, `cpuset_mems`, `threads`, for a container that
    /// does not share its CPUs `alone`, for one with an app `installed`, `configured` and `app`,
    /// for one with a watcher `watched` and `probe`.
    pub claim: &'static str,
    /// What should be.
    pub wanted: String,
    /// What is.
    pub found: String,
    /// Whether they agree.
    pub passed: bool,
}

/// One running container, thread by thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerReport {
    /// Name of the node.
    pub node: String,
    /// Name of the container.
    pub container: String,
    /// The CPUs it should have.
    pub cpus: CpuSet,
    /// The memory nodes it should have.
    pub mems: CpuSet,
    /// Its threads.
    pub threads: Vec<Judged>,
    /// Threads of others that somebody pinned to its cores.
    pub intruders: Vec<Intruder>,
    /// Whether it shares its CPUs, so that intruders are no failure.
    pub shared: bool,
    /// Whether it is a sandbox with a kernel of its own: its threads are the sandbox's, as seen from
    /// outside, and none of what runs inside.
    pub sandbox: bool,
}

/// What was found of one node.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeReport {
    /// Name of the node.
    pub node: String,
    /// What may disturb its containers.
    pub notes: Vec<Note>,
    /// What happened on their cores, where a sample was asked for.
    pub sample: Option<Sample>,
}

/// One link and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkReport {
    /// Name of the node.
    pub node: String,
    /// Word of the topology file: `veth` or `memif`.
    pub kind: &'static str,
    /// Name of the link.
    pub link: String,
    /// What differs; empty = as it should be.
    pub differences: Vec<String>,
    /// Pings sent over it.
    pub pings: Vec<PingReport>,
}

/// One ping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PingReport {
    /// Interface (or container) it was sent from.
    pub from: String,
    /// Address that should answer.
    pub to: String,
    /// Whether it answered.
    pub answered: bool,
}

impl VerifyReport {
    /// Whether everything is as it should be.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
            && self.links.iter().all(LinkReport::passed)
            && !(self.strict && self.nodes.iter().any(|node| !node.notes.is_empty()))
    }
}

impl LinkReport {
    /// Whether the link is as it should be and carries traffic.
    pub fn passed(&self) -> bool {
        self.differences.is_empty() && self.pings.iter().all(|ping| ping.answered)
    }
}

/// Checks the wanted containers and links of observed nodes, all nodes at once.
///
/// # Errors
/// [`Failure::Interrupted`], and nothing else: a node that no longer answers fails its checks.
pub fn verify(
    session: &Session<'_>,
    wanted: &[&Wanted<'_>],
    links: &BTreeMap<String, Vec<LinkSpec>>,
    observation: &Observation,
    options: VerifyOptions,
) -> Result<VerifyReport, Failure> {
    let topology = &session.loaded.topology;
    let switches = wanted_switches(topology).unwrap_or_default();
    let memifs = |node: &str, state: &NodeState, here: &[&Wanted<'_>], answers: &Answers| {
        let links: Vec<&WiredLink> =
            topology.wiring.links.iter().filter(|link| link.node == node).collect();
        let name = |group: &str, ordinal: u32| topology.container_name(node, group, ordinal);
        let silent = |container: &str| {
            let one = here.iter().find(|one| one.spec.name == container)?;
            one.app.is_some().then(|| word(&compare(one, state)))
        };
        let switch = switches.get(node).zip(state.switch.as_ref());
        let switch = switch.map(|(switch, seen)| {
            seen.as_ref().map(|seen| switch.probe(seen)).map_err(String::clone)
        });
        memif_links(&links, &name, answers, &silent, switch.as_ref())
    };
    let on_node = |node: &str, state: &NodeState| {
        let here: Vec<&Wanted<'_>> =
            wanted.iter().copied().filter(|one| one.node == node).collect();
        let running: Vec<_> =
            here.iter().filter_map(|one| Some((*one, running(one, state)?))).collect();
        // Before the threads are looked at: nothing of the look itself is on their cores then.
        let answers = ask_apps(session, node, state, &here);
        let proof = prove_threads(session, node, state, &running, options.sample);
        let links = links.get(node).map_or(&[][..], Vec::as_slice);
        let mut links = node_links(node, links, state, &session.lanes, session.stop);
        links.extend(memifs(node, state, &here, &answers));
        (proof, answers, links)
    };
    let mut report = VerifyReport { strict: options.strict, ..VerifyReport::default() };
    let mut proofs: BTreeMap<&str, (Proof, Answers)> = BTreeMap::new();
    std::thread::scope(|scope| {
        let on_node = &on_node;
        let threads: Vec<_> = observation
            .iter()
            .map(|(node, state)| (node, scope.spawn(move || on_node(node, state))))
            .collect();
        for (node, thread) in threads {
            let (proof, answers, links) = thread.join().expect("verifying does not panic");
            proofs.insert(node, (proof, answers));
            report.links.extend(links);
        }
    });
    if session.stop.is_requested() {
        return Err(Failure::Interrupted);
    }
    for one in wanted {
        let seen = observation.get(one.node).zip(proofs.get(one.node));
        let Some((state, (proof, answers))) = seen else { continue };
        report.checks.extend(checks(one, state, proof, answers));
        if let Ok(judged) = &proof.containers
            && let Some(judgement) = judged.get(&one.spec.name)
        {
            report.containers.push(container(one, judgement));
        }
    }
    report.nodes = proofs
        .into_iter()
        .map(|(node, (proof, _))| NodeReport {
            node: node.to_owned(),
            notes: proof.notes,
            sample: proof.sample,
        })
        .collect();
    Ok(report)
}

pub(super) fn container(wanted: &Wanted<'_>, judgement: &Judgement) -> ContainerReport {
    ContainerReport {
        node: wanted.node.to_owned(),
        container: wanted.spec.name.clone(),
        cpus: wanted.spec.cpus.iter().copied().collect(),
        mems: wanted.spec.mems.iter().copied().collect(),
        threads: judgement.threads.clone(),
        intruders: judgement.intruders.clone(),
        shared: wanted.spec.labels.shared,
        sandbox: wanted.spec.runtime.as_deref().is_some_and(is_sandbox),
    }
}
