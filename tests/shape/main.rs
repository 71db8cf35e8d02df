//! Placement and pinning on machines with a shape: two sockets, SMT, two NUMA nodes. Run by
//! `tests/run`, which starts the virtual DUTs (`tests/lab/vm`); fails without them.
#![expect(clippy::disallowed_methods, reason = "tests drive the lab's own scripts")]

mod dut;
#[expect(dead_code, reason = "the live suite needs more of it")]
#[path = "../live/support/ended.rs"]
mod ended;
mod machine;
mod pinning;
mod placement;
mod truth;

/// One `#[test]` for each case and numbering of SMT siblings. The profile `shape` lets one case
/// at a time have a DUT.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => { $(
        mod $case {
            #[test]
            fn split() {
                super::$case(&$crate::dut::Dut::fresh("dut1"));
            }
            #[test]
            fn adjacent() {
                super::$case(&$crate::dut::Dut::fresh("dut2"));
            }
        }
    )* };
}

use on_both;
