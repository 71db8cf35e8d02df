//! A section of `startup.conf` as a tree. VPP swallows the sections after a missing `}` without a
//! word, so what is printed comes from here and nowhere else.

use crate::app::RenderError;

/// Keys and sections, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Section(Vec<(String, Value)>);

/// What stands behind a key.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    /// Words; none = a bare key.
    Words(String),
    Section(Section),
}

impl Section {
    /// Adds a bare key.
    pub(super) fn flag(self, key: &str) -> Self {
        self.with(key, "")
    }

    /// Adds a key with its value.
    pub(super) fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.0.push((key.to_owned(), Value::Words(value.into())));
        self
    }

    /// Adds a section.
    pub(super) fn section(mut self, name: &str, section: Self) -> Self {
        self.0.push((name.to_owned(), Value::Section(section)));
        self
    }

    /// Puts `keys` into the section `name`, which is made where it is missing. A key that is there
    /// already gets the new value in its place.
    pub(super) fn merge(&mut self, name: &str, keys: &[(String, String)]) {
        let at = self.0.iter().position(|(key, _)| key == name).unwrap_or_else(|| {
            self.0.push((name.to_owned(), Value::Section(Self::default())));
            self.0.len() - 1
        });
        if let Value::Section(section) = &mut self.0[at].1 {
            for (key, value) in keys {
                section.set(key, Value::Words(value.clone()));
            }
        }
    }

    fn set(&mut self, key: &str, value: Value) {
        match self.0.iter_mut().find(|(found, _)| found == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key.to_owned(), value)),
        }
    }

    /// The text of the file.
    ///
    /// # Errors
    /// The first key or value that VPP would not read as one.
    pub(super) fn render(&self) -> Result<String, RenderError> {
        let mut text = String::new();
        self.print("startup.conf", 0, &mut text)?;
        Ok(text)
    }

    fn print(&self, path: &str, depth: usize, text: &mut String) -> Result<(), RenderError> {
        let indent = "  ".repeat(depth);
        for (key, value) in &self.0 {
            let place = format!("{path}: {key}");
            check(&place, "name", key)?;
            if key.trim().is_empty() {
                return Err(error(path, "a name is empty"));
            }
            text.push_str(&indent);
            text.push_str(key);
            match value {
                Value::Words(words) => {
                    check(&place, "value", words)?;
                    if !words.is_empty() {
                        text.push(' ');
                        text.push_str(words);
                    }
                    text.push('\n');
                }
                Value::Section(section) => {
                    text.push_str(" {\n");
                    section.print(&place, depth + 1, text)?;
                    text.push_str(&indent);
                    text.push_str("}\n");
                }
            }
        }
        Ok(())
    }
}

fn error(place: &str, message: &str) -> RenderError {
    RenderError { place: place.to_owned(), message: message.to_owned() }
}

/// VPP joins all lines to one; braces make sections, `#` a comment, `\` takes the next character
/// as it is.
fn check(place: &str, what: &str, text: &str) -> Result<(), RenderError> {
    let breaks = |c: char| c.is_control() || "{}#\\".contains(c);
    match text.chars().find(|c| breaks(*c)) {
        Some(c) => {
            let message = format!("the {what} has a {c:?}, which `startup.conf` cannot hold");
            Err(error(place, &message))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn prints_and_merges() {
        let plugin = Section::default().flag("disable");
        let mut file = Section::default()
            .section("unix", Section::default().flag("nodaemon").with("log", "/a"))
            .section("plugins", Section::default().section("plugin default", plugin));
        file.merge("unix", &[pair("log", "/b"), pair("nocolor", "")]);
        file.merge("nat", &[pair("sessions", "10")]);
        let wanted = "unix {\n  nodaemon\n  log /b\n  nocolor\n}\nplugins {\n  plugin default {\n    \
                      disable\n  }\n}\nnat {\n  sessions 10\n}\n";
        assert_eq!(file.render().unwrap(), wanted);
    }

    #[test]
    fn refuses_what_would_break_the_syntax() {
        for value in ["a }", "{", "a\nb", "# rest", "a\\", "\0"] {
            let mut file = Section::default();
            file.merge("nat", &[pair("key", value)]);
            assert_eq!(file.render().unwrap_err().place, "startup.conf: nat: key", "{value:?}");
            let mut file = Section::default();
            file.merge(value, &[]);
            file.render().unwrap_err();
            let mut file = Section::default();
            file.merge("nat", &[pair(value, "")]);
            file.render().unwrap_err();
        }
        let mut file = Section::default();
        file.merge(" ", &[]);
        file.render().unwrap_err();
    }
}
