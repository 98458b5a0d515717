//! `NAME.center`: what the center told the doctor last, so that it can judge tickets also when it
//! starts and the center is away.
//!
//! What is deliberately not here: secrets. It is kept in a private file all the same: whoever could
//! change it could make the doctor take tickets of another center.

use domain::{AppointmentId, VerifyingKey, Version};
use jiff::Timestamp;
use protocol::ticket::DoctorCertificate;
use protocol::{News, Registered, TicketsOver};
use serde::{Deserialize, Serialize};

use super::secrets::Files;
use crate::input::BadInput;
use crate::keys::private_file;

/// The most appointments whose tickets are known to be over; past it the oldest are forgotten. Each
/// has less than 64 bytes in the file, which is small enough for a private one.
const OVER_MAX: usize = 8_192;

/// What the file should be.
const EXPECTED: &str = "what the center told last";

/// What the center has told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    /// The center's key.
    pub(super) center_key: VerifyingKey,
    /// Its word for the doctor's keys.
    pub(super) certificate: DoctorCertificate,
    /// The keys that sign tickets in force.
    pub(super) ticket_keys: Vec<VerifyingKey>,
    /// Appointments whose tickets below a version are over, oldest first.
    over: Vec<(AppointmentId, Version)>,
    /// Up to when it has told what is new; `None` before it told anything.
    pub(super) until: Option<Timestamp>,
}

/// Whether something is to be kept in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The file would hold the same, but for the time of the last news.
    Nothing,
    /// The file would hold something else.
    Something,
}

impl Known {
    /// What is known after the first registration.
    pub(super) fn of(registered: &Registered) -> Self {
        Self {
            center_key: registered.center_key,
            certificate: registered.certificate.clone(),
            ticket_keys: Vec::new(),
            over: Vec::new(),
            until: None,
        }
    }

    /// The doctor has registered again.
    pub(super) fn register(&mut self, registered: &Registered) -> Change {
        let before = (self.center_key, self.certificate.clone());
        self.center_key = registered.center_key;
        self.certificate = registered.certificate.clone();
        changed(before != (self.center_key, self.certificate.clone()))
    }

    /// The center has told what is new.
    pub(super) fn hear(&mut self, news: &News) -> Change {
        let mut change = changed(self.ticket_keys != news.ticket_keys);
        self.ticket_keys.clone_from(&news.ticket_keys);
        for over in &news.over {
            let known = self.over.iter_mut().find(|(known, _)| *known == over.appointment);
            match known {
                Some((_, below)) if *below >= over.below => continue,
                Some((_, below)) => *below = over.below,
                None => self.over.push((over.appointment, over.below)),
            }
            change = Change::Something;
        }
        let too_many = self.over.len().saturating_sub(OVER_MAX);
        self.over.drain(..too_many);
        self.until = Some(news.until);
        change
    }

    /// All of it, as the center would tell it; `None` before it told anything.
    pub(super) fn news(&self) -> Option<News> {
        let over = self.over.iter();
        Some(News {
            ticket_keys: self.ticket_keys.clone(),
            over: over.map(|&(appointment, below)| TicketsOver { appointment, below }).collect(),
            until: self.until?,
        })
    }

    /// What the file holds; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read, others have a right to it, or it holds something else.
    pub(super) fn read(files: &Files) -> Result<Option<Self>, BadInput> {
        let path = files.center();
        let content = match private_file::read(&path, EXPECTED) {
            Ok(content) => content,
            Err(missing) if missing.is_missing() => return Ok(None),
            Err(error) => return Err(error),
        };
        let known = serde_json::from_slice(content.expose());
        known.map(Some).map_err(|error| {
            BadInput::of_file(&path, format!("is not {EXPECTED} ({error}); it can be deleted"))
        })
    }

    /// Keeps it in the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn keep(&self, files: &Files) -> Result<(), BadInput> {
        let text = serde_json::to_string(self).expect("it has only strings for keys");
        private_file::replace(&files.center(), format!("{text}\n").as_bytes())
    }
}

const fn changed(changed: bool) -> Change {
    if changed { Change::Something } else { Change::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(seed: u8) -> Registered {
        Registered {
            address: domain::DoctorAddress { host: None, port: 41_000 },
            certificate: DoctorCertificate::new(format!("certificate {seed}")),
            center_key: VerifyingKey([seed; 32]),
        }
    }

    fn news(key: u8, over: &[(u8, u32)], until: i64) -> News {
        let over = over.iter().map(|&(id, below)| TicketsOver {
            appointment: AppointmentId::from_bytes([id; 16]),
            below: Version(below),
        });
        News {
            ticket_keys: vec![VerifyingKey([key; 32])],
            over: over.collect(),
            until: Timestamp::from_second(until).unwrap(),
        }
    }

    #[test]
    fn what_was_told_comes_back_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path(), &"doc1".parse().unwrap()).unwrap();
        assert_eq!(Known::read(&files).unwrap(), None);
        let mut known = Known::of(&registered(1));
        assert_eq!(known.news(), None);
        assert_eq!(known.hear(&news(3, &[(7, 2)], 1_000)), Change::Something);
        known.keep(&files).unwrap();
        assert_eq!(Known::read(&files).unwrap().as_ref(), Some(&known));
        assert_eq!(known.news(), Some(news(3, &[(7, 2)], 1_000)));
    }

    #[test]
    fn only_what_is_new_is_a_change_and_no_version_goes_back() {
        let mut known = Known::of(&registered(1));
        known.hear(&news(3, &[(7, 2)], 1_000));
        assert_eq!(known.hear(&news(3, &[], 1_002)), Change::Nothing);
        assert_eq!(known.hear(&news(3, &[(7, 1)], 1_004)), Change::Nothing);
        assert_eq!(known.hear(&news(3, &[(7, 4)], 1_006)), Change::Something);
        assert_eq!(known.hear(&news(4, &[], 1_008)), Change::Something);
        assert_eq!(known.news(), Some(news(4, &[(7, 4)], 1_008)));
        assert_eq!(known.register(&registered(1)), Change::Nothing);
        assert_eq!(known.register(&registered(2)), Change::Something);
        assert_eq!(known.news(), Some(news(4, &[(7, 4)], 1_008)));
    }
}
