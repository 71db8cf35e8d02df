//! What a container asks for and its node does not have: the kernel, then the engine. Pure.

use super::{ContainerSpec, Lack, engine};
use crate::facts::Facts;
use crate::model::{EngineKind, Selinux};

/// What is missing, each with what mends it. What is not known of a node is not missing.
pub fn lacks(kind: EngineKind, spec: &ContainerSpec, facts: &Facts) -> Vec<Lack> {
    let mut missing = Vec::new();
    let mut lack = |message, hint| missing.push(Lack { message, hint });
    let profile = spec.security.apparmor.as_deref().filter(|name| *name != "unconfined");
    let label = spec.security.selinux.as_ref().filter(|label| **label != Selinux::Disable);
    let asked = [
        ("AppArmor", "apparmor", profile.map(|name| format!("`apparmor = \"{name}\"`"))),
        ("SELinux", "selinux", label.map(|label| format!("`selinux = \"{}\"`", label.word()))),
    ];
    for (name, word, asked) in asked {
        let (Some(asked), Some(enabled)) = (asked, &facts.lsms) else { continue };
        if !enabled.contains(word) {
            lack(
                format!("{name} is not enabled in the node's kernel: {asked}"),
                format!(
                    "start the kernel with {name} (`lsm=...,{word}` on its command line), or take \
                     the key out"
                ),
            );
        }
    }
    let cgroup = &facts.cgroup;
    let has_pids = cgroup.mounts.contains_key("pids") || cgroup.controllers.contains("pids");
    if let (Some(pids), false, false) = (spec.security.pids, has_pids, cgroup.mounts.is_empty()) {
        lack(
            format!("the node has no cgroup controller `pids`: `pids = {pids}`"),
            "enable it in the kernel (`CONFIG_CGROUP_PIDS`), mount it, or take the key out".into(),
        );
    }
    missing.extend(engine(kind).lacks(spec, facts));
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Security;

    fn missing(security: Security, facts: &Facts) -> String {
        let spec = ContainerSpec { security, ..ContainerSpec::default() };
        let lacks = lacks(EngineKind::Native, &spec, facts).into_iter();
        lacks.map(|lack| lack.message + "\n").collect()
    }

    fn labelled(apparmor: &str, selinux: Selinux) -> Security {
        let (apparmor, selinux) = (Some(apparmor.to_owned()), Some(selinux));
        Security { apparmor, selinux, ..Security::default() }
    }

    #[test]
    fn labels_need_a_kernel_that_enforces_them() {
        let all = labelled("vnf", Selinux::Part("type:vnf_t".into()));
        let with = |lsms: &[&str]| Facts {
            lsms: Some(lsms.iter().map(ToString::to_string).collect()),
            ..Facts::default()
        };
        assert_eq!(
            missing(all.clone(), &with(&["capability"])),
            "AppArmor is not enabled in the node's kernel: `apparmor = \"vnf\"`\n\
             SELinux is not enabled in the node's kernel: `selinux = \"type:vnf_t\"`\n"
        );
        assert_eq!(missing(all.clone(), &with(&["apparmor", "selinux"])), "");
        assert_eq!(missing(all, &Facts::default()), "", "nobody knows");
        assert_eq!(missing(labelled("unconfined", Selinux::Disable), &with(&[])), "");
    }

    #[test]
    fn a_limit_of_processes_needs_its_controller() {
        let asked = || Security { pids: Some(9), ..Security::default() };
        let mut facts = Facts::default();
        assert_eq!(missing(asked(), &facts), "", "nobody knows");
        facts.cgroup.mounts.insert(String::new(), "/sys/fs/cgroup".into());
        assert_eq!(
            missing(asked(), &facts),
            "the node has no cgroup controller `pids`: `pids = 9`\n"
        );
        facts.cgroup.controllers.insert("pids".into());
        assert_eq!(missing(asked(), &facts), "");
    }
}
