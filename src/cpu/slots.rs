//! CSIT's arithmetic over true cores and siblings; what cannot be answered soundly is refused.
//!
//! Where CSIT indexes a list of CPUs and adds half its length to find a sibling, this indexes the
//! physical cores of the NUMA node ([`Machine::slots`](super::Machine::slots)) and looks the
//! sibling up.

use super::{Core, Nf, Slice};

/// Why a question has no sound answer, said of its NUMA node. Numbers are slots (physical cores).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlotsError {
    /// The NUMA node has no usable CPU.
    #[error("has no CPU that may be used")]
    NoCpus,
    /// More slots are wanted than there are.
    #[error("has {}, but {skip} skipped + {wanted} wanted are {}", cores(*have), skip.saturating_add(*wanted))]
    TooFew {
        /// Slots skipped.
        skip: i64,
        /// Slots wanted after them.
        wanted: i64,
        /// Slots there are.
        have: usize,
    },
    /// A density that does not fit.
    #[error(
        "has {}, but {skip} skipped + {mains} for NF mains + {data} for NF data planes are {}",
        cores(*have), skip.saturating_add(*mains).saturating_add(*data)
    )]
    DensityTooHigh {
        /// Slots skipped.
        skip: i64,
        /// Main cores.
        mains: i64,
        /// Data-plane cores of all NFs.
        data: i64,
        /// Slots there are.
        have: usize,
    },
    /// All that is left is nothing.
    #[error("has {}, and with {skip} skipped nothing is left", cores(*have))]
    NothingLeft {
        /// Slots skipped.
        skip: i64,
        /// Slots there are.
        have: usize,
    },
    /// Siblings asked for where no core has any.
    #[error("has no core with sibling threads, but they are asked for (`smt_used`)")]
    NoSmt,
    /// A core with fewer threads than others.
    #[error(
        "has only CPU {cpu} on core {core} of socket {socket}, but sibling threads are asked for \
         (`smt_used`)"
    )]
    NoSibling {
        /// Core id.
        core: u32,
        /// Socket.
        socket: u32,
        /// Its only usable CPU.
        cpu: u32,
    },
    /// Half a core without siblings.
    #[error("offers no sibling threads, but half a core (`nf_dtc = 0.5`) is one of two")]
    HalfWithoutSmt,
    /// No data plane.
    #[error("gives an NF its main core only with `nf_dtc = 0`")]
    NoDataPlane,
    /// A ratio, a chain or an NF out of its range.
    #[error("cannot be counted: {0}")]
    Range(&'static str),
}

fn cores(count: usize) -> String {
    format!("{count} core{}", if count == 1 { "" } else { "s" })
}

/// A slice of `slots`: first threads in slot order, then with SMT their second threads, and so on.
///
/// # Errors
/// [`SlotsError`].
pub fn slice(slots: &[Core], ask: &Slice) -> Result<Vec<u32>, SlotsError> {
    let have = slots.len();
    let too_few = SlotsError::TooFew { skip: ask.skip, wanted: ask.count, have };
    let (Ok(skip), Ok(count)) = (usize::try_from(ask.skip), usize::try_from(ask.count)) else {
        return Err(SlotsError::Range("slots are counted from 0"));
    };
    if slots.is_empty() {
        return Err(SlotsError::NoCpus);
    }
    if ask.smt_used && slots.iter().all(|core| core.cpus.len() < 2) {
        return Err(SlotsError::NoSmt);
    }
    if count == 0 {
        let rest = slots.get(skip..).filter(|rest| !rest.is_empty());
        let rest = rest.ok_or(SlotsError::NothingLeft { skip: ask.skip, have })?;
        return Ok(by_thread(rest, ask.smt_used));
    }
    let end = skip.checked_add(count);
    let chosen = end.and_then(|end| slots.get(skip..end)).ok_or(too_few)?;
    if ask.smt_used {
        has_siblings(chosen)?;
    }
    Ok(by_thread(chosen, ask.smt_used))
}

