//! Options given by `VNFCTL_` variables, on the real binary.

use std::process::Command;

/// Exit code and stderr of `vnfctl completions bash` with one variable set.
fn with(name: &str, value: &str) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_vnfctl"))
        .args(["completions", "bash"])
        .env_clear()
        .env(name, value)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn good_values_and_empty_ones_are_taken() {
    for (name, value) in [
        ("VNFCTL_COLOR", "never"),
        ("VNFCTL_COLOR", ""),
        ("VNFCTL_CONNECT_TIMEOUT", ""),
        ("VNFCTL_QUIET", "1"),
        ("VNFCTL_QUIET", "no"),
        ("VNFCTL_SET", "A=1\nB=two words\n"),
        ("VNFCTL_TOPOLOGY", "a.toml:b.toml"),
    ] {
        let (code, errors) = with(name, value);
        assert_eq!((code, errors.as_str()), (Some(0), ""), "{name}={value}");
    }
}

#[test]
fn wrong_values_are_usage_errors_that_name_the_option() {
    for (name, value, word) in [
        ("VNFCTL_COLOR", "blue", "--color"),
        ("VNFCTL_CONNECT_TIMEOUT", "soon", "--connect-timeout"),
        ("VNFCTL_QUIET", "maybe", "--quiet"),
        ("VNFCTL_SET", "1A=x", "--set"),
        ("VNFCTL_SET", "A=1\nB", "VNFCTL_SET: `B`"),
    ] {
        let (code, errors) = with(name, value);
        assert_eq!(code, Some(2), "{name}={value}");
        assert!(errors.contains(word), "{name}={value}: {errors}");
    }
}
