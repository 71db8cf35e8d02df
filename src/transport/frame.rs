//! Framing: commands as text for a POSIX shell, and the shell's answer cut into frames. Pure.
//!
//! After each command the shell prints one marker line on each stream. A marker starts with a
//! line feed and a nonce no output can guess, so frames are binary-safe, need no length, and do
//! not wait for the end of file of a background process that keeps a stream open (what such a
//! process prints later falls into the frame of whichever command runs then).

use super::Stream;
use crate::command::{Command, Stdin, is_variable_name, quote};
use std::time::Duration;

/// How long a command may live after the polite signal of `timeout`.
const KILL_AFTER_SECONDS: u64 = 5;

/// What the node has to end a command at its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timeout {
    /// `timeout` ends the command and what it started (coreutils: it leads a process group).
    Group,
    /// `timeout` ends the command only (busybox: it becomes the command). It is a net for the
    /// case that nobody here can end the whole any more.
    Alone,
    /// No `timeout` with `-k`.
    Missing,
}

impl Timeout {
    /// From the code of frame 0.
    pub(super) fn from_hello(code: i32) -> Self {
        match code {
            0 => Self::Group,
            1 => Self::Alone,
            _ => Self::Missing,
        }
    }
}

/// What `timeout` gets more than the deadline where it is only a net, in seconds.
const NET_SECONDS: u64 = 15;

/// Variables that would change how the shell or `timeout` itself works, or that some shells keep
/// read-only; they are set behind `timeout` by `env`.
const TAKEN: [&str; 11] = [
    "BASHOPTS",
    "BASH_VERSINFO",
    "ENV",
    "EUID",
    "GID",
    "IFS",
    "LD_PRELOAD",
    "PATH",
    "PPID",
    "SHELLOPTS",
    "UID",
];

/// The first text a shell gets: two functions, a probe of `timeout`, and frame 0, whose standard
/// output ends in the shell's process id and whose code is for [`Timeout::from_hello`]: 1 where
/// the shell is still the parent of what `timeout` runs.
///
/// Times are read from `/proc/uptime` by the shell itself: no process, a hundredth of a second.
pub(super) fn prelude(nonce: &str) -> String {
    format!(
        "__vnfctl_b() {{ read -r __vnfctl_s __vnfctl_r 2>/dev/null </proc/uptime || \
         __vnfctl_s=-; }}\n\
         __vnfctl_e() {{ __vnfctl_c=$?; read -r __vnfctl_t __vnfctl_r 2>/dev/null </proc/uptime || \
         __vnfctl_t=-; printf '\\n{nonce} %s %s %s %s\\n' \
         \"$1\" \"$__vnfctl_c\" \"$__vnfctl_s\" \"$__vnfctl_t\"; \
         printf '\\n{nonce} %s\\n' \"$1\" >&2; }}\n\
         __vnfctl_b; printf '\\n%s' \"$$\"; \
         timeout -k 1 5 sh -c '[ \"$PPID\" != \"$1\" ]' vnfctl \"$$\" </dev/null >/dev/null 2>&1; \
         __vnfctl_e 0\n"
    )
}

/// One command with its marker. With a file as standard input the command inherits the shell's.
pub(super) fn snippet(command: &Command, seq: u64, timeout: Timeout) -> String {
    let line = line(command, timeout);
    match &command.stdin {
        Stdin::Empty => format!("__vnfctl_b; {line} </dev/null; __vnfctl_e {seq}\n"),
        Stdin::Text(text) => {
            let text = quote(text);
            format!("__vnfctl_b; printf %s {text} 2>/dev/null | {line}; __vnfctl_e {seq}\n")
        }
        Stdin::File(_) | Stdin::Archive(_) | Stdin::Node { .. } => {
            format!("__vnfctl_b; {line}; __vnfctl_e {seq}\n")
        }
    }
}

/// The whole script of a shell that serves one command (frame 1) with bulk standard input.
/// `timeout` is there or not as the lane found it.
pub(super) fn bulk(command: &Command, nonce: &str, timeout: Timeout) -> String {
    format!("{}{}", prelude(nonce), snippet(command, 1, timeout))
}

