//! What is on a node beside the engines a topology names: the kernel's view of who has which CPUs,
//! and containers of the other engines. One command for all, since most of it is cheap.

use super::observe::why;
use crate::command::Command;
use crate::engine::{Inventory, Observed, State, engine};
use crate::facts::{Cpusets, cpusets, parse_cpusets};
use crate::model::EngineKind;
use crate::transport::{Exit, Output};
use crate::watch::{self, Watchers, parse_watchers};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long engines that nobody named may take to answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// Name of the kernel's answer among those of engines.
const KERNEL: &str = "kernel";

/// Name of what our watchers say.
const WATCHERS: &str = "watchers";

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    /// Who has which CPUs.
    pub(super) cpusets: Cpusets,
    /// Our watchers.
    pub(super) watchers: Watchers,
    /// Containers of the other engines.
    pub(super) others: BTreeMap<EngineKind, Result<Inventory, String>>,
}

/// One command that asks the kernel, our watchers, then `others`: should one of them hang, the kernel and those
/// before it have answered.
pub fn ask_neighbours(others: &[EngineKind]) -> Command {
    let kernel = [KERNEL.to_owned(), cpusets().words()];
    let engines =
        others.iter().map(|kind| [kind.word().to_owned(), engine(*kind).glance().words()]);
    let watchers = [WATCHERS.to_owned(), watch::query().words()];
    let pairs = [kernel, watchers].into_iter().chain(engines);
    Command::sh(include_str!("in_turn.sh"), pairs.flatten()).deadline(DEADLINE)
}

/// Reads what [`ask_neighbours`] printed; an error says what of the kernel's view is missing.
pub(super) fn read(others: &[EngineKind], output: &Output) -> Result<Neighbours, String> {
    let lines = format!("\n{}", String::from_utf8_lossy(&output.stdout));
    let mut answers: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for answer in lines.split("\n== ").skip(1) {
        let (head, text) = answer.split_once('\n').unwrap_or((answer, ""));
        let (name, code) = head.split_once(' ').ok_or_else(|| why(output))?;
        answers.insert(name, (code, text));
    }
    let told = |name: &str| match answers.get(name) {
        Some((code, _)) if *code != "0" => Err(match why(output) {
            last if !last.starts_with("exit code") => last,
            _ => format!("exit code {code}"),
        }),
        Some((_, text)) => Ok(*text),
        None if output.exit == Exit::Code(0) => Ok(""),
        None => Err(why(output)),
    };
    let inventory = |kind: EngineKind| {
        engine(kind).parse(told(kind.word())?).map_err(|error| error.to_string())
    };
    Ok(Neighbours {
        cpusets: parse_cpusets(told(KERNEL)?).ok_or_else(|| why(output))?,
        // Without a word there are none; an engine that hangs later takes nothing of that away.
        watchers: parse_watchers(if answers.contains_key(WATCHERS) { told(WATCHERS)? } else { "" }),
        others: others.iter().map(|kind| (*kind, inventory(*kind))).collect(),
    })
}

/// Adds to a running container what its cgroup grants.
pub(super) fn grant(container: &mut Observed, cpusets: &Cpusets) {
    let State::Running { pid } = container.state else { return };
    let granted = cpusets.of(pid);
    container.cgroup_cpus = granted.map(|cpuset| cpuset.cpus.clone());
    container.cgroup_mems = granted.map(|cpuset| cpuset.mems.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHERS: [EngineKind; 2] = [EngineKind::Native, EngineKind::Docker];

    fn read_text(exit: Exit, stdout: &str, stderr: &str) -> Result<Neighbours, String> {
        let (stdout, stderr, elapsed) = (stdout.into(), stderr.into(), Duration::ZERO);
        read(&OTHERS, &Output { exit, stdout, stderr, elapsed })
    }

    #[test]
    fn each_answer_is_read_by_the_one_who_was_asked() {
        let shown =
            r#"container 7 {"name":"a == b","labels":null,"state":"running","code":0,"image":"i"}"#;
        let stdout =
            format!("== kernel 0\nroot 0-3 0\ncpuset 1 0 /x\npid 7\n== docker 0\n{shown}\n");
        let found = read_text(Exit::Code(0), &stdout, "").unwrap();
        assert_eq!(found.cpusets.narrow[0].pids, [7]);
        assert_eq!(found.others[&EngineKind::Native], Ok(Inventory::default()), "not a word");
        let mut container =
            found.others[&EngineKind::Docker].as_ref().unwrap().containers[0].clone();
        assert_eq!(container.name, "a == b");
        grant(&mut container, &found.cpusets);
        assert_eq!(container.cgroup_cpus.unwrap().to_string(), "1");
    }

    #[test]
    fn an_engine_that_fails_hangs_or_babbles_is_left_out_and_the_kernel_is_not() {
        let failed =
            read_text(Exit::Code(0), "== kernel 0\nroot 0-3 0\n== docker 1\n", "no daemon\n");
        assert_eq!(failed.unwrap().others[&EngineKind::Docker], Err("no daemon".to_owned()));
        let hung = read_text(Exit::Deadline(DEADLINE), "== kernel 0\nroot 0-3 0\n", "").unwrap();
        assert_eq!(hung.others[&EngineKind::Docker], Err("no answer within 10 s".to_owned()));
        let babble = read_text(Exit::Code(0), "== native 0\nhello\n", "").unwrap();
        assert!(babble.others[&EngineKind::Native].is_err());
        assert!(read_text(Exit::Deadline(DEADLINE), "", "").is_err(), "no word of the kernel");
        assert!(read_text(Exit::Code(0), "== kernel 0\nhello\n", "").is_err());
    }
}
