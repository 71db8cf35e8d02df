//! CSIT's placement exactly as CSIT computes it, wrong answers included.
//!
//! Source: FD.io CSIT, `resources/libraries/python/CpuUtils.py`: `is_smt_enabled`,
//! `cpu_list_per_node`, `cpu_slice_of_list_per_node`, `cpu_slice_of_list_for_nf`. It looks at the
//! rows of a plain `lscpu -p` only, never at core ids. [`super::slots`] is the sound form.

use super::{Machine, Nf, Slice};

/// Column of the NUMA node in a row of a plain `lscpu -p`.
const NODE: usize = 3;

/// Why CSIT raises an exception instead of answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CsitError {
    /// SMT was asked for and not detected.
    #[error("SMT is not detected on this machine, but sibling threads were asked for")]
    SmtNotEnabled,
    /// A slice is larger than the NUMA node's list of CPUs.
    #[error("skipped and wanted CPUs together are more than the NUMA node has")]
    NotEnoughCpus,
    /// Not 1 <= chain <= chains.
    #[error("the chain is not one of the chains")]
    ChainOutOfRange,
    /// Not 1 <= NF <= NFs per chain.
    #[error("the NF is not one of its chain")]
    NodeOutOfRange,
    /// Half a core without siblings.
    #[error("half a core needs SMT")]
    FractionalNeedsSmt,
    /// Skipped slots, main cores and data-plane core sets are more than the cores.
    #[error("skipped, main and data-plane cores together are more than the NUMA node has")]
    NotEnoughCores,
    /// A ratio is 0.
    #[error("a ratio is 0")]
    ZeroDivision,
    /// A list index beyond the list (only with negative skips).
    #[error("a core is beyond the list of cores")]
    OutOfList,
}

impl CsitError {
    /// Its name in the placement vectors.
    pub fn word(self) -> &'static str {
        match self {
            Self::SmtNotEnabled => "smt_not_enabled",
            Self::NotEnoughCpus => "not_enough_cpus",
            Self::ChainOutOfRange => "chain_out_of_range",
            Self::NodeOutOfRange => "node_out_of_range",
            Self::FractionalNeedsSmt => "fractional_needs_smt",
            Self::NotEnoughCores => "not_enough_cores",
            Self::ZeroDivision => "zero_division",
            Self::OutOfList => "out_of_list",
        }
    }
}

/// Whether CSIT believes that a machine has SMT: the last four columns of every row of the first
/// half occur in the second half.
pub fn is_smt_enabled(rows: &[Vec<i64>]) -> bool {
    fn tail(row: &[i64]) -> &[i64] {
        &row[row.len().saturating_sub(4)..]
    }
    let (first, second) = rows.split_at(rows.len() / 2);
    let second: std::collections::HashSet<&[i64]> = second.iter().map(|row| tail(row)).collect();
    first.iter().all(|row| second.contains(tail(row)))
}

/// CPUs of a NUMA node in the order of the rows.
///
/// # Errors
/// [`CsitError::SmtNotEnabled`].
pub fn list(machine: &Machine, node: u32, smt_used: bool) -> Result<Vec<u32>, CsitError> {
    let detected = machine.csit_smt();
    if smt_used && !detected {
        return Err(CsitError::SmtNotEnabled);
    }
    let mut cpus: Vec<u32> = machine
        .rows()
        .iter()
        .filter(|row| row.get(NODE).copied().unwrap_or(0) == i64::from(node))
        .filter_map(|row| u32::try_from(*row.first()?).ok())
        .collect();
    if detected && !smt_used {
        cpus.truncate(cpus.len() / 2);
    }
    Ok(cpus)
}

