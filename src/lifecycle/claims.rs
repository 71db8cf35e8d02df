//! Who has which CPUs of a node, read from what was seen on it. Nothing is asked here.
//!
//! Whoever is confined to fewer CPUs than any program may run on has those for itself; whoever
//! may run on all of them has none. What any program may run on are the usable CPUs that are not
//! isolated. So a slice that systemd keeps on housekeeping CPUs has these, and a Kubernetes pool
//! has what the kubelet put into it: no core is given twice, at the price of refusing one that
//! its holder would not miss.
//!
//! A container made by vnfctl has the CPUs of its labels whether it runs or not, because it
//! starts there again; and those it is confined to now, should somebody have moved it.

use crate::cpu::{Claim, CpuSet, Holder, Machine};
use crate::engine::{Observed, State};
use crate::facts::Cpuset;
use crate::plan::NodeState;
use std::collections::BTreeSet;

/// All claims on the CPUs of a node, as `topology` sees them.
pub fn claims(topology: &str, state: &NodeState) -> Vec<Claim> {
    claims_of(topology, state, &|_| true)
}

/// As [`claims`], of those containers that count and of everything else.
pub(super) fn claims_of(
    topology: &str,
    state: &NodeState,
    counts: &dyn Fn(&Observed) -> bool,
) -> Vec<Claim> {
    let anybody = anybody(&state.facts.machine);
    let confined = |cpus: &CpuSet| !cpus.0.is_empty() && !cpus.0.is_superset(&anybody.0);
    let containers = state.containers().filter(|one| counts(one));
    let mut claims: Vec<Claim> =
        containers.filter_map(|one| of_container(topology, one, &confined)).collect();
    let strangers = strangers(state, &confined).into_iter();
    claims.extend(strangers.map(|cpuset| Claim {
        holder: Holder::Foreign { what: format!("cgroup `{}`", cpuset.path) },
        cpus: cpuset.cpus.clone(),
        shared: false,
    }));
    claims
}

/// What any program may run on.
fn anybody(machine: &Machine) -> CpuSet {
    let usable = machine.cpus().filter(|cpu| cpu.usable());
    usable.filter(|cpu| !cpu.isolated).map(|cpu| cpu.id).collect()
}

fn of_container(
    topology: &str,
    container: &Observed,
    confined: &dyn Fn(&CpuSet) -> bool,
) -> Option<Claim> {
    let real = [&container.cgroup_cpus, &container.cpus].into_iter().flatten();
    let real = real.into_iter().find(|cpus| confined(cpus)).cloned().unwrap_or_default();
    let Some(labels) = &container.labels else {
        let what = format!("{} container `{}`", container.engine.word(), container.name);
        let claim = Claim { holder: Holder::Foreign { what }, cpus: real, shared: false };
        return (!claim.cpus.0.is_empty()).then_some(claim);
    };
    let ordered = labels.cpus();
    let mut cpus: CpuSet = ordered.iter().copied().collect();
    let holder = if labels.topology == topology {
        Holder::Own { group: labels.group.clone(), ordinal: labels.index, cpus: ordered }
    } else {
        cpus.0.extend(real.0);
        let (topology, container) = (labels.topology.clone(), container.name.clone());
        Holder::Topology { topology, container }
    };
    (!cpus.0.is_empty()).then_some(Claim { holder, cpus, shared: labels.shared })
}

/// Paths of cgroups that look like an engine's and belong to no container that one told of: of a
/// container that came or went between two questions, or of an engine that was not asked.
pub(super) fn passing(state: &NodeState) -> BTreeSet<String> {
    const MARKS: [&str; 4] = ["docker", "libpod", "lxc.payload", "vnfctl"];
    let is_engines = |path: &String| MARKS.iter().any(|mark| path.contains(mark));
    let all = strangers(state, &|_| true).into_iter().map(|cpuset| cpuset.path.clone());
    all.filter(is_engines).collect()
}

