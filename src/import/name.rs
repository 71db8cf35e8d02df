//! A test's name as a value. It prints itself as CSIT would write it; what it means is told by
//! [`super::interpret`].

use super::words::{Cipher, Driver, Forwarding, Frame, Learning, Technology, TestType, Wire};
use std::fmt;

/// The name of a suite, a test case or a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestName {
    /// What stands before the suite.
    pub head: Head,
    /// The suite.
    pub suite: Suite,
    /// What is measured; a tag does not say it.
    pub test_type: Option<TestType>,
}

/// What may stand before the suite.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// Number of the test case, `tc01`.
    pub case: Option<u32>,
    /// Frame.
    pub frame: Option<Frame>,
    /// Cores of the vswitch's data plane.
    pub cores: Option<Cpus>,
    /// Testbed.
    pub testbed: Option<Testbed>,
    /// NIC.
    pub nic: Option<Nic>,
    /// Driver of the NIC.
    pub driver: Option<Driver>,
}

/// `1c`, or `2t1c` with the threads counted as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpus {
    /// Threads of the data plane.
    pub threads: Option<u32>,
    /// Cores of the data plane.
    pub cores: u32,
}

/// `2n1l`: nodes with the traffic generator, links between two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Testbed {
    /// Nodes, the traffic generator among them: 1 (all on one machine), 2 or 3.
    pub nodes: u32,
    /// Links between two nodes.
    pub links: Option<u32>,
}

/// The NIC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nic {
    /// `10ge2p1x710`.
    Card {
        /// Gigabits per second.
        speed: u32,
        /// Ports that are used.
        ports: u32,
        /// Cards.
        cards: u32,
        /// Model, lower case.
        model: String,
    },
    /// `eth2p`: ports of a device test.
    Virtual {
        /// Ports.
        ports: u32,
    },
}

/// What is built and tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Encapsulation on the wire.
    pub wire: Wire,
    /// The vswitch.
    pub switch: Switch,
    /// What is behind it.
    pub virtual_side: VirtualSide,
}

/// The vswitch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// How it forwards.
    pub forwarding: Forwarding,
    /// How much of it.
    pub size: SwitchSize,
    /// Where it has MAC addresses from.
    pub learning: Option<Learning>,
}

/// How many entries a switch has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchSize {
    /// Not said: `l2bd`.
    Unsaid,
    /// As few as needed: `l2bdbase`.
    Base,
    /// So many: `ip4scale20k`.
    Scale(u32),
}

/// What is behind the vswitch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VirtualSide {
    /// `eth-2memif-1dcr`.
    Single(Single),
    /// `eth-2memif-1drcl2xc-1paral-k8s`, and `1drc` before the switch.
    Pods(Pods),
    /// `eth-4memif-2chain-2dcr-vppip4`.
    Group(Group),
    /// `2ch-4mif-2dcr1t-vppip4`.
    Density(Density),
}

/// The form of one NF, or a few that the name does not order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Single {
    /// memifs of the vswitch.
    pub memifs: u32,
    /// Copies by DMA.
    pub dma: bool,
    /// NFs.
    pub nfs: u32,
    /// What they run in.
    pub technology: Technology,
    /// Huge pages of 1 GiB.
    pub huge1g: bool,
}

/// The form of the Kubernetes suites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pods {
    /// Pods of the vswitch.
    pub switches: u32,
    /// memifs of the vswitch.
    pub memifs: u32,
    /// NFs.
    pub nfs: u32,
    /// How each forwards.
    pub forwarding: NfForwarding,
    /// How they are joined.
    pub layout: PodsLayout,
    /// `-k8s`.
    pub kubernetes: bool,
}

/// How pods are joined, in either spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodsLayout {
    /// Not said.
    Unsaid,
    /// `ch-` before all (2017-12).
    Before(Layout),
    /// `-1chain` after all.
    After {
        /// How many of them.
        count: u32,
        /// Which.
        layout: Layout,
    },
}

/// How NFs are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Side by side, each with the vswitch only.
    Parallel,
    /// One after the other, joined directly.
    Horizontal,
    /// One after the other, through the vswitch.
    Chain,
}

impl Layout {
    /// Word before all, word after all.
    pub const WORDS: [(&'static str, &'static str, Self); 3] = [
        ("pa", "paral", Self::Parallel),
        ("ho", "horiz", Self::Horizontal),
        ("ch", "chain", Self::Chain),
    ];

    fn words(self) -> (&'static str, &'static str) {
        let found = Self::WORDS.iter().find(|(_, _, layout)| *layout == self);
        found.map_or(("", ""), |(before, after, _)| (before, after))
    }
}

/// How an NF of a pod forwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NfForwarding {
    /// Cross-connect.
    L2xc,
    /// IPv4 routing.
    Ip4,
}

/// The density form of 2018.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// memifs of the vswitch; the first names do not count them.
    pub memifs: Option<u32>,
    /// Chains or pipelines.
    pub chains: u32,
    /// Whether they are pipelines.
    pub pipelines: bool,
    /// NFs of all.
    pub nfs: u32,
    /// What they run in.
    pub technology: Technology,
    /// What runs in them.
    pub app: Option<App>,
}

