//! A change of a group's request, in the keys of the topology file.

use super::place::GroupRequest;
use crate::model::{ChainRequest, CpuRequest, NumaPolicy, Scarce, SliceRequest};
use std::fmt;

/// One key of a group with another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// `count`
    Count(u32),
    /// `cpu_count`
    CpuCount(u32),
    /// `cpu_skip`
    CpuSkip(u32),
    /// `smt_used`
    SmtUsed(bool),
    /// `cpu_scarce = "share"`
    Share,
    /// `cpuset_mems`
    CpusetMems(u32),
    /// `numa = "prefer"`
    Prefer,
    /// `nf_chains`
    NfChains(u32),
    /// `nf_nodes`
    NfNodes(u32),
    /// `nf_dtc`; `None` = half a core
    NfDtc(Option<u32>),
    /// `nf_mtcr`
    NfMtcr(u32),
    /// `nf_dtcr`
    NfDtcr(u32),
}

/// Settings that together make a group fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion(pub Vec<Setting>);

impl Suggestion {
    /// The CPU request with the settings applied.
    #[must_use]
    pub fn cpu(&self, cpu: &CpuRequest) -> CpuRequest {
        let mut cpu = cpu.clone();
        for setting in &self.0 {
            match &mut cpu {
                CpuRequest::Slice(slice) => setting.apply_to_slice(slice),
                CpuRequest::Chain(chain) => setting.apply_to_chain(chain),
            }
        }
        cpu
    }

    /// The request with the settings applied, `cpu` being [`Suggestion::cpu`].
    #[must_use]
    pub fn request<'a>(&self, request: &GroupRequest<'a>, cpu: &'a CpuRequest) -> GroupRequest<'a> {
        let mut changed = GroupRequest { cpu, ..*request };
        for setting in &self.0 {
            match setting {
                Setting::CpusetMems(numa) => changed.numa = Some(*numa),
                Setting::Prefer => changed.numa_policy = NumaPolicy::Prefer,
                _ => {}
            }
        }
        changed
    }
}

impl Setting {
    fn apply_to_slice(self, slice: &mut SliceRequest) {
        match self {
            Self::Count(count) => slice.count = count,
            Self::CpuCount(count) => slice.cpu_count = count,
            Self::CpuSkip(skip) => slice.cpu_skip = Some(skip),
            Self::SmtUsed(used) => slice.smt_used = used,
            Self::Share => slice.cpu_scarce = Scarce::Share,
            _ => {}
        }
    }

    fn apply_to_chain(self, chain: &mut ChainRequest) {
        match self {
            Self::NfChains(chains) => chain.nf_chains = chains,
            Self::NfNodes(nodes) => chain.nf_nodes = nodes,
            Self::NfDtc(cores) => chain.nf_dtc = cores,
            Self::NfMtcr(ratio) => chain.nf_mtcr = ratio,
            Self::NfDtcr(ratio) => chain.nf_dtcr = ratio,
            Self::SmtUsed(used) => chain.smt_used = Some(used),
            _ => {}
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "`count = {count}`"),
            Self::CpuCount(count) => write!(f, "`cpu_count = {count}`"),
            Self::CpuSkip(skip) => write!(f, "`cpu_skip = {skip}`"),
            Self::SmtUsed(used) => write!(f, "`smt_used = {used}`"),
            Self::Share => f.write_str("`cpu_scarce = \"share\"`"),
            Self::CpusetMems(numa) => write!(f, "`cpuset_mems = {numa}`"),
            Self::Prefer => f.write_str("`numa = \"prefer\"`"),
            Self::NfChains(chains) => write!(f, "`nf_chains = {chains}`"),
            Self::NfNodes(nodes) => write!(f, "`nf_nodes = {nodes}`"),
            Self::NfDtc(Some(cores)) => write!(f, "`nf_dtc = {cores}`"),
            Self::NfDtc(None) => f.write_str("`nf_dtc = 0.5`"),
            Self::NfMtcr(ratio) => write!(f, "`nf_mtcr = {ratio}`"),
            Self::NfDtcr(ratio) => write!(f, "`nf_dtcr = {ratio}`"),
        }
    }
}

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&settings.join(" with "))?;
        if self.0.contains(&Setting::Share) {
            f.write_str(" (shares cores, with a warning)")?;
        }
        Ok(())
    }
}
