//! What should run inside one container: its files, how it is waited for and stopped. It must not
//! know how an engine reaches into a container.

use super::wanted::Assignment;
use crate::app::{Deployment, Instance, RenderError, deploy, driver};
use crate::command::Secret;
use crate::model::{Group, PodOwners, Topology};
use crate::wiring::{ContainerWiring, PortKind};

/// How much of the apps is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendering {
    /// Everything.
    Whole,
    /// `ready`, `linked` and `stop` only, what a container that exists is waited for and stopped
    /// by: a file that cannot be rendered keeps nobody from stopping what runs.
    Control,
}

/// Where a container's app is rendered from, besides its group.
pub(super) struct Surroundings<'a> {
    pub(super) topology: &'a Topology,
    pub(super) owners: &'a PodOwners<'a>,
    pub(super) wiring: &'a ContainerWiring,
    pub(super) secrets: &'a [Secret],
    pub(super) rendering: Rendering,
}

/// Renders the app of one container; `None` where its group has none, and for a container without
/// CPUs: nobody placed it because it does not exist, and nothing is done inside it.
///
/// # Errors
/// The first template or setting that makes no file.
pub(super) fn render(
    around: &Surroundings<'_>,
    group: &Group,
    assignment: &Assignment,
) -> Result<Option<Deployment>, RenderError> {
    let Some(app) = group.app.as_ref().filter(|_| !assignment.cpus.is_empty()) else {
        return Ok(None);
    };
    let Assignment { node, ordinal, cpus, mems, .. } = assignment;
    let name = around.topology.container_name(node, &group.name, *ordinal);
    let instance = Instance {
        name: &name,
        node,
        group: &group.name,
        ordinal: *ordinal,
        cpus,
        mems,
        wiring: around.wiring,
        app,
    };
    if around.rendering == Rendering::Whole {
        return deploy(&instance).map(Some);
    }
    let driver = driver(&app.kind);
    Ok(Some(Deployment {
        ready: driver.ready(&instance)?,
        linked: driver.linked(&instance),
        stop: driver.stop(&instance)?,
        ..Deployment::default()
    }))
}

/// Those of the topology's secrets and of its memif links that are in what is delivered.
pub(super) fn secrets(
    deployment: &Deployment,
    group: &Group,
    name: &str,
    around: &Surroundings<'_>,
) -> Vec<Secret> {
    let Deployment { files, start, ready, linked, probe, stop, .. } = deployment;
    let texts = files.iter().map(|file| &file.content).chain([start, probe]);
    let installs = group.app.iter().flat_map(|app| app.install.commands.iter().flatten());
    let texts = texts.chain(ready).chain(linked).chain(stop).chain(installs);
    let texts: Vec<&String> = texts.collect();
    let occurs = |secret: &&Secret| texts.iter().any(|text| text.contains(&secret.value));
    let mut found: Vec<Secret> = around.secrets.iter().filter(occurs).cloned().collect();
    for port in &around.wiring.ports {
        let PortKind::Memif(memif) = &port.kind else { continue };
        let Some(value) = memif.options.secret.as_ref().filter(|value| !value.is_empty()) else {
            continue;
        };
        if !found.iter().any(|known| known.value == *value) {
            let name = format!("SECRET_{name}_{}", port.name).replace('-', "_");
            found.push(Secret { name, value: value.clone() });
        }
    }
    found
}

/// The containers at the other ends of the memif links of one, each once.
pub(super) fn peers(wiring: &ContainerWiring) -> Vec<String> {
    let memif = wiring.ports.iter().filter_map(|port| match &port.kind {
        PortKind::Memif(memif) => Some(memif.peer.clone()),
        PortKind::Nic { .. } | PortKind::Existing { .. } => None,
    });
    let mut peers: Vec<String> = memif.collect();
    peers.sort();
    peers.dedup();
    peers
}
