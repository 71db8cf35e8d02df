//! The last word of a verb: per container what was done, what not, and what to type next.

use super::lines::seconds;
use super::{Cell, Paint, Table, Tone, clean};
use crate::executor::Outcome;
use crate::plan::Step;
use crate::transport::TransportError;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// Containers named in one line of the last word.
const NAMED: usize = 32;

/// What a verb did.
#[derive(Debug, Clone, Copy)]
pub struct Summary<'a> {
    /// The verb, as typed.
    pub verb: &'a str,
    /// Containers selected, with and without steps.
    pub containers: usize,
    /// Every step with its outcome; `true` = it was taken back.
    pub results: &'a [(&'a Step, &'a Outcome, bool)],
    /// From the start of the verb.
    pub elapsed: Duration,
    /// The command line that runs the verb again, e.g. `vnfctl -t a.toml up`.
    pub again: &'a str,
}

/// One container (or the images of a node) as the steps left it.
#[derive(Debug, Default)]
struct Line<'a> {
    node: &'a str,
    container: &'a str,
    done: Vec<&'static str>,
    left: Vec<&'static str>,
    failed: Option<&'static str>,
    state: Option<&'static str>,
    unsure: bool,
}

/// The text for stderr: one line when all went well, else a table of what is not as wanted.
pub fn summary(summary: &Summary<'_>, paint: Paint) -> String {
    let Summary { verb, containers, results, elapsed, again } = summary;
    let count = |number: usize, noun: &str| match number {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    };
    let time = seconds(*elapsed);
    if results.is_empty() {
        let containers = count(*containers, "container");
        return format!("{verb}: nothing to do, {containers} as wanted ({time})");
    }
    let lines = lines(results);
    let open: Vec<_> = lines.iter().filter(|line| !line.is_complete()).collect();
    let done =
        results.iter().filter(|(_, outcome, undone)| matches!(outcome, Outcome::Done) && !undone);
    let [done, all] = [done.count(), results.len()];
    if open.is_empty() {
        let word = paint.paint(Tone::Good, "done");
        let containers = count(*containers, "container");
        return format!("{verb}: {word}, {containers}, {} in {time}", count(all, "step"));
    }
    let mut table = Table::new(["NODE", "CONTAINER", "NOW", "DONE", "NOT DONE"]);
    for line in &open {
        let left = match line.failed {
            Some(failed) => Cell::toned(Tone::Bad, line.left_words(failed)),
            None => Cell::toned(Tone::Warn, line.left.join(", ")),
        };
        let container = if line.container.is_empty() { "(node)" } else { line.container };
        let state = line.state_words();
        table.row([
            line.node.into(),
            clean(container).into(),
            state.into(),
            line.done.join(", ").into(),
            left,
        ]);
    }
    let unsure = open.iter().any(|line| line.unsure);
    let look = if unsure { "`vnfctl status` shows what exists; " } else { "" };
    let next = paint.paint(Tone::Strong, "next:");
    format!(
        "\n{}{}\n{verb}: {done} of {} done in {time}\n{next} {look}`{again}` does the rest",
        table.render(paint),
        complete(&lines),
        count(all, "step"),
    )
}

/// Containers that got all of their steps, by what they are now: `runs: A1, A2`.
fn complete(lines: &[Line<'_>]) -> String {
    let mut states: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.is_complete() && !line.container.is_empty()) {
        states.entry(line.state_words()).or_default().push(line.container);
    }
    let mut text = String::new();
    for (state, names) in states {
        let more = names.len().saturating_sub(NAMED);
        let list = clean(&names[..names.len() - more].join(", "));
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let _ = write!(text, "\n{state}: {list}{more}");
    }
    if text.is_empty() { text } else { text + "\n" }
}

fn lines<'a>(results: &[(&'a Step, &'a Outcome, bool)]) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    let mut at = std::collections::HashMap::new();
    for (step, outcome, undone) in results {
        let index = *at.entry((&step.node, &step.container)).or_insert_with(|| {
            let line = Line { node: &step.node, container: &step.container, ..Line::default() };
            lines.push(line);
            lines.len() - 1
        });
        lines[index].add(step.verb, outcome, *undone);
    }
    lines
}

