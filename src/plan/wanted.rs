//! What should be: one container specification per instance, with labels and hash.

use super::app::{Rendering, Surroundings, peers, render, secrets as secrets_of};
use super::hugepages;
use super::install;
use super::pods;
use super::profile;
use super::request::Refusal;
use crate::app::{Deployment, LAUNCH, RenderError};
use crate::command::Secret;
use crate::engine::{ContainerSpec, Labels, engine};
use crate::model::{
    Group, IdMap, ImageFile, Mount, Recipe, Topology, in_dependency_order, pod_owners,
};
use crate::wiring::{ContainerWiring, GUEST_FOLDER, PortKind, folder};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The CPUs and memory nodes one container was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Name of the node.
    pub node: String,
    /// Name of the group.
    pub group: String,
    /// Ordinal in the group, from 1.
    pub ordinal: u32,
    /// CPUs, main core first.
    pub cpus: Vec<u32>,
    /// Memory nodes.
    pub mems: Vec<u32>,
}

/// One container as it should be, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted<'a> {
    /// Name of the node.
    pub node: &'a str,
    /// Its group.
    pub group: &'a Group,
    /// Its ordinal, from 1.
    pub ordinal: u32,
    /// What it should be.
    pub spec: ContainerSpec,
    /// What should run inside, where its group has an app. Not part of the specification and its
    /// hash: what changes here is configured anew in the container that is there.
    pub app: Option<Deployment>,
    /// Values in what is delivered inside, or built into its image, that are never shown.
    pub secrets: Vec<Secret>,
    /// What its image is built by.
    pub recipe: Option<&'a Recipe>,
    /// Names of the containers at the other ends of its memif links, each once.
    pub peers: Vec<String>,
}

impl Wanted<'_> {
    /// What its engine cannot do of what it should be.
    pub fn refusals(&self) -> Vec<Refusal> {
        let refusal = |message| Refusal {
            node: self.node.to_owned(),
            container: self.spec.name.clone(),
            message,
            hint: format!(
                "take the key out of group `{}`, or choose another engine",
                self.group.name
            ),
        };
        let of_engine = engine(self.group.engine).refusals(&self.spec);
        of_engine.into_iter().chain(profile::refusals(self)).map(refusal).collect()
    }
}

/// Makes the specification of every assigned container, groups in dependency order.
///
/// # Errors
/// Every place whose template or setting makes no file, once.
pub fn wanted<'a>(
    topology: &'a Topology,
    assignments: &[Assignment],
    secrets: &[Secret],
    rendering: Rendering,
) -> Result<Vec<Wanted<'a>>, Vec<RenderError>> {
    let mut by_group: BTreeMap<&str, Vec<&Assignment>> = BTreeMap::new();
    for assignment in assignments {
        by_group.entry(&assignment.group).or_default().push(assignment);
    }
    let mut all = Vec::with_capacity(assignments.len());
    let mut errors: Vec<RenderError> = Vec::new();
    let wirings = &topology.wiring.containers;
    let unwired = ContainerWiring::default();
    let owners = pod_owners(&topology.groups);
    for group in in_dependency_order(&topology.groups) {
        let of_env: Vec<Secret> = secrets
            .iter()
            .filter(|secret| group.env.iter().any(|(_, value)| value.contains(&secret.value)))
            .cloned()
            .collect();
        let common = describe(group);
        for assignment in by_group.get(group.name.as_str()).into_iter().flatten() {
            let node = topology.nodes.iter().find(|node| node.name == assignment.node);
            let node = node.expect("assignments name nodes of the topology").name.as_str();
            let key = (node.to_owned(), group.name.clone(), assignment.ordinal);
            let wiring = wirings.get(&key).unwrap_or(&unwired);
            let around = Surroundings { topology, owners: &owners, wiring, secrets, rendering };
            match render(&around, group, assignment) {
                Ok(app) => {
                    let spec = specify(&around, group, assignment, &common, &of_env);
                    let recipe = recipe_of(topology, group);
                    let app_secrets =
                        app.as_ref().map(|app| secrets_of(app, group, &spec.name, &around));
                    let mut all_secrets = app_secrets.unwrap_or_default();
                    all_secrets.extend(recipe.map(|_| secrets).into_iter().flatten().cloned());
                    all.push(Wanted {
                        node,
                        group,
                        ordinal: assignment.ordinal,
                        spec,
                        app,
                        secrets: all_secrets,
                        recipe,
                        peers: peers(wiring),
                    });
                }
                // One template serves many containers.
                Err(error) if errors.iter().any(|known| known.place == error.place) => {}
                Err(error) => errors.push(error),
            }
        }
    }
    if errors.is_empty() { Ok(all) } else { Err(errors) }
}

fn recipe_of<'a>(topology: &'a Topology, group: &Group) -> Option<&'a Recipe> {
    group.image.recipe.as_ref().and_then(|name| topology.images.get(name))
}

