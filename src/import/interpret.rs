//! From what a name says to what it means. Where its numbers contradict each other one of them is
//! taken, and told; nothing is mended in silence.

use super::cursor::problem;
use super::meaning::{Import, Meaning, NfCpus, Switching, Wishes};
use super::name::{
    App, Cpus, Density, Group, Layout, NfForwarding, Nic, Pods, PodsLayout, Single, SwitchSize,
    VirtualSide, Width,
};
use super::parse::{Parsed, Places};
use super::words::{Cipher, Driver, Forwarding, Frame, Learning, Technology, Wire};
use crate::model::{
    ChainKind, Crypto, EngineKind, Integrity, MemifRoles, Problem, SwitchForwarding,
};
use std::ops::Range;

/// NFs of a node that have addresses of their own: two sockets each in one byte.
const MOST_ROUTING: u32 = 127;
/// NFs of a node that have MAC addresses of their own: one byte.
const MOST: u32 = 255;
/// More data-plane cores than any machine has.
const MOST_CORES: u32 = 256;

/// What a name means, and its contradictions in the order of its words.
///
/// # Errors
/// What no topology can be: more NFs or cores than a node can have.
pub fn interpret(parsed: &Parsed, wishes: Wishes) -> Result<(Meaning, Vec<Problem>), Problem> {
    let Parsed { name, places } = parsed;
    let mut found = Found { places, warnings: Vec::new() };
    let functional = name.test_type.is_some_and(super::TestType::is_functional);
    let mut shape = found.shape(&name.suite.virtual_side, functional);
    let vs_dtc = name.head.cores.map_or(1, |Cpus { cores, .. }| cores);
    let cpus = match (shape.width, functional) {
        (Some(width), _) => found.width(width),
        (None, true) => NfCpus::One,
        // CSIT's `auto_scale`: as many as the vswitch.
        (None, false) => NfCpus::Cores(vs_dtc),
    };
    let ipsec = found.ipsec(name.suite.wire, &name.suite.virtual_side, &mut shape);
    let testpmd_alone = wishes.app == Some(Import::Testpmd);
    let switching = if testpmd_alone {
        if shape.kind == ChainKind::Ipsec {
            let message = "testpmd has no IPsec";
            let help = Some("write it with `--app vpp`".to_owned());
            return Err(problem(places.wire.clone(), message, "tunnels", help));
        }
        Switching::Generator
    } else {
        Switching::Vswitch(found.forwarding(name.suite.switch.forwarding))
    };
    let most = if shape.kind == ChainKind::Ip4 { MOST_ROUTING } else { MOST };
    let nfs = shape.chains.saturating_mul(shape.nodes);
    if nfs > most {
        let help = format!("at most {most}: their addresses are numbered in one byte");
        let message = format!("no node can have {nfs} NFs");
        return Err(problem(places.nfs.clone(), message, "too many", Some(help)));
    }
    let cores = if let NfCpus::Cores(cores) = cpus { cores.max(vs_dtc) } else { vs_dtc };
    if cores > MOST_CORES {
        let place = if vs_dtc > MOST_CORES { &places.cores } else { &places.nfs };
        let message = format!("no node has {cores} cores for one data plane");
        return Err(problem(place.clone(), message, "too many", None));
    }
    let (duts, duts_said) = duts(parsed);
    let testpmd = match wishes.app {
        Some(app) => app == Import::Testpmd,
        None => shape.testpmd,
    };
    let engine = match (wishes.engine, shape.technology) {
        (Some(engine), _) => engine,
        (None, Technology::Lxc) => EngineKind::Lxc,
        (None, Technology::Vnf) => {
            let help = "`--engine` says another".to_owned();
            found.warn(&places.nfs, "`vnf` names no engine", "docker is taken", Some(help));
            EngineKind::Docker
        }
        (None, _) => EngineKind::Docker,
    };
    let early = name.test_type.is_some_and(super::TestType::is_early)
        || shape.technology == Technology::Docker
        || matches!(&name.suite.virtual_side,
            VirtualSide::Pods(pods) if matches!(pods.layout, PodsLayout::Before(_)));
    let meaning = Meaning {
        title: title(parsed, testpmd_alone),
        duts,
        duts_said,
        chains: shape.chains,
        nodes: shape.nodes,
        kind: shape.kind,
        direct: shape.direct,
        switching,
        engine,
        testpmd,
        cpus,
        vs_dtc,
        roles: if early { MemifRoles::NfSlave } else { MemifRoles::NfMaster },
        huge1g: matches!(&name.suite.virtual_side, VirtualSide::Single(one) if one.huge1g),
        ipsec,
        asides: asides(parsed),
    };
    found.warnings.sort_by_key(|warning| (warning.span.start, warning.span.end));
    Ok((meaning, found.warnings))
}

