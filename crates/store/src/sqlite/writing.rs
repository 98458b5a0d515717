//! Batches: one transaction, one verdict per command, and what is known when it fails.

use std::sync::{Arc, Mutex, PoisonError};

use domain::CenterId;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::StoreFile;
use super::chain::Chain;
use super::connection::{self, Purpose};
use super::holding::TIDY_HOLDS;
use super::statements::{all, run};
use crate::{Actor, AuditKey, Command, CommitError, Outcome, StoreError, Writer};

/// How often outdated rows are looked for.
const TIDY_INTERVAL: SignedDuration = SignedDuration::from_secs(60);

/// How many outdated rows of one table a batch removes at most, so that no booking waits for it.
const TIDY_ROWS_MAX: i64 = 256;

/// Up to `?3` answers whose time was over at `?2`.
pub(super) const OUTDATED_REQUESTS: &str = "SELECT patient, request FROM request
    WHERE center = ?1 AND keep_until <= ?2 LIMIT ?3";

/// Removes up to `?3` sessions that had expired at `?2`.
pub(super) const TIDY_SESSIONS: &str = "DELETE FROM session WHERE center = ?1 AND token IN (
    SELECT token FROM session WHERE center = ?1 AND expires <= ?2 LIMIT ?3)";

/// The writer of a file.
pub(super) struct FileWriter {
    file: Arc<StoreFile>,
    center: CenterId,
    key: AuditKey,
    /// `None` after a failure: the next batch gets a new connection, with no memory of it.
    connection: Option<Connection>,
    /// What the connection last said its data's version is; `None` when it has not been asked.
    data_version: Option<i64>,
    tidied: Option<Timestamp>,
}

impl FileWriter {
    pub(super) fn open(
        file: Arc<StoreFile>,
        center: CenterId,
        key: AuditKey,
    ) -> Result<Self, StoreError> {
        let connection = Some(connection::open(&file.path, Purpose::Write)?);
        Ok(Self { file, center, key, connection, data_version: None, tidied: None })
    }

    /// A writer with a connection that a test has prepared.
    #[cfg(test)]
    pub(super) fn with_connection(store: &super::Sqlite, connection: Connection) -> Self {
        let super::Place::File(file) = &store.place else { panic!("memory has one connection") };
        let file = Arc::clone(file);
        let (center, key) = (store.center, store.key.clone());
        let connection = Some(connection);
        Self { file, center, key, connection, data_version: None, tidied: None }
    }
}

impl Writer for FileWriter {
    fn commit(&mut self, now: Timestamp, batch: &[Command]) -> Result<Vec<Outcome>, CommitError> {
        // Taken out, so that a panic on the way drops it and its transaction with it.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connection::open(&self.file.path, Purpose::Write)
                .map_err(CommitError::RolledBack)?,
        };
        let committed =
            commit(&mut connection, (self.center, &self.key), now, batch, &mut self.tidied);
        if matches!(committed, Ok(_) | Err(CommitError::Busy)) {
            self.connection = Some(connection);
        }
        committed
    }

    fn changed_elsewhere(&mut self) -> Result<bool, StoreError> {
        // The next batch opens one.
        let Some(connection) = &self.connection else { return Ok(false) };
        // A connection's own commits leave its number as it is (SQLite, "PRAGMA data_version").
        let version = connection.query_row("PRAGMA data_version", (), |row| row.get(0))?;
        let before = self.data_version.replace(version);
        Ok(before.is_some_and(|before| before != version))
    }
}

/// The writer of a database in memory.
pub(super) struct MemoryWriter {
    shared: Arc<Mutex<Connection>>,
    center: CenterId,
    key: AuditKey,
    tidied: Option<Timestamp>,
}

impl MemoryWriter {
    pub(super) fn new(shared: Arc<Mutex<Connection>>, center: CenterId, key: AuditKey) -> Self {
        Self { shared, center, key, tidied: None }
    }
}

impl Writer for MemoryWriter {
    fn commit(&mut self, now: Timestamp, batch: &[Command]) -> Result<Vec<Outcome>, CommitError> {
        // A panic has rolled its transaction back while it unwound: what it left is whole.
        let mut connection = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        commit(&mut connection, (self.center, &self.key), now, batch, &mut self.tidied)
    }
}

/// A batch in its transaction. The files beside this one add to it what each kind of command does.
pub(super) struct Batch<'c> {
    pub(super) connection: &'c Connection,
    pub(super) center: i64,
    /// The moment of the batch, in milliseconds since the Unix epoch.
    pub(super) now: i64,
    /// The audit's chain, as far as this transaction has brought it.
    pub(super) chain: Chain<'c>,
}

