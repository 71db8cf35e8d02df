//! CPUs: sets, machines, placement. Pure.
//!
//! Words: a *CPU* is what the kernel numbers (a hardware thread); a *core* is identified by
//! `(socket, core id)`; *siblings* are CPUs of one core, never judged by position in a list; a
//! *slot* is an index in the list of physical cores of one NUMA node.

mod arithmetic;
mod auto;
mod claim;
pub mod csit;
mod doubt;
mod explain;
mod group;
mod lscpu;
mod machine;
mod map;
mod outcome;
mod place;
mod question;
mod set;
mod share;
pub mod slots;
mod suggest;
mod suggestion;
mod taken;
mod warning;

pub use claim::{Claim, Holder};
pub use doubt::{Doubt, doubts_of_nf, doubts_of_slice};
pub use lscpu::LscpuError;
pub use machine::{Core, Cpu, Machine};
pub use map::{CpuMap, CpuOwner, CpuState, MappedCpu};
pub use outcome::{GroupPlacement, NodePlacement, Pinned, Refusal};
pub use place::{GroupRequest, place};
pub use question::{Nf, Slice};
pub use set::{CpuSet, CpuSetError};
pub use suggestion::{Setting, Suggestion};
pub use warning::{Stay, Warning};