/// The NFs.
struct Shape {
    chains: u32,
    nodes: u32,
    kind: ChainKind,
    direct: bool,
    technology: Technology,
    width: Option<Width>,
    testpmd: bool,
}

/// Judges numbers and collects what contradicts itself.
struct Found<'a> {
    places: &'a Places,
    warnings: Vec<Problem>,
}

impl Found<'_> {
    fn warn(&mut self, place: &Range<usize>, message: &str, label: &str, help: Option<String>) {
        self.warnings.push(problem(place.clone(), message, label, help));
    }

    fn shape(&mut self, side: &VirtualSide, functional: bool) -> Shape {
        match side {
            VirtualSide::Single(single) => self.single(single, functional),
            VirtualSide::Pods(pods) => self.pods(pods),
            VirtualSide::Group(group) => {
                let Group { memifs, chains, pipelines, nfs, technology, app } = group.clone();
                let (chains, nodes) = self.divide(chains, pipelines, memifs, nfs);
                let (kind, testpmd) = nf(app.unwrap_or(App::VppIp4));
                Shape { chains, nodes, kind, direct: pipelines, technology, width: None, testpmd }
            }
            VirtualSide::Density(density) => {
                let Density { chains, pipelines, memifs, nfs, technology, width, app, .. } =
                    density.clone();
                let (chains, nodes) = self.divide(chains, pipelines, Some(memifs), nfs);
                let (kind, testpmd) = nf(app);
                let width = Some(width);
                Shape { chains, nodes, kind, direct: pipelines, technology, width, testpmd }
            }
        }
    }

    fn single(&mut self, single: &Single, functional: bool) -> Shape {
        let &Single { memifs, dma, nfs, technology, .. } = single;
        let direct = nfs > 1 && memifs == 2;
        let cross = memifs == nfs && !dma && nfs == 1;
        if !direct && !cross && memifs != 2 * nfs {
            self.memifs(memifs, 2 * nfs, "an NF between two memifs has both");
        }
        let kind = match (cross, dma, functional) {
            (true, ..) => ChainKind::CrossHoriz,
            (_, true, _) => ChainKind::Dma,
            (.., true) => ChainKind::Functional,
            _ => ChainKind::L2xc,
        };
        let (chains, nodes) = (1, nfs);
        Shape { chains, nodes, kind, direct, technology, width: None, testpmd: false }
    }

    fn pods(&mut self, pods: &Pods) -> Shape {
        let &Pods { switches, memifs, nfs, forwarding, layout, .. } = pods;
        if switches > 1 {
            let message = format!("the name has {switches} vswitches");
            self.warn(&self.places.switch.clone(), &message, "a node has one: one is taken", None);
        }
        let (count, layout) = match layout {
            PodsLayout::After { count, layout } => (count, layout),
            PodsLayout::Before(layout) => (1, layout),
            PodsLayout::Unsaid if nfs > 1 && memifs == 2 => (1, Layout::Horizontal),
            PodsLayout::Unsaid => (1, Layout::Chain),
        };
        let direct = layout == Layout::Horizontal && nfs > count;
        let (chains, nodes) = if layout == Layout::Parallel {
            if memifs != 2 * nfs {
                self.memifs(memifs, 2 * nfs, "NFs side by side have two each");
            }
            (nfs, 1)
        } else {
            self.divide(count, direct, Some(memifs), nfs)
        };
        let kind = match forwarding {
            NfForwarding::L2xc => ChainKind::L2xc,
            NfForwarding::Ip4 => ChainKind::Ip4,
        };
        let technology = Technology::Drc;
        Shape { chains, nodes, kind, direct, technology, width: None, testpmd: false }
    }

    /// Chains and NFs per chain, from the counts of a name.
    fn divide(
        &mut self,
        chains: u32,
        pipelines: bool,
        memifs: Option<u32>,
        nfs: u32,
    ) -> (u32, u32) {
        let (word, expected) = if pipelines {
            ("pipelines", chains.saturating_mul(2))
        } else {
            ("chains", nfs.saturating_mul(2))
        };
        // Both widths of this suite have 4 pipelines of 1 NF in their variables.
        if pipelines && (chains, memifs, nfs) == (2, Some(8), 4) {
            let label = "4 pipelines of 1 NF are taken: so this suite has it inside";
            let message = "2 pipelines have 4 memifs, not 8";
            self.warn(&self.places.chains.clone(), message, label, None);
            return (4, 1);
        }
        if nfs.is_multiple_of(chains) {
            if let Some(memifs) = memifs.filter(|memifs| *memifs != expected) {
                let why = if pipelines {
                    "a pipeline has two, whatever is in it"
                } else {
                    "each NF of a chain has two"
                };
                self.memifs(memifs, expected, why);
            }
            return (chains, nfs / chains);
        }
        let message = format!("{nfs} NFs do not fill {chains} {word} evenly");
        let half = memifs.filter(|memifs| memifs.is_multiple_of(2)).map(|memifs| memifs / 2);
        let (taken, why) = match half {
            Some(half) if pipelines && nfs.is_multiple_of(half) => {
                ((half, nfs / half), "as the number of memifs has it")
            }
            Some(half) if !pipelines && half.is_multiple_of(chains) => {
                ((chains, half / chains), "as the number of memifs has it")
            }
            _ => ((chains, (nfs / chains).max(1)), "as many as all can have"),
        };
        let (chains, nodes) = taken;
        let label = format!("{chains} {word} of {nodes} are taken, {why}");
        self.warn(&self.places.nfs.clone(), &message, &label, None);
        taken
    }

    /// The number of memifs follows from the others, so the others count.
    fn memifs(&mut self, said: u32, expected: u32, why: &str) {
        let message = format!("the name has {said} memifs where its NFs have {expected}");
        let help = Some(why.to_owned());
        self.warn(&self.places.memifs.clone(), &message, "the NFs are taken", help);
    }

    fn width(&mut self, width: Width) -> NfCpus {
        match width {
            Width::Threads(1) => NfCpus::Half,
            Width::Threads(threads) => {
                let cores = threads.div_ceil(2);
                if !threads.is_multiple_of(2) {
                    let message = format!("{threads} threads are not whole cores of two threads");
                    let label = format!("{cores} cores are taken");
                    self.warn(&self.places.nfs.clone(), &message, &label, None);
                }
                NfCpus::Cores(cores)
            }
            Width::Cores(cores) => NfCpus::Cores(cores),
        }
    }

    fn forwarding(&mut self, forwarding: Forwarding) -> SwitchForwarding {
        match forwarding {
            Forwarding::L2xc => SwitchForwarding::L2xc,
            Forwarding::L2bd => SwitchForwarding::L2bd,
            Forwarding::Ip4 => SwitchForwarding::Ip4,
            Forwarding::Ip6 => {
                let message = "vnfctl's vswitch does not route IPv6";
                let label = "bridge domains are taken";
                let help = "routes can be added by `exec` of its app".to_owned();
                self.warn(&self.places.switch.clone(), message, label, Some(help));
                SwitchForwarding::L2bd
            }
        }
    }

    fn ipsec(
        &mut self,
        wire: Wire,
        side: &VirtualSide,
        shape: &mut Shape,
    ) -> Option<(u32, Crypto, Option<Integrity>)> {
        let ciphers = match side {
            VirtualSide::Density(density) => density.ciphers.as_slice(),
            _ => &[],
        };
        let place = self.places.wire.clone();
        let Wire::Ipsec { tunnels } = wire else {
            if !ciphers.is_empty() {
                let message = "the name has an algorithm and no tunnels";
                self.warn(&place, message, "no tunnels are taken", None);
            }
            return None;
        };
        if !matches!(side, VirtualSide::Density(_)) {
            let message = "tunnels end in the vswitch here, and its tunnels are not written";
            let help = "they can be added by `exec` of its app".to_owned();
            self.warn(&place, message, "left out", Some(help));
            return None;
        }
        if shape.direct {
            let message = "NFs with tunnels stand side by side, not in pipelines";
            self.warn(&self.places.chains.clone(), message, "chains are taken", None);
        }
        shape.kind = ChainKind::Ipsec;
        shape.direct = false;
        shape.nodes *= shape.chains;
        shape.chains = 1;
        let crypto = ciphers.iter().find_map(|cipher| match cipher {
            Cipher::Aes128Gcm => Some(Crypto::AesGcm128),
            Cipher::Aes256Gcm => Some(Crypto::AesGcm256),
            Cipher::Aes128Cbc => Some(Crypto::AesCbc128),
            Cipher::Hmac256Sha | Cipher::Hmac512Sha => None,
        });
        let integrity = ciphers.iter().find_map(|cipher| match cipher {
            Cipher::Hmac256Sha => Some(Integrity::Sha256),
            Cipher::Hmac512Sha => Some(Integrity::Sha512),
            _ => None,
        });
        let crypto = crypto.unwrap_or_else(|| {
            let message = "the name has tunnels and no algorithm of encryption";
            self.warn(&place, message, "aes256gcm is taken", None);
            Crypto::AesGcm256
        });
        let integrity = match (crypto.is_aead(), integrity) {
            (true, Some(_)) => {
                let message = "AES-GCM proves integrity itself";
                self.warn(&place, message, "the second algorithm is left out", None);
                None
            }
            (false, None) => {
                let message = "AES-CBC needs a second algorithm for integrity";
                self.warn(&place, message, "hmac256sha is taken", None);
                Some(Integrity::Sha256)
            }
            (_, integrity) => integrity,
        };
        // NFs with tunnels all have one number, however many tunnels the suite has.
        Some((tunnels, crypto, integrity))
    }
}

