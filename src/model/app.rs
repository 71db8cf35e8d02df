//! What runs inside the containers of a group, as the file says it. Types only.

use super::ImageFile;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// What runs inside a group's containers.
#[derive(Debug, Clone, PartialEq)]
pub struct App {
    /// Which app, with its own keys.
    pub kind: AppKind,
    /// Who keeps it running.
    pub supervise: Supervise,
    /// Software that is put into the container first.
    pub install: Install,
    /// Files written before it starts, besides the app's own.
    pub files: Vec<AppFile>,
    /// How long it may take from its start until it is ready, and then until its links are.
    pub ready_timeout: Duration,
}

/// The app itself.
#[derive(Debug, Clone, PartialEq)]
pub enum AppKind {
    /// The user's own program.
    Custom(Custom),
    /// FD.io VPP.
    Vpp(Box<Vpp>),
    /// DPDK's testpmd.
    Testpmd(Testpmd),
}

impl AppKind {
    /// The word of the topology file.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Custom(_) => "custom",
            Self::Vpp(_) => "vpp",
            Self::Testpmd(_) => "testpmd",
        }
    }
}

/// Who keeps an app running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Supervise {
    /// It is what the container is there for: when it ends, the container ends with its code.
    #[default]
    Engine,
    /// `supervisord` inside the container, which starts it again.
    Supervisord,
}

/// Software put into a container before its app is configured.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Install {
    /// Names for the package manager that the container has: apt, dnf or apk.
    pub packages: Vec<String>,
    /// `.deb`, `.rpm` or `.apk` files.
    pub package_files: Vec<PackageFile>,
    /// Commands of the user's own, after the packages.
    pub commands: Vec<Vec<String>>,
    /// Once per image and node where the engine can keep the result as an image.
    pub as_image: bool,
}

impl Install {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.package_files.is_empty() && self.commands.is_empty()
    }
}

/// A package as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFile {
    /// Where it lies.
    pub file: ImageFile,
    /// SHA-256 of its content, 64 lower-case hexadecimal digits.
    pub sha256: Option<String>,
}

/// A file written into the container; its content is a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppFile {
    /// Absolute path in the container.
    pub path: String,
    /// What is in it.
    pub content: Content,
    /// Permissions, e.g. `0o644`.
    pub mode: u32,
}

/// Content of an [`AppFile`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text of the topology file, or of the file it came from, with its name for messages.
    Text {
        /// Template.
        text: String,
        /// File it stands in and the line in it where it begins, from 1.
        origin: (String, usize),
    },
    /// A file on the operator's machine; the director reads it and makes it a text.
    Source(PathBuf),
}

/// The user's own program. Every word is a template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Custom {
    /// Program and arguments; stays in the foreground.
    pub start: Vec<String>,
    /// Exit code 0 = ready; tried again until the deadline. Empty = ready when started.
    pub ready: Vec<String>,
    /// Run inside before the container is stopped; empty = the engine's signal alone.
    pub stop: Vec<String>,
}

/// Which form of `startup.conf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VppVariant {
    /// An NF that forwards between memifs.
    #[default]
    Plain,
    /// The vswitch: NICs by DPDK as well.
    Vswitch,
    /// Plain and the crypto plugins.
    Ipsec,
    /// Plain and Intel's DSA for copies.
    Dma,
}

/// FD.io VPP. Sizes in bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Vpp {
    /// Form of `startup.conf`.
    pub variant: VppVariant,
    /// `memory main-heap-size`; at least 60 MiB for memif and L2.
    pub main_heap_size: u64,
    /// Page size of heap, buffers and statseg; `None` = the kernel's ordinary pages.
    pub page_size: Option<u64>,
    /// `buffers buffers-per-numa`; `None` = as many as its ports pin, and room beside them.
    pub buffers_per_numa: Option<u32>,
    /// `statseg size`.
    pub statseg_size: u64,
    /// `unix poll-sleep-usec`; `None` = polls without a rest.
    pub poll_sleep_usec: Option<u32>,
    /// Plugins enabled besides those the variant needs, e.g. `acl_plugin.so`.
    pub plugins: Vec<String>,
    /// `dpdk dev default num-rx-queues`, vswitch only; `None` = one per worker, at least 1.
    pub rx_queues: Option<u32>,
    /// Work queues of DSA devices as VPP names them, e.g. `wq0.0`, variant dma.
    pub dsa_devices: Vec<String>,
    /// Further sections of `startup.conf`: section -> keys in order; an empty value is a bare key.
    pub startup: BTreeMap<String, Vec<(String, String)>>,
    /// CLI lines (templates) after those that links and chains ask for.
    pub exec: Vec<String>,
}

/// DPDK's testpmd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Testpmd {
    /// `--forward-mode`; `None` = what the chain asks for: `io`, or `mac` where it routes.
    pub forward: Option<String>,
    /// `-m`, MiB.
    pub memory_mib: u32,
    /// `--total-num-mbufs`.
    pub mbufs: u32,
    /// Whether huge pages are used.
    pub hugepages: bool,
    /// Whether it forwards as soon as it is ready.
    pub auto_start: bool,
    /// Further arguments of testpmd.
    pub args: Vec<String>,
}