/// Confined cgroups that belong to no container known; of several in each other the outermost.
fn strangers<'s>(state: &'s NodeState, confined: &dyn Fn(&CpuSet) -> bool) -> Vec<&'s Cpuset> {
    let first_process = |container: &Observed| match container.state {
        State::Running { pid } => Some(pid),
        _ => None,
    };
    let pids: BTreeSet<u32> = state.containers().filter_map(first_process).collect();
    let is_known = |cpuset: &Cpuset| {
        let mut folders = cpuset.path.split('/');
        cpuset.pids.iter().any(|pid| pids.contains(pid))
            || folders.any(|name| state.inventories().any(|all| all.cgroups.contains(name)))
    };
    let (known, unknown): (Vec<&Cpuset>, Vec<&Cpuset>) =
        state.cpusets.iter().partition(|cpuset| is_known(cpuset));
    let mut found: Vec<&Cpuset> = Vec::new();
    // Sorted by path: a cgroup comes before those below it.
    for cpuset in unknown.into_iter().filter(|cpuset| confined(&cpuset.cpus)) {
        let is_inside = |outer: &&Cpuset| outer.holds(&cpuset.path);
        // One that only holds known containers' cgroups together is nobody's.
        let is_frame = cpuset.pids.is_empty() && known.iter().any(|one| cpuset.holds(&one.path));
        if !is_frame && !known.iter().any(is_inside) && !found.iter().any(is_inside) {
            found.push(cpuset);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;
    use crate::engine::{Inventory, Labels};
    use crate::facts::Facts;
    use crate::model::EngineKind;

    fn set(text: &str) -> CpuSet {
        text.parse().unwrap()
    }

    /// Eight CPUs, of which 6 and 7 are isolated.
    fn state(containers: Vec<Observed>, cpusets: &[(&str, &str, &[u32])]) -> NodeState {
        let cpu = |id| Cpu {
            id,
            core: id,
            online: true,
            allowed: true,
            isolated: id > 5,
            ..Cpu::default()
        };
        let machine = Machine::from_cores((0..8).map(cpu).collect());
        let cpusets = cpusets.iter().map(|(path, cpus, pids)| Cpuset {
            path: (*path).to_owned(),
            cpus: set(cpus),
            pids: pids.to_vec(),
            ..Cpuset::default()
        });
        let cgroups = ["half".to_owned()].into();
        let inventory = Inventory { containers, cgroups, ..Inventory::default() };
        NodeState {
            facts: Facts { machine, ..Facts::default() },
            others: [(EngineKind::Docker, Ok(inventory))].into(),
            cpusets: cpusets.collect(),
            ..NodeState::default()
        }
    }

    fn container(name: &str, labels: Option<(&str, &str)>, state: State) -> Observed {
        let labels = labels.map(|(topology, cpuset)| Labels {
            topology: topology.to_owned(),
            group: "VNF".to_owned(),
            index: 2,
            cpuset: cpuset.to_owned(),
            ..Labels::default()
        });
        Observed {
            engine: EngineKind::Docker,
            name: name.to_owned(),
            labels,
            state,
            cpus: None,
            mems: None,
            cgroup_cpus: None,
            cgroup_mems: None,
            image: String::new(),
        }
    }

    fn running(name: &str, pid: u32, granted: &str) -> Observed {
        let cgroup_cpus = Some(set(granted));
        Observed { cgroup_cpus, ..container(name, None, State::Running { pid }) }
    }

    #[track_caller]
    fn told(state: &NodeState, expected: &[&str]) {
        let told = |claim: &Claim| format!("{}: {}", claim.holder, claim.cpus);
        assert_eq!(claims("mine", state).iter().map(told).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn made_by_vnfctl_has_its_cpus_running_or_not() {
        let stopped = State::Stopped { code: None };
        let moved = Observed {
            cgroup_cpus: Some(set("5")),
            ..container("moved", Some(("other", "4,3")), State::Running { pid: 7 })
        };
        let all = vec![
            container("a", Some(("mine", "3,1")), stopped),
            container("b", Some(("other", "2")), State::Broken),
            container("c", Some(("other", "")), stopped),
            moved,
        ];
        let state = state(all, &[]);
        told(
            &state,
            &[
                "`VNF2` of this topology: 1,3",
                "`b` of topology `other`: 2",
                "`moved` of topology `other`: 3-5",
            ],
        );
        let own = &claims("mine", &state)[0].holder;
        assert!(matches!(own, Holder::Own { cpus, .. } if *cpus == [3, 1]), "main core first");
    }

    #[test]
    fn a_foreign_container_has_what_it_is_confined_to() {
        let pinned = Observed { cpus: Some(set("1-2")), ..running("pinned", 9, "0-7") };
        let all = vec![
            running("web", 7, "3"),
            running("free", 8, "0-7"),
            running("not-isolated", 8, "0-5"),
            pinned,
            container("stopped", None, State::Stopped { code: None }),
        ];
        told(&state(all, &[]), &["docker container `web`: 3", "docker container `pinned`: 1-2"]);
    }

    #[test]
    fn of_cgroups_in_each_other_the_outermost_counts() {
        let cpusets: &[(&str, &str, &[u32])] = &[
            ("/kubepods", "2-3", &[]),
            ("/kubepods/a", "2", &[10]),
            ("/kubepods/b", "3", &[11]),
            ("/system.slice", "0-5", &[1]),
            ("/x", "4", &[0]),
        ];
        told(&state(Vec::new(), cpusets), &["cgroup `/kubepods`: 2-3", "cgroup `/x`: 4"]);
    }

    #[test]
    fn cgroups_of_known_containers_are_theirs() {
        let half = container("half", Some(("other", "4")), State::Broken);
        let cpusets: &[(&str, &str, &[u32])] = &[
            ("/frame", "2-4", &[]),
            ("/frame/docker-1", "3", &[7, 8]),
            ("/frame/docker-1/inner", "3", &[9]),
            ("/frame/vm", "2", &[20]),
            ("/vnfctl/half", "4", &[30]),
        ];
        told(
            &state(vec![running("web", 7, "3"), half], cpusets),
            &[
                "docker container `web`: 3",
                "`half` of topology `other`: 4",
                "cgroup `/frame/vm`: 2",
            ],
        );
        let with_others: &[(&str, &str, &[u32])] =
            &[("/frame", "2-4", &[21]), ("/frame/docker-1", "3", &[7])];
        told(
            &state(vec![running("web", 7, "3")], with_others),
            &["docker container `web`: 3", "cgroup `/frame`: 2-4"],
        );
    }
}
