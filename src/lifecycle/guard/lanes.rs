//! Lanes that begin with a lock, and what they got.

use crate::command::Command;
use crate::lifecycle::failure::Blocked;
use crate::lock::{Answer, Claimant, Scope};
use crate::transport::{Connector, Exit, Output, Stop, Stream, Transport, TransportError};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// A connector whose lanes to a node come with the locks of a run.
pub struct Guard<'a> {
    pub(super) connector: &'a dyn Connector,
    pub(super) wait: Duration,
    /// Told once about each lock that is waited for.
    pub(super) tell: &'a (dyn Fn(&Blocked) + Sync),
    pub(super) shared: Arc<Shared>,
}

/// What lanes and threads of one run know together.
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) changed: Condvar,
}

pub(super) struct State {
    claimant: Claimant,
    generation: u32,
    /// What the first lane to a node asks for.
    scopes: Vec<Scope>,
    nodes: BTreeMap<String, Hold>,
    /// The run needs no locks any more.
    pub(super) over: bool,
    /// Nodes where a lock was lost.
    pub(super) lost: Vec<String>,
    /// Those of them for which the run was stopped.
    pub(super) stopped_for: Vec<String>,
    /// Lanes that nobody uses any more, and whose shells hold locks.
    retired: Vec<Box<dyn Transport>>,
}

/// What one node said and what is held there.
#[derive(Default)]
struct Hold {
    answer: Option<Result<Answer, String>>,
    /// Each lock with the shell it lives with.
    held: BTreeMap<Scope, Option<u32>>,
}

impl Shared {
    pub(super) fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the locks' state")
    }

    fn note(&self, node: &str, shell: Option<u32>, output: &Output) {
        let text = String::from_utf8_lossy(&output.stdout);
        let answer = match output.exit {
            Exit::Code(0) => Answer::parse(&text),
            exit => Err(complaint(exit, &String::from_utf8_lossy(&output.stderr))),
        };
        let mut state = self.locked();
        let hold = state.nodes.entry(node.to_owned()).or_default();
        if let Ok(answer) = &answer {
            hold.held.extend(answer.taken.iter().map(|scope| (*scope, shell)));
        }
        hold.answer = Some(answer);
        self.changed.notify_all();
    }

    /// Locks that were held at a node until now are not any more.
    pub(super) fn lose(&self, node: &str, scopes: &[Scope]) {
        let mut state = self.locked();
        let Some(hold) = state.nodes.get_mut(node) else { return };
        if scopes.iter().all(|scope| hold.held.contains_key(scope)) {
            hold.held.clear();
            state.lost.push(node.to_owned());
            self.changed.notify_all();
        }
    }

    /// A lane is given up: locks that lived with its shell end with it. After a deadline the shell
    /// may well be alive, so it is kept; where it is not, the next renewal finds out.
    fn gone(&self, node: &str, lane: Box<dyn Transport>, unanswered: bool, hung: bool) {
        let shell = lane.process();
        let mut state = self.locked();
        let Some(hold) = state.nodes.get_mut(node) else { return };
        if unanswered {
            state.nodes.remove(node);
        } else if shell.is_some() && hold.held.values().any(|holder| *holder == shell) {
            if hung {
                state.retired.push(lane);
                return;
            }
            hold.held.clear();
            state.lost.push(node.to_owned());
        }
        self.changed.notify_all();
    }
}

/// The last thing a failed command said.
fn complaint(exit: Exit, stderr: &str) -> String {
    let last = stderr.lines().rev().map(str::trim).find(|line| !line.is_empty());
    last.map_or_else(|| format!("{exit:?}"), str::to_owned)
}

impl<'a> Guard<'a> {
    /// A guard over the lanes of `connector`; nothing is opened or locked yet. `tell` hears of each
    /// lock that has to be waited for, for `wait` in all.
    pub fn new(
        connector: &'a dyn Connector,
        claimant: Claimant,
        wait: Duration,
        tell: &'a (dyn Fn(&Blocked) + Sync),
    ) -> Self {
        let state = State {
            claimant,
            generation: 0,
            scopes: Vec::new(),
            nodes: BTreeMap::new(),
            over: false,
            lost: Vec::new(),
            stopped_for: Vec::new(),
            retired: Vec::new(),
        };
        let shared = Shared { state: Mutex::new(state), changed: Condvar::new() };
        Self { connector, wait, tell, shared: Arc::new(shared) }
    }

    /// The first lane to each node asks for these from now on.
    pub(super) fn want(&self, scopes: &[Scope]) {
        self.shared.locked().scopes = scopes.to_vec();
    }

    pub(in crate::lifecycle) fn claimant(&self) -> Claimant {
        self.shared.locked().claimant.clone()
    }

    pub(super) fn note(&self, node: &str, shell: Option<u32>, output: &Output) {
        self.shared.note(node, shell, output);
    }

