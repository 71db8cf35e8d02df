//! Words and environment become a [`Cli`].

use super::values::{machine_file, variable};
use super::{Cli, Global};
use crate::command::quote;
use clap::builder::Resettable;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, CommandFactory, FromArgMatches};
use std::ffi::OsString;
use std::path::PathBuf;

/// The grammar: the global options stand before the verb and after it.
///
/// clap's own `global = true` would let `-t b` after the verb silently replace `-t a` before it,
/// so each verb gets copies of the global options and [`parse`] merges the two places.
pub fn command() -> Command {
    let with_globals = |verb: Command| {
        let heading = Global::augment_args(Command::new("globals"));
        verb.args(heading.get_arguments().cloned().collect::<Vec<_>>())
    };
    // One sentence of vnfctl(1) names all variables; a note at each option would bury the rest.
    let quiet = |arg: clap::Arg| arg.hide_env(true);
    Cli::command().mut_args(quiet).mut_subcommands(|verb| with_globals(verb).mut_args(quiet))
}

/// Reads the command line, program name first. Errors are clap's own: help and version are among
/// them, with exit code 0; mistakes have exit code 2.
pub fn parse<I, W>(words: I) -> Result<Cli, clap::Error>
where
    I: IntoIterator<Item = W>,
    W: Into<OsString> + Clone,
{
    let mut grammar = without_empty_variables(command());
    let matches = grammar.try_get_matches_from_mut(words)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    let Some((_, verb_matches)) = matches.subcommand() else {
        return Ok(cli);
    };
    let after = Global::from_arg_matches(verb_matches)?;
    cli.global = merge(cli.global, after, &matches, verb_matches);
    split_variables(&mut cli, &matches, verb_matches)
        .map_err(|reason| grammar.error(ErrorKind::ValueValidation, reason))?;
    settle_on_error(&mut cli, verb_matches);
    let files = is_typed(&matches, "topologies") || is_typed(verb_matches, "topologies");
    if files && is_typed(verb_matches, "hosts") {
        let reason = "give the nodes by --topology or by --host, not by both";
        return Err(grammar.error(ErrorKind::ArgumentConflict, reason));
    }
    // `--host` alone means something to verbs without `--name`; elsewhere it would be ignored.
    let given = |id: &str| source(verb_matches, id).is_some();
    if verb_matches.try_contains_id("name").is_ok() && given("hosts") && !given("name") {
        let reason = "--host looks for what a topology owns: name it by --name";
        return Err(grammar.error(ErrorKind::MissingRequiredArgument, reason));
    }
    Ok(cli)
}

/// The words of a command line as they can be typed again; values of `--set` are left out, for
/// they may be secret.
pub fn typed<I: IntoIterator<Item = OsString>>(words: I) -> String {
    let hide = |pair: &str| format!("{}=...", pair.split('=').next().unwrap_or_default());
    let mut is_value = false;
    let words = words.into_iter().map(|word| {
        let word = word.to_string_lossy();
        let shown = match word.strip_prefix("--set=") {
            Some(pair) => format!("--set={}", hide(pair)),
            None if is_value => hide(&word),
            None => word.to_string(),
        };
        is_value = word == "--set";
        quote(&shown)
    });
    words.collect::<Vec<_>>().join(" ")
}

/// An empty variable counts as absent, as most programs have it.
fn without_empty_variables(command: Command) -> Command {
    let forget = |arg: clap::Arg| {
        if arg.get_env().is_some_and(is_empty_variable) { arg.env(Resettable::Reset) } else { arg }
    };
    command.mut_args(forget).mut_subcommands(|verb| verb.mut_args(forget))
}

#[expect(clippy::disallowed_methods, reason = "the command line owns the VNFCTL_ variables")]
fn is_empty_variable(name: &std::ffi::OsStr) -> bool {
    std::env::var_os(name).is_some_and(|value| value.is_empty())
}

fn is_typed(matches: &ArgMatches, id: &str) -> bool {
    source(matches, id) == Some(ValueSource::CommandLine)
}

/// Where a value comes from; `None` also when the verb has no such option.
fn source(matches: &ArgMatches, id: &str) -> Option<ValueSource> {
    matches.try_contains_id(id).ok().and_then(|_| matches.value_source(id))
}

