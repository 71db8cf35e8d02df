//! One command for a node, as a value: argv, environment, stdin, deadline, accepted exit codes.
//!
//! A command prints itself as one shell line; this is the only quoting in the program. It must
//! not run anything.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

/// One word of a command. An engine's scripts are static, and thousands of steps share them.
pub type Word = Cow<'static, str>;

/// What a command reads from its standard input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Stdin {
    /// Nothing: `/dev/null`.
    #[default]
    Empty,
    /// A text without NUL bytes, delivered byte for byte.
    Text(String),
    /// The content of a file on the operator's machine; takes a channel of its own.
    File(PathBuf),
    /// A tar archive of these, in this order, each owned by root and as old as the epoch; takes a
    /// channel of its own.
    Archive(Vec<Member>),
    /// What another command prints on another node, relayed through the operator's machine. Where
    /// it fails or is cut short, this command is ended and fails: it never sees the end of input.
    Node {
        /// Name of that node.
        node: String,
        /// How a person's `ssh` gets there: `[-p PORT] [user@]host`, or the node's name.
        address: String,
        /// What runs there.
        command: Box<Command>,
    },
}

impl Stdin {
    /// Whether it takes a channel of its own.
    pub fn is_bulk(&self) -> bool {
        matches!(self, Self::File(_) | Self::Archive(_) | Self::Node { .. })
    }
}

/// One member of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its path in the archive, relative, without `.` and `..`. Folders above it need no member.
    pub path: String,
    /// Permissions; those of a link say nothing.
    pub mode: u32,
    /// What it is.
    pub content: MemberContent,
}

/// What a member of an archive is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberContent {
    /// A folder.
    Folder,
    /// A file with this text.
    Text(String),
    /// A file with the content of one on the operator's machine.
    File(PathBuf),
    /// A symbolic link to there.
    Link(String),
}

/// A value that may be executed but never shown. It is shown as `"${NAME:?}"`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Secret {
    /// A shell variable name that stands for the value in everything printed.
    pub name: String,
    /// The value itself.
    pub value: String,
}

/// A command as it will run on a node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// Program and arguments; never empty.
    pub argv: Vec<Word>,
    /// Variables set for this command only. Set by the shell, so values do not appear in argv.
    pub env: Vec<(String, String)>,
    /// Standard input.
    pub stdin: Stdin,
    /// How long it may take on the node; `None` = no limit (interactive, followed logs).
    pub deadline: Option<Duration>,
    /// Exit codes besides 0 that count as success.
    pub accept: Vec<i32>,
    /// Values hidden by [`Command::display`].
    pub secrets: Vec<Secret>,
    /// What is run instead where this one ends with an exit code that is no success.
    pub otherwise: Option<Box<Self>>,
}

/// The deadline of a command that names none: longer than any engine call that is not hung.
pub const DEFAULT_DEADLINE: Duration = Duration::from_mins(2);

impl Command {
    /// A command with its arguments and the default deadline.
    pub fn new<I, S>(argv: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        Self::of(argv.into_iter().map(|word| Word::Owned(word.into())).collect())
    }

    fn of(argv: Vec<Word>) -> Self {
        Self { argv, deadline: Some(DEFAULT_DEADLINE), ..Self::default() }
    }

    /// A POSIX shell script; `args` are its `$1`, `$2` and so on.
    pub fn sh<I, S>(script: impl Into<Word>, args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        let head = ["sh".into(), "-c".into(), script.into(), "vnfctl".into()];
        let args = args.into_iter().map(|arg| Word::Owned(arg.into()));
        Self::of(head.into_iter().chain(args).collect())
    }

    /// Sets one environment variable for the command.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Feeds `text` to standard input.
    #[must_use]
    pub fn stdin(mut self, text: impl Into<String>) -> Self {
        self.stdin = Stdin::Text(text.into());
        self
    }

