//! What the apps of a node say of themselves, and what that says of the memif links that join
//! them. Judges one look; waiting is for the steps that start an app.

use super::checks::running;
use super::fan_out::{Child, fan_out};
use super::observe::why;
use super::session::Session;
use super::verify::LinkReport;
use crate::app::{Probe, parse_probe};
use crate::engine::engine;
use crate::model::AppKind;
use crate::plan::{NodeState, Wanted};
use crate::transport::Exit;
use crate::wiring::WiredLink;
use std::collections::BTreeMap;
use std::time::Duration;

/// An app that does not answer for so long hangs: a probe asks a local socket a few times.
const DEADLINE: Duration = Duration::from_secs(20);

/// Probes of one node at once, so that a node with a hundred apps is not loaded with as many
/// shells in the very moment it is measured.
const AT_ONCE: usize = 8;

/// What the other end of a link is called where it is no container.
const NODES_VPP: &str = "the node's VPP";

/// What one app said.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// What its probe printed; an error says why nothing is known.
    pub(super) said: Result<Probe, String>,
    /// Whether it is of a kind that knows its ports; a user's own program need not.
    pub(super) knows_ports: bool,
}

/// What the apps of a node said, by name of the container.
pub(super) type Answers = BTreeMap<String, Answer>;

/// Asks the apps of the containers that run.
pub(super) fn ask_apps(
    session: &Session<'_>,
    node: &str,
    state: &NodeState,
    wanted: &[&Wanted<'_>],
) -> Answers {
    let child = |one: &&Wanted<'_>| {
        let app = one.app.as_ref()?;
        running(one, state)?;
        let argv = ["sh", "-c", &app.probe].map(str::to_owned);
        let command = engine(one.group.engine).exec(&one.spec.name, &argv, false);
        let mut command = command.hide(&one.secrets);
        command.deadline = session.timeout.or(Some(DEADLINE));
        let child = Child { node: node.to_owned(), container: one.spec.name.clone(), command };
        Some((child, !matches!(one.group.app.as_ref()?.kind, AppKind::Custom(_))))
    };
    let (children, knows): (Vec<Child>, Vec<bool>) = wanted.iter().filter_map(child).unzip();
    let lanes = children.len().div_ceil(session.lanes.steps_per_lane(node)).min(AT_ONCE);
    let outputs = fan_out(&session.lanes, &children, lanes, session.stop, &|_, _, _| ());
    let answers = outputs.into_iter().zip(knows).map(|(output, knows_ports)| {
        let said = match output {
            Ok(output) if output.exit == Exit::Code(0) => {
                Ok(parse_probe(&String::from_utf8_lossy(&output.stdout)))
            }
            Ok(output) => Err(format!("the probe failed: {}", why(&output))),
            Err(error) => Err(error.to_string()),
        };
        Answer { said, knows_ports }
    });
    children.iter().map(|child| child.container.clone()).zip(answers).collect()
}

