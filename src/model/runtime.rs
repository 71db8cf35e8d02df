//! `runtime`: the OCI runtime that docker and podman start containers with.

use super::group::Section;
use super::problem::Report;

/// Words in the names of runtimes whose containers are sandboxes or small virtual machines with a
/// kernel of their own: gVisor's `runsc`, Kata Containers, libkrun.
const SANDBOXES: [&str; 4] = ["runsc", "gvisor", "kata", "krun"];

/// Whether a runtime of this name or path keeps its containers behind a kernel of their own: from
/// outside only the sandbox's process is seen.
pub fn is_sandbox(runtime: &str) -> bool {
    let file = runtime.rsplit('/').next().unwrap_or(runtime);
    SANDBOXES.iter().any(|word| file.contains(word))
}

/// Whether a runtime of this name or path is gVisor.
pub fn is_gvisor(runtime: &str) -> bool {
    let file = runtime.rsplit('/').next().unwrap_or(runtime);
    file.contains("runsc") || file.contains("gvisor")
}

/// Reads `runtime`.
pub(super) fn read_runtime(section: &Section<'_>, report: &mut Report) -> Option<String> {
    let entry = section.get("runtime")?;
    let word = report.text("runtime", &entry.value)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+/".contains(c);
    let begins = word.text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/');
    if !begins || !word.text.chars().all(plain) {
        report
            .add(word.place, format!("`{}` is not an OCI runtime", word.text), "cannot be read")
            .help(
                "the name that the engine knows it by, e.g. `runsc`, `kata` or `crun`, or a path",
            );
        return None;
    }
    Some(word.text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sandboxes_are_known_by_name_or_path() {
        for runtime in ["runsc", "kata", "io.containerd.kata.v2", "/opt/bin/kata-qemu", "krun"] {
            assert!(is_sandbox(runtime), "{runtime}");
        }
        for runtime in ["runc", "crun", "youki", "/opt/kata/bin/runc"] {
            assert!(!is_sandbox(runtime), "{runtime}");
        }
        assert!(is_gvisor("io.containerd.runsc.v1") && !is_gvisor("kata"));
    }
}
