//! `rendezvous.toml`: its values become the defaults of the flags of the same name, so that a flag
//! wins over the environment, and the environment over the file. Everything here is made from the
//! declaration in `args`: what can be set, what is a good value, and the commented default.

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command};
use protocol::files::FileMistake;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::args::{ConfigFile, NO_SETTINGS};
use crate::input::{self, BadInput};

/// The file that is read when no other is named, if it is there.
const FILE_NAME: &str = "rendezvous.toml";

/// The largest configuration file, in bytes.
const FILE_BYTES_MAX: usize = 1_024 * 1_024;

/// `command` with the values of a configuration file as its defaults: those of `file`, or without
/// one of `rendezvous.toml` in the working folder, if there is one.
///
/// # Errors
/// When the file is missing though it was named, or holds anything that is not a setting.
pub(crate) fn with_file(command: Command, file: Option<&ConfigFile>) -> Result<Command, BadInput> {
    let path = match file {
        Some(ConfigFile::None) => return Ok(command),
        Some(ConfigFile::At(path)) => path.clone(),
        None => PathBuf::from(FILE_NAME),
    };
    let bytes = match input::read(&path, "a configuration file") {
        Err(missing) if file.is_none() && missing.is_missing() => return Ok(command),
        read => read?,
    };
    if bytes.len() > FILE_BYTES_MAX {
        let message = format!("is larger than {FILE_BYTES_MAX} bytes, expected settings");
        return Err(BadInput::of_file(&path, message));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| BadInput::of_file(&path, "is not UTF-8, expected a TOML file"))?;
    with_settings(command, &text, &path)
}

/// `command` with the values of `text`, the contents of `path`, as its defaults.
fn with_settings(mut command: Command, text: &str, path: &Path) -> Result<Command, BadInput> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mistake = |span: Range<usize>, message: String| {
        BadInput::in_file(path, mistake_at(text, span.start, message))
    };
    let table = DeTable::parse(text).map_err(|error| {
        let wrong = error.message().replace('\n', ", ");
        mistake(error.span().unwrap_or_default(), wrong)
    })?;
    for (key, value) in in_file_order(table.get_ref()) {
        let name = key.get_ref();
        if let DeValue::Table(settings) = value.get_ref() {
            let role = command.find_subcommand(name.as_ref()).filter(|role| is_role(role));
            let Some(role) = role else {
                let known = names(command.get_subcommands().filter(|r| is_role(r)), "[", "]");
                return Err(mistake(
                    key.span(),
                    format!("[{name}] is not a table of settings, expected one of {known}"),
                ));
            };
            let changed = with_defaults(role.clone(), settings).map_err(|(s, m)| mistake(s, m))?;
            command = command.mut_subcommand(name.as_ref(), |_| changed);
        } else {
            let setting = default_of(&command, key, value).map_err(|(s, m)| mistake(s, m))?;
            command = setting.apply(command);
        }
    }
    Ok(command)
}

type Wrong = (Range<usize>, String);

/// A default to be: the flag's id, and its values.
struct Setting {
    id: String,
    values: Vec<String>,
}

impl Setting {
    fn apply(self, command: Command) -> Command {
        command.mut_arg(&self.id, |flag| flag.default_values(self.values))
    }
}

fn with_defaults(mut role: Command, settings: &DeTable<'_>) -> Result<Command, Wrong> {
    for (key, value) in in_file_order(settings) {
        let setting = default_of(&role, key, value)?;
        role = setting.apply(role);
    }
    Ok(role)
}

fn in_file_order<'a, 'i>(
    table: &'a DeTable<'i>,
) -> Vec<(&'a Spanned<toml::de::DeString<'i>>, &'a Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn default_of(
    command: &Command,
    key: &Spanned<toml::de::DeString<'_>>,
    value: &Spanned<DeValue<'_>>,
) -> Result<Setting, Wrong> {
    let name = key.get_ref().as_ref();
    let Some(flag) = settings_of(command).find(|flag| flag.get_long() == Some(name)) else {
        let known: Vec<&str> = settings_of(command).filter_map(Arg::get_long).collect();
        let message = format!("{name} is not a setting, expected one of {}", known.join(", "));
        return Err((key.span(), message));
    };
    let items: Vec<&Spanned<DeValue<'_>>> = match value.get_ref() {
        DeValue::Array(items) if matches!(flag.get_action(), ArgAction::Append) => {
            items.iter().collect()
        }
        _ => vec![value],
    };
    let mut values = Vec::with_capacity(items.len());
    for item in items {
        let text = word(flag, item.get_ref()).map_err(|wrong| (item.span(), wrong))?;
        try_value(flag, &text).map_err(|why| (item.span(), format!("{name} {text:?} {why}")))?;
        values.push(text);
    }
    Ok(Setting { id: flag.get_id().to_string(), values })
}

