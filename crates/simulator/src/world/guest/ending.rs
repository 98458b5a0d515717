//! A patient leaves, and what is kept of the visit.

use crate::history::EntryKind;
use crate::record::{Booking, VisitEnd, VisitRecord};
use crate::world::event::GuestNumber;
use crate::world::{Held, World};

impl World<'_> {
    /// The visit is over. An operation that is open stays without an answer.
    pub(in crate::world) fn leaves(&mut self, number: GuestNumber, ended: VisitEnd) -> Held {
        self.ends(number, EntryKind::Info, None);
        self.hangs_up(number);
        let Some(guest) = self.guests.remove(&number) else { return Ok(()) };
        if guest.intent.is_some() {
            self.wishes.leaves_unsure(guest.patient);
        }
        self.log.say(|| format!("patient{} leaves: {ended:?}", number + 1));
        self.counted.visits += 1;
        if let Some(watcher) = &mut self.watcher {
            watcher(self.counted.visits);
        }
        let Some(tally) = &mut self.tally else { return Ok(()) };
        let booking = guest.confirmed.map(|confirmed| Booking {
            slot: confirmed.slot,
            doctor: confirmed.doctor.map(|doctor| self.doctors[usize::from(doctor)].name.clone()),
            start: confirmed.start,
            booked: Some(confirmed.booked),
        });
        tally.visit(VisitRecord {
            patient: guest.user.to_string(),
            planned: guest.story.planned,
            phases: guest.story.phases,
            ended,
            left: self.now,
            booking,
            price: guest.story.price,
            tries: guest.story.tries,
            connections: guest.story.connections,
            exchanges: guest.story.exchanges,
        });
        Ok(())
    }
}
