//! What there is to choose from: doctors as people call them, kinds of visit, plans.

use domain::{PersonName, PlanName, Service, Specialty};
use jiff::Timestamp;

use super::doctors::subject_of;
use super::reading::Reading;
use super::rows;
use super::statements::{all, run};
use super::trail::{DONE, Deed};
use super::writing::Batch;
use crate::{Actor, ClinicRecord, DescribeDoctor, DoctorRecord, Outcome, StoreError};

/// The doctors who are present or have slots after `?2`, with the code of whoever may enrol then.
pub(super) const DOCTORS: &str = "SELECT d.name, d.host, d.port, d.sealing_key, d.verifying_key,
      d.shown_name, d.specialty, d.registered,
      (SELECT e.offered FROM enrolment e
        WHERE e.center = d.center AND e.doctor = d.doctor AND e.expires > ?2)
    FROM doctor d WHERE d.center = ?1 AND (d.present = 1 OR EXISTS (
      SELECT 1 FROM slot s WHERE s.center = d.center AND s.doctor = d.doctor
        AND s.state = 'published' AND s.starts > ?2))
    ORDER BY d.name";

/// The kinds of visit that slots after `?2` are for. Each is found from the one before it, whatever
/// the number of slots.
pub(super) const SERVICES: &str = "WITH RECURSIVE kind (service) AS (
      SELECT (SELECT min(service) FROM slot WHERE center = ?1 AND state = 'published')
      UNION ALL
      SELECT (SELECT min(service) FROM slot
        WHERE center = ?1 AND state = 'published' AND service > kind.service)
      FROM kind WHERE kind.service IS NOT NULL)
    SELECT kind.service FROM kind WHERE EXISTS (
      SELECT 1 FROM slot s WHERE s.center = ?1 AND s.state = 'published'
        AND s.service = kind.service AND s.starts > ?2)";

impl Batch<'_> {
    pub(super) fn describe_doctor(&self, describe: &DescribeDoctor) -> Result<Outcome, StoreError> {
        let doctor = self.doctor_named(&describe.doctor)?;
        let subject = doctor.map(subject_of);
        let deed = Deed {
            subject: subject.as_deref(),
            ..Deed::by(&describe.actor, "describe_doctor", DONE)
        };
        self.attempt(&describe.actor, &deed, || {
            let Some(doctor) = doctor else { return Ok(Outcome::NoSuchDoctor) };
            let sql = "UPDATE doctor SET shown_name = ?3, specialty = ?4
                WHERE center = ?1 AND doctor = ?2";
            let shown_name = describe.shown_name.as_ref().map(PersonName::as_str);
            let specialty = describe.specialty.as_ref().map(Specialty::as_str);
            run(self.connection, sql, (self.center, doctor, shown_name, specialty))?;
            Ok(Outcome::Done)
        })
    }

    pub(super) fn offer_plans(
        &self,
        plans: &[PlanName],
        actor: &Actor,
    ) -> Result<Outcome, StoreError> {
        self.attempt(actor, &Deed::by(actor, "offer_plans", DONE), || {
            run(self.connection, "DELETE FROM plan_offered WHERE center = ?1", [self.center])?;
            let sql = "INSERT INTO plan_offered (center, plan) VALUES (?1, ?2)
                ON CONFLICT DO NOTHING";
            for plan in plans {
                run(self.connection, sql, (self.center, plan.as_str()))?;
            }
            Ok(Outcome::Done)
        })
    }
}

impl Reading<'_> {
    pub(super) fn clinic(&self, now: Timestamp) -> Result<ClinicRecord, StoreError> {
        let key = (self.center, now.as_millisecond());
        let doctors = all(self.connection, DOCTORS, key, |row| {
            let specialty: Option<String> = row.get(6)?;
            let moment =
                |column: usize| row.get::<_, Option<i64>>(column)?.map(rows::instant).transpose();
            Ok(DoctorRecord {
                doctor: rows::doctor(row, 0)?,
                shown_name: rows::person_name(row, 5)?,
                specialty: specialty.map(|it| it.parse()).transpose().map_err(rows::corrupt)?,
                registered: moment(7)?,
                enrolment_offered: moment(8)?,
            })
        })?;
        let services = all(self.connection, SERVICES, key, |row| {
            Service::new(row.get_ref(0)?.as_str().map_err(rows::corrupt)?).map_err(rows::corrupt)
        })?;
        let sql = "SELECT plan FROM plan_offered WHERE center = ?1 ORDER BY plan";
        let plans = all(self.connection, sql, [self.center], |row| {
            PlanName::new(row.get_ref(0)?.as_str().map_err(rows::corrupt)?).map_err(rows::corrupt)
        })?;
        Ok(ClinicRecord { doctors, services, plans })
    }
}