    /// Sets the deadline.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Counts `codes` as success besides 0.
    #[must_use]
    pub fn accept(mut self, codes: &[i32]) -> Self {
        self.accept.extend_from_slice(codes);
        self
    }

    /// Hides the values of `secrets` in everything shown.
    #[must_use]
    pub fn hide(mut self, secrets: &[Secret]) -> Self {
        self.secrets.extend_from_slice(secrets);
        self
    }

    /// Reads what `command` prints on `node`.
    #[must_use]
    pub fn fed_by(mut self, node: &str, command: Self) -> Self {
        let (address, node) = (node.to_owned(), node.to_owned());
        self.stdin = Stdin::Node { node, address, command: Box::new(command) };
        self
    }

    /// What is run where this one fails.
    #[must_use]
    pub fn otherwise(mut self, command: Self) -> Self {
        self.otherwise = Some(Box::new(command));
        self
    }

    /// Whether `code` is success for this command.
    pub fn accepts(&self, code: i32) -> bool {
        code == 0 || self.accept.contains(&code)
    }

    /// Environment assignments and argv as shell words, secrets in clear, without stdin: what the
    /// transport feeds to a node's shell.
    pub fn words(&self) -> String {
        self.render(&[])
    }

    /// The command as a person may paste it: secrets hidden, stdin included.
    pub fn display(&self) -> String {
        let words = self.render(&self.secrets);
        let line = match &self.stdin {
            Stdin::Empty => words,
            Stdin::Text(text) => {
                format!("printf %s {} | {words}", quote_hiding(text, &self.secrets))
            }
            Stdin::File(path) => format!("{words} < {}", quote(&path.to_string_lossy())),
            Stdin::Archive(members) => format!("{} | {words}", packed(members, &self.secrets)),
            Stdin::Node { address, command, .. } => {
                format!("ssh {address} {} | {words}", quote(&command.display()))
            }
        };
        match &self.otherwise {
            None => line,
            Some(other) => format!("{line} || {{ {} ; }}", other.display()),
        }
    }

    fn render(&self, secrets: &[Secret]) -> String {
        let env =
            self.env.iter().map(|(name, value)| format!("{name}={}", quote_hiding(value, secrets)));
        let argv = self.argv.iter().map(|word| quote_hiding(word, secrets));
        env.chain(argv).collect::<Vec<_>>().join(" ")
    }
}

/// Quotes one word for a POSIX shell; plain words stay as they are.
///
/// The word must not contain NUL (the model refuses it before any command is made).
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Whether `name` can be a shell variable.
pub fn is_variable_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What prints the archive, by GNU tar: the same members, made in a folder that goes.
fn packed(members: &[Member], secrets: &[Secret]) -> String {
    let mut text = "(t=$(mktemp -d) && cd \"$t\"".to_owned();
    for Member { path, mode, content } in members {
        let at = quote_hiding(path, secrets);
        let folder = path.rsplit_once('/').map(|(folder, _)| quote_hiding(folder, secrets));
        let made = match content {
            MemberContent::Folder => None,
            _ => folder.map(|folder| format!("mkdir -p {folder} && ")),
        };
        let made = made.unwrap_or_default();
        let one = match content {
            MemberContent::Folder => format!("mkdir -p {at} && chmod {mode:o} {at}"),
            MemberContent::Text(text) => {
                let text = quote_hiding(text, secrets);
                format!("{made}printf %s {text} >{at} && chmod {mode:o} {at}")
            }
            MemberContent::File(file) => {
                let file = quote_hiding(&file.to_string_lossy(), secrets);
                format!("{made}(cd \"$OLDPWD\" && cat {file}) >{at} && chmod {mode:o} {at}")
            }
            MemberContent::Link(to) => format!("{made}ln -s {} {at}", quote_hiding(to, secrets)),
        };
        text = text + " && " + &one;
    }
    let owner = "--owner=0 --group=0 --numeric-owner";
    text + " && tar --sort=name --mtime=@0 " + owner + " -cf - . ; rm -rf \"$t\")"
}

