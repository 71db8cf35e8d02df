//! `doctor`: asks every node what it is and has, and hands the answers to the judgement. Nothing is
//! changed, and nothing but a POSIX shell is taken to be there.

use super::failure::{Failure, NodeFailure};
use super::hugepages::check_hugepages;
use super::observe::{ask, read_probe, why};
use super::place::place;
use super::prepare::wanted;
use super::session::Session;
use crate::doctor::{Case, Finding, Needs, findings};
use crate::executor::{Lanes, wall_clock};
use crate::facts::{self, Facts, Health, examine, parse_health};
use crate::model::{EngineKind, ImageFile, Node};
use crate::plan::{NodeState, Observation, Refusal, has_image};
use crate::transport::{Exit, TransportError};
use std::collections::BTreeMap;

/// What was found on one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Name of the node.
    pub node: String,
    /// Its distribution and version, as it tells them.
    pub os: String,
    /// What is not as it should be, worst first.
    pub findings: Vec<Finding>,
}

/// What a node answered.
struct Answers {
    facts: Facts,
    health: Health,
    no_root: Option<String>,
    skew: Option<f64>,
}

/// Examines the nodes for which `is_meant`, all at once; those that do not answer are returned
/// beside the others. `bare` leads to the same nodes without becoming root.
///
/// # Errors
/// Templates that cannot be rendered, and an interruption.
pub fn examine_nodes(
    session: &Session<'_>,
    bare: &Lanes<'_>,
    is_meant: &dyn Fn(&Node) -> bool,
) -> Result<(Vec<Examined>, Vec<NodeFailure>), Failure> {
    let topology = &session.loaded.topology;
    let nodes: Vec<&Node> = topology.nodes.iter().filter(|node| is_meant(node)).collect();
    let answers: Vec<Result<Answers, TransportError>> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            nodes.iter().map(|node| scope.spawn(|| question(session, bare, node))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().expect("examining does not panic")
        };
        threads.into_iter().map(join).collect()
    });
    let (mut known, mut failures) = (Vec::new(), Vec::new());
    for (node, answer) in nodes.into_iter().zip(answers) {
        match answer {
            Ok(answer) => known.push((node, answer)),
            Err(TransportError::Interrupted) => return Err(Failure::Interrupted),
            Err(error) => failures.push(NodeFailure { node: node.name.clone(), error }),
        }
    }
    let rooted = known.iter().filter(|(_, answers)| answers.no_root.is_none());
    let facts = rooted.map(|(node, answers)| (node.name.clone(), answers.facts.clone())).collect();
    // Who has its CPUs, where the node can tell; a bare one has no containers.
    let mut states = session.see_known(&facts).observation;
    let mut examined = Vec::new();
    for (node, answers) in known {
        let bare = || NodeState { facts: answers.facts.clone(), ..NodeState::default() };
        let state = states.remove(&node.name).unwrap_or_else(bare);
        let images = lacking(session, node, &state);
        let refusals = refusals(session, node, state)?;
        let case = Case {
            topology,
            node,
            facts: &answers.facts,
            health: &answers.health,
            no_root: answers.no_root.as_deref(),
            skew: answers.skew,
            images: &images,
            refusals: &refusals,
        };
        let name = answers.health.os.first().map_or("unknown", String::as_str);
        let os = format!("{name} {}", answers.health.version).trim_end().to_owned();
        examined.push(Examined { node: node.name.clone(), os, findings: findings(&case) });
    }
    Ok((examined, failures))
}

/// Asks one node, as root or, where it cannot be had, as its login user.
fn question(
    session: &Session<'_>,
    bare: &Lanes<'_>,
    node: &Node,
) -> Result<Answers, TransportError> {
    match question_over(session, &session.lanes, node) {
        Err(TransportError::Become { reason, .. }) => {
            let answers = question_over(session, bare, node)?;
            Ok(Answers { no_root: Some(reason), ..answers })
        }
        other => other,
    }
}

