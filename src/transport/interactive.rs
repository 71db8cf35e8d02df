//! Commands that own the terminal: a shell in a container, followed logs. No lane, no frames.

use super::pump::AS_ROOT;
use super::{Target, TransportError, openssh};
use crate::command::{Command, quote};
use crate::model::Become;
use std::os::unix::process::ExitStatusExt;
use std::process;

/// Gives the terminal to `command` on `target` and waits for its end.
///
/// Gives its exit code, or 128 + the number of the signal that ended it; 255 is also what the
/// system's `ssh` says when it cannot connect. Standard input is the terminal, whatever the
/// command says; there is no deadline.
#[expect(clippy::disallowed_methods, reason = "transport starts processes")]
pub fn interactive(target: &Target, command: &Command) -> Result<i32, TransportError> {
    let mut words = Vec::new();
    if !command.env.is_empty() {
        words.push("env".to_owned());
        words.extend(command.env.iter().map(|(name, value)| format!("{name}={value}")));
    }
    words.extend(command.argv.iter().map(|word| word.clone().into_owned()));
    let mut script = vec!["sh".to_owned(), "-c".to_owned(), script(target.r#become).to_owned()];
    script.push("vnfctl".to_owned());
    script.append(&mut words);
    let mut child = if let Some(ssh) = &target.ssh {
        let line = script.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
        let mut child = process::Command::new("ssh");
        child.arg("-t").args(openssh::options(target, ssh)).arg("--").arg(&ssh.host);
        child.arg(format!("exec {line}"));
        child
    } else {
        let mut child = process::Command::new(&script[0]);
        child.args(&script[1..]);
        child
    };
    let status = child.status().map_err(|error| TransportError::Spawn {
        program: child.get_program().to_string_lossy().into_owned(),
        reason: error.to_string(),
    })?;
    Ok(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)))
}

fn script(r#become: Become) -> &'static str {
    match r#become {
        Become::Sudo => AS_ROOT,
        Become::None => "exec \"$@\"",
    }
}