/// The CPUs of one NF, main first.
///
/// # Errors
/// [`SlotsError`]; the whole density must fit, not only this NF.
pub fn nf(slots: &[Core], ask: &Nf) -> Result<Vec<u32>, SlotsError> {
    let in_range =
        (1..=ask.chains).contains(&ask.chain) && (1..=ask.nodes).contains(&ask.nf) && ask.skip >= 0;
    if !in_range {
        return Err(SlotsError::Range("the NF is outside its chains"));
    }
    let siblings = slots.iter().any(|core| core.cpus.len() > 1);
    let smt = ask.smt_used.unwrap_or(siblings);
    if slots.is_empty() {
        return Err(SlotsError::NoCpus);
    }
    if smt && !siblings {
        return Err(SlotsError::NoSmt);
    }
    if ask.dtc.is_none() && !smt {
        return Err(SlotsError::HalfWithoutSmt);
    }
    if ask.dtc == Some(0) {
        return Err(SlotsError::NoDataPlane);
    }
    let sizes = ask.sizes().filter(|_| ask.mtcr > 0 && ask.dtcr > 0);
    let (mains, sets) = sizes.ok_or(SlotsError::Range("a ratio is less than 1"))?;
    let width = ask.dtc.unwrap_or(1);
    let too_high = || SlotsError::DensityTooHigh {
        skip: ask.skip,
        mains,
        data: sets.saturating_mul(width),
        have: slots.len(),
    };
    let data_slots = sets.checked_mul(width);
    let needed = data_slots.and_then(|data| data.checked_add(ask.skip)?.checked_add(mains));
    let needed = needed.and_then(|needed| usize::try_from(needed).ok()).ok_or_else(too_high)?;
    if needed > slots.len() {
        return Err(too_high());
    }
    let place = |slot: i64| usize::try_from(slot).expect("within the slots that were counted");
    let offset = ask.offset();
    let main = &slots[place(ask.skip + offset % mains)];
    let first = place(ask.skip + mains + (offset % sets) * width);
    let data = &slots[first..first + place(width)];
    if !smt {
        return Ok([main.cpus[0]].into_iter().chain(by_thread(data, false)).collect());
    }
    let mut answer = vec![thread(main, offset / mains)?];
    if ask.dtc.is_some() {
        has_siblings(data)?;
        answer.extend(by_thread(data, true));
    } else {
        answer.push(thread(&data[0], offset / sets)?);
    }
    Ok(answer)
}

/// The thread that the `user`-th user of a core gets, from 0: the threads farthest apart first,
/// which on two threads is CSIT's even and odd, then round again.
fn thread(core: &Core, user: i64) -> Result<u32, SlotsError> {
    let threads = core.cpus.len();
    let user = usize::try_from(user).unwrap_or(0);
    if threads == 1 && user > 0 {
        return Err(no_sibling(core));
    }
    Ok(core.cpus[turn(threads, user)])
}

/// Which of a core's threads its `user`-th user gets, from 0.
pub(crate) fn turn(threads: usize, user: usize) -> usize {
    let turn = user % threads;
    if threads.is_multiple_of(2) { turn % 2 * (threads / 2) + turn / 2 } else { turn }
}

fn has_siblings(cores: &[Core]) -> Result<(), SlotsError> {
    cores.iter().find(|core| core.cpus.len() < 2).map_or(Ok(()), |core| Err(no_sibling(core)))
}

fn no_sibling(core: &Core) -> SlotsError {
    SlotsError::NoSibling { core: core.core, socket: core.socket, cpu: core.cpus[0] }
}

/// First threads of `cores`, then, with `siblings`, their second threads, and so on.
pub(crate) fn by_thread(cores: &[Core], siblings: bool) -> Vec<u32> {
    let threads = cores.iter().map(|core| core.cpus.len()).max().unwrap_or(0);
    let threads = if siblings { threads } else { threads.min(1) };
    (0..threads)
        .flat_map(|thread| cores.iter().filter_map(move |core| core.cpus.get(thread).copied()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cores(threads: &[&[u32]]) -> Vec<Core> {
        let core = |(id, cpus): (usize, &&[u32])| Core {
            socket: 0,
            core: u32::try_from(id).unwrap(),
            cpus: cpus.to_vec(),
        };
        threads.iter().enumerate().map(core).collect()
    }

    #[test]
    fn siblings_come_from_the_core_not_from_the_position() {
        let slots = cores(&[&[0, 1], &[2, 3], &[4, 5]]);
        let ask = Slice { node: 0, skip: 1, count: 2, smt_used: true };
        assert_eq!(slice(&slots, &ask), Ok(vec![2, 4, 3, 5]));
        assert_eq!(slice(&slots, &Slice { smt_used: false, ..ask }), Ok(vec![2, 4]));
        assert_eq!(slice(&slots, &Slice { count: 0, ..ask }), Ok(vec![2, 4, 3, 5]));
        let short = slice(&slots, &Slice { count: 3, ..ask });
        assert_eq!(short, Err(SlotsError::TooFew { skip: 1, wanted: 3, have: 3 }));
    }

    #[test]
    fn a_core_without_its_sibling_is_not_passed_off_as_whole() {
        let slots = cores(&[&[0, 3], &[1], &[2, 5]]);
        let ask = Slice { node: 0, skip: 0, count: 2, smt_used: true };
        let error = SlotsError::NoSibling { core: 1, socket: 0, cpu: 1 };
        assert_eq!(slice(&slots, &ask), Err(error));
        assert_eq!(slice(&slots, &Slice { count: 1, ..ask }), Ok(vec![0, 3]));
    }

    #[test]
    fn users_of_a_core_with_four_threads_get_four_threads() {
        let core = &cores(&[&[0, 10, 20, 30]])[0];
        let given: Vec<u32> = (0..5).map(|user| thread(core, user).unwrap()).collect();
        assert_eq!(given, [0, 20, 10, 30, 0]);
    }
}
