//! Progress for terminals: one bar per node, one spinner per running step, failures as lines.

use super::lines::{command_line, finished_line, undone_line};
use super::traffic::size;
use super::{Paint, clean};
use crate::executor::{Event, Outcome, Reporter};
use crate::plan::{Plan, StepId};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// More nodes than this share one bar: a terminal has only so many rows.
const MAX_NODE_BARS: usize = 8;
/// More running steps than this are not shown one by one.
const MAX_SPINNERS: usize = 8;

/// Bars on stderr. They stay when they are full; what stands still at the end says so.
pub struct Bars {
    screen: MultiProgress,
    nodes: HashMap<String, usize>,
    rows: Vec<NodeBar>,
    running: Mutex<HashMap<StepId, (ProgressBar, String)>>,
    paint: Paint,
    verbose: bool,
    width: usize,
}

struct NodeBar {
    bar: ProgressBar,
    failed: Mutex<u64>,
}

impl Bars {
    /// Bars for the steps of `plan` on stderr, `width` columns wide at most.
    pub fn new(plan: &Plan, paint: Paint, verbose: bool, width: usize) -> Self {
        Self::on(ProgressDrawTarget::stderr(), plan, paint, verbose, width)
    }

    fn on(
        target: ProgressDrawTarget,
        plan: &Plan,
        paint: Paint,
        verbose: bool,
        width: usize,
    ) -> Self {
        let mut nodes: HashMap<String, usize> = HashMap::new();
        let mut totals: Vec<(String, u64)> = Vec::new();
        for step in &plan.steps {
            let index = *nodes.entry(step.node.clone()).or_insert_with(|| {
                totals.push((step.node.clone(), 0));
                totals.len() - 1
            });
            totals[index].1 += 1;
        }
        if totals.len() > MAX_NODE_BARS {
            let name = format!("{} nodes", totals.len());
            totals = vec![(name, plan.steps.len() as u64)];
            for index in nodes.values_mut() {
                *index = 0;
            }
        }
        let screen = MultiProgress::with_draw_target(target);
        let longest = totals.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let rows = totals
            .into_iter()
            .map(|(name, total)| {
                let bar = screen.add(ProgressBar::new(total));
                bar.set_style(bar_style(paint, width));
                bar.set_prefix(format!("{name:longest$}"));
                bar.tick();
                NodeBar { bar, failed: Mutex::new(0) }
            })
            .collect();
        Self { screen, nodes, rows, running: Mutex::default(), paint, verbose, width }
    }

    fn start(&self, id: StepId, sentence: &str) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.len() >= MAX_SPINNERS {
            return;
        }
        let spinner = self.screen.add(ProgressBar::new_spinner());
        spinner.set_style(spinner_style());
        let room = self.width.saturating_sub(12).max(20);
        let message: String = clean(sentence).chars().take(room).collect();
        spinner.set_message(message.clone());
        spinner.enable_steady_tick(Duration::from_millis(120));
        running.insert(id, (spinner, message));
    }

    fn finish(&self, id: StepId, node: &str, outcome: &Outcome) {
        let spinner = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        if let Some((spinner, _)) = spinner {
            spinner.finish_and_clear();
            self.screen.remove(&spinner);
        }
        let Some(node) = self.nodes.get(node).and_then(|index| self.rows.get(*index)) else {
            return;
        };
        let mut failed = node.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Outcome::Done => node.bar.inc(1),
            Outcome::Failed { .. } | Outcome::Transport(_) => {
                *failed += 1;
                node.bar.set_message(format!("{failed} failed"));
            }
            Outcome::Skipped { .. } => {}
        }
        if Some(node.bar.position()) == node.bar.length() {
            node.bar.finish_with_message("done");
        }
    }

    fn come(&self, id: StepId, bytes: u64) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((spinner, message)) = running.get(&id) {
            spinner.set_message(format!("{message} {}", size(bytes)));
        }
    }

    fn print(&self, line: &str) {
        // `println` writes nothing when the bars are hidden; `suspend` hides them only meanwhile.
        let _ = self.screen.println(line);
    }
}

impl Reporter for Bars {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Started { id, step } => {
                if self.verbose {
                    self.print(&command_line(&step.node, &step.command, self.paint));
                }
                self.start(*id, &step.sentence);
            }
            Event::Bytes { id, bytes } => self.come(*id, *bytes),
            Event::Finished { id, step, outcome, elapsed } => {
                if matches!(outcome, Outcome::Failed { .. } | Outcome::Transport(_)) {
                    self.print(&finished_line(step, outcome, *elapsed, self.paint));
                }
                self.finish(*id, &step.node, outcome);
            }
            Event::Undone { step, outcome } => {
                self.print(&undone_line(step, outcome, self.paint));
            }
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        for (spinner, _) in self.running.lock().unwrap_or_else(PoisonError::into_inner).values() {
            spinner.finish_and_clear();
        }
        for NodeBar { bar, failed } in &self.rows {
            if bar.is_finished() {
                continue;
            }
            let failed = *failed.lock().unwrap_or_else(PoisonError::into_inner);
            let rest = bar.length().unwrap_or(0).saturating_sub(bar.position() + failed);
            bar.abandon_with_message(match (failed, rest) {
                (0, rest) => format!("{rest} not done"),
                (failed, 0) => format!("{failed} failed"),
                (failed, rest) => format!("{failed} failed, {rest} not done"),
            });
        }
    }
}

