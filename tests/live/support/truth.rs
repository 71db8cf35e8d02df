//! The truth, by the kernel and by the engines' own programs; nothing of vnfctl is asked.

use super::{Bed, Engine};
use std::collections::BTreeSet;
use std::fs;

/// Lists all that can be left of containers.
const TRACES: &str = r#"
docker ps -a --format 'docker {{.Names}}' || exit
podman ps -a --format 'podman {{.Names}}' || exit
lxc-ls -1 | sed 's/^/lxc /'
find /run/vnfctl -mindepth 1 -maxdepth 3 -printf 'file %p\n' 2>/dev/null
find /sys/fs/cgroup -type d -printf 'cgroup %p\n' 2>/dev/null
awk '{ print "mount " $2 }' /proc/mounts
ip -o link | awk '{ print "link " $0 }'
"#;

/// What the kernel allows one process of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) pid: u32,
    pub(crate) cpus: String,
    pub(crate) mems: String,
}

/// What the kernel held for containers: gone when they are.
#[derive(Debug)]
pub(crate) struct Living {
    /// Process ids with their start times: the kernel gives numbers of namespaces out again.
    processes: BTreeSet<(u32, u64)>,
    cgroups: BTreeSet<String>,
}

impl Living {
    /// None of the processes lives, and the cgroups do not exist.
    #[track_caller]
    pub(crate) fn is_gone(&self, bed: &Bed) {
        let left: Vec<_> =
            self.processes.iter().filter(|(pid, born)| bed.born(*pid) == Some(*born)).collect();
        assert!(left.is_empty(), "processes {left:?} live on");
        let left: Vec<_> = self.cgroups.iter().filter(|path| bed.dut.path(path).exists()).collect();
        assert!(left.is_empty(), "cgroups {left:?} are still there");
    }
}

impl Bed {
    fn link(&self, path: &str) -> String {
        let target = fs::read_link(self.dut.path(path)).unwrap_or_default();
        target.display().to_string()
    }

    pub(crate) fn pids(&self) -> impl Iterator<Item = u32> {
        let entries = fs::read_dir(self.dut.path("/proc")).expect("the DUT has a /proc");
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
    }

    /// Process id of the container's first process in the DUT, by its engine.
    #[track_caller]
    pub(crate) fn pid(&self, engine: Engine, container: &str) -> Option<u32> {
        let ask = |script: &str| {
            let ended = self.dut.sh(script);
            ended.stdout.trim().parse().ok().filter(|&pid| pid > 0)
        };
        match engine {
            Engine::Docker | Engine::Podman => ask(&format!(
                "{} container inspect -f '{{{{.State.Pid}}}}' {container}",
                engine.word()
            )),
            Engine::Lxc => ask(&format!("lxc-info -pH -n {container}")),
            // The first process of the pid namespace of whoever carries the name.
            Engine::Native | Engine::Nspawn => {
                let label = format!("MICROSERVICE_LABEL={container}");
                let labelled = self.pids().find(|pid| {
                    let variables = self.dut.read(&format!("/proc/{pid}/environ"));
                    let variables = variables.unwrap_or_default();
                    let is_it =
                        variables.split(|&byte| byte == 0).any(|one| one == label.as_bytes());
                    // Engines' own programs hand it on from outside.
                    is_it
                        && self.link(&format!("/proc/{pid}/ns/pid")) != self.link("/proc/1/ns/pid")
                })?;
                let members = self.members(labelled);
                members.into_iter().find(|pid| {
                    let status = self.status(*pid, "NSpid").unwrap_or_default();
                    status.split_whitespace().last() == Some("1")
                })
            }
        }
    }

    /// As [`Bed::pid`] by this bed's engine; the container must run. `short`: `VNF1`.
    #[track_caller]
    pub(crate) fn first(&self, short: &str) -> u32 {
        let name = self.container(short);
        self.pid(self.engine, &name).unwrap_or_else(|| panic!("{name} does not run"))
    }

    /// All processes of the pid namespace of `pid`.
    pub(crate) fn members(&self, pid: u32) -> Vec<u32> {
        let namespace = self.link(&format!("/proc/{pid}/ns/pid"));
        self.pids().filter(|pid| self.link(&format!("/proc/{pid}/ns/pid")) == namespace).collect()
    }

    fn status(&self, pid: u32, field: &str) -> Option<String> {
        let status = String::from_utf8(self.dut.read(&format!("/proc/{pid}/status"))?).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.map(|line| line.trim().to_owned())
    }

    /// Start time of a process in clock ticks since the start of the machine.
    pub(crate) fn born(&self, pid: u32) -> Option<u64> {
        let stat = self.dut.read(&format!("/proc/{pid}/stat"))?;
        let stat = String::from_utf8_lossy(&stat).into_owned();
        let fields = stat.rsplit_once(") ").expect("a name in brackets").1;
        fields.split(' ').nth(19)?.parse().ok()
    }

    /// What the kernel allows every process of a container.
    pub(crate) fn tasks(&self, pid: u32) -> Vec<Task> {
        let task = |pid| {
            Some(Task {
                pid,
                cpus: self.status(pid, "Cpus_allowed_list")?,
                mems: self.status(pid, "Mems_allowed_list")?,
            })
        };
        self.members(pid).into_iter().filter_map(task).collect()
    }

