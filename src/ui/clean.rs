//! Text from nodes made fit for a terminal: no control characters, no secrets, not too long.

use crate::command::Secret;
use std::iter::Peekable;
use std::str::Chars;

/// Removes control characters and escape sequences; newlines and tabs stay. A carriage return
/// ends a line, as a progress meter means it.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' => skip_escape(&mut chars),
            '\u{9b}' => skip_csi(&mut chars),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' => out.push('\n'),
            '\n' | '\t' => out.push(c),
            // Bidirectional controls could make a line read differently from what it says.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Skips the rest of an escape sequence (ECMA-48): CSI, the string sequences, or a short one.
fn skip_escape(chars: &mut Peekable<Chars<'_>>) {
    match chars.next() {
        Some('[') => skip_csi(chars),
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = chars.next() {
                if c == '\x07' {
                    break;
                }
                if c == '\x1b' {
                    chars.next_if_eq(&'\\');
                    break;
                }
            }
        }
        Some(' '..='/') => {
            while chars.next_if(|c| (' '..='/').contains(c)).is_some() {}
            chars.next();
        }
        _ => {}
    }
}

fn skip_csi(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| (' '..='?').contains(c)).is_some() {}
    chars.next_if(|c| ('@'..='~').contains(c));
}

/// The last `count` lines that are not blank, cleaned, each at most 300 characters.
pub fn last_lines(text: &str, count: usize) -> Vec<String> {
    let text = clean(text);
    let mut lines: Vec<String> = text
        .lines()
        .rev()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .take(count)
        .map(|line| match line.char_indices().nth(300) {
            Some((end, _)) => format!("{}...", &line[..end]),
            None => line.to_owned(),
        })
        .collect();
    lines.reverse();
    lines
}

/// Replaces the values of `secrets` by references to their names, as a displayed command does.
pub fn redact(text: &str, secrets: &[Secret]) -> String {
    let mut secrets: Vec<&Secret> = secrets.iter().filter(|s| !s.value.is_empty()).collect();
    // A secret that holds another one goes first, or its rest would stay readable.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.value.len()));
    let hide = |text: String, secret: &&Secret| {
        if text.contains(&secret.value) {
            text.replace(&secret.value, &format!("${{{}}}", secret.name))
        } else {
            text
        }
    };
    secrets.iter().fold(text.to_owned(), hide)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_go_and_text_stays() {
        for (dirty, plain) in [
            ("a\x1b[1;31mred\x1b[0m", "ared"),
            ("\x1b]0;title\x07text", "text"),
            ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
            ("\x1b(Bx\x1b7y", "xy"),
            ("10%\r100%\r\ndone\n", "10%\n100%\ndone\n"),
            ("bell\x07 tab\t nul\0", "bell tab\t nul"),
            ("\u{9b}31mx \u{202e}y", "x y"),
            ("grüße", "grüße"),
            ("cut \x1b[", "cut "),
        ] {
            assert_eq!(clean(dirty), plain, "{dirty:?}");
        }
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        assert_eq!(last_lines("a\n\nb\nc  \n\n", 2), ["b", "c"]);
        assert_eq!(last_lines(&"x".repeat(400), 1)[0].len(), 303);
    }

    #[test]
    fn a_secret_is_shown_by_its_name() {
        let secret = |name: &str, value: &str| Secret { name: name.into(), value: value.into() };
        let secrets = [secret("A", "pw"), secret("B", "pw-long"), secret("E", "")];
        assert_eq!(redact("x pw-long pw", &secrets), "x ${B} ${A}");
    }

    proptest! {
        #[test]
        fn no_control_character_survives(text in any::<String>()) {
            let survives = |c: char| c.is_control() && c != '\n' && c != '\t';
            prop_assert!(!clean(&text).chars().any(survives));
        }
    }
}
