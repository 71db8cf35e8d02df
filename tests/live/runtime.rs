//! OCI runtimes by name: another one for plain containers, and sandboxes with a kernel of their own.

use crate::support::{Bed, Group, On, text};

/// On both engines that have a choice of runtimes, here and over ssh.
macro_rules! with_runtimes {
    ($($case:ident),* $(,)?) => { $(
        mod $case {
            $crate::support::tests!($case;
                docker_local Docker Local, docker_ssh Docker Ssh,
                podman_local Podman Local, podman_ssh Podman Ssh);
        }
    )* };
}

with_runtimes!(
    a_sandbox_lives_and_is_pinned_as_any_container,
    crun_starts_plain_containers,
    a_runtime_that_is_not_there_is_missed_before_anything_is_made,
);

/// Prints the folder of the cpuset of a process, on cgroup v1 and v2.
const FOLDER: &str = "sed -n 's|^[0-9]*:cpuset:|/sys/fs/cgroup/cpuset|p; s|^0::|/sys/fs/cgroup|p'";

impl Bed {
    fn with_runtime(&self, runtime: &str) -> On<'_> {
        let group = Group::new("VNF", self.engine).key("runtime", text(runtime));
        self.on(&self.topology().group(group))
    }

    /// Gives the cgroup of a process CPU 0. No runtime is asked: gVisor's has no `update`, and that
    /// of crun 1.8 fails on cgroup v1 for docker.
    fn shift(&self, pid: u32) {
        self.dut.must(&format!("echo 0 >$({FOLDER} /proc/{pid}/cgroup | head -n 1)/cpuset.cpus"));
    }

    /// What the kernel allows every thread in the cgroup of a process: one line for each difference.
    fn granted(&self, pid: u32) -> String {
        self.dut.must(&format!(
            "for p in $(cat $({FOLDER} /proc/{pid}/cgroup | head -n 1)/cgroup.procs); do
                 cat /proc/$p/task/*/status; done | grep -E '^(Cpus|Mems)_allowed_list' | sort -u"
        ))
    }
}

fn a_sandbox_lives_and_is_pinned_as_any_container(bed: &Bed) {
    let on = bed.with_runtime("runsc").up();
    let pid = bed.first("VNF1");
    let right = "Cpus_allowed_list:\t1\nMems_allowed_list:\t0";
    assert_eq!(bed.granted(pid), right, "every thread of the sandbox");
    on.run("exec -- uname -r").exits(0).says("4.4.0"); // gVisor's own, whatever the node runs
    on.args(&["exec", "--", "sh", "-c", "exit 3"]).exits(3);
    on.run("logs").exits(0).says(&format!("says {}", bed.container("VNF1")));
    let verified = on.run("verify").exits(0).says("sandbox seen from outside");
    assert!(!verified.stdout.contains("0 of 0"), "{verified}");
    let seen = on.run("verify -o json").exits(0).json();
    assert_eq!(seen["containers"][0]["sandbox"], true, "{seen}");
    on.run("up").did_nothing();

    bed.shift(pid);
    on.run("status").exits(7).says("CPUs 0, wanted 1");
    on.run("verify").exits(7);
    on.run("up").exits(0).says("repin");
    assert_eq!(bed.first("VNF1"), pid, "pinned, not restarted");
    assert_eq!(bed.granted(pid), right);
    on.run("up").did_nothing();

    on.run("stop --grace 2s").exits(0);
    on.run("status").exits(7).says("stopped");
    on.run("start").exits(0);
    assert_eq!(bed.granted(bed.first("VNF1")), right);
    on.run("verify").exits(0);
    on.down();
}

fn crun_starts_plain_containers(bed: &Bed) {
    let on = bed.with_runtime("crun").up();
    let pid = bed.first("VNF1");
    let ask = match bed.engine.word() {
        "docker" => "{{.HostConfig.Runtime}}",
        _ => "{{.OCIRuntime}}",
    };
    let (word, name) = (bed.engine.word(), bed.container("VNF1"));
    let runtime = bed.dut.must(&format!("{word} container inspect -f '{ask}' {name}"));
    assert_eq!(runtime, "crun");
    assert!(bed.tasks(pid).iter().all(|task| task.cpus == "1"));
    let seen = on.run("verify -o json").exits(0).json();
    assert_eq!(seen["containers"][0]["sandbox"], false, "{seen}");
    on.run("up").did_nothing();
    bed.shift(pid);
    on.run("up").exits(0).says("repin");
    assert!(bed.tasks(pid).iter().all(|task| task.cpus == "1"));
    on.run("restart --grace 1s").exits(0);
    on.run("status").exits(0);
    let other = bed.with_runtime("runsc");
    other.run("status").exits(7).says("runtime changed in the file");
    on.down();
}

fn a_runtime_that_is_not_there_is_missed_before_anything_is_made(bed: &Bed) {
    let on = bed.with_runtime("nowhere");
    for verb in ["check", "up", "plan create"] {
        on.run(verb)
            .exits(3)
            .says("has no runtime `nowhere`")
            .says("crun")
            .says("install `nowhere`");
    }
    on.run("doctor").exits(7).says("has no runtime `nowhere`");
    assert_eq!(bed.traces(), "", "something was made");
}