fn commit(
    connection: &mut Connection,
    (center, key): (CenterId, &AuditKey),
    now: Timestamp,
    batch: &[Command],
    tidied: &mut Option<Timestamp>,
) -> Result<Vec<Outcome>, CommitError> {
    // The write lock comes first: a transaction that took it later could find its reads outdated.
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => CommitError::Busy,
            _ => CommitError::RolledBack(error.into()),
        })?;
    let work = Batch {
        connection: &transaction,
        center: i64::from(center.0),
        now: now.as_millisecond(),
        chain: Chain::new(key),
    };
    let outcomes: Result<Vec<Outcome>, StoreError> =
        batch.iter().map(|command| work.carry_out(command)).collect();
    // From here on `?` drops the transaction, which rolls it back.
    let outcomes = outcomes.map_err(CommitError::RolledBack)?;
    assert_eq!(outcomes.len(), batch.len(), "one outcome per command");
    let due = tidied.is_none_or(|last| now.duration_since(last).abs() >= TIDY_INTERVAL);
    // Where more is left than one batch removes, the next one goes on.
    let tidy = due && work.tidy().map_err(CommitError::RolledBack)?;
    transaction.commit().map_err(|error| match error.sqlite_error_code() {
        // A deferred constraint is looked at before anything is written; and where the log has no
        // room for the whole batch, it has no commit mark either.
        Some(ErrorCode::ConstraintViolation | ErrorCode::DiskFull) => {
            CommitError::RolledBack(error.into())
        }
        _ => CommitError::Unknown(error.into()),
    })?;
    if tidy {
        *tidied = Some(now);
    }
    Ok(outcomes)
}

impl Batch<'_> {
    fn carry_out(&self, command: &Command) -> Result<Outcome, StoreError> {
        match command {
            Command::Book(book) => self.asked_to_book(book),
            Command::Cancel(cancel) => self.asked_to_cancel(cancel),
            Command::Reschedule(moving) => self.asked_to_reschedule(moving),
            Command::Hold(hold) => self.hold(hold),
            Command::Release(release) => self.release(release),
            Command::Mark(mark) => self.mark(mark),
            Command::BlockTime(block) => self.block_time(block),
            Command::OpenTime(open) => self.open_time(open),
            Command::AddPerson(person) => self.add_person(person),
            Command::ChangePerson(person) => self.change_person(person),
            Command::ChoosePlan(choose) => self.choose_plan(choose),
            Command::AddDependant(add) => self.add_dependant(add),
            Command::Invite(invite) => self.invite(invite),
            Command::ChoosePassword(choose) => self.choose_password(choose),
            Command::DescribeDoctor(describe) => self.describe_doctor(describe),
            Command::OfferPlans(plans, actor) => self.offer_plans(plans, actor),
            Command::OpenSession(session) => self.open_session(session),
            Command::CloseSession(close) => self.close_session(close),
            Command::AddPatient(patient) => {
                self.of(&Actor::Operator, "add_patient", || self.add_patient(patient))
            }
            Command::SetPassword(password) => {
                self.of(&password.actor, "set_password", || self.set_password(password))
            }
            Command::AddSlots(slots) => {
                self.of(&slots.actor, "add_slots", || self.add_slots(slots))
            }
            Command::Import(import) => self.of(&Actor::Operator, "import", || self.import(import)),
            Command::SettleZone(zone) => {
                self.of(&Actor::Operator, "settle_zone", || self.settle_zone_alone(zone))
            }
            Command::TouchSession(token) => self.touch_session(token),
            Command::EndSessions(end) => {
                self.of(&end.actor, "end_sessions", || self.end_sessions(end))
            }
            Command::AddStaff(staff) => {
                self.of(&staff.actor, "add_staff", || self.add_staff(staff))
            }
            Command::SetTotp(totp) => self.of(&totp.actor, "set_totp", || self.set_totp(totp)),
            Command::Erase(erase) => self.of(&erase.actor, "erase", || self.erase(erase)),
            Command::Look(look) => self.look(look),
            Command::LookAtMany(look) => self.look_at_many(look),
            Command::Operated(deed) => self.operated(*deed, &Actor::Operator),
            Command::Oversaw(deed, actor) => self.operated(*deed, actor),
            Command::Note(note) => self.note(note),
            Command::OfferEnrolment(offer) => {
                self.of(&offer.actor, "offer_enrolment", || self.offer_enrolment(offer))
            }
            Command::Enrol(enrol) => self.enrol(enrol),
            Command::RegisterDoctor(register) => self.register_doctor(register),
            Command::IssueTicket(ticket) => self.issue_ticket(ticket),
        }
    }

    /// Removes some of the rows that nothing can ask for any more; whether it was all of them.
    fn tidy(&self) -> Result<bool, StoreError> {
        let params = (self.center, self.now, TIDY_ROWS_MAX);
        let outdated = all(self.connection, OUTDATED_REQUESTS, params, |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?))
        })?;
        // One by one: a list of pairs is not looked up by key.
        let sql = "DELETE FROM request WHERE center = ?1 AND patient = ?2 AND request = ?3";
        let found = outdated.len();
        for (patient, request) in outdated {
            run(self.connection, sql, (self.center, patient, request))?;
        }
        let found = found.max(run(self.connection, TIDY_SESSIONS, params)?);
        let found = found.max(run(self.connection, TIDY_HOLDS, params)?);
        Ok(i64::try_from(found).is_ok_and(|found| found < TIDY_ROWS_MAX))
    }
}