fn quote_hiding(word: &str, secrets: &[Secret]) -> String {
    let found = secrets
        .iter()
        .filter(|secret| !secret.value.is_empty())
        .filter_map(|secret| Some((word.find(&secret.value)?, secret)))
        .min_by_key(|(at, secret)| (*at, std::cmp::Reverse(secret.value.len())));
    let Some((at, secret)) = found else {
        return quote(word);
    };
    let part = |text: &str| {
        if text.is_empty() { String::new() } else { quote_hiding(text, secrets) }
    };
    format!(
        "{}\"${{{}:?}}\"{}",
        part(&word[..at]),
        secret.name,
        part(&word[at + secret.value.len()..])
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn display_shows_env_argv_and_stdin() {
        let command = Command::new(["docker", "run", "a b"]).env("K", "it's").stdin("x\n");
        assert_eq!(command.display(), "printf %s 'x\n' | K='it'\\''s' docker run 'a b'");
    }

    #[test]
    fn display_pipes_what_comes_from_another_node_and_tells_what_else_is_tried() {
        let save = Command::new(["docker", "save", "a b"]);
        let load = Command::new(["docker", "load"]).fed_by("DUT1", save);
        let load = Command::new(["docker", "pull", "x"]).otherwise(load);
        let shown = r"docker pull x || { ssh DUT1 'docker save '\''a b'\''' | docker load ; }";
        assert_eq!(load.display(), shown);
    }

    #[test]
    fn a_secret_is_shown_as_a_reference_wherever_it_stands() {
        let secret = Secret { name: "PW".into(), value: "hunter2".into() };
        let command = Command::new(["login", "--pw=hunter2!"]).stdin("hunter2").hide(&[secret]);
        assert_eq!(command.display(), "printf %s \"${PW:?}\" | login --pw=\"${PW:?}\"'!'");
        assert!(command.words().contains("hunter2"));
    }

    #[test]
    fn an_archive_is_shown_as_what_makes_it() {
        let member = |path: &str, mode, content| Member { path: path.into(), mode, content };
        let members = vec![
            member("a/b c", 0o755, MemberContent::Text("it's\n".into())),
            member("a/l", 0, MemberContent::Link("b c".into())),
            member("e", 0o700, MemberContent::Folder),
        ];
        let stdin = Stdin::Archive(members);
        let command = Command { stdin, ..Command::new(["tar", "-tvf", "-"]) };
        let output = through_shell_line(&command.display());
        let lines: Vec<Vec<&str>> =
            output.lines().map(|line| line.split_whitespace().collect()).collect();
        let modes: Vec<&str> = lines.iter().map(|words| words[0]).collect();
        assert_eq!(&modes[1..], ["drwxr-xr-x", "-rwxr-xr-x", "lrwxrwxrwx", "drwx------"]);
        assert_eq!((lines[2][2], lines[2][5..].join(" ").as_str()), ("5", "./a/b c"), "{output}");
    }

    #[expect(clippy::disallowed_methods, reason = "the claim is about a real shell")]
    fn through_shell_line(line: &str) -> String {
        let script = format!("umask 022; {line}");
        let output = std::process::Command::new("sh").arg("-c").arg(script).output();
        String::from_utf8(output.expect("sh runs").stdout).expect("utf-8 in, utf-8 out")
    }

    #[expect(clippy::disallowed_methods, reason = "the claim is about a real shell")]
    fn through_shell(text: &str) -> String {
        let script = format!("printf %s {}", quote(text));
        let output = std::process::Command::new("sh").arg("-c").arg(script).output();
        String::from_utf8(output.expect("sh runs").stdout).expect("utf-8 in, utf-8 out")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn quoting_survives_a_real_shell(text in "[^\0]{0,40}") {
            prop_assert_eq!(through_shell(&text), text);
        }
    }
}
