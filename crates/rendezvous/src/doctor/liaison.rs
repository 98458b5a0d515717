//! A doctor's line to its center: enrol or log in, register, and hear every 2 s which tickets are in
//! force. When the center is away the doctor goes on with what it knows, and comes back by itself.
//!
//! What is deliberately not here: datagrams; and any way to a center over plaintext.

use std::time::Duration;

use domain::{DoctorName, EnrolmentCode, Password, Refusal, UserName};
use jiff::Timestamp;
use net::patient::{CallError, Caller, Security};
use net::tls::TlsClient;
use protocol::limits::NEWS_CHANGES_MAX;
use protocol::ticket::verify_certificate;
use protocol::{Dialect, KeepSession, LogInWith, News, Registration, Reply, Request};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::known::{Change, Known};
use super::secrets::Files;
use crate::exit::{Declined, Ended};
use crate::trust;

/// How often the doctor asks what is new.
const NEWS_EVERY: Duration = Duration::from_secs(2);

/// How often it registers again on the same connection: a certificate must not run out.
const REGISTER_EVERY: Duration = Duration::from_secs(60 * 60);

/// The pause before the first try to come back; doubled each time, up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(500);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// How the doctor proves who it is.
#[derive(Debug, Clone)]
pub(super) struct Account {
    /// The doctor, who is also the user.
    pub(super) doctor: DoctorName,
    /// The password of its account.
    pub(super) password: Password,
    /// Whether the center may know that password already.
    pub(super) standing: Standing,
    /// What enrols it once; `None` when there is none.
    pub(super) code: Option<EnrolmentCode>,
}

/// Whether a center may know the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// No center has taken it yet: to log in with it would look like somebody's guess.
    Unknown,
    /// The doctor has enrolled with it, or was given it.
    Known,
}

/// The line.
pub(super) struct Liaison {
    /// Where the center is: a host and a port.
    pub(super) center: String,
    /// Whom the doctor believes that it is the center.
    pub(super) tls: TlsClient,
    /// Who the doctor is to it.
    pub(super) account: Account,
    /// Where the doctor answers, and under which keys.
    pub(super) registration: Registration,
    /// Where it is kept what the center told.
    pub(super) files: Files,
    /// The same; `None` before it told anything.
    pub(super) known: Option<Known>,
    /// Where the news go: to the practice.
    pub(super) news: mpsc::Sender<News>,
}

/// Why a try did not work.
enum Failure {
    /// It may work later.
    NotNow(anyhow::Error),
    /// It will not, unless a person does something.
    Never(anyhow::Error),
}

impl Liaison {
    /// Comes back once the doctor is registered, or can do without: then it is known from before.
    ///
    /// # Errors
    /// When the center does not take it, or cannot be trusted.
    pub(super) async fn open(&mut self) -> anyhow::Result<Option<Caller>> {
        let mut pauses = Pauses::new();
        loop {
            let error = match self.arrive().await {
                Ok(caller) => return Ok(Some(caller)),
                Err(Failure::Never(error)) => return Err(error),
                Err(Failure::NotNow(error)) => error,
            };
            let Self { account, center, .. } = self;
            if let Some(news) = self.known.as_ref().and_then(Known::news) {
                let doctor = &account.doctor;
                tracing::warn!(%doctor, center, "the center is away ({error:#}): what it told last counts");
                self.tell(news).await;
                return Ok(None);
            }
            tracing::warn!(doctor = %account.doctor, center, "not enrolled yet ({error:#}), trying again");
            sleep(pauses.next()).await;
        }
    }

