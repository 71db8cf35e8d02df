//! What was delivered to a running container for its app, held against what should be.

use super::compare::NodeState;
use super::wanted::Wanted;
use crate::app::install_digest;

/// One thing that a container with an app should have been given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// `installed` or `configured`.
    pub claim: &'static str,
    /// Digest that should be there.
    pub wanted: String,
    /// Digest that is there; `None` = it was never finished.
    pub found: Option<String>,
}

impl Delivery {
    /// What differs and what mends it; `None` = it is as it should be.
    pub fn difference(&self) -> Option<String> {
        let sentence = match (self.claim, &self.found) {
            (_, Some(found)) if *found == self.wanted => return None,
            ("installed", None) => "never installed: `vnfctl install` does it",
            ("installed", Some(_)) => "made from other packages: `vnfctl install` mends it",
            (_, None) => "never configured: `vnfctl configure` does it",
            (_, Some(_)) => "made from another configuration: `vnfctl configure` mends it",
        };
        Some(sentence.to_owned())
    }
}

/// What a running container with an app should have been given; empty for one without.
pub fn deliveries(wanted: &Wanted<'_>, state: &NodeState) -> Vec<Delivery> {
    let (Some(app), Some(deployment)) = (&wanted.group.app, &wanted.app) else { return Vec::new() };
    let seen = state.apps.get(&wanted.spec.name).cloned().unwrap_or_default();
    let mut all = Vec::new();
    if !app.install.is_empty() {
        let wanted = install_digest(&app.install);
        all.push(Delivery { claim: "installed", wanted, found: seen.installed });
    }
    let wanted = deployment.digest.clone();
    all.push(Delivery { claim: "configured", wanted, found: seen.configured });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_says_what_mends_it() {
        let of = |claim, found: Option<&str>| {
            let found = found.map(str::to_owned);
            Delivery { claim, wanted: "0123".into(), found }.difference()
        };
        assert_eq!(of("installed", Some("0123")), None);
        assert_eq!(of("configured", Some("0123")), None);
        for (claim, verb) in [("installed", "vnfctl install"), ("configured", "vnfctl configure")] {
            for found in [None, Some("4567")] {
                let sentence = of(claim, found).unwrap();
                assert!(sentence.contains(verb), "{sentence}");
            }
        }
    }
}