fn question_over(
    session: &Session<'_>,
    lanes: &Lanes<'_>,
    node: &Node,
) -> Result<Answers, TransportError> {
    let needs = Needs::of(&session.loaded.topology, node);
    let modules = needs.modules.iter().map(|(name, (option, _))| (*name, *option));
    let engines = needs.engines.iter().map(|engine| engine.word());
    let commands = [session.probe_of(node), examine(needs.tools.keys().copied(), modules, engines)];
    // The way to the node is open before its clock counts.
    lanes.put_back(&node.name, lanes.take(&node.name, session.stop)?);
    let before = wall_clock();
    let outputs = ask(lanes, &node.name, &commands, session.stop)?;
    let after = wall_clock();
    let lost = |reason: String| TransportError::Lost { node: node.name.clone(), reason };
    let facts = facts::parse(&read_probe(&node.name, &outputs[0])?);
    let facts = facts.map_err(|error| lost(error.to_string()))?;
    let health = Some(&outputs[1]).filter(|output| output.exit == Exit::Code(0));
    let health = health.and_then(|output| parse_health(&String::from_utf8_lossy(&output.stdout)));
    let health = health.ok_or_else(|| lost(format!("no diagnosis: {}", why(&outputs[1]))))?;
    let skew = health.time.map(|time| skew(time, before, after));
    Ok(Answers { facts, health, no_root: None, skew })
}

/// How far a clock that said `time` (whole seconds) between `before` and `after` is off, at least.
fn skew(time: u64, before: f64, after: f64) -> f64 {
    let time = std::time::Duration::from_secs(time).as_secs_f64();
    if time > after { time - after } else { (time + 1.0 - before).min(0.0) }
}

/// KiB of the tarballs here that each engine of a node lacks.
fn lacking(session: &Session<'_>, node: &Node, state: &NodeState) -> BTreeMap<EngineKind, u64> {
    let mut sizes = BTreeMap::new();
    let mut seen = Vec::new();
    let groups = session.loaded.topology.groups.iter();
    for group in groups.filter(|group| group.nodes.contains(&node.name)) {
        let key = (group.engine, &group.image);
        let Some(ImageFile::Here(path)) = &group.image.file else { continue };
        if seen.contains(&key) || has_image(state, group.engine, &group.image) {
            continue;
        }
        seen.push(key);
        #[expect(clippy::disallowed_methods, reason = "the file that would be sent")]
        let bytes = std::fs::metadata(path).map_or(0, |file| file.len());
        *sizes.entry(group.engine).or_default() += bytes >> 10;
    }
    sizes
}

/// What placement and huge pages of one node forbid.
fn refusals(
    session: &Session<'_>,
    node: &Node,
    state: NodeState,
) -> Result<Vec<(&'static str, Refusal)>, Failure> {
    let topology = &session.loaded.topology;
    let observation = Observation::from([(node.name.clone(), state)]);
    let about = |subject, refusals: Vec<Refusal>| {
        refusals.into_iter().map(|refusal| (subject, refusal)).collect()
    };
    let placed = match place(topology, &observation) {
        Ok(placed) => placed,
        Err(Failure::Placement(refusals)) => return Ok(about("placement", refusals)),
        Err(other) => return Err(other),
    };
    let all = wanted(session.loaded, &placed.assignments)?;
    match check_hugepages(topology, &all, &observation, &|_, _, _| true) {
        Ok(_) => Ok(Vec::new()),
        Err(Failure::Placement(refusals)) => Ok(about("huge pages", refusals)),
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::skew;

    #[test]
    fn a_clock_of_whole_seconds_is_off_when_nothing_else_explains_it() {
        assert!(skew(100, 100.2, 100.9).abs() < 1e-9, "it may be right");
        assert!(skew(99, 99.9, 103.0).abs() < 1e-9, "the way took its time");
        assert!((skew(110, 100.0, 101.0) - 9.0).abs() < 1e-9);
        assert!((skew(90, 100.0, 101.0) + 9.0).abs() < 1e-9);
    }
}
