//! Host keys: who is known, who has changed, who was revoked.
//!
//! `ssh-keygen -F` finds the lines of a host (hashed names and patterns included, which libssh2
//! cannot do); where it is missing, libssh2's own check decides. `@revoked` is taken
//! strictly: a key revoked for any host is refused for all. Format: `sshd(8)`, "`SSH_KNOWN_HOSTS`".

use super::TransportError;
use super::openssh::Resolved;
use crate::command::quote;
use sha2::{Digest, Sha256};
use ssh2::{CheckResult, KnownHostFileKind, Session};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the files say about one host, before its key is seen.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Key type and key in base64, of plain lines.
    keys: Vec<(String, String)>,
    /// Every revoked key, of any host.
    revoked: Vec<String>,
    /// Whether `ssh-keygen` answered.
    searched: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Match,
    Revoked,
    /// Fingerprints of the keys on file.
    Changed(Vec<String>),
    Unknown,
}

impl Known {
    /// Reads what the `known_hosts` files of `resolved` say.
    #[expect(clippy::disallowed_methods, reason = "transport reads known_hosts")]
    pub(super) fn read(resolved: &Resolved) -> Self {
        let mut known = Self { searched: true, ..Self::default() };
        for file in files(resolved) {
            let Ok(bytes) = std::fs::read(file) else { continue };
            known.revoked.extend(revoked_keys(&String::from_utf8_lossy(&bytes)));
            let found = Command::new("ssh-keygen")
                .arg("-F")
                .arg(resolved.known_name())
                .arg("-f")
                .arg(file)
                .stdin(Stdio::null())
                .output();
            match found {
                Ok(output) => {
                    known.keys.extend(plain_keys(&String::from_utf8_lossy(&output.stdout)));
                }
                Err(_) => known.searched = false,
            }
        }
        known
    }

    /// The order in which to ask for host keys: the types on file first, so that a host known
    /// by one key is not found unknown by another.
    pub(super) fn preference(&self, supported: &[&str]) -> Option<String> {
        if self.keys.is_empty() {
            return None;
        }
        let is_known = |algorithm: &&&str| {
            let key_type = if algorithm.starts_with("rsa-sha2-") { "ssh-rsa" } else { algorithm };
            self.keys.iter().any(|(known, _)| known == key_type)
        };
        let usable = |algorithm: &&&str| {
            !algorithm.contains("-cert-") && !["ssh-dss", "ssh-rsa"].contains(*algorithm)
        };
        let first = supported.iter().filter(usable).filter(is_known);
        let rest = supported.iter().filter(usable).filter(|algorithm| !is_known(algorithm));
        Some(first.chain(rest).copied().collect::<Vec<_>>().join(","))
    }

    fn verdict(&self, key: &str) -> Verdict {
        if self.revoked.iter().any(|revoked| revoked == key) {
            Verdict::Revoked
        } else if self.keys.iter().any(|(_, known)| known == key) {
            Verdict::Match
        } else if self.keys.is_empty() {
            Verdict::Unknown
        } else {
            let print = |(kind, key): &(String, String)| {
                format!(
                    "{} ({kind})",
                    from_base64(key).as_deref().map_or_else(String::new, fingerprint)
                )
            };
            Verdict::Changed(self.keys.iter().map(print).collect())
        }
    }

    /// Trusts the key the session was offered, or says why not and what mends it.
    pub(super) fn check(
        &self,
        session: &Session,
        resolved: &Resolved,
    ) -> Result<(), TransportError> {
        let address = resolved.address();
        let refuse = |reason: String, hint: String| {
            Err(TransportError::HostKey { host: address.clone(), reason, hint })
        };
        let Some((blob, _)) = session.host_key() else {
            return refuse(
                "it offered no host key".to_owned(),
                format!("ssh -v {}", resolved.name),
            );
        };
        let (key, kind) = (to_base64(blob), key_type(blob));
        let offered = format!("{} ({kind})", fingerprint(blob));
        let name = resolved.known_name();
        let file = resolved.user_known_hosts.first();
        let shown = file
            .map_or_else(|| "~/.ssh/known_hosts".to_owned(), |file| quote(&file.to_string_lossy()));
        let mut verdict = self.verdict(&key);
        if !self.searched && verdict == Verdict::Unknown {
            verdict = by_libssh2(session, resolved, blob);
        }
        match verdict {
            Verdict::Match => Ok(()),
            Verdict::Revoked => refuse(
                format!("its host key {offered} was revoked"),
                format!("grep @revoked {shown}"),
            ),
            Verdict::Changed(known) => refuse(
                format!("its host key has changed: known {}, offered {offered}", known.join(", ")),
                format!("ssh-keygen -R {} -f {shown}", quote(&name)),
            ),
            Verdict::Unknown if resolved.accept_new => match file {
                Some(file) => append(file, &format!("{name} {kind} {key}\n")).or_else(|error| {
                    refuse(
                        format!("its new host key {offered} cannot be kept: {error}"),
                        format!("ls -l {shown}"),
                    )
                }),
                None => Ok(()),
            },
            Verdict::Unknown => refuse(format!("its host key {offered} is unknown"), {
                if resolved.jump.is_some() || resolved.proxy.is_some() || resolved.alias.is_some() {
                    format!("ssh {}", resolved.name)
                } else {
                    let (port, host) = (resolved.port, &resolved.host);
                    format!("ssh-keyscan -p {port} {host} >> {shown}")
                }
            }),
        }
    }
}

