//! Puts memifs together: ports at both ends, numbers of sockets, and what may be only once. It
//! must not know what a chain is.

use super::{
    ContainerWiring, Fault, GUEST_FOLDER, Memif, Port, PortKind, Rule, SOCKET_PATH_BYTES, Subject,
    WiredLink, Wiring, folder,
};
use crate::model::{MemifOptions, Node, Role, Topology};
use std::collections::{BTreeMap, BTreeSet};

/// A container, or a node's own VPP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Party<'a> {
    pub(super) node: &'a str,
    /// Group and ordinal; `None` = the node's own VPP.
    pub(super) container: Option<(&'a str, u32)>,
}

/// Which number a party gives a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    /// This one: the file says so.
    Exactly(u32),
    /// This one, or the next free one where another socket has it.
    Rather(u32),
    /// The next free one.
    Free,
}

/// One end of a memif to be made.
#[derive(Debug, Clone)]
pub(super) struct End<'a> {
    pub(super) party: Party<'a>,
    pub(super) number: Number,
    pub(super) mac: Option<String>,
    pub(super) dma: bool,
    pub(super) interrupt: bool,
}

/// A memif to be made.
#[derive(Debug)]
pub(super) struct Joint<'a> {
    pub(super) subject: Subject,
    pub(super) node: &'a Node,
    /// File name of the socket.
    pub(super) file: String,
    pub(super) id: u32,
    /// Which end is the master: 0 or 1.
    pub(super) master: usize,
    pub(super) options: &'a MemifOptions,
    pub(super) ends: [End<'a>; 2],
}

/// A socket file on a machine.
struct Socket<'a> {
    master: Party<'a>,
    ids: BTreeSet<u32>,
}

