//! How much went from node to node in a run.

use crate::executor::{Event, Reporter};
use crate::plan::StepId;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Counts what comes from other nodes.
#[derive(Debug, Default)]
pub struct Traffic {
    steps: Mutex<HashMap<StepId, u64>>,
}

impl Traffic {
    /// One line of the sum and its rate over `elapsed`; `None` when nothing came.
    pub fn sentence(&self, elapsed: Duration) -> Option<String> {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let total: u64 = steps.values().sum();
        let count = steps.len();
        let noun = if count == 1 { "transfer" } else { "transfers" };
        let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = total.saturating_mul(1000) / milliseconds;
        let (total, rate) = (size(total), size(rate));
        (count > 0).then(|| format!("{total} from node to node in {count} {noun}, {rate}/s"))
    }
}

impl Reporter for Traffic {
    fn event(&self, event: &Event<'_>) {
        if let Event::Bytes { id, bytes } = event {
            self.steps.lock().unwrap_or_else(PoisonError::into_inner).insert(*id, *bytes);
        }
    }
}

/// Bytes as people read them, in decimal units: `812 kB`, `204.8 MB`.
pub(super) fn size(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_rates_are_told_in_one_line() {
        let traffic = Traffic::default();
        assert_eq!(traffic.sentence(Duration::from_secs(1)), None);
        for (id, bytes) in [(1, 10), (1, 150_000_000), (2, 50_250_000)] {
            traffic.event(&Event::Bytes { id, bytes });
        }
        let told = traffic.sentence(Duration::from_secs(2)).unwrap();
        assert_eq!(told, "200.2 MB from node to node in 2 transfers, 100.1 MB/s");
        assert_eq!(size(1), "1 kB");
        assert_eq!(size(3_450_000_000), "3.4 GB");
    }
}
