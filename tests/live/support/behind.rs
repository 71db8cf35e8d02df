//! What somebody does to containers and CPUs behind vnfctl's back.

use super::{Bed, Engine};

/// A process that ends with this value.
pub(crate) struct Stray<'a> {
    bed: &'a Bed,
    pub(crate) pid: u32,
}

impl Bed {
    /// Gives a container other CPUs, by its engine's own program. `short`: `VNF1`.
    pub(crate) fn move_away(&self, short: &str, cpus: &str) {
        let name = self.container(short);
        self.dut.must(&match self.engine {
            Engine::Docker | Engine::Podman => {
                format!("{} update --cpuset-cpus {cpus} {name}", self.engine.word())
            }
            Engine::Lxc => format!("lxc-cgroup -n {name} cpuset.cpus {cpus}"),
            Engine::Native | Engine::Nspawn => format!(
                "for d in /sys/fs/cgroup/vnfctl/{name} /sys/fs/cgroup/cpuset/vnfctl/{name}; do
                    [ ! -e $d/cpuset.cpus ] || echo {cpus} >$d/cpuset.cpus; done"
            ),
        });
    }

    /// Starts a process of the node itself.
    pub(crate) fn stray(&self, command: &str) -> Stray<'_> {
        let pid = self.dut.must(&format!("{command} >/dev/null 2>&1 & echo $!"));
        Stray { bed: self, pid: pid.parse().expect("a process id") }
    }
}

impl Drop for Stray<'_> {
    fn drop(&mut self) {
        self.bed.dut.sh(&format!("kill -KILL {}", self.pid));
    }
}
