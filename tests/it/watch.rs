//! Watchers: their scripts played with a fake engine under both shells, and the steps they take in
//! a plan.

use crate::support::inside::{Inside, Tools};
use crate::support::world::{self, Wish, as_wanted, empty, facts_of, prepared, told, topology};
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;
use vnfctl::command::{Command as Words, Secret};
use vnfctl::engine::engine;
use vnfctl::lifecycle::Failure;
use vnfctl::model::{EngineKind, Loaded, Probe, Question, RestartPolicy, Watch};
use vnfctl::plan::{Observation, Stage, Verb, targets, watch_spec};
use vnfctl::watch::{Live, Mend, WatchSpec, Watcher, await_ready, key, parse_watchers, query};
use vnfctl::watch::{unwatch, watch};

const UP: Verb = Verb::Up(Stage::Verify);

fn probe(question: Question, every: u64, fails: u32) -> Probe {
    Probe {
        question,
        every: Duration::from_secs(every),
        fails,
        timeout: Duration::from_secs(1),
        start: Duration::ZERO,
        ready_timeout: None,
    }
}

fn exec(words: &[&str]) -> Question {
    Question::Exec(words.iter().map(|word| (*word).to_owned()).collect())
}

fn spec(watch: Watch) -> WatchSpec {
    WatchSpec {
        engine: EngineKind::Docker,
        container: "VNF1".into(),
        topology: "top".into(),
        group: "VNF".into(),
        watch,
        configured: None,
        links: Vec::new(),
        members: Vec::new(),
        cpus: None,
        secrets: Vec::new(),
    }
}

/// A docker whose container is a process of the test: `start` makes one, `inspect` tells of it.
const DOCKER: &str = r#"#!/bin/sh
cd "$(dirname "$(readlink -f "$0")")/.." || exit
echo "$*" >>calls
case "$*" in
start*)
	[ ! -e broken ] || { echo 'no such image' >&2; exit 1; }
	rm -f code
	sh -c 'sleep 1000 & c=$!; echo $$ >pid; trap "kill $c; exit 0" TERM; trap "kill $c; exit 3" USR1; wait $c' </dev/null >/dev/null 2>&1 &
	sleep 0.2 ;;
stop*) kill -TERM "$(cat pid)"; sleep 0.2; echo 0 >code ;;
*State.Pid*) read -r pid <pid; if [ -e "/proc/$pid" ]; then echo "$pid"; else echo 0; fi ;;
*ExitCode*) cat code ;;
exec*) shift 3; exec "$@" ;;
esac
"#;

/// A node in a folder: the fake engine, and `/run/vnfctl` in it.
struct Played {
    inside: Inside,
}

impl Drop for Played {
    fn drop(&mut self) {
        self.run(&unwatch(EngineKind::Docker, "VNF1"));
        self.kill("TERM");
    }
}

