//! Docker: what differs from the grammar of [`super::oci`]. Version 20.10 and later.

use super::oci::Oci;
use crate::model::EngineKind;

/// Docker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Docker;

impl Oci for Docker {
    const KIND: EngineKind = EngineKind::Docker;
    const CREATE: &'static str = include_str!("oci/docker_create.sh");
    const QUERY: &'static str = concat!(
        include_str!("../facts/whole.sh"),
        include_str!("oci/docker_query.sh"),
        include_str!("oci/observe.sh")
    );
    const GLANCE: &'static str = include_str!("oci/docker_glance.sh");
    const TEMPLATE: &'static str = r#"{{.State.Pid}} {"id":{{json .Id}},"name":{{json .Name}},"labels":{{json .Config.Labels}},"state":{{json .State.Status}},"code":{{json .State.ExitCode}},"image":{{json .Config.Image}}}"#;
    const REMOVE: &'static [&'static str] = &["rm", "--force", "--volumes"];
    const IS_ROOTLESS: bool = false;
    /// The daemon refuses less: "Minimum memory limit allowed is 6MB".
    const LEAST_MEMORY: u64 = 6 << 20;
}
