//! `${NAME}`, `${NAME:-default}` and `$$` in strings. It must not read the environment itself.

use super::secret::looks_secret;
use crate::command::{Secret, is_variable_name};

/// Why a string cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExpandError {
    pub(super) message: String,
    pub(super) label: String,
    pub(super) help: String,
}

/// Expands variables. The default of `:-` is taken when the variable is unset or empty, as in a
/// shell, and as it stands. A `$` before anything but `{` and `$` stands for itself. What comes from a variable is
/// not expanded again. Values of variables whose names look secret are added to `secrets`.
pub(super) fn expand(
    text: &str,
    variables: &dyn Fn(&str) -> Option<String>,
    secrets: &mut Vec<Secret>,
) -> Result<String, ExpandError> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            expanded.push('$');
            rest = after;
        } else if let Some(inner) = rest.strip_prefix('{') {
            let Some((reference, after)) = inner.split_once('}') else {
                return Err(ExpandError {
                    message: "`${` without `}`".to_owned(),
                    label: "the variable's name never ends".to_owned(),
                    help: "close it with `}`, or write `$$` for a plain `$`".to_owned(),
                });
            };
            let value = value(reference, variables)?;
            let name = reference.split(":-").next().unwrap_or(reference);
            if looks_secret(name) && !value.is_empty() {
                secrets.push(Secret { name: name.to_owned(), value: value.clone() });
            }
            expanded.push_str(&value);
            rest = after;
        } else {
            expanded.push('$');
        }
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn value(
    reference: &str,
    variables: &dyn Fn(&str) -> Option<String>,
) -> Result<String, ExpandError> {
    let (name, default) = match reference.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (reference, None),
    };
    if !is_variable_name(name) {
        return Err(ExpandError {
            message: format!("`{name}` is not a variable name"),
            label: "letters, digits and `_` only, not starting with a digit".to_owned(),
            help: "write `${NAME}` or `${NAME:-default}`, or `$$` for a plain `$`".to_owned(),
        });
    }
    match (variables(name), default) {
        (Some(value), None) => Ok(value),
        (Some(value), Some(_)) if !value.is_empty() => Ok(value),
        (_, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(ExpandError {
            message: format!("variable `{name}` is not set"),
            label: format!("`${{{name}}}` has no value and no default"),
            help: format!("give `--set {name}=VALUE`, or write `${{{name}:-default}}`"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, String> {
        let variables = |name: &str| match name {
            "SET" => Some("value".to_owned()),
            "EMPTY" => Some(String::new()),
            "DOLLAR" => Some("${SET}$$".to_owned()),
            _ => None,
        };
        expand(text, &variables, &mut Vec::new()).map_err(|error| error.message)
    }

    #[test]
    fn references_defaults_and_dollars() {
        for (text, wanted) in [
            ("plain", "plain"),
            ("${SET}", "value"),
            ("a${SET}b${SET}c", "avaluebvaluec"),
            ("${UNSET:-x y}", "x y"),
            ("${EMPTY:-x}", "x"),
            ("${EMPTY}", ""),
            ("${UNSET:-}", ""),
            ("$$", "$"),
            ("$${SET}", "${SET}"),
            ("$HOME $(date) $", "$HOME $(date) $"),
            ("${DOLLAR}", "${SET}$$"),
            ("é${SET}ü", "évalueü"),
        ] {
            assert_eq!(expanded(text).as_deref(), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_expanded() {
        for (text, wanted) in [
            ("${UNSET}", "variable `UNSET` is not set"),
            ("${", "`${` without `}`"),
            ("${}", "`` is not a variable name"),
            ("${A B}", "`A B` is not a variable name"),
            ("${1A:-x}", "`1A` is not a variable name"),
        ] {
            assert_eq!(expanded(text), Err(wanted.to_owned()), "{text}");
        }
    }

    #[test]
    fn values_of_secret_variables_are_noted() {
        let mut secrets = Vec::new();
        let variables = |_: &str| Some("hunter2".to_owned());
        expand("postgres://u:${DB_PASSWORD}@h/${NAME}", &variables, &mut secrets).unwrap();
        assert_eq!(
            secrets,
            [Secret { name: "DB_PASSWORD".to_owned(), value: "hunter2".to_owned() }]
        );
    }
}
