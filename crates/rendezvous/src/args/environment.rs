//! An environment variable behind every flag, by walking the declaration: none can be forgotten.

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Command};

/// What the name of every variable begins with.
const PREFIX: &str = "RENDEZVOUS";

/// Gives every flag of `command` and its sub-commands a variable: `RENDEZVOUS_LOG_FORMAT` for one
/// of every sub-command, `RENDEZVOUS_CENTER_LISTEN` for one of a role. The tasks of `admin` share
/// `RENDEZVOUS_ADMIN_…`: a flag means the same in all of them.
pub(super) fn with_variables(command: Command) -> Command {
    let roles: Vec<String> =
        command.get_subcommands().map(|role| role.get_name().to_owned()).collect();
    let command = command.mut_args(|flag| with_variable(flag, PREFIX));
    roles.iter().fold(command, |command, name| {
        let prefix = format!("{PREFIX}_{}", shouted(name));
        command.mut_subcommand(name, |role| with_prefix(role, &prefix))
    })
}

fn with_prefix(command: Command, prefix: &str) -> Command {
    let tasks: Vec<String> =
        command.get_subcommands().map(|task| task.get_name().to_owned()).collect();
    let command = command.mut_args(|flag| with_variable(flag, prefix));
    tasks.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |task| with_prefix(task, prefix))
    })
}

/// `command` as if no variable were set: a test never reads those of whoever runs it.
#[cfg(test)]
pub(super) fn without_variables(command: Command) -> Command {
    let inner: Vec<String> =
        command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    let command = command.mut_args(|flag| flag.env(None::<&str>));
    inner.iter().fold(command, |command, name| command.mut_subcommand(name, without_variables))
}

fn with_variable(flag: Arg, prefix: &str) -> Arg {
    let Some(long) = flag.get_long() else { return flag };
    let name = format!("{prefix}_{}", shouted(long));
    let flag = match flag.get_action() {
        // true, false, 1, 0 (and yes, no, on, off): without it, only the first two.
        ArgAction::SetTrue => flag.value_parser(BoolishValueParser::new()),
        _ => flag,
    };
    flag.env(name).hide_env_values(true)
}

fn shouted(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}