impl Played {
    fn new(tools: Tools) -> Self {
        let inside = Inside::new(tools);
        fs::create_dir_all(inside.at("bin")).unwrap();
        let docker = inside.at("bin/docker");
        fs::write(&docker, DOCKER).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&docker, mode).unwrap();
        let played = Self { inside };
        played.run(&engine(EngineKind::Docker).start("VNF1"));
        played
    }

    /// Runs words of a node with its `/run/vnfctl` in the folder; exit code, then what was said.
    fn run(&self, words: &Words) -> (i32, String) {
        let moved = |text: &str| text.replace("/run/vnfctl", &self.path("run"));
        let mut line = moved(&words.words());
        if let vnfctl::command::Stdin::Text(text) = &words.stdin {
            fs::write(self.inside.at("stdin"), moved(text)).unwrap();
            line.push_str(" <stdin");
        }
        let mut command: Command =
            self.inside.sh(&format!("PATH={}:$PATH\n{line}", self.path("bin")));
        // To files: a pipe would not end before the watcher does.
        let out = fs::File::create(self.inside.at("out")).unwrap();
        command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out);
        let status = command.status().unwrap();
        (status.code().unwrap(), self.inside.read("out"))
    }

    fn path(&self, name: &str) -> String {
        self.inside.at(name).display().to_string()
    }

    fn watch(&self, spec: &WatchSpec) {
        assert_eq!(self.run(&watch(spec)), (0, String::new()));
    }

    fn seen(&self) -> Option<Watcher> {
        let (code, text) = self.run(&query());
        assert_eq!(code, 0, "{text}");
        parse_watchers(&text).remove(&(EngineKind::Docker, "VNF1".to_owned()))
    }

    #[track_caller]
    fn until(&self, what: &str, holds: impl Fn(&Watcher) -> bool) -> Watcher {
        let mut last = None;
        for _ in 0..100 {
            last = self.seen();
            if let Some(seen) = last.as_ref().filter(|seen| holds(seen)) {
                return seen.clone();
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("{what}: {last:?}\n{}", self.inside.read("calls"));
    }

    fn pid(&self) -> String {
        self.inside.read("pid").trim().to_owned()
    }

    /// Ends the first process; the engine hears of the code.
    fn kill(&self, signal: &str) {
        let code = match signal {
            "TERM" => 0,
            "USR1" => 3,
            _ => 137,
        };
        fs::write(self.inside.at("code"), format!("{code}\n")).unwrap();
        self.inside.run(&format!("kill -{signal} {}", self.pid()));
    }

    fn starts(&self) -> usize {
        self.inside.read("calls").lines().filter(|line| line.starts_with("start")).count()
    }
}

/// Whether a process has ended; nobody may have buried it yet.
fn is_gone(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.is_empty() || stat.contains(") Z ")
}

fn each(test: impl Fn(&Played)) {
    for tools in Tools::ALL {
        test(&Played::new(tools));
    }
}

#[test]
fn an_end_with_a_code_is_started_again_with_its_links_and_members_and_one_without_is_not() {
    each(|played| {
        let file = |name: &str| Words::new(["touch", &played.path(name)]);
        let mend = |name: &str| Mend {
            name: name.into(),
            remove: file(&format!("{name}-removed")),
            make: file(&format!("{name}-made")),
        };
        let watch = Watch { restart: RestartPolicy::OnFailure, ..Watch::default() };
        let (links, members) = (vec![mend("link")], vec![mend("member")]);
        played.watch(&WatchSpec { links, members, ..spec(watch) });
        let seen = played.until("it runs", |seen| seen.live == Live::Running);
        assert!(seen.alive && seen.ready && seen.topology == "top", "{seen:?}");
        let before = played.pid();
        played.kill("USR1");
        let seen = played.until("it is started again", |seen| seen.restarts == 1 && seen.ready);
        assert_eq!(
            (seen.told().as_str(), seen.why.as_str()),
            ("1 restart", "it ended with code 3")
        );
        assert_ne!(played.pid(), before);
        for name in ["link-removed", "link-made", "member-removed", "member-made"] {
            assert!(played.inside.at(name).exists(), "{name}");
        }
        played.kill("TERM");
        let seen = played.until("it is left alone", |seen| seen.live == Live::Ended);
        assert_eq!((seen.ready, seen.why.as_str()), (false, "it ended with code 0"));
        assert_eq!(played.starts(), 2);
        // Somebody starts it: the watcher takes it up again.
        played.run(&engine(EngineKind::Docker).start("VNF1"));
        played.until("it is seen", |seen| seen.live == Live::Running);
    });
}

#[test]
fn a_start_that_fails_is_tried_again_later_and_later() {
    each(|played| {
        let watch = Watch { restart: RestartPolicy::Always, ..Watch::default() };
        played.watch(&spec(watch));
        fs::write(played.inside.at("broken"), "").unwrap();
        played.kill("TERM");
        played.until("why", |seen| seen.why == "it does not start: no such image");
        std::thread::sleep(Duration::from_secs(5));
        let tries = played.starts() - 1;
        assert!((2..=3).contains(&tries), "{tries} tries in six seconds");
        fs::remove_file(played.inside.at("broken")).unwrap();
        played.until("it runs", |seen| seen.live == Live::Running);
    });
}

#[test]
fn a_probe_says_ready_and_restarts_what_fails_so_many_times() {
    each(|played| {
        let good = played.path("good");
        let live = probe(exec(&["test", "-e", &good]), 1, 3);
        let readiness = probe(exec(&["test", "-e", &played.path("ready")]), 1, 1);
        let mut one = spec(Watch {
            probe: Some(live),
            readiness: Some(readiness),
            restart: RestartPolicy::No,
        });
        fs::write(&good, "").unwrap();
        played.watch(&one);
        played.until("it lives", |seen| seen.live == Live::Healthy && !seen.ready);
        let wait = await_ready(EngineKind::Docker, "VNF1", Duration::from_secs(1));
        let (code, said) = played.run(&wait);
        assert_eq!(code, 1);
        assert!(
            said.starts_with("`VNF1` is not ready after 1 s: exec test: it ends with code 1"),
            "{said}"
        );
        fs::write(played.inside.at("ready"), "").unwrap();
        assert_eq!(played.run(&wait), (0, String::new()));
        fs::remove_file(&good).unwrap();
        let seen = played.until("it fails", |seen| seen.live == Live::Failing);
        assert_eq!(seen.complaint().unwrap(), "failing: exec test: it ends with code 1");
        assert_eq!(played.starts(), 1, "the policy is no");
        fs::write(&good, "").unwrap();
        played.until("it is well again", |seen| seen.live == Live::Healthy);

        let (before, first) = (played.pid(), played.inside.read("run/watch/docker-VNF1/pid"));
        one.watch.restart = RestartPolicy::OnFailure;
        played.watch(&one);
        assert_ne!(played.inside.read("run/watch/docker-VNF1/pid"), first, "a new watcher");
        played.until("it lives", |seen| seen.live == Live::Healthy);
        fs::remove_file(&good).unwrap();
        played.until("it is started again", |seen| seen.restarts == 1);
        assert_ne!(played.pid(), before);
        assert!(played.inside.read("calls").contains("stop -t 10 VNF1"));
    });
}

#[test]
fn what_hangs_is_no_answer_and_does_not_stay() {
    each(|played| {
        let script = format!("sleep 999 & echo $! >{}; wait", played.path("hung"));
        let watch =
            Watch { probe: Some(probe(exec(&["sh", "-c", &script]), 60, 1)), ..Watch::default() };
        played.watch(&spec(watch));
        let seen = played.until("it fails", |seen| seen.live == Live::Failing);
        assert_eq!(seen.why, "exec sh: no answer within 1 s");
        let hung = played.inside.read("hung");
        assert!(is_gone(hung.trim()));
    });
}

#[test]
fn it_asks_only_what_is_configured() {
    each(|played| {
        let file = played.path("configured");
        let watch = Watch {
            probe: Some(probe(exec(&["false"]), 1, 1)),
            restart: RestartPolicy::Always,
            ..Watch::default()
        };
        // `administer` has two words more than `exec`.
        let docker = DOCKER
            .replace("exec*) shift 3", "exec*--user*) shift 5; exec \"$@\" ;;\nexec*) shift 3");
        fs::write(played.inside.at("bin/docker"), docker).unwrap();
        played.watch(&WatchSpec { configured: Some(file.clone()), ..spec(watch) });
        played.until("it waits", |seen| seen.live == Live::Idle);
        let wait = await_ready(EngineKind::Docker, "VNF1", Duration::from_secs(9));
        assert_eq!(played.run(&wait).0, 0, "there is nothing to wait for");
        std::thread::sleep(Duration::from_secs(3));
        assert_eq!(played.starts(), 1);
        fs::write(&file, "").unwrap();
        played.until("it asks", |seen| seen.why.contains("it ends with code 1"));
    });
}

#[test]
fn its_end_is_whole_and_leaves_nothing() {
    each(|played| {
        let watch = Watch { restart: RestartPolicy::Always, ..Watch::default() };
        played.watch(&spec(watch));
        let pid = played.inside.read("run/watch/docker-VNF1/pid");
        let pid = pid.split(' ').next().unwrap();
        played.kill("KILL");
        std::thread::sleep(Duration::from_millis(1100));
        assert_eq!(played.run(&unwatch(EngineKind::Docker, "VNF1")), (0, String::new()));
        assert!(is_gone(pid));
        assert!(!played.inside.at("run").exists());
        assert_eq!(played.seen(), None);
        let starts = played.starts();
        std::thread::sleep(Duration::from_millis(2500));
        assert_eq!(played.starts(), starts, "nothing starts any more");
        assert_eq!(played.run(&unwatch(EngineKind::Docker, "VNF1")).0, 0, "gone already");
        let wait = await_ready(EngineKind::Docker, "VNF1", Duration::from_secs(9));
        assert!(played.run(&wait).1.contains("the watcher of `VNF1` does not run"));
    });
}

#[test]
fn a_server_is_asked_in_its_network() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut text, mut part) = (String::new(), [0; 1024]);
            // Whoever only connects says nothing.
            while !text.contains("\r\n\r\n") {
                let Ok(count @ 1..) = stream.read(&mut part) else { break };
                text.push_str(&String::from_utf8_lossy(&part[..count]));
            }
            let status =
                if text.starts_with("GET /good?a=b HTTP/1") { "204 Fine" } else { "500 Bad" };
            let _ = write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n\r\n");
        }
    });
    let closed = {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap()
    };
    let played = Played::new(Tools::Debian);
    let ask = |question: Question| {
        let watch = Watch { probe: Some(probe(question, 60, 1)), ..Watch::default() };
        played.watch(&spec(watch));
        let seen = played.until("an answer", |seen| seen.live != Live::Starting);
        (seen.live, seen.why)
    };
    assert_eq!(ask(Question::Tcp(at)), (Live::Healthy, String::new()));
    let why = format!("tcp {closed}: Connection refused");
    assert_eq!(ask(Question::Tcp(closed)), (Live::Failing, why));
    assert_eq!(ask(Question::Http(at, "/good?a=b".into())), (Live::Healthy, String::new()));
    let why = format!("http {at}/bad: status 500");
    assert_eq!(ask(Question::Http(at, "/bad".into())), (Live::Failing, why));
}