    /// Keeps the line until the practice is closed.
    pub(super) async fn keep(mut self, mut caller: Option<Caller>) {
        let mut pauses = Pauses::new();
        loop {
            if let Some(line) = caller.take() {
                pauses = Pauses::new();
                let lost = self.listen(line).await;
                let (Failure::NotNow(why) | Failure::Never(why)) = lost;
                let Self { account, center, .. } = &self;
                tracing::warn!(doctor = %account.doctor, center, "the center is away ({why:#})");
            }
            if self.news.is_closed() {
                return;
            }
            sleep(pauses.next()).await;
            match self.arrive().await {
                Ok(line) => caller = Some(line),
                Err(Failure::NotNow(why)) => {
                    tracing::debug!(doctor = %self.account.doctor, "not back yet ({why:#})");
                }
                // It goes on answering: a person has to look at this, and patients need not wait.
                Err(Failure::Never(why)) => {
                    tracing::error!(doctor = %self.account.doctor, "the center does not take us back ({why:#}): patients are answered all the same, and it is tried again");
                    pauses = Pauses::longest();
                }
            }
        }
    }

    /// Connects, logs in, registers, and hears all that can still matter.
    async fn arrive(&mut self) -> Result<Caller, Failure> {
        let security = Security::Tls(self.tls.clone());
        let mut caller =
            Caller::connect(&self.center, Dialect::Json, &security).await.map_err(of_call)?;
        caller = self.log_in(caller).await?;
        self.register(&mut caller).await?;
        // From the beginning: a center that was restored knows less than it told.
        self.ask_news(&mut caller, None).await?;
        tracing::info!(doctor = %self.account.doctor, center = self.center, "registered at the center");
        Ok(caller)
    }

    async fn log_in(&mut self, mut caller: Caller) -> Result<Caller, Failure> {
        let Account { doctor, password, standing, code } = &self.account;
        if *standing == Standing::Known {
            let user = UserName::new(doctor.as_str())
                .map_err(|error| Failure::Never(anyhow::Error::new(error)))?;
            let password = password.clone();
            let (session, with) = (KeepSession::No, LogInWith::default());
            let request = Request::LogIn { user, password, session, with };
            match ask(&mut caller, &request).await {
                Ok(Reply::LoggedIn(_)) => return Ok(caller),
                Ok(_) => return Err(unexpected()),
                Err(Failure::Never(error)) if is_unknown(&error) && code.is_some() => {}
                Err(Failure::Never(error)) if is_unknown(&error) => {
                    return Err(Failure::Never(not_enrolled(doctor)));
                }
                Err(other) => return Err(other),
            }
        }
        let Some(code) = code.clone() else { return Err(Failure::Never(not_enrolled(doctor))) };
        let request = Request::Enrol { doctor: doctor.clone(), code, password: password.clone() };
        match ask(&mut caller, &request).await {
            Ok(Reply::LoggedIn(_)) => {}
            Ok(_) => return Err(unexpected()),
            Err(Failure::Never(error)) if is_unknown(&error) => {
                let why = format!(
                    "the center refuses this enrolment code of {doctor}: each works once and for a limited time, `rendezvous admin enrol {doctor}` makes a new one"
                );
                return Err(Failure::Never(Declined::new(why).into()));
            }
            Err(other) => {
                // It may have come about all the same: then the code is used up, and the keys count.
                if let Failure::NotNow(error) = &other
                    && error.downcast_ref::<CallError>().is_some_and(CallError::is_unknown)
                {
                    self.account.standing = Standing::Known;
                }
                return Err(other);
            }
        }
        tracing::info!(%doctor, center = self.center, "enrolled");
        self.account.standing = Standing::Known;
        self.account.code = None;
        Ok(caller)
    }

    async fn register(&mut self, caller: &mut Caller) -> Result<(), Failure> {
        let request = Request::Register(self.registration);
        let Reply::Registered(registered) = ask(caller, &request).await? else {
            return Err(unexpected());
        };
        let doctor = &self.account.doctor;
        let certified =
            verify_certificate(&registered.certificate, &registered.center_key, Timestamp::now())
                .map_err(|why| Failure::NotNow(anyhow::anyhow!("the center's certificate {why}")))?;
        if certified.doctor != *doctor || certified.keys != self.registration.keys {
            let why = "the center certified other keys than ours".to_owned();
            return Err(Failure::Never(Declined::new(why).into()));
        }
        let change = match &mut self.known {
            Some(known) => known.register(&registered),
            None => {
                self.known = Some(Known::of(&registered));
                Change::Something
            }
        };
        self.note(change);
        Ok(())
    }

