//! What the query printed.

use crate::cpu::CpuSet;
use crate::engine::token::present;
use crate::engine::{Inventory, Labels, Observed, ParseError, State};
use crate::model::EngineKind;

/// Lines `image DIGEST BYTES TOKEN` and `container NAME`, the latter followed by lines of its configuration
/// (labels, image, root), its state and lines of its first process's `/proc/PID/status`.
pub(super) fn parse(stdout: &str) -> Result<Inventory, ParseError> {
    let engine = EngineKind::Lxc;
    let mut inventory = Inventory::default();
    let mut labels: Vec<(String, String)> = Vec::new();
    for line in stdout.lines() {
        let wrong = || ParseError { engine, line: line.to_owned() };
        if let Some(image) = line.strip_prefix("image ") {
            inventory.images.extend([present(image).ok_or_else(wrong)?]);
            continue;
        }
        if let Some(name) = line.strip_prefix("container ") {
            labels.clear();
            inventory.containers.push(Observed {
                engine,
                name: name.to_owned(),
                labels: None,
                state: State::Stopped { code: None },
                cpus: None,
                mems: None,
                cgroup_cpus: None,
                cgroup_mems: None,
                image: String::new(),
            });
            continue;
        }
        let container = inventory.containers.last_mut().ok_or_else(wrong)?;
        if let Some(state) = line.strip_prefix("state ") {
            container.state = state_of(state).ok_or_else(wrong)?;
        } else if let Some(label) = line.strip_prefix("# vnfctl.") {
            let (key, value) = label.split_once(" = ").ok_or_else(wrong)?;
            labels.push((format!("{}{key}", Labels::PREFIX), value.to_owned()));
            inventory.cgroups.insert(format!("lxc.payload.{}", container.name));
            container.labels = Labels::from_pairs(labels.iter().map(|(k, v)| (&**k, &**v)));
        } else if let Some(image) = line.strip_prefix("# vnfctl-image = ") {
            image.clone_into(&mut container.image);
        } else if line.trim_start().starts_with("lxc.rootfs.path") {
            let (_, path) = line.split_once('=').ok_or_else(wrong)?;
            if container.image.is_empty() {
                path.trim().clone_into(&mut container.image);
            }
        } else if let Some(list) = line.strip_prefix("Cpus_allowed_list:") {
            container.cpus = Some(list.parse::<CpuSet>().map_err(|_| wrong())?);
        } else if let Some(list) = line.strip_prefix("Mems_allowed_list:") {
            container.mems = Some(list.parse::<CpuSet>().map_err(|_| wrong())?);
        } else {
            return Err(wrong());
        }
    }
    Ok(inventory)
}

fn state_of(word: &str) -> Option<State> {
    Some(match word {
        "stopped" => State::Stopped { code: None },
        "broken" => State::Broken,
        pid => State::Running { pid: pid.parse().ok()? },
    })
}