    /// A file of the process's cgroup: `controller` for v1, the same file's name in v2.
    pub(crate) fn cgroup_file(&self, pid: u32, controller: &str, v1: &str, v2: &str) -> String {
        let paths = self.cgroups_of(pid);
        let v1_path = paths
            .iter()
            .find(|path| path.split('/').any(|part| part.split(',').any(|name| name == controller)))
            .and_then(|path| self.dut.read(&format!("{path}/{v1}")));
        let found = v1_path
            .or_else(|| paths.iter().find_map(|path| self.dut.read(&format!("{path}/{v2}"))));
        String::from_utf8_lossy(&found.expect("the controller is there")).trim().to_owned()
    }

    /// Folders of the cgroups of a process, but for those it shares with the whole DUT.
    fn cgroups_of(&self, pid: u32) -> Vec<String> {
        // By a program inside: paths depend on the reader's cgroup namespace.
        let mounts = self.dut.must("awk '$3 ~ /^cgroup/ { print $2, $3, $4 }' /proc/mounts");
        let text = self.dut.must(&format!("cat /proc/{pid}/cgroup"));
        let mut folders = Vec::new();
        for line in text.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(names), Some(path)) = (parts.next(), parts.next()) else { continue };
            if path == "/" {
                continue;
            }
            let mount = mounts.lines().find(|mount| {
                let words: Vec<&str> = mount.split(' ').collect();
                let options: Vec<&str> = words[2].split(',').collect();
                match names {
                    "" => words[1] == "cgroup2",
                    names => words[1] == "cgroup" && names.split(',').all(|n| options.contains(&n)),
                }
            });
            let Some(mount) = mount else { continue };
            folders.push(format!("{}{path}", mount.split(' ').next().expect("a path")));
        }
        folders
    }

    /// Memory is bound to NUMA node 0, the DUTs' only one: for every process, by the cgroup, and
    /// by what the engine starts it with, so that it is not merely inherited. `short`: `VNF1`.
    #[track_caller]
    pub(crate) fn binds_memory(&self, short: &str) {
        let (pid, name) = (self.first(short), self.container(short));
        for task in self.tasks(pid) {
            assert_eq!(task.mems, "0", "{task:?}");
        }
        assert_eq!(self.cgroup_file(pid, "cpuset", "cpuset.mems", "cpuset.mems"), "0");
        let kept = self.dut.must(&match self.engine {
            Engine::Docker | Engine::Podman => {
                let program = self.engine.word();
                format!("{program} container inspect -f '{{{{.HostConfig.CpusetMems}}}}' {name}")
            }
            Engine::Lxc => format!(
                "sed -n 's/^lxc.cgroup2*.cpuset.mems = //p' $(lxc-config lxc.lxcpath)/{name}/config"
            ),
            Engine::Native | Engine::Nspawn => {
                format!("sed -n 2p /run/vnfctl/{}/{name}/cpuset", self.engine.word())
            }
        });
        assert_eq!(kept, "0", "the engine itself does not know the memory node");
    }

    /// What lives for the containers of this case right now.
    pub(crate) fn living(&self) -> Living {
        let mut living = Living { processes: BTreeSet::new(), cgroups: BTreeSet::new() };
        let (own, mut seen) = (self.link("/proc/1/ns/pid"), BTreeSet::new());
        for pid in self.pids() {
            let namespace = self.link(&format!("/proc/{pid}/ns/pid"));
            let variables = self.dut.read(&format!("/proc/{pid}/environ")).unwrap_or_default();
            let label = format!("MICROSERVICE_LABEL={}-", self.name);
            let is_ours = variables.split(|&b| b == 0).any(|one| one.starts_with(label.as_bytes()));
            if is_ours && namespace != own && seen.insert(namespace) {
                let members = self.members(pid).into_iter();
                living.processes.extend(members.filter_map(|pid| Some((pid, self.born(pid)?))));
                living.cgroups.extend(self.cgroups_of(pid));
            }
        }
        living
    }

    /// Everything on the DUT that carries the name of this case, one item a line.
    pub(crate) fn traces(&self) -> String {
        let name = &self.name;
        let all = self.dut.must(TRACES);
        let mut traces: Vec<String> =
            all.lines().filter(|line| line.contains(&format!("{name}-"))).map(Into::into).collect();
        for pid in self.pids() {
            let environ = self.dut.read(&format!("/proc/{pid}/environ")).unwrap_or_default();
            let text = String::from_utf8_lossy(&environ);
            if text.contains(&format!("MICROSERVICE_LABEL={name}-")) {
                let program = self.link(&format!("/proc/{pid}/exe"));
                traces.push(format!("process {program}"));
            }
        }
        traces.sort();
        traces.join("\n")
    }

    /// Removes by force what a failed case left.
    pub(crate) fn remove(&self) {
        let name = &self.name;
        self.dut.sh(&format!(
            "for e in docker podman; do $e ps -a --format '{{{{.Names}}}}' | grep '^{name}-' | xargs -r $e rm -f -v; done
             for c in $(lxc-ls -1 | grep '^{name}-'); do lxc-stop -k -n $c; lxc-destroy -n $c; done
             for d in /run/vnfctl/native/{name}-* /run/vnfctl/nspawn/{name}-*; do [ ! -d $d ] || {{ read p x <$d/pid && kill -9 $p; }}; done
             rm -rf /run/vnfctl/memif/{name} /run/vnfctl/memif/{name}-*; rmdir /run/vnfctl/memif
             for t in {name} {name}-other {name}-b $(sed -n 's/^vnfctl.topology=//p' /run/vnfctl/native/{name}-*/labels /run/vnfctl/nspawn/{name}-*/labels); do /lab-share/vnfctl destroy --yes --name $t; done"
        ));
    }
}
