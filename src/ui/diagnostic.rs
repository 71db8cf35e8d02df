//! The mistakes of a topology as a person reads them: message, place, line, caret, help.

use crate::model::{Problem, Problems, Source};
use annotate_snippets::{Annotation, AnnotationKind, Level, Renderer, Snippet};

/// All problems in one report that ends with their number. Styled with ANSI codes when `color`.
pub fn render(problems: &Problems, color: bool) -> String {
    let report = render_each(&problems.sources, &problems.list, &Level::ERROR, color);
    let mut files: Vec<&str> = Vec::new();
    for problem in &problems.list {
        let name = problems.sources.get(problem.source).map_or("", |source| source.name.as_str());
        if !files.contains(&name) {
            files.push(name);
        }
    }
    let count = problems.list.len();
    let noun = if count == 1 { "mistake" } else { "mistakes" };
    report + &format!("{count} {noun} in {}\n", files.join(", "))
}

/// All problems, without their number at the end.
pub fn render_mistakes(problems: &Problems, color: bool) -> String {
    render_each(&problems.sources, &problems.list, &Level::ERROR, color)
}

/// Warnings of a topology that is sound; empty when there are none.
pub fn render_warnings(sources: &[Source], warnings: &[Problem], color: bool) -> String {
    render_each(sources, warnings, &Level::WARNING, color)
}

fn render_each(
    sources: &[Source],
    list: &[Problem],
    level: &Level<'static>,
    color: bool,
) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for problem in list {
        let mut group = level
            .clone()
            .primary_title(escaped(&problem.message))
            .elements(snippets(sources, problem));
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(escaped(help)));
        }
        text.push_str(&renderer.render(&[group]));
        text.push_str("\n\n");
    }
    text
}

/// One snippet per source the problem is about, its own first.
fn snippets<'a>(sources: &'a [Source], problem: &'a Problem) -> Vec<Snippet<'a, Annotation<'a>>> {
    let mut order = vec![problem.source];
    for mark in &problem.secondary {
        if !order.contains(&mark.source) {
            order.push(mark.source);
        }
    }
    let of_source = |index: usize| {
        let source = sources.get(index)?;
        let mut snippet = Snippet::source(source.text.as_str()).path(source.name.as_str());
        if index == problem.source {
            let primary = AnnotationKind::Primary.span(problem.span.clone());
            snippet = snippet.annotation(primary.label(problem.label.as_str()));
        }
        let marks = problem.secondary.iter().filter(|mark| mark.source == index);
        Some(snippet.annotations(marks.map(|mark| {
            AnnotationKind::Context.span(mark.span.clone()).label(mark.label.as_str())
        })))
    };
    order.into_iter().filter_map(of_source).collect()
}

/// What a file says, made safe for a terminal: control characters as `\u{1b}`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            escaped.extend(c.escape_debug());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model;

    fn rendered(texts: &[&str]) -> String {
        let source = |(index, text): (usize, &&str)| Source {
            name: format!("{index}.toml"),
            text: (*text).to_owned(),
        };
        let sources: Vec<Source> = texts.iter().enumerate().map(source).collect();
        render(&model::load(&sources, &|_| None).expect_err("mistakes"), false)
    }

    #[test]
    fn files_without_text_have_places_too() {
        let report = rendered(&[""]);
        assert!(report.contains("0.toml:1:1"), "{report}");
        assert!(report.ends_with("3 mistakes in 0.toml\n"), "{report}");
        assert!(rendered(&[]).contains("a topology needs `name`"));
    }

    #[test]
    fn the_last_line_names_every_file_with_mistakes() {
        let report = rendered(&["nmae = 1\n[nodes.DUT1]\n", "[groups.VNF]\nengine = \"xyz\"\n"]);
        assert!(report.ends_with("2 mistakes in 0.toml, 1.toml\n"), "{report}");
    }

    #[test]
    fn places_hold_with_a_byte_order_mark_tabs_and_carriage_returns() {
        let head = "\u{feff}name = \"lab\"\r\n[nodes.DUT1]\r\n[groups.VNF]\r\n";
        let report = rendered(&[&format!("{head}\tengine = \"dokcer\"\r\n")]);
        assert!(report.contains("0.toml:4:11"), "{report}");
        assert!(report.contains("engine = \"dokcer\"\n"), "{report}");
        assert!(!report.contains('\r'), "{report:?}");
    }

    #[test]
    fn nothing_in_a_file_reaches_the_terminal_as_a_control_character() {
        for text in [
            "name = \"a\u{1b}[2Jb\"\n",
            "name = \"a\\u001b[2Jb\"\n",
            "\"\\u001b[2J\" = 1\n",
            "[nodes.DUT1]\nssh = \"\\u001b]0;title\\u0007\"\n",
        ] {
            let report = rendered(&[text]);
            let control = report.chars().find(|c| c.is_control() && *c != '\n');
            assert_eq!(control, None, "{report:?}");
        }
    }
}