/// The density form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Density {
    /// Chains or pipelines.
    pub chains: u32,
    /// Whether they are pipelines.
    pub pipelines: bool,
    /// memifs of the vswitch.
    pub memifs: u32,
    /// NFs of all.
    pub nfs: u32,
    /// What they run in.
    pub technology: Technology,
    /// Data plane of each.
    pub width: Width,
    /// What runs in them.
    pub app: App,
    /// Algorithms, `IPsec` only.
    pub ciphers: Vec<Cipher>,
}

/// The data plane of an NF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// `2t`: so many threads.
    Threads(u32),
    /// `1c`: so many cores.
    Cores(u32),
}

/// What runs in an NF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum App {
    /// VPP that routes.
    VppIp4,
    /// VPP that cross-connects.
    VppL2xc,
    /// testpmd.
    Testpmd,
}

impl App {
    /// The words of names.
    pub const WORDS: [(&'static str, Self); 3] =
        [("vppip4", Self::VppIp4), ("vppl2xc", Self::VppL2xc), ("testpmd", Self::Testpmd)];
}

impl fmt::Display for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = Self::WORDS.iter().find(|(_, app)| app == self);
        f.write_str(found.map_or("", |(word, _)| word))
    }
}

impl fmt::Display for TestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.head, self.suite)?;
        self.test_type.map_or(Ok(()), |test_type| write!(f, "-{test_type}"))
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(case) = self.case {
            write!(f, "tc{case:02}-")?;
        }
        if let Some(frame) = self.frame {
            write!(f, "{frame}-")?;
        }
        if let Some(Cpus { threads, cores }) = self.cores {
            let threads = threads.map(|threads| format!("{threads}t")).unwrap_or_default();
            write!(f, "{threads}{cores}c-")?;
        }
        if let Some(Testbed { nodes, links }) = self.testbed {
            let links = links.map(|links| format!("{links}l")).unwrap_or_default();
            write!(f, "{nodes}n{links}-")?;
        }
        match &self.nic {
            Some(Nic::Card { speed, ports, cards, model }) => {
                write!(f, "{speed}ge{ports}p{cards}{model}-")?;
            }
            Some(Nic::Virtual { ports }) => write!(f, "eth{ports}p-")?,
            None => {}
        }
        self.driver.map_or(Ok(()), |driver| write!(f, "{driver}-"))
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pods = match &self.virtual_side {
            VirtualSide::Pods(pods) => Some(pods),
            _ => None,
        };
        if let Some(Pods { layout: PodsLayout::Before(layout), .. }) = pods {
            write!(f, "{}-", layout.words().0)?;
        }
        let drc = pods.map(|pods| format!("{}drc", pods.switches)).unwrap_or_default();
        write!(f, "{}-{drc}{}-{}", self.wire, self.switch, self.virtual_side)
    }
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = match self.size {
            SwitchSize::Unsaid => String::new(),
            SwitchSize::Base => "base".to_owned(),
            SwitchSize::Scale(entries) if entries % 1_000_000 == 0 => {
                format!("scale{}m", entries / 1_000_000)
            }
            SwitchSize::Scale(entries) if entries % 1_000 == 0 => {
                format!("scale{}k", entries / 1_000)
            }
            SwitchSize::Scale(entries) => format!("scale{entries}"),
        };
        let learning = self.learning.map(|learning| learning.to_string()).unwrap_or_default();
        write!(f, "{}{size}{learning}", self.forwarding)
    }
}

impl fmt::Display for VirtualSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(one) => {
                let dma = if one.dma { "-dma" } else { "" };
                let huge = if one.huge1g { "-huge1g" } else { "" };
                write!(f, "eth-{}memif{dma}-{}{}{huge}", one.memifs, one.nfs, one.technology)
            }
            Self::Pods(pods) => {
                let forwarding = match pods.forwarding {
                    NfForwarding::L2xc => "l2xc",
                    NfForwarding::Ip4 => "ip4",
                };
                write!(f, "eth-{}memif-{}drc{forwarding}", pods.memifs, pods.nfs)?;
                if let PodsLayout::After { count, layout } = pods.layout {
                    write!(f, "-{count}{}", layout.words().1)?;
                }
                f.write_str(if pods.kubernetes { "-k8s" } else { "" })
            }
            Self::Group(group) => {
                let Group { chains, nfs, technology, .. } = group;
                let word = match (group.pipelines, group.memifs) {
                    (true, _) => "pipe",
                    (false, Some(_)) => "chain",
                    (false, None) => "csc",
                };
                let memifs = group.memifs.map(|memifs| memifs.to_string()).unwrap_or_default();
                write!(f, "eth-{memifs}memif-{chains}{word}-{nfs}{technology}")?;
                group.app.map_or(Ok(()), |app| write!(f, "-{app}"))
            }
            Self::Density(density) => {
                let Density { chains, memifs, nfs, technology, app, .. } = density;
                let word = if density.pipelines { "pl" } else { "ch" };
                let width = match density.width {
                    Width::Threads(threads) => format!("{threads}t"),
                    Width::Cores(cores) => format!("{cores}c"),
                };
                write!(f, "{chains}{word}-{memifs}mif-{nfs}{technology}{width}-{app}")?;
                density.ciphers.iter().try_for_each(|cipher| write!(f, "-{cipher}"))
            }
        }
    }
}
