//! The two questions of CSIT's placement: a slice of a NUMA node, and the CPUs of one NF.

/// `cpu_count` slots of a NUMA node after `skip` slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// NUMA node.
    pub node: u32,
    /// Slots to skip; CSIT takes a negative number as counted from the end.
    pub skip: i64,
    /// Slots wanted; 0 = all that are left.
    pub count: i64,
    /// Also the sibling threads.
    pub smt_used: bool,
}

/// The CPUs of NF `nf` of chain `chain`, in a density of `chains` x `nodes` NFs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nf {
    /// NUMA node.
    pub node: u32,
    /// Chains.
    pub chains: i64,
    /// NFs per chain.
    pub nodes: i64,
    /// Chain, from 1.
    pub chain: i64,
    /// NF in its chain, from 1.
    pub nf: i64,
    /// Physical data-plane cores; `None` = half a core (one thread).
    pub dtc: Option<i64>,
    /// NF mains per core.
    pub mtcr: i64,
    /// NFs per data-plane core set.
    pub dtcr: i64,
    /// Slots to skip.
    pub skip: i64,
    /// Whether siblings are used; `None` = whether there are any.
    pub smt_used: Option<bool>,
}

impl Nf {
    /// The same density seen by every NF in turn, chain by chain.
    pub fn all(self) -> impl Iterator<Item = Self> {
        (1..=self.chains)
            .flat_map(move |chain| (1..=self.nodes).map(move |nf| Self { chain, nf, ..self }))
    }

    /// Which NF of the density this is, from 0.
    pub fn offset(&self) -> i64 {
        (self.nf - 1) + (self.chain - 1) * self.nodes
    }

    /// Cores for mains and data-plane core sets; `None` when a ratio is 0 or the density is empty.
    pub fn sizes(&self) -> Option<(i64, i64)> {
        let ceil = |ratio: i64| {
            let all = self.chains.checked_mul(self.nodes)?;
            // Python: math.ceil(a / b), exact in these ranges.
            all.checked_add(ratio)?.checked_sub(1)?.checked_div(ratio)
        };
        Some((ceil(self.mtcr)?, ceil(self.dtcr)?)).filter(|(main, data)| *main > 0 && *data > 0)
    }
}
