//! Places of containers in pods, as they should be and as labels tell.

use crate::engine::{Observed, PodSeat};
use crate::model::{Group, PodOwners, Topology};
use serde_json::{Value, json};

/// Field of a description that holds the name of the pod.
const POD: &str = "pod";

/// Field of a description that holds the name of the container it joins.
const OWNER: &str = "pod_owner";

/// The place of one container.
pub(super) fn seat(
    topology: &Topology,
    owners: &PodOwners<'_>,
    group: &Group,
    node: &str,
    ordinal: u32,
) -> Option<PodSeat> {
    let pod = group.pod.as_deref()?;
    let owner = owners.get(pod)?;
    let owns = owner.name == group.name && ordinal == 1;
    let owner = (!owns).then(|| topology.container_name(node, &owner.name, 1));
    Some(PodSeat { pod: pod.to_owned(), owner })
}

/// The network of a group: its pod's.
pub(super) fn network(owners: &PodOwners<'_>, group: &Group) -> Option<String> {
    let owner = group.pod.as_deref().and_then(|pod| owners.get(pod));
    owner.map_or(&group.network, |owner| &owner.network).clone()
}

/// Fields of a container's description.
pub(super) fn described(seat: &PodSeat) -> Vec<(String, Value)> {
    let owner = seat.owner.iter().map(|owner| (OWNER.to_owned(), json!(owner)));
    std::iter::once((POD.to_owned(), json!(seat.pod))).chain(owner).collect()
}

/// The place a container was made for.
pub(super) fn seat_of(container: &Observed) -> Option<PodSeat> {
    let spec: Value = serde_json::from_str(&container.labels.as_ref()?.spec).ok()?;
    let text = |field: &str| spec.get(field).and_then(Value::as_str).map(str::to_owned);
    Some(PodSeat { pod: text(POD)?, owner: text(OWNER) })
}
