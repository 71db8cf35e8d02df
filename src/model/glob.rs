//! Names with wildcards: `*` stands for any characters, `?` for one. Pure.

/// Whether `pattern` matches the whole of `name`; `DUT1_VNF1` does not match `DUT1_VNF10`.
pub fn glob_matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where the last star stands, and the character up to which it has eaten.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&c) if c == '?' || c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((at, eaten)) = star else { return false };
                star = Some((at, eaten + 1));
                p = at + 1;
                n = eaten + 1;
            }
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// Whether `text` holds a wildcard.
pub fn is_glob(text: &str) -> bool {
    text.contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pattern_matches_whole_names_only() {
        for (pattern, name, expected) in [
            ("DUT1_VNF1", "DUT1_VNF1", true),
            ("DUT1_VNF1", "DUT1_VNF10", false),
            ("DUT1_VNF?", "DUT1_VNF10", false),
            ("DUT?_VNF*", "DUT1_VNF10", true),
            ("*", "", true),
            ("", "", true),
            ("?", "", false),
            ("*_*1", "DUT1_VNF21", true),
            ("*a*b", "xaxbxb", true),
            ("*a*b", "xaxbxc", false),
            ("**", "abc", true),
            ("é?", "éé", true),
        ] {
            assert_eq!(glob_matches(pattern, name), expected, "{pattern} {name}");
        }
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
