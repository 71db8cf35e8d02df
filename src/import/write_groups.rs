//! The groups of a written topology: vswitch or generator and sink, then the NFs.

use super::meaning::{Meaning, NfCpus, Switching};
use super::write::noted;
use crate::model::{ChainKind, EngineKind};
use std::fmt::Write;
use std::ops::Range;

/// Slots of generator and sink: a main core and a forwarding one each.
const TESTER_SLOTS: u32 = 2;

/// All groups.
pub(super) fn groups(meaning: &Meaning) -> String {
    let mut text = match meaning.switching {
        Switching::Vswitch(_) => vswitch(meaning),
        Switching::Generator if meaning.is_cross() => tester(meaning, "GEN", "txonly", 1),
        Switching::Generator => {
            tester(meaning, "GEN", "txonly", 1)
                + &tester(meaning, "SINK", "rxonly", 1 + TESTER_SLOTS)
        }
    };
    text += &nfs(meaning);
    text
}

/// Engine and image.
fn engine(meaning: &Meaning, testpmd: bool) -> String {
    let mut text = format!("engine = \"{}\"\n", meaning.engine.word());
    let (variable, image) = match (meaning.engine, testpmd) {
        (EngineKind::Native, _) => return text,
        (EngineKind::Lxc, false) => ("VPP_IMAGE", "download -d ubuntu -r noble -a amd64"),
        (EngineKind::Lxc, true) => ("IMAGE", "download -d debian -r bookworm -a amd64"),
        (_, false) => ("VPP_IMAGE", "csit_sut-ubuntu2404:local"),
        (_, true) => ("IMAGE", "debian:bookworm-slim"),
    };
    let _ = writeln!(text, "image = \"${{{variable}:-{image}}}\"");
    text
}

fn vswitch(meaning: &Meaning) -> String {
    let mut text = "\n[groups.VSWITCH]\n".to_owned();
    text += &engine(meaning, false);
    if meaning.engine != EngineKind::Native {
        text += "# VPP must be in the image. CSIT's has what it needs and lends it the node's own:\n\
                 # mounts = [\"/usr/bin/vpp:/usr/bin/vpp:ro\", \"/usr/bin/vppctl:/usr/bin/vppctl:ro\",\n\
                 #   \"/usr/lib/x86_64-linux-gnu/:/usr/lib/x86_64-linux-gnu/:ro\"]\n";
    }
    if meaning.cpus == NfCpus::One {
        text += "cpu_count = 1\ncpu_scarce = \"share\"\n";
    } else {
        let cores = meaning.vs_dtc;
        let workers = if cores == 1 { "a worker" } else { "workers" };
        let count = format!("cpu_count = {}", cores + 1);
        text +=
            &noted(&count, &format!("main core and {workers}; CSIT adds the workers' siblings"));
        text += &noted("cpu_skip = 1", "slot 0 is the system's");
    }
    text += &interfaces(if meaning.is_cross() { 1..2 } else { meaning.nics() });
    text.push('\n');
    text += &noted("privileged = true", "for the NICs");
    text += "mounts = [\"/dev/vfio:/dev/vfio\"]\n";
    text += &pages(meaning);
    text += "\n[groups.VSWITCH.app]\nkind = \"vpp\"\nvariant = \"vswitch\"\n";
    text += if meaning.huge1g { "page_size = \"1GiB\"\n" } else { "page_size = \"2MiB\"\n" };
    text
}

fn interfaces(nics: Range<u32>) -> String {
    let names: Vec<String> = nics.map(|nic| format!("\"eth{nic}\"")).collect();
    format!("interfaces = [{}]", names.join(", "))
}

fn pages(meaning: &Meaning) -> String {
    if meaning.huge1g {
        noted("hugepages = { \"1GiB\" = 4 }", "heap, buffers and statistics have their own")
    } else {
        "hugepages = { \"2MiB\" = 256 }\n".to_owned()
    }
}

