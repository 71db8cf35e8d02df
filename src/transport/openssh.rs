//! What the user's own OpenSSH knows: `ssh -G` resolves a name as `ssh` itself would, and
//! `ssh -W` or the configured proxy command carries bytes past jump hosts.
//!
//! Source of the keys: `ssh_config(5)`; `ssh -G` prints them in lower case, one per line.

use super::{Target, TransportError};
use crate::model::SshTarget;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The connect timeout where neither the topology nor the ssh configuration names one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The keepalive interval where the ssh configuration has none.
const KEEPALIVE: Duration = Duration::from_secs(5);

/// Where agent identities come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Agent {
    /// `SSH_AUTH_SOCK`.
    Environment,
    /// A socket of the ssh configuration.
    Socket(PathBuf),
    /// No agent.
    None,
}

/// A target with every question answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) name: String,
    pub(super) host: String,
    pub(super) user: String,
    pub(super) port: u16,
    pub(super) alias: Option<String>,
    pub(super) identities: Vec<PathBuf>,
    pub(super) identities_only: bool,
    pub(super) agent: Agent,
    pub(super) user_known_hosts: Vec<PathBuf>,
    pub(super) global_known_hosts: Vec<PathBuf>,
    pub(super) accept_new: bool,
    pub(super) jump: Option<String>,
    pub(super) proxy: Option<String>,
    pub(super) timeout: Duration,
    pub(super) keepalive: Duration,
    pub(super) keepalive_count: u32,
}

impl Resolved {
    /// `host:port`, for errors.
    pub(super) fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The host as `known_hosts` files name it.
    pub(super) fn known_name(&self) -> String {
        match (&self.alias, self.port) {
            (Some(alias), _) => alias.clone(),
            (None, 22) => self.host.to_lowercase(),
            (None, port) => format!("[{}]:{port}", self.host.to_lowercase()),
        }
    }

    /// Reads what `ssh -G` printed; what the topology says wins.
    fn from_text(text: &str, target: &Target, ssh: &SshTarget, home: &Path) -> Self {
        let all = |key: &str| {
            text.lines()
                .filter_map(|line| line.split_once(' '))
                .filter(|(name, _)| *name == key)
                .map(|(_, value)| value.trim().to_owned())
                .collect::<Vec<_>>()
        };
        let one = |key: &str| all(key).into_iter().next().filter(|value| value != "none");
        let number = |key: &str| one(key).and_then(|value| value.parse::<u64>().ok());
        let host = one("hostname").unwrap_or_else(|| ssh.host.clone());
        let user = ssh.user.clone().or_else(|| one("user")).unwrap_or_else(|| "root".to_owned());
        let port = ssh.port.or_else(|| one("port")?.parse().ok()).unwrap_or(22);
        let path = |text: &str| {
            let text =
                expand(text, &host, &user, port, &ssh.host).replace("%d", &home.to_string_lossy());
            match text.strip_prefix("~/") {
                Some(rest) => home.join(rest),
                None => PathBuf::from(text),
            }
        };
        let paths = |key: &str| {
            let files = one(key).unwrap_or_default();
            files.split_whitespace().map(path).collect::<Vec<_>>()
        };
        let interval = number("serveraliveinterval").filter(|seconds| *seconds > 0);
        let count = number("serveralivecountmax").and_then(|count| u32::try_from(count).ok());
        Self {
            name: ssh.host.clone(),
            alias: one("hostkeyalias"),
            identities: all("identityfile").iter().map(|text| path(text)).collect(),
            identities_only: one("identitiesonly").as_deref() == Some("yes"),
            agent: match all("identityagent").first().map(String::as_str) {
                None | Some("SSH_AUTH_SOCK") => Agent::Environment,
                Some("none") => Agent::None,
                Some(text) => Agent::Socket(path(text)),
            },
            user_known_hosts: paths("userknownhostsfile"),
            global_known_hosts: paths("globalknownhostsfile"),
            accept_new: one("stricthostkeychecking")
                .is_some_and(|word| ["accept-new", "no", "off", "false"].contains(&word.as_str())),
            jump: one("proxyjump"),
            proxy: one("proxycommand").map(|text| expand(&text, &host, &user, port, &ssh.host)),
            timeout: target
                .connect_timeout
                .or_else(|| number("connecttimeout").map(Duration::from_secs))
                .unwrap_or(CONNECT_TIMEOUT),
            // libssh2 takes 1 for 2.
            keepalive: interval.map_or(KEEPALIVE, |seconds| Duration::from_secs(seconds.max(2))),
            keepalive_count: count.unwrap_or(3),
            host,
            user,
            port,
        }
    }
}

/// Asks `ssh -G`; without an ssh client the topology's own words and the usual files count.
#[expect(clippy::disallowed_methods, reason = "transport starts processes")]
pub(super) fn resolve(target: &Target, ssh: &SshTarget) -> Result<Resolved, TransportError> {
    let home = std::env::home_dir().unwrap_or_else(|| PathBuf::from("/"));
    let mut command = Command::new("ssh");
    command.arg("-G").args(options(target, ssh)).arg("--").arg(&ssh.host).stdin(Stdio::null());
    let text = match command.output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
        Ok(output) => {
            return Err(TransportError::Unreachable {
                node: target.node.clone(),
                reason: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            });
        }
        Err(_) => "identityfile ~/.ssh/id_ed25519\nidentityfile ~/.ssh/id_ecdsa\n\
                   identityfile ~/.ssh/id_rsa\nuserknownhostsfile ~/.ssh/known_hosts\n\
                   globalknownhostsfile /etc/ssh/ssh_known_hosts\n"
            .to_owned(),
    };
    Ok(Resolved::from_text(&text, target, ssh, &home))
}

