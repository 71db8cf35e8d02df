//! Which nodes have the program that images are packed with.

use super::fan_out::{Child, fan_out};
use super::session::Session;
use crate::command::Command;
use crate::engine::Packing;
use crate::plan::Observation;
use crate::transport::Exit;
use std::collections::BTreeSet;

/// The nodes that have it. One that does not answer now does without.
pub(super) fn packers(
    session: &Session<'_>,
    observation: &Observation,
    packing: Packing,
) -> BTreeSet<String> {
    let Some(program) = packing.program() else { return BTreeSet::new() };
    let ask = Command::sh("command -v \"$1\"", [program]);
    let child = |node: &String| Child {
        node: node.clone(),
        container: String::new(),
        command: ask.clone(),
    };
    let children: Vec<Child> = observation.keys().map(child).collect();
    let outputs = fan_out(&session.lanes, &children, 1, session.stop, &|_, _, _| ());
    let has = outputs
        .iter()
        .map(|output| output.as_ref().is_ok_and(|output| output.exit == Exit::Code(0)));
    observation.keys().zip(has).filter(|(_, has)| *has).map(|(node, _)| node.clone()).collect()
}
