//! Holds the locks of one run: two runs never give one core twice, nor work on one topology at once.
//!
//! The first lane to each node begins with the lock, in the same round trip as the look that follows.
//! Whoever does not get all locks at once gives back those it got and then waits for one after the
//! other in an order that all runs share (topology before node, then by machine), so that no two
//! runs wait for each other; what was seen before is looked at again. The locks live as long as the
//! lanes that took them, and are renewed by a thread. It must not print.

mod lanes;
mod renewal;

pub use lanes::Guard;

use super::failure::{Blocked, Failure, Kept, NodeFailure};
use super::session::Session;
use crate::command::Command;
use crate::executor::Stopwatch;
use crate::lock::{Answer, Scope};
use crate::plan::Refusal;
use crate::transport::{Output, Stop, TransportError};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long the end of an own lane may take to be seen on its node.
const REGAIN: Duration = Duration::from_secs(5);

impl Guard<'_> {
    /// Does `look`, which reaches nodes, under the locks of `scopes`. It is done again when another
    /// run had to be waited for.
    pub fn enter<T>(
        &self,
        session: &Session<'_>,
        scopes: &[Scope],
        look: &dyn Fn() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.want(scopes);
        let seen = look();
        let result = match (seen, self.blocked()) {
            (Err(Failure::Interrupted), _) => Err(Failure::Interrupted),
            (_, Err(failure)) => Err(failure),
            (seen, Ok(blocked)) if blocked.is_empty() => seen,
            (Err(Failure::Nodes(failures)), _) => Err(Failure::Nodes(failures)),
            (_, Ok(blocked)) => self.queue(session, scopes, blocked).and_then(|()| look()),
        };
        if result.is_err() {
            self.let_go(session, &[Scope::Topology, Scope::Node]);
        }
        result
    }

    /// Takes more locks on all nodes that were seen; an error leaves the others held.
    pub fn take(&self, session: &Session<'_>, scopes: &[Scope]) -> Result<(), Failure> {
        let nodes = self.nodes();
        let results =
            each(&nodes, &|node| self.ask(session, node, scopes, Duration::ZERO, session.stop));
        results.into_iter().collect::<Result<(), _>>()?;
        let blocked = self.blocked()?;
        if blocked.is_empty() { Ok(()) } else { self.queue(session, scopes, blocked) }
    }

    /// Gives locks back. What cannot be reached any more ends by itself.
    pub fn let_go(&self, session: &Session<'_>, scopes: &[Scope]) {
        let held = self.given_up(scopes);
        let nodes: Vec<String> = held.keys().cloned().collect();
        each(&nodes, &|node| {
            run(session, node, &self.claimant().release(&held[node]), &Stop::new())
        });
    }

    /// Has all locks again after lanes that held some were ended, to take back what was done.
    pub fn regain(&self, session: &Session<'_>) -> Result<(), Failure> {
        if self.shared.locked().lost.is_empty() {
            return Ok(());
        }
        self.let_go(session, &[Scope::Topology, Scope::Node]);
        let scopes = self.begin_anew();
        self.in_order(session, &scopes, REGAIN, &Stop::new())
    }

    /// What each node said last, its reservation among it.
    pub(super) fn reservations(&self) -> BTreeMap<String, Answer> {
        let answers = self.answers().into_iter();
        answers.filter_map(|(node, answer)| Some((node, answer.ok()?))).collect()
    }

    /// Waits for all locks, one after the other.
    fn queue(
        &self,
        session: &Session<'_>,
        scopes: &[Scope],
        blocked: Vec<Blocked>,
    ) -> Result<(), Failure> {
        self.let_go(session, scopes);
        if self.wait.is_zero() {
            return Err(Failure::Locked { blocked, waited: Duration::ZERO });
        }
        for one in &blocked {
            (self.tell)(one);
        }
        self.in_order(session, scopes, self.wait, session.stop)
    }

    fn in_order(
        &self,
        session: &Session<'_>,
        scopes: &[Scope],
        wait: Duration,
        stop: &Stop,
    ) -> Result<(), Failure> {
        let watch = Stopwatch::start();
        let mut scopes = scopes.to_vec();
        scopes.sort();
        for scope in scopes {
            for node in self.nodes() {
                let left = wait.saturating_sub(watch.elapsed());
                self.ask(session, &node, &[scope], left, stop)?;
                // What the others said before their turn is no word of now.
                let mut blocked = self.blocked()?;
                blocked.retain(|blocked| blocked.node == node);
                if !blocked.is_empty() {
                    return Err(Failure::Locked { blocked, waited: wait });
                }
            }
        }
        Ok(())
    }

    /// Asks one node for locks and notes its answer.
    fn ask(
        &self,
        session: &Session<'_>,
        node: &str,
        scopes: &[Scope],
        wait: Duration,
        stop: &Stop,
    ) -> Result<(), Failure> {
        let failed = |error| failure(node, error);
        let mut lane = session.lanes.take(node, stop).map_err(failed)?;
        let shell = lane.process();
        let command = self.claimant().take(scopes, wait, shell);
        let output = lane.run(&command, stop).map_err(failed)?;
        self.note(node, shell, &output);
        session.lanes.put_back(node, lane);
        Ok(())
    }

    /// Which locks others hold, by the last answers; an error where waiting would not help.
    fn blocked(&self) -> Result<Vec<Blocked>, Failure> {
        let (mut refusals, mut kept, mut blocked) = (Vec::new(), Vec::new(), Vec::new());
        for (node, answer) in self.answers() {
            match answer {
                Err(message) => refusals.push(Refusal {
                    node,
                    container: String::new(),
                    message: format!("cannot lock it: {message}"),
                    hint: String::new(),
                }),
                Ok(Answer { refused: true, reservation: Some(reservation), now, .. }) => {
                    kept.push(Kept { node, reservation, now });
                }
                Ok(Answer { busy: Some(busy), .. }) => {
                    let topology = self.claimant().topology;
                    blocked.push(Blocked { node, topology, busy });
                }
                Ok(_) => {}
            }
        }
        if !refusals.is_empty() {
            return Err(Failure::Refused(refusals));
        }
        if kept.is_empty() { Ok(blocked) } else { Err(Failure::Reserved(kept)) }
    }
}

/// Runs one command of a node on one of its lanes.
pub(super) fn run(
    session: &Session<'_>,
    node: &str,
    command: &Command,
    stop: &Stop,
) -> Result<Output, TransportError> {
    let mut lane = session.lanes.take(node, stop)?;
    let output = lane.run(command, stop)?;
    session.lanes.put_back(node, lane);
    Ok(output)
}

/// Does the same on each node at once; results in the order of the nodes.
pub(super) fn each<T: Send>(nodes: &[String], act: &(dyn Fn(&str) -> T + Sync)) -> Vec<T> {
    if let [node] = nodes {
        return vec![act(node)];
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = nodes.iter().map(|node| scope.spawn(move || act(node))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, T>| {
            thread.join().expect("a lock command does not panic")
        };
        threads.into_iter().map(join).collect()
    })
}

pub(super) fn failure(node: &str, error: TransportError) -> Failure {
    match error {
        TransportError::Interrupted => Failure::Interrupted,
        error => Failure::Nodes(vec![NodeFailure { node: node.to_owned(), error }]),
    }
}
