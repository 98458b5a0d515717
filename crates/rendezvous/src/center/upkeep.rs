//! What a center does once a second beside its patients: it signs the audit's head when the audit
//! has grown, and takes over ticket keys that are new, or makes one when it is time.

use std::time::Duration;

use ::center::TicketOffice;
use jiff::Timestamp;
use protocol::ticket::SigningKey;
use store::Reader;

use crate::audit_head::HeadKeeper;
use crate::file_stamp::Stamp;
use crate::input::BadInput;
use crate::keys::Keys;
use crate::keys::tickets::rotation_due;

/// How often.
const UPKEEP_EVERY: Duration = Duration::from_secs(1);

/// The keeper of a center's keys and of its audit's head.
pub(super) struct Upkeep {
    keys: Keys,
    office: TicketOffice,
    /// How long one ticket key signs.
    ticket_keys_every: Duration,
    /// The version of the ticket keys' file that the office signs with.
    ticket_keys_seen: Option<Stamp>,
    head: HeadKeeper,
    /// What was said last about something that is wrong: it is said once.
    said: Option<String>,
}

impl Upkeep {
    /// Opens the ticket office, and begins to keep the head of the audit that `reader` reads.
    ///
    /// # Errors
    /// When a key cannot be read, made or trusted.
    pub(super) fn start(
        keys: &Keys,
        ticket_keys_every: Duration,
        reader: Box<dyn Reader>,
    ) -> anyhow::Result<Self> {
        let identity = keys.identity()?;
        let identity = SigningKey::from_seed(identity.0)
            .map_err(|why| BadInput::of_file(&keys.file("identity.key"), why.to_string()))?;
        let ticket_keys = keys.ticket_keys(Timestamp::now())?;
        let head = HeadKeeper::new(keys.clone(), reader)?;
        Ok(Self {
            ticket_keys_seen: Stamp::of(&keys.ticket_keys_file()),
            office: TicketOffice::new(identity, ticket_keys)?,
            head,
            keys: keys.clone(),
            ticket_keys_every,
            said: None,
        })
    }

    /// Where tickets are signed.
    pub(super) fn office(&self) -> TicketOffice {
        self.office.clone()
    }

    /// Does its work until `ended` is dropped, and a last time then; gives itself back.
    pub(super) async fn run(mut self, mut ended: tokio::sync::oneshot::Receiver<()>) {
        loop {
            let over = tokio::select! {
                biased;
                _ = &mut ended => true,
                () = tokio::time::sleep(UPKEEP_EVERY) => false,
            };
            // Files: never on a thread that answers patients.
            let round = tokio::task::spawn_blocking(move || {
                self.once(Timestamp::now());
                self
            });
            // A round that broke says so itself.
            let Ok(back) = round.await else { return };
            if over {
                return;
            }
            self = back;
        }
    }

    /// One round of it, at `now`.
    pub(super) fn once(&mut self, now: Timestamp) {
        let wrong = [self.sign_head(now), self.take_over_keys(now)];
        let wrong: Vec<String> = wrong.into_iter().flatten().collect();
        let wrong = (!wrong.is_empty()).then(|| wrong.join("; "));
        if let Some(wrong) = wrong.as_ref().filter(|_| wrong != self.said) {
            tracing::error!("{wrong}");
        }
        self.said = wrong;
    }

    /// What is wrong, if anything is; as below.
    fn sign_head(&mut self, now: Timestamp) -> Option<String> {
        match self.head.keep(now) {
            Ok(Ok(())) => None,
            Ok(Err(fault)) => Some(format!("{fault}: run rendezvous admin audit --verify")),
            Err(error) => Some(format!("the audit's head cannot be signed: {error:#}")),
        }
    }

    fn take_over_keys(&mut self, now: Timestamp) -> Option<String> {
        let seen = Stamp::of(&self.keys.ticket_keys_file());
        let read = self.keys.ticket_keys(now).and_then(|keys| {
            match rotation_due(&keys, self.ticket_keys_every, now) {
                Some(rotation) => self.keys.rotate_ticket_keys(now, rotation).map(Some),
                None => Ok((seen != self.ticket_keys_seen).then_some(keys)),
            }
        });
        match read {
            Ok(None) => None,
            Ok(Some(keys)) => {
                let signs_from = keys.iter().map(|key| key.signs_from).max();
                let signs_from = signs_from.map(|at| at.to_string()).unwrap_or_default();
                tracing::info!(keys = keys.len(), signs_from, "new ticket keys");
                self.ticket_keys_seen = Stamp::of(&self.keys.ticket_keys_file());
                self.office.replace_ticket_keys(keys).err().map(|why| why.to_string())
            }
            Err(error) => Some(format!("{error}; tickets are signed with the keys of before")),
        }
    }
}