/// The wiring while it grows.
pub(super) struct Builder<'a> {
    pub(super) topology: &'a Topology,
    parties: BTreeMap<Party<'a>, ContainerWiring>,
    links: Vec<WiredLink>,
    faults: Vec<Fault>,
    /// What was said of a subject already, on another node.
    told: BTreeSet<(Subject, &'static str)>,
    /// By machine (index of its first node) and file name.
    sockets: BTreeMap<(usize, String), Socket<'a>>,
    /// Numbers of sockets of a party, with their files.
    numbers: BTreeMap<Party<'a>, BTreeMap<u32, String>>,
    /// Numbers that links of the file ask for.
    reserved: BTreeSet<(Party<'a>, u32)>,
    /// By node and address: whose it is.
    macs: BTreeMap<(&'a str, String), Party<'a>>,
    /// By node and PCI address.
    nics: BTreeMap<(&'a str, &'a str), Party<'a>>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(topology: &'a Topology) -> Self {
        let of_link = |link: &'a crate::model::MemifLink| {
            link.nodes.iter().flat_map(move |node| {
                link.ends.iter().filter_map(move |end| {
                    let container = Some((end.group.as_str(), end.ordinal));
                    Some((Party { node, container }, end.socket_id?))
                })
            })
        };
        Self {
            topology,
            parties: BTreeMap::new(),
            links: Vec::new(),
            faults: Vec::new(),
            told: BTreeSet::new(),
            sockets: BTreeMap::new(),
            numbers: BTreeMap::new(),
            reserved: topology.memifs.iter().flat_map(of_link).collect(),
            macs: BTreeMap::new(),
            nics: BTreeMap::new(),
        }
    }

    /// Name of a container; the node's own VPP has the node's.
    pub(super) fn name(&self, party: Party<'_>) -> String {
        match party.container {
            Some((group, ordinal)) => self.topology.container_name(party.node, group, ordinal),
            None => party.node.to_owned(),
        }
    }

    /// Reports what is wrong; the same of one subject once for all nodes.
    pub(super) fn fault(
        &mut self,
        subject: Subject,
        what: &'static str,
        message: String,
        label: String,
        help: String,
    ) {
        if self.told.insert((subject, what)) {
            self.faults.push(Fault { subject, message, label, help });
        }
    }

    /// Makes a memif; the indexes of its ports.
    pub(super) fn join(&mut self, joint: Joint<'a>) -> [usize; 2] {
        self.check_apps(&joint);
        self.check_path(&joint);
        self.check_socket(&joint);
        let names = [0, 1].map(|end: usize| self.name(joint.ends[end].party));
        let Joint { subject, node, file, id, master, options, ends } = joint;
        let parties = [ends[0].party, ends[1].party];
        let mut at = 0;
        let ports = ends.map(|end| {
            let role = if at == master { Role::Master } else { Role::Slave };
            let peer = names[1 - at].clone();
            at += 1;
            let socket_id = self.number(subject, &end, &file);
            if let Some(mac) = &end.mac {
                self.check_mac(subject, end.party, mac);
            }
            let socket = format!("{}/{file}", self.seen_by(end.party));
            let options = options.clone();
            let (mac, dma) = (end.mac, end.dma);
            let memif = Memif { socket, socket_id, id, role, mac, dma, options, peer };
            self.port(end.party, PortKind::Memif(memif), end.interrupt)
        });
        let port_names = [0, 1].map(|end| format!("port{}", ports[end] + 1));
        let [one, two] = [0, 1].map(|end| format!("{}:{}", names[end], port_names[end]));
        let [first, second] = port_names;
        let container = |at: usize| {
            let container: Option<(&str, u32)> = parties[at].container;
            container.map(|(group, ordinal)| (group.to_owned(), ordinal))
        };
        self.links.push(WiredLink {
            node: node.name.clone(),
            name: format!("{one}--{two}"),
            ends: [(container(0), first), (container(1), second)],
        });
        ports
    }

    /// Where a party sees the topology's folder.
    fn seen_by(&self, party: Party<'_>) -> String {
        match party.container {
            Some(_) => GUEST_FOLDER.to_owned(),
            None => folder(&self.topology.name),
        }
    }

    /// Adds a port; its index.
    pub(super) fn port(&mut self, party: Party<'a>, kind: PortKind, interrupt: bool) -> usize {
        let ports = &mut self.parties.entry(party).or_default().ports;
        let index = ports.len();
        ports.push(Port { name: format!("port{}", index + 1), kind, interrupt });
        index
    }

    /// Adds a NIC as a port; its index.
    pub(super) fn nic(&mut self, subject: Subject, party: Party<'a>, pci: &'a str) -> usize {
        if let Some(other) = self.nics.insert((party.node, pci), party) {
            let (first, second) = (self.name(other), self.name(party));
            self.fault(
                subject,
                "nic",
                format!("`{first}` and `{second}` cannot both have the NIC `{pci}`"),
                "takes it again".to_owned(),
                "name another interface in `interfaces` of one of the two groups".to_owned(),
            );
        }
        self.port(party, PortKind::Nic { pci: pci.to_owned() }, false)
    }

    /// Adds rules of a party.
    pub(super) fn rules(&mut self, party: Party<'a>, rules: impl IntoIterator<Item = Rule>) {
        self.parties.entry(party).or_default().rules.extend(rules);
    }

    /// A file name that is not taken: `base`, or with a number behind it.
    pub(super) fn free_file(&self, node: &Node, base: &str) -> String {
        let machine = self.machine(node);
        let is_free = |file: &String| !self.sockets.contains_key(&(machine, file.clone()));
        let numbered = (2_u32..).map(|number| format!("{base}-{number}.sock"));
        let mut files = std::iter::once(format!("{base}.sock")).chain(numbered);
        files.find(is_free).unwrap_or_default()
    }

    /// Two nodes that are one machine have one folder of sockets.
    fn machine(&self, node: &Node) -> usize {
        let nodes = &self.topology.nodes;
        nodes.iter().position(|other| other.ssh == node.ssh).unwrap_or_default()
    }

    /// A memif is made by the apps at its ends.
    fn check_apps(&mut self, joint: &Joint<'_>) {
        let groups = joint.ends.iter().filter_map(|end| Some(end.party.container?.0));
        let group = |name: &str| self.topology.groups.iter().find(|group| group.name == name);
        let lack = |name: &&str| group(name).is_some_and(|group| group.app.is_none());
        let Some(name) = groups.into_iter().find(lack) else { return };
        self.fault(
            joint.subject,
            "app",
            format!("nothing in the containers of group `{name}` makes memifs"),
            "needs an app at both ends".to_owned(),
            format!("give group `{name}` an `app` of kind `vpp`, `testpmd` or `custom`"),
        );
    }

    fn check_path(&mut self, joint: &Joint<'_>) {
        let on_node = format!("{}/{}", folder(&self.topology.name), joint.file);
        let inside = format!("{GUEST_FOLDER}/{}", joint.file);
        let longest = if on_node.len() >= inside.len() { on_node } else { inside };
        if longest.len() > SOCKET_PATH_BYTES {
            let what = match joint.subject {
                Subject::Memif(_) => "`socket`, or the names of the topology, node or groups",
                Subject::Chain(_) => "the names of the topology, the node or the group",
            };
            self.fault(
                joint.subject,
                "path",
                format!("the path of a socket has {SOCKET_PATH_BYTES} bytes at most"),
                format!("`{longest}` has {}", longest.len()),
                format!("shorten {what}"),
            );
        }
    }

    /// One master per socket, one link per interface id on it.
    fn check_socket(&mut self, joint: &Joint<'a>) {
        let master = joint.ends[joint.master].party;
        let key = (self.machine(joint.node), joint.file.clone());
        let socket =
            self.sockets.entry(key).or_insert_with(|| Socket { master, ids: BTreeSet::new() });
        let other = socket.master;
        let is_new = socket.ids.insert(joint.id);
        let (subject, file) = (joint.subject, &joint.file);
        if other != master {
            let names = (self.name(other), self.name(master));
            self.fault(
                subject,
                "master",
                format!("socket `{file}` has two masters: `{}` and `{}`", names.0, names.1),
                format!("`{}` is the second", names.1),
                if other.node == master.node {
                    "only one can listen on a socket: give the links different `socket`s, or the \
                     other end the role of master"
                        .to_owned()
                } else {
                    format!(
                        "`{}` and `{}` are one machine with one folder of sockets: leave `socket` out",
                        other.node, master.node
                    )
                },
            );
        } else if !is_new {
            self.fault(
                subject,
                "id",
                format!("two links have the interface id {} on socket `{file}`", joint.id),
                "the second".to_owned(),
                "give each link on a socket an `id` of its own, or a `socket` of its own"
                    .to_owned(),
            );
        }
    }

    fn check_mac(&mut self, subject: Subject, party: Party<'a>, mac: &str) {
        if let Some(other) = self.macs.insert((party.node, mac.to_owned()), party) {
            let (first, second) = (self.name(other), self.name(party));
            self.fault(
                subject,
                "mac",
                format!("the MAC address `{mac}` is used twice on `{}`", party.node),
                format!("of `{second}`, and of `{first}`"),
                "MAC addresses of a node's memifs are all different; `52:54:00:00`, `:01`, `:02` \
                 and `02:02:00:00` begin those of chains"
                    .to_owned(),
            );
        }
    }

    /// The number a party has for the socket of this file.
    fn number(&mut self, subject: Subject, end: &End<'a>, file: &str) -> u32 {
        let reserved = &self.reserved;
        let numbers = self.numbers.entry(end.party).or_default();
        let known = numbers.iter().find(|(_, known)| *known == file).map(|(number, _)| *number);
        let is_free = |number: &u32| !numbers.contains_key(number);
        let next = || {
            let unasked = |number: &u32| !reserved.contains(&(end.party, *number));
            (1..=u32::MAX).find(|number| is_free(number) && unasked(number)).unwrap_or(1)
        };
        let number = match (known, end.number) {
            (None, Number::Exactly(number)) | (Some(number), _) => number,
            (None, Number::Rather(number)) if is_free(&number) => number,
            (None, Number::Rather(_) | Number::Free) => next(),
        };
        let taken = numbers.get(&number).filter(|taken| *taken != file).cloned();
        numbers.entry(number).or_insert_with(|| file.to_owned());
        let name = self.name(end.party);
        if let Some(taken) = taken {
            self.fault(
                subject,
                "number",
                format!("`{name}` has two sockets of number {number}: `{taken}` and `{file}`"),
                "the second".to_owned(),
                "leave `socket_id` out for the next free one".to_owned(),
            );
        } else if let Number::Exactly(wanted) = end.number
            && wanted != number
        {
            self.fault(
                subject,
                "number",
                format!("`{name}` has one number for socket `{file}`, and it is {number}"),
                format!("{wanted} here"),
                "links on one socket have one `socket_id` in a container".to_owned(),
            );
        }
        number
    }

    /// The wiring, or all that is wrong.
    pub(super) fn finish(self, clis: &BTreeMap<&str, &str>) -> Result<Wiring, Vec<Fault>> {
        if !self.faults.is_empty() {
            return Err(self.faults);
        }
        let mut wiring = Wiring { links: self.links, ..Wiring::default() };
        for (Party { node, container }, ports_and_rules) in self.parties {
            if let Some((group, ordinal)) = container {
                let key = (node.to_owned(), group.to_owned(), ordinal);
                wiring.containers.insert(key, ports_and_rules);
            } else if let Some(cli) = clis.get(node) {
                wiring.switches.insert(node.to_owned(), ((*cli).to_owned(), ports_and_rules));
            }
        }
        Ok(wiring)
    }
}