/// How an NF with this app forwards, and whether it is testpmd.
fn nf(app: App) -> (ChainKind, bool) {
    match app {
        App::VppIp4 => (ChainKind::Ip4, false),
        App::VppL2xc => (ChainKind::L2xc, false),
        App::Testpmd => (ChainKind::L2xc, true),
    }
}

/// Nodes with containers, and whether the name says so.
fn duts(parsed: &Parsed) -> (u32, bool) {
    let head = &parsed.name.head;
    if let Some(testbed) = head.testbed {
        return ((testbed.nodes - 1).max(1), true);
    }
    match (&head.nic, &parsed.name.suite.virtual_side) {
        // Device tests: traffic generator and DUT, no more.
        (Some(Nic::Virtual { .. }), _) => (1, true),
        // No prefix before the NIC means three nodes.
        (Some(Nic::Card { .. }), _) => (2, true),
        // A tag does not say it. All density suites but those with tunnels have two nodes.
        (None, VirtualSide::Density(_) | VirtualSide::Group(_)) => {
            (if matches!(parsed.name.suite.wire, Wire::Ipsec { .. }) { 2 } else { 1 }, false)
        }
        (None, _) => (2, false),
    }
}

/// The suite, without algorithms: names of topologies are part of socket paths.
fn title(parsed: &Parsed, testpmd: bool) -> String {
    let mut suite = parsed.name.suite.clone();
    if let VirtualSide::Density(density) = &mut suite.virtual_side {
        density.ciphers.clear();
    }
    let text = suite.to_string();
    if testpmd && !text.ends_with("testpmd") { format!("{text}-testpmd") } else { text }
}

