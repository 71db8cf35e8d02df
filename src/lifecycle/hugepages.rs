//! Huge pages that are not there end a run before its first act.

use super::failure::Failure;
use crate::model::Topology;
use crate::plan::{Observation, Request, Target, Transfer, Verb, Wanted, hugepages, targets};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a person should know of the pages that a request needs: node and sentence.
pub(super) fn require_hugepages(
    request: &Request<'_>,
    targets: &[Target<'_>],
) -> Result<Vec<(String, String)>, Failure> {
    let found = hugepages(request, targets);
    if found.refusals.is_empty() {
        Ok(found.warnings)
    } else {
        Err(Failure::Placement(found.refusals))
    }
}

/// As a `create --recreate` would find it, for those who only want to know.
pub fn check_hugepages(
    topology: &Topology,
    wanted: &[Wanted<'_>],
    observation: &Observation,
    is_selected: &dyn Fn(&str, &str, &str) -> bool,
) -> Result<Vec<(String, String)>, Failure> {
    let nothing = BTreeMap::new();
    let request = Request {
        verb: Verb::Create,
        topology: &topology.name,
        is_selected,
        depends_on: &BTreeMap::new(),
        order: &BTreeMap::new(),
        recreate: true,
        grace: Duration::ZERO,
        timeout: None,
        transfer: &Transfer::default(),
    };
    require_hugepages(&request, &targets(wanted, &nothing, observation))
}
