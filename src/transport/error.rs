//! What can go wrong with a lane, as opposed to a command that ran and failed.

/// Why a lane could not be opened or did not deliver.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Nobody answers there (exit 4).
    #[error("`{node}` cannot be reached: {reason}")]
    Unreachable {
        /// The node or address.
        node: String,
        /// What the system said.
        reason: String,
    },
    /// The host key is unknown or has changed (exit 4).
    #[error("`{host}` is not trusted: {reason}")]
    HostKey {
        /// Host and port.
        host: String,
        /// Unknown, changed or revoked, with fingerprints.
        reason: String,
        /// The command that mends it.
        hint: String,
    },
    /// No key was accepted (exit 4).
    #[error("`{host}` accepts no key of ours for `{user}`: tried {tried}")]
    Auth {
        /// Host and port.
        host: String,
        /// Login user.
        user: String,
        /// Keys tried.
        tried: String,
    },
    /// The login user cannot become root without a prompt (exit 4).
    #[error("`{node}`: cannot become root: {reason}")]
    Become {
        /// The node.
        node: String,
        /// What sudo said.
        reason: String,
    },
    /// A process could not be started here.
    #[error("cannot start `{program}`: {reason}")]
    Spawn {
        /// The program.
        program: String,
        /// What the system said.
        reason: String,
    },
    /// The person asked to stop; the command on the node was ended.
    #[error("interrupted")]
    Interrupted,
    /// The lane broke while a command ran; whether it finished is unknown.
    #[error("connection to `{node}` lost: {reason}")]
    Lost {
        /// The node.
        node: String,
        /// What the system said.
        reason: String,
    },
}
