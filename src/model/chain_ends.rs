//! What the outer sides of a chain are joined to: a vswitch, or groups at both ends.

use super::SWITCH_KEYS;
use super::chain::{ChainEnds, ChainKind, SwitchForwarding};
use super::chain_table::{find_group, is_parallel};
use super::group::Draft;
use super::problem::Report;
use super::read::{Word, listed};
use super::topology::{CpuRequest, Node};
use super::value::{Entry, Table, Value};

/// The word for the node's own VPP.
const NODE: &str = "node";

/// Where VPP listens by default.
const CLI: &str = "/run/vpp/cli.sock";

/// What the outer sides are joined to.
pub(super) fn read_ends(
    table: &Table,
    value: &Value,
    nfs: Option<(Word<'_>, usize)>,
    kind: Option<ChainKind>,
    drafts: &[Draft<'_>],
    nodes: &[Node],
    report: &mut Report,
) -> Option<ChainEnds> {
    let reject = |keys: &[&str], why: &str, report: &mut Report| {
        for entry in table.entries.iter().filter(|entry| keys.contains(&entry.key.as_str())) {
            report
                .add(&entry.place, format!("`{}` says nothing here", entry.key), "unused")
                .help(why);
        }
    };
    match (table.get("vswitch"), table.get("ends")) {
        (Some(vswitch), Some(ends)) => {
            report
                .add(&ends.place, "a chain has a `vswitch` or `ends`, not both", "the other")
                .mark(&vswitch.place, "one")
                .help("`ends` are groups joined directly to the first and last NF");
            None
        }
        (None, None) => {
            let help = "`vswitch = \"GROUP\"`, `vswitch = \"node\"` for the node's own VPP, or \
                        `ends = [\"GEN\", \"SINK\"]`";
            report.missing(table, &value.place, "vswitch", "a chain", help);
            None
        }
        (None, Some(ends)) => {
            reject(SWITCH_KEYS, "it belongs to `vswitch`, and this chain has `ends`", report);
            let kind = kind?;
            if is_parallel(kind) {
                let message = format!("kind `{}` needs a vswitch", kind.word());
                report
                    .add(&ends.place, message, "joined directly")
                    .help("all its NFs are on two sockets of one: `vswitch = \"GROUP\"`");
                return None;
            }
            let groups = report.words("ends", &ends.value)?;
            let wanted = if kind == ChainKind::CrossHoriz { 1 } else { 2 };
            if groups.len() != wanted {
                let plural = if wanted == 1 { "" } else { "s" };
                report
                    .add(
                        &ends.value.place,
                        format!("`ends` of kind `{}` is {wanted} group{plural}", kind.word()),
                        format!("{} of them", groups.len()),
                    )
                    .help("in the order of the traffic, e.g. `[\"GEN\", \"SINK\"]`");
                return None;
            }
            let mut names = Vec::new();
            for word in groups {
                names.push(check_end(word, nfs, kind, drafts, nodes, report)?);
            }
            Some(ChainEnds::Groups(names))
        }
        (Some(entry), None) => {
            let word = report.text("vswitch", &entry.value)?;
            let forwarding = read_forwarding(table, kind, report);
            if word.text == NODE {
                let cli = read_cli(table, report);
                let uplinks = table.get("uplinks").map(|entry| read_uplinks(entry, report));
                let (cli, uplinks) = (cli?, uplinks.unwrap_or_default());
                return Some(ChainEnds::Node { cli, forwarding: forwarding?, uplinks });
            }
            let why = format!("only `vswitch = \"{NODE}\"` has it; a group has `interfaces`");
            reject(&["cli", "uplinks"], &why, report);
            let group = check_switch(word, nfs, drafts, nodes, report)?;
            Some(ChainEnds::Vswitch { group, forwarding: forwarding? })
        }
    }
}

fn read_forwarding(
    table: &Table,
    kind: Option<ChainKind>,
    report: &mut Report,
) -> Option<SwitchForwarding> {
    let Some(entry) = table.get("forwarding") else { return Some(SwitchForwarding::default()) };
    let choices = [
        ("l2bd", SwitchForwarding::L2bd),
        ("l2xc", SwitchForwarding::L2xc),
        ("ip4", SwitchForwarding::Ip4),
    ];
    let forwarding = report.choice(entry, &choices, "way of forwarding")?;
    let fits = match (kind?, forwarding) {
        (_, SwitchForwarding::L2bd) | (ChainKind::CrossHoriz, SwitchForwarding::L2xc) => true,
        (kind, _) => !is_parallel(kind) && kind != ChainKind::CrossHoriz,
    };
    if !fits {
        let word = kind?.word();
        report
            .add(&entry.value.place, format!("a vswitch of kind `{word}` cannot do that"), "here")
            .help("leave `forwarding` out: bridge domains join uplinks and NFs");
    }
    fits.then_some(forwarding)
}

fn read_cli(table: &Table, report: &mut Report) -> Option<String> {
    let Some(entry) = table.get("cli") else { return Some(CLI.to_owned()) };
    let word = report.text("cli", &entry.value)?;
    if !word.text.starts_with('/') {
        report
            .add(word.place, "`cli` must be an absolute path on the node", "not absolute")
            .help(format!("the CLI socket of its VPP, e.g. `{CLI}`"));
        return None;
    }
    Some(word.text.to_owned())
}

fn read_uplinks(entry: &Entry, report: &mut Report) -> Vec<String> {
    let words = report.distinct("uplinks", &entry.value);
    for word in &words {
        if word.text.is_empty() || word.text.contains(|c: char| !c.is_ascii_graphic()) {
            report
                .add(
                    word.place,
                    format!("`{}` cannot be an interface of VPP", word.text),
                    "no name",
                )
                .help("the name that `vppctl show interface` prints");
        }
    }
    words.iter().map(|word| word.text.to_owned()).collect()
}

/// Reports a group that is not on every node of the NFs. `None` also when something else about
/// the groups was reported.
fn on_their_nodes(
    word: Word<'_>,
    (nfs, own): (Word<'_>, usize),
    drafts: &[Draft<'_>],
    nodes: &[Node],
    report: &mut Report,
) -> Option<usize> {
    let index = find_group(word, drafts, report)?;
    if index == own {
        report
            .add(word.place, format!("`{}` is the group of the NFs itself", word.text), "itself")
            .mark(nfs.place, "these NFs");
        return None;
    }
    let has = drafts[index].nodes.as_ref()?;
    let lack: Vec<&str> = drafts[own]
        .nodes
        .as_ref()?
        .iter()
        .filter(|node| !has.contains(node))
        .map(|node| nodes[*node].name.as_str())
        .collect();
    if !lack.is_empty() {
        report
            .add(
                word.place,
                format!("group `{}` is not on every node of the NFs", word.text),
                format!("not on {}", listed(&lack)),
            )
            .mark(nfs.place, "these NFs")
            .help("memifs join containers of one node: let `nodes` of both groups agree");
        return None;
    }
    Some(index)
}

fn check_switch(
    word: Word<'_>,
    nfs: Option<(Word<'_>, usize)>,
    drafts: &[Draft<'_>],
    nodes: &[Node],
    report: &mut Report,
) -> Option<String> {
    let index = on_their_nodes(word, nfs?, drafts, nodes, report)?;
    let containers = drafts[index].containers()?;
    if containers != 1 {
        report
            .add(
                word.place,
                format!(
                    "a vswitch is one container per node, and `{}` has {containers}",
                    word.text
                ),
                "several",
            )
            .mark(drafts[index].place, "this group")
            .help("`count = 1`, or one group per vswitch");
        return None;
    }
    Some(word.text.to_owned())
}

fn check_end(
    word: Word<'_>,
    nfs: Option<(Word<'_>, usize)>,
    kind: ChainKind,
    drafts: &[Draft<'_>],
    nodes: &[Node],
    report: &mut Report,
) -> Option<String> {
    let (group, own) = nfs?;
    let index = on_their_nodes(word, (group, own), drafts, nodes, report)?;
    let containers = drafts[index].containers()?;
    let chains = match drafts[own].cpu.as_ref()? {
        cpu if kind == ChainKind::CrossHoriz => cpu.containers(),
        CpuRequest::Slice(_) => 1,
        CpuRequest::Chain(chain) => chain.nf_chains,
    };
    if containers != 1 && containers != chains {
        let wanted = if chains == 1 { "1".to_owned() } else { format!("1 or {chains}") };
        report
            .add(
                word.place,
                format!(
                    "an end of {chains} chain{} is {wanted} container{}",
                    plural(chains),
                    plural(chains)
                ),
                format!("`{}` has {containers} per node", word.text),
            )
            .mark(group.place, "these NFs")
            .help("chain c is joined to container c, or all of them to the only one");
        return None;
    }
    Some(word.text.to_owned())
}

fn plural(number: u32) -> &'static str {
    if number == 1 { "" } else { "s" }
}
