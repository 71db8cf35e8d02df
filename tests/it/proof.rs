//! What verify makes of the apps inside containers and of the memif links between them.

use crate::support::world::{self, empty, running};
use std::collections::BTreeMap;
use vnfctl::app::Deployment;
use vnfctl::lifecycle::{Session, VerifyOptions, VerifyReport, place, verify};
use vnfctl::model::Loaded;
use vnfctl::plan::{Observation, Wanted};
use vnfctl::transport::{Exit, Fake, Reply, Stop};
use vnfctl::wiring::WiredLink;

const PAIR: &str = r#"
name = "pair"
[nodes.DUT1]
[groups.NF]
engine = "docker"
image = "busybox:stable"
count = 2
cpu_skip = 0
app = { kind = "vpp", packages = ["vpp"] }
"#;

/// The pair, joined by one memif link, each container with a probe of its own.
fn pair() -> Loaded {
    let mut loaded = world::topology(PAIR);
    let end = |ordinal| (Some(("NF".to_owned(), ordinal)), "port1".to_owned());
    loaded.topology.wiring.links = vec![WiredLink {
        node: "DUT1".into(),
        name: "DUT1_NF1:port1--DUT1_NF2:port1".into(),
        ends: [end(1), end(2)],
    }];
    loaded
}

/// Verifies the containers for which `is_meant`, where both run and `change` happened since, and
/// the probes of NF1 and NF2 end like this.
fn verified(
    replies: [Reply; 2],
    change: &dyn Fn(&mut Observation),
    is_meant: &dyn Fn(&str) -> bool,
) -> (VerifyReport, Vec<String>) {
    let loaded = pair();
    let nothing = empty(&loaded.topology, "four-cores");
    let placed = place(&loaded.topology, &nothing).unwrap();
    let mut all = vnfctl::lifecycle::wanted(&loaded, &placed.assignments).unwrap();
    for one in &mut all {
        let name = &one.spec.name;
        let (digest, probe) = (format!("digest of {name}"), format!("probe of {name}"));
        one.app = Some(Deployment { digest, probe, ..Deployment::default() });
    }
    let mut observation = running(&all, &BTreeMap::new(), &nothing);
    change(&mut observation);
    let meant: Vec<&Wanted<'_>> = all.iter().filter(|one| is_meant(&one.spec.name)).collect();
    let [first, second] = replies;
    let nodes =
        Fake::new().on("DUT1", "probe of DUT1_NF1", first).on("DUT1", "probe of DUT1_NF2", second);
    let stop = Stop::new();
    let session = Session::new(&loaded, &nodes, &stop);
    let options = VerifyOptions::default();
    let report = verify(&session, &meant, &BTreeMap::new(), &observation, options).unwrap();
    let probes = nodes.ran("DUT1").into_iter().map(|command| command.words());
    (report, probes.filter(|words| words.contains("probe of")).collect())
}

fn right() -> [Reply; 2] {
    ["app ready\nport port1 up\n"; 2].map(Reply::ok)
}

/// The claims about an app that failed, and what differs at the link.
fn wrong(report: &VerifyReport) -> Vec<String> {
    let is_app = |claim| matches!(claim, "installed" | "configured" | "app");
    let checks = report.checks.iter().filter(|check| is_app(check.claim) && !check.passed);
    let checks =
        checks.map(|check| format!("{} {}: {}", check.container, check.claim, check.found));
    let links = report.links.iter().flat_map(|link| link.differences.iter().cloned());
    checks.chain(links).collect()
}

