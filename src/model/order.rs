//! What comes before what: `depends_on`, and what pods add to it. It must not know what is done.

use super::topology::Group;
use std::collections::BTreeMap;

/// By name of a pod, the group whose first container owns the pod's namespaces on every node.
pub type PodOwners<'a> = BTreeMap<&'a str, &'a Group>;

/// Groups so that each comes after those it depends on; the order of the file otherwise. Those of
/// a circle, which a topology does not have, are left out.
pub fn in_dependency_order(groups: &[Group]) -> Vec<&Group> {
    let mut ordered: Vec<&Group> = Vec::with_capacity(groups.len());
    while ordered.len() < groups.len() {
        let placed = |name: &String| ordered.iter().any(|group| group.name == *name);
        let mut open = groups.iter().filter(|group| !placed(&group.name));
        let Some(next) = open.find(|group| group.depends_on.iter().all(placed)) else { break };
        ordered.push(next);
    }
    ordered
}

/// The owners of all pods: of each the first group in dependency order that is no init container.
pub fn pod_owners(groups: &[Group]) -> PodOwners<'_> {
    let mut owners = PodOwners::new();
    if groups.iter().all(|group| group.pod.is_none()) {
        return owners;
    }
    for group in in_dependency_order(groups).into_iter().filter(|group| !group.init) {
        if let Some(pod) = group.pod.as_deref() {
            owners.entry(pod).or_insert(group);
        }
    }
    owners
}

/// By name of a group, the groups whose containers are there before its own: those it depends on;
/// in a pod the owner comes first, then init containers in the order of the file, then the others.
/// Who needs the owner's group comes after the pod's init containers too: its app waits for them.
pub fn start_order(groups: &[Group]) -> BTreeMap<String, Vec<String>> {
    let owners = pod_owners(groups);
    let inits = |pod: &str, but: &Group| -> Vec<String> {
        let all = groups.iter().filter(|one| one.init && one.pod.as_deref() == Some(pod));
        if but.init && but.pod.as_deref() == Some(pod) {
            return all
                .take_while(|one| one.name != but.name)
                .map(|one| one.name.clone())
                .collect();
        }
        all.map(|one| one.name.clone()).collect()
    };
    let before = |group: &Group| {
        let mut before = group.depends_on.clone();
        if let Some(pod) = group.pod.as_deref()
            && let Some(owner) = owners.get(pod).filter(|owner| owner.name != group.name)
        {
            before.push(owner.name.clone());
            before.extend(inits(pod, group));
        }
        for (pod, owner) in &owners {
            if group.depends_on.contains(&owner.name) {
                before.extend(inits(pod, group));
            }
        }
        before.sort();
        before.dedup();
        before
    };
    groups.iter().map(|group| (group.name.clone(), before(group))).collect()
}
