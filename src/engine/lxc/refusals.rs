//! What LXC cannot do.

use super::base;
use super::variables::fits_a_line;
use crate::engine::ContainerSpec;
use crate::engine::variables::is_passed_on;
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
    refusals.extend(crate::engine::runtime::refusals(EngineKind::Lxc, spec));
    refusals
}