fn specify(
    around: &Surroundings<'_>,
    group: &Group,
    assignment: &Assignment,
    common: &Map<String, Value>,
    secrets: &[Secret],
) -> ContainerSpec {
    let topology = around.topology;
    let name = topology.container_name(&assignment.node, &group.name, assignment.ordinal);
    let mut mounts = group.mounts.clone();
    mounts.extend(memif_mount(topology, around.wiring));
    let mut env = vec![("MICROSERVICE_LABEL".to_owned(), name.clone())];
    env.extend(group.env.iter().filter(|(key, _)| key != "MICROSERVICE_LABEL").cloned());
    let list = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let seat = pods::seat(topology, around.owners, group, &assignment.node, assignment.ordinal);
    let mut described = common.clone();
    described.extend(seat.iter().flat_map(pods::described));
    if !mounts.is_empty() {
        described.insert("mounts".into(), described_mounts(&mounts));
    }
    described.insert("cpuset_cpus".into(), json!(list(&assignment.cpus)));
    described.insert("cpuset_mems".into(), json!(list(&assignment.mems)));
    let described = Value::Object(described).to_string();
    let labels = Labels {
        topology: topology.name.clone(),
        node: assignment.node.clone(),
        group: group.name.clone(),
        index: assignment.ordinal,
        cpuset: list(&assignment.cpus),
        mems: list(&assignment.mems),
        shared: group.cpu.may_share(),
        hash: digest(&described),
        spec: described,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    ContainerSpec {
        name,
        image: install::image(group),
        command: command(group),
        is_entrypoint: group.app.is_some(),
        env,
        secrets: secrets.to_vec(),
        mounts,
        publish: group.publish.clone(),
        privileged: group.privileged,
        cap_add: group.cap_add.clone(),
        cap_drop: group.cap_drop.clone(),
        devices: group.devices.clone(),
        network: pods::network(around.owners, group),
        memory: group.memory,
        cpus: assignment.cpus.clone(),
        mems: assignment.mems.clone(),
        security: group.security.clone(),
        tmpfs: profile::tmpfs(group),
        kept: profile::kept(group),
        runtime: group.runtime.clone(),
        pod: seat,
        init: group.init,
        labels,
    }
}

/// The first process: the launcher of an app, or what the file says.
fn command(group: &Group) -> Vec<String> {
    match group.app {
        Some(_) => ["sh", "-c", LAUNCH].map(str::to_owned).into(),
        None => group.command.clone(),
    }
}

/// The folder of sockets that a container with memif ports shares with its neighbours.
fn memif_mount(topology: &Topology, wiring: &ContainerWiring) -> Option<Mount> {
    let has_memif = wiring.ports.iter().any(|port| matches!(port.kind, PortKind::Memif(_)));
    has_memif.then(|| Mount {
        // The `/` at its end has it made where it is missing.
        host: format!("{}/", folder(&topology.name)),
        guest: GUEST_FOLDER.to_owned(),
        read_only: false,
    })
}

fn described_mounts(mounts: &[Mount]) -> Value {
    let one = |mount: &Mount| {
        let access = if mount.read_only { "ro" } else { "rw" };
        format!("{}:{}:{access}", mount.host, mount.guest)
    };
    json!(mounts.iter().map(one).collect::<Vec<_>>())
}

/// The group's part of the specification, field by field; values of the environment as digests,
/// because they may be secret and the description is stored in the open.
fn describe(group: &Group) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| {
        fields.insert(key.to_owned(), value);
    };
    put("image", json!(group.image.name));
    put(
        "image_file",
        json!(group.image.file.as_ref().map(|file| match file {
            // Not the operator's path: the same file may lie elsewhere on another machine.
            ImageFile::Here(path) =>
                path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            ImageFile::Node(path) => format!("node:{path}"),
        })),
    );
    put("install", json!(install::kept_digest(group)));
    // With an app it is the launcher, whose text may change with the version.
    put("command", json!(group.command));
    put("app", json!(group.app.is_some()));
    for (name, value) in &group.env {
        put(&format!("env.{name}"), json!(digest(value)));
    }
    put("publish", json!(group.publish));
    put("runtime", json!(group.runtime));
    put("privileged", json!(group.privileged));
    put("cap_add", json!(group.cap_add));
    put("cap_drop", json!(group.cap_drop));
    put("devices", json!(group.devices));
    put(
        "idmap",
        match group.security.idmap {
            None => Value::Null,
            Some(IdMap::Auto) => json!("auto"),
            Some(IdMap::First(first)) => json!(first),
        },
    );
    profile::describe(&group.security, &mut put);
    put("network", json!(group.network));
    put("memory", json!(group.memory));
    put(pods::INIT, json!(group.init));
    put(hugepages::FIELD, hugepages::described(&group.hugepages));
    fields.retain(|_, value| {
        !matches!(value, Value::Null | Value::Bool(false)) && *value != json!([])
    });
    fields
}

/// The first 64 bits of SHA-256 in hexadecimal: enough to tell a change, short enough to store.
pub(super) fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    let head: [u8; 8] = hash[..8].try_into().expect("SHA-256 has 32 bytes");
    format!("{:016x}", u64::from_be_bytes(head))
}
