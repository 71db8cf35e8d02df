//! Subordinate ids of a node (subuid(5), subgid(5)): which of its ids a container may be given.

use crate::model::IdMap;

/// Ids of one user namespace: 0, 1, 2 ... inside.
pub const MAPPED_IDS: u32 = 65_536;

/// The ranges that `/etc/subuid` and `/etc/subgid` give the user who runs the engines: (first,
/// how many), in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubIds {
    /// Name of that user.
    pub user: String,
    /// Of `/etc/subuid`.
    pub uids: Vec<(u32, u32)>,
    /// Of `/etc/subgid`.
    pub gids: Vec<(u32, u32)>,
}

/// What id 0 of a container is on the node; [`MAPPED_IDS`] follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MappedTo {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

impl SubIds {
    /// Where `map` leads on this node; `None` = the user has no such range.
    pub fn mapped(&self, map: IdMap) -> Option<MappedTo> {
        let first = |ranges: &[(u32, u32)]| match map {
            IdMap::Auto => {
                ranges.iter().find(|(_, count)| *count >= MAPPED_IDS).map(|(first, _)| *first)
            }
            IdMap::First(wanted) => {
                let end = |first: u32, count: u32| u64::from(first) + u64::from(count);
                let is_in = |(first, count): &&(u32, u32)| {
                    *first <= wanted && end(wanted, MAPPED_IDS) <= end(*first, *count)
                };
                ranges.iter().find(is_in).map(|_| wanted)
            }
        };
        Some(MappedTo { uid: first(&self.uids)?, gid: first(&self.gids)? })
    }

    /// Why [`SubIds::mapped`] has no answer and the command that changes it.
    pub fn why_not(&self, map: IdMap) -> (String, String) {
        let user = &self.user;
        let first = match map {
            IdMap::Auto => 100_000,
            IdMap::First(first) => first,
        };
        let last = u64::from(first) + u64::from(MAPPED_IDS) - 1;
        let message = match map {
            IdMap::Auto => format!(
                "`idmap`: no range of {MAPPED_IDS} subordinate ids is `{user}`'s in `/etc/subuid` and \
                 `/etc/subgid`"
            ),
            IdMap::First(_) => format!(
                "`idmap`: the ids {first}-{last} are not all `{user}`'s in `/etc/subuid` and `/etc/subgid`"
            ),
        };
        let hint = format!(
            "on the node: `usermod --add-subuids {first}-{last} --add-subgids {first}-{last} {user}`"
        );
        (message, hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_found_where_both_files_have_it() {
        let ids = SubIds {
            user: "root".into(),
            uids: vec![(1000, 10), (100_000, 65_536), (300_000, 200_000)],
            gids: vec![(200_000, 65_536), (300_000, 200_000)],
        };
        let mapped = |map| ids.mapped(map).map(|to| (to.uid, to.gid));
        assert_eq!(mapped(IdMap::Auto), Some((100_000, 200_000)));
        assert_eq!(mapped(IdMap::First(300_000)), Some((300_000, 300_000)));
        assert_eq!(mapped(IdMap::First(400_000)), Some((400_000, 400_000)));
        assert_eq!(mapped(IdMap::First(450_000)), None, "its end is outside");
        assert_eq!(mapped(IdMap::First(100_000)), None, "group ids are others");
        assert_eq!(SubIds::default().mapped(IdMap::Auto), None);
        let (message, hint) = ids.why_not(IdMap::First(7));
        assert!(
            message.contains("7-65542") && hint.contains("--add-subgids 7-65542 root"),
            "{hint}"
        );
    }
}