/// Judges the memif links of a node by what the apps at their ends said. Only links with an end
/// among `answers` are judged: of the others nothing was asked.
///
/// `silent` names a container's state where it was meant and did not answer, e.g. `absent`;
/// `switch` is what the node's own VPP said, where it is the vswitch.
pub(super) fn memif_links(
    links: &[&WiredLink],
    name: &dyn Fn(&str, u32) -> String,
    answers: &Answers,
    silent: &dyn Fn(&str) -> Option<String>,
    switch: Option<&Result<Probe, String>>,
) -> Vec<LinkReport> {
    let judge = |link: &&WiredLink| {
        let mut differences = Vec::new();
        let mut asked = false;
        for (end, port) in &link.ends {
            let Some((group, ordinal)) = end else {
                let found = match switch {
                    Some(Ok(probe)) => match (probe.ports.get(port), &probe.app) {
                        (Some(Ok(())), app) => app.clone().err(),
                        (Some(Err(reason)), _) => Some(reason.clone()),
                        (None, _) => Some("it does not know it".to_owned()),
                    },
                    Some(Err(reason)) => Some(reason.clone()),
                    None => None,
                };
                differences.extend(found.map(|found| format!("{NODES_VPP} {port}: {found}")));
                continue;
            };
            let container = name(group, *ordinal);
            let found = match answers.get(&container) {
                Some(Answer { said: Ok(probe), knows_ports }) => {
                    match (probe.ports.get(port), &probe.app) {
                        (Some(found), _) => found.clone().err(),
                        (None, Err(reason)) => Some(format!("its app is not ready: {reason}")),
                        (None, Ok(())) if *knows_ports => Some("its app does not know it".into()),
                        (None, Ok(())) => continue,
                    }
                }
                Some(Answer { said: Err(reason), .. }) => Some(reason.clone()),
                None => match silent(&container) {
                    Some(state) => Some(format!("its container is {state}")),
                    None => continue,
                },
            };
            asked = true;
            differences.extend(found.map(|found| format!("{container} {port}: {found}")));
        }
        asked.then(|| LinkReport {
            node: link.node.clone(),
            kind: "memif",
            link: link.name.clone(),
            differences,
            pings: Vec::new(),
        })
    };
    links.iter().filter_map(judge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(ends: [(&str, u32, &str); 2]) -> WiredLink {
        let end = |(group, ordinal, port): (&str, u32, &str)| {
            (Some((group.to_owned(), ordinal)), port.to_owned())
        };
        let word = |(group, ordinal, port): (&str, u32, &str)| format!("{group}{ordinal}:{port}");
        WiredLink {
            node: "DUT1".into(),
            name: format!("{}--{}", word(ends[0]), word(ends[1])),
            ends: ends.map(end),
        }
    }

    fn judged(answers: &[(&str, Result<&str, &str>)], stopped: &[&str]) -> Vec<Vec<String>> {
        let links = [link([("GEN", 1, "port1"), ("NF", 1, "port1")]), {
            link([("NF", 1, "port2"), ("NF", 2, "port1")])
        }];
        let links: Vec<&WiredLink> = links.iter().collect();
        let answers = answers.iter().map(|(name, said)| {
            let said = said.map(parse_probe).map_err(str::to_owned);
            ((*name).to_owned(), Answer { said, knows_ports: *name != "GEN1" })
        });
        let silent =
            |name: &str| stopped.contains(&name).then(|| "stopped, exit code 137".to_owned());
        let name = |group: &str, ordinal: u32| format!("{group}{ordinal}");
        let reports = memif_links(&links, &name, &answers.collect(), &silent, None);
        reports.into_iter().map(|report| report.differences).collect()
    }

    #[test]
    fn a_link_is_up_when_both_sides_say_so() {
        let both = "app ready\nport port1 up\nport port2 up\n";
        let all = [("GEN1", Ok(both)), ("NF1", Ok(both)), ("NF2", Ok(both))];
        assert_eq!(judged(&all, &[]), [[""; 0], []]);
    }

    #[test]
    fn each_side_says_what_keeps_it_down() {
        let wrong = "app ready\nport port1 incorrect secret\nport port2 up\n";
        let gone = "app ready\nport port2 up\n";
        let all = [("GEN1", Ok(wrong)), ("NF1", Ok(wrong)), ("NF2", Ok(gone))];
        assert_eq!(
            judged(&all, &[]),
            [
                vec!["GEN1 port1: incorrect secret", "NF1 port1: incorrect secret"],
                vec!["NF2 port1: its app does not know it"],
            ]
        );
    }

    #[test]
    fn a_container_that_is_down_or_dumb_is_named() {
        let both = "app ready\nport port1 up\nport port2 up\n";
        let all = [("GEN1", Ok(both)), ("NF2", Err("the probe failed: exit code 126"))];
        assert_eq!(
            judged(&all, &["NF1"]),
            [
                vec!["NF1 port1: its container is stopped, exit code 137"],
                vec![
                    "NF1 port2: its container is stopped, exit code 137",
                    "NF2 port1: the probe failed: exit code 126",
                ],
            ]
        );
    }

    #[test]
    fn an_app_that_is_not_ready_says_why_and_a_custom_one_need_not_know_its_ports() {
        let both = "app ready\nport port1 up\nport port2 up\n";
        let bad = "app exec line 3: unknown input\n";
        let all = [("GEN1", Ok("app ready\n")), ("NF1", Ok(both)), ("NF2", Ok(bad))];
        assert_eq!(
            judged(&all, &[]),
            [vec![], vec!["NF2 port1: its app is not ready: exec line 3: unknown input"]]
        );
    }

    #[test]
    fn the_nodes_own_vpp_is_an_end_as_well() {
        let mut link = link([("NF", 1, "port1"), ("X", 1, "port3")]);
        link.ends[1].0 = None;
        let probe = parse_probe("app ready\nport port1 up\n");
        let answers = [("NF1".to_owned(), Answer { said: Ok(probe), knows_ports: true })].into();
        let judge = |said: &Result<Probe, String>| {
            let name = |group: &str, ordinal: u32| format!("{group}{ordinal}");
            memif_links(&[&link], &name, &answers, &|_| None, Some(said)).remove(0).differences
        };
        let said = |text| Ok(parse_probe(&format!("app ready\n{text}")));
        assert_eq!(judge(&said("port port3 up")), [""; 0]);
        assert_eq!(
            judge(&said("port port3 not connected")),
            ["the node's VPP port3: not connected"]
        );
        assert_eq!(
            judge(&Err("no VPP answers at /x".into())),
            ["the node's VPP port3: no VPP answers at /x"]
        );
    }

    #[test]
    fn what_was_not_asked_is_not_judged() {
        let both = "app ready\nport port1 up\nport port2 up\n";
        assert_eq!(judged(&[("GEN1", Ok(both))], &[]), [[""; 0]], "one side is enough for a link");
        assert!(judged(&[], &[]).is_empty());
    }
}