/// The options every call of `ssh` for this target shares.
pub(super) fn options(target: &Target, ssh: &SshTarget) -> Vec<OsString> {
    let mut options = Vec::new();
    let mut add = |flag: &str, value: OsString| options.extend([flag.into(), value]);
    if let Some(path) = &target.ssh_config {
        add("-F", path.into());
    }
    if let Some(port) = ssh.port {
        add("-p", port.to_string().into());
    }
    if let Some(user) = &ssh.user {
        add("-l", user.into());
    }
    options
}

/// The words of the process that carries the connection, where it is not a plain TCP one.
pub(super) fn proxy(resolved: &Resolved, ssh_config: Option<&Path>) -> Option<Vec<OsString>> {
    if let Some(jump) = &resolved.jump {
        let (before, last) = match jump.rsplit_once(',') {
            Some((before, last)) => (Some(before), last),
            None => (None, jump.as_str()),
        };
        let mut words: Vec<OsString> = vec!["ssh".into(), "-o".into(), "BatchMode=yes".into()];
        words.extend(["-o".into(), format!("ConnectTimeout={}", seconds(resolved)).into()]);
        if let Some(path) = ssh_config {
            words.extend(["-F".into(), path.into()]);
        }
        if let Some(before) = before {
            words.extend(["-J".into(), before.into()]);
        }
        let hop = if last.contains(':') && !last.starts_with("ssh://") {
            format!("ssh://{last}")
        } else {
            last.to_owned()
        };
        let through = format!("[{}]:{}", resolved.host, resolved.port);
        words.extend(["-W".into(), through.into(), "--".into(), hop.into()]);
        return Some(words);
    }
    let proxy = resolved.proxy.as_ref()?;
    Some(vec!["sh".into(), "-c".into(), format!("exec {proxy}").into()])
}

fn seconds(resolved: &Resolved) -> u64 {
    resolved.timeout.as_secs().max(1)
}

/// The tokens a path or proxy command may hold, except the home folder.
fn expand(text: &str, host: &str, user: &str, port: u16, name: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        result.push_str(&rest[..at]);
        let token = rest[at + 1..].chars().next();
        match token {
            Some('h') => result.push_str(host),
            Some('p') => result.push_str(&port.to_string()),
            Some('r') => result.push_str(user),
            Some('n') => result.push_str(name),
            Some('%') | None => result.push('%'),
            Some(other) => result.extend(['%', other]),
        }
        rest = &rest[at + 1 + token.map_or(0, char::len_utf8)..];
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Become;

    fn resolved(text: &str, user: Option<&str>, port: Option<u16>) -> Resolved {
        let ssh = SshTarget { user: user.map(Into::into), host: "dut1".into(), port };
        let target = Target {
            node: "DUT1".into(),
            ssh: Some(ssh.clone()),
            r#become: Become::Sudo,
            connect_timeout: None,
            ssh_config: None,
        };
        Resolved::from_text(text, &target, &ssh, Path::new("/home/me"))
    }

    #[test]
    fn the_topology_wins_over_the_configuration() {
        let text = "hostname 192.0.2.1\nuser them\nport 2222\nconnecttimeout none\n";
        let own = resolved(text, None, None);
        assert_eq!((own.user.as_str(), own.port), ("them", 2222));
        assert_eq!(own.known_name(), "[192.0.2.1]:2222");
        assert_eq!(own.timeout, CONNECT_TIMEOUT);
        let told = resolved(text, Some("me"), Some(22));
        assert_eq!((told.user.as_str(), told.known_name().as_str()), ("me", "192.0.2.1"));
    }

    #[test]
    fn paths_and_tokens_are_expanded() {
        let text = "hostname h\nuser u\nidentityfile ~/.ssh/%r_key\nidentityfile %d/x\n\
                    userknownhostsfile ~/a /b\nproxycommand nc %h %p 100%%\n\
                    stricthostkeychecking accept-new\nidentityagent none\n";
        let own = resolved(text, None, None);
        assert_eq!(own.identities, [Path::new("/home/me/.ssh/u_key"), Path::new("/home/me/x")]);
        assert_eq!(own.user_known_hosts, [Path::new("/home/me/a"), Path::new("/b")]);
        assert_eq!(own.proxy.as_deref(), Some("nc h 22 100%"));
        assert!(own.accept_new);
        assert_eq!(own.agent, Agent::None);
    }

    #[test]
    fn the_last_jump_is_dialled_and_the_others_are_its_way() {
        let own = resolved("hostname h\nuser u\nproxyjump a,me@b:2200\n", None, None);
        let words = proxy(&own, None).unwrap();
        let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        assert_eq!(words[5..], ["-J", "a", "-W", "[h]:22", "--", "ssh://me@b:2200"]);
    }
}