fn bar_style(paint: Paint, width: usize) -> ProgressStyle {
    let color = if paint.on { ".green" } else { "" };
    let length = (width / 4).clamp(8, 30);
    let template = format!("{{prefix}} {{bar:{length}{color}}} {{pos}}/{{len}} {{msg}}");
    let style = ProgressStyle::with_template(&template).expect("the template is a constant");
    style.progress_chars("━━─")
}

fn spinner_style() -> ProgressStyle {
    ProgressStyle::with_template("  {spinner} {msg} {elapsed}").expect("the template is a constant")
}

#[cfg(test)]
mod tests {
    use super::super::lines::tests::{failed, step};
    use super::*;
    use indicatif::TermLike;
    use std::io;
    use std::sync::Arc;

    const COLUMNS: usize = 80;

    /// A terminal that remembers its rows as a person sees them.
    #[derive(Debug, Default, Clone)]
    struct Screen(Arc<Mutex<Grid>>);

    #[derive(Debug, Default)]
    struct Grid {
        rows: Vec<[char; COLUMNS]>,
        row: usize,
        column: usize,
    }

    impl Grid {
        fn put(&mut self, c: char) {
            match c {
                '\r' => self.column = 0,
                '\n' => (self.row, self.column) = (self.row + 1, 0),
                c => {
                    // A full row wraps when the next character comes, not before.
                    if self.column == COLUMNS {
                        (self.row, self.column) = (self.row + 1, 0);
                    }
                    let height = self.rows.len().max(self.row + 1);
                    self.rows.resize(height, [' '; COLUMNS]);
                    self.rows[self.row][self.column] = c;
                    self.column += 1;
                }
            }
        }
    }

    impl Screen {
        fn grid(&self) -> std::sync::MutexGuard<'_, Grid> {
            self.0.lock().unwrap()
        }
        fn text(&self) -> String {
            let grid = self.grid();
            let rows = grid.rows.iter().map(|row| row.iter().collect::<String>());
            rows.map(|row| row.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            u16::try_from(COLUMNS).unwrap()
        }
        fn move_cursor_up(&self, n: usize) -> io::Result<()> {
            self.grid().row -= n;
            Ok(())
        }
        fn move_cursor_down(&self, n: usize) -> io::Result<()> {
            self.grid().row += n;
            Ok(())
        }
        fn move_cursor_right(&self, n: usize) -> io::Result<()> {
            self.grid().column += n;
            Ok(())
        }
        fn move_cursor_left(&self, n: usize) -> io::Result<()> {
            self.grid().column -= n;
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)?;
            self.write_str("\n")
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            let mut grid = self.grid();
            for c in text.chars() {
                grid.put(c);
            }
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            let mut grid = self.grid();
            grid.column = 0;
            let row = grid.row;
            if let Some(row) = grid.rows.get_mut(row) {
                *row = [' '; COLUMNS];
            }
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn run(plan: &Plan, outcomes: &[Outcome]) -> String {
        let screen = Screen::default();
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        {
            let bars = Bars::on(target, plan, Paint::default(), false, 80);
            let elapsed = Duration::from_secs(1);
            for (id, (step, outcome)) in plan.steps.iter().zip(outcomes).enumerate() {
                bars.event(&Event::Started { id, step });
                bars.event(&Event::Finished { id, step, outcome, elapsed });
            }
        }
        screen.text()
    }

    #[test]
    fn full_bars_and_failures_stay_on_the_screen() {
        let mut plan = Plan { steps: vec![step("A1", "create"), step("A2", "create")] };
        plan.steps.push(crate::plan::Step { node: "DUT20".into(), ..step("B1", "create") });
        plan.steps.push(crate::plan::Step { node: "DUT20".into(), ..step("B2", "create") });
        let skipped = Outcome::Skipped { reason: "stopped".into() };
        let text = run(&plan, &[Outcome::Done, Outcome::Done, failed(125, ""), skipped]);
        insta::assert_snapshot!(text, @r#"
        DUT20 create B1 (docker) ... FAILED, exit code 125 1.00s
        DUT1  ━━━━━━━━━━━━━━━━━━━━ 2/2 done
        DUT20 ──────────────────── 0/2 1 failed, 1 not done
        "#);
    }

    #[test]
    fn many_nodes_share_one_bar() {
        let on = |node: usize| crate::plan::Step { node: format!("N{node}"), ..step("A1", "stop") };
        let plan = Plan { steps: (0..20).map(on).collect() };
        let outcomes: Vec<_> = (0..20).map(|_| Outcome::Done).collect();
        insta::assert_snapshot!(run(&plan, &outcomes), @"20 nodes ━━━━━━━━━━━━━━━━━━━━ 20/20 done");
    }
}
