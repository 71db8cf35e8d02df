//! Saved texts: compared word for word, rewritten under `VNFCTL_BLESS=1`.

use std::path::Path;

/// Compares a text with the saved one; what differs is added to `failures`.
pub(crate) fn compare(saved: &Path, found: &str, failures: &mut Vec<String>) {
    if std::env::var_os("VNFCTL_BLESS").is_some() {
        std::fs::write(saved, found).expect("the report is written");
        return;
    }
    let wanted = std::fs::read_to_string(saved).unwrap_or_default();
    if wanted == found {
        return;
    }
    let at = wanted.lines().zip(found.lines()).take_while(|(a, b)| a == b).count();
    failures.push(format!(
        "{} differs from line {}:\n- {}\n+ {}\nfound in full:\n{found}",
        saved.display(),
        at + 1,
        wanted.lines().nth(at).unwrap_or("(end)"),
        found.lines().nth(at).unwrap_or("(end)"),
    ));
}

/// Fails with everything that differs.
pub(crate) fn finish(failures: &[String]) {
    assert!(
        failures.is_empty(),
        "{} saved texts differ; VNFCTL_BLESS=1 accepts what was found\n\n{}",
        failures.len(),
        failures.join("\n")
    );
}
