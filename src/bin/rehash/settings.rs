//! Where the service's options come from: the command line before the environment before the file of `--config`. What a
//! nearer place says silences a farther one, also where it says the opposite under another name.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Command, CommandFactory as _, FromArgMatches as _};

use crate::args::Args;
use crate::output::{Failure, printable};

/// Reads the command line, with what belongs to it.
pub fn parse(args: Vec<OsString>) -> Result<Args, Failure> {
    let command = without_farther_store(without_empty_variables(Args::command()), &args);
    let is_serve = args.get(1).and_then(|arg| arg.to_str()) == Some("serve");
    let Some(serve) = command.find_subcommand("serve").filter(|_| is_serve) else {
        return read(command, args);
    };
    let silenced: Vec<String> = serve
        .get_arguments()
        .filter(|arg| {
            // A flag that the environment says is not set would still exclude its opposite.
            let is_unset = is_in_environment(arg) && !is_set_in_environment(arg);
            is_unset || opposites(serve, arg).any(|opposite| is_on_command_line(opposite, &args))
        })
        .map(|arg| arg.get_id().to_string())
        .collect();
    let args = with_file(serve, args)?;
    let command = command.mut_subcommand("serve", |serve| {
        // In the environment a flag is as other programs' flags are, 1 and 0 too.
        let serve = serve.mut_args(|arg| if is_flag(&arg) { arg.value_parser(BoolishValueParser::new()) } else { arg });
        silenced.into_iter().fold(serve, |serve, id| serve.mut_arg(id, |arg| arg.env(None::<&str>)))
    });
    read(command, args)
}

/// A variable that is there and empty says nothing: that is how files of services and containers write "not given".
fn without_empty_variables(command: Command) -> Command {
    let silenced = |arg: Arg| {
        let is_empty = arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        if is_empty { arg.env(None::<&str>) } else { arg }
    };
    command.mut_args(silenced).mut_subcommands(without_empty_variables)
}

/// The command line says where the store is by a URL or by a file that holds one; the environment's other way is then silent.
fn without_farther_store(command: Command, args: &[OsString]) -> Command {
    let is_given = |name: &str| {
        let given = |text: &str| text.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
        args.iter().take_while(|arg| *arg != "--").filter_map(|arg| arg.to_str()).any(given)
    };
    match (is_given("--store"), is_given("--store-file")) {
        (true, false) => without_variable(command, "store-file"),
        (false, true) => without_variable(command, "store"),
        _ => command,
    }
}

fn without_variable(command: Command, long: &'static str) -> Command {
    let silenced = |arg: Arg| if arg.get_long() == Some(long) { arg.env(None::<&str>) } else { arg };
    command.mut_args(silenced).mut_subcommands(|inner| without_variable(inner, long))
}

fn read(command: Command, args: Vec<OsString>) -> Result<Args, Failure> {
    let matches = command.get_matches_from(args);
    Args::from_arg_matches(&matches).map_err(|error| error.exit())
}

/// The arguments that exclude this one.
fn opposites<'c>(serve: &'c Command, arg: &'c Arg) -> impl Iterator<Item = &'c Arg> {
    serve.get_arguments().filter(move |other| {
        let excludes =
            |one, other: &Arg| serve.get_arg_conflicts_with(one).iter().any(|arg| arg.get_id() == other.get_id());
        other.get_id() != arg.get_id() && (excludes(arg, other) || excludes(other, arg))
    })
}

fn is_flag(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue)
}

fn is_on_command_line(arg: &Arg, args: &[OsString]) -> bool {
    let long = arg.get_long().map(|long| format!("--{long}"));
    args.iter().skip(2).filter_map(|text| text.to_str()).any(|text| {
        let is_long = long
            .as_deref()
            .is_some_and(|long| text.strip_prefix(long).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')));
        let is_short =
            || arg.get_short().is_some_and(|short| text.starts_with(&['-', short].iter().collect::<String>()));
        is_long || is_short()
    })
}

/// Whether the environment says something of it; of a flag that it is not set is nothing against another.
fn is_in_environment(arg: &Arg) -> bool {
    arg.get_env().is_some_and(|variable| std::env::var_os(variable).is_some())
}

fn is_set_in_environment(arg: &Arg) -> bool {
    let value = arg.get_env().and_then(std::env::var_os);
    let is_no =
        |value: &OsString| ["", "0", "f", "false", "n", "no", "off"].iter().any(|no| value.to_ascii_lowercase() == *no);
    value.is_some_and(|value| !is_flag(arg) || !is_no(&value))
}

/// The command line with what the file of `--config` says added to it, where neither it nor the environment says otherwise.
fn with_file(serve: &Command, args: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    let Some(path) = config_path(&args) else { return Ok(args) };
    let shown = printable(&path.display().to_string());
    let text = fs::read_to_string(&path).map_err(|error| Failure::usage(format!("--config {shown}: {error}")))?;
    let bad = |line: usize, why: &str| Failure::usage(format!("--config {shown}: line {line}: {why}"));
    // Only the place and the words: what stands there can be a secret.
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().map_or("", |span| text.get(..span.start).unwrap_or_default());
        bad(before.matches('\n').count() + 1, error.message())
    })?;
    let mut all = args.clone();
    for (key, value) in table {
        let name = key.replace('_', "-");
        let bad = |why: &str| bad(line_of(&text, &key), &format!("{}: {why}", printable(&key)));
        let known = serve.get_arguments().find(|arg| arg.get_long() == Some(name.as_str()));
        let Some(arg) = known.filter(|_| name != "config") else {
            return Err(bad("is no option of rehash serve that can stand here"));
        };
        let given = values(arg, &value).map_err(bad)?;
        let is_silenced = is_on_command_line(arg, &args)
            || is_in_environment(arg)
            || opposites(serve, arg).any(|other| is_on_command_line(other, &args) || is_set_in_environment(other));
        if !is_silenced {
            let option = |value: Option<String>| value.map_or(format!("--{name}"), |value| format!("--{name}={value}"));
            all.extend(given.into_iter().map(|value| option(value).into()));
        }
    }
    Ok(all)
}

/// The values with which an option is to be given; a flag has none.
fn values(arg: &Arg, value: &toml::Value) -> Result<Vec<Option<String>>, &'static str> {
    use toml::Value::{Array, Boolean, Integer, String};
    match value {
        Boolean(is_set) if is_flag(arg) => Ok(if *is_set { vec![None] } else { Vec::new() }),
        _ if is_flag(arg) => Err("is true or false"),
        String(text) => Ok(vec![Some(text.clone())]),
        Integer(number) => Ok(vec![Some(number.to_string())]),
        Array(values) => {
            let text = |value: &toml::Value| value.as_str().map(|text| Some(text.to_owned()));
            values.iter().map(|value| text(value).ok_or("a list holds texts")).collect()
        }
        _ => Err("is a text, a number or a list of texts"),
    }
}

/// The line that begins with a key, counted from one.
fn line_of(text: &str, key: &str) -> usize {
    let begins = |line: &str| line.trim_start().trim_start_matches(['"', '\'', '[']).trim_start().starts_with(key);
    text.lines().position(begins).map_or(1, |at| at + 1)
}

fn config_path(args: &[OsString]) -> Option<PathBuf> {
    let mut rest = args[2..].iter();
    while let Some(arg) = rest.next() {
        match arg.to_str() {
            Some("--config") => return rest.next().map(PathBuf::from),
            Some(arg) => {
                if let Some(path) = arg.strip_prefix("--config=") {
                    return Some(path.into());
                }
            }
            None => {}
        }
    }
    std::env::var_os("REHASH_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from)
}
