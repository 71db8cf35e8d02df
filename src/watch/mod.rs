//! Watchers: a small shell process per container on its node that asks its probes and starts it
//! again. Pure: commands out, observations in.
//!
//! Docker and podman have health checks and restart policies of their own. They are not used: LXC
//! and the native engine have none, and those two differ in what a failing check does, in their
//! back-off, and in that neither makes links anew. One watcher serves every engine alike, through
//! the commands of [`Engine`](crate::engine::Engine), and there is no daemon of ours: it is started
//! with the container, lives in `/run/vnfctl/watch/<engine>-<container>`, and ends before whoever
//! stops the container does so.
//!
//! | file | holds |
//! |---|---|
//! | `watch` | the watcher, a POSIX script with all its commands |
//! | `about` | topology, group, digest |
//! | `pid` | process id and start time |
//! | `state` | how the container is, whether it is ready, restarts, since when, why |
//! | `said`, `error` | what the last command and the watcher's own start said |

mod observed;
mod script;

pub use observed::{Live, Watcher, Watchers, parse_watchers};
pub use script::{Mend, WatchSpec};

use crate::command::{Command, DEFAULT_DEADLINE};
use crate::model::{EngineKind, Probe, Question};
use std::collections::BTreeSet;
use std::time::Duration;

const STATE: &str = include_str!("state.sh");

/// The end of a watcher that is starting its container may take as long as that.
const END: Duration = Duration::from_mins(4);

/// What a waiting script may take beyond its time.
const MARGIN: Duration = Duration::from_secs(15);

/// Name of a watcher's folder.
pub fn key(engine: EngineKind, container: &str) -> String {
    format!("{}-{container}", engine.word())
}

/// Prints all watchers of a node; see [`parse_watchers`].
pub fn query() -> Command {
    Command::sh(scripts(include_str!("query.sh")), std::iter::empty::<String>())
}

/// Starts a watcher; one that is there for the container ends first.
pub fn watch(spec: &WatchSpec) -> Command {
    let args = [key(spec.engine, &spec.container), spec.about()];
    Command::sh(scripts(include_str!("start.sh")), args)
        .stdin(spec.script())
        .hide(&spec.secrets)
        .deadline(END + DEFAULT_DEADLINE)
}

/// Ends a watcher and takes its folder away; succeeds when there is none.
pub fn unwatch(engine: EngineKind, container: &str) -> Command {
    Command::sh(scripts(include_str!("unwatch.sh")), [key(engine, container)]).deadline(END)
}

/// Waits at most `patience` until a watched container is ready.
pub fn await_ready(engine: EngineKind, container: &str, patience: Duration) -> Command {
    let seconds = patience.as_secs().to_string();
    Command::sh(scripts(include_str!("await.sh")), [key(engine, container), seconds])
        .deadline(patience + MARGIN)
}

/// Why a node with these `tools` cannot ask a probe; `None` = it can.
pub fn lacks(probe: &Probe, tools: &BTreeSet<String>) -> Option<String> {
    let (kind, able): (&str, &[&str]) = match probe.question {
        Question::Exec(_) => return None,
        Question::Tcp(_) => ("tcp", &["bash", "curl"]),
        Question::Http(..) => ("http", &["bash", "curl", "wget"]),
    };
    let has_one = able.iter().any(|tool| tools.contains(*tool));
    (!has_one).then(|| {
        format!(
            "nothing on this node can ask its {kind} probe: there is none of {}",
            able.join(", ")
        )
    })
}

fn scripts(main: &str) -> String {
    format!("{STATE}{main}")
}