/// What only the traffic generator or the testbed can do.
fn asides(parsed: &Parsed) -> Vec<String> {
    let name = &parsed.name;
    let mut asides = Vec::new();
    match name.head.frame {
        Some(Frame::Bytes(bytes)) => asides.push(format!("frames of {bytes} bytes")),
        Some(Frame::Imix) => asides.push("a mix of frame sizes".to_owned()),
        None => {}
    }
    if let Some(test_type) = name.test_type {
        asides.push(format!("the measurement, `{test_type}`"));
    }
    if let Wire::Word(word) = name.suite.wire
        && !["eth", "ethip4"].contains(&word)
    {
        asides.push(format!("`{word}` on the wire, with sub-interfaces or tunnels for it"));
    }
    if let SwitchSize::Scale(entries) = name.suite.switch.size {
        asides.push(format!("{entries} entries of the vswitch"));
    }
    if name.suite.switch.learning == Some(Learning::Static) {
        asides.push("static MAC addresses of the vswitch".to_owned());
    }
    if let Some(driver) = name.head.driver.filter(|driver| *driver != Driver::VfioPci) {
        asides.push(format!("the NIC's driver, `{driver}`"));
    }
    if matches!(&name.suite.virtual_side, VirtualSide::Pods(_)) {
        asides.push("pods: these are containers of an engine".to_owned());
    }
    asides
}