/// Assignments, `timeout`, argv. Without `timeout` a subshell that becomes the command, so that
/// a word like `exit` or `cd` is a program here too and never a builtin of the lane.
fn line(command: &Command, timeout: Timeout) -> String {
    let mut words = Vec::new();
    let plain = |name: &str| is_variable_name(name) && !TAKEN.contains(&name);
    let assign = |(name, value): &(String, String)| format!("{name}={}", quote(value));
    words.extend(command.env.iter().filter(|(name, _)| plain(name)).map(assign));
    let deadline = command.deadline.filter(|_| timeout != Timeout::Missing);
    if let Some(deadline) = deadline {
        let net = if timeout == Timeout::Alone { NET_SECONDS } else { 0 };
        let seconds = whole_seconds(deadline).saturating_add(net);
        words.push(format!("timeout -k {KILL_AFTER_SECONDS} {seconds}"));
    } else {
        words.push("exec".to_owned());
    }
    let others: Vec<_> = command.env.iter().filter(|(name, _)| !plain(name)).collect();
    if !others.is_empty() {
        words.push("env".to_owned());
        words.extend(others.iter().map(|(name, value)| quote(&format!("{name}={value}"))));
    }
    words.extend(command.argv.iter().map(|word| quote(word)));
    let words = words.join(" ");
    if deadline.is_some() { words } else { format!("({words})") }
}

/// Rounded up and at least 1: busybox knows no fractions, and 0 means no limit to `timeout`.
fn whole_seconds(deadline: Duration) -> u64 {
    (deadline.as_secs() + u64::from(deadline.subsec_nanos() > 0)).max(1)
}

/// Whether a shell can be told this command at all.
pub(super) fn has_nul(command: &Command) -> bool {
    let text = match &command.stdin {
        Stdin::Text(text) => text.contains('\0'),
        Stdin::Node { command, .. } => has_nul(command),
        // Those of an archive are bytes of its members.
        Stdin::Empty | Stdin::File(_) | Stdin::Archive(_) => false,
    };
    text || command.argv.iter().any(|word| word.contains('\0'))
        || command.env.iter().any(|(name, value)| name.contains('\0') || value.contains('\0'))
}

/// One finished frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The number given to [`snippet`].
    pub(super) seq: u64,
    /// `$?` of the command.
    pub(super) code: i32,
    /// How long it ran by the node's clock, 10 ms steps; `None` without `/proc`.
    pub(super) ran: Option<Duration>,
    /// Standard output.
    pub(super) stdout: Vec<u8>,
    /// Standard error.
    pub(super) stderr: Vec<u8>,
}

/// Cuts the two byte streams of a shell into frames.
#[derive(Debug)]
pub(super) struct Frames {
    stdout: Cut,
    stderr: Cut,
}

impl Frames {
    /// Frames that end in markers made with `nonce`.
    pub(super) fn new(nonce: &str) -> Self {
        let marker = format!("\n{nonce} ").into_bytes();
        Self { stdout: Cut::new(marker.clone()), stderr: Cut::new(marker) }
    }

    /// Keeps nothing of what comes on standard output: whoever wants it takes it from the sink.
    pub(super) fn forget_stdout(&mut self) {
        self.stdout.forgets = true;
    }

    /// Takes bytes as they came.
    pub(super) fn feed(&mut self, stream: Stream, bytes: &[u8]) {
        match stream {
            Stream::Stdout => self.stdout.raw.extend_from_slice(bytes),
            Stream::Stderr => self.stderr.raw.extend_from_slice(bytes),
            Stream::Fed(_) => {}
        }
    }

    /// Goes as far as the bytes allow; `sink` sees the output of the current frame as it comes.
    pub(super) fn next(&mut self, sink: &mut dyn FnMut(Stream, &[u8])) -> Option<Frame> {
        self.stdout.advance(&mut |bytes| sink(Stream::Stdout, bytes));
        self.stderr.advance(&mut |bytes| sink(Stream::Stderr, bytes));
        if self.stdout.tail.is_none() || self.stderr.tail.is_none() {
            return None;
        }
        let (tail, stdout) = self.stdout.take()?;
        let (_, stderr) = self.stderr.take()?;
        let mut words = tail.split(' ');
        let seq = words.next()?.parse().ok()?;
        let code = words.next()?.parse().ok()?;
        let start = words.next().and_then(|word| word.parse::<f64>().ok());
        let end = words.next().and_then(|word| word.parse::<f64>().ok());
        let ran = start.zip(end).and_then(|(a, b)| Duration::try_from_secs_f64(b - a).ok());
        Some(Frame { seq, code, ran, stdout, stderr })
    }

