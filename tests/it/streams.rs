//! What happens when stdout cannot be written, on the real binary.

use std::fs::File;
use std::process::{Command, Stdio};

fn exit_code(stdout: Stdio) -> Option<i32> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vnfctl"));
    command.args(["completions", "bash"]).stdout(stdout).status().unwrap().code()
}

#[test]
fn a_reader_that_has_gone_away_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(exit_code(writer.into()), Some(0));
}

#[test]
fn a_full_disk_is_an_error() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    assert_eq!(exit_code(full.into()), Some(1));
}
