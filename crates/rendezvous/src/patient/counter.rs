//! At the center's counter: a connection that logs in again when it is lost, and asks for a change
//! until its outcome is known.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::bail;

use domain::{Refusal, RequestId};
use net::patient::{CallError, Caller};
use protocol::limits::PAGE_SLOTS_MAX;
use protocol::{
    Cursor, Dialect, KeepSession, LoggedIn, Offer, Reply, Request, SlotsWanted, screen,
};

use super::{Patient, device};
use crate::exit::Ended;
use crate::trust;

/// How long a change whose outcome is unknown is asked for again: a center needs less to come back.
const UNKNOWN_ASKED_MAX: Duration = Duration::from_secs(15);
/// The pause before the first time; doubled each time, up to [`UNKNOWN_PAUSE_MAX`].
const UNKNOWN_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const UNKNOWN_PAUSE_MAX: Duration = Duration::from_secs(2);
/// The most pages of slots that are read, each of [`PAGE_SLOTS_MAX`].
const PAGES_MAX: usize = 200;

/// A logged-in connection.
pub(super) struct Counter<'a> {
    patient: &'a Patient,
    caller: Caller,
}

impl<'a> Counter<'a> {
    /// Connects and logs in, with the exercise's messages of phase 1.
    pub(super) async fn arrive(patient: &'a Patient) -> anyhow::Result<Self> {
        let Patient { args, n, user, screen, .. } = patient;
        let mut caller = connect(patient).await?;
        let local = caller.local_address()?;
        screen.show(|| screen::patient::has_tcp_address(n, local.port(), local.ip()));
        caller.send(&log_in(patient)).await?;
        screen.show(|| screen::patient::sent_log_in(n, user));
        let reply = caller.reply().await?;
        let admitted = read_log_in(&reply);
        let seed = args.dialect == Dialect::Seed;
        let result = match (&admitted, seed) {
            (Ok(()), false) => "success",
            (Ok(()), true) => "Success",
            (Err(_), false) => "failure",
            (Err(_), true) => "Failure",
        };
        screen.show(|| screen::patient::log_in_result(n, result));
        screen.show(|| screen::patient::end_of_phase(1, n));
        admitted?;
        if let (Reply::LoggedIn(LoggedIn { device: Some(cookie), .. }), Some(file)) =
            (&reply, &args.device)
        {
            device::keep(file, cookie)?;
        }
        Ok(Self { patient, caller })
    }

    /// Connects and logs in once more, without a word.
    pub(super) async fn come_back(&mut self) -> anyhow::Result<()> {
        let mut caller = connect(self.patient).await?;
        let reply = caller.ask(&log_in(self.patient)).await?;
        read_log_in(&reply)?;
        // Only now: a request must never meet the reply to an earlier log-in.
        self.caller = caller;
        Ok(())
    }

    /// Leaves, and ends the session if there is one that would outlive the connection.
    pub(super) async fn leave(mut self) {
        if self.patient.args.device.is_some() {
            // Where it is not heard, the session ends by itself.
            let _ = self.caller.ask(&Request::LogOut).await;
        }
    }

    /// The center's address.
    pub(super) fn center_address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.caller.center_address()?)
    }

    /// The free slots, in index order.
    pub(super) async fn offers(&mut self) -> anyhow::Result<Vec<Offer>> {
        if self.patient.args.dialect != Dialect::Json {
            return Ok(self.page(&Request::Board).await?.0);
        }
        let (mut offers, mut after) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let limit = u32::try_from(PAGE_SLOTS_MAX).ok();
            let wanted = SlotsWanted { after, limit, ..SlotsWanted::default() };
            let (page, next) = self.page(&Request::Slots(wanted)).await?;
            offers.extend(page);
            after = next;
            if after.is_none() {
                break;
            }
        }
        if after.is_some() {
            tracing::warn!(slots = offers.len(), "there are more slots than can be shown");
        }
        if offers.is_empty() {
            return Err(Refusal::NoSlotsLeft.into());
        }
        offers.sort_by_key(|offer| offer.index);
        Ok(offers)
    }

    async fn page(&mut self, request: &Request) -> anyhow::Result<(Vec<Offer>, Option<Cursor>)> {
        match self.ask(request).await? {
            Reply::Slots(offers) => Ok((offers.offers, offers.next)),
            other => Err(unexpected(&other)),
        }
    }

    /// Asks once. A refusal comes back as an error.
    pub(super) async fn ask(&mut self, request: &Request) -> anyhow::Result<Reply> {
        match self.caller.ask(request).await? {
            Reply::Refused(refusal) => Err(refusal.into()),
            reply => Ok(reply),
        }
    }

    /// Asks for a change, and again under the same request id while nobody knows what came of it.
    pub(super) async fn ask_surely(&mut self, request: &Request) -> anyhow::Result<Reply> {
        let began = Instant::now();
        let mut pause = UNKNOWN_PAUSE;
        loop {
            let unknown = match self.caller.ask(request).await {
                Ok(Reply::Unknown) => "the center does not know the outcome".to_owned(),
                Ok(Reply::Refused(refusal)) => return Err(refusal.into()),
                Ok(reply) => return Ok(reply),
                Err(error) if error.is_unknown() => error.to_string(),
                Err(error) => return Err(error.into()),
            };
            if began.elapsed() >= UNKNOWN_ASKED_MAX {
                bail!("nobody knows whether it was done ({unknown}): look at --appointments");
            }
            tracing::warn!(why = unknown, "asking again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(UNKNOWN_PAUSE_MAX);
            if let Err(error) = self.come_back().await {
                // Not there yet, perhaps: the next try finds the connection broken and comes here.
                let not_now = (error.is::<CallError>()
                    && Ended::of_error(&error) != Ended::Refused)
                    || matches!(
                        error.downcast_ref::<Refusal>(),
                        Some(Refusal::Busy | Refusal::Unavailable)
                    );
                if !not_now {
                    return Err(error);
                }
                tracing::warn!(%error, "the center is not back yet");
            }
        }
    }
}

/// A request id that nobody else has.
pub(super) fn fresh_request_id() -> RequestId {
    let token = domain::SessionToken::fresh(&runtime::fresh_entropy());
    let hexadecimal = String::from(token);
    RequestId::new(&hexadecimal[..32]).expect("32 hexadecimal digits are a request id")
}

/// A reply that answers another question.
pub(super) fn unexpected(reply: &Reply) -> anyhow::Error {
    match reply {
        Reply::Unknown => anyhow::anyhow!("the center does not know the outcome, ask again"),
        _ => anyhow::anyhow!("the center answered another question"),
    }
}

async fn connect(patient: &Patient) -> anyhow::Result<Caller> {
    let Patient { args, security, .. } = patient;
    Caller::connect(&args.center, args.dialect, security).await.map_err(trust::explained)
}

fn log_in(patient: &Patient) -> Request {
    // Only a session that is kept comes with a cookie for the device.
    let session = match &patient.args.device {
        Some(_) => KeepSession::Yes,
        None => KeepSession::No,
    };
    Request::LogIn {
        user: patient.user.clone(),
        password: patient.password.clone(),
        session,
        with: patient.with.clone(),
    }
}

fn read_log_in(reply: &Reply) -> Result<(), Refusal> {
    match reply {
        Reply::LoggedIn(_) => Ok(()),
        Reply::Refused(refusal) => Err(*refusal),
        _ => Err(Refusal::Unavailable),
    }
}
