//! What should be: one container specification per instance, with labels and hash.

use super::hugepages;
use super::request::Refusal;
use crate::command::Secret;
use crate::engine::{ContainerSpec, Labels, engine};
use crate::model::{Group, ImageFile, Topology};
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
    /// Its app, rendered; `None` = it has none.
    pub app: Option<crate::app::Deployment>,
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
        engine(self.group.engine).refusals(&self.spec).into_iter().map(refusal).collect()
    }
}

/// Makes the specification of every assigned container, groups in dependency order.
pub fn wanted<'a>(
    topology: &'a Topology,
    assignments: &[Assignment],
    secrets: &[Secret],
) -> Vec<Wanted<'a>> {
    let mut by_group: BTreeMap<&str, Vec<&Assignment>> = BTreeMap::new();
    for assignment in assignments {
        by_group.entry(&assignment.group).or_default().push(assignment);
    }
    let mut all = Vec::with_capacity(assignments.len());
    for group in in_dependency_order(&topology.groups) {
        let secrets: Vec<Secret> = secrets
            .iter()
            .filter(|secret| group.env.iter().any(|(_, value)| value.contains(&secret.value)))
            .cloned()
            .collect();
        let common = describe(group);
        for assignment in by_group.get(group.name.as_str()).into_iter().flatten() {
            let node = topology.nodes.iter().find(|node| node.name == assignment.node);
            let node = node.expect("assignments name nodes of the topology").name.as_str();
            let spec = specify(topology, group, assignment, &common, &secrets);
            all.push(Wanted { node, group, ordinal: assignment.ordinal, spec, app: None });
        }
    }
    all
}

/// Groups so that each comes after those it depends on; the order of the file otherwise. The
/// model has refused cycles.
fn in_dependency_order(groups: &[Group]) -> Vec<&Group> {
    let mut ordered: Vec<&Group> = Vec::with_capacity(groups.len());
    while ordered.len() < groups.len() {
        let placed = |name: &String| ordered.iter().any(|group| group.name == *name);
        let next = groups
            .iter()
            .find(|group| !placed(&group.name) && group.depends_on.iter().all(placed))
            .expect("the model refuses dependency cycles");
        ordered.push(next);
    }
    ordered
}

fn specify(
    topology: &Topology,
    group: &Group,
    assignment: &Assignment,
    common: &Map<String, Value>,
    secrets: &[Secret],
) -> ContainerSpec {
    let name = topology.container_name(&assignment.node, &group.name, assignment.ordinal);
    let mut env = vec![("MICROSERVICE_LABEL".to_owned(), name.clone())];
    env.extend(group.env.iter().filter(|(key, _)| key != "MICROSERVICE_LABEL").cloned());
    let list = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let mut described = common.clone();
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
        image: group.image.clone(),
        command: group.command.clone(),
        env,
        secrets: secrets.to_vec(),
        mounts: group.mounts.clone(),
        publish: group.publish.clone(),
        privileged: group.privileged,
        cap_add: group.cap_add.clone(),
        cap_drop: group.cap_drop.clone(),
        devices: group.devices.clone(),
        network: group.network.clone(),
        memory: group.memory,
        cpus: assignment.cpus.clone(),
        mems: assignment.mems.clone(),
        labels,
    }
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
    put("command", json!(group.command));
    for (name, value) in &group.env {
        put(&format!("env.{name}"), json!(digest(value)));
    }
    let mounts = group.mounts.iter().map(|mount| {
        let access = if mount.read_only { "ro" } else { "rw" };
        format!("{}:{}:{access}", mount.host, mount.guest)
    });
    put("mounts", json!(mounts.collect::<Vec<_>>()));
    put("publish", json!(group.publish));
    put("privileged", json!(group.privileged));
    put("cap_add", json!(group.cap_add));
    put("cap_drop", json!(group.cap_drop));
    put("devices", json!(group.devices));
    put("network", json!(group.network));
    put("memory", json!(group.memory));
    put(hugepages::FIELD, hugepages::described(&group.hugepages));
    fields.retain(|_, value| {
        !matches!(value, Value::Null | Value::Bool(false)) && *value != json!([])
    });
    fields
}

/// The first 64 bits of SHA-256 in hexadecimal: enough to tell a change, short enough to store.
fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    let head: [u8; 8] = hash[..8].try_into().expect("SHA-256 has 32 bytes");
    format!("{:016x}", u64::from_be_bytes(head))
}
