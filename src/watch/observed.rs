//! What the query of watchers printed.

use crate::model::EngineKind;
use std::collections::BTreeMap;

/// The watchers of a node, by engine and name of the container.
pub type Watchers = BTreeMap<(EngineKind, String), Watcher>;

/// One watcher as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watcher {
    /// Whether its process lives.
    pub alive: bool,
    /// Topology that it was made for.
    pub topology: String,
    /// Group of its container.
    pub group: String,
    /// Digest of what it was made from.
    pub digest: String,
    /// How its container is.
    pub live: Live,
    /// Whether its container is ready.
    pub ready: bool,
    /// How often it started its container again.
    pub restarts: u64,
    /// Since when it is so, in seconds since 1970.
    pub since: u64,
    /// What went wrong last; empty = nothing since it is so.
    pub why: String,
}

/// How a watched container is, as its watcher says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Live {
    /// It runs, and its probe was not answered yet.
    #[default]
    Starting,
    /// Its app was never configured: there is nothing to ask.
    Idle,
    /// It runs, and no probe says more.
    Running,
    /// Its probe is answered.
    Healthy,
    /// Its probe failed too often, and nothing is done.
    Failing,
    /// It is being started again.
    Restarting,
    /// It ended, and is not started again.
    Ended,
}

impl Live {
    const WORDS: [(&'static str, Self); 7] = [
        ("starting", Self::Starting),
        ("idle", Self::Idle),
        ("running", Self::Running),
        ("healthy", Self::Healthy),
        ("failing", Self::Failing),
        ("restarting", Self::Restarting),
        ("ended", Self::Ended),
    ];

    /// The watcher's own word.
    pub fn word(self) -> &'static str {
        let mut words = Self::WORDS.into_iter();
        words.find(|(_, live)| *live == self).map_or("", |(word, _)| word)
    }

    /// Whether it is as it should be.
    pub fn is_right(self) -> bool {
        matches!(self, Self::Running | Self::Healthy)
    }
}

/// Reads what [`super::query`] printed: per watcher a line `watcher ENGINE-NAME alive|dead`, then
/// lines of a key and a value. Lines that another version wrote are passed over.
pub fn parse_watchers(stdout: &str) -> Watchers {
    let mut all = Watchers::new();
    let mut last: Option<(EngineKind, String)> = None;
    for line in stdout.lines() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        if key == "watcher" {
            last = named(value).map(|(name, alive)| {
                all.insert(name.clone(), Watcher { alive, ..Watcher::default() });
                name
            });
            continue;
        }
        let Some(watcher) = last.as_ref().and_then(|name| all.get_mut(name)) else { continue };
        match key {
            "topology" => value.clone_into(&mut watcher.topology),
            "group" => value.clone_into(&mut watcher.group),
            "digest" => value.clone_into(&mut watcher.digest),
            "state" => {
                let known = Live::WORDS.iter().find(|(word, _)| *word == value);
                watcher.live = known.map(|(_, live)| *live).unwrap_or_default();
            }
            "ready" => watcher.ready = value == "yes",
            "restarts" => watcher.restarts = value.parse().unwrap_or_default(),
            "since" => watcher.since = value.parse().unwrap_or_default(),
            "why" => value.clone_into(&mut watcher.why),
            _ => {}
        }
    }
    all
}

fn named(text: &str) -> Option<((EngineKind, String), bool)> {
    let (key, word) = text.rsplit_once(' ')?;
    let (engine, name) = key.split_once('-')?;
    let kind = EngineKind::ALL.into_iter().find(|kind| kind.word() == engine)?;
    Some(((kind, name.to_owned()), word == "alive"))
}

impl Watcher {
    /// How the container is, for people: `healthy, 2 restarts`; empty = it runs and that is all.
    pub fn told(&self) -> String {
        let live = match self.live {
            _ if !self.alive => "no watcher",
            Live::Running => "",
            Live::Idle => "not configured",
            live => live.word(),
        };
        let not_ready = self.alive && !self.ready && self.live.is_right();
        let restarts = match self.restarts {
            0 => String::new(),
            1 => "1 restart".to_owned(),
            many => format!("{many} restarts"),
        };
        let parts = [live, if not_ready { "not ready" } else { "" }, &restarts];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(", ")
    }

    /// What is wrong, in a phrase; `None` = its container is well and ready.
    pub fn complaint(&self) -> Option<String> {
        let why = |word: &str| match self.why.as_str() {
            "" => word.to_owned(),
            why => format!("{word}: {why}"),
        };
        match self.live {
            _ if !self.alive => Some("its watcher does not run".into()),
            Live::Idle => Some("its app is not configured".into()),
            live if !live.is_right() => Some(why(live.word())),
            _ if !self.ready => Some(why("not ready")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read() {
        let text = "watcher native-a-b alive\ntopology t\ngroup VNF\ndigest 12\nstate healthy\n\
                    ready yes\nrestarts 2\nsince 1700000000\nwhy \nnew thing\n\
                    watcher docker-c dead\nwatcher other-d alive\nstate failing\n";
        let all = parse_watchers(text);
        assert_eq!(all.len(), 2, "an engine of another version is passed over: {all:?}");
        let healthy = &all[&(EngineKind::Native, "a-b".into())];
        assert_eq!((healthy.told(), healthy.complaint()), ("healthy, 2 restarts".into(), None));
        assert_eq!((healthy.digest.as_str(), healthy.since), ("12", 1_700_000_000));
        let dead = &all[&(EngineKind::Docker, "c".into())];
        assert_eq!(dead.complaint().unwrap(), "its watcher does not run");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_reason() {
        let watcher = |live, ready, why: &str| Watcher {
            alive: true,
            live,
            ready,
            why: why.into(),
            ..Watcher::default()
        };
        let tell = |one: Watcher| (one.told(), one.complaint().unwrap_or_default());
        let tell = |live, ready, why| tell(watcher(live, ready, why));
        assert_eq!(tell(Live::Running, true, ""), (String::new(), String::new()));
        assert_eq!(
            tell(Live::Running, false, "tcp: x"),
            ("not ready".into(), "not ready: tcp: x".into())
        );
        assert_eq!(
            tell(Live::Failing, false, "tcp: x"),
            ("failing".into(), "failing: tcp: x".into())
        );
        assert_eq!(tell(Live::Ended, false, ""), ("ended".into(), "ended".into()));
    }
}
