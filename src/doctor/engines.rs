//! Engines and their runtimes.

use super::{Case, Finding, Needs, Severity, mend};
use crate::engine::{ContainerSpec, engine};
use crate::facts::{Facts, MAPPED_IDS, SubIds};
use crate::model::{EngineKind, Security};

/// The oldest version that does what we ask of it, and what that is.
const OLDEST: [(EngineKind, (u32, u32), &str); 3] = [
    // Release notes of Docker 20.10.
    (EngineKind::Docker, (20, 10), "`docker run --pull`"),
    // Release notes of Podman 4.3.
    (EngineKind::Podman, (4, 3), "`podman update`"),
    // Release notes of LXC 4.0.
    (EngineKind::Lxc, (4, 0), "cgroup v2"),
];

/// What `lxc-checkconfig` may find missing that matters, by the beginning of its lines.
const LXC_CHECKS: [&str; 9] = [
    "Namespaces",
    "Utsname namespace",
    "Ipc namespace",
    "Pid namespace",
    "Network namespace",
    "Cgroup namespace",
    "Cgroup device",
    "Cgroup cpuset",
    "Multiple /dev/pts instances",
];

pub(super) fn check(case: &Case<'_>, needs: &Needs, found: &mut Vec<Finding>) {
    for &engine in &needs.engines {
        present(case, engine, found);
    }
    lacks(case, found);
    if needs.engines.contains(&EngineKind::Lxc) {
        let matters = |line: &&String| LXC_CHECKS.iter().any(|check| line.starts_with(check));
        for line in case.health.lxc.iter().filter(matters) {
            let sentence = format!("lxc-checkconfig: {line}");
            let mend = "run a kernel with that option; `lxc-checkconfig` names it".to_owned();
            found.push(Finding::new(Severity::Missing, "lxc", sentence, mend));
        }
    }
}

fn present(case: &Case<'_>, engine: EngineKind, found: &mut Vec<Finding>) {
    let (word, health) = (engine.word(), case.health);
    let client = match case.facts.engines.get(&engine) {
        // Its programs are told one by one.
        _ if engine == EngineKind::Native => return,
        None => {
            let sentence = format!("{word} is not installed");
            let mend = mend::install(health, word);
            found.push(Finding::new(Severity::Missing, word, sentence, mend));
            return;
        }
        Some(Err(reason)) => {
            let sentence = format!("{word} is there and does not work: {reason}");
            let mend = mend::install(health, word);
            found.push(Finding::new(Severity::Wrong, word, sentence, mend));
            return;
        }
        Some(Ok(version)) => version,
    };
    let version = match health.answers.get(word) {
        // Nobody but root is let to it: `sudo` is the finding.
        Some(Err(_)) if case.no_root.is_some() => client,
        Some(Err(reason)) => {
            let sentence = format!("{word} does not answer: {reason}");
            let mend = match engine {
                EngineKind::Docker => mend::restart(health, "docker"),
                _ => format!("`{word} info` on the node says more"),
            };
            found.push(Finding::new(Severity::Wrong, word, sentence, mend));
            return;
        }
        Some(Ok(version)) if !version.is_empty() => version,
        _ => client,
    };
    let oldest = OLDEST.into_iter().find(|(kind, ..)| *kind == engine);
    if let Some((_, least, why)) = oldest
        && numbers(version).is_some_and(|numbers| numbers < least)
    {
        let (major, minor) = least;
        let sentence = format!("{word} {version} is older than {major}.{minor}, which has {why}");
        let mend = mend::upgrade(health, engine);
        found.push(Finding::new(Severity::Wrong, word, sentence, mend));
    }
}

/// What the groups of a node ask of their engines that these lack there.
fn lacks(case: &Case<'_>, found: &mut Vec<Finding>) {
    // Ids have findings of their own, with commands.
    let lent = vec![(0, MAPPED_IDS)];
    let subids = SubIds { uids: lent.clone(), gids: lent, ..case.facts.subids.clone() };
    let uid = if case.no_root.is_some() { 0 } else { case.facts.uid };
    let facts = Facts { uid, subids, ..case.facts.clone() };
    let groups = case.topology.groups.iter();
    for group in groups.filter(|group| group.nodes.contains(&case.node.name)) {
        let runtime = group.runtime.clone();
        let security = Security { idmap: None, ..group.security.clone() };
        let spec =
            ContainerSpec { runtime, security, memory: group.memory, ..ContainerSpec::default() };
        for lack in engine(group.engine).lacks(&spec, &facts) {
            let mend = match group.runtime.as_deref() {
                Some(runtime @ ("crun" | "runc" | "runsc" | "kata"))
                    if group.engine == EngineKind::Podman =>
                {
                    mend::install(case.health, runtime)
                }
                // It writes docker's configuration itself.
                Some("runsc") => {
                    let install = mend::install(case.health, "runsc");
                    format!("{install} && runsc install && kill -HUP $(pidof dockerd)")
                }
                _ => lack.hint,
            };
            let finding = Finding::new(Severity::Missing, group.engine.word(), lack.message, mend);
            if !found.contains(&finding) {
                found.push(finding);
            }
        }
    }
}

/// Major and minor version.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split(|c: char| !c.is_ascii_digit());
    let major = parts.next()?.parse().ok()?;
    Some((major, parts.next().and_then(|minor| minor.parse().ok()).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(numbers("20.10.24+dfsg1"), Some((20, 10)));
        assert_eq!(numbers("5.0"), Some((5, 0)));
        assert_eq!(numbers("252"), Some((252, 0)));
        assert_eq!(numbers("unknown"), None);
        assert!(numbers("4.9.3").unwrap() > (4, 3) && numbers("19.03.15").unwrap() < (20, 10));
    }
}
