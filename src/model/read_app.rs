//! `app` of a group: what runs inside its containers.

use super::app::{App, AppKind, Supervise};
use super::group::Section;
use super::problem::{Place, Report};
use super::read::{Word, known, listed};
use super::read_app_file::read_files;
use super::read_custom::read_custom;
use super::read_install::read_install;
use super::read_testpmd::read_testpmd;
use super::read_vpp::read_vpp;
use super::template::check_template;
use super::value::{Entry, Kind, Table};
use super::{APP_KEYS, CUSTOM_KEYS, Source, TESTPMD_KEYS, VPP_KEYS, home};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Kinds with the keys that only they have.
const KINDS: [(&str, &[&str]); 3] =
    [("custom", CUSTOM_KEYS), ("vpp", VPP_KEYS), ("testpmd", TESTPMD_KEYS)];

/// `ready_timeout` where the file says nothing.
const READY_TIMEOUT: Duration = Duration::from_secs(30);

/// Least and longest `ready_timeout`.
const READY_TIMEOUTS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);

/// Reads `app`. `None` also where something is wrong, which is reported.
pub(super) fn read_app(
    section: &Section<'_>,
    sources: &[Source],
    report: &mut Report,
) -> Option<App> {
    let entry = section.get("app")?;
    if let Some(command) = section.get("command") {
        report
            .add(&command.place, "`command` does not go with `app`", "starts nothing")
            .mark(&entry.place, "what the containers are there for")
            .help("remove one of both; for a program of your own: `kind = \"custom\"` and `start`");
    }
    let table = report.table("`app`", &entry.value)?;
    let kind = read_kind(table, &entry.place, report);
    check_keys(table, kind, report);
    let supervise = read_supervise(table, report);
    let ready_timeout = read_timeout(table, report);
    let install = read_install(table, sources, report);
    let files = read_files(table, sources, report);
    check_templates(table, sources, report);
    let kind = match kind? {
        "custom" => AppKind::Custom(read_custom(table, &entry.place, report)),
        "vpp" => AppKind::Vpp(Box::new(read_vpp(table, report))),
        _ => AppKind::Testpmd(read_testpmd(table, report)),
    };
    Some(App { kind, supervise, install, files, ready_timeout })
}

fn read_kind(table: &Table, place: &Place, report: &mut Report) -> Option<&'static str> {
    let choices = KINDS.map(|(word, _)| (word, word));
    if let Some(entry) = table.get("kind") {
        return report.choice(entry, &choices, "kind of app");
    }
    let words = listed(&choices.map(|(word, _)| word));
    report.missing(table, place, "kind", "an app", format!("one of {words}"));
    None
}

/// Reports keys that no app has, and those of another kind. Where the kind is unknown, any kind's
/// are passed over.
fn check_keys(table: &Table, kind: Option<&str>, report: &mut Report) {
    let mut keys = APP_KEYS.to_vec();
    for (word, own) in KINDS {
        if kind.is_none_or(|kind| kind == word) {
            keys.extend_from_slice(own);
        }
    }
    for entry in &table.entries {
        let key = entry.key.as_str();
        if keys.contains(&key) {
            continue;
        }
        let owner = KINDS.iter().find(|(_, own)| own.contains(&key)).map(|(word, _)| word);
        if let (Some(owner), Some(kind)) = (owner, kind) {
            let message = format!("an app of kind `{kind}` has no `{key}`");
            let problem = report.add(&entry.place, message, format!("a key of kind `{owner}`"));
            if let Some(kind) = table.get("kind") {
                problem.mark(&kind.value.place, "the kind");
            }
            continue;
        }
        let help = match home(key) {
            Some(home) => format!("`{key}` is a key of {home}"),
            None => known(key, &keys, "keys"),
        };
        let message = format!("unknown key `{key}` in an app");
        report.add(&entry.place, message, "unknown key").help(help);
    }
}

/// Checks every template among the values; what is no text is reported elsewhere.
fn check_templates(table: &Table, sources: &[Source], report: &mut Report) {
    let items = |key: &str| match table.get(key).map(|entry| &entry.value.kind) {
        Some(Kind::List(items)) => items.as_slice(),
        _ => &[],
    };
    let words = ["start", "ready", "stop", "exec"].into_iter().flat_map(items);
    let texts = items("files").iter().filter_map(|file| match &file.kind {
        Kind::Table(file) => file.get("text").map(|entry| &entry.value),
        _ => None,
    });
    for value in words.chain(texts) {
        if let Kind::Text(text) = &value.kind {
            check_template(Word { text, place: &value.place }, sources, report);
        }
    }
}

fn read_supervise(table: &Table, report: &mut Report) -> Supervise {
    let choices = [("engine", Supervise::Engine), ("supervisord", Supervise::Supervisord)];
    let entry = table.get("supervise");
    entry.and_then(|entry| report.choice(entry, &choices, "supervisor")).unwrap_or_default()
}

fn read_timeout(table: &Table, report: &mut Report) -> Duration {
    let Some(entry) = table.get("ready_timeout") else { return READY_TIMEOUT };
    read_duration(entry, &READY_TIMEOUTS, report).unwrap_or(READY_TIMEOUT)
}

/// A time with a unit, within a range.
pub(super) fn read_duration(
    entry: &Entry,
    range: &RangeInclusive<Duration>,
    report: &mut Report,
) -> Option<Duration> {
    let key = &entry.key;
    let word = report.text(key, &entry.value)?;
    match humantime::parse_duration(word.text) {
        Ok(time) if range.contains(&time) => Some(time),
        Ok(_) => {
            let [low, high] =
                [range.start(), range.end()].map(|it| humantime::format_duration(*it));
            let message = format!("`{key}` must be {low} to {high}");
            report.add(word.place, message, format!("`{}` is out of range", word.text));
            None
        }
        Err(error) => {
            report
                .add(word.place, format!("`{}` is not a time", word.text), error.to_string())
                .help("a number with a unit: `30s`, `2m`, `1m 30s`");
            None
        }
    }
}
