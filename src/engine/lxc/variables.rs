//! The environment of a container: what its configuration can hold, and the rest.

use crate::engine::variables::is_passed_on;

/// Whether a configuration line holds the value byte for byte: LXC reads line by line and strips
/// white space at the end.
pub(super) fn fits_a_line(value: &str) -> bool {
    !value.contains(['\n', '\r']) && value.trim_end() == value
}

/// Lines `lxc.environment`, with what every program expects where `env` does not say it.
pub(super) fn lines(env: &[(String, String)]) -> String {
    const DEFAULTS: [(&str, &str); 2] = [
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("HOME", "/root"),
    ];
    let missing = DEFAULTS.into_iter().filter(|(name, _)| env.iter().all(|(key, _)| key != name));
    let given = env.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    missing
        .chain(given.filter(|(_, value)| fits_a_line(value)))
        .fold(String::new(), |text, (name, value)| {
            text + "lxc.environment = " + name + "=" + value + "\n"
        })
}

/// A shell text that sets the other variables, exported, and lists their names in `vnfctl_inherited`;
/// `None` when there are none.
pub(super) fn script(env: &[(String, String)]) -> Option<String> {
    let odd = || env.iter().filter(|(name, value)| !fits_a_line(value) && is_passed_on(name));
    odd().next()?;
    let text: String =
        odd().map(|(name, value)| assignment(name, value) + "export " + name + "\n").collect();
    let names: Vec<&str> = odd().map(|(name, _)| name.as_str()).collect();
    Some(format!("{text}vnfctl_inherited='{}'\n", names.join(" ")))
}

/// Shell lines that set `name`. The value stands in them as it is, so hiding secrets finds it.
pub(super) fn assignment(name: &str, value: &str) -> String {
    let mut end = "END".to_owned();
    while value.lines().any(|line| line.strip_suffix('.').unwrap_or(line) == end) {
        end.push('_');
    }
    // The dot keeps newlines at the end, which `$(...)` strips.
    format!("{name}=$(cat <<'{end}'\n{value}.\n{end}\n)\n{name}=${{{name}%.}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[expect(clippy::disallowed_methods, reason = "the claim is about a real shell")]
    fn through_shell(value: &str) -> String {
        let env = vec![("V".to_owned(), value.to_owned())];
        let script = script(&env).expect("it does not fit a line") + "printf '%s' \"$V\"";
        let output = std::process::Command::new("sh").arg("-c").arg(script).output();
        String::from_utf8(output.expect("sh runs").stdout).expect("utf-8 in, utf-8 out")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn values_of_several_lines_survive_a_real_shell(
            value in r"([^\x00]|\n|END|\.|'|\$\(x\)){0,12}\n[\n.E]{0,3}",
        ) {
            prop_assert_eq!(through_shell(&value), value);
        }
    }

    #[test]
    fn the_end_mark_never_stands_in_the_value() {
        for value in ["END\n", "a\nEND\nEND_\n", "END.\n", "\nEND"] {
            assert_eq!(through_shell(value), value);
        }
    }

    #[test]
    fn only_what_fits_a_line_is_a_line() {
        let env = [("A", " x y "), ("B", "q\""), ("C", "1\n2"), ("HOME", "/x"), ("D", "")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            lines(&env),
            "lxc.environment = PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n\
             lxc.environment = B=q\"\nlxc.environment = HOME=/x\nlxc.environment = D=\n"
        );
        assert!(script(&env[1..2]).is_none());
    }
}
