//! Notes for the audit on their way to the ledger: nobody waits for them, and a flood of refusals
//! becomes one record in ten seconds with how often it happened.
//!
//! What is done is noted at once, one by one. Of refusals that are alike (who, what, which refusal,
//! from where, about whom) the first is noted at once, and the others together when their time has
//! come. When the ledger is full a note waits here for the next time. What is deliberately not here:
//! what is worth a note; a visit says so.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use domain::{AccountId, PatientId};
use store::{AuditNote, Command, NoteOutcome, NoteVerb};
use tokio::sync::oneshot;

use crate::bookkeeper::Bookkeeper;

/// How long notes that are alike are counted before they are written as one.
pub const NOTES_COUNTED: Duration = Duration::from_secs(10);
/// The most notes that are counted apart; beyond, only what and which refusal is told apart.
pub const NOTES_APART_MAX: usize = 4_096;
/// How long the end of a center waits for a ledger that is full.
const FLUSH_MAX: Duration = Duration::from_secs(2);
/// The pause between two tries to enter a note at the end.
const FLUSH_PAUSE: Duration = Duration::from_millis(5);

/// The way to the thread that enters notes in time.
pub(crate) struct Notes {
    desk: Arc<Desk>,
}

struct Desk {
    state: Mutex<State>,
    changed: Condvar,
    bookkeeper: Bookkeeper,
}

#[derive(Default)]
struct State {
    book: Notebook,
    closed: bool,
}

impl Notes {
    /// Starts the thread, which ends after [`Self::close`].
    pub(crate) fn start(bookkeeper: Bookkeeper) -> std::io::Result<(Self, JoinHandle<()>)> {
        let state = Mutex::new(State::default());
        let desk = Arc::new(Desk { state, changed: Condvar::new(), bookkeeper });
        let thread = std::thread::Builder::new().name("notes".to_owned()).spawn({
            let desk = Arc::clone(&desk);
            move || desk.keep()
        })?;
        Ok((Self { desk }, thread))
    }

    /// Takes a note; never waits.
    pub(crate) fn note(&self, note: AuditNote) {
        let now = Instant::now();
        let mut state = self.desk.lock();
        if let Some(note) = state.book.take(now, note)
            && let Err(note) = self.desk.enter(note)
        {
            state.book.keep(now, &note);
        }
        if state.book.due().is_some() {
            self.desk.changed.notify_one();
        }
    }

    /// Nothing more comes; what is here is still entered.
    pub(crate) fn close(&self) {
        self.desk.lock().closed = true;
        self.desk.changed.notify_one();
    }
}

impl Desk {
    /// A panic elsewhere leaves the book as it was: every change is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a note with the next batch; it comes back when the ledger is full.
    fn enter(&self, note: AuditNote) -> Result<(), AuditNote> {
        // Nobody waits for the verdict.
        let (waiter, _) = oneshot::channel();
        self.bookkeeper.enter(Command::Note(note.clone()), waiter).map_err(|_| note)
    }