    /// What has come since the last frame, for reports about a shell that ended too early.
    pub(super) fn unfinished(&mut self) -> (Vec<u8>, Vec<u8>) {
        (self.stdout.drain(), self.stderr.drain())
    }
}

/// One stream on its way to its marker.
#[derive(Debug)]
struct Cut {
    marker: Vec<u8>,
    raw: Vec<u8>,
    body: Vec<u8>,
    tail: Option<String>,
    forgets: bool,
}

impl Cut {
    fn new(marker: Vec<u8>) -> Self {
        Self { marker, raw: Vec::new(), body: Vec::new(), tail: None, forgets: false }
    }

    fn advance(&mut self, sink: &mut dyn FnMut(&[u8])) {
        if self.tail.is_some() || self.raw.is_empty() {
            return;
        }
        let (safe, end) = self.scan();
        sink(&self.raw[..safe]);
        if !self.forgets {
            self.body.extend_from_slice(&self.raw[..safe]);
        }
        if let Some(end) = end {
            let tail = &self.raw[safe + self.marker.len()..end];
            self.tail = Some(String::from_utf8_lossy(tail).into_owned());
            self.raw.drain(..=end);
        } else {
            self.raw.drain(..safe);
        }
    }

    /// How many bytes are surely output, and where the line feed of a complete marker is.
    fn scan(&self) -> (usize, Option<usize>) {
        let mut from = 0;
        while let Some(at) = self.raw[from..].iter().position(|byte| *byte == b'\n') {
            let at = from + at;
            let rest = &self.raw[at..];
            if let Some(tail) = rest.strip_prefix(self.marker.as_slice()) {
                let end = tail.iter().position(|byte| *byte == b'\n');
                return (at, end.map(|end| at + self.marker.len() + end));
            }
            if self.marker.starts_with(rest) {
                return (at, None);
            }
            from = at + 1;
        }
        (self.raw.len(), None)
    }

    fn take(&mut self) -> Option<(String, Vec<u8>)> {
        Some((self.tail.take()?, std::mem::take(&mut self.body)))
    }

    fn drain(&mut self) -> Vec<u8> {
        let mut all = std::mem::take(&mut self.body);
        all.append(&mut self.raw);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(chunks: &[(Stream, &[u8])]) -> Vec<Frame> {
        let mut frames = Frames::new("NONCE");
        let mut found = Vec::new();
        for (stream, bytes) in chunks {
            for byte in bytes.chunks(1) {
                frames.feed(*stream, byte);
                found.extend(frames.next(&mut |_, _| ()));
            }
        }
        found
    }

    #[test]
    fn frames_are_cut_even_byte_by_byte() {
        let frames = decode(&[
            (Stream::Stdout, b"a\n\nNONCE 1 7 10.00 12.50\nb\0\n\nNONCE 2 0 - -\n"),
            (Stream::Stderr, b"\nNONCE 1\n\nNONC\nNONCE 2\n"),
        ]);
        assert_eq!(frames.len(), 2);
        assert_eq!((frames[0].seq, frames[0].code), (1, 7));
        assert_eq!(frames[0].ran, Some(Duration::from_millis(2500)));
        assert_eq!(frames[0].stdout, b"a\n");
        assert_eq!(frames[1].stdout, b"b\0\n");
        assert_eq!(frames[1].stderr, b"\nNONC");
        assert_eq!(frames[1].ran, None);
    }

    #[test]
    fn assignments_stand_before_timeout_and_odd_names_behind_it() {
        let command = Command::new(["docker", "run", "a b"]).env("K", "it's").env("a.b", "x y");
        assert_eq!(
            snippet(&command, 3, Timeout::Group),
            "__vnfctl_b; K='it'\\''s' timeout -k 5 120 env 'a.b=x y' docker run 'a b' </dev/null; \
             __vnfctl_e 3\n"
        );
        assert_eq!(
            line(&command, Timeout::Missing),
            "(K='it'\\''s' exec env 'a.b=x y' docker run 'a b')"
        );
    }

    #[test]
    fn deadlines_are_whole_seconds_and_never_none() {
        assert_eq!(whole_seconds(Duration::ZERO), 1);
        assert_eq!(whole_seconds(Duration::from_millis(1001)), 2);
        assert_eq!(whole_seconds(Duration::from_secs(30)), 30);
    }
}
