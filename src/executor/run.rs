//! Threads, one per lane, that take ready steps and feed them to their lane.

use super::event::{Event, Outcome, Reporter};
use super::lanes::Lanes;
use super::permit::Permit;
use super::schedule::{OnError, Schedule};
use crate::command::Command;
use crate::plan::{Plan, StepId};
use crate::transport::{Exit, Output, Stop, Stream, Transport, TransportError};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// How a plan is run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Lanes per node, at least 1.
    pub jobs: usize,
    /// What a failure means.
    pub on_error: OnError,
}

/// How long steps that run when the end is asked for may still take before they are ended.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// After how many more bytes from another node that is told again.
const TELL_EVERY: u64 = 1 << 20;

/// How often a waiting thread looks at the stop flag.
const STOP_POLL: Duration = Duration::from_millis(50);

/// Runs a plan and returns the outcome of every step, in the order of the plan.
///
/// After a request to stop nothing new is started; what runs gets [`STOP_GRACE`] to end, then it
/// is ended on the node too.
pub fn execute(
    plan: &Plan,
    lanes: &Lanes<'_>,
    _permit: &Permit,
    options: Options,
    stop: &Stop,
    reporter: &dyn Reporter,
) -> Vec<Outcome> {
    let mut steps_of: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for step in &plan.steps {
        let (working, waiting) = steps_of.entry(&step.node).or_default();
        *if step.waits() { waiting } else { working } += 1;
    }
    let mut serving = BTreeMap::new();
    for (&node, &(working, waiting)) in &steps_of {
        let worth = waiting.max(working.div_ceil(lanes.steps_per_lane(node)));
        serving.insert(node, options.jobs.clamp(1, worth));
    }
    let nodes = serving.clone();
    let run = Run {
        plan,
        lanes,
        reporter,
        schedule: Mutex::new(Schedule::new(plan, options.on_error)),
        changed: Condvar::new(),
        kill: Stop::new(),
        serving: Mutex::new(serving),
    };
    std::thread::scope(|scope| {
        let run = &run;
        let names: Vec<&str> = nodes.keys().copied().collect();
        scope.spawn(move || run.watch(stop, &names));
        for (node, lanes) in nodes {
            for _ in 0..lanes {
                scope.spawn(move || run.lane(node, lanes));
            }
        }
    });
    run.schedule.into_inner().expect("no lane thread panicked").into_outcomes()
}

/// A step that a lane was fed with, and what of it runs.
#[derive(Clone, Copy)]
struct Flight<'p> {
    id: StepId,
    command: &'p Command,
}

/// What came of waiting for a step.
enum Received<'p> {
    /// Its end; where it outlived its deadline, the lane may have gone with it.
    Ended { outlived: bool },
    /// It failed, and this is to be tried instead.
    Otherwise(&'p Command),
}

struct Run<'p> {
    plan: &'p Plan,
    lanes: &'p Lanes<'p>,
    reporter: &'p dyn Reporter,
    schedule: Mutex<Schedule<'p>>,
    changed: Condvar,
    /// Ends running commands; set [`STOP_GRACE`] after the person asked to stop.
    kill: Stop,
    /// By node: lanes that are open or may still be opened.
    serving: Mutex<BTreeMap<&'p str, usize>>,
}

impl<'p> Run<'p> {
    fn locked(&self) -> MutexGuard<'_, Schedule<'p>> {
        self.schedule.lock().expect("no lane thread panicked")
    }

    /// Turns the person's wish to stop into a halt at once and a kill after the grace.
    fn watch(&self, stop: &Stop, nodes: &[&str]) {
        let mut schedule = self.locked();
        let mut waited: Option<Duration> = None;
        while !nodes.iter().all(|node| schedule.is_finished(node)) {
            if stop.is_requested() && waited.is_none() {
                let skipped = schedule.halt("interrupted");
                self.tell_skipped(&schedule, &skipped);
                self.changed.notify_all();
                waited = Some(Duration::ZERO);
            }
            let (next, timeout) =
                self.changed.wait_timeout(schedule, STOP_POLL).expect("no lane thread panicked");
            schedule = next;
            if timeout.timed_out()
                && let Some(waited) = &mut waited
            {
                *waited += STOP_POLL;
                if *waited >= STOP_GRACE {
                    self.kill.request();
                }
            }
        }
    }

    /// One lane's life: wait for work, open, feed, receive.
    fn lane(&self, node: &str, lanes: usize) {
        if !self.wait_for_work(node) {
            return;
        }
        let mut lane = match self.lanes.take(node, &self.kill) {
            Ok(lane) => lane,
            Err(error) => return self.could_not_open(node, error),
        };
        let mut in_flight: VecDeque<Flight<'p>> = VecDeque::new();
        // The last step outlived its deadline, and the lane may have gone with it.
        let mut hung = false;
        loop {
            while !hung && let Some(id) = self.take_more(node, lanes, &in_flight, lane.depth()) {
                self.reporter.event(&Event::Started { id, step: &self.plan.steps[id] });
                let command = &self.plan.steps[id].command;
                in_flight.push_back(Flight { id, command });
                if let Err(error) = lane.send(command) {
                    return self.lost(in_flight, error);
                }
            }
            if let Some(&flight) = in_flight.front() {
                match self.receive(flight, &mut lane) {
                    Ok(Received::Ended { outlived }) => {
                        hung = outlived;
                        in_flight.pop_front();
                    }
                    Ok(Received::Otherwise(command)) => {
                        in_flight.pop_front();
                        in_flight.push_back(Flight { id: flight.id, command });
                        if let Err(error) = lane.send(command) {
                            return self.lost(in_flight, error);
                        }
                    }
                    // Its shell was ended with the command before: these never began.
                    Err(TransportError::Lost { .. }) if hung => {
                        for Flight { id, .. } in in_flight.drain(..) {
                            let reason = "it was queued behind a command that hung".into();
                            self.finish(id, Outcome::Skipped { reason }, Duration::ZERO);
                        }
                    }
                    Err(error) => return self.lost(in_flight, error),
                }
                if hung && in_flight.is_empty() {
                    hung = false;
                    lane = match self.lanes.take(node, &self.kill) {
                        Ok(lane) => lane,
                        Err(error) => return self.could_not_open(node, error),
                    };
                }
            } else if !self.wait_for_work(node) {
                return self.lanes.put_back(node, lane);
            }
        }
    }

