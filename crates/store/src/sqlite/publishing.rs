//! Publishing slots: the clinic's files as a whole, and single slots from the desk.
//!
//! Both write until something stands in the way and then go back to where they began, so that the
//! rest of their batch goes on as if they had not been there.

use std::collections::{HashMap, HashSet};

use domain::{Doctor, DoctorName, Refusal, Service, Slot};
use jiff::Timestamp;

use super::blocking::Blocks;
use super::rows::{self, slot_columns};
use super::statements::{all, one, run};
use super::trail::{Deed, word};
use super::writing::Batch;
use crate::{
    Actor, AddSlots, Import, ImportConflict, ImportCounts, ImportedSlot, Outcome, SlotConflict,
    StoreError,
};

/// Why publishing went back to where it began.
enum Stop<C> {
    Conflict(Box<C>),
    Failure(StoreError),
}

impl<C> Stop<C> {
    fn conflict(conflict: C) -> Self {
        Self::Conflict(Box::new(conflict))
    }
}

impl<C> From<StoreError> for Stop<C> {
    fn from(error: StoreError) -> Self {
        Self::Failure(error)
    }
}

/// Whether the center had its zone before.
enum Zone {
    Settled,
    Known,
}

/// Where a slot comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    File,
    Desk,
}

/// A slot to be written.
pub(super) struct Publication<'a> {
    pub(super) doctor: i64,
    pub(super) index: u32,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) service: &'a Service,
    pub(super) origin: Origin,
}

/// A slot whose index is in use.
struct InUse {
    slot: i64,
    doctor: i64,
    starts: i64,
    ends: i64,
    origin: Origin,
}

impl InUse {
    fn is(&self, row: &ImportedSlot, doctor: i64) -> bool {
        self.doctor == doctor
            && self.starts == row.start.as_millisecond()
            && self.ends == row.end.as_millisecond()
    }
}

impl ImportedSlot {
    /// From when until when, in milliseconds since the Unix epoch.
    fn span(&self) -> (i64, i64) {
        (self.start.as_millisecond(), self.end.as_millisecond())
    }
}