    fn keep(&self) {
        let mut state = self.lock();
        while !state.closed {
            let now = Instant::now();
            for note in state.book.take_due(now) {
                if let Err(note) = self.enter(note) {
                    state.book.keep(now, &note);
                }
            }
            let wait = state.book.due().map(|due| due.saturating_duration_since(now));
            state = match wait {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(wait) => {
                    let waited = self.changed.wait_timeout(state, wait);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        self.flush(state.book.take_all());
    }

    fn flush(&self, notes: Vec<AuditNote>) {
        let deadline = Instant::now() + FLUSH_MAX;
        for mut note in notes {
            while let Err(same) = self.enter(note) {
                if Instant::now() >= deadline {
                    tracing::error!("the ledger is full to the end: notes for the audit are lost");
                    return;
                }
                std::thread::sleep(FLUSH_PAUSE);
                note = same;
            }
        }
    }
}

/// Notes that are counted. A value without thread or clock.
#[derive(Debug, Default)]
struct Notebook {
    counted: HashMap<Subject, u32>,
    /// When each subject's time has come: in order, since all are counted for the same time.
    due: VecDeque<(Instant, Subject)>,
}

/// What notes have in common that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Subject {
    account: Option<AccountId>,
    verb: NoteVerb,
    outcome: NoteOutcome,
    source: Option<IpAddr>,
    patient: Option<PatientId>,
}

impl Subject {
    fn of(note: &AuditNote) -> Self {
        let AuditNote { account, verb, outcome, source, patient, times: _ } = *note;
        Self { account, verb, outcome, source, patient }
    }

    /// Of all who did the same.
    fn of_anybody(self) -> Self {
        Self { account: None, source: None, patient: None, ..self }
    }

    fn note(self, times: u32) -> AuditNote {
        let Self { account, verb, outcome, source, patient } = self;
        AuditNote { account, verb, outcome, source, patient, times }
    }
}

impl Notebook {
    /// Counts a note, or gives it back to be entered at once.
    fn take(&mut self, now: Instant, note: AuditNote) -> Option<AuditNote> {
        if note.outcome == NoteOutcome::Done {
            return Some(note);
        }
        let subject = Subject::of(&note);
        if let Some(times) = self.counted.get_mut(&subject) {
            *times = times.saturating_add(note.times);
            return None;
        }
        if self.counted.len() >= NOTES_APART_MAX {
            self.count(now, subject.of_anybody(), note.times);
            return None;
        }
        self.count(now, subject, 0);
        Some(note)
    }

    /// Counts a note that could not be entered.
    fn keep(&mut self, now: Instant, note: &AuditNote) {
        let subject = Subject::of(note);
        let full = self.counted.len() >= NOTES_APART_MAX && !self.counted.contains_key(&subject);
        self.count(now, if full { subject.of_anybody() } else { subject }, note.times);
    }

    fn count(&mut self, now: Instant, subject: Subject, times: u32) {
        let counted = self.counted.entry(subject).or_insert_with(|| {
            self.due.push_back((now + NOTES_COUNTED, subject));
            0
        });
        *counted = counted.saturating_add(times);
    }

    /// When the next one is to be entered; `None` when there is none.
    fn due(&self) -> Option<Instant> {
        self.due.front().map(|(due, _)| *due)
    }

    /// Those whose time has come. While the same goes on it is counted on.
    fn take_due(&mut self, now: Instant) -> Vec<AuditNote> {
        let mut notes = Vec::new();
        while let Some((_, subject)) = self.due.pop_front_if(|(due, _)| *due <= now) {
            let times = self.counted.remove(&subject).unwrap_or(0);
            if times > 0 {
                notes.push(subject.note(times));
                self.count(now, subject, 0);
            }
        }
        notes
    }

    fn take_all(&mut self) -> Vec<AuditNote> {
        self.due.clear();
        let counted = self.counted.drain().filter(|(_, times)| *times > 0);
        counted.map(|(subject, times)| subject.note(times)).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::Refusal;

    use super::*;

    fn refused(source: u32) -> AuditNote {
        AuditNote {
            account: None,
            verb: NoteVerb::LogIn,
            outcome: NoteOutcome::Refused(Refusal::Throttled),
            source: Some(std::net::Ipv4Addr::from_bits(source).into()),
            patient: None,
            times: 1,
        }
    }

    #[test]
    fn the_first_refusal_is_noted_at_once_and_a_flood_of_them_as_one() {
        let mut book = Notebook::default();
        let start = Instant::now();
        assert_eq!(book.take(start, refused(1)), Some(refused(1)));
        for _ in 0..999 {
            assert_eq!(book.take(start, refused(1)), None);
        }
        assert_eq!(book.take(start, refused(2)), Some(refused(2)));
        assert_eq!(book.take_due(start + NOTES_COUNTED / 2), []);
        let flood = AuditNote { times: 999, ..refused(1) };
        assert_eq!(book.take_due(start + NOTES_COUNTED), [flood]);
        // It goes on, and then it is over.
        assert_eq!(book.take(start + NOTES_COUNTED, refused(1)), None);
        assert_eq!(book.take_due(start + 2 * NOTES_COUNTED), [refused(1)]);
        assert_eq!(book.take_due(start + 3 * NOTES_COUNTED), []);
        assert_eq!(book.due(), None);
        let again = start + 4 * NOTES_COUNTED;
        assert_eq!(book.take(again, refused(1)), Some(refused(1)));
    }

    #[test]
    fn what_is_done_is_noted_each_time() {
        let mut book = Notebook::default();
        let done = AuditNote { outcome: NoteOutcome::Done, ..refused(1) };
        for _ in 0..3 {
            assert_eq!(book.take(Instant::now(), done.clone()), Some(done.clone()));
        }
    }

    #[test]
    fn nothing_is_lost_when_more_come_than_are_told_apart_or_the_ledger_is_full() {
        let mut book = Notebook::default();
        let start = Instant::now();
        let most = u32::try_from(NOTES_APART_MAX).unwrap();
        let told: u32 = (0..most + 100)
            .filter_map(|source| book.take(start, refused(source)))
            .map(|note| note.times)
            .sum();
        assert_eq!(told, most);
        book.keep(start, &refused(1));
        book.keep(start, &refused(most + 1));
        let mut late = book.take_all();
        late.sort_by_key(|note| note.times);
        let anybody = AuditNote { source: None, times: 101, ..refused(0) };
        assert_eq!(late, [refused(1), anybody]);
    }
}
