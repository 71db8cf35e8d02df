//! The numbers of a name: chains, NFs, memifs, cores. Two of them follow from the others; where they
//! do not, one is taken and told.

use super::cursor::problem;
use super::meaning::NfCpus;
use super::name::{
    App, Density, Group, Layout, NfForwarding, Pods, PodsLayout, Single, VirtualSide, Width,
};
use super::parse::Places;
use super::words::{Technology, plural};
use crate::model::{ChainKind, Problem};
use std::ops::Range;

/// The NFs.
pub(super) struct Shape {
    pub(super) chains: u32,
    pub(super) nodes: u32,
    pub(super) kind: ChainKind,
    pub(super) technology: Technology,
    pub(super) width: Option<Width>,
    pub(super) testpmd: bool,
}

/// Judges numbers and collects what contradicts itself.
pub(super) struct Found<'a> {
    pub(super) places: &'a Places,
    pub(super) warnings: Vec<Problem>,
}

impl Found<'_> {
    pub(super) fn warn(
        &mut self,
        place: &Range<usize>,
        message: &str,
        label: &str,
        help: Option<String>,
    ) {
        self.warnings.push(problem(place.clone(), message, label, help));
    }

    pub(super) fn shape(&mut self, side: &VirtualSide, functional: bool) -> Shape {
        match side {
            VirtualSide::Single(single) => self.single(single, functional),
            VirtualSide::Pods(pods) => self.pods(pods),
            VirtualSide::Group(group) => {
                let Group { memifs, chains, pipelines, nfs, technology, app } = group.clone();
                let (chains, nodes) = self.divide(chains, pipelines, memifs, nfs);
                let (kind, testpmd) = nf(app.unwrap_or(App::VppIp4), pipelines);
                Shape { chains, nodes, kind, technology, width: None, testpmd }
            }
            VirtualSide::Density(density) => {
                let Density { chains, pipelines, memifs, nfs, technology, width, app, .. } =
                    density.clone();
                let (chains, nodes) = self.divide(chains, pipelines, Some(memifs), nfs);
                let (kind, testpmd) = nf(app, pipelines);
                let width = Some(width);
                Shape { chains, nodes, kind, technology, width, testpmd }
            }
        }
    }

    fn single(&mut self, single: &Single, functional: bool) -> Shape {
        let &Single { memifs, dma, nfs, technology, .. } = single;
        let direct = nfs > 1 && memifs == 2 && !dma && !functional;
        let cross = memifs == 1 && nfs == 1 && !dma;
        if !direct && !cross && memifs != 2 * nfs {
            self.memifs(memifs, 2 * nfs, "an NF between two memifs has both");
        }
        let kind = match (cross, dma, functional) {
            (true, ..) => ChainKind::CrossHoriz,
            (_, true, _) => ChainKind::Dma,
            (.., true) => ChainKind::Functional,
            _ if direct => ChainKind::PipelineL2xc,
            _ => ChainKind::L2xc,
        };
        Shape { chains: 1, nodes: nfs, kind, technology, width: None, testpmd: false }
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
        let app = match forwarding {
            NfForwarding::L2xc => App::VppL2xc,
            NfForwarding::Ip4 => App::VppIp4,
        };
        let (kind, testpmd) = nf(app, direct);
        let technology = Technology::Drc;
        Shape { chains, nodes, kind, technology, width: None, testpmd }
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
            let label = "4 pipelines of 1 NF are taken, as this suite has it inside";
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
        let message = format!("{} cannot fill {chains} {word} evenly", plural(nfs, "NF"));
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
        let message = format!("the name says {said}, and its NFs have {expected} memifs");
        let help = Some(why.to_owned());
        self.warn(&self.places.memifs.clone(), &message, "the NFs are taken", help);
    }

    pub(super) fn width(&mut self, width: Width) -> NfCpus {
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
}

/// The kind of chain of NFs with this app, and whether it is testpmd.
fn nf(app: App, pipelines: bool) -> (ChainKind, bool) {
    let kind = match (app, pipelines) {
        (App::VppIp4, false) => ChainKind::Ip4,
        (App::VppIp4, true) => ChainKind::PipelineIp4,
        (_, false) => ChainKind::L2xc,
        (_, true) => ChainKind::PipelineL2xc,
    };
    (kind, app == App::Testpmd)
}
