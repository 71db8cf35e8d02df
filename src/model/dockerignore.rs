//! `.dockerignore`: what of a context is not sent. Pure: it is given the text and asked for paths.
//!
//! Docker's rules, not git's: a pattern counts from the context's root, the last one that matches
//! decides, and what is below a folder that matches does too.

use globset::{GlobBuilder, GlobMatcher};

/// The patterns of one file.
#[derive(Debug, Clone, Default)]
pub struct DockerIgnore {
    patterns: Vec<(bool, GlobMatcher)>,
}

impl DockerIgnore {
    /// Reads a `.dockerignore`.
    ///
    /// # Errors
    /// The first pattern that cannot be read, and why.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut patterns = Vec::new();
        for line in text.trim_start_matches('\u{feff}').lines() {
            if line.starts_with('#') {
                continue;
            }
            let line = line.trim();
            let (is_back, pattern) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            let pattern = cleaned(pattern);
            if pattern.is_empty() {
                continue;
            }
            let mut glob = GlobBuilder::new(&pattern);
            let glob = glob.literal_separator(true).backslash_escape(true).build();
            let glob = glob.map_err(|error| format!("`{line}`: {}", error.kind()))?;
            patterns.push((is_back, glob.compile_matcher()));
        }
        Ok(Self { patterns })
    }

    /// Whether a path, relative to the context, is left out.
    pub fn leaves_out(&self, path: &str) -> bool {
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        let all: Vec<&str> = above.chain([path]).collect();
        let matches = |glob: &GlobMatcher| all.iter().any(|path| glob.is_match(path));
        let mut last = self.patterns.iter().rev();
        last.find(|(_, glob)| matches(glob)).is_some_and(|(is_back, _)| !is_back)
    }

    /// Whether something below a folder that is left out may be sent nevertheless.
    pub fn takes_back(&self) -> bool {
        self.patterns.iter().any(|(is_back, _)| *is_back)
    }
}

/// A pattern without what means nothing: `/` at its ends, `.`, and a name before `..`.
fn cleaned(pattern: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(text: &str, paths: &[&str]) -> Vec<bool> {
        let ignore = DockerIgnore::parse(text).expect("it can be read");
        paths.iter().map(|path| ignore.leaves_out(path)).collect()
    }

    /// The examples of Docker's reference.
    #[test]
    fn the_examples_of_the_reference() {
        let paths = ["temp", "a/temporary", "a/b/temporary", "tempa", "tempab"];
        assert_eq!(left_out("*/temp*", &paths), [false, true, false, false, false]);
        assert_eq!(left_out("*/*/temp*", &paths), [false, false, true, false, false]);
        assert_eq!(left_out("temp?", &paths), [false, false, false, true, false]);
        assert_eq!(left_out("**/*.go", &["x.go", "a/b/x.go", "x.c"]), [true, true, false]);
        assert_eq!(left_out("*.md\n!README.md", &["a.md", "README.md"]), [true, false]);
        let text = "*.md\n!README*.md\nREADME-secret.md";
        assert_eq!(left_out(text, &["README-secret.md", "README-x.md"]), [true, false]);
        let text = "*.md\nREADME-secret.md\n!README*.md";
        assert_eq!(left_out(text, &["README-secret.md"]), [false]);
    }

    #[test]
    fn folders_take_what_is_below_with_them_and_comments_say_nothing() {
        let text = "# a\n\n /target/ \n./x/../docs\n!target/keep";
        let paths = ["target", "target/a/b", "target/keep/a", "docs", "a/target", "# a"];
        assert_eq!(left_out(text, &paths), [true, true, false, true, false, false]);
        assert!(DockerIgnore::parse(text).unwrap().takes_back());
        assert!(DockerIgnore::parse("[").unwrap_err().starts_with("`[`: "));
    }
}
