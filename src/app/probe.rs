//! What an app's probe printed ([`super::AppDriver::probe`]). Pure.

use std::collections::BTreeMap;

/// One look at an app and its ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Whether it is configured and serves; else the reason.
    pub app: Result<(), String>,
    /// By name of the port: whether it is connected; else the reason.
    pub ports: BTreeMap<String, Result<(), String>>,
}

/// Parses lines `app ready`, `app <reason>`, `port <name> up` and `port <name> <reason>`; others
/// (what a shell or a library says besides) are passed over. Lines may end in CRLF, as those of
/// `vppctl` do. Of two lines about one thing the later counts.
pub fn parse_probe(stdout: &str) -> Probe {
    let mut probe =
        Probe { app: Err("the probe says nothing of it".into()), ports: BTreeMap::new() };
    for line in stdout.lines() {
        let mut words = line.trim().splitn(2, ' ');
        let (subject, rest) = (words.next().unwrap_or(""), words.next().unwrap_or("").trim());
        match subject {
            "app" if !rest.is_empty() => probe.app = judged(rest, "ready"),
            "port" => {
                let (name, found) = rest.split_once(' ').unwrap_or((rest, ""));
                if !name.is_empty() {
                    probe.ports.insert(name.to_owned(), judged(found.trim(), "up"));
                }
            }
            _ => {}
        }
    }
    probe
}

fn judged(found: &str, right: &str) -> Result<(), String> {
    match found {
        _ if found == right => Ok(()),
        "" => Err("no reason given".into()),
        reason => Err(reason.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_and_up_are_right_and_all_else_is_a_reason() {
        let probe = parse_probe("app ready\nport port1 up\nport port2 incorrect secret\n");
        assert_eq!(probe.app, Ok(()));
        assert_eq!(probe.ports["port1"], Ok(()));
        assert_eq!(probe.ports["port2"], Err("incorrect secret".into()));
        assert_eq!(probe.ports.len(), 2);
        let probe = parse_probe("app exec line 7: unknown input `upp'\n");
        assert_eq!(probe.app, Err("exec line 7: unknown input `upp'".into()));
    }

    #[test]
    fn lines_may_end_as_vppctl_ends_them() {
        let probe = parse_probe("app ready\r\nport port1 up\r\nport port2 mode mismatch\r\n");
        assert_eq!(probe.app, Ok(()));
        assert_eq!(probe.ports["port1"], Ok(()));
        assert_eq!(probe.ports["port2"], Err("mode mismatch".into()));
    }

    #[test]
    fn what_others_say_is_passed_over() {
        let text = "EAL: Detected CPU lcores: 2\n\napplication ready\nports 2\napp  ready\nport\n";
        let probe = parse_probe(text);
        assert_eq!(probe.app, Ok(()));
        assert!(probe.ports.is_empty(), "{probe:?}");
    }

    #[test]
    fn silence_is_never_right() {
        assert_eq!(parse_probe("").app, Err("the probe says nothing of it".into()));
        assert_eq!(parse_probe("app\n").app, Err("the probe says nothing of it".into()));
        let cut = parse_probe("app ready\nport port1");
        assert_eq!(cut.ports["port1"], Err("no reason given".into()));
        assert_eq!(parse_probe("app readyish").app, Err("readyish".into()));
    }
}
