//! `probe`, `readiness` and `restart` of a group.

use super::group::Section;
use super::problem::Report;
use super::read::listed;
use super::read_app::read_duration;
use super::read_custom::read_words;
use super::value::{Entry, Kind, Table, Value};
use super::watch::{Probe, Question, RestartPolicy, Watch};
use super::{PROBE_KEYS, Place};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

/// The keys of which a probe has one.
const QUESTIONS: [&str; 3] = ["exec", "tcp", "http"];

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);

/// Reads how a group is watched. Parts that are wrong are reported and left out.
pub(super) fn read_watch(section: &Section<'_>, report: &mut Report) -> Watch {
    let mut probe = |key| section.get(key).and_then(|entry| read_probe(entry, report));
    let (probe, readiness) = (probe("probe"), probe("readiness"));
    let restart = section.get("restart");
    let restart =
        restart.and_then(|entry| report.choice(entry, &RestartPolicy::CHOICES, "restart policy"));
    Watch { probe, readiness, restart: restart.unwrap_or_default() }
}

fn read_probe(entry: &Entry, report: &mut Report) -> Option<Probe> {
    let what = format!("`{}`", entry.key);
    let table = report.table(&what, &entry.value)?;
    report.check_keys(table, PROBE_KEYS, "a probe");
    let question = read_question(table, &entry.place, report);
    let mut time = |key: &str, low: Duration, high: Duration| {
        table.get(key).and_then(|entry| read_seconds(entry, &(low..=high), report))
    };
    let every = time("every", SECOND, HOUR).unwrap_or(10 * SECOND);
    let timeout = time("timeout", SECOND, 300 * SECOND).unwrap_or(SECOND);
    let start = time("start", Duration::ZERO, HOUR).unwrap_or_default();
    let ready_timeout = time("ready_timeout", SECOND, HOUR);
    let fails = table.get("fails");
    let fails = fails.and_then(|entry| report.integer("fails", &entry.value, 1..=1000));
    Some(Probe {
        question: question?,
        every,
        fails: fails.unwrap_or(3),
        timeout,
        start,
        ready_timeout,
    })
}

fn read_question(table: &Table, place: &Place, report: &mut Report) -> Option<Question> {
    let mut asked = table.entries.iter().filter(|entry| QUESTIONS.contains(&entry.key.as_str()));
    let Some(entry) = asked.next() else {
        let help = "e.g. `exec = [\"test\", \"-e\", \"/run/ready\"]`, `tcp = 8080` or `http = \"8080/health\"`";
        let message = format!("a probe needs one of {}", listed(&QUESTIONS));
        report.add(place, message, "asks nothing").help(help);
        return None;
    };
    if let Some(second) = asked.next() {
        report
            .add(&second.place, "a probe asks one thing", format!("`{}` too", second.key))
            .mark(&entry.place, "asked here")
            .help("`probe` and `readiness` may ask different things");
        return None;
    }
    match entry.key.as_str() {
        "exec" => {
            let words = read_words("`exec`", &entry.value, report);
            (!words.is_empty()).then_some(Question::Exec(words))
        }
        "tcp" => read_tcp(&entry.value, report).map(Question::Tcp),
        _ => read_http(entry, report),
    }
}

fn read_tcp(value: &Value, report: &mut Report) -> Option<SocketAddr> {
    let at = match &value.kind {
        Kind::Integer(port) => u16::try_from(*port).ok().filter(|port| *port > 0).map(here),
        Kind::Text(text) => place_of(text),
        Kind::Broken => return None,
        _ => None,
    };
    if at.is_none() {
        report
            .add(&value.place, "`tcp` must be a port, 1 to 65535", "not a port")
            .help("`tcp = 8080`, or with an address of the container: `\"10.0.0.1:8080\"`");
    }
    at
}

fn read_http(entry: &Entry, report: &mut Report) -> Option<Question> {
    let word = report.text(&entry.key, &entry.value)?;
    let (at, path) = word.text.find('/').map_or((word.text, "/"), |at| word.text.split_at(at));
    let is_plain = path.chars().all(|c| c.is_ascii_graphic());
    let question = place_of(at).filter(|_| is_plain);
    if question.is_none() {
        report.add(word.place, "`http` must be a port and a path", "cannot be read").help(
            "`\"8080/health\"`, or with an address of the container: `\"10.0.0.1:8080/health\"`",
        );
    }
    Some(Question::Http(question?, path.to_owned()))
}

/// A port, with or without a colon, or an address and a port.
fn place_of(text: &str) -> Option<SocketAddr> {
    let port = text.strip_prefix(':').unwrap_or(text).parse::<u16>().ok().map(here);
    let at = port.or_else(|| text.parse().ok())?;
    (at.port() > 0).then_some(at)
}

fn here(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// A time of whole seconds: shells count in those.
fn read_seconds(
    entry: &Entry,
    range: &RangeInclusive<Duration>,
    report: &mut Report,
) -> Option<Duration> {
    let time = read_duration(entry, range, report)?;
    if time.subsec_nanos() == 0 {
        return Some(time);
    }
    let message = format!("`{}` must be whole seconds", entry.key);
    report.add(&entry.value.place, message, "a part of a second");
    None
}
