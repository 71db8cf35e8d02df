//! `idmap`: whether root inside is somebody else outside.

use super::group::Section;
use super::problem::Report;
use super::security::IdMap;
use super::value::Kind;

/// The first id that a whole range of 65536 can begin at, at most.
const LAST_FIRST: i64 = u32::MAX as i64 - 65_536;

/// Reads the key; what an engine cannot map is its refusal.
pub(super) fn read_idmap(section: &Section<'_>, report: &mut Report) -> Option<IdMap> {
    let entry = section.get("idmap")?;
    let place = &entry.value.place;
    if let Some(privileged) = section.get("privileged")
        && matches!(privileged.value.kind, Kind::Boolean(true))
    {
        report
            .add(place, "`idmap` does not go with `privileged`", "takes what the other gives")
            .mark(&privileged.place, "is root of the node")
            .help("remove one of both");
    }
    match &entry.value.kind {
        Kind::Text(word) if word == "auto" => Some(IdMap::Auto),
        Kind::Integer(first) if (1..=LAST_FIRST).contains(first) => {
            u32::try_from(*first).ok().map(IdMap::First)
        }
        _ => {
            report.add(place, "`idmap` is `\"auto\"` or the first of 65536 ids", "neither").help(
                "`\"auto\"` takes the first range in the node's `/etc/subuid` and `/etc/subgid`",
            );
            None
        }
    }
}
