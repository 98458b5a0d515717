//! A doctor's verbs: where the doctor answers and under which keys, and what is new.

use std::net::IpAddr;

use domain::{DoctorAddress, Refusal};
use jiff::{SignedDuration, Timestamp};
use protocol::limits::NEWS_CHANGES_MAX;
use protocol::{News, Registration, TicketsOver};
use store::{Actor, Answer, Command, Query, RegisterDoctor};

use super::tending::Next;
use super::{Doing, Effect, Rules};
use crate::account::Practising;
use crate::tickets::{CLOCK_SKEW, TicketOffice, VISIT_TICKET_VALID};

/// How far news reach back behind what was asked for: a change bears the moment at which its batch
/// was made, which is a little before it can be read.
const NEWS_OVERLAP: SignedDuration = SignedDuration::from_secs(10);

impl Practising {
    pub(super) fn register(&self, rules: &Rules, registration: Registration, from: IpAddr) -> Next {
        // Nobody could believe keys that are not certified.
        if rules.tickets.is_none() {
            return Err(Refusal::Unavailable);
        }
        let address = address_of(registration.address, from);
        let actor = Actor::Account(self.standing);
        let register = RegisterDoctor { actor, address, keys: registration.keys };
        Ok((Doing::Registering, Effect::Commit(Command::RegisterDoctor(register))))
    }

    /// What has changed since `since`, or since the last ticket was made that can be in force.
    pub(super) fn news(&self, rules: &Rules, now: Timestamp, since: Option<Timestamp>) -> Next {
        if rules.tickets.is_none() {
            return Err(Refusal::Unavailable);
        }
        let oldest = now - VISIT_TICKET_VALID - CLOCK_SKEW;
        // What is left of a long page may have changed within the overlap: then it is asked for as if
        // from a moment to come.
        let latest = now + NEWS_OVERLAP;
        let since = since.map_or(oldest, |since| (since.max(oldest)).min(latest));
        let query = Query::ChangedAppointments {
            doctor: self.doctor.clone(),
            standing: self.standing,
            now,
            since: since - NEWS_OVERLAP,
            limit: NEWS_CHANGES_MAX,
        };
        Ok((Doing::Hearing, Effect::Read(query)))
    }
}

/// What a doctor has to know at `now`; `None` when the store could not be read.
pub(super) fn news(office: &TicketOffice, now: Timestamp, answer: Option<Answer>) -> Option<News> {
    let Some(Answer::Changes { changes, rest }) = answer else { return None };
    // What did not fit is what changed last: the doctor asks on from there.
    let until = rest.map_or(now, |rest| rest + NEWS_OVERLAP);
    let over = |(appointment, below)| TicketsOver { appointment, below };
    Some(News {
        ticket_keys: office.verifying_keys(now),
        over: changes.into_iter().map(over).collect(),
        until,
    })
}

/// Where a doctor answers: at the named host, or where it speaks from. Loopback means the center's
/// own host, which classic messages can say no other.
fn address_of(named: DoctorAddress, from: IpAddr) -> DoctorAddress {
    let named_host = named.host.filter(|host| !host.is_unspecified());
    let host = named_host.unwrap_or(from).to_canonical();
    DoctorAddress { host: Some(host).filter(|host| !host.is_loopback()), port: named.port }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doctor_answers_where_it_says_or_where_it_speaks_from() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        for (named, from, expected) in [
            (None, "192.0.2.7", Some("192.0.2.7")),
            (None, "::ffff:192.0.2.7", Some("192.0.2.7")),
            (None, "127.0.0.1", None),
            (None, "::1", None),
            (Some("0.0.0.0"), "192.0.2.7", Some("192.0.2.7")),
            (Some("192.0.2.8"), "127.0.0.1", Some("192.0.2.8")),
            (Some("127.0.0.1"), "127.0.0.1", None),
        ] {
            let named = DoctorAddress { host: named.map(ip), port: 41_000 };
            let expected = DoctorAddress { host: expected.map(ip), port: 41_000 };
            assert_eq!(address_of(named, ip(from)), expected);
        }
    }

    #[test]
    fn news_that_do_not_fit_into_a_page_are_asked_for_from_where_it_ended() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let account = domain::AccountId::from_bytes([1; 16]);
        let standing =
            store::Standing { account, credential: Some(1), ended: 0, session: None, source: None };
        let doctor = domain::DoctorName::new("doc1").unwrap();
        let practising = Practising { standing, doctor };
        let identity = protocol::ticket::SigningKey::from_seed([9; 32]).unwrap();
        let key = protocol::ticket::SigningKey::from_seed([1; 32]).unwrap();
        let key = crate::tickets::TicketKey { key, signs_from: now };
        let office = TicketOffice::new(identity, vec![key]).unwrap();
        let zone = jiff::tz::TimeZone::UTC;
        let rules = Rules { zone, appointments_max: None, tickets: Some(office.clone()) };
        let asked_since = |since| match practising.news(&rules, now, since) {
            Ok((Doing::Hearing, Effect::Read(Query::ChangedAppointments { since, .. }))) => since,
            other => panic!("{other:?}"),
        };
        let changed = domain::AppointmentId::from_bytes([7; 16]);
        // Also where all that changed did so within the overlap, or this very moment.
        for ago in [3_000, 5, 0] {
            let rest = now - SignedDuration::from_secs(ago);
            let changes = vec![(changed, domain::Version(2))];
            let page = Answer::Changes { changes, rest: Some(rest) };
            let page = news(&office, now, Some(page)).unwrap();
            assert_eq!(page.over.len(), 1);
            assert_eq!(asked_since(Some(page.until)), rest);
        }
        let last = Answer::Changes { changes: Vec::new(), rest: None };
        assert_eq!(news(&office, now, Some(last)).unwrap().until, now);
        assert!(news(&office, now, None).is_none());
    }
}