/// The value as it would be typed.
fn word(flag: &Arg, value: &DeValue<'_>) -> Result<String, String> {
    let name = flag.get_long().unwrap_or_default();
    let is_switch = matches!(flag.get_action(), ArgAction::SetTrue);
    match value {
        DeValue::Boolean(on) if is_switch => Ok(on.to_string()),
        _ if is_switch => Err(format!("{name} is a {}, expected true or false", value.type_str())),
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
        _ if matches!(flag.get_action(), ArgAction::Append) => {
            Err(format!("{name} is a {}, expected a list of strings", value.type_str()))
        }
        _ => Err(format!("{name} is a {}, expected a string or a number", value.type_str())),
    }
}

/// Lets the flag's own parser look at `text`; `Err` says what it thinks.
fn try_value(flag: &Arg, text: &str) -> Result<(), String> {
    if matches!(flag.get_action(), ArgAction::SetTrue) {
        return Ok(());
    }
    let alone = flag.clone().env(Resettable::Reset).global(false).allow_hyphen_values(true);
    let long = alone.get_long().unwrap_or_default().to_owned();
    let trial = Command::new("trial").no_binary_name(true).arg(alone);
    let Err(error) = trial.try_get_matches_from([format!("--{long}"), text.to_owned()]) else {
        return Ok(());
    };
    if let Some(source) = std::error::Error::source(&error) {
        return Err(source.to_string());
    }
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(words)) => {
            Err(format!("is not a choice, expected {}", words.join(" or ")))
        }
        _ => Err("is not a good value".to_owned()),
    }
}

/// The flags that are settings: all but the hidden, those of one occasion, and `--config` itself.
fn settings_of(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|flag| {
        let own =
            flag.get_long().is_some_and(|long| !matches!(long, "config" | "help" | "version"));
        own && !flag.is_hide_set()
            && flag.get_help_heading().is_none_or(|heading| !NO_SETTINGS.contains(&heading))
    })
}

/// Whether a sub-command has settings: `config` and its like have none.
fn is_role(command: &Command) -> bool {
    matches!(command.get_name(), "simulate" | "center" | "doctor" | "patient" | "admin")
}

fn names<'a>(commands: impl Iterator<Item = &'a Command>, before: &str, after: &str) -> String {
    let names: Vec<String> =
        commands.map(|command| format!("{before}{}{after}", command.get_name())).collect();
    names.join(", ")
}

fn mistake_at(text: &str, offset: usize, message: String) -> FileMistake {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
    FileMistake {
        line: count(before.matches('\n').count()),
        column: count(before[line_start..].chars().count()),
        message,
    }
}

/// A `rendezvous.toml` with every setting of `command` and its default, all commented out.
pub(crate) fn commented_default(command: &Command) -> String {
    let mut text = "\
## Settings of rendezvous. Take a \"# \" away in front of a table and a setting to change it.
## A flag wins over an environment variable, and that over this file.
"
    .to_owned();
    describe(&mut text, command);
    for role in command.get_subcommands().filter(|role| is_role(role)) {
        let about = role.get_about().map(ToString::to_string).unwrap_or_default();
        text.push_str(&format!("\n## {about}\n# [{}]\n", role.get_name()));
        describe(&mut text, role);
    }
    text
}

fn describe(text: &mut String, command: &Command) {
    for flag in settings_of(command) {
        let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
        let defaults: Vec<&str> =
            flag.get_default_values().iter().filter_map(|value| value.to_str()).collect();
        let note = if defaults.is_empty() && !is_switch(flag) { " (an example:)" } else { "" };
        let long = flag.get_long().unwrap_or_default();
        let value = default_text(flag, &defaults);
        text.push_str(&format!("\n## {help}{note}\n# {long} = {value}\n"));
    }
}

fn is_switch(flag: &Arg) -> bool {
    matches!(flag.get_action(), ArgAction::SetTrue)
}

/// The default as TOML; for a flag without one, an example.
fn default_text(flag: &Arg, defaults: &[&str]) -> String {
    if is_switch(flag) {
        return "false".to_owned();
    }
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    match defaults {
        [number] if is_number(number) => (*number).to_owned(),
        [text] => format!("{text:?}"),
        _ => {
            let value_name = flag.get_value_names().and_then(|names| names.first());
            example(value_name.map_or("", |name| name.as_str())).to_owned()
        }
    }
}

/// A good value, as TOML, for what a flag calls its value.
fn example(value_name: &str) -> &'static str {
    match value_name {
        "DIR" => "\"input\"",
        "FILE" => "\"file.txt\"",
        "FILTER" => "\"info\"",
        "STORE" => "\"sqlite:clinic.db\"",
        "IANA" => "\"Europe/Berlin\"",
        "ADDR" => "\"127.0.0.1:0\"",
        "HOST:PORT" => "\"clinic.example:21000\"",
        "[IP][:PORT]" => "\":41000\"",
        "NAME=ADDR" => "[\"doc1=127.0.0.1:41001\"]",
        "NAME=N" => "[\"patient1=2\"]",
        "N" => "1",
        "CIDR" => "[\"192.0.2.0/24\"]",
        "PLAN" => "\"insurance1\"",
        _ => "\"\"",
    }
}
