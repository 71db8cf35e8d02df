//! What a query of a docker-like engine printed.

use crate::cpu::CpuSet;
use crate::engine::token::present;
use crate::engine::{Inventory, Labels, Observed, ParseError, State};
use crate::model::EngineKind;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One container as the template of [`super::Oci::TEMPLATE`] prints it.
#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    id: String,
    name: String,
    labels: Option<BTreeMap<String, String>>,
    state: String,
    code: i32,
    image: String,
}

/// Lines `image DIGEST BYTES TOKEN` and `container PID JSON`, the latter followed by lines of its
/// `/proc/PID/status` while it runs.
pub(super) fn parse(engine: EngineKind, stdout: &str) -> Result<Inventory, ParseError> {
    let mut inventory = Inventory::default();
    for line in stdout.lines() {
        let wrong = || ParseError { engine, line: line.to_owned() };
        if let Some(image) = line.strip_prefix("image ") {
            inventory.images.extend([present(image).ok_or_else(wrong)?]);
        } else if let Some(shown) = line.strip_prefix("container ") {
            let (id, container) = container(engine, shown).ok_or_else(wrong)?;
            if container.labels.is_some() {
                // By cgroupfs and by systemd.
                inventory.cgroups.extend(match engine {
                    EngineKind::Podman => [format!("libpod-{id}"), format!("libpod-{id}.scope")],
                    _ => [format!("docker-{id}.scope"), id],
                });
            }
            inventory.containers.push(container);
        } else if let Some((key, list)) = line.split_once(':') {
            let container = inventory.containers.last_mut().ok_or_else(wrong)?;
            let list: CpuSet = list.parse().map_err(|_| wrong())?;
            match key {
                "Cpus_allowed_list" => container.cpus = Some(list),
                "Mems_allowed_list" => container.mems = Some(list),
                _ => return Err(wrong()),
            }
        } else {
            return Err(wrong());
        }
    }
    Ok(inventory)
}

fn container(engine: EngineKind, shown: &str) -> Option<(String, Observed)> {
    let (pid, json) = shown.split_once(' ')?;
    let pid: u32 = pid.parse().ok()?;
    let shown: Shown = serde_json::from_str(json).ok()?;
    let labels = shown.labels.unwrap_or_default();
    let observed = Observed {
        engine,
        // Docker's names begin with a slash.
        name: shown.name.strip_prefix('/').unwrap_or(&shown.name).to_owned(),
        labels: Labels::from_pairs(labels.iter().map(|(key, value)| (&**key, &**value))),
        state: state(pid, &shown.state, shown.code),
        cpus: None,
        mems: None,
        cgroup_cpus: None,
        cgroup_mems: None,
        image: shown.image,
    };
    Some((shown.id, observed))
}

fn state(pid: u32, word: &str, code: i32) -> State {
    match word {
        // Made and never started, or on its way out.
        "created" | "configured" | "initialized" | "dead" | "removing" => State::Broken,
        _ if pid > 0 => State::Running { pid },
        "exited" | "stopped" => State::Stopped { code: Some(code) },
        _ => State::Stopped { code: None },
    }
}
