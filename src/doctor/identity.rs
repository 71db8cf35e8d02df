//! Who works on a node: becoming root, and ids lent to containers.

use super::{Case, Finding, Needs, Severity, mend};

/// As many ids as a container has (subuid(5), and what every engine's documentation asks for).
const IDS: u64 = 65536;

pub(super) fn check(case: &Case<'_>, needs: &Needs, found: &mut Vec<Finding>) {
    let health = case.health;
    let user = &health.login;
    if let Some(reason) = case.no_root {
        let (severity, mend) = if reason.contains("not found") {
            (Severity::Missing, mend::install(health, "sudo"))
        } else {
            let line = format!("echo '{user} ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/{user}");
            (Severity::Wrong, line)
        };
        let sentence = format!("`{user}` does not become root without a prompt: {reason}");
        found.push(Finding::new(severity, "sudo", sentence, mend));
    }
    if !needs.subordinate_ids {
        return;
    }
    let files = [("/etc/subuid", &health.subuid, "u"), ("/etc/subgid", &health.subgid, "g")];
    for (file, ranges, letter) in files {
        let enough = ranges.iter().any(|(owner, _, count)| owner == user && *count >= IDS);
        if enough {
            continue;
        }
        let free = ranges.iter().map(|(_, first, count)| first + count).max().unwrap_or(0);
        let first = free.max(100_000);
        let last = first + IDS - 1;
        let sentence = format!("{file} lends `{user}` no {IDS} ids in one range");
        let mend = format!("usermod --add-sub{letter}ids {first}-{last} {user}");
        found.push(Finding::new(Severity::Missing, "subordinate ids", sentence, mend));
    }
}
