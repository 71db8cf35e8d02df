//! Keeps whole nodes for a person, and lets them go.

use super::failure::{Failure, Kept};
use super::guard::{Guard, each, failure, run};
use super::session::Session;
use crate::command::Command;
use crate::engine::State;
use crate::lock::{Places, Reservation, Scope, parse_reservation, query_reservation};
use crate::model::Node;
use crate::plan::{NodeState, Refusal};
use crate::transport::{Exit, Stop};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A node that was reserved or released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// Name of the node.
    pub node: String,
    /// The reservation: the new one, or the one that was released; `None` = there was none.
    pub reservation: Option<Reservation>,
    /// Topologies with running containers there.
    pub topologies: Vec<String>,
}

/// Reserves all nodes for which `is_meant`, or none.
pub fn reserve(
    session: &Session<'_>,
    guard: &Guard<'_>,
    (reason, ttl): (&str, Option<Duration>),
    is_meant: &dyn Fn(&Node) -> bool,
) -> Result<Vec<Reserved>, Failure> {
    let look = || session.see_all(is_meant).require(false);
    let seen = guard.enter(session, &[Scope::Node], &look)?;
    let (person, places) = (guard.claimant().person, Places::default());
    let (mut wanted, mut before) = (BTreeMap::new(), BTreeMap::new());
    for (node, answer) in guard.reservations() {
        let old = answer.reservation;
        let new = Reservation::anew(&person, reason, ttl, answer.now, old.as_ref());
        wanted.insert(node.clone(), new.write(&places));
        let undo = old.map_or_else(|| Reservation::remove(&places), |old| old.write(&places));
        before.insert(node, (new, undo));
    }
    let result = on_nodes(session, &wanted, session.stop);
    if result.is_err() {
        let undo = before.iter().map(|(node, (_, undo))| (node.clone(), undo.clone())).collect();
        // The first failure is the one to tell.
        let _ = on_nodes(session, &undo, &Stop::new());
    }
    guard.let_go(session, &[Scope::Node]);
    result?;
    let reserved = before.into_iter().map(|(node, (reservation, _))| Reserved {
        topologies: seen.observation.get(&node).map(topologies).unwrap_or_default(),
        reservation: Some(reservation),
        node,
    });
    Ok(reserved.collect())
}

/// Releases all nodes for which `is_meant`.
pub fn release(
    session: &Session<'_>,
    guard: &Guard<'_>,
    is_meant: &dyn Fn(&Node) -> bool,
) -> Result<Vec<Reserved>, Failure> {
    let look = || session.probe(is_meant).require(false);
    guard.enter(session, &[Scope::Node], &look)?;
    let answers = guard.reservations();
    let remove = Reservation::remove(&Places::default());
    let removals = answers.keys().map(|node| (node.clone(), remove.clone())).collect();
    let result = on_nodes(session, &removals, session.stop);
    guard.let_go(session, &[Scope::Node]);
    result?;
    let released = answers.into_iter().map(|(node, answer)| Reserved {
        node,
        reservation: answer.reservation,
        topologies: Vec::new(),
    });
    Ok(released.collect())
}

/// Reservations of the nodes of an observation, whoever's. Nodes that do not tell are left out.
pub fn reservations(session: &Session<'_>, nodes: &[String]) -> Vec<Kept> {
    let kept = |(node, now, found): (_, _, Option<Reservation>)| {
        Some(Kept { node, reservation: found?, now })
    };
    told(session, nodes).into_iter().filter_map(kept).collect()
}

/// What `reserve` (with `terms`) or `release` would do for `person` (empty = whoever), without a
/// lock and without doing it.
pub fn rehearse_reservation(
    session: &Session<'_>,
    person: &str,
    terms: Option<(&str, Option<Duration>)>,
    is_meant: &dyn Fn(&Node) -> bool,
) -> Result<Vec<Reserved>, Failure> {
    let seen = session.probe(is_meant).require(false)?;
    let nodes: Vec<String> = seen.observation.into_keys().collect();
    let (mut theirs, mut would) = (Vec::new(), Vec::new());
    for (node, now, found) in told(session, &nodes) {
        match found {
            Some(reservation) if !person.is_empty() && reservation.person != person => {
                theirs.push(Kept { node, reservation, now });
            }
            old => {
                let anew =
                    |(reason, ttl)| Reservation::anew(person, reason, ttl, now, old.as_ref());
                let reservation = terms.map(anew).or_else(|| old.clone());
                would.push(Reserved { node, reservation, topologies: Vec::new() });
            }
        }
    }
    if theirs.is_empty() { Ok(would) } else { Err(Failure::Reserved(theirs)) }
}

/// What nodes say when they are asked: their time, and who has them.
fn told(session: &Session<'_>, nodes: &[String]) -> Vec<(String, u64, Option<Reservation>)> {
    let query = query_reservation(&Places::default());
    let told = each(nodes, &|node| {
        let output = run(session, node, &query, session.stop).ok()?;
        let (now, found) = parse_reservation(&String::from_utf8_lossy(&output.stdout)).ok()?;
        Some((node.to_owned(), now, found))
    });
    told.into_iter().flatten().collect()
}

/// Runs a command per node, all at once.
fn on_nodes(
    session: &Session<'_>,
    commands: &BTreeMap<String, Command>,
    stop: &Stop,
) -> Result<(), Failure> {
    let nodes: Vec<String> = commands.keys().cloned().collect();
    let results = each(&nodes, &|node| {
        let output =
            run(session, node, &commands[node], stop).map_err(|error| failure(node, error))?;
        if output.exit == Exit::Code(0) {
            return Ok(());
        }
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let (node, container, hint) = (node.to_owned(), String::new(), String::new());
        Err(Failure::Refused(vec![Refusal { node, container, message, hint }]))
    });
    results.into_iter().collect()
}

/// Topologies with running containers on a node.
fn topologies(state: &NodeState) -> Vec<String> {
    let found = state.inventories.values().flatten().flat_map(|inventory| &inventory.containers);
    let running = found.filter(|one| matches!(one.state, State::Running { .. }));
    let names: BTreeSet<&str> =
        running.filter_map(|one| Some(one.labels.as_ref()?.topology.as_str())).collect();
    names.into_iter().map(str::to_owned).collect()
}
