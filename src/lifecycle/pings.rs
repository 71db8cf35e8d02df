//! The links of a node held against what was seen, and traffic over them.

use super::verify::{LinkReport, PingReport};
use crate::command::Command;
use crate::executor::Lanes;
use crate::link::{LinkSpec, driver};
use crate::plan::{NodeState, compare_links};
use crate::transport::{Exit, Stop};

/// Compares every link and sends its pings.
pub(super) fn node_links(
    node: &str,
    links: &[LinkSpec],
    state: &NodeState,
    lanes: &Lanes<'_>,
    stop: &Stop,
) -> Vec<LinkReport> {
    let mut reports: Vec<(LinkReport, Option<Command>)> = compare_links(links, state)
        .into_iter()
        .map(|(link, seen)| {
            let report = LinkReport {
                node: node.to_owned(),
                kind: "veth",
                link: link.name.clone(),
                differences: seen.differences,
                pings: Vec::new(),
            };
            // A missing link needs no ping to be found wrong.
            let command = if seen.absent { None } else { driver(link.kind).verify(link) };
            (report, command)
        })
        .collect();
    ping(node, &mut reports, lanes, stop);
    reports.into_iter().map(|(report, _)| report).collect()
}

/// Runs the pings of one node, all in flight on one lane.
fn ping(node: &str, reports: &mut [(LinkReport, Option<Command>)], lanes: &Lanes<'_>, stop: &Stop) {
    let mut pending: Vec<&mut (LinkReport, Option<Command>)> =
        reports.iter_mut().filter(|(_, command)| command.is_some()).collect();
    if pending.is_empty() {
        return;
    }
    let mut lane = match lanes.take(node, stop) {
        Ok(lane) => lane,
        Err(error) => {
            for (report, _) in pending {
                report.differences.push(format!("no ping sent: {error}"));
            }
            return;
        }
    };
    for (report, command) in &mut pending {
        let command = command.as_ref().expect("filtered above");
        match lane.run(command, stop) {
            Ok(output) => {
                let text = String::from_utf8_lossy(&output.stdout);
                report.pings.extend(text.lines().filter_map(read_ping));
                if output.exit != Exit::Code(0) && report.pings.is_empty() {
                    let stderr = String::from_utf8_lossy(&output.stderr);
                    let last = stderr.lines().last().unwrap_or("no reason given");
                    report.differences.push(format!("the ping could not be sent: {last}"));
                }
            }
            Err(error) => {
                report.differences.push(format!("no ping sent: {error}"));
                return;
            }
        }
    }
    lanes.put_back(node, lane);
}

/// One line of `ok|lost <from> <address>`.
fn read_ping(line: &str) -> Option<PingReport> {
    let mut words = line.split_whitespace();
    let answered = match words.next()? {
        "ok" => true,
        "lost" => false,
        _ => return None,
    };
    let (from, to) = (words.next()?.to_owned(), words.next()?.to_owned());
    Some(PingReport { from, to, answered })
}
