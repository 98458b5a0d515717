//! What an operator does to a site's keys. It is in the audit of the site's store; before there is a
//! store, there is nothing that the keys could have protected.

use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use store::OperatorDeed;

use super::{Books, Place};
use crate::args::{CertificateArgs, RotateKeysArgs};
use crate::keys::certificate::names_of_this_machine;
use crate::keys::tickets::{Rotation, TICKET_KEY_ANNOUNCED};

/// Makes a certificate; gives back what to tell.
pub(super) fn certificate(place: &Place, task: &CertificateArgs) -> anyhow::Result<String> {
    let keys = place.keys()?;
    let books = books_of(place)?;
    let names = if task.name.is_empty() { names_of_this_machine() } else { task.name.clone() };
    let files = keys.renew_certificate(&names, task.days)?;
    record(books.as_ref(), OperatorDeed::RenewCertificate)
        .context("the certificate was made, but that is not in the audit")?;
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
pub(super) fn rotate_keys(place: &Place, task: &RotateKeysArgs) -> anyhow::Result<String> {
    let keys = place.keys()?;
    let books = books_of(place)?;
    let now = Timestamp::now();
    let rotation = match task.at_once {
        true => Rotation::AtOnce,
        false => Rotation::Announced(TICKET_KEY_ANNOUNCED),
    };
    let all = keys.rotate_ticket_keys(now, rotation)?;
    record(books.as_ref(), OperatorDeed::RotateTicketKeys)
        .context("the key was made, but that is not in the audit")?;
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

/// The store of the site; `None` before there is one. Opened before anything is made, so that one that
/// cannot be written to is told first.
fn books_of(place: &Place) -> anyhow::Result<Option<Books>> {
    if place.store.exists() { Books::open(place).map(Some) } else { Ok(None) }
}

fn record(books: Option<&Books>, deed: OperatorDeed) -> anyhow::Result<()> {
    let Some(books) = books else { return Ok(()) };
    books.record(deed)?;
    books.sign_audit();
    Ok(())
}
