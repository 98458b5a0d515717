//! What the front desk asks for. Whoever is shown is recorded before anything is shown.

use domain::{
    Appointment, AppointmentId, AppointmentStatus, DoctorName, Entropy, PatientId, Person, Refusal,
    UserName,
};
use jiff::{SignedDuration, Timestamp};
use store::{
    Actor, AddDependant, AddPerson, Answer, ChangePerson, CodeHash, Command, Invite, LookAt,
    LookAtMany, Mark, Outcome, PersonRecord, Place, Query, Sheet,
};

use super::{Errand, InvitationCode, Onward, done};
use crate::Present;
use crate::account::Desk;
use crate::fresh::{Purpose, bytes_for};

/// The most people in one list.
pub const PEOPLE_LISTED_MAX: usize = 25;
/// How long a link to choose a password works.
const INVITATION_VALID: SignedDuration = SignedDuration::from_hours(72);

/// A link to choose a password.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// What the account logs in with.
    pub user: UserName,
    /// What the link is made of; nobody keeps it.
    pub code: InvitationCode,
    /// When it ceases to work.
    pub expires: Timestamp,
}

impl Desk {
    /// The slots that begin in a stretch of time, with everybody on them.
    #[must_use]
    pub fn sheet(
        &self,
        now: Timestamp,
        doctor: Option<DoctorName>,
        (from, until): (Timestamp, Timestamp),
    ) -> Errand<Sheet> {
        let standing = self.standing;
        let query = Query::Sheet { doctor, from, until, standing, now };
        let read = Errand::read(query, |answer| match answer {
            Answer::Sheet(sheet) => Some(sheet),
            _ => None,
        });
        let actor = self.actor();
        read.and_then(move |sheet: Sheet| {
            let shown = |row: &store::SheetRow| match &row.place {
                Place::Free => None,
                Place::Held { who, .. } | Place::Booked { who, .. } => Some(who.patient),
            };
            let patients = sheet.rows.iter().filter_map(shown).collect();
            recorded(actor, patients, LookAt::Sheet, sheet)
        })
    }

    /// People by name, birth date, contact or user name; at most [`PEOPLE_LISTED_MAX`].
    #[must_use]
    pub fn find(&self, now: Timestamp, text: String) -> Errand<Vec<PersonRecord>> {
        let (standing, limit, actor) = (self.standing, PEOPLE_LISTED_MAX, self.actor());
        let query = Query::FindPeople { text, limit, standing, now };
        let read = Errand::read(query, |answer| match answer {
            Answer::People(people) => Some(people),
            _ => None,
        });
        read.and_then(move |people: Vec<PersonRecord>| {
            let patients = people.iter().map(|person| person.patient).collect();
            recorded(actor, patients, LookAt::Patient, people)
        })
    }

    /// A new patient without an account.
    #[must_use]
    pub fn add_person(&self, present: &Present, person: Person) -> Errand<PatientId> {
        let patient = PatientId::fresh(present.now, &bytes_for(Purpose::Patient, &present.entropy));
        let add = AddPerson { patient, person, actor: self.actor() };
        Errand::commit(Command::AddPerson(add), move |outcome| done(outcome).map(|()| patient))
    }

    /// Replaces what is known of who a patient is.
    #[must_use]
    pub fn change_person(&self, patient: PatientId, person: Person) -> Errand<()> {
        let change = ChangePerson { patient, person, actor: self.actor() };
        Errand::commit(Command::ChangePerson(change), done)
    }

    /// Lets a patient's account act for one more patient.
    #[must_use]
    pub fn add_dependant(&self, user: UserName, patient: PatientId) -> Errand<()> {
        let add = AddDependant { user, patient, actor: self.actor() };
        Errand::commit(Command::AddDependant(add), done)
    }

    /// A link for a patient to choose a password, with an account of this user name if the patient
    /// has none. Refused with `UserNameTaken`.
    #[must_use]
    pub fn invite(
        &self,
        present: &Present,
        user: UserName,
        patient: PatientId,
    ) -> Errand<Invitation> {
        invite(self.actor(), present, user, Some(patient))
    }

    /// Says where an appointment stands.
    #[must_use]
    pub fn mark(
        &self,
        appointment: AppointmentId,
        status: AppointmentStatus,
    ) -> Errand<Appointment> {
        let mark = Mark { appointment, actor: self.actor(), status };
        Errand::commit(Command::Mark(mark), |outcome| match outcome {
            Outcome::Marked(appointment) => Ok(appointment),
            _ => Err(Refusal::Unavailable),
        })
    }

    fn actor(&self) -> Actor {
        Actor::Account(self.standing)
    }
}

/// A link to choose a password, of an account that is there unless `patient` may get a new one.
pub(super) fn invite(
    actor: Actor,
    present: &Present,
    user: UserName,
    patient: Option<PatientId>,
) -> Errand<Invitation> {
    let fresh = |purpose| -> Entropy { bytes_for(purpose, &present.entropy) };
    let code = InvitationCode::fresh(&fresh(Purpose::InvitationCode));
    let expires = present.now + INVITATION_VALID;
    let account = domain::AccountId::fresh(present.now, &fresh(Purpose::Account));
    let hashed = CodeHash::of(&code);
    let invite = Invite { user: user.clone(), patient, account, code: hashed, expires, actor };
    Errand::commit(Command::Invite(invite), move |outcome| {
        done(outcome).map(|()| Invitation { user, code, expires })
    })
}

/// Gives `shown` once the look at everybody on it is recorded.
fn recorded<T: Send + 'static>(
    actor: Actor,
    mut patients: Vec<PatientId>,
    what: LookAt,
    shown: T,
) -> Onward<T> {
    patients.sort_unstable();
    patients.dedup();
    if patients.is_empty() {
        return Onward::Over(Ok(shown));
    }
    let look = Command::LookAtMany(LookAtMany { actor, patients, what });
    Onward::Errand(Errand::commit(look, move |outcome| done(outcome).map(|()| shown)))
}
