//! The environment of a container: what its configuration can hold, and the rest.

use crate::command::quote;
use crate::engine::variables::is_passed_on;

/// Whether a configuration line holds the value byte for byte: LXC reads line by line and strips
/// white space at the end.
pub(super) fn fits_a_line(value: &str) -> bool {
    !value.contains(['\n', '\r']) && value.trim_end() == value
}

/// Lines `lxc.environment`, with what every program expects where `env` does not say it; the home
/// of a user (`has_user`) is known to the node only.
pub(super) fn lines(env: &[(String, String)], has_user: bool) -> String {
    const DEFAULTS: [(&str, &str); 2] = [
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("HOME", "/root"),
    ];
    let known = |name: &str| env.iter().any(|(key, _)| key == name) || has_user && name == "HOME";
    let missing = DEFAULTS.into_iter().filter(|(name, _)| !known(name));
    let given = env.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    missing
        .chain(given.filter(|(_, value)| fits_a_line(value)))
        .fold(String::new(), |text, (name, value)| {
            text + "lxc.environment = " + name + "=" + value + "\n"
        })
}

/// A shell text that sets the other variables, exported, and lists their names in
/// `vnfctl_inherited`; `None` when there are none.
pub(super) fn script(env: &[(String, String)]) -> Option<String> {
    let odd = || env.iter().filter(|(name, value)| !fits_a_line(value) && is_passed_on(name));
    odd().next()?;
    let exports = odd().fold(String::new(), |text, (name, value)| {
        text + "export " + name + "=" + &quote(value) + "\n"
    });
    let names: Vec<&str> = odd().map(|(name, _)| name.as_str()).collect();
    Some(format!("{exports}vnfctl_inherited='{}'\n", names.join(" ")))
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
            value in r"([^\x00]|\n|'|\$\(x\)){0,12}\n{1,3}",
        ) {
            prop_assert_eq!(through_shell(&value), value);
        }
    }

    #[test]
    fn only_what_fits_a_line_is_a_line() {
        let env = [("A", " x y "), ("B", "q\""), ("C", "1\n2"), ("HOME", "/x"), ("D", "")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            lines(&env, false),
            "lxc.environment = PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n\
             lxc.environment = B=q\"\nlxc.environment = HOME=/x\nlxc.environment = D=\n"
        );
        assert!(script(&env[1..2]).is_none());
    }
}
