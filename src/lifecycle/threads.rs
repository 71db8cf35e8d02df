//! One look at the threads of a node, and another where what was wrong may pass by itself.

use super::session::Session;
use crate::command::Command;
use crate::cpu::CpuSet;
use crate::engine::{Observed, State};
use crate::plan::{NodeState, Wanted};
use crate::threads::{
    Intruder, Judgement, Note, Party, Sample, Scene, Snapshot, parse_snapshot, parse_two_snapshots,
    sample, sampled_cpus, snapshot, two_snapshots,
};
use crate::transport::{Exit, Transport, TransportError};
use std::collections::BTreeMap;
use std::time::Duration;

/// Looks at most: a thread is seen before it pins itself, a task of others while it ends.
const LOOKS: usize = 3;

/// What the look at one node's threads proved.
#[derive(Debug)]
pub(super) struct Proof {
    /// By container name; an error says why nothing is known.
    pub(super) containers: Result<BTreeMap<String, Judgement>, String>,
    pub(super) notes: Vec<Note>,
    pub(super) sample: Option<Sample>,
}

/// Looks at the threads of the containers that run, until they are right or [`LOOKS`] are over.
pub(super) fn prove_threads(
    session: &Session<'_>,
    node: &str,
    state: &NodeState,
    running: &[(&Wanted<'_>, &Observed)],
    pause: Option<Duration>,
) -> Proof {
    if running.is_empty() {
        return Proof { containers: Ok(BTreeMap::new()), notes: Vec::new(), sample: None };
    }
    let cast = Cast::new(state, running);
    match cast.prove(session, node, state, pause) {
        Ok(proof) => proof,
        Err(reason) => Proof { containers: Err(reason), notes: Vec::new(), sample: None },
    }
}

/// The running containers of a node, and which of them are judged.
struct Cast {
    parties: Vec<Party>,
    judged: Vec<usize>,
}

impl Cast {
    fn new(state: &NodeState, running: &[(&Wanted<'_>, &Observed)]) -> Self {
        let (mut parties, mut judged) = (Vec::new(), Vec::new());
        let inventories = state.inventories.values().flatten();
        for found in inventories.flat_map(|inventory| &inventory.containers) {
            let State::Running { pid } = found.state else { continue };
            let labels = found.labels.as_ref();
            let wanted = running.iter().find(|(_, seen)| std::ptr::eq(*seen, found));
            if wanted.is_some() {
                judged.push(parties.len());
            }
            let set =
                |text: Option<&String>| text.and_then(|text| text.parse().ok()).unwrap_or_default();
            parties.push(Party {
                name: found.name.clone(),
                topology: labels.map(|labels| labels.topology.clone()),
                pid,
                cpus: match wanted {
                    Some((wanted, _)) => wanted.spec.cpus.iter().copied().collect(),
                    None => set(labels.map(|labels| &labels.cpuset)),
                },
                mems: match wanted {
                    Some((wanted, _)) => wanted.spec.mems.iter().copied().collect(),
                    None => set(labels.map(|labels| &labels.mems)),
                },
                shared: match wanted {
                    Some((wanted, _)) => wanted.spec.labels.shared,
                    None => labels.is_some_and(|labels| labels.shared),
                },
            });
        }
        Self { parties, judged }
    }

    fn prove(
        &self,
        session: &Session<'_>,
        node: &str,
        state: &NodeState,
        pause: Option<Duration>,
    ) -> Result<Proof, String> {
        let mut lane = session.lanes.take(node, session.stop).map_err(|error| error.to_string())?;
        let machine = &state.facts.machine;
        let mut looks = 1;
        let seen = loop {
            let text = ask(session, lane.as_mut(), snapshot(), Duration::ZERO)?;
            let seen = parse_snapshot(&text).map_err(|error| error.to_string())?;
            let scene = Scene::new(&seen, machine, &self.parties);
            if looks == LOOKS || self.is_right(&self.judge(&scene)) {
                break seen;
            }
            looks += 1;
            // A `sleep` that knows no fractions makes it no worse than no pause.
            ask(
                session,
                lane.as_mut(),
                Command::new(["sleep", "0.1"]).accept(&[1]),
                Duration::ZERO,
            )?;
        };
        let scene = Scene::new(&seen, machine, &self.parties);
        let judgements = self.judge(&scene);
        let shared = |party: &usize| self.parties[*party].shared;
        let tolerated: Vec<Intruder> = judgements
            .iter()
            .filter(|(party, _)| shared(party))
            .flat_map(|(_, judgement)| judgement.intruders.iter().cloned())
            .collect();
        let notes = scene.notes(&self.judged, &tolerated);
        let name = |party: usize| self.parties[party].name.clone();
        let containers = judgements.into_iter().map(|(party, one)| (name(party), one)).collect();
        let sample = match pause {
            Some(pause) => Some(self.sample(session, lane.as_mut(), state, pause)?),
            None => None,
        };
        session.lanes.put_back(node, lane);
        Ok(Proof { containers: Ok(containers), notes, sample })
    }

    fn judge(&self, scene: &Scene<'_>) -> Vec<(usize, Judgement)> {
        self.judged.iter().map(|&party| (party, scene.judge(party))).collect()
    }

    fn is_right(&self, judgements: &[(usize, Judgement)]) -> bool {
        judgements.iter().all(|(party, judgement)| {
            let given = &self.parties[*party];
            let granted = judgement.granted.as_ref();
            granted.is_none_or(|granted| granted.cpus == given.cpus && granted.mems == given.mems)
                && !judgement.threads.is_empty()
                && judgement.threads.iter().all(|thread| thread.passed)
                && (given.shared || judgement.intruders.is_empty())
        })
    }

    fn sample(
        &self,
        session: &Session<'_>,
        lane: &mut dyn Transport,
        state: &NodeState,
        pause: Duration,
    ) -> Result<Sample, String> {
        let machine = &state.facts.machine;
        let given = self.judged.iter().flat_map(|&party| self.parties[party].cpus.0.iter());
        let cpus = sampled_cpus(machine, &given.copied().collect::<CpuSet>());
        let text = ask(session, lane, two_snapshots(pause, &cpus), pause)?;
        let (before, after): (Snapshot, Snapshot) =
            parse_two_snapshots(&text, &cpus).map_err(|error| error.to_string())?;
        Ok(sample(&before, &Scene::new(&after, machine, &self.parties), &self.judged))
    }
}

/// Runs one command that waits for `pause`; an error is a sentence. Nothing is put back after an error.
fn ask(
    session: &Session<'_>,
    lane: &mut dyn Transport,
    mut command: Command,
    pause: Duration,
) -> Result<String, String> {
    if let Some(timeout) = session.timeout {
        command.deadline = Some(timeout + pause);
    }
    let output = lane.run(&command, session.stop);
    let output = output.map_err(|error: TransportError| error.to_string())?;
    match output.exit {
        Exit::Code(code) if command.accepts(code) => {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Exit::Deadline(after) => {
            Err(format!("no answer about the threads within {} s", after.as_secs()))
        }
        _ => {
            let stderr = String::from_utf8_lossy(&output.stderr);
            let last = stderr.lines().last().unwrap_or("no reason given");
            Err(format!("the look at the threads failed: {last}"))
        }
    }
}
