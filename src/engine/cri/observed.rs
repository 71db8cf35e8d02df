//! What a query of a CRI runtime printed.

use crate::cpu::CpuSet;
use crate::engine::token::present;
use crate::engine::{Inventory, Labels, Observed, ParseError, State};
use crate::model::EngineKind;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `crictl ps --output json`.
#[derive(Debug, Deserialize)]
struct List {
    #[serde(default)]
    containers: Vec<Shown>,
}

#[derive(Debug, Deserialize)]
struct Shown {
    id: String,
    metadata: Metadata,
    #[serde(default)]
    image: ImageSpec,
    state: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
struct ImageSpec {
    #[serde(default, rename = "userSpecifiedImage")]
    asked: String,
    #[serde(default)]
    image: String,
}

/// Lines `image DIGEST BYTES TOKEN`, one line `containers JSON`, then `state ID PID CODE`, followed
/// by lines of `/proc/PID/status` while it runs.
pub(super) fn parse(stdout: &str) -> Result<Inventory, ParseError> {
    let mut inventory = Inventory::default();
    // By id: its place in the inventory.
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut current = None;
    for line in stdout.lines() {
        let wrong = || ParseError { engine: EngineKind::Cri, line: line.to_owned() };
        if let Some(image) = line.strip_prefix("image ") {
            inventory.images.extend([present(image).ok_or_else(wrong)?]);
        } else if let Some(json) = line.strip_prefix("containers ") {
            let list: List = serde_json::from_str(json).map_err(|_| wrong())?;
            for shown in list.containers {
                places.insert(shown.id.clone(), inventory.containers.len());
                let container = observed(&shown);
                if container.labels.is_some() {
                    // By cgroupfs and by systemd, of containerd and of CRI-O.
                    let id = &shown.id;
                    inventory.cgroups.extend([
                        id.clone(),
                        format!("cri-containerd-{id}.scope"),
                        format!("crio-{id}"),
                        format!("crio-{id}.scope"),
                    ]);
                }
                inventory.containers.push(container);
            }
        } else if let Some(state) = line.strip_prefix("state ") {
            let mut words = state.split(' ');
            let place = words.next().and_then(|id| places.get(id).copied());
            let pid: u32 = words.next().and_then(|pid| pid.parse().ok()).ok_or_else(wrong)?;
            let code: i32 = words.next().and_then(|code| code.parse().ok()).ok_or_else(wrong)?;
            current = place;
            // One that came after the list.
            let Some(container) = place.map(|place| &mut inventory.containers[place]) else {
                continue;
            };
            container.state = match container.state {
                State::Running { .. } => State::Running { pid },
                State::Stopped { .. } => State::Stopped { code: Some(code) },
                State::Broken => State::Broken,
            };
        } else if let Some((key, list)) = line.split_once(':') {
            let list: CpuSet = list.parse().map_err(|_| wrong())?;
            let Some(container) = current.map(|place: usize| &mut inventory.containers[place])
            else {
                continue;
            };
            match key {
                "Cpus_allowed_list" => container.cpus = Some(list),
                "Mems_allowed_list" => container.mems = Some(list),
                _ => return Err(wrong()),
            }
        } else {
            return Err(wrong());
        }
    }
    // Between the list and the question it came to its end.
    for container in &mut inventory.containers {
        if container.state == (State::Running { pid: 0 }) {
            container.state = State::Stopped { code: None };
        }
    }
    Ok(inventory)
}

fn observed(shown: &Shown) -> Observed {
    let pairs = shown.annotations.iter().map(|(key, value)| (&**key, &**value));
    Observed {
        engine: EngineKind::Cri,
        name: shown.metadata.name.clone(),
        labels: Labels::from_pairs(pairs),
        state: match shown.state.as_str() {
            "CONTAINER_RUNNING" => State::Running { pid: 0 },
            "CONTAINER_EXITED" => State::Stopped { code: None },
            _ => State::Broken,
        },
        cpus: None,
        mems: None,
        cgroup_cpus: None,
        cgroup_mems: None,
        image: if shown.image.asked.is_empty() { &shown.image.image } else { &shown.image.asked }
            .clone(),
    }
}
