//! Podman: what differs from the grammar of [`super::oci`]. Version 4.3 and later (`update`).

use super::oci::Oci;
use crate::model::EngineKind;

/// Podman: root's, or the login user's own where the lane is not root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Podman;

impl Oci for Podman {
    const KIND: EngineKind = EngineKind::Podman;
    const CREATE: &'static str = include_str!("oci/podman_create.sh");
    const QUERY: &'static str = concat!(
        include_str!("../facts/whole.sh"),
        include_str!("oci/podman_query.sh"),
        include_str!("oci/observe.sh")
    );
    const GLANCE: &'static str = include_str!("oci/podman_glance.sh");
    /// `.State` itself is a sentence (`Up 2 minutes ago`); the word is in the embedded struct.
    const TEMPLATE: &'static str = r#"{{.Pid}} {"id":{{json .ID}},"name":{{json .Names}},"labels":{{json .Labels}},"state":{{json .ListContainer.State}},"code":{{json .ExitCode}},"image":{{json .Image}}}"#;
    /// Without `--time 0` a container that ignores SIGTERM takes 10 s; `stop` gave it its grace.
    const REMOVE: &'static [&'static str] =
        &["rm", "--force", "--volumes", "--time", "0", "--ignore"];
    const IS_ROOTLESS: bool = true;
    const LEAST_MEMORY: u64 = 0;
}
