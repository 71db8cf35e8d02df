//! A set of CPU or NUMA node numbers in the kernel's list format (`0-3,8`).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// Numbers of CPUs (or of NUMA nodes), without order or repetition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct CpuSet(pub BTreeSet<u32>);

/// The text is not a list as `Documentation/admin-guide/cputopology.rst` describes it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a CPU list like `0-3,8`")]
pub struct CpuSetError(pub String);

impl FromIterator<u32> for CpuSet {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        Self(numbers.into_iter().collect())
    }
}

impl FromStr for CpuSet {
    type Err = CpuSetError;

    fn from_str(text: &str) -> Result<Self, CpuSetError> {
        let wrong = || CpuSetError(text.to_owned());
        let mut numbers = BTreeSet::new();
        for part in text.trim().split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let first: u32 = first.parse().map_err(|_| wrong())?;
            let last: u32 = last.parse().map_err(|_| wrong())?;
            if first > last || last > 65_535 {
                return Err(wrong());
            }
            numbers.extend(first..=last);
        }
        Ok(Self(numbers))
    }
}

impl fmt::Display for CpuSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut numbers = self.0.iter().copied().peekable();
        let mut comma = "";
        while let Some(first) = numbers.next() {
            let mut last = first;
            while numbers.next_if_eq(&(last + 1)).is_some() {
                last += 1;
            }
            write!(f, "{comma}{first}")?;
            if last > first {
                write!(f, "-{last}")?;
            }
            comma = ",";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_the_kernel_prints() {
        let set: CpuSet = "8,0-3, 5".parse().unwrap();
        assert_eq!(set.to_string(), "0-3,5,8");
        assert_eq!("".parse::<CpuSet>().unwrap().to_string(), "");
        assert!("3-1".parse::<CpuSet>().is_err());
        assert!("x".parse::<CpuSet>().is_err());
    }
}
