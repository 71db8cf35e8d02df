//! A verification as JSON. The shape is part of the contract: README, section JSON.

use super::show::JSON_VERSION;
use crate::lifecycle::{ContainerReport, NodeReport, VerifyReport};
use crate::threads::{Intruder, Judged, Sample, Taker};
use serde_json::{Value, json};

/// A verification as JSON.
pub(super) fn verify_json(report: &VerifyReport, topology: &str) -> Value {
    let checks = report.checks.iter().map(|check| {
        json!({
            "container": check.container,
            "node": check.node,
            "claim": check.claim,
            "wanted": check.wanted,
            "found": check.found,
            "passed": check.passed,
        })
    });
    let links = report.links.iter().map(|link| {
        let pings = link
            .pings
            .iter()
            .map(|ping| json!({ "from": ping.from, "to": ping.to, "answered": ping.answered }));
        json!({
            "link": link.link,
            "kind": link.kind,
            "node": link.node,
            "differences": link.differences,
            "pings": pings.collect::<Vec<_>>(),
            "passed": link.passed(),
        })
    });
    let samples = report.nodes.iter().filter_map(|node| Some((&node.node, node.sample.as_ref()?)));
    json!({
        "version": JSON_VERSION,
        "topology": topology,
        "passed": report.passed(),
        "strict": report.strict,
        "checks": checks.collect::<Vec<_>>(),
        "containers": report.containers.iter().map(|one| container(one, report)).collect::<Vec<_>>(),
        "notes": report.nodes.iter().flat_map(notes).collect::<Vec<_>>(),
        "links": links.collect::<Vec<_>>(),
        "samples": samples.map(|(node, one)| sample(node, one)).collect::<Vec<_>>(),
    })
}

fn container(one: &ContainerReport, report: &VerifyReport) -> Value {
    let is_its = |node: &str, name: &str| node == one.node && name == one.container;
    let mut checks = report.checks.iter().filter(|check| is_its(&check.node, &check.container));
    json!({
        "container": one.container,
        "node": one.node,
        "passed": checks.all(|check| check.passed),
        "cpus_shared": one.shared,
        "sandbox": one.sandbox,
        "threads": one.threads.iter().map(thread).collect::<Vec<_>>(),
        "intruders": one.intruders.iter().map(intruder).collect::<Vec<_>>(),
    })
}

fn thread(thread: &Judged) -> Value {
    json!({
        "tid": thread.tid,
        "pid": thread.pid,
        "name": thread.name,
        "cpus": thread.cpus.to_string(),
        "mems": thread.mems.to_string(),
        "last_cpu": thread.last_cpu,
        "passed": thread.passed,
    })
}

fn intruder(intruder: &Intruder) -> Value {
    json!({
        "tid": intruder.tid,
        "pid": intruder.pid,
        "name": intruder.name,
        "cpus": intruder.cpus.to_string(),
        "last_cpu": intruder.last_cpu,
        "container": intruder.container,
    })
}

fn notes(node: &NodeReport) -> impl Iterator<Item = Value> {
    node.notes.iter().map(|note| {
        json!({
            "node": node.node,
            "kind": note.kind.word(),
            "cpus": note.cpus.to_string(),
            "count": note.count,
            "names": note.names,
        })
    })
}

fn sample(node: &str, sample: &Sample) -> Value {
    let cpus = sample.cpus.iter().map(|cpu| {
        json!({
            "cpu": cpu.cpu,
            "containers": cpu.containers,
            "interrupts": cpu.interrupts,
            "softirqs": cpu.softirqs,
            "switches": cpu.switches,
            "steal_s": cpu.steal,
        })
    });
    let containers = sample.containers.iter().map(|one| {
        json!({
            "container": one.container,
            "run_s": one.run,
            "voluntary_switches": one.voluntary,
            "forced_switches": one.forced,
            "migrations": one.migrations,
        })
    });
    let intruders = sample.takers.iter().map(|taker| match taker {
        Taker::Task { tid, name, container, cpus, run, exact } => json!({
            "kind": "task",
            "tid": tid,
            "name": name,
            "container": container,
            "cpus": cpus.to_string(),
            "run_s": run,
            "exact": exact,
        }),
        Taker::Interrupt { id, name, cpus, count } => json!({
            "kind": "interrupt",
            "id": id,
            "name": name,
            "cpus": cpus.to_string(),
            "count": count,
        }),
    });
    json!({
        "node": node,
        "seconds": sample.seconds,
        "cpus": cpus.collect::<Vec<_>>(),
        "containers": containers.collect::<Vec<_>>(),
        "intruders": intruders.collect::<Vec<_>>(),
    })
}
