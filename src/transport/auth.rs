//! Proving who we are: agent identities first, then the identity files of the ssh configuration.
//! Passwords are never asked for.

use super::known_hosts::{fingerprint, to_base64};
use super::openssh::{Agent, Resolved};
use super::session::Connection;
use super::{Stop, TransportError};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Authenticates `connection`, or tells which keys were tried.
pub(super) fn authenticate(
    connection: &mut Connection,
    resolved: &Resolved,
    limit: Instant,
    stop: &Stop,
) -> Result<(), TransportError> {
    let mut tried = Vec::new();
    if by_agent(connection, resolved, limit, stop, &mut tried)?
        || by_files(connection, resolved, limit, stop, &mut tried)?
    {
        return Ok(());
    }
    if tried.is_empty() {
        tried.push("nothing: the agent holds no key and no identity file exists".to_owned());
    }
    Err(TransportError::Auth {
        host: resolved.address(),
        user: resolved.user.clone(),
        tried: tried.join(", "),
    })
}

/// As OpenSSH does: identities that the configuration names go first, and are the only ones
/// where it says so; a server allows about six attempts.
fn by_agent(
    connection: &mut Connection,
    resolved: &Resolved,
    limit: Instant,
    stop: &Stop,
    tried: &mut Vec<String>,
) -> Result<bool, TransportError> {
    if resolved.agent == Agent::None {
        return Ok(false);
    }
    let Ok(mut agent) = connection.session.agent() else {
        return Ok(false);
    };
    if let Agent::Socket(path) = &resolved.agent
        && agent.set_identity_path(path).is_err()
    {
        return Ok(false);
    }
    if agent.connect().and_then(|()| agent.list_identities()).is_err() {
        return Ok(false);
    }
    let named: Vec<_> = resolved.identities.iter().filter_map(|path| public_key(path)).collect();
    let is_named = |blob: &[u8]| named.contains(&to_base64(blob));
    let mut identities = agent.identities().unwrap_or_default();
    identities.retain(|identity| !resolved.identities_only || is_named(identity.blob()));
    identities.sort_by_key(|identity| !is_named(identity.blob()));
    for identity in identities {
        let result =
            connection.settle(limit, stop, |_| agent.userauth(&resolved.user, &identity))?;
        if result.is_ok() && connection.session.authenticated() {
            return Ok(true);
        }
        tried.push(format!("{} (agent, {})", identity.comment(), fingerprint(identity.blob())));
    }
    Ok(false)
}

#[expect(clippy::disallowed_methods, reason = "transport looks for identity files")]
fn by_files(
    connection: &mut Connection,
    resolved: &Resolved,
    limit: Instant,
    stop: &Stop,
    tried: &mut Vec<String>,
) -> Result<bool, TransportError> {
    for path in resolved.identities.iter().filter(|path| std::fs::metadata(path).is_ok()) {
        let result = connection.settle(limit, stop, |session| {
            session.userauth_pubkey_file(&resolved.user, None, path, None)
        })?;
        match result {
            Ok(()) if connection.session.authenticated() => return Ok(true),
            Ok(()) => tried.push(path.display().to_string()),
            // Refused by the server; anything else went wrong before it was asked.
            Err(error) if error.code() == ssh2::ErrorCode::Session(REFUSED) => {
                tried.push(path.display().to_string());
            }
            Err(error) => tried.push(format!("{} ({})", path.display(), error.message())),
        }
    }
    Ok(false)
}

/// `LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED` and its synonym for a key the server does not want.
const REFUSED: i32 = -18;

/// The base64 middle of the `.pub` file beside an identity.
#[expect(clippy::disallowed_methods, reason = "transport reads public keys")]
fn public_key(identity: &Path) -> Option<String> {
    let mut path = identity.as_os_str().to_owned();
    path.push(".pub");
    let text = std::fs::read_to_string(PathBuf::from(path)).ok()?;
    text.split_whitespace().nth(1).map(str::to_owned)
}
