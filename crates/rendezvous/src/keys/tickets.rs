//! The keys that sign tickets: a new one every few days, announced before it signs, and kept until
//! the last ticket that it may have signed has expired. They survive a restart in `tickets.keys`.
//!
//! What is deliberately not here: tickets themselves, and when a center looks (see `center`).

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use ::center::tickets::{CLOCK_SKEW, TicketKey, VISIT_TICKET_VALID};
use jiff::{SignedDuration, Timestamp};
use protocol::limits::TICKET_KEYS_MAX;
use protocol::ticket::SigningKey;
use serde::{Deserialize, Serialize};

use super::private_file::{self, Created};
use super::{BadInput, Key, Keys};

/// How long a new key is announced before it signs: doctors ask for news more often than that.
pub(crate) const TICKET_KEY_ANNOUNCED: Duration = Duration::from_secs(60);

/// A line of the file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    signs_from: Timestamp,
    /// 64 hexadecimal digits.
    seed: String,
}

/// What becomes of the keys before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// The new one signs after this time; the old ones stay until their tickets are over.
    Announced(Duration),
    /// The new one signs at once, and tickets of the old ones are void.
    AtOnce,
}

impl Keys {
    /// Where the ticket keys are.
    pub(crate) fn ticket_keys_file(&self) -> PathBuf {
        self.file("tickets.keys")
    }

    /// The ticket keys, in the order in which they sign; one is made if there is none.
    ///
    /// # Errors
    /// When the file cannot be read, made or trusted.
    pub(crate) fn ticket_keys(&self, now: Timestamp) -> Result<Vec<TicketKey>, BadInput> {
        let lines = match self.ticket_lines() {
            Err(missing) if missing.is_missing() => {
                let first = vec![fresh(now)];
                match private_file::create(&self.ticket_keys_file(), &written(&first))? {
                    Created::Ours => first,
                    Created::Theirs => self.ticket_lines()?,
                }
            }
            read => read?,
        };
        self.signing(in_force(&lines, now))
    }

    /// Adds a ticket key; gives all that are in force or will be.
    ///
    /// # Errors
    /// As [`Keys::ticket_keys`].
    pub(crate) fn rotate_ticket_keys(
        &self,
        now: Timestamp,
        rotation: Rotation,
    ) -> Result<Vec<TicketKey>, BadInput> {
        // A center may do this at the same moment as its operator.
        let _alone = self.alone()?;
        self.ticket_keys(now)?;
        let mut lines = self.ticket_lines()?;
        match rotation {
            Rotation::AtOnce => lines = vec![fresh(now)],
            Rotation::Announced(ahead) => {
                lines = in_force(&lines, now).to_vec();
                if lines.len() >= TICKET_KEYS_MAX {
                    let path = self.ticket_keys_file();
                    let wrong = format!(
                        "holds {} keys whose tickets are in force, which is all that a doctor \
                         takes, expected less haste",
                        lines.len()
                    );
                    return Err(BadInput::of_file(&path, wrong));
                }
                let ahead = SignedDuration::try_from(ahead).unwrap_or_default();
                lines.push(fresh(now + ahead));
            }
        }
        private_file::replace(&self.ticket_keys_file(), &written(&lines))?;
        self.signing(&lines)
    }

    /// Keeps other processes from changing files of the folder until it is dropped.
    ///
    /// # Errors
    /// When the folder cannot be locked.
    pub(crate) fn alone(&self) -> Result<File, BadInput> {
        let locked = File::open(self.folder()).and_then(|folder| folder.lock().map(|()| folder));
        locked.map_err(|error: io::Error| {
            let wrong = format!("cannot be locked ({error}), expected a folder of our own");
            BadInput::of_file(self.folder(), wrong)
        })
    }

    fn ticket_lines(&self) -> Result<Vec<Line>, BadInput> {
        let path = self.ticket_keys_file();
        let secret = private_file::read(&path, "lines of ticket keys")?;
        let text = std::str::from_utf8(secret.expose()).unwrap_or_default();
        let lines: Result<Vec<Line>, _> = text.lines().map(serde_json::from_str).collect();
        let mut lines = lines.unwrap_or_default();
        lines.sort_by_key(|line| line.signs_from);
        let lines = Some(lines).filter(|lines| !lines.is_empty());
        // What the parser says might repeat a key.
        lines.ok_or_else(|| BadInput::of_file(&path, "is broken, expected lines of ticket keys"))
    }

    fn signing(&self, lines: &[Line]) -> Result<Vec<TicketKey>, BadInput> {
        let key = |line: &Line| {
            let seed = Key::of_hexadecimal(&line.seed)?;
            let key = SigningKey::from_seed(seed.0).ok()?;
            Some(TicketKey { key, signs_from: line.signs_from })
        };
        let keys: Option<Vec<TicketKey>> = lines.iter().map(key).collect();
        keys.ok_or_else(|| {
            let path = self.ticket_keys_file();
            BadInput::of_file(&path, "holds a seed that is no key, expected 64 hexadecimal digits")
        })
    }
}

