//! The part of a topology in a node's own VPP, the vswitch that nobody put into a container. It
//! shares that VPP with others: its numbers lie in a range of its own, what it makes is tagged,
//! and exactly that is taken out again.

use super::vpp::{commands, interface};
use super::{Probe, RenderError};
use crate::command::{Command, Secret};
use crate::wiring::{ContainerWiring, PortKind, Rule, folder};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::time::Duration;

/// How many numbers (of sockets, bridge domains, tables) a topology may use on a node.
const RANGE: u32 = 1 << 12;

/// Numbers of bridge domains end here: `L2_BD_ID_MAX` of VPP.
const NUMBERS: u32 = 1 << 24;

/// A line of VPP's CLI is done at once, or VPP hangs.
const LINE: Duration = Duration::from_secs(10);

/// The part of a topology in one node's VPP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// Path of VPP's CLI socket on the node.
    pub socket: String,
    /// Folder of the topology's memif sockets on the node.
    pub folder: String,
    /// Tag of every interface made: `vnfctl:<topology>:<digest of the lines>`.
    pub tag: String,
    /// VPP's CLI lines, each with what takes it back (empty = nothing).
    pub lines: Vec<(String, String)>,
    /// The memifs: name of the port, name in VPP.
    pub memifs: Vec<(String, String)>,
    /// Secrets of its memifs, never shown.
    pub secrets: Vec<Secret>,
}

/// What of it there is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SwitchState {
    /// Tags of the memifs that exist, by their names in VPP.
    pub tags: BTreeMap<String, String>,
    /// Memifs that are connected.
    pub connected: Vec<String>,
}

impl Switch {
    /// What `wiring` means for the VPP that listens at `socket`.
    ///
    /// # Errors
    /// A value that VPP's CLI would not read as one word.
    pub fn new(
        topology: &str,
        socket: &str,
        wiring: &ContainerWiring,
    ) -> Result<Self, RenderError> {
        let wiring = moved(wiring, first_number(topology));
        let mut lines = commands(&wiring)?;
        let hash: [u8; 32] = Sha256::digest(lines.join("\n").as_bytes()).into();
        let [a, b, c, d, ..] = hash;
        let tag = format!("vnfctl:{topology}:{:08x}", u32::from_be_bytes([a, b, c, d]));
        let (mut memifs, mut secrets) = (Vec::new(), Vec::<Secret>::new());
        for port in &wiring.ports {
            let PortKind::Memif(memif) = &port.kind else { continue };
            memifs.push((port.name.clone(), interface(port)?));
            let Some(value) = memif.options.secret.clone() else { continue };
            if !secrets.iter().any(|known| known.value == value) {
                secrets.push(Secret { name: format!("SECRET_VSWITCH_{}", port.name), value });
            }
        }
        lines.extend(memifs.iter().map(|(_, name)| format!("set interface tag {name} {tag}")));
        let undone = |line: String| {
            let undo = undo(&line);
            (line, undo)
        };
        Ok(Self {
            socket: socket.to_owned(),
            folder: folder(topology),
            tag,
            lines: lines.into_iter().map(undone).collect(),
            memifs,
            secrets,
        })
    }

    /// Puts it there; what it put there before is taken out first.
    pub fn configure(&self) -> Command {
        let mut text = String::new();
        for (line, undo) in &self.lines {
            text.extend([line, "\t", undo, "\n"]);
        }
        let args = [self.socket.clone(), self.folder.clone(), LINE.as_secs().to_string()];
        Command::sh(include_str!("switch.sh"), args).stdin(text).hide(&self.secrets)
    }

    /// Asks what of it there is; fails when no VPP answers.
    pub fn query(&self) -> Command {
        let args = [self.socket.clone(), LINE.as_secs().to_string()];
        let names = self.memifs.iter().map(|(_, name)| name.clone());
        Command::sh(include_str!("switch_state.sh"), args.into_iter().chain(names))
    }

    /// Whether all of it is there, as it was last configured.
    pub fn is_there(&self, state: &SwitchState) -> bool {
        self.memifs.iter().all(|(_, name)| state.tags.get(name) == Some(&self.tag))
    }

    /// What a state says of its ports.
    pub fn probe(&self, state: &SwitchState) -> Probe {
        let port = |(port, name): &(String, String)| {
            let found = match (state.tags.get(name), state.connected.contains(name)) {
                (None, _) => Err(format!("the node's VPP has no `{name}`")),
                (Some(_), false) => Err("not connected".to_owned()),
                (Some(_), true) => Ok(()),
            };
            (port.clone(), found)
        };
        let other = || "made from another configuration: `vnfctl configure` mends it".to_owned();
        let app = if self.is_there(state) { Ok(()) } else { Err(other()) };
        Probe { app, ports: self.memifs.iter().map(port).collect() }
    }
}

/// Takes out of a node's VPP what a topology put there, wherever that VPP listens.
pub fn remove_switch(topology: &str) -> Command {
    Command::sh(include_str!("unswitch.sh"), [folder(topology), LINE.as_secs().to_string()])
}

/// As [`remove_switch`], and removes the topology's folder of memif sockets.
pub fn remove_folder(topology: &str) -> Command {
    let words = [folder(topology), LINE.as_secs().to_string(), "all".to_owned()];
    Command::sh(include_str!("unswitch.sh"), words)
}