/// `cpu_slice_of_list_per_node`.
///
/// # Errors
/// [`CsitError::SmtNotEnabled`], [`CsitError::NotEnoughCpus`].
pub fn slice(machine: &Machine, ask: &Slice) -> Result<Vec<u32>, CsitError> {
    let cpus = list(machine, ask.node, ask.smt_used)?;
    let all = signed(cpus.len());
    if ask.skip.saturating_add(ask.count) > all {
        return Err(CsitError::NotEnoughCpus);
    }
    let count = if ask.count == 0 { all - ask.skip } else { ask.count };
    if !ask.smt_used {
        return Ok(part(&cpus, ask.skip, ask.skip + count).to_vec());
    }
    let (first, second) = cpus.split_at(cpus.len() / 2);
    let mut answer = part(first, ask.skip, ask.skip + count).to_vec();
    answer.extend_from_slice(part(second, ask.skip, ask.skip + count));
    Ok(answer)
}

/// `cpu_slice_of_list_for_nf`: the main CPU first.
///
/// # Errors
/// All of [`CsitError`] but [`CsitError::NotEnoughCpus`], in CSIT's order.
pub fn nf(machine: &Machine, ask: &Nf) -> Result<Vec<u32>, CsitError> {
    if !(1..=ask.chains).contains(&ask.chain) {
        return Err(CsitError::ChainOutOfRange);
    }
    if !(1..=ask.nodes).contains(&ask.nf) {
        return Err(CsitError::NodeOutOfRange);
    }
    let smt = ask.smt_used.unwrap_or_else(|| machine.csit_smt());
    let cpus = list(machine, ask.node, smt)?;
    if ask.dtc.is_none() && !smt {
        return Err(CsitError::FractionalNeedsSmt);
    }
    let (mains, sets) = ask.sizes().ok_or(CsitError::ZeroDivision)?;
    let half = signed(cpus.len() / 2);
    let cores = if smt { half } else { signed(cpus.len()) };
    if ask.skip.saturating_add(mains).saturating_add(sets) > cores {
        return Err(CsitError::NotEnoughCores);
    }
    let offset = ask.offset();
    let width = ask.dtc.unwrap_or(1);
    let mut main = ask.skip + offset % mains;
    let data = ask.skip + mains + (offset % sets) * width;
    if smt && (offset / mains) % 2 == 1 {
        main += half;
    }
    let mut answer = vec![item(&cpus, main)?];
    match ask.dtc {
        Some(_) => {
            answer.extend_from_slice(part(&cpus, data, data + width));
            if smt {
                answer.extend_from_slice(part(&cpus, data + half, data + half + width));
            }
        }
        None if (offset / sets) % 2 == 1 => answer.push(item(&cpus, data + half)?),
        None => answer.push(item(&cpus, data)?),
    }
    Ok(answer)
}

fn signed(length: usize) -> i64 {
    i64::try_from(length).expect("a list of CPUs is shorter than 2^63")
}

/// `list[from:to]` as Python does it: it never fails.
fn part(cpus: &[u32], from: i64, to: i64) -> &[u32] {
    let length = signed(cpus.len());
    let place = |index: i64| {
        let index = if index < 0 { index + length } else { index };
        usize::try_from(index.clamp(0, length)).expect("clamped to the list")
    };
    cpus.get(place(from)..place(to)).unwrap_or_default()
}

/// `list[index]` as Python does it.
fn item(cpus: &[u32], index: i64) -> Result<u32, CsitError> {
    let index = if index < 0 { index + signed(cpus.len()) } else { index };
    let cpu = usize::try_from(index).ok().and_then(|index| cpus.get(index));
    cpu.copied().ok_or(CsitError::OutOfList)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_as_python_does() {
        let cpus = [0, 1, 2, 3];
        assert_eq!(part(&cpus, 2, 9), [2, 3]);
        assert_eq!(part(&cpus, 3, 1), [0; 0]);
        assert_eq!(part(&cpus, -2, 4), [2, 3]);
        assert_eq!(part(&cpus, -9, 1), [0]);
        assert_eq!(item(&cpus, -1), Ok(3));
        assert_eq!(item(&cpus, 4), Err(CsitError::OutOfList));
    }

    #[test]
    fn one_cpu_counts_as_smt() {
        assert!(is_smt_enabled(&[vec![0, 0, 0, 0]]));
        assert!(!is_smt_enabled(&[vec![0, 0, 0, 0], vec![1, 1, 0, 0]]));
    }
}
