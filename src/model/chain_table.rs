//! `[[chains]]`: NFs of a group one after the other.

use super::CHAIN_TABLE_KEYS;
use super::chain::{Chain, ChainKind, MemifRoles};
use super::chain_ends::read_ends;
use super::group::Draft;
use super::ipsec::read_ipsec;
use super::memif_options::read_options;
use super::names::nearest;
use super::pod::check_lasting;
use super::problem::{Place, Report};
use super::read::{Word, known, listed};
use super::topology::Node;
use super::value::{Entry, Table, Value};

/// Reads all chains, each with its place.
pub(super) fn read_chains<'a>(
    entry: &'a Entry,
    drafts: &[Draft<'_>],
    nodes: &[Node],
    report: &mut Report,
) -> (Vec<Chain>, Vec<&'a Place>) {
    let list = report.list("chains", &entry.value).unwrap_or_default();
    let mut groups: Vec<Word<'_>> = Vec::new();
    let mut chains = (Vec::new(), Vec::new());
    for value in list {
        let Some((chain, group)) = read_chain(value, drafts, nodes, report) else { continue };
        if let Some(first) = groups.iter().find(|first| first.text == group.text) {
            report
                .add(group.place, format!("group `{}` is in two chains", group.text), "again")
                .mark(first.place, "first here")
                .help("several chains of one group are one entry: `nf_chains` of the group");
        }
        groups.push(group);
        chains.0.push(chain);
        chains.1.push(&value.place);
    }
    chains
}

fn read_chain<'a>(
    value: &'a Value,
    drafts: &[Draft<'_>],
    nodes: &[Node],
    report: &mut Report,
) -> Option<(Chain, Word<'a>)> {
    let table = report.table("a chain", value)?;
    report.check_keys(table, CHAIN_TABLE_KEYS, "a chain");
    let group = required(table, value, "group", "`group = \"CNF\"`: its NFs", report)
        .and_then(|entry| report.text("group", &entry.value));
    let words = ChainKind::WORDS.map(|(word, _)| word);
    let help = format!("one of {}", listed(&words));
    let kind = required(table, value, "kind", &help, report)
        .and_then(|entry| report.choice(entry, &ChainKind::WORDS, "kind of chain"));
    let options = read_options(table, report);
    let roles = read_roles(table, kind, report);
    let ipsec = read_ipsec(table, &value.place, kind, report);
    let nfs = group.and_then(|word| Some((word, find_group(word, drafts, report)?)));
    let ends = read_ends(table, value, nfs, kind, drafts, nodes, report);
    let (group, index) = nfs?;
    if let (Some(ChainKind::Ipsec), Some(of_group)) = (kind, &drafts[index].nodes)
        && of_group.len() > 2
    {
        report
            .add(group.place, "an `ipsec` chain is on one node or two", "on more")
            .help("NF n of the first node has its tunnels to NF n of the second: set `nodes` of the group");
    }
    let group_name = group.text.to_owned();
    let chain =
        Chain { group: group_name, kind: kind?, ends: ends?, roles: roles?, options, ipsec };
    Some((chain, group))
}

fn required<'a>(
    table: &'a Table,
    value: &Value,
    key: &str,
    help: &str,
    report: &mut Report,
) -> Option<&'a Entry> {
    let entry = table.get(key);
    if entry.is_none() {
        report.missing(table, &value.place, key, "a chain", help);
    }
    entry
}

/// Whether all NFs are on two sockets of the vswitch, which only one can listen on.
pub(super) fn is_parallel(kind: ChainKind) -> bool {
    matches!(kind, ChainKind::Vswitch | ChainKind::Ipsec)
}

fn read_roles(table: &Table, kind: Option<ChainKind>, report: &mut Report) -> Option<MemifRoles> {
    let parallel = kind.filter(|kind| is_parallel(*kind));
    let Some(entry) = table.get("memif_roles") else {
        return Some(if parallel.is_some() { MemifRoles::NfSlave } else { MemifRoles::NfMaster });
    };
    let choices = [("nf-master", MemifRoles::NfMaster), ("nf-slave", MemifRoles::NfSlave)];
    let roles = report.choice(entry, &choices, "`memif_roles` word")?;
    if let (Some(kind), MemifRoles::NfMaster) = (parallel, roles) {
        report
            .add(
                &entry.value.place,
                format!("NFs of kind `{}` cannot be master", kind.word()),
                "several masters on one socket",
            )
            .help("all of them are on two sockets of the vswitch: leave `memif_roles` out");
        return None;
    }
    Some(roles)
}

/// Index of the group of that name.
pub(super) fn find_group(
    word: Word<'_>,
    drafts: &[Draft<'_>],
    report: &mut Report,
) -> Option<usize> {
    let names: Vec<&str> = drafts.iter().map(|draft| draft.name).collect();
    let found = names.iter().position(|name| *name == word.text);
    if found.is_none() && !names.is_empty() {
        let help = match nearest(word.text, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => known(word.text, &names, "groups"),
        };
        let message = format!("there is no group `{}`", word.text);
        report.add(word.place, message, "unknown group").help(help);
    }
    if let Some(index) = found {
        check_lasting(&drafts[index], word.place, report);
    }
    found
}