#[test]
fn its_script_hides_what_is_secret() {
    let watch = Watch { probe: Some(probe(exec(&["ask", "hunter2"]), 1, 1)), ..Watch::default() };
    let secrets = vec![Secret { name: "PW".into(), value: "hunter2".into() }];
    let step = vnfctl::watch::watch(&WatchSpec { secrets, ..spec(watch) });
    assert!(!step.display().contains("hunter2") && step.display().contains("${PW:?}"));
    assert_eq!(key(EngineKind::Lxc, "a-b"), "lxc-a-b");
}

const WATCHED: &str = r#"
name = "watched"
[nodes.DUT1]
[defaults]
engine = "native"
cpu_skip = 1
[groups.WEB]
restart = "on-failure"
probe = { http = ":8080/health", every = "2s" }
[groups.NF]
depends_on = ["WEB"]
cpu_skip = 2
restart = "always"
app = { kind = "custom", start = ["nf"] }
readiness = { tcp = 80 }
[[links]]
kind = "veth"
ends = [{ container = "WEB1", interface = "left" }, { container = "NF1", interface = "left" }]
"#;

/// A node with bash where nothing is.
fn nothing(loaded: &Loaded) -> Observation {
    let mut observation = empty(&loaded.topology, "four-cores");
    for state in observation.values_mut() {
        state.facts.tools.insert("bash".into());
    }
    observation
}