impl Line<'_> {
    fn add(&mut self, verb: &'static str, outcome: &Outcome, undone: bool) {
        match outcome {
            Outcome::Done if undone => {
                self.left.push(verb);
                self.state = Some("taken back");
            }
            Outcome::Done => {
                self.done.push(verb);
                self.state = state_after(verb).or(self.state);
            }
            Outcome::Failed { .. } => {
                self.failed = Some(verb);
                self.left.push(verb);
            }
            Outcome::Transport(error) => {
                self.failed = Some(verb);
                self.left.push(verb);
                self.unsure |=
                    matches!(error, TransportError::Lost { .. } | TransportError::Interrupted);
            }
            Outcome::Skipped { .. } => self.left.push(verb),
        }
    }

    fn is_complete(&self) -> bool {
        self.left.is_empty()
    }

    fn state_words(&self) -> &'static str {
        if self.unsure { "unknown" } else { self.state.unwrap_or("as before") }
    }

    fn left_words(&self, failed: &str) -> String {
        let rest = self.left.iter().filter(|verb| **verb != failed);
        let words = std::iter::once(format!("{failed} (failed)"));
        words.chain(rest.map(|verb| (*verb).to_owned())).collect::<Vec<_>>().join(", ")
    }
}

/// What a container does after a step of this verb succeeded.
fn state_after(verb: &str) -> Option<&'static str> {
    match verb {
        "create" | "install" | "configure" | "start" | "restart" | "ready" | "connect" => {
            Some("runs")
        }
        "init" => Some("done"),
        "stop" => Some("stopped"),
        "destroy" => Some("gone"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::{failed, step};
    use super::*;

    fn told(results: &[(&Step, &Outcome, bool)]) -> String {
        let elapsed = Duration::from_millis(1_500);
        let again = "vnfctl up";
        let of = Summary { verb: "up", containers: 3, results, elapsed, again };
        summary(&of, Paint::default())
    }

    #[test]
    fn a_second_run_says_that_nothing_was_to_do() {
        assert_eq!(told(&[]), "up: nothing to do, 3 containers as wanted (1.50s)");
    }

    #[test]
    fn success_is_one_line() {
        let step = step("A1", "create");
        assert_eq!(
            told(&[(&step, &Outcome::Done, false)]),
            "up: done, 3 containers, 1 step in 1.50s"
        );
    }

    #[test]
    fn what_is_open_is_told_per_container() {
        let create = ["A1", "A2", "A3", "A4"].map(|name| step(name, "create"));
        let link = ["A1", "A2", "A3"].map(|name| step(name, "link"));
        let bad = failed(1, "");
        let lost = Outcome::Transport(TransportError::Lost {
            node: "DUT1".into(),
            reason: "reset".into(),
        });
        let skipped = Outcome::Skipped { reason: "stopped".into() };
        let text = told(&[
            (&create[0], &Outcome::Done, false),
            (&link[0], &skipped, false),
            (&create[1], &bad, false),
            (&link[1], &skipped, false),
            (&create[2], &Outcome::Done, false),
            (&link[2], &Outcome::Done, false),
            (&create[3], &lost, false),
        ]);
        insta::assert_snapshot!(text, @r#"
        NODE  CONTAINER  NOW        DONE    NOT DONE
        ───────────────────────────────────────────────────────────
        DUT1  A1         runs       create  link
        DUT1  A2         as before  -       create (failed), link
        DUT1  A4         unknown    -       create (failed)

        runs: A3

        up: 3 of 7 steps done in 1.50s
        next: `vnfctl status` shows what exists; `vnfctl up` does the rest
        "#);
    }

    #[test]
    fn what_was_taken_back_is_told() {
        let step = step("A1", "create");
        insta::assert_snapshot!(told(&[(&step, &Outcome::Done, true)]), @r#"
        NODE  CONTAINER  NOW         DONE  NOT DONE
        ─────────────────────────────────────────────
        DUT1  A1         taken back  -     create

        up: 0 of 1 step done in 1.50s
        next: `vnfctl up` does the rest
        "#);
    }
}