/// Parses what [`Switch::query`] printed.
pub fn parse_switch(stdout: &str) -> SwitchState {
    let mut state = SwitchState::default();
    let mut memif = "";
    for line in stdout.lines().map(str::trim) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["tag", name, tag] => {
                state.tags.insert((*name).to_owned(), (*tag).to_owned());
            }
            ["interface", name] => memif = name,
            ["flags", flags @ ..] if flags.contains(&"connected") => {
                state.connected.push(memif.to_owned());
            }
            _ => {}
        }
    }
    state
}

/// Where the numbers of a topology begin: by its name, so that two runs agree and two topologies
/// hardly ever meet; when they do, VPP refuses the second.
fn first_number(topology: &str) -> u32 {
    let hash = Sha256::digest(topology.as_bytes());
    let hash = u32::from_be_bytes([0, 0, hash[0], hash[1]]);
    // The first range is for people and other programs, who count from 0.
    (1 + hash % (NUMBERS / RANGE - 1)) * RANGE
}

/// The same wiring with its numbers from `first` on.
fn moved(wiring: &ContainerWiring, first: u32) -> ContainerWiring {
    let mut wiring = wiring.clone();
    for port in &mut wiring.ports {
        if let PortKind::Memif(memif) = &mut port.kind {
            memif.socket_id += first;
        }
    }
    for rule in &mut wiring.rules {
        match rule {
            Rule::Bridge { domain, .. } => *domain += first,
            Rule::Table { table, .. } | Rule::Route { table, .. } if *table > 0 => *table += first,
            _ => {}
        }
    }
    wiring
}

/// The line that takes a line back; empty where nothing needs to be: what an interface of ours is
/// goes with it, and an uplink stays up.
fn undo(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["create", "memif", "socket", "id", id, ..] => format!("delete memif socket id {id}"),
        ["create", "interface", "memif", "id", id, "socket-id", socket, ..] => {
            format!("delete interface memif memif{socket}/{id}")
        }
        ["create", "bridge-domain", id, ..] => format!("create bridge-domain {id} del"),
        ["set", "interface", "l2", _, name, ..] => format!("set interface l3 {name}"),
        ["ip", "table", "add", id] => format!("ip table del {id}"),
        ["set", "interface", "ip", "table", name, _] => format!("set interface ip table {name} 0"),
        ["set", "interface", "ip", "address", name, address] => {
            format!("set interface ip address del {name} {address}")
        }
        ["set", "ip", "neighbor", "static", rest @ ..] => {
            format!("set ip neighbor del static {}", rest.join(" "))
        }
        ["ip", "route", "add", rest @ ..] => format!("ip route del {}", rest.join(" ")),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_that_makes_something_is_taken_back() {
        for (line, back) in [
            ("create memif socket id 4097 filename /run/x.sock", "delete memif socket id 4097"),
            (
                "create interface memif id 3 socket-id 4097 slave secret s",
                "delete interface memif memif4097/3",
            ),
            ("create bridge-domain 4099 learn 1", "create bridge-domain 4099 del"),
            ("set interface l2 bridge eth1 4099", "set interface l3 eth1"),
            ("set interface l2 xconnect eth1 memif4097/3", "set interface l3 eth1"),
            ("ip table add 4106", "ip table del 4106"),
            ("set interface ip table eth1 4106", "set interface ip table eth1 0"),
            (
                "set interface ip address eth1 1.1.1.1/30",
                "set interface ip address del eth1 1.1.1.1/30",
            ),
            (
                "set ip neighbor static eth1 1.1.1.2 52:54:00:00:00:01",
                "set ip neighbor del static eth1 1.1.1.2 52:54:00:00:00:01",
            ),
            (
                "ip route add 20.0.0.0/8 table 4106 via 1.1.1.2 eth1",
                "ip route del 20.0.0.0/8 table 4106 via 1.1.1.2 eth1",
            ),
            ("set interface state eth1 up", ""),
        ] {
            assert_eq!(undo(line), back);
        }
    }

    #[test]
    fn numbers_lie_in_a_range_by_the_name() {
        let mut firsts: Vec<u32> =
            (0..200).map(|number| first_number(&format!("topology-{number}"))).collect();
        assert_eq!(firsts[7], first_number("topology-7"));
        for first in &firsts {
            assert!(first % RANGE == 0 && (RANGE..=NUMBERS - RANGE).contains(first), "{first}");
        }
        firsts.sort_unstable();
        firsts.dedup();
        assert!(firsts.len() > 180, "{} of 200", firsts.len());
    }

    #[test]
    fn what_vpp_says_of_its_memifs_is_read() {
        let text = "tag memif4097/1 vnfctl:t:00\nsockets\n  id  listener    filename\n\
            \x20 409 no          /run/x.sock\n\ninterface memif4097/1\n  socket-id 4097 id 1 mode \
            ethernet\n  flags admin-up slave connected zero-copy\ninterface memif4098/1\n  flags \
            admin-up\n";
        let state = parse_switch(text);
        assert_eq!(state.tags["memif4097/1"], "vnfctl:t:00");
        assert_eq!(state.connected, ["memif4097/1"]);
    }
}
