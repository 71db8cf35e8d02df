//! A plan as a POSIX shell script that does exactly what the executor would do, one step after
//! the other.

use super::step::{Plan, Step};
use crate::command::quote;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The script of all nodes in `plan`.
///
/// With one node it takes no argument; with several, `sh SCRIPT NODE` runs that node's part.
/// Values hidden as secrets are read from the environment of whoever runs it.
pub fn script(plan: &Plan, topology: &str) -> String {
    let nodes: BTreeSet<&str> = plan.steps.iter().map(|step| step.node.as_str()).collect();
    let mut text = format!(
        "#!/bin/sh\n# vnfctl plan of topology {topology}. Run it as root on the node.\nset -u\n"
    );
    // Not echo: that of dash reads backslashes.
    text.push_str("say() { printf '%s\\n' \"$1\"; }\n");
    text.push_str("fail() { say \"failed: $1\" >&2; exit 1; }\n");
    match nodes.len() {
        0 => text.push_str("# Nothing to do.\n"),
        1 => part(&mut text, plan.steps.iter()),
        _ => {
            text.push_str("# The part of one node does not wait for that of another.\n");
            text.push_str("case ${1-} in\n");
            for node in &nodes {
                let _ = writeln!(text, "{})", quote(node));
                part(&mut text, plan.steps.iter().filter(|step| step.node == *node));
                text.push_str(";;\n");
            }
            let list = nodes.into_iter().collect::<Vec<_>>().join("|");
            let usage = quote(&format!("usage: sh SCRIPT {list}"));
            let _ = writeln!(text, "*) say {usage} >&2; exit 2 ;;\nesac");
        }
    }
    text
}

fn part<'s>(text: &mut String, steps: impl Iterator<Item = &'s Step>) {
    for step in steps {
        let sentence = quote(&step.sentence);
        let _ = writeln!(text, "\nsay {sentence}\n{{ {} ; }} \\", step.command.display());
        let accept: Vec<String> = step.command.accept.iter().map(i32::to_string).collect();
        let _ = if accept.is_empty() {
            writeln!(text, "|| fail {sentence}")
        } else {
            writeln!(text, "|| case $? in {}) ;; *) fail {sentence} ;; esac", accept.join("|"))
        };
    }
}
