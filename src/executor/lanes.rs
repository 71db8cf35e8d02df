//! Lanes kept open between plans: the probe's lane is the first step's lane.

use crate::transport::{Connector, Stop, Transport, TransportError};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Idle lanes by node, and the way to more of them.
pub struct Lanes<'a> {
    connector: &'a dyn Connector,
    idle: Mutex<BTreeMap<String, Vec<Box<dyn Transport>>>>,
}

impl<'a> Lanes<'a> {
    /// No lane is open yet.
    pub fn new(connector: &'a dyn Connector) -> Self {
        Self { connector, idle: Mutex::default() }
    }

    /// An idle lane to `node`, or a new one.
    pub fn take(&self, node: &str, stop: &Stop) -> Result<Box<dyn Transport>, TransportError> {
        let idle = self.locked().get_mut(node).and_then(Vec::pop);
        idle.map_or_else(|| self.connector.open(node, stop), Ok)
    }

    /// How many steps make one more lane to `node` worth its login, at least 1.
    pub fn steps_per_lane(&self, node: &str) -> usize {
        self.connector.steps_per_lane(node).max(1)
    }

    /// Keeps a lane that is in order for the next who needs one.
    pub fn put_back(&self, node: &str, lane: Box<dyn Transport>) {
        self.locked().entry(node.to_owned()).or_default().push(lane);
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<Box<dyn Transport>>>> {
        self.idle.lock().expect("nothing panics while it holds the idle lanes")
    }
}