/// Everything runs, and is watched as it should be.
fn all_watched(loaded: &Loaded) -> Observation {
    let nothing = nothing(loaded);
    let mut seen = as_wanted(loaded, &nothing);
    let wish = Wish::all(UP);
    let prepared = prepared(loaded, &seen, &wish).unwrap();
    let mut watchers = vnfctl::watch::Watchers::new();
    for target in targets(&prepared.wanted, &prepared.links, &seen) {
        for wanted in &target.wanted {
            let Some(spec) = watch_spec(&target, wanted) else { continue };
            let watcher = Watcher {
                alive: true,
                topology: spec.topology.clone(),
                group: spec.group.clone(),
                digest: spec.digest(),
                live: Live::Healthy,
                ready: true,
                ..Watcher::default()
            };
            watchers.insert((spec.engine, spec.container.clone()), watcher);
        }
    }
    seen.get_mut("DUT1").unwrap().watchers = watchers;
    seen
}

#[test]
fn a_watcher_begins_last_and_ends_first() {
    let loaded = topology(WATCHED);
    let mut text = String::new();
    let mut tell = |what: &str, seen: &Observation, verb: Verb| {
        text.push_str(what);
        text.push('\n');
        text.push_str(&told(&prepared(&loaded, seen, &Wish::all(verb))));
    };
    let right = all_watched(&loaded);
    tell("up on an empty node", &nothing(&loaded), UP);
    tell("create on an empty node", &nothing(&loaded), Verb::Create);
    tell("up where all is right", &right, UP);
    let mut seen = right.clone();
    world::stop(&mut seen, "DUT1_WEB1");
    tell("up where one ended", &seen, UP);
    for (verb, what) in [(Verb::Restart, "restart"), (Verb::Stop, "stop"), (Verb::Down, "down")] {
        tell(what, &right, verb);
    }
    let mut seen = right.clone();
    seen.get_mut("DUT1").unwrap().watchers.values_mut().for_each(|one| one.digest.clear());
    tell("up where both are watched otherwise", &seen, UP);
    let mut seen = right.clone();
    seen.get_mut("DUT1").unwrap().watchers.values_mut().for_each(|one| one.alive = false);
    tell("up where the watchers died", &seen, UP);
    let mut seen = right.clone();
    seen.get_mut("DUT1").unwrap().apps.get_mut("DUT1_NF1").unwrap().configured = None;
    tell("configure where the app ended", &seen, Verb::Configure);
    let mut seen = right.clone();
    world::remove(&mut seen, "DUT1_WEB1");
    tell("destroy where one was removed by hand", &seen, Verb::Destroy);
    insta::assert_snapshot!(text);

    let unwatched = topology(
        &WATCHED.replace("restart =", "#").replace("probe =", "#").replace("readiness =", "#"),
    );
    let plan = told(&prepared(&unwatched, &right, &Wish::all(UP)));
    assert_eq!(plan, "  1 DUT1 unwatch DUT1_WEB1\n  2 DUT1 unwatch DUT1_NF1  <- 1\n");
}

