//! At the center's counter: a connection that logs in again when it is lost, and asks for a change
//! until its outcome is known, as `rendezvous patient` does.

use std::time::{Duration, Instant};

use domain::{Refusal, RequestId, SessionToken};
use net::patient::{CallError, Caller};
use protocol::{Dialect, KeepSession, LogInWith, Reply, Request};

use super::{Destination, Guest};

/// How long a change whose outcome is unknown is asked for again.
const UNKNOWN_ASKED_MAX: Duration = Duration::from_secs(15);
/// The pause before the first time; doubled each time, up to [`UNKNOWN_PAUSE_MAX`].
const UNKNOWN_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const UNKNOWN_PAUSE_MAX: Duration = Duration::from_secs(2);

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum No {
    /// The center says no.
    Refused(Refusal),
    /// Something broke, in words.
    Broken(String),
}

impl From<CallError> for No {
    fn from(error: CallError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// A logged-in connection.
pub(super) struct Counter<'a> {
    place: &'a Destination,
    dialect: Dialect,
    guest: &'a Guest,
    caller: Caller,
    /// How often the patient has connected.
    pub(super) connections: u32,
}

impl<'a> Counter<'a> {
    /// Connects and logs in; `connections` are counted also when it comes to nothing.
    pub(super) async fn arrive(
        place: &'a Destination,
        dialect: Dialect,
        guest: &'a Guest,
    ) -> Result<Self, No> {
        let caller = log_in(place, dialect, guest).await?;
        Ok(Self { place, dialect, guest, caller, connections: 1 })
    }

    /// Connects and logs in once more.
    pub(super) async fn come_back(&mut self) -> Result<(), No> {
        self.connections += 1;
        self.caller = log_in(self.place, self.dialect, self.guest).await?;
        Ok(())
    }

    /// Asks once.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<Reply, No> {
        match self.caller.ask(request).await? {
            Reply::Refused(refusal) => Err(No::Refused(refusal)),
            reply => Ok(reply),
        }
    }

    /// Asks for a change, and again under the same request id while nobody knows what came of it.
    /// When it breaks, nobody knows.
    pub(super) async fn ask_surely(&mut self, request: &Request) -> Result<Reply, No> {
        let began = Instant::now();
        let mut pause = UNKNOWN_PAUSE;
        loop {
            let unknown = match self.caller.ask(request).await {
                Ok(Reply::Unknown) => "the center does not know the outcome".to_owned(),
                Ok(Reply::Refused(refusal)) => return Err(No::Refused(refusal)),
                Ok(reply) => return Ok(reply),
                Err(error) if error.is_unknown() => error.to_string(),
                Err(error) => return Err(error.into()),
            };
            if began.elapsed() >= UNKNOWN_ASKED_MAX {
                return Err(No::Broken(format!("nobody knows whether it was done ({unknown})")));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(UNKNOWN_PAUSE_MAX);
            match self.come_back().await {
                // Not there yet, perhaps: the next try finds the old connection broken.
                Ok(()) | Err(No::Broken(_) | No::Refused(Refusal::Busy | Refusal::Unavailable)) => {
                }
                Err(No::Refused(refusal)) => {
                    return Err(No::Broken(format!("not let in again ({refusal})")));
                }
            }
        }
    }
}

async fn log_in(place: &Destination, dialect: Dialect, guest: &Guest) -> Result<Caller, No> {
    let mut caller = Caller::connect(&place.center, dialect, &place.security).await?;
    let request = Request::LogIn {
        user: guest.user.clone(),
        password: guest.password.clone(),
        session: KeepSession::No,
        with: LogInWith::default(),
    };
    match caller.ask(&request).await? {
        Reply::LoggedIn(_) => Ok(caller),
        Reply::Refused(refusal) => Err(No::Refused(refusal)),
        _ => Err(No::Broken("the center answered another question".to_owned())),
    }
}

/// A request id that nobody else has.
pub(super) fn fresh_request_id() -> RequestId {
    let hexadecimal = String::from(SessionToken::fresh(&runtime::fresh_entropy()));
    RequestId::new(&hexadecimal[..32]).expect("32 hexadecimal digits are a request id")
}