impl Batch<'_> {
    /// Brings the clinic's files in, as [`Import`] says.
    pub(super) fn import(&self, import: &Import) -> Result<Outcome, StoreError> {
        let taken_over = self.all_or_nothing(|| {
            self.settle_zone(&import.zone)?;
            let mut counts = ImportCounts::default();
            for account in &import.accounts {
                counts.accounts_added += usize::from(self.create_patient(account)?);
            }
            let changed = self.import_doctors(&import.doctors, &mut counts)?;
            self.import_slots(&import.slots, &mut counts)?;
            Ok((counts, changed))
        })?;
        let (counts, doctors_changed) = match taken_over {
            Ok(taken_over) => taken_over,
            Err(conflict) => return Ok(Outcome::ImportConflict(conflict)),
        };
        let ImportCounts { accounts_added: accounts, slots_published: published, .. } = counts;
        let withdrawn = counts.slots_withdrawn;
        if accounts + doctors_changed + published + withdrawn > 0 {
            let what = format!(
                "accounts {accounts}, doctors {doctors_changed}, published {published}, \
                 withdrawn {withdrawn}"
            );
            self.audit(&Deed::by(&Actor::Operator, "import", &what))?;
        }
        Ok(Outcome::Imported(counts))
    }

    /// Keeps the zone, and touches nothing else.
    pub(super) fn settle_zone_alone(&self, zone: &str) -> Result<Outcome, StoreError> {
        match self.settle_zone(zone) {
            Ok(Zone::Settled) => {
                self.audit(&Deed::by(&Actor::Operator, "settle_zone", zone))?;
                Ok(Outcome::Done)
            }
            Ok(Zone::Known) => Ok(Outcome::Done),
            Err(Stop::Conflict(conflict)) => Ok(Outcome::ImportConflict(*conflict)),
            Err(Stop::Failure(error)) => Err(error),
        }
    }

    /// Publishes slots of one doctor by hand.
    pub(super) fn add_slots(&self, add: &AddSlots) -> Result<Outcome, StoreError> {
        let Some(doctor) = self.doctor_named(&add.doctor)? else {
            return Ok(Outcome::NoSuchDoctor);
        };
        for new in &add.slots {
            let span = (new.start.as_millisecond(), new.end.as_millisecond());
            if self.block_within(doctor, span)?.is_some() {
                let refusal = Refusal::TimeBlocked;
                self.audit(&Deed::by(&add.actor, "add_slots", &word(refusal)))?;
                return Ok(Outcome::Refused(refusal));
            }
        }
        let added = self.all_or_nothing(|| {
            let mut free = FreeIndices::of(self)?;
            let mut slots = Vec::with_capacity(add.slots.len());
            for (place, new) in add.slots.iter().enumerate() {
                let index = free.next_one()?;
                self.release_index(index)?;
                let publication = Publication {
                    doctor,
                    index,
                    start: new.start,
                    end: new.end,
                    service: &add.service,
                    origin: Origin::Desk,
                };
                let slot = self.publish(&publication)?.map_err(|overlapped| {
                    Stop::conflict((place, SlotConflict::Overlap(overlapped)))
                })?;
                slots.push(self.published_slot(slot)?);
            }
            Ok(slots)
        })?;
        match added {
            Ok(slots) => {
                let what = format!("published {}", slots.len());
                self.audit(&Deed::by(&add.actor, "add_slots", &what))?;
                Ok(Outcome::SlotsAdded(slots))
            }
            Err((place, conflict)) => Ok(Outcome::SlotsConflict(place, conflict)),
        }
    }

    /// Runs `work`; a conflict undoes all that it wrote, and only that.
    fn all_or_nothing<T, C>(
        &self,
        work: impl FnOnce() -> Result<T, Stop<C>>,
    ) -> Result<Result<T, C>, StoreError> {
        let chain = self.chain.mark();
        run(self.connection, "SAVEPOINT publishing", ())?;
        let done = match work() {
            Ok(done) => Ok(done),
            Err(Stop::Failure(error)) => return Err(error),
            Err(Stop::Conflict(conflict)) => {
                run(self.connection, "ROLLBACK TO publishing", ())?;
                self.chain.go_back(chain);
                Err(*conflict)
            }
        };
        run(self.connection, "RELEASE publishing", ())?;
        Ok(done)
    }

    fn settle_zone(&self, zone: &str) -> Result<Zone, Stop<ImportConflict>> {
        let sql = "SELECT zone FROM center WHERE center = ?1";
        let kept = one(self.connection, sql, [self.center], |row| Ok(row.get(0)?))?;
        match kept.flatten() {
            Some(kept) if kept == zone => Ok(Zone::Known),
            Some(kept) => Err(Stop::conflict(ImportConflict::Zone(kept))),
            None => {
                let sql = "UPDATE center SET zone = ?2 WHERE center = ?1";
                run(self.connection, sql, (self.center, zone))?;
                Ok(Zone::Settled)
            }
        }
    }

    fn doctor_ids(&self) -> Result<HashMap<DoctorName, KnownDoctor>, StoreError> {
        let sql = "SELECT doctor, present, name, host, port, sealing_key, verifying_key
            FROM doctor WHERE center = ?1";
        let doctors = all(self.connection, sql, [self.center], |row| {
            let (id, present) = (row.get(0)?, row.get(1)?);
            Ok(KnownDoctor { id, present, doctor: rows::doctor(row, 2)? })
        })?;
        Ok(doctors.into_iter().map(|known| (known.doctor.name.clone(), known)).collect())
    }

    /// Creates doctors and moves addresses; how many of both.
    fn import_doctors(
        &self,
        doctors: &[Doctor],
        counts: &mut ImportCounts,
    ) -> Result<usize, Stop<ImportConflict>> {
        let known = self.doctor_ids()?;
        // Where a doctor has registered counts more than what the file says.
        let registered = |doctor: &Doctor| {
            let known = known.get(&doctor.name).map(|known| &known.doctor);
            known.filter(|known| known.keys.is_some()).cloned()
        };
        let (there, told): (Vec<&Doctor>, Vec<&Doctor>) =
            doctors.iter().partition(|doctor| registered(doctor).is_some());
        // The registered ones first: who comes later and wants an address of theirs is in conflict.
        let doctors: Vec<Doctor> =
            there.into_iter().filter_map(registered).chain(told.into_iter().cloned()).collect();
        let is_there = |doctor: &Doctor| {
            known.get(&doctor.name).is_some_and(|known| known.present && known.doctor == *doctor)
        };
        let changed: Vec<&Doctor> = doctors.iter().filter(|doctor| !is_there(doctor)).collect();
        if changed.is_empty() {
            return Ok(0);
        }
        // Who will answer where: the file's word before the store's.
        let mut holders: HashMap<_, &DoctorName> = HashMap::new();
        for doctor in &doctors {
            if let Some(holder) = holders.insert(doctor.address, &doctor.name) {
                return Err(Stop::conflict(address_conflict(&doctor.name, holder)));
            }
        }
        let in_file: HashSet<&DoctorName> = doctors.iter().map(|doctor| &doctor.name).collect();
        let staying = known.values().filter(|k| k.present && !in_file.contains(&k.doctor.name));
        for holder in staying {
            let Some(doctor) = holders.get(&holder.doctor.address) else { continue };
            if self.is_still_needed(holder.id)? {
                return Err(Stop::conflict(address_conflict(doctor, &holder.doctor.name)));
            }
            // Who comes back one day registers again.
            let left = "UPDATE doctor SET present = 0, sealing_key = NULL, verifying_key = NULL,
                registered = NULL WHERE center = ?1 AND doctor = ?2";
            run(self.connection, left, (self.center, holder.id))?;
        }
        // All of them leave their addresses before the first one takes another's.
        let park = "UPDATE doctor SET port = NULL WHERE center = ?1 AND name = ?2";
        for doctor in &changed {
            run(self.connection, park, (self.center, doctor.name.as_str()))?;
        }
        let put = "INSERT INTO doctor (center, doctor, name, host, port, added)
            SELECT ?1, coalesce(max(doctor), 0) + 1, ?2, ?3, ?4, ?5
            FROM doctor WHERE center = ?1
            ON CONFLICT (center, name)
            DO UPDATE SET host = excluded.host, port = excluded.port, present = 1";
        for doctor in &changed {
            let host = doctor.address.host.map(|host| host.to_string());
            let (name, port) = (doctor.name.as_str(), doctor.address.port);
            run(self.connection, put, (self.center, name, host, port, self.now))?;
            counts.doctors_added += usize::from(!known.contains_key(&doctor.name));
        }
        Ok(changed.len())
    }

    /// Whether a doctor who is not in the file has patients to come, or slots that were added by
    /// hand; the free ones of an earlier file are withdrawn anyway.
    fn is_still_needed(&self, doctor: i64) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM slot s WHERE s.center = ?1 AND s.doctor = ?2
            AND s.state = 'published' AND s.ends > ?3
            AND (s.origin = 'desk' OR EXISTS (SELECT 1 FROM claim c
                WHERE c.center = s.center AND c.slot = s.slot)) LIMIT 1";
        Ok(one(self.connection, sql, (self.center, doctor, self.now), |_| Ok(()))?.is_some())
    }

    fn import_slots(
        &self,
        slots: &[ImportedSlot],
        counts: &mut ImportCounts,
    ) -> Result<(), Stop<ImportConflict>> {
        let doctors = self.doctor_ids()?;
        let mut in_use = self.indices_in_use()?;
        let blocks = Blocks::of(self)?;
        let mut wanted = Vec::new();
        for row in slots {
            let doctor = doctors
                .get(&row.doctor)
                .map(|known| known.id)
                .ok_or(StoreError::BadCommand("a slot of a doctor who is not imported"))?;
            match in_use.remove(&row.index.number()) {
                Some(there) if there.is(row, doctor) => counts.slots_unchanged += 1,
                // What the index means now has left the file, and nothing takes its place yet.
                Some(there) if blocks.overlap(doctor, row.span()) => {
                    in_use.insert(row.index.number(), there);
                    counts.slots_unchanged += 1;
                }
                None if blocks.overlap(doctor, row.span()) => counts.slots_unchanged += 1,
                Some(there) => {
                    let begun = self.make_way(row, &there)?;
                    counts.slots_withdrawn += usize::from(!begun);
                    wanted.push((row, doctor));
                }
                None => wanted.push((row, doctor)),
            }
        }
        // What is left in the map has no row in the file.
        for there in in_use.values().filter(|there| there.origin == Origin::File) {
            if there.starts > self.now && self.withdraw_if_free(there)? {
                counts.slots_withdrawn += 1;
            }
        }
        let service = Service::visit();
        for (row, doctor) in wanted {
            let publication = Publication {
                doctor,
                index: row.index.number(),
                start: row.start,
                end: row.end,
                service: &service,
                origin: Origin::File,
            };
            self.publish(&publication)?.map_err(|overlapped| {
                Stop::conflict(ImportConflict::Slot {
                    line: row.line,
                    conflict: SlotConflict::Overlap(overlapped),
                })
            })?;
            counts.slots_published += 1;
        }
        Ok(())
    }

    /// Frees the index of `row` from the slot that has it now; whether that one had begun.
    fn make_way(&self, row: &ImportedSlot, there: &InUse) -> Result<bool, Stop<ImportConflict>> {
        if there.starts <= self.now {
            self.release_index(row.index.number())?;
            return Ok(true);
        }
        let by_hand = there.origin == Origin::Desk;
        if !by_hand && self.withdraw_if_free(there)? {
            return Ok(false);
        }
        let slot = self.published_slot(there.slot)?;
        let conflict = if by_hand && !self.is_claimed(there.slot)? {
            SlotConflict::IndexAddedByHand(slot)
        } else {
            SlotConflict::IndexBooked(slot)
        };
        Err(Stop::conflict(ImportConflict::Slot { line: row.line, conflict }))
    }

    /// Withdraws a slot unless somebody has it; whether it did.
    fn withdraw_if_free(&self, there: &InUse) -> Result<bool, StoreError> {
        if self.is_claimed(there.slot)? {
            return Ok(false);
        }
        let over = "DELETE FROM claim WHERE center = ?1 AND slot = ?2 AND expires <= ?3";
        run(self.connection, over, (self.center, there.slot, self.now))?;
        let sql = "UPDATE slot SET state = 'withdrawn', index_in_use = 0, withdrawn = ?3
            WHERE center = ?1 AND slot = ?2";
        run(self.connection, sql, (self.center, there.slot, self.now))?;
        Ok(true)
    }

    fn is_claimed(&self, slot: i64) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM claim WHERE center = ?1 AND slot = ?2
            AND (expires IS NULL OR expires > ?3)";
        Ok(one(self.connection, sql, (self.center, slot, self.now), |_| Ok(()))?.is_some())
    }

    /// Takes an index from the slot that has it.
    pub(super) fn release_index(&self, index: u32) -> Result<(), StoreError> {
        let sql = "UPDATE slot SET index_in_use = 0
            WHERE center = ?1 AND idx = ?2 AND index_in_use = 1";
        run(self.connection, sql, (self.center, index))?;
        Ok(())
    }

    fn indices_in_use(&self) -> Result<HashMap<u32, InUse>, StoreError> {
        let sql = "SELECT idx, slot, doctor, starts, ends, origin = 'file' FROM slot
            WHERE center = ?1 AND index_in_use = 1";
        let slots = all(self.connection, sql, [self.center], |row| {
            let origin = if row.get(5)? { Origin::File } else { Origin::Desk };
            let (slot, doctor) = (row.get(1)?, row.get(2)?);
            let there = InUse { slot, doctor, starts: row.get(3)?, ends: row.get(4)?, origin };
            Ok((row.get(0)?, there))
        })?;
        Ok(slots.into_iter().collect())
    }

    /// Writes a slot and gives its id; or the slot of the same doctor that it overlaps.
    pub(super) fn publish(&self, new: &Publication<'_>) -> Result<Result<i64, Slot>, StoreError> {
        let (starts, ends) = (new.start.as_millisecond(), new.end.as_millisecond());
        if ends <= starts {
            return Err(StoreError::BadCommand("a slot ends before it begins"));
        }
        if let Some(overlapped) = self.last_before(new.doctor, ends)?
            && overlapped.end > new.start
        {
            return Ok(Err(overlapped));
        }
        let sql = "UPDATE center SET slots_made = slots_made + 1 WHERE center = ?1
            RETURNING slots_made";
        let id: i64 = one(self.connection, sql, [self.center], |row| Ok(row.get(0)?))?
            .ok_or_else(|| StoreError::Corrupt("the center has no row".to_owned()))?;
        let origin = match new.origin {
            Origin::File => "file",
            Origin::Desk => "desk",
        };
        let sql = "INSERT INTO slot
            (center, slot, doctor, idx, service, starts, ends, origin, added)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let service = new.service.as_str();
        let key = (self.center, id, new.doctor, new.index);
        let params = (key.0, key.1, key.2, key.3, service, starts, ends, origin, self.now);
        run(self.connection, sql, params)?;
        Ok(Ok(id))
    }

    /// The doctor's last slot that begins before `moment`. Since slots of one doctor never overlap,
    /// no other one of them ends later.
    fn last_before(&self, doctor: i64, moment: i64) -> Result<Option<Slot>, StoreError> {
        let sql = concat!(
            "SELECT ",
            slot_columns!(),
            " FROM slot s CROSS JOIN doctor d USING (center, doctor)",
            " WHERE s.center = ?1 AND s.doctor = ?2 AND s.state = 'published'",
            " AND s.starts < ?3 ORDER BY s.starts DESC LIMIT 1"
        );
        one(self.connection, sql, (self.center, doctor, moment), rows::slot)
    }

    fn published_slot(&self, id: i64) -> Result<Slot, StoreError> {
        let sql = concat!(
            "SELECT ",
            slot_columns!(),
            " FROM slot s CROSS JOIN doctor d USING (center, doctor)",
            " WHERE s.center = ?1 AND s.slot = ?2"
        );
        one(self.connection, sql, (self.center, id), rows::slot)?
            .ok_or_else(|| StoreError::Corrupt(format!("slot {id} is gone")))
    }
}

