//! The reality check: what should be, read back from the kernel, and traffic over the links.

use crate::command::Command;
use crate::executor::Lanes;
use crate::link::{LinkSpec, driver};
use crate::plan::{
    Condition, NodeState, Observation, Wanted, compare, compare_links, real_cpus, real_mems,
};
use crate::transport::{Exit, Stop};
use std::collections::BTreeMap;

/// The result of a verification.
#[derive(Debug, Clone, Default)]
pub struct VerifyReport {
    /// Every check of every container, in the order of the topology.
    pub checks: Vec<Check>,
    /// Every link.
    pub links: Vec<LinkReport>,
}

/// One claim about a container and what reality says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Name of the node.
    pub node: String,
    /// Name of the container.
    pub container: String,
    /// What is claimed: `running`, `cpuset_cpus`, `cpuset_mems`.
    pub claim: &'static str,
    /// What should be.
    pub wanted: String,
    /// What is.
    pub found: String,
    /// Whether they agree.
    pub passed: bool,
}

/// One link and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkReport {
    /// Name of the node.
    pub node: String,
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
        self.checks.iter().all(|check| check.passed) && self.links.iter().all(LinkReport::passed)
    }
}

impl LinkReport {
    /// Whether the link is as it should be and carries traffic.
    pub fn passed(&self) -> bool {
        self.differences.is_empty() && self.pings.iter().all(|ping| ping.answered)
    }
}

/// Checks the wanted containers and links of observed nodes; pings run on all nodes at once.
pub fn verify(
    wanted: &[&Wanted<'_>],
    links: &BTreeMap<String, Vec<LinkSpec>>,
    observation: &Observation,
    lanes: &Lanes<'_>,
    stop: &Stop,
) -> VerifyReport {
    let checks = wanted
        .iter()
        .filter_map(|one| Some((one, observation.get(one.node)?)))
        .flat_map(|(one, state)| checks(one, state))
        .collect();
    let links = std::thread::scope(|scope| {
        let threads: Vec<_> = observation
            .iter()
            .map(|(node, state)| {
                let links = links.get(node).map_or(&[][..], Vec::as_slice);
                scope.spawn(move || node_links(node, links, state, lanes, stop))
            })
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join().expect("pings do not panic"));
        joined.flatten().collect()
    });
    VerifyReport { checks, links }
}

fn checks(wanted: &Wanted<'_>, state: &NodeState) -> Vec<Check> {
    let check = |claim, wanted_value: String, found: String| Check {
        node: wanted.node.to_owned(),
        container: wanted.spec.name.clone(),
        claim,
        passed: wanted_value == found,
        wanted: wanted_value,
        found,
    };
    let condition = compare(wanted, state);
    let found = match &condition {
        Condition::Running { .. } => "running".to_owned(),
        Condition::Absent => "absent".into(),
        Condition::Foreign { owner } => format!("foreign: {owner}"),
        Condition::Changed(changes) => {
            let fields: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
            format!("made from another specification: {}", fields.join(", "))
        }
        Condition::Broken => "half-made".into(),
        Condition::Stopped { code: Some(code) } => format!("stopped, exit code {code}"),
        Condition::Stopped { code: None } => "stopped".into(),
    };
    let mut checks = vec![check("running", "running".into(), found)];
    if let (Condition::Running { .. }, Some(seen)) = (&condition, wanted.observed(state)) {
        let text = |set: Option<&crate::cpu::CpuSet>| {
            set.map_or_else(|| "unknown".to_owned(), ToString::to_string)
        };
        checks.push(check(
            "cpuset_cpus",
            wanted.spec.cpuset(),
            text(real_cpus(seen, &wanted.spec.cpus)),
        ));
        checks.push(check(
            "cpuset_mems",
            wanted.spec.memset(),
            text(real_mems(seen, &wanted.spec.mems)),
        ));
    }
    checks
}

fn node_links(
    node: &str,
    links: &[LinkSpec],
    state: &NodeState,
    lanes: &Lanes<'_>,
    stop: &Stop,
) -> Vec<LinkReport> {
    let mut reports: Vec<(LinkReport, Option<Command>)> = compare_links(links, state)
        .into_iter()
        .map(|(link, seen)| {
            let report = LinkReport {
                node: node.to_owned(),
                link: link.name.clone(),
                differences: seen.differences,
                pings: Vec::new(),
            };
            // A missing link needs no ping to be found wrong.
            let command = if seen.absent { None } else { driver(link.kind).verify(link) };
            (report, command)
        })
        .collect();
    ping(node, &mut reports, lanes, stop);
    reports.into_iter().map(|(report, _)| report).collect()
}

/// Runs the pings of one node, all in flight on one lane.
fn ping(node: &str, reports: &mut [(LinkReport, Option<Command>)], lanes: &Lanes<'_>, stop: &Stop) {
    let mut pending: Vec<&mut (LinkReport, Option<Command>)> =
        reports.iter_mut().filter(|(_, command)| command.is_some()).collect();
    if pending.is_empty() {
        return;
    }
    let mut lane = match lanes.take(node, stop) {
        Ok(lane) => lane,
        Err(error) => {
            for (report, _) in pending {
                report.differences.push(format!("no ping sent: {error}"));
            }
            return;
        }
    };
    for (report, command) in &mut pending {
        let command = command.as_ref().expect("filtered above");
        match lane.run(command, stop) {
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stdout);
                report.pings.extend(text.lines().filter_map(read_ping));
                if output.exit != Exit::Code(0) && report.pings.is_empty() {
                    let stderr = String::from_utf8_lossy(&output.stderr);
                    let last = stderr.lines().last().unwrap_or("no reason given");
                    report.differences.push(format!("the ping could not be sent: {last}"));
                }
            }
            Err(error) => {
                report.differences.push(format!("no ping sent: {error}"));
                return;
            }
        }
    }
    lanes.put_back(node, lane);
}

/// One line of `ok|lost <from> <address>`.
fn read_ping(line: &str) -> Option<PingReport> {
    let mut words = line.split_whitespace();
    let answered = match words.next()? {
        "ok" => true,
        "lost" => false,
        _ => return None,
    };
    let (from, to) = (words.next()?.to_owned(), words.next()?.to_owned());
    Some(PingReport { from, to, answered })
}
