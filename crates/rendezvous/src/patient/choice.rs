//! What a person, or a script, is asked: the password, and which slot.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::path::Path;

use anyhow::Context as _;
use domain::{Password, SlotIndex, UserName};
use protocol::{Offer, screen};

use super::Patient;
use crate::args::{PatientArgs, Select};
use crate::input::BadInput;
use crate::password;

/// The longest line that is read for a choice, in bytes.
const LINE_BYTES_MAX: u64 = 1_024;

/// Where the choice of a slot comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chooser {
    /// `--select N`.
    Given(SlotIndex),
    /// A person at a terminal, who is asked again when it is none of the list.
    Person,
    /// One line of standard input, from a script.
    Script,
    /// Nobody: the first slot, and when somebody else was faster, the next one.
    First,
}

impl Chooser {
    /// Who chooses, given what was said on the command line.
    pub(super) fn new(select: Option<Select>) -> Self {
        match select {
            Some(Select::Index(index)) => Self::Given(index),
            Some(Select::Stdin) => Self::Script,
            None if is_terminal() => Self::Person,
            None => Self::First,
        }
    }

    /// Whether somebody who finds the slot taken goes on to another.
    pub(super) fn chooses_again(self) -> bool {
        matches!(self, Self::First | Self::Person)
    }
}

/// Whether standard input will be read for the choice.
pub(super) fn reads_stdin(args: &PatientArgs) -> bool {
    args.select == Some(Select::Stdin) || (args.select.is_none() && is_terminal())
}

fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Asks for a password without echo; only on a terminal.
pub(super) fn ask_password(user: &UserName, folder: &Path) -> anyhow::Result<Password> {
    if !io::stdin().is_terminal() {
        let path = folder.join(format!("{user}.txt"));
        let message = "not found, expected a file of <user> <password>, or RENDEZVOUS_PASSWORD, or a terminal";
        return Err(BadInput::of_file(&path, message).into());
    }
    password::asked(&format!("Password of {user}: "))
}

/// The index that is wanted of `offers`, which are not empty.
pub(super) async fn choose(
    patient: &Patient,
    chooser: Chooser,
    offers: &[Offer],
) -> anyhow::Result<SlotIndex> {
    let first = offers.first().context("there is nothing to choose from")?.index;
    let prompt = screen::patient::PROMPT;
    let index = match chooser {
        Chooser::Given(index) => index,
        Chooser::First => first,
        Chooser::Script => {
            // A line of its own: whoever waits for the question reads lines.
            patient.screen.show(|| prompt.to_owned());
            let line = read_line().await?.context("standard input ended before the choice")?;
            return line.trim().parse().map_err(|why| {
                let message = format!("{:?} {why}", line.trim());
                BadInput::of_file("standard input".as_ref(), message).into()
            });
        }
        Chooser::Person => return ask_person(patient, offers).await,
    };
    patient.screen.show(|| format!("{prompt}{index}"));
    Ok(index)
}

async fn ask_person(patient: &Patient, offers: &[Offer]) -> anyhow::Result<SlotIndex> {
    loop {
        patient.out.prompt(screen::patient::PROMPT.to_owned());
        let line = read_line().await?.context("standard input ended before the choice")?;
        let wrong = match line.trim().parse::<SlotIndex>() {
            Ok(index) if offers.iter().any(|offer| offer.index == index) => return Ok(index),
            Ok(index) => format!("There is no {index} in the list."),
            Err(why) => format!("{:?} {why}.", line.trim()),
        };
        patient.out.line(wrong);
    }
}

/// One line of standard input; `None` at its end. A thread of its own: the read cannot be called
/// off.
async fn read_line() -> anyhow::Result<Option<String>> {
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        let count = io::stdin().lock().take(LINE_BYTES_MAX).read_line(&mut line)?;
        io::Result::Ok((count > 0).then_some(line))
    });
    Ok(read.await??)
}