    /// Waits for one step.
    fn receive(
        &self,
        Flight { id, command }: Flight<'p>,
        lane: &mut Box<dyn Transport>,
    ) -> Result<Received<'p>, TransportError> {
        let (mut fed, mut told) = (0, 0);
        let output = lane.receive(&self.kill, &mut |stream, _| {
            if let Stream::Fed(bytes) = stream {
                fed = bytes;
                if fed - told >= TELL_EVERY {
                    told = fed;
                    self.reporter.event(&Event::Bytes { id, bytes });
                }
            }
        });
        if fed > told {
            self.reporter.event(&Event::Bytes { id, bytes: fed });
        }
        let output = output?;
        let failed = matches!(output.exit, Exit::Code(code) if !command.accepts(code));
        if let Some(other) = command.otherwise.as_deref().filter(|_| failed) {
            return Ok(Received::Otherwise(other));
        }
        self.finish(id, judge(command, &output), output.elapsed);
        Ok(Received::Ended { outlived: matches!(output.exit, Exit::Deadline(_)) })
    }

    /// Blocks until a step of the node waits; false = the node is finished.
    fn wait_for_work(&self, node: &str) -> bool {
        let mut schedule = self.locked();
        while schedule.ready_count(node) == 0 {
            if schedule.is_finished(node) {
                return false;
            }
            schedule = self.changed.wait(schedule).expect("no lane thread panicked");
        }
        true
    }

    /// One more step for a lane with steps in flight: its share of what waits, at most the lane's
    /// depth, and nothing behind a step that only waits itself.
    fn take_more(
        &self,
        node: &str,
        lanes: usize,
        in_flight: &VecDeque<Flight<'_>>,
        depth: usize,
    ) -> Option<StepId> {
        let mut schedule = self.locked();
        let share = schedule.ready_count(node).div_ceil(lanes).clamp(1, depth.max(1));
        let is_held = in_flight.iter().any(|flight| self.plan.steps[flight.id].waits());
        if is_held || in_flight.len() >= share { None } else { schedule.take(node) }
    }

    fn finish(&self, id: StepId, outcome: Outcome, elapsed: Duration) {
        let step = &self.plan.steps[id];
        self.reporter.event(&Event::Finished { id, step, outcome: &outcome, elapsed });
        let mut schedule = self.locked();
        let skipped = schedule.finish(id, outcome);
        self.tell_skipped(&schedule, &skipped);
        self.changed.notify_all();
    }

    fn tell_skipped(&self, schedule: &Schedule<'_>, skipped: &[StepId]) {
        for &id in skipped {
            if let Some(outcome) = schedule.outcome(id) {
                let step = &self.plan.steps[id];
                self.reporter.event(&Event::Finished {
                    id,
                    step,
                    outcome,
                    elapsed: Duration::ZERO,
                });
            }
        }
    }

    /// A lane less. The node may serve fewer than asked for; without any its next step fails.
    fn could_not_open(&self, node: &str, error: TransportError) {
        let is_last = {
            let mut serving = self.serving.lock().expect("no lane thread panicked");
            let left = serving.get_mut(node).expect("every node of the plan is counted");
            *left -= 1;
            *left == 0
        };
        if !is_last || !self.wait_for_work(node) {
            return;
        }
        let first = self.locked().take(node);
        if let Some(id) = first {
            self.finish(id, Outcome::Transport(error), Duration::ZERO);
        }
    }

    /// The lane broke: its first step's fate is known to be unknown, the others never started.
    fn lost(&self, in_flight: VecDeque<Flight<'_>>, error: TransportError) {
        let interrupted = matches!(error, TransportError::Interrupted);
        let mut error = Some(error);
        for Flight { id, .. } in in_flight {
            let outcome = match error.take() {
                Some(error) => Outcome::Transport(error),
                None if interrupted => Outcome::Skipped { reason: "interrupted".into() },
                None => Outcome::Transport(TransportError::Lost {
                    node: self.plan.steps[id].node.clone(),
                    reason: "it was queued behind the step that lost the connection".into(),
                }),
            };
            self.finish(id, outcome, Duration::ZERO);
        }
    }
}

fn judge(command: &Command, output: &Output) -> Outcome {
    match output.exit {
        Exit::Code(code) if command.accepts(code) => Outcome::Done,
        exit => Outcome::Failed {
            exit,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        },
    }
}