/// What stands after the verb wins; repeatable options add up.
fn merge(before: Global, after: Global, first: &ArgMatches, second: &ArgMatches) -> Global {
    fn later<T>(id: &str, second: &ArgMatches, before: T, after: T) -> T {
        if is_typed(second, id) { after } else { before }
    }
    fn both<T>(id: &str, matches: [&ArgMatches; 2], before: Vec<T>, after: Vec<T>) -> Vec<T> {
        match matches.map(|matches| is_typed(matches, id)) {
            [true, true] => before.into_iter().chain(after).collect(),
            [false, true] => after,
            [_, false] => before,
        }
    }
    // `-q` before the verb and `-v` after it, or the other way round: the later one counts.
    let quiet = is_typed(second, "quiet") || before.quiet && !is_typed(second, "verbose");
    let verbose = is_typed(second, "verbose") || before.verbose && !is_typed(second, "quiet");
    Global {
        topologies: both("topologies", [first, second], before.topologies, after.topologies),
        variables: both("variables", [first, second], before.variables, after.variables),
        output: later("output", second, before.output, after.output),
        quiet,
        verbose,
        color: later("color", second, before.color, after.color),
        log: later("log", second, before.log, after.log),
        ssh_config: later("ssh_config", second, before.ssh_config, after.ssh_config),
        connect_timeout: later(
            "connect_timeout",
            second,
            before.connect_timeout,
            after.connect_timeout,
        ),
    }
}

/// Splits the variables of repeatable options whose separator must not split words of the line.
fn split_variables(cli: &mut Cli, first: &ArgMatches, second: &ArgMatches) -> Result<(), String> {
    let from_environment = |id: &str| {
        let sources = [first, second].map(|matches| source(matches, id));
        sources.contains(&Some(ValueSource::EnvVariable))
            && !sources.contains(&Some(ValueSource::CommandLine))
    };
    if from_environment("topologies") {
        cli.global.topologies = split_paths(&cli.global.topologies);
    }
    if from_environment("variables") {
        let text = cli.global.variables.iter().map(|pair| format!("{}={}", pair.name, pair.value));
        cli.global.variables = split_lines(text, variable, "VNFCTL_SET")?;
    }
    if from_environment("machines")
        && let Some(machines) = cli.verb.machines_mut()
    {
        let pairs = machines.machines.iter();
        let text = pairs.map(|pair| format!("{}={}", pair.nodes, pair.file.display()));
        machines.machines = split_lines(text, machine_file, "VNFCTL_MACHINE")?;
    }
    Ok(())
}

fn split_paths(joined: &[PathBuf]) -> Vec<PathBuf> {
    let paths = joined.iter().flat_map(std::env::split_paths);
    paths.filter(|path| !path.as_os_str().is_empty()).collect()
}

/// Reads each line that is not blank.
fn split_lines<T>(
    texts: impl Iterator<Item = String>,
    read: fn(&str) -> Result<T, String>,
    name: &str,
) -> Result<Vec<T>, String> {
    let mut values = Vec::new();
    for text in texts {
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            values.push(read(line).map_err(|why| format!("{name}: `{line}`: {why}"))?);
        }
    }
    Ok(values)
}

