//! Who runs vnfctl, and where.

use super::Locking;
use crate::lock::{Claimant, LEASE, Places};
use crate::transport::nonce;

/// A run of `verb` as nodes know it.
pub(super) fn claimant(locking: &Locking, verb: &str, topology: &str) -> Claimant {
    let owner = owner();
    Claimant {
        run: nonce(),
        person: locking.person.clone().unwrap_or_else(|| owner.clone()),
        owner,
        pid: std::process::id(),
        verb: verb.to_owned(),
        topology: topology.to_owned(),
        places: Places::default(),
        lease: LEASE,
    }
}

/// `user@host`.
#[expect(clippy::disallowed_methods, reason = "who types is known to the environment only")]
fn owner() -> String {
    let named = ["USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()));
    let user = named.unwrap_or_else(|| match rustix::process::getuid() {
        root if root.is_root() => "root".to_owned(),
        other => format!("uid{}", other.as_raw()),
    });
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { "localhost" } else { host.trim() };
    format!("{user}@{host}")
}
