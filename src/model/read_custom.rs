//! Keys of an app of kind `custom`.

use super::app::Custom;
use super::problem::{Place, Report};
use super::value::{Kind, Table, Value};

/// Reads the keys of `custom`.
pub(super) fn read_custom(table: &Table, place: &Place, report: &mut Report) -> Custom {
    if table.get("start").is_none() {
        let help = "a list: program and arguments, e.g. `start = [\"my-nf\", \"--foreground\"]`";
        report.missing(table, place, "start", "an app of kind `custom`", help);
    }
    let mut read = |key: &str| {
        let entry = table.get(key);
        entry.map(|entry| read_words(&format!("`{key}`"), &entry.value, report)).unwrap_or_default()
    };
    Custom { start: read("start"), ready: read("ready"), stop: read("stop") }
}

/// Program and arguments, at least a program.
pub(super) fn read_words(what: &str, value: &Value, report: &mut Report) -> Vec<String> {
    let Some(words) = report.words_of(what, value) else { return Vec::new() };
    let all_read = matches!(&value.kind, Kind::List(list) if list.len() == words.len());
    match words.first() {
        None if all_read => {
            report
                .add(&value.place, format!("{what} is empty"), "no program")
                .help("a list: program and arguments");
        }
        Some(first) if first.text.is_empty() => {
            let message = format!("the program of {what} is an empty string");
            report.add(first.place, message, "empty").help("a list: program and arguments");
        }
        _ => {}
    }
    words.iter().map(|word| word.text.to_owned()).collect()
}