/// `--keep-going` on the line beats `VNFCTL_ON_ERROR`.
fn settle_on_error(cli: &mut Cli, matches: &ArgMatches) {
    if let Some(change) = cli.verb.change_mut()
        && is_typed(matches, "keep_going")
        && !is_typed(matches, "on_error")
    {
        change.on_error = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{OnError, Until, Verb};
    use crate::ui::Format;

    fn line(words: &str) -> Result<Cli, clap::Error> {
        parse(std::iter::once("vnfctl").chain(words.split_whitespace()))
    }

    #[test]
    fn the_grammar_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn every_option_has_its_own_variable() {
        for verb in command().get_subcommands() {
            for option in verb.get_arguments().filter(|option| option.get_long().is_some()) {
                let long = option.get_long().unwrap();
                if ["help", "version"].contains(&long) {
                    continue;
                }
                let expected = format!("VNFCTL_{}", long.replace('-', "_").to_uppercase());
                let found = option.get_env().and_then(std::ffi::OsStr::to_str);
                assert_eq!(found, Some(expected.as_str()), "{} --{long}", verb.get_name());
                assert!(option.get_help().is_some(), "{} --{long}", verb.get_name());
            }
        }
    }

    #[test]
    fn help_is_imperative_without_a_final_period() {
        let grammar = command();
        let verbs: Vec<_> = grammar.get_subcommands().collect();
        for verb in &verbs {
            let about = verb.get_about().unwrap().to_string();
            assert!(!about.ends_with('.'), "{about}");
        }
        for option in verbs.iter().flat_map(|verb| verb.get_arguments()) {
            let help = option.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.ends_with('.') && !help.is_empty(), "{}: {help}", option.get_id());
        }
    }

    #[test]
    fn global_options_stand_before_and_after_the_verb() {
        let cli = line("-t a.toml -o json -q up -t b.toml --set A=1 -v").unwrap();
        assert_eq!(cli.global.topologies, ["a.toml", "b.toml"].map(PathBuf::from));
        assert_eq!(cli.global.output, Format::Json);
        assert_eq!((cli.global.quiet, cli.global.verbose), (false, true));
        assert_eq!(cli.global.variables[0].name, "A");
        assert_eq!(line("-o json up -o table").unwrap().global.output, Format::Table);
    }

    #[test]
    fn a_selection_stands_beside_the_command_of_exec() {
        let cli = line("exec DUT1_* -g A,B --node DUT1 -- ls -l").unwrap();
        let Verb::Exec(exec) = cli.verb else { panic!("not exec") };
        assert_eq!(exec.selection.containers, ["DUT1_*"]);
        assert_eq!(exec.selection.groups, ["A", "B"]);
        assert_eq!(exec.command, ["ls", "-l"]);
        assert!(line("exec").is_err());
    }

    #[test]
    fn the_last_word_about_errors_counts() {
        let on_error = |words: &str| line(words).unwrap().verb.change_mut().unwrap().on_error();
        assert_eq!(on_error("up"), OnError::Stop);
        assert_eq!(on_error("up --keep-going"), OnError::KeepGoing);
        assert_eq!(on_error("up --keep-going --on-error rollback"), OnError::Rollback);
        assert_eq!(on_error("up --on-error rollback --keep-going"), OnError::KeepGoing);
    }

    #[test]
    fn mistakes_are_usage_errors() {
        for words in [
            "",
            "fly",
            "up --until lunch",
            "up -j 0",
            "up --timeout 0",
            "destroy --host a@b",
            "cpus --become none",
            "-t a.toml cpus --host a@b",
            "down --name x --become none",
            "-t a.toml down --name x --host a@b",
            "plan DUT1_VNF1",
            "check --dry-run",
            "up --set 1=2",
        ] {
            let code = line(words).err().map(|error| error.exit_code());
            assert_eq!(code, Some(2), "{words}");
        }
    }

    #[test]
    fn variables_of_repeatable_options_hold_several_values() {
        let paths = split_paths(&["a.toml:/b/c.toml:".into()]);
        assert_eq!(paths, ["a.toml", "/b/c.toml"].map(PathBuf::from));
        let texts = || std::iter::once("A=1\n\n  B=x=y\n".to_owned());
        let values = split_lines(texts(), variable, "VNFCTL_SET").unwrap();
        assert_eq!((values.len(), values[1].value.as_str()), (2, "x=y"));
        let wrong = split_lines(std::iter::once("A=1\n2".to_owned()), variable, "VNFCTL_SET");
        assert_eq!(wrong.unwrap_err(), "VNFCTL_SET: `2`: write it as NAME=value");
    }

    #[test]
    fn a_line_can_be_typed_again_without_its_secrets() {
        let words = ["vnfctl", "up", "DUT1_*", "--set", "A=b c", "--set=B=d", "-q"];
        let line = typed(words.map(OsString::from));
        assert_eq!(line, "vnfctl up 'DUT1_*' --set A=... --set=B=... -q");
    }

    #[test]
    fn examples_of_the_help_are_lines_that_parse() {
        let grammar = command();
        let mut seen = 0;
        for told in std::iter::once(&grammar).chain(grammar.get_subcommands()) {
            let after = told.get_after_long_help().or(told.get_after_help());
            let after = after.map(ToString::to_string).unwrap_or_default();
            for example in after.lines().filter_map(|line| line.strip_prefix("  vnfctl ")) {
                let example = example.split("  ").next().unwrap().split(" >").next().unwrap();
                let words = shlex::split(example).expect("an example is quoted soundly");
                let parsed = parse(std::iter::once("vnfctl".to_owned()).chain(words));
                assert!(parsed.is_ok(), "vnfctl {example}: {}", parsed.unwrap_err());
                seen += 1;
            }
        }
        assert!(seen > 15, "only {seen} examples found");
    }

    #[test]
    fn stages_are_ordered() {
        let Verb::Up(up) = line("up --until create").unwrap().verb else { panic!("not up") };
        assert!(up.until < Until::Verify && up.until > Until::Acquire);
    }
}
