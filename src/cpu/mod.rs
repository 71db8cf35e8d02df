//! CPUs: sets, machines, placement. Pure.
//!
//! Words: a *CPU* is what the kernel numbers (a hardware thread); a *core* is identified by
//! `(socket, core id)`; *siblings* are CPUs of one core, never judged by position in a list; a
//! *slot* is an index in the list of physical cores of one NUMA node.

mod set;

pub use set::CpuSet;
