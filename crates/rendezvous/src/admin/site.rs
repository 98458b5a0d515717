//! What an operator does to a site's keys.

use std::path::Path;

use jiff::Timestamp;

use crate::args::{CertificateArgs, RotateKeysArgs};
use crate::keys::Keys;
use crate::keys::certificate::names_of_this_machine;
use crate::keys::tickets::{Rotation, TICKET_KEY_ANNOUNCED};

/// Makes a certificate; gives back what to tell.
pub(super) fn certificate(keys: &Keys, task: &CertificateArgs) -> anyhow::Result<String> {
    let names = if task.name.is_empty() { names_of_this_machine() } else { task.name.clone() };
    let files = keys.renew_certificate(&names, task.days)?;
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let shown = |path: &Path| path.display().to_string();
    Ok(format!(
        "made a certificate for {}, good for {} days: {}\nclients trust it with --ca {} (the same \
         as before, if they have it)",
        names.join(", "),
        task.days,
        shown(&files.chain),
        shown(&keys.authority_file()),
    ))
}

/// Makes a new ticket key; gives back what to tell.
pub(super) fn rotate_keys(keys: &Keys, task: &RotateKeysArgs) -> anyhow::Result<String> {
    let now = Timestamp::now();
    let rotation = match task.at_once {
        true => Rotation::AtOnce,
        false => Rotation::Announced(TICKET_KEY_ANNOUNCED),
    };
    let all = keys.rotate_ticket_keys(now, rotation)?;
    Ok(match rotation {
        Rotation::AtOnce => {
            "tickets are signed with a new key now, and all tickets that are out are void"
                .to_owned()
        }
        Rotation::Announced(ahead) => format!(
            "tickets are signed with a new key in {} s; {} older ones stay valid until their last \
             ticket has expired",
            ahead.as_secs(),
            all.len() - 1
        ),
    })
}
