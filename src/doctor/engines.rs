//! Engines and their runtimes.

use super::{Case, Finding, Needs, Severity, mend};
use crate::model::EngineKind;
use crate::plan::{has_runtime, missing_runtime, runtime_remedy};

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
    runtimes(case, found);
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

fn runtimes(case: &Case<'_>, found: &mut Vec<Finding>) {
    let mut told = Vec::new();
    for group in &case.topology.groups {
        let Some(runtime) = group.runtime.as_deref() else { continue };
        let Some(known) = case.facts.runtimes.get(&group.engine) else { continue };
        let is_told = told.contains(&(group.engine, runtime));
        if is_told || !group.nodes.contains(&case.node.name) || has_runtime(known, runtime) {
            continue;
        }
        told.push((group.engine, runtime));
        let sentence = missing_runtime(group, runtime, known);
        let words = runtime_remedy(group.engine, runtime);
        let mend = match runtime {
            "crun" | "runc" | "runsc" | "kata" if group.engine == EngineKind::Podman => {
                mend::install(case.health, runtime)
            }
            // It writes docker's configuration itself.
            "runsc" => {
                let install = mend::install(case.health, runtime);
                format!("{install} && runsc install && kill -HUP $(pidof dockerd)")
            }
            _ => words,
        };
        found.push(Finding::new(Severity::Missing, "runtime", sentence, mend));
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
