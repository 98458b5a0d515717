//! Who a patient is, which plan the patient has, and for whom an account acts.

use domain::{AccountId, PatientId, Person, PlanName, Refusal, Relation, Role, UserName};
use rusqlite::Row;

use super::reading::Reading;
use super::rows;
use super::statements::{all, one, run};
use super::trail::{DONE, Deed};
use super::writing::Batch;
use crate::{
    AddDependant, AddPerson, ChangePerson, ChoosePlan, MemberRecord, Outcome, PersonRecord,
    Standing, StoreError,
};

/// The columns that [`person_record`] reads, of a person `q`.
macro_rules! person_columns {
    () => {
        "q.name, q.birth_date, q.contact, q.plan"
    };
}

/// The user name of the patient `$patient` of the center `?1`; NULL where nobody acts for the
/// patient. An account of the patient's own comes before another one's.
macro_rules! user_of_patient {
    ($patient:literal) => {
        concat!(
            "(SELECT n.user_name FROM acts_for f",
            " JOIN account n ON n.center = f.center AND n.account = f.account",
            " WHERE f.center = ?1 AND f.patient = ",
            $patient,
            " ORDER BY f.relation = 'self' DESC, f.account LIMIT 1)"
        )
    };
}

pub(super) use {person_columns, user_of_patient};

/// The patient `?2`, as the front desk sees one.
pub(super) const PERSON: &str = concat!(
    "SELECT p.patient, ",
    person_columns!(),
    ", ",
    user_of_patient!("p.patient"),
    " FROM patient p LEFT JOIN person q USING (center, patient)",
    " WHERE p.center = ?1 AND p.patient = ?2"
);

/// Everybody for whom the account `?2` acts, its own patient first.
pub(super) const HOUSEHOLD: &str = "SELECT f.patient, f.relation = 'self', q.name, q.plan
    FROM acts_for f LEFT JOIN person q USING (center, patient)
    WHERE f.center = ?1 AND f.account = ?2
    ORDER BY f.relation = 'self' DESC, f.added, f.patient";