fn files(resolved: &Resolved) -> impl Iterator<Item = &PathBuf> {
    resolved.user_known_hosts.iter().chain(&resolved.global_known_hosts)
}

/// The check of a machine without `ssh-keygen`: hashed names yes, patterns no.
fn by_libssh2(session: &Session, resolved: &Resolved, blob: &[u8]) -> Verdict {
    let Ok(mut known) = session.known_hosts() else {
        return Verdict::Unknown;
    };
    for file in files(resolved) {
        // A file that is not there holds nobody.
        let _ = known.read_file(file, KnownHostFileKind::OpenSSH);
    }
    let host = resolved.alias.as_ref().unwrap_or(&resolved.host);
    match known.check_port(host, resolved.port, blob) {
        CheckResult::Match => Verdict::Match,
        CheckResult::Mismatch => Verdict::Changed(vec!["another key".to_owned()]),
        CheckResult::NotFound | CheckResult::Failure => Verdict::Unknown,
    }
}

#[expect(clippy::disallowed_methods, reason = "accept-new adds to known_hosts")]
fn append(file: &Path, line: &str) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.create(true).append(true).read(true).mode(0o600).open(file)?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    let gap = if text.last().is_some_and(|byte| *byte != b'\n') { "\n" } else { "" };
    file.write_all(format!("{gap}{line}").as_bytes())
}

/// `hosts type key [comment]` lines; markers and comments are skipped.
fn plain_keys(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.starts_with(['#', '@']));
    lines
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        })
        .collect()
}

fn revoked_keys(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix("@revoked"));
    lines.filter_map(|line| line.split_whitespace().nth(2).map(str::to_owned)).collect()
}

/// `SHA256:..` as `ssh-keygen -l` prints it.
pub(super) fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", to_base64(&Sha256::digest(blob)).trim_end_matches('='))
}

/// The first string of a key blob names its type (RFC 4253, 6.6).
fn key_type(blob: &[u8]) -> String {
    let length = blob.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes) as usize);
    let name = blob.get(4..4 + length).unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let index = (word >> (18 - 6 * place) & 63) as usize;
            text.push(if place <= chunk.len() { char::from(ALPHABET[index]) } else { '=' });
        }
    }
    text
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut word, mut bits) = (Vec::new(), 0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = ALPHABET.iter().position(|letter| *letter == byte)?;
        word = word << 6 | u32::try_from(value).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_goes_both_ways() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v")] {
            assert_eq!(to_base64(bytes.as_bytes()), text);
            assert_eq!(from_base64(text).unwrap(), bytes.as_bytes());
        }
    }

    #[test]
    fn markers_are_no_plain_keys() {
        let text = "# Host h found: line 1\nh ssh-ed25519 AAAA me\n\
                    @cert-authority h ssh-rsa BBBB\n@revoked * ssh-ed25519 CCCC\n";
        assert_eq!(plain_keys(text), [("ssh-ed25519".to_owned(), "AAAA".to_owned())]);
        assert_eq!(revoked_keys(text), ["CCCC"]);
    }

    #[test]
    fn the_verdict_refuses_before_it_trusts() {
        let keys = vec![("ssh-ed25519".to_owned(), "AAAA".to_owned())];
        let known = Known { keys, revoked: vec!["CCCC".to_owned()], searched: true };
        assert_eq!(known.verdict("AAAA"), Verdict::Match);
        assert_eq!(known.verdict("CCCC"), Verdict::Revoked);
        assert!(matches!(known.verdict("BBBB"), Verdict::Changed(_)));
        assert_eq!(Known::default().verdict("BBBB"), Verdict::Unknown);
        let order = known.preference(&["ecdsa-sha2-nistp256", "ssh-ed25519", "ssh-rsa"]);
        assert_eq!(order.as_deref(), Some("ssh-ed25519,ecdsa-sha2-nistp256"));
    }
}
