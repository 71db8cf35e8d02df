//! What a node lacks for a container of a docker-like engine. Pure.

use crate::engine::{ContainerSpec, Lack};
use crate::facts::{CgroupVersion, Facts};
use crate::model::IdMap;

/// Of the engine that root runs.
pub(super) fn of_root(spec: &ContainerSpec, facts: &Facts) -> Vec<Lack> {
    let map = spec.security.idmap.filter(|map| facts.subids.mapped(*map).is_none());
    let why = map.map(|map| facts.subids.why_not(map));
    why.map(|(message, hint)| Lack { message, hint }).into_iter().collect()
}

/// Of the engine that a user has for himself: podman without root.
pub(super) fn of_user(spec: &ContainerSpec, facts: &Facts) -> Vec<Lack> {
    let user = &facts.subids.user;
    let mut lacks = Vec::new();
    let mut lack = |message: String, hint: &str| {
        lacks.push(Lack { message, hint: hint.to_owned() });
    };
    if facts.subids.mapped(IdMap::Auto).is_none() {
        let (message, hint) = facts.subids.why_not(IdMap::Auto);
        lack(message.replace("`idmap`: ", ""), &hint);
    }
    if let Some(IdMap::First(first)) = spec.security.idmap {
        lack(
            format!("`idmap = {first}`: podman of `{user}` maps its ids itself"),
            "write `idmap = \"auto\"`, or leave it out",
        );
    }
    if spec.memory.is_some() && facts.cgroup.version != CgroupVersion::V2 {
        lack(
            format!("`memory`: podman of `{user}` limits nothing on cgroups of version 1"),
            "leave it out, or let the login user become root (`become = \"sudo\"`)",
        );
    }
    if facts.numa.len() > 1 && !spec.mems.is_empty() && !facts.tools.contains("numactl") {
        lack(
            format!("there is no `numactl`, by which podman of `{user}` binds memory"),
            "install the package `numactl` on the node",
        );
    }
    lacks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{NumaNode, SubIds};

    fn facts(uid: u32) -> Facts {
        let ranges = vec![(100_000, 65_536)];
        let subids = SubIds { user: "csit".into(), uids: ranges.clone(), gids: ranges };
        Facts { uid, subids, ..Facts::default() }
    }

    fn spec(idmap: Option<IdMap>) -> ContainerSpec {
        let mut spec = ContainerSpec { mems: vec![0], ..ContainerSpec::default() };
        spec.security.idmap = idmap;
        spec
    }

    #[test]
    fn root_lacks_the_ids_it_was_not_given() {
        assert_eq!(of_root(&spec(Some(IdMap::Auto)), &facts(0)), []);
        assert_eq!(of_root(&spec(None), &Facts::default()), []);
        let lacks = of_root(&spec(Some(IdMap::First(5))), &facts(0));
        assert!(lacks[0].message.contains("5-65540"), "{lacks:?}");
    }

    #[test]
    fn a_user_lacks_what_only_root_can_give() {
        let told = |spec: &ContainerSpec, facts: &Facts| {
            of_user(spec, facts).into_iter().map(|lack| lack.message).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(told(&spec(Some(IdMap::Auto)), &facts(1000)), "");
        assert!(
            told(&spec(None), &Facts { uid: 1000, ..Facts::default() }).contains("/etc/subuid")
        );
        assert!(told(&spec(Some(IdMap::First(9))), &facts(1000)).contains("maps its ids itself"));
        let limited = ContainerSpec { memory: Some(1 << 30), ..spec(None) };
        assert!(told(&limited, &facts(1000)).contains("limits nothing"));
        let mut modern = facts(1000);
        modern.cgroup.version = CgroupVersion::V2;
        assert_eq!(told(&limited, &modern), "");
        modern.numa = vec![NumaNode::default(), NumaNode { id: 1, ..NumaNode::default() }];
        assert!(told(&spec(None), &modern).contains("numactl"));
        modern.tools.insert("numactl".into());
        assert_eq!(told(&spec(None), &modern), "");
    }
}