/// Whether it is time for a new key, and how long before it signs it is to be announced; `every` is
/// how long one key signs. Doctors take only so many keys: past that, the last one signs on.
pub(crate) fn rotation_due(
    keys: &[TicketKey],
    every: Duration,
    now: Timestamp,
) -> Option<Rotation> {
    if keys.len() >= TICKET_KEYS_MAX {
        return None;
    }
    let newest = keys.iter().map(|key| key.signs_from).max()?;
    let ahead = TICKET_KEY_ANNOUNCED.min(every / 2);
    let signed = SignedDuration::try_from(every - ahead).unwrap_or(SignedDuration::MAX);
    (now.duration_since(newest) >= signed).then_some(Rotation::Announced(ahead))
}

/// Those whose last ticket has not expired: the next one has not signed for so long.
fn in_force(lines: &[Line], now: Timestamp) -> &[Line] {
    let kept = VISIT_TICKET_VALID + CLOCK_SKEW;
    let over = |next: &&Line| now.duration_since(next.signs_from) > kept;
    let gone = lines.iter().skip(1).take_while(over).count();
    lines.get(gone..).unwrap_or_default()
}

fn fresh(signs_from: Timestamp) -> Line {
    Line { signs_from, seed: Key::fresh().to_hexadecimal() }
}

fn written(lines: &[Line]) -> Vec<u8> {
    let mut text = Vec::new();
    for line in lines {
        text.extend(serde_json::to_vec(line).expect("a line has only strings for keys"));
        text.push(b'\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}Z").parse().unwrap()
    }

    fn moments(keys: &[TicketKey]) -> Vec<Timestamp> {
        keys.iter().map(|key| key.signs_from).collect()
    }

    #[test]
    fn a_ticket_key_is_kept_until_its_last_ticket_has_expired() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(folder.path()).unwrap();
        let announced = Rotation::Announced(TICKET_KEY_ANNOUNCED);
        let first = keys.ticket_keys(at("01T00:00:00")).unwrap();
        assert_eq!(moments(&first), [at("01T00:00:00")]);
        let again = keys.ticket_keys(at("02T00:00:00")).unwrap();
        assert_eq!(again[0].key.verifying_key(), first[0].key.verifying_key());
        let second = keys.rotate_ticket_keys(at("08T00:00:00"), announced).unwrap();
        assert_eq!(moments(&second), [at("01T00:00:00"), at("08T00:01:00")]);
        let third = keys.rotate_ticket_keys(at("08T00:30:00"), announced).unwrap();
        assert_eq!(moments(&third).len(), 3);
        let fourth = keys.rotate_ticket_keys(at("08T01:40:00"), announced).unwrap();
        assert_eq!(moments(&fourth), [at("08T00:31:00"), at("08T01:41:00")]);
        let alone = keys.rotate_ticket_keys(at("08T01:40:00"), Rotation::AtOnce).unwrap();
        assert_eq!(moments(&alone), [at("08T01:40:00")]);
    }

    #[test]
    fn a_new_ticket_key_is_due_so_that_it_is_announced_before_it_signs() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(folder.path()).unwrap().ticket_keys(at("01T00:00:00")).unwrap();
        let day = Duration::from_secs(24 * 60 * 60);
        assert_eq!(rotation_due(&keys, day, at("01T23:58:59")), None);
        let expected = Some(Rotation::Announced(TICKET_KEY_ANNOUNCED));
        assert_eq!(rotation_due(&keys, day, at("01T23:59:00")), expected);
        let expected = Some(Rotation::Announced(Duration::from_secs(5)));
        assert_eq!(rotation_due(&keys, Duration::from_secs(10), at("01T00:00:05")), expected);
    }

    #[test]
    fn there_are_never_more_ticket_keys_than_a_doctor_takes() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(folder.path()).unwrap();
        let announced = Rotation::Announced(TICKET_KEY_ANNOUNCED);
        let now = at("01T00:00:00");
        for _ in 1..TICKET_KEYS_MAX {
            keys.rotate_ticket_keys(now, announced).unwrap();
        }
        let error = keys.rotate_ticket_keys(now, announced).unwrap_err().to_string();
        assert!(error.contains("holds 16 keys whose tickets are in force"), "{error}");
        let all = keys.ticket_keys(now).unwrap();
        assert_eq!(rotation_due(&all, TICKET_KEY_ANNOUNCED, at("09T00:00:00")), None);
        assert_eq!(keys.ticket_keys(at("09T00:00:00")).unwrap().len(), 1);
    }

    #[test]
    fn broken_ticket_keys_are_refused_without_repeating_them() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(folder.path()).unwrap();
        for broken in ["", "{\"seed\":\"abc\"}", "seed"] {
            private_file::replace(&keys.ticket_keys_file(), broken.as_bytes()).unwrap();
            let error = keys.ticket_keys(at("01T00:00:00")).unwrap_err().to_string();
            assert!(error.ends_with("is broken, expected lines of ticket keys"), "{error}");
        }
    }
}