/// A doctor of the store.
struct KnownDoctor {
    id: i64,
    /// Whether the address is this doctor's now.
    present: bool,
    doctor: Doctor,
}

fn address_conflict(doctor: &DoctorName, holder: &DoctorName) -> ImportConflict {
    ImportConflict::Address { doctor: doctor.clone(), holder: holder.clone() }
}

/// The indices that no slot still to come has, nor any of a file's, from the lowest: those of a
/// file are its own, also when their slots have begun, since it is loaded again next week, and while
/// they are withdrawn for a block, since that is lifted one day.
pub(super) struct FreeIndices {
    taken: std::iter::Peekable<std::vec::IntoIter<u32>>,
    candidate: u32,
}

impl FreeIndices {
    pub(super) fn of(batch: &Batch<'_>) -> Result<Self, StoreError> {
        let sql = "SELECT idx FROM slot WHERE center = ?1 AND index_in_use = 1
              AND (starts > ?2 OR origin = 'file')
            UNION SELECT s.idx FROM slot s CROSS JOIN blocked b
              ON b.center = s.center AND b.block = s.withdrawn_for
            WHERE s.center = ?1 AND s.withdrawn_for IS NOT NULL AND s.origin = 'file'
              AND b.lifted IS NULL
            ORDER BY 1";
        let taken = all(batch.connection, sql, (batch.center, batch.now), |row| Ok(row.get(0)?))?;
        Ok(Self { taken: taken.into_iter().peekable(), candidate: 0 })
    }

    pub(super) fn next_one(&mut self) -> Result<u32, StoreError> {
        loop {
            self.candidate =
                self.candidate.checked_add(1).ok_or(StoreError::BadCommand("no index is left"))?;
            if self.taken.next_if_eq(&self.candidate).is_none() {
                return Ok(self.candidate);
            }
        }
    }
}