#[test]
fn it_stays_off_the_cores_of_containers() {
    let cpus = |toml: &str, machine: &str| {
        let loaded = topology(toml);
        let mut seen = empty(&loaded.topology, machine);
        seen.get_mut("DUT1").unwrap().facts = facts_of(machine);
        let prepared = prepared(&loaded, &seen, &Wish::all(Verb::Create)).unwrap();
        let all = targets(&prepared.wanted, &prepared.links, &seen);
        watch_spec(&all[0], all[0].wanted[0]).unwrap().cpus
    };
    let toml = |keys: &str, node: &str| {
        format!(
            "name = \"cc\"\n[nodes.DUT1]\n{node}\n[groups.VNF]\nengine = \"native\"\nrestart = \"always\"\n{keys}\n"
        )
    };
    let free = toml("cpu_count = 2", "");
    assert_eq!(
        cpus(&free, "two-sockets-smt").as_deref(),
        Some("0,28,56,84"),
        "the first cores, siblings too"
    );
    let none = toml("cpu_count = 0\ncpu_skip = 0", "system_cpus = 0");
    assert_eq!(cpus(&none, "four-cores"), None);
    let without_first = toml("cpu_count = 1\ncpu_skip = 0", "system_cpus = 0");
    assert_eq!(cpus(&without_first, "four-cores").as_deref(), Some("1-3"));
}

#[test]
fn a_node_that_cannot_ask_is_refused() {
    let loaded = topology(WATCHED);
    let mut seen = nothing(&loaded);
    seen.get_mut("DUT1").unwrap().facts.tools.remove("bash");
    let Err(Failure::Unable(refusals)) = prepared(&loaded, &seen, &Wish::all(UP)).map(|_| ())
    else {
        panic!("nobody can ask");
    };
    insta::assert_snapshot!(world::told_refusals(&refusals), @"
    refused: DUT1 DUT1_WEB1: nothing on this node can ask its http probe: there is none of bash, curl, wget
      hint: install one of them there, or ask by `exec`
    refused: DUT1 DUT1_NF1: nothing on this node can ask its tcp probe: there is none of bash, curl
      hint: install one of them there, or ask by `exec`
    ");
    seen.get_mut("DUT1").unwrap().facts.tools.insert("curl".into());
    assert!(prepared(&loaded, &seen, &Wish::all(UP)).is_ok());
    seen.get_mut("DUT1").unwrap().facts.uid = 1000;
    let Err(Failure::Unable(refusals)) = prepared(&loaded, &seen, &Wish::all(UP)).map(|_| ())
    else {
        panic!("a user watches");
    };
    assert_eq!(refusals.len(), 2);
    assert!(refusals[0].message.starts_with("only root can watch"), "{refusals:?}");
}
