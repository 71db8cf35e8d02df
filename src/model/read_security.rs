//! `seccomp`, `apparmor`, `selinux`, `no_new_privileges`, `read_only`, `user`, `pids`: what a
//! container may do beyond capabilities and devices. Limits and kernel parameters are in
//! [`super::read_limits`].

use super::group::Section;
use super::problem::Report;
use super::read::Word;
use super::read_limits::{read_sysctls, read_ulimits};
use super::security::{Seccomp, Security, Selinux};
use super::value::Kind;

/// The most processes that a kernel numbers (`PID_MAX_LIMIT`).
const PIDS: u32 = 4 << 20;

/// Largest id: the one above means "no change" to the kernel.
const LAST_ID: u32 = u32::MAX - 1;

/// Reads all keys of the profile but `idmap`; `network` is what the group says.
pub(super) fn read_security(
    section: &Section<'_>,
    network: Option<&str>,
    report: &mut Report,
) -> Security {
    check_privileged(section, report);
    let text = |key: &str, report: &mut Report| {
        section.get(key).and_then(|entry| report.text(key, &entry.value))
    };
    let truth = |key: &str, report: &mut Report| {
        section.get(key).and_then(|entry| report.boolean(key, &entry.value)).unwrap_or(false)
    };
    Security {
        seccomp: text("seccomp", report).and_then(|word| read_seccomp(word, report)),
        apparmor: text("apparmor", report).and_then(|word| read_apparmor(word, report)),
        selinux: text("selinux", report).and_then(|word| read_selinux(word, report)),
        no_new_privileges: truth("no_new_privileges", report),
        read_only: truth("read_only", report),
        user: text("user", report).and_then(|word| read_user(word, report)),
        idmap: None,
        sysctls: read_sysctls(section, network, report),
        ulimits: read_ulimits(section, report),
        pids: section
            .get("pids")
            .and_then(|entry| report.integer("pids", &entry.value, 1..=PIDS))
            .map(u64::from),
    }
}

/// `privileged` takes every filter away, so none can be asked for beside it.
fn check_privileged(section: &Section<'_>, report: &mut Report) {
    let privileged = section.get("privileged");
    let Some(privileged) = privileged.filter(|entry| entry.value.kind == Kind::Boolean(true))
    else {
        return;
    };
    for key in ["seccomp", "apparmor", "selinux"] {
        let Some(entry) = section.get(key) else { continue };
        report
            .add(&entry.place, format!("`{key}` does not go with `privileged`"), "has no effect")
            .mark(&privileged.place, "takes all filters away")
            .help("write the `cap_add` and `devices` it needs instead of `privileged`");
    }
}

fn read_seccomp(word: Word<'_>, report: &mut Report) -> Option<Seccomp> {
    if word.text == "unconfined" {
        return Some(Seccomp::Unconfined);
    }
    match word.text.strip_prefix("node:") {
        Some(path) if path.starts_with('/') && !path.chars().any(char::is_control) => {
            Some(Seccomp::Node(path.to_owned()))
        }
        _ => {
            report
                .add(word.place, format!("`{}` is no seccomp profile", word.text), "cannot be read")
                .help("write `unconfined`, or `node:/path` of a profile on the node");
            None
        }
    }
}

fn read_apparmor(word: Word<'_>, report: &mut Report) -> Option<String> {
    let odd = |c: char| c.is_whitespace() || c.is_control();
    if word.text.is_empty() || word.text.starts_with('-') || word.text.contains(odd) {
        let message = format!("`{}` cannot name an AppArmor profile", word.text.escape_default());
        report
            .add(word.place, message, "not a name")
            .help("a name that `aa-status` lists on the node, or `unconfined`");
        return None;
    }
    Some(word.text.to_owned())
}

fn read_selinux(word: Word<'_>, report: &mut Report) -> Option<Selinux> {
    let label = Selinux::parse(word.text);
    if label.is_none() {
        report
            .add(word.place, format!("`{}` is no SELinux label", word.text), "cannot be read")
            .help(
                "`user:role:type[:level]` as `ps -Z` shows it; `type:T`, `level:L`, `user:U` or \
                 `role:R`; or `disable`",
            );
    }
    label
}

fn read_user(word: Word<'_>, report: &mut Report) -> Option<String> {
    let mut parts = word.text.split(':');
    let known = parts.next().is_some_and(is_user) && parts.next().is_none_or(is_user);
    if known && parts.next().is_none() {
        return Some(word.text.to_owned());
    }
    report.add(word.place, format!("`{}` is no user", word.text), "cannot be read").help(format!(
        "write `user` or `user:group`: names that the image has, or numbers up to {LAST_ID}"
    ));
    None
}

/// Whether it is a number of the kernel or a name as `useradd` makes them.
fn is_user(text: &str) -> bool {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return text.parse::<u32>().is_ok_and(|id| id <= LAST_ID);
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users() {
        for text in ["0", "1000", "4294967294", "www-data", "_apt", "a.b", "Zed"] {
            assert!(is_user(text), "{text}");
        }
        for text in ["", "4294967295", "1x", "-1", "a b", "$x", ".a", "+1"] {
            assert!(!is_user(text), "{text}");
        }
    }

    #[test]
    fn labels() {
        let parts = |text: &str| Selinux::parse(text).map(|label| label.parts());
        assert_eq!(parts("disable"), Some(Vec::new()));
        assert_eq!(parts("type:container_t"), Some(vec!["type:container_t".into()]));
        assert_eq!(parts("level:s0:c1,c2"), Some(vec!["level:s0:c1,c2".into()]));
        let whole = "system_u:system_r:spc_t:s0-s0:c0.c1023";
        let wanted = ["user:system_u", "role:system_r", "type:spc_t", "level:s0-s0:c0.c1023"];
        assert_eq!(parts(whole), Some(wanted.map(str::to_owned).to_vec()));
        for text in ["", "container_t", "type:", "a:b", "disable:x", "a:b c:d", "user:a:b"] {
            assert!(!matches!(Selinux::parse(text), Some(Selinux::Part(_))), "{text}");
        }
        assert_eq!(Selinux::parse("a:b"), None);
        assert_eq!(Selinux::parse("a::c"), None);
    }
}
