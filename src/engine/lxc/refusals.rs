//! What LXC cannot do, and what a node's LXC lacks.

use super::base;
use super::variables::fits_a_line;
use crate::engine::variables::is_passed_on;
use crate::engine::{ContainerSpec, Lack};
use crate::facts::Facts;
use crate::model::EngineKind;

/// One sentence each.
pub(super) fn of(spec: &ContainerSpec) -> Vec<String> {
    let mut refusals = Vec::new();
    match spec.image.name.as_deref() {
        None => {
            refusals.push("lxc needs an `image`: a template, or the name of its tarball".into());
        }
        Some(name) if spec.image.file.is_none() => {
            if shlex::split(name).is_none_or(|words| words.is_empty()) {
                refusals.push(format!("`{name}` is no template with arguments: a quote is open"));
            }
        }
        Some(_) => {}
    }
    if spec.name.starts_with(base::PREFIX) {
        refusals.push(format!("names with `{}` are those of lxc bases", base::PREFIX));
    }
    if !spec.publish.is_empty() {
        refusals.push("lxc publishes no ports".into());
    }
    if let Some(network) = spec.network.as_deref()
        && !["empty", "none", "host"].contains(&network)
    {
        refusals.push(format!(
            "lxc has no network `{network}`: `none` (its own, with a loopback; the default) or `host`"
        ));
    }
    for mount in &spec.mounts {
        if mount.guest.trim_matches('/').is_empty() {
            refusals.push(format!("lxc cannot mount `{}` over the root", mount.host));
        }
        // LXC's own reader ends a line there.
        if [&mount.host, &mount.guest].iter().any(|path| path.contains('\r')) {
            refusals.push(format!("lxc cannot mount {:?}", mount.host));
        }
    }
    for (name, value) in &spec.env {
        if !fits_a_line(value) && !is_passed_on(name) {
            refusals.push(format!(
                "lxc can give `{name}` no value of several lines or with white space at its end: \
                 it is no plain shell variable"
            ));
        }
    }
    refusals
}

/// What `spec` needs and a node of these facts lacks.
pub(super) fn lacks(spec: &ContainerSpec, facts: &Facts) -> Vec<Lack> {
    let Some(map) = spec.security.idmap else { return Vec::new() };
    let mut lacks = Vec::new();
    if facts.subids.mapped(map).is_none() {
        let (message, hint) = facts.subids.why_not(map);
        lacks.push(Lack { message, hint });
    }
    // `idmap=container` came with LXC 5.0 (its release notes).
    let version = facts.engines.get(&EngineKind::Lxc).and_then(|answer| answer.as_ref().ok());
    let major = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    if let (Some(version), Some(0..5)) = (version, major) {
        lacks.push(Lack {
            message: format!("`idmap` needs LXC 5.0 or later: it has {version}"),
            hint: "leave `idmap` out for this node".to_owned(),
        });
    }
    lacks
}
