//! Hides secrets in what a report shows: in the source lines and in the messages.

use super::Source;
use super::problem::{Problem, Problems};
use super::secret::looks_secret;
use crate::command::Secret;
use toml::de::{DeTable, DeValue};

/// Problems that show no secret: literal values of keys whose names look secret become `*` of
/// the same length, so every place holds; values of `secrets` become `${NAME}`.
pub(super) fn masked(sources: &[Source], mut list: Vec<Problem>, secrets: &[Secret]) -> Problems {
    let hide = |text: &mut String| {
        for secret in secrets {
            *text = text.replace(&secret.value, &format!("${{{}}}", secret.name));
        }
    };
    for problem in &mut list {
        hide(&mut problem.message);
        hide(&mut problem.label);
        problem.help.iter_mut().for_each(hide);
        problem.secondary.iter_mut().for_each(|mark| hide(&mut mark.label));
    }
    let mask =
        |source: &Source| Source { name: source.name.clone(), text: masked_text(&source.text) };
    Problems { sources: sources.iter().map(mask).collect(), list }
}

/// The text with `*` for every byte of a secret literal.
fn masked_text(text: &str) -> String {
    let (document, _) = DeTable::parse_recoverable(text);
    let mut bytes = text.as_bytes().to_vec();
    mask_table(document.get_ref(), &mut bytes);
    // Whole literals are replaced, so no character is cut.
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn mask_table(table: &DeTable<'_>, bytes: &mut [u8]) {
    for (key, value) in table {
        mask_value(looks_secret(key.get_ref()), value.get_ref(), value.span(), bytes);
    }
}

fn mask_value(secret: bool, value: &DeValue<'_>, span: std::ops::Range<usize>, bytes: &mut [u8]) {
    match value {
        DeValue::Table(table) => mask_table(table, bytes),
        DeValue::Array(array) => {
            for item in array {
                mask_value(secret, item.get_ref(), item.span(), bytes);
            }
        }
        // A reference is no secret, and the report may be about it.
        DeValue::String(text) if text.contains("${") => {}
        _ if secret => {
            for byte in bytes.get_mut(span).into_iter().flatten() {
                if !b"\"'\n\r".contains(byte) {
                    *byte = b'*';
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_secret_keys_are_masked_in_place() {
        for (text, wanted) in [
            ("A = \"x\"\nPASSWORD = \"pässword\" # c", "A = \"x\"\nPASSWORD = \"*********\" # c"),
            ("env = { my_token = 'abc', B = 1 }", "env = { my_token = '***', B = 1 }"),
            ("API_KEY = 42", "API_KEY = **"),
            ("SECRETS = ['a', 'b']", "SECRETS = ['*', '*']"),
            ("TOKEN = \"\"\"a\nb\"\"\"", "TOKEN = \"\"\"*\n*\"\"\""),
            ("TOKEN = \"${HERE}\"", "TOKEN = \"${HERE}\""),
            ("TOKEN = \"abc\"\nB =", "TOKEN = \"***\"\nB ="),
        ] {
            assert_eq!(masked_text(text), wanted);
        }
    }
}