    /// The last answer of each node.
    pub(super) fn answers(&self) -> Vec<(String, Result<Answer, String>)> {
        let state = self.shared.locked();
        let nodes = state.nodes.iter();
        nodes.filter_map(|(node, hold)| Some((node.clone(), hold.answer.clone()?))).collect()
    }

    /// All nodes that answered, in the order that all runs share.
    pub(super) fn nodes(&self) -> Vec<String> {
        let mut nodes: Vec<(String, String)> = self
            .answers()
            .into_iter()
            .map(|(node, answer)| (answer.map(|answer| answer.machine).unwrap_or_default(), node))
            .collect();
        nodes.sort();
        nodes.into_iter().map(|(_, node)| node).collect()
    }

    /// What is held of `scopes`, by node.
    pub(super) fn held(&self) -> BTreeMap<String, Vec<Scope>> {
        let state = self.shared.locked();
        let held = state.nodes.iter().map(|(node, hold)| (node, &hold.held));
        let held = held.filter(|(_, held)| !held.is_empty());
        held.map(|(node, held)| (node.clone(), held.keys().copied().collect())).collect()
    }

    /// As [`Guard::held`]; it counts as held no more.
    pub(super) fn given_up(&self, scopes: &[Scope]) -> BTreeMap<String, Vec<Scope>> {
        let mut given = self.held();
        for held in given.values_mut() {
            held.retain(|scope| scopes.contains(scope));
        }
        given.retain(|_, held| !held.is_empty());
        let mut state = self.shared.locked();
        for hold in state.nodes.values_mut() {
            hold.held.retain(|scope, _| !scopes.contains(scope));
        }
        given
    }

    /// After a loss: the locks to take again, as another run than the one that lost them.
    pub(super) fn begin_anew(&self) -> Vec<Scope> {
        let mut state = self.shared.locked();
        state.lost.clear();
        state.generation += 1;
        let run = state.claimant.run.split('.').next().unwrap_or_default().to_owned();
        state.claimant.run = format!("{run}.{}", state.generation);
        state.scopes.clone()
    }
}

impl Connector for Guard<'_> {
    fn open(&self, node: &str, stop: &Stop) -> Result<Box<dyn Transport>, TransportError> {
        let lane = self.connector.open(node, stop)?;
        let shared = Arc::clone(&self.shared);
        let lane = Some(lane);
        let mut lane = Held { lane, node: node.to_owned(), shared, unanswered: false, hung: false };
        let is_free = self.steps_per_lane(node) <= 1;
        let (scopes, claimant) = {
            let mut state = self.shared.locked();
            // Where lanes are free, several are opened at once: the first asks for all of them.
            while is_free && state.nodes.get(node).is_some_and(|hold| hold.answer.is_none()) {
                state = self.shared.changed.wait(state).expect("nothing panics while it holds it");
            }
            if state.nodes.contains_key(node) || state.scopes.is_empty() {
                return Ok(Box::new(lane));
            }
            state.nodes.insert(node.to_owned(), Hold::default());
            (state.scopes.clone(), state.claimant.clone())
        };
        lane.unanswered = true;
        let take = claimant.take(&scopes, Duration::ZERO, lane.process());
        lane.lane().send(&take)?;
        if is_free {
            lane.answer(stop)?;
        }
        Ok(Box::new(lane))
    }

    fn steps_per_lane(&self, node: &str) -> usize {
        self.connector.steps_per_lane(node)
    }
}

/// A lane that may hold locks.
struct Held {
    /// There until it is dropped.
    lane: Option<Box<dyn Transport>>,
    node: String,
    shared: Arc<Shared>,
    /// The node's answer about the locks is still to come, before everything else.
    unanswered: bool,
    /// Its last command outlived its deadline.
    hung: bool,
}

impl Held {
    fn lane(&mut self) -> &mut dyn Transport {
        self.lane.as_mut().expect("it is there until it is dropped").as_mut()
    }

    fn answer(&mut self, stop: &Stop) -> Result<(), TransportError> {
        let output = self.lane().receive(stop, &mut |_, _| ())?;
        self.unanswered = false;
        self.shared.note(&self.node, self.process(), &output);
        Ok(())
    }
}

impl Transport for Held {
    fn send(&mut self, command: &Command) -> Result<(), TransportError> {
        self.lane().send(command)
    }

    fn receive(
        &mut self,
        stop: &Stop,
        sink: &mut dyn FnMut(Stream, &[u8]),
    ) -> Result<Output, TransportError> {
        if self.unanswered {
            self.answer(stop)?;
        }
        let output = self.lane().receive(stop, sink)?;
        self.hung = matches!(output.exit, Exit::Deadline(_));
        Ok(output)
    }

    fn process(&self) -> Option<u32> {
        self.lane.as_ref().and_then(|lane| lane.process())
    }

    fn depth(&self) -> usize {
        self.lane.as_ref().map_or(1, |lane| lane.depth())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(lane) = self.lane.take() {
            self.shared.gone(&self.node, lane, self.unanswered, self.hung);
        }
    }
}
