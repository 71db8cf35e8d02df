//! Which values are never shown: those whose variable's name says so.

use super::recipe::RecipeKind;
use super::topology::Topology;
use crate::command::Secret;

const WORDS: [&str; 10] = [
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "TOKEN",
    "CREDENTIAL",
    "PRIVATE_KEY",
    "API_KEY",
    "PASSPHRASE",
    "CRYPTO_KEY",
    "INTEG_KEY",
];

/// Whether a variable of this name holds something that is never shown.
pub fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// The secrets of a topology: `expanded` (from `${NAME}`), then those of the groups' `env`, of
/// links and chains. Names are shell variable names; one name never stands for two values.
pub(super) fn collect(topology: &Topology, expanded: Vec<Secret>) -> Vec<Secret> {
    let mut secrets: Vec<Secret> = Vec::new();
    for secret in expanded {
        if !secrets.contains(&secret) {
            secrets.push(secret);
        }
    }
    for group in &topology.groups {
        for (name, value) in &group.env {
            let known = secrets.iter().any(|secret| secret.value == *value);
            if value.is_empty() || known || !looks_secret(name) {
                continue;
            }
            let mut wanted = variable(name);
            if secrets.iter().any(|secret| secret.name == wanted) {
                wanted = variable(&format!("{name}_{}", group.name));
            }
            secrets.push(Secret { name: wanted, value: value.clone() });
        }
    }
    for (name, value) in of_recipes(topology) {
        if !value.is_empty() && secrets.iter().all(|secret| secret.value != *value) {
            let taken = secrets.iter().any(|secret| secret.name == variable(name));
            let name = if taken { variable(&format!("{name}_ARG")) } else { variable(name) };
            secrets.push(Secret { name, value: value.clone() });
        }
    }
    for (name, value) in of_wiring(topology) {
        if secrets.iter().any(|secret| secret.value == value) {
            continue;
        }
        let is_free = |name: &String| secrets.iter().all(|secret| secret.name != *name);
        let mut names = (2..).map(|number: u32| format!("{name}_{number}"));
        let name = Some(name.to_owned()).filter(is_free).or_else(|| names.find(is_free));
        secrets.extend(name.map(|name| Secret { name, value: value.to_owned() }));
    }
    secrets
}

/// Build arguments whose name says so.
fn of_recipes(topology: &Topology) -> impl Iterator<Item = (&String, &String)> {
    let args = topology.images.values().flat_map(|recipe| match &recipe.kind {
        RecipeKind::Dockerfile(dockerfile) => dockerfile.args.iter().collect(),
        RecipeKind::Template(_) | RecipeKind::Rootfs(_) => Vec::new(),
    });
    args.filter(|(name, _)| looks_secret(name))
}

/// Secrets of memifs and keys of tunnels.
fn of_wiring(topology: &Topology) -> Vec<(&'static str, &str)> {
    let of_links = topology.memifs.iter().map(|link| &link.options);
    let of_chains = topology.chains.iter().map(|chain| &chain.options);
    let memifs = of_links.chain(of_chains).filter_map(|options| options.secret.as_deref());
    let tunnels = topology.chains.iter().filter_map(|chain| chain.ipsec.as_ref());
    let keys = tunnels.flat_map(|ipsec| {
        let integrity = ipsec.integrity.as_ref().map(|(_, key)| ("INTEG_KEY", key.as_str()));
        [("CRYPTO_KEY", ipsec.crypto_key.as_str())].into_iter().chain(integrity)
    });
    memifs.map(|secret| ("MEMIF_SECRET", secret)).chain(keys).collect()
}

/// The nearest shell variable name.
fn variable(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_secret() {
        for name in ["DB_PASSWORD", "passwd", "my.Token", "AWS_SECRET_ACCESS_KEY", "x_api_key"] {
            assert!(looks_secret(name), "{name}");
        }
        for name in ["PATH", "KEY", "PASS", "MICROSERVICE_LABEL"] {
            assert!(!looks_secret(name), "{name}");
        }
    }

    #[test]
    fn any_name_becomes_a_variable_name() {
        assert_eq!(variable("my.token"), "my_token");
        assert_eq!(variable("1TOKEN"), "_1TOKEN");
    }
}
