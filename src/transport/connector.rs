//! Nodes by name: which of them are this machine, which are reached how.

use super::lane::Lane;
use super::local::LocalPeer;
use super::pump::Peer;
use super::ssh::SshPeer;
use super::{Connector, Stop, Transport, TransportError};
use crate::model::{Become, SshTarget};
use std::path::PathBuf;
use std::time::Duration;

/// Steps that make one more login worth while: it costs about as much as an
/// engine call or two, most of it the start of the login shell.
const STEPS_PER_LOGIN: usize = 4;

/// How to reach one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Node name, as the topology and errors call it.
    pub node: String,
    /// How to log in; `None` = this machine.
    pub ssh: Option<SshTarget>,
    /// How the login user becomes root.
    pub r#become: Become,
    /// How long connecting may take; `None` = `ConnectTimeout` of the ssh configuration, else 10 s.
    pub connect_timeout: Option<Duration>,
    /// An ssh configuration file instead of the user's own.
    pub ssh_config: Option<PathBuf>,
}

/// The real connector.
#[derive(Debug, Clone, Default)]
pub struct Nodes {
    targets: Vec<Target>,
}

impl Nodes {
    /// A connector that knows `targets`.
    pub fn new(targets: Vec<Target>) -> Self {
        Self { targets }
    }

    /// The target of a node.
    pub fn target(&self, node: &str) -> Result<&Target, TransportError> {
        self.targets.iter().find(|target| target.node == node).ok_or_else(|| {
            TransportError::Unreachable {
                node: node.to_owned(),
                reason: "no such node in the topology".to_owned(),
            }
        })
    }

    /// One more connection to `node`.
    pub(super) fn peer(&self, node: &str, stop: &Stop) -> Result<Box<dyn Peer>, TransportError> {
        let target = self.target(node)?;
        Ok(match &target.ssh {
            Some(ssh) => Box::new(SshPeer::open(target, ssh, stop)?),
            None => Box::new(LocalPeer::new(target.r#become)),
        })
    }
}

impl Connector for Nodes {
    fn open(&self, node: &str, stop: &Stop) -> Result<Box<dyn Transport>, TransportError> {
        Ok(Box::new(Lane::open(node, self.peer(node, stop)?, self, stop)?))
    }

    fn steps_per_lane(&self, node: &str) -> usize {
        let is_remote = self.target(node).is_ok_and(|target| target.ssh.is_some());
        if is_remote { STEPS_PER_LOGIN } else { 1 }
    }
}
