//! Names and globs.

/// Whether `name` may name a topology, node or group: `[A-Za-z0-9][A-Za-z0-9_-]*`, two
/// characters at least.
pub fn is_name(name: &str) -> bool {
    name.len() >= 2 && is_word(name)
}

/// Whether `word` is `[A-Za-z0-9][A-Za-z0-9_-]*`.
pub(super) fn is_word(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphanumeric())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
}

/// Whether a glob of `*` (any text, also none) and `?` (one character) matches the whole `text`.
pub(super) fn glob_matches(glob: &str, text: &str) -> bool {
    let glob: Vec<char> = glob.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut g, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        if g < glob.len() && glob[g] == '*' {
            star = Some((g, t));
            g += 1;
        } else if g < glob.len() && (glob[g] == '?' || glob[g] == text[t]) {
            g += 1;
            t += 1;
        } else if let Some((star_g, star_t)) = star {
            g = star_g + 1;
            t = star_t + 1;
            star = Some((star_g, t));
        } else {
            return false;
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}

/// Splits `VNF12` into `VNF` and 12. Ordinals start at 1 and have no leading zero.
pub(super) fn split_container(name: &str) -> Option<(&str, u32)> {
    let group = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let ordinal = &name[group.len()..];
    if group.is_empty() || ordinal.starts_with('0') {
        return None;
    }
    Some((group, ordinal.parse().ok()?))
}

/// The candidate nearest to what was written, when near enough to be what was meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names() {
        for name in ["DUT1", "a1", "0a", "a-b_c"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "a", "-a", "_a", "a b", "a.b", "a:b", "ä1", "a\n"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn globs() {
        for (glob, text, wanted) in [
            ("*", "", true),
            ("*", "DUT1", true),
            ("DUT*", "DUT1", true),
            ("DUT?", "DUT1", true),
            ("DUT?", "DUT12", false),
            ("DUT1", "DUT10", false),
            ("*1", "DUT11", true),
            ("*T*2", "DUT12", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("", "", true),
            ("", "a", false),
            ("D?T", "DÜT", true),
        ] {
            assert_eq!(glob_matches(glob, text), wanted, "{glob} {text}");
        }
    }

    #[test]
    fn containers() {
        assert_eq!(split_container("VNF1"), Some(("VNF", 1)));
        assert_eq!(split_container("VNF10"), Some(("VNF", 10)));
        for name in ["VNF", "1", "VNF0", "VNF01", "VNF99999999999"] {
            assert_eq!(split_container(name), None, "{name}");
        }
    }

    #[test]
    fn the_nearest_word_is_near() {
        let words = ["docker", "podman", "native"];
        assert_eq!(nearest("dokcer", words), Some("docker"));
        assert_eq!(nearest("Docker", words), Some("docker"));
        assert_eq!(nearest("kubernetes", words), None);
    }

    proptest! {
        #[test]
        fn a_glob_without_wildcards_matches_itself_only(a in "[a-z]{0,6}", b in "[a-z]{0,6}") {
            prop_assert_eq!(glob_matches(&a, &b), a == b);
        }

        #[test]
        fn a_star_stands_for_any_text(a in "[a-c]{0,4}", b in "[a-c]{0,4}", c in "[a-c]{0,4}") {
            let (glob, text) = (format!("{a}*{c}"), format!("{a}{b}{c}"));
            prop_assert!(glob_matches(&glob, &text));
        }
    }
}