#[test]
fn apps_and_links_that_are_right_are_told_so() {
    let (report, probes) = verified(right(), &|_| (), &|_| true);
    assert_eq!(wrong(&report), [""; 0]);
    let claims: Vec<_> = report
        .checks
        .iter()
        .filter(|check| check.container == "DUT1_NF1")
        .map(|check| (check.claim, check.found.as_str()))
        .filter(|(claim, _)| !claim.starts_with("cpuset") && *claim != "threads")
        .collect();
    let [("running", "running"), ("installed", _), ("configured", digest), ("app", "ready")] =
        claims[..]
    else {
        panic!("{claims:?}")
    };
    assert_eq!(digest, "digest of DUT1_NF1");
    let [link] = &report.links[..] else { panic!("{:?}", report.links) };
    assert_eq!((link.kind, link.link.as_str()), ("memif", "DUT1_NF1:port1--DUT1_NF2:port1"));
    assert!(link.passed());
    assert_eq!(probes.len(), 2, "{probes:?}");
    assert!(probes.iter().all(|words| words.starts_with("docker exec")), "{probes:?}");
}

#[test]
fn each_side_says_what_keeps_a_link_down_and_an_app_why_it_is_not_ready() {
    let replies = [
        Reply::ok("app ready\r\nport port1 incorrect secret\r\n"),
        Reply::ok("app exec line 3: unknown input `upp'\n"),
    ];
    let (report, _) = verified(replies, &|_| (), &|_| true);
    assert!(!report.passed());
    assert_eq!(
        wrong(&report),
        [
            "DUT1_NF2 app: exec line 3: unknown input `upp'",
            "DUT1_NF1 port1: incorrect secret",
            "DUT1_NF2 port1: its app is not ready: exec line 3: unknown input `upp'",
        ]
    );
}

#[test]
fn the_gap_of_one_that_was_killed_is_seen_from_both_sides() {
    let replies = [Reply::ok("app ready\nport port1 not connected\n"), Reply::fail(1, "asked")];
    let killed = |seen: &mut Observation| world::stop(seen, "DUT1_NF2");
    let (report, probes) = verified(replies, &killed, &|_| true);
    assert_eq!(
        wrong(&report),
        ["DUT1_NF1 port1: not connected", "DUT1_NF2 port1: its container is stopped, exit code 0"]
    );
    assert_eq!(probes.len(), 1, "nobody asks what does not run");
    let running = report.checks.iter().find(|check| check.container == "DUT1_NF2").unwrap();
    assert_eq!((running.claim, running.passed), ("running", false));
}

#[test]
fn a_probe_that_fails_or_hangs_proves_nothing() {
    let hung = Reply::Output {
        exit: Exit::Deadline(std::time::Duration::from_secs(20)),
        stdout: "app ready\nport port1 up\n".into(),
        stderr: String::new(),
        takes: std::time::Duration::ZERO,
    };
    let (report, _) = verified([Reply::fail(126, "sh: not found"), hung], &|_| (), &|_| true);
    assert_eq!(
        wrong(&report),
        [
            "DUT1_NF1 app: the probe failed: sh: not found",
            "DUT1_NF2 app: the probe failed: no answer within 20 s",
            "DUT1_NF1 port1: the probe failed: sh: not found",
            "DUT1_NF2 port1: the probe failed: no answer within 20 s",
        ]
    );
}

#[test]
fn what_was_delivered_differs() {
    let other = |seen: &mut Observation| {
        let apps = &mut seen.get_mut("DUT1").unwrap().apps;
        apps.get_mut("DUT1_NF1").unwrap().configured = Some("another".into());
        apps.get_mut("DUT1_NF1").unwrap().installed = Some("another".into());
        apps.remove("DUT1_NF2");
    };
    let (report, _) = verified(right(), &other, &|_| true);
    assert_eq!(
        wrong(&report),
        [
            "DUT1_NF1 installed: made from other packages: `vnfctl install` mends it",
            "DUT1_NF1 configured: made from another configuration: `vnfctl configure` mends it",
            "DUT1_NF2 installed: never installed: `vnfctl install` does it",
            "DUT1_NF2 configured: never configured: `vnfctl configure` does it",
        ]
    );
}

#[test]
fn a_selection_is_asked_alone() {
    let (report, probes) = verified(right(), &|_| (), &|name| name == "DUT1_NF1");
    assert_eq!(probes.len(), 1, "{probes:?}");
    assert_eq!(wrong(&report), [""; 0]);
    assert_eq!(report.links.len(), 1, "its own side is up, so the link is");
}
