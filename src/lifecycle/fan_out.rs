//! Runs one command per container, many at once, and hands their output on as it comes.

use crate::command::Command;
use crate::engine::{Observed, State};
use crate::executor::Lanes;
use crate::plan::Observation;
use crate::transport::{Output, Stop, Stream, TransportError};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

/// One command in (or about) one container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Name of the node.
    pub node: String,
    /// Name of the container.
    pub container: String,
    /// What runs on the node.
    pub command: Command,
}

/// Who gets output as it comes: the child's index, the stream, the bytes.
pub type Sink<'a> = dyn Fn(usize, Stream, &[u8]) + Sync + 'a;

/// Containers of a topology on the observed nodes, by node name then engine.
pub fn existing<'o>(
    topology: &str,
    observation: &'o Observation,
    is_selected: &dyn Fn(&str, &str, &str) -> bool,
) -> Vec<(&'o str, &'o Observed)> {
    let mut found = Vec::new();
    for (node, state) in observation {
        let inventories = state.inventories.values().flatten();
        for container in inventories.flat_map(|inventory| &inventory.containers) {
            let Some(labels) = &container.labels else { continue };
            if labels.topology == topology && is_selected(&container.name, &labels.group, node) {
                found.push((node.as_str(), container));
            }
        }
    }
    found
}

/// Whether a container's first process lives.
pub fn is_running(container: &Observed) -> bool {
    matches!(container.state, State::Running { .. })
}

/// Runs all children, up to `jobs` at once on each node; results in their order.
pub fn fan_out(
    lanes: &Lanes<'_>,
    children: &[Child],
    jobs: usize,
    stop: &Stop,
    sink: &Sink<'_>,
) -> Vec<Result<Output, TransportError>> {
    let mut queues: BTreeMap<&str, VecDeque<usize>> = BTreeMap::new();
    for (id, child) in children.iter().enumerate() {
        queues.entry(&child.node).or_default().push_back(id);
    }
    let results: Mutex<Vec<Option<Result<Output, TransportError>>>> =
        Mutex::new(children.iter().map(|_| None).collect());
    std::thread::scope(|scope| {
        for (node, queue) in queues {
            let lanes_here = jobs.clamp(1, queue.len());
            let queue = std::sync::Arc::new(Mutex::new(queue));
            for _ in 0..lanes_here {
                let (queue, results) = (std::sync::Arc::clone(&queue), &results);
                scope.spawn(move || {
                    let next = || queue.lock().expect("taking does not panic").pop_front();
                    while let Some(id) = next() {
                        let result = one(lanes, node, id, &children[id], stop, sink);
                        results.lock().expect("storing does not panic")[id] = Some(result);
                    }
                });
            }
        }
    });
    let results = results.into_inner().expect("storing does not panic");
    results.into_iter().map(|result| result.expect("every child was run")).collect()
}

fn one(
    lanes: &Lanes<'_>,
    node: &str,
    id: usize,
    child: &Child,
    stop: &Stop,
    sink: &Sink<'_>,
) -> Result<Output, TransportError> {
    let mut lane = lanes.take(node, stop)?;
    lane.send(&child.command)?;
    let output = lane.receive(stop, &mut |stream, bytes| sink(id, stream, bytes))?;
    lanes.put_back(node, lane);
    Ok(output)
}