impl Batch<'_> {
    pub(super) fn add_person(&self, add: &AddPerson) -> Result<Outcome, StoreError> {
        let deed = Deed { patient: Some(add.patient), ..Deed::by(&add.actor, "add_person", DONE) };
        self.attempt(&add.actor, &deed, || {
            let sql = "INSERT INTO patient (center, patient, added) VALUES (?1, ?2, ?3)";
            run(self.connection, sql, (self.center, add.patient.as_bytes(), self.now))?;
            self.keep_person(add.patient, &add.person)?;
            Ok(Outcome::Done)
        })
    }

    pub(super) fn change_person(&self, change: &ChangePerson) -> Result<Outcome, StoreError> {
        let patient = change.patient;
        let deed =
            Deed { patient: Some(patient), ..Deed::by(&change.actor, "change_person", DONE) };
        self.attempt(&change.actor, &deed, || {
            self.of_patient(patient, || self.keep_person(patient, &change.person))
        })
    }

    pub(super) fn choose_plan(&self, choose: &ChoosePlan) -> Result<Outcome, StoreError> {
        let patient = choose.patient;
        let deed = Deed { patient: Some(patient), ..Deed::by(&choose.actor, "choose_plan", DONE) };
        self.attempt(&choose.actor, &deed, || {
            self.of_patient(patient, || {
                let sql = "INSERT INTO person (center, patient, plan) VALUES (?1, ?2, ?3)
                    ON CONFLICT (center, patient) DO UPDATE SET plan = excluded.plan";
                let plan = choose.plan.as_ref().map(PlanName::as_str);
                run(self.connection, sql, (self.center, patient.as_bytes(), plan))?;
                Ok(())
            })
        })
    }

    pub(super) fn add_dependant(&self, add: &AddDependant) -> Result<Outcome, StoreError> {
        let account = self.account_of_user(&add.user)?;
        let subject = account.map(|account| account.to_string());
        let deed = Deed {
            patient: Some(add.patient),
            subject: subject.as_deref(),
            ..Deed::by(&add.actor, "add_dependant", DONE)
        };
        self.attempt(&add.actor, &deed, || {
            let Some(account) = account else { return Ok(Outcome::NoSuchUser) };
            let sql = "SELECT 1 FROM account WHERE center = ?1 AND account = ?2 AND role = ?3";
            let key = (self.center, account.as_bytes(), Role::Patient.as_str());
            if one(self.connection, sql, key, |_| Ok(()))?.is_none() {
                return Ok(Outcome::NoSuchUser);
            }
            // Who has an account of one's own becomes nobody's dependant: an account that somebody
            // made up would see everything of them, and nothing would tell.
            let already = self.acts_for(account, add.patient)?;
            if !already && self.has_own_account(add.patient)? {
                return Ok(Outcome::Refused(Refusal::NotAllowed));
            }
            self.of_patient(add.patient, || {
                let sql = "INSERT INTO acts_for (center, account, patient, relation, added)
                    VALUES (?1, ?2, ?3, 'dependant', ?4) ON CONFLICT DO NOTHING";
                let (account, patient) = (account.as_bytes(), add.patient.as_bytes());
                run(self.connection, sql, (self.center, account, patient, self.now))?;
                Ok(())
            })
        })
    }

    fn acts_for(&self, account: AccountId, patient: PatientId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM acts_for WHERE center = ?1 AND account = ?2 AND patient = ?3";
        let params = (self.center, account.as_bytes(), patient.as_bytes());
        Ok(one(self.connection, sql, params, |_| Ok(()))?.is_some())
    }

    /// Does something about a patient, if there is such a patient.
    pub(super) fn of_patient(
        &self,
        patient: PatientId,
        work: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<Outcome, StoreError> {
        if !self.is_patient(patient)? {
            return Ok(Outcome::Refused(Refusal::NoSuchPatient));
        }
        work()?;
        Ok(Outcome::Done)
    }

    /// Keeps who a patient is, and leaves the plan.
    fn keep_person(&self, patient: PatientId, person: &Person) -> Result<(), StoreError> {
        let sql = "INSERT INTO person (center, patient, name, birth_date, contact)
            VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (center, patient) DO UPDATE SET name = excluded.name,
              birth_date = excluded.birth_date, contact = excluded.contact";
        let name = person.name.as_ref().map(domain::PersonName::as_str);
        let birth_date = person.birth_date.map(String::from);
        let contact = person.contact.as_ref().map(domain::Contact::as_str);
        let patient = patient.as_bytes();
        run(self.connection, sql, (self.center, patient, name, birth_date, contact))?;
        Ok(())
    }
}

impl Reading<'_> {
    /// The patient, or nobody.
    pub(super) fn person_record(
        &self,
        patient: PatientId,
    ) -> Result<Vec<PersonRecord>, StoreError> {
        let key = (self.center, patient.as_bytes());
        all(self.connection, PERSON, key, |row| person_record(row, 0))
    }

    pub(super) fn household(&self, standing: &Standing) -> Result<Vec<MemberRecord>, StoreError> {
        let key = (self.center, standing.account.as_bytes());
        all(self.connection, HOUSEHOLD, key, |row| {
            let own: bool = row.get(1)?;
            Ok(MemberRecord {
                patient: rows::patient(row, 0)?,
                relation: if own { Relation::Myself } else { Relation::Dependant },
                name: rows::person_name(row, 2)?,
                plan: plan(row, 3)?,
            })
        })
    }
}

/// A patient from the patient's id, [`person_columns`] and [`user_of_patient`].
pub(super) fn person_record(row: &Row<'_>, first: usize) -> Result<PersonRecord, StoreError> {
    let birth_date: Option<String> = row.get(first + 2)?;
    let contact: Option<String> = row.get(first + 3)?;
    let user: Option<String> = row.get(first + 5)?;
    Ok(PersonRecord {
        patient: rows::patient(row, first)?,
        person: Person {
            name: rows::person_name(row, first + 1)?,
            birth_date: birth_date.map(|date| date.parse()).transpose().map_err(rows::corrupt)?,
            contact: contact.map(|text| text.parse()).transpose().map_err(rows::corrupt)?,
        },
        plan: plan(row, first + 4)?,
        user: user.map(|name| UserName::new(&name)).transpose().map_err(rows::corrupt)?,
    })
}

fn plan(row: &Row<'_>, column: usize) -> Result<Option<PlanName>, StoreError> {
    let plan: Option<String> = row.get(column)?;
    plan.map(|plan| plan.parse()).transpose().map_err(rows::corrupt)
}
