//! Names of FD.io CSIT tests, and the topology that a name means. Pure; it must not know how a
//! topology is read, a file written, or a person told.
//!
//! A name is a sentence of words joined by `-`. [`parse`] reads it into a [`TestName`] (which
//! prints itself again), [`interpret`] makes it a [`Meaning`] and tells where the name contradicts
//! itself, [`write`](write()) makes that a topology file.
//!
//! | part | words |
//! |---|---|
//! | suite file | `[<nodes>n[<links>l]-]<nic>-[<driver>-]<suite>-<test type>[.robot]` |
//! | test case | `[tc<number>-]<frame>-[<threads>t]<cores>c-<suite>-<test type>` |
//! | tag | `<suite>` |
//! | suite, one NF | `<wire>-<switch>-eth-<K>memif[-dma]-<N><technology>[-huge1g]` |
//! | suite, pods | `[pa-\|ho-\|ch-]<wire>-1drc<switch>-eth-<K>memif-<N>drc<forwarding>[-1<layout>][-k8s]` |
//! | suite, groups (2018) | `<wire>-<switch>-eth-[<K>]memif-<C>(chain\|pipe\|csc)-<N><technology>[-<app>]` |
//! | suite, density | `<wire>-<switch>-<C>(ch\|pl)-<K>mif-<N><technology><T>(t\|c)-<app>[-<cipher>]...` |
//!
//! What stands before the suite may come in any order, as reports and file names differ there.

mod cursor;
mod head;
mod interpret;
mod meaning;
mod name;
mod numbers;
mod outside;
mod parse;
mod virtual_side;
mod words;
mod write;
mod write_groups;
mod write_head;

pub use interpret::interpret;
pub use meaning::{Import, Meaning, NfCpus, Switching, Wishes};
pub use name::{
    App, Cpus, Density, Group, Head, Layout, NfForwarding, Nic, Pods, PodsLayout, Single, Suite,
    Switch, SwitchSize, TestName, Testbed, VirtualSide, Width,
};
pub use parse::{Parsed, Places, parse};
pub use words::{Cipher, Driver, Forwarding, Frame, Learning, Technology, TestType, Wire};
pub use write::write;
