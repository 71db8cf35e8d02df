//! What a privileged group could be instead: the smaller set of keys that its app needs. Pure.

use super::wanted::Wanted;
use crate::model::{App, AppKind, Group};

/// One sentence per privileged group of those, with its nodes.
pub fn privileged<'w>(wanted: impl IntoIterator<Item = &'w Wanted<'w>>) -> Vec<(String, String)> {
    let mut groups: Vec<(&Group, Vec<&str>)> = Vec::new();
    for one in wanted.into_iter().filter(|one| one.group.privileged) {
        match groups.iter_mut().find(|(group, _)| group.name == one.group.name) {
            Some((_, nodes)) if nodes.contains(&one.node) => {}
            Some((_, nodes)) => nodes.push(one.node),
            None => groups.push((one.group, vec![one.node])),
        }
    }
    let sentence = |(group, nodes): (&Group, Vec<&str>)| {
        let name = &group.name;
        let sentence = format!("group `{name}` is privileged: {}", instead(group));
        (nodes.join(", "), sentence)
    };
    groups.into_iter().map(sentence).collect()
}

/// What would do instead.
fn instead(group: &Group) -> String {
    let Some(app) = &group.app else {
        return "write the `cap_add` and `devices` that its command needs instead".to_owned();
    };
    let word = app.kind.word();
    let keys = keys(group, app);
    match (&app.kind, keys.is_empty()) {
        (AppKind::Custom(_), true) => {
            "write the `cap_add` and `devices` that its app needs instead".to_owned()
        }
        (_, true) => format!("{word} needs none of it here, leave `privileged` out"),
        (_, false) => format!("{word} needs no more than {}", keys.join(", ")),
    }
}

/// The keys that the app needs, as they are written.
fn keys(group: &Group, app: &App) -> Vec<String> {
    let mut keys = Vec::new();
    let pages = match &app.kind {
        AppKind::Vpp(vpp) => vpp.page_size.is_some(),
        AppKind::Testpmd(testpmd) => testpmd.hugepages,
        AppKind::Custom(_) => false,
    };
    let has_nics = !group.interfaces.is_empty();
    if pages || has_nics {
        // Both lock memory beyond what a container may (VPP 26.06: page-size of huge pages).
        keys.push("`cap_add = [\"IPC_LOCK\"]`".to_owned());
    }
    if has_nics {
        keys.push(
            "`devices = [\"/dev/vfio/vfio\", \"/dev/vfio/GROUP\"]` (GROUP: the IOMMU group of each \
             of its interfaces; without an IOMMU `/dev/vfio/noiommu-GROUP` and \"SYS_RAWIO\")"
                .to_owned(),
        );
    }
    keys
}
