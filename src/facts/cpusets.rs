//! Which cgroups have CPUs of their own: what any program on the node, known or not, has pinned.

use crate::command::Command;
use crate::cpu::CpuSet;

/// One cgroup that is set to fewer CPUs or memory nodes than the machine grants, with processes
/// in it or below it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cpuset {
    /// Its path below the mount of the hierarchy, beginning with `/`.
    pub path: String,
    /// The CPUs it grants.
    pub cpus: CpuSet,
    /// The memory nodes it grants.
    pub mems: CpuSet,
    /// Processes in it, and in those below it that are not set themselves; in the node's pid
    /// namespace (0 = a process outside of it).
    pub pids: Vec<u32>,
}

impl Cpuset {
    /// Whether a cgroup of this path lies below this one.
    pub fn holds(&self, path: &str) -> bool {
        path.strip_prefix(&self.path).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// What the cgroups of a node grant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cpusets {
    /// What the root of the mount grants; `None` = no cgroup carries cpusets.
    pub whole: Option<Cpuset>,
    /// Those that grant less, by path.
    pub narrow: Vec<Cpuset>,
}

impl Cpusets {
    /// The cgroup whose CPUs and memory nodes a process has.
    pub fn of(&self, pid: u32) -> Option<&Cpuset> {
        self.narrow.iter().find(|cpuset| cpuset.pids.contains(&pid)).or(self.whole.as_ref())
    }
}

/// One command that prints all of them.
pub fn cpusets() -> Command {
    Command::sh(include_str!("cpusets.sh"), std::iter::empty::<String>())
}

/// Reads what [`cpusets`] printed; `None` = it is not that.
pub fn parse_cpusets(stdout: &str) -> Option<Cpusets> {
    let mut all = Cpusets::default();
    for line in stdout.lines() {
        let (word, rest) = line.split_once(' ')?;
        match word {
            "root" => all.whole = Some(cpuset(rest, "/")?),
            "cpuset" => {
                let (sets, path) = rest.split_at(rest.find(" /")?);
                all.narrow.push(cpuset(sets, &path[1..])?);
            }
            "pid" => all.narrow.last_mut()?.pids.push(rest.parse().ok()?),
            _ => return None,
        }
    }
    let inhabited: Vec<String> =
        all.narrow.iter().filter(|one| !one.pids.is_empty()).map(|one| one.path.clone()).collect();
    all.narrow.retain(|one| !one.pids.is_empty() || inhabited.iter().any(|path| one.holds(path)));
    all.narrow.sort_by(|one, other| one.path.cmp(&other.path));
    Some(all)
}

/// `CPUS MEMS`; `-` = the kernel names no memory node.
fn cpuset(sets: &str, path: &str) -> Option<Cpuset> {
    let (cpus, mems) = sets.split_once(' ')?;
    let mems = if mems == "-" { "" } else { mems };
    let (cpus, mems) = (cpus.parse().ok()?, mems.parse().ok()?);
    Some(Cpuset { path: path.to_owned(), cpus, mems, pids: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "root 0-7 0-1
cpuset 2-3 0 /docker/ab
pid 10
pid 11
cpuset 4-7 0-1 /machine.slice
cpuset 5 0-1 /machine.slice/a vm: 1
pid 20
cpuset 6 0-1 /machine.slice2
cpuset 6 - /empty
";

    #[test]
    fn cgroups_with_processes_in_or_below_them_count() {
        let all = parse_cpusets(PRINTED).unwrap();
        let paths: Vec<_> = all.narrow.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, ["/docker/ab", "/machine.slice", "/machine.slice/a vm: 1"]);
        assert_eq!(all.narrow[0].pids, [10, 11]);
        assert_eq!(all.narrow[2].cpus.to_string(), "5");
    }

    #[test]
    fn a_process_has_what_its_own_cgroup_grants_or_what_the_root_does() {
        let all = parse_cpusets(PRINTED).unwrap();
        assert_eq!(all.of(11).unwrap().mems.to_string(), "0");
        assert_eq!(all.of(99).unwrap().cpus.to_string(), "0-7");
        assert_eq!(parse_cpusets("").unwrap().of(99), None, "a node without cpusets");
    }

    #[test]
    fn anything_else_is_no_answer() {
        for text in
            ["hello", "root x 0", "root 0-1", "cpuset 1 0 relative", "pid 1", "root 0 0\nx y"]
        {
            assert_eq!(parse_cpusets(text), None, "{text}");
        }
    }
}
