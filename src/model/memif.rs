//! `[[links]]` of kind `memif`: shared memory between two containers of a node.

use super::chain::{MemifEnd, MemifLink, Role};
use super::group::Draft;
use super::link::{nodes_of, read_globs, read_pair};
use super::link_end::{Address, Mac, check_pair, find_container, read_addresses, read_mac};
use super::memif_options::read_options;
use super::problem::{Place, Report};
use super::read::Word;
use super::topology::Node;
use super::value::{Entry, Table, Value};
use super::{LINK_END_KEYS, LINK_KEYS, MEMIF_END_KEYS, MEMIF_KEYS};

/// Reads a memif link; `table` is that of `value`.
pub(super) fn read_memif(
    table: &Table,
    value: &Value,
    drafts: &[Draft<'_>],
    nodes: &[Node],
    report: &mut Report,
) -> Option<MemifLink> {
    report.check_keys_of(table, MEMIF_KEYS, "a memif link", LINK_KEYS, "a veth link");
    let options = read_options(table, report);
    let id = table.get("id").map(|entry| report.integer("id", &entry.value, 0..=65535));
    let socket = table.get("socket").map(|entry| read_socket(entry, report));
    let globs = table.get("nodes").and_then(|entry| read_globs(entry, report));
    let help = "`ends = [{ container = \"VNF1\" }, { container = \"VNF2\" }]`";
    let [one, two] = read_pair(table, value, help, report)?;
    let (one, two) = (read_end(one, drafts, report), read_end(two, drafts, report));
    let (one, two) = (one?, two?);
    check_pair(one.mac.as_ref(), two.mac.as_ref(), &one.addresses, &two.addresses, report);
    if (one.group, one.ordinal) == (two.group, two.ordinal) {
        let message = format!("both ends are in `{}`", one.container.text);
        report
            .add(two.container.place, message, "again")
            .mark(one.container.place, "first here")
            .help("a memif joins two containers");
        return None;
    }
    let roles = roles(&one, &two, report)?;
    let both = [(one.group, one.container), (two.group, two.container)];
    let indexes = nodes_of(both, globs.as_deref(), drafts, nodes, report)?;
    Some(MemifLink {
        nodes: indexes.iter().map(|index| nodes[*index].name.clone()).collect(),
        ends: [one.to_end(roles[0], drafts), two.to_end(roles[1], drafts)],
        socket: socket.flatten(),
        id: id.flatten().unwrap_or(0),
        options,
    })
}

/// One end as it stands there.
struct End<'a> {
    container: Word<'a>,
    /// Index of the group.
    group: usize,
    ordinal: u32,
    role: Option<(Role, &'a Place)>,
    socket_id: Option<u32>,
    mac: Option<Mac<'a>>,
    addresses: Vec<Address<'a>>,
}

impl End<'_> {
    fn to_end(&self, role: Role, drafts: &[Draft<'_>]) -> MemifEnd {
        MemifEnd {
            group: drafts[self.group].name.to_owned(),
            ordinal: self.ordinal,
            role,
            socket_id: self.socket_id,
            mac: self.mac.as_ref().map(|(mac, _)| mac.clone()),
            addresses: self.addresses.iter().map(|(address, _)| address.clone()).collect(),
        }
    }
}

fn read_end<'a>(value: &'a Value, drafts: &[Draft<'_>], report: &mut Report) -> Option<End<'a>> {
    let what = "an end of a memif link";
    let table = report.table(what, value)?;
    report.check_keys_of(table, MEMIF_END_KEYS, what, LINK_END_KEYS, "an end of a veth link");
    let container = if let Some(entry) = table.get("container") {
        report.text("container", &entry.value)
    } else {
        let help = "`container = \"VNF1\"`: group and ordinal";
        report.missing(table, &value.place, "container", what, help);
        None
    };
    let role = table.get("role").and_then(|entry| {
        let roles = [("master", Role::Master), ("slave", Role::Slave)];
        Some((report.choice(entry, &roles, "role")?, &entry.value.place))
    });
    // 0 is VPP's own socket, all ones its sign for none.
    let socket_id = table
        .get("socket_id")
        .and_then(|entry| report.integer("socket_id", &entry.value, 1..=65535));
    let mac = table.get("mac").and_then(|entry| read_mac("mac", entry, report));
    let addresses = table.get("addresses").map(|entry| read_addresses(entry, report));
    let container = container?;
    let (group, ordinal) = find_container(container, drafts, report)?;
    let addresses = addresses.unwrap_or_default();
    Some(End { container, group, ordinal, role, socket_id, mac, addresses })
}

/// One master and one slave; the first is the master where nobody says.
fn roles(one: &End<'_>, two: &End<'_>, report: &mut Report) -> Option<[Role; 2]> {
    let other = |role| if role == Role::Master { Role::Slave } else { Role::Master };
    match (one.role, two.role) {
        (Some((first, place)), Some((second, again))) if first == second => {
            let message = match first {
                Role::Master => "both ends of the link are master",
                Role::Slave => "both ends of the link are slave",
            };
            report
                .add(again, message, "again")
                .mark(place, "first here")
                .help("the master listens on the socket, the slave connects: one of each");
            None
        }
        (Some((first, _)), _) => Some([first, other(first)]),
        (None, Some((second, _))) => Some([other(second), second]),
        (None, None) => Some([Role::Master, Role::Slave]),
    }
}

/// The name of a file in the topology's folder.
fn read_socket(entry: &Entry, report: &mut Report) -> Option<String> {
    let word = report.text("socket", &entry.value)?;
    let odd = |c: char| !c.is_ascii_alphanumeric() && !"_-.".contains(c);
    if word.text.is_empty() || word.text.starts_with(['.', '-']) || word.text.contains(odd) {
        report
            .add(word.place, format!("`{}` cannot name a socket", word.text), "not a file name")
            .help("letters, digits, `_`, `-` and `.`; it is made in the topology's own folder");
        return None;
    }
    Some(word.text.to_owned())
}
