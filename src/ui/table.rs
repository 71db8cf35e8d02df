//! Tables: a head, a thin line, aligned columns; no frame, so rows can be copied and cut.

use super::{Paint, Tone};
use tabled::builder::Builder;
use tabled::settings::style::HorizontalLine;
use tabled::settings::{Color, Padding, Style};

/// A table for stdout.
#[derive(Debug, Clone, Default)]
pub struct Table {
    rows: Builder,
    tones: Vec<((usize, usize), Tone)>,
    height: usize,
}

/// One cell: text and perhaps a tone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    text: String,
    tone: Option<Tone>,
    /// Characters of a line, where it may have several.
    width: Option<usize>,
}

impl Cell {
    /// A cell in a tone.
    pub fn toned(tone: Tone, text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Some(tone), width: None }
    }

    /// A cell of lines of at most `width` characters, broken after commas and at blanks.
    #[must_use]
    pub fn within(self, width: usize) -> Self {
        Self { width: Some(width), ..self }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), tone: None, width: None }
    }
}

impl Table {
    /// A table with these column heads.
    pub fn new<'h>(heads: impl IntoIterator<Item = &'h str>) -> Self {
        let mut table = Self::default();
        table.rows.push_record(heads);
        table
    }

    /// Adds a row. Empty cells are shown as `-`; control characters are removed.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.height += 1;
        let mut texts = Vec::new();
        for (column, cell) in cells.into_iter().enumerate() {
            if let Some(tone) = cell.tone {
                self.tones.push(((self.height, column), tone));
            }
            let is_plain = !cell.text.is_empty() && !cell.text.chars().any(char::is_control);
            let text = match cell.text {
                text if is_plain => text,
                text if text.is_empty() => "-".to_owned(),
                text => super::clean(&text).replace(['\n', '\t'], " "),
            };
            texts.push(match cell.width {
                Some(width) => wrapped(&text, width),
                None => text,
            });
        }
        self.rows.push_record(texts);
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.height == 0
    }

    /// The text, with a newline at its end and no blanks at the end of lines.
    pub fn render(self, paint: Paint) -> String {
        let mut table = self.rows.build();
        let head = HorizontalLine::new('─');
        table.with(Style::empty().horizontals([(1, head)])).with(Padding::new(0, 2, 0, 0));
        if paint.on {
            for (at, tone) in self.tones {
                table.modify(at, Color::new(tone.start(), "\x1b[0m"));
            }
        }
        let drawn = table.to_string();
        let mut text = String::with_capacity(drawn.len() + 1);
        for line in drawn.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Breaks a text after commas and at blanks. What has neither stays in one piece.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    for piece in text.split_inclusive([',', ' ']) {
        let line = lines.last_mut().expect("there is one from the start");
        if line.chars().count() + piece.trim_end().chars().count() > width && !line.is_empty() {
            lines.push(piece.to_owned());
        } else {
            line.push_str(piece);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Table {
        let mut table = Table::new(["CONTAINER", "CPUS", "STATE"]);
        table.row(["DUT1_VNF1".into(), "3-4".into(), Cell::toned(Tone::Good, "running")]);
        table.row(["é\x1b[2Ju".into(), "".into(), Cell::toned(Tone::Bad, "stopped")]);
        table
    }

    #[test]
    fn columns_align_and_control_characters_go() {
        insta::assert_snapshot!(example().render(Paint { on: false }), @r#"
        CONTAINER  CPUS  STATE
        ──────────────────────────
        DUT1_VNF1  3-4   running
        éu         -     stopped
        "#);
    }

    #[test]
    fn a_long_list_takes_several_lines() {
        let mut table = Table::new(["CPUS", "OWNER"]);
        table.row([Cell::from("0,2,4,6,8").within(5), Cell::from("nobody\nat all").within(6)]);
        assert_eq!(
            table.render(Paint { on: false }).lines().skip(2).collect::<Vec<_>>(),
            ["0,2,   nobody", "4,6,8  at all"]
        );
        assert_eq!(wrapped("unbreakable", 3), "unbreakable");
    }

    #[test]
    fn colours_do_not_move_columns() {
        let plain = example().render(Paint { on: false });
        let colored = example().render(Paint { on: true });
        assert!(colored.contains("\x1b[32mrunning"), "{colored:?}");
        assert_eq!(crate::ui::clean(&colored).replace(" \n", "\n").trim_end(), plain.trim_end());
    }
}
