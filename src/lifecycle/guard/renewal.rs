//! The thread that keeps the leases of a run from ending, over lanes of its own.

use super::lanes::{Guard, State};
use crate::executor::Stopwatch;
use crate::lifecycle::failure::Failure;
use crate::lock::{LEASE, RENEWAL, Scope};
use crate::transport::{Exit, Stop, Transport, TransportError};
use std::collections::BTreeMap;

/// The thread's way to one node, opened when it is needed.
struct Way {
    lane: Option<Box<dyn Transport>>,
    /// Since the last renewal.
    quiet: Stopwatch,
}

/// Ends the thread, whichever way the work ends.
struct Over<'g> {
    guard: &'g Guard<'g>,
    quit: &'g Stop,
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.quit.request();
        self.guard.shared.locked().over = true;
        self.guard.shared.changed.notify_all();
    }
}

impl Guard<'_> {
    /// Does `work` while the locks are renewed. Where one is lost, `stop` is requested, and
    /// [`Guard::lost`] tells it.
    pub fn renewing<R>(&self, stop: &Stop, work: impl FnOnce() -> R) -> R {
        let quit = Stop::new();
        std::thread::scope(|scope| {
            scope.spawn(|| self.renew(stop, &quit));
            let _over = Over { guard: self, quit: &quit };
            work()
        })
    }

    /// The failure of a run that lost a lock on the way.
    pub fn lost(&self) -> Option<Failure> {
        let nodes = self.shared.locked().stopped_for.clone();
        (!nodes.is_empty()).then_some(Failure::LockLost(nodes))
    }

    fn renew(&self, stop: &Stop, quit: &Stop) {
        let (mut ways, mut watch) = (BTreeMap::new(), Stopwatch::start());
        loop {
            let left = RENEWAL.saturating_sub(watch.elapsed());
            let is_idle =
                |state: &mut State| !state.over && (state.lost.is_empty() || stop.is_requested());
            let state = self.shared.locked();
            let waited = self.shared.changed.wait_timeout_while(state, left, is_idle);
            let (mut state, timeout) = waited.expect("nothing panics while it holds it");
            if state.over {
                return;
            }
            if !timeout.timed_out() {
                // Unless the person wanted to stop, and that ended the lane.
                let State { stopped_for, lost, .. } = &mut *state;
                stopped_for.clone_from(lost);
                stop.request();
                continue;
            }
            drop(state);
            watch = Stopwatch::start();
            self.renew_all(&mut ways, quit);
        }
    }

    fn renew_all(&self, ways: &mut BTreeMap<String, Way>, quit: &Stop) {
        let held = self.held();
        for node in held.keys() {
            let new = || Way { lane: None, quiet: Stopwatch::start() };
            ways.entry(node.clone()).or_insert_with(new);
        }
        std::thread::scope(|scope| {
            for (node, way) in ways.iter_mut() {
                if let Some(scopes) = held.get(node) {
                    scope.spawn(|| {
                        let renewed = self.renew_one(node, scopes, way, quit);
                        // A node that cannot be reached ends the lease by its own clock.
                        let is_lost = renewed.map_or_else(
                            |_| way.quiet.elapsed() >= LEASE.saturating_sub(RENEWAL),
                            |kept| !kept,
                        );
                        if is_lost && !quit.is_requested() {
                            self.shared.lose(node, scopes);
                        }
                    });
                }
            }
        });
    }

    /// Whether all locks of a node are still held.
    fn renew_one(
        &self,
        node: &str,
        scopes: &[Scope],
        way: &mut Way,
        quit: &Stop,
    ) -> Result<bool, TransportError> {
        let mut lane = match way.lane.take() {
            Some(lane) => lane,
            None => self.connector.open(node, quit)?,
        };
        let output = lane.run(&self.claimant().renew(scopes), quit)?;
        if matches!(output.exit, Exit::Deadline(_)) {
            let reason = "no answer in time".to_owned();
            return Err(TransportError::Lost { node: node.to_owned(), reason });
        }
        way.lane = Some(lane);
        way.quiet = Stopwatch::start();
        Ok(output.exit == Exit::Code(0) && output.stdout.is_empty())
    }
}
