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
}