    /// Asks what is new, page by page: what did not fit into one is asked for at once.
    async fn ask_news(
        &mut self,
        caller: &mut Caller,
        mut since: Option<Timestamp>,
    ) -> Result<(), Failure> {
        loop {
            let Reply::News(news) = ask(caller, &Request::News { since }).await? else {
                return Err(unexpected());
            };
            if let Some(known) = &mut self.known {
                let change = known.hear(&news);
                self.note(change);
            }
            let more = news.over.len() >= NEWS_CHANGES_MAX && since != Some(news.until);
            since = Some(news.until);
            self.tell(news).await;
            if !more {
                return Ok(());
            }
        }
    }

    /// Asks what is new until the line breaks.
    async fn listen(&mut self, mut caller: Caller) -> Failure {
        let mut register_at = Instant::now() + REGISTER_EVERY;
        let mut news_at = Instant::now() + NEWS_EVERY;
        loop {
            sleep_until(news_at).await;
            news_at = Instant::now() + NEWS_EVERY;
            if self.news.is_closed() {
                return Failure::NotNow(anyhow::anyhow!("the practice is closed"));
            }
            if Instant::now() >= register_at {
                register_at = Instant::now() + REGISTER_EVERY;
                if let Err(failure) = self.register(&mut caller).await {
                    return failure;
                }
            }
            let since = self.known.as_ref().and_then(|known| known.until);
            if let Err(failure) = self.ask_news(&mut caller, since).await {
                return failure;
            }
        }
    }

    /// A few bytes, at most every 2 s and mostly never: no thread of its own.
    fn note(&self, change: Change) {
        let Some(known) = self.known.as_ref().filter(|_| change == Change::Something) else {
            return;
        };
        if let Err(error) = known.keep(&self.files) {
            tracing::error!(doctor = %self.account.doctor, "{error}; it goes on without");
        }
    }

    async fn tell(&self, news: News) {
        // Nobody is there any more when the practice is closed.
        let _ = self.news.send(news).await;
    }
}

async fn ask(caller: &mut Caller, request: &Request) -> Result<Reply, Failure> {
    match caller.ask(request).await.map_err(of_call)? {
        Reply::Refused(refusal) => {
            let error = anyhow::Error::new(refusal);
            let final_word = Ended::of_refusal(refusal) == Ended::Refused
                && !matches!(refusal, Refusal::Throttled | Refusal::SessionEnded);
            Err(if final_word { Failure::Never(error) } else { Failure::NotNow(error) })
        }
        reply => Ok(reply),
    }
}

fn of_call(error: CallError) -> Failure {
    match error {
        error @ CallError::Untrusted { .. } => Failure::Never(trust::explained(error)),
        other => Failure::NotNow(other.into()),
    }
}

fn unexpected() -> Failure {
    Failure::NotNow(anyhow::anyhow!("the center answered another question"))
}

fn is_unknown(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Refusal>() == Some(&Refusal::WrongCredentials)
}

fn not_enrolled(doctor: &DoctorName) -> anyhow::Error {
    let why = format!(
        "the center does not know {doctor} by these keys: set RENDEZVOUS_ENROLMENT_CODE to what \
         `rendezvous admin enrol {doctor}` prints"
    );
    Declined::new(why).into()
}

/// Longer and longer pauses, each up to half longer still by chance: many doctors must not come
/// back at one moment.
struct Pauses {
    base: Duration,
}

impl Pauses {
    fn new() -> Self {
        Self { base: PAUSE }
    }

    fn longest() -> Self {
        Self { base: PAUSE_MAX }
    }

    fn next(&mut self) -> Duration {
        let chance = u32::from(runtime::fresh_entropy().0[0]);
        let pause = self.base + self.base * chance / 512;
        self.base = (self.base * 2).min(PAUSE_MAX);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_are_spread() {
        let mut pauses = Pauses::new();
        for base in [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            let pause = pauses.next().as_millis();
            assert!((base..=base * 3 / 2).contains(&pause), "{pause} for {base}");
        }
    }
}