/// Generator or sink: one container per chain.
fn tester(meaning: &Meaning, name: &str, forward: &str, skip: u32) -> String {
    let mut text = format!("\n[groups.{name}]\n") + &engine(meaning, true);
    let count = if meaning.is_cross() { meaning.nfs() } else { meaning.chains };
    if count > 1 {
        text += &noted(&format!("count = {count}"), "one per chain");
    }
    let _ = writeln!(text, "cpu_count = {TESTER_SLOTS}");
    if meaning.cpus == NfCpus::One {
        text += "cpu_scarce = \"share\"\n";
    } else {
        let _ = writeln!(text, "cpu_skip = {skip}");
    }
    if count > 1 {
        text += &noted("cpu_shared = true", "all on the same two cores");
    }
    let _ = write!(text, "\n[groups.{name}.app]\n{}forward = \"{forward}\"\n", testpmd(meaning));
    text
}

/// The beginning of an app that is testpmd.
fn testpmd(meaning: &Meaning) -> String {
    let mut text = "kind = \"testpmd\"\n".to_owned();
    if meaning.engine != EngineKind::Native {
        text += &noted("packages = [\"dpdk-dev\"]", "Debian's package with dpdk-testpmd");
    }
    text
}

fn nfs(meaning: &Meaning) -> String {
    let mut text = "\n[groups.CNF]\n".to_owned() + &engine(meaning, meaning.testpmd);
    text += &cpus(meaning);
    let is_vpp = !meaning.testpmd;
    if meaning.is_cross() {
        text += "interfaces = [\"eth2\"]\n";
        text += &noted("privileged = true", "for its NIC");
        text += "mounts = [\"/dev/vfio:/dev/vfio\"]\n";
        if is_vpp {
            text += &pages(meaning);
        }
    } else {
        if matches!(meaning.switching, Switching::Vswitch(_)) {
            text += &noted(&interfaces(meaning.nics()), "only for their NUMA node");
        }
        if meaning.huge1g && is_vpp {
            text += &pages(meaning);
        }
    }
    text += "\n[groups.CNF.app]\n";
    if !is_vpp {
        return text + &testpmd(meaning);
    }
    text += "kind = \"vpp\"\n";
    match meaning.kind {
        ChainKind::Dma => {
            text += "variant = \"dma\"\ndsa_devices = [\"${DSA:-wq0.0}\"]\n";
        }
        ChainKind::Ipsec => text += "variant = \"ipsec\"\n",
        ChainKind::CrossHoriz => text += "variant = \"vswitch\"\n",
        _ => {}
    }
    if meaning.huge1g {
        text += "page_size = \"1GiB\"\n";
    } else if meaning.is_cross() {
        text += "page_size = \"2MiB\"\n";
    }
    text
}

fn cpus(meaning: &Meaning) -> String {
    let mut text = String::new();
    let (dtc, dtcr, words) = match meaning.cpus {
        NfCpus::One => {
            let count = format!("count = {}", meaning.nfs());
            text += &noted(&count, "a functional test: CSIT pins nothing");
            let needed = if meaning.testpmd { 2 } else { 1 };
            let _ = writeln!(text, "cpu_count = {needed}");
            return text + "cpu_scarce = \"share\"\n";
        }
        NfCpus::Half => ("0.5".to_owned(), 2, "one thread"),
        NfCpus::Cores(1) => ("1".to_owned(), 1, "one core, both threads"),
        NfCpus::Cores(cores) => (cores.to_string(), 1, "cores, both threads of each"),
    };
    let _ = writeln!(text, "nf_chains = {}\nnf_nodes = {}", meaning.chains, meaning.nodes);
    text += &noted(&format!("nf_dtc = {dtc}"), &format!("data plane of an NF: {words}"));
    let _ = writeln!(text, "nf_dtcr = {dtcr}");
    let (cores, whose) = match meaning.switching {
        Switching::Vswitch(_) => (meaning.vs_dtc, "data plane of the vswitch"),
        // The main slot that every NF leaves to a vswitch is the generator's.
        Switching::Generator => (2 * TESTER_SLOTS - 1, "generator and sink have these slots"),
    };
    text += &noted(&format!("vs_dtc = {cores}"), whose);
    text
}
