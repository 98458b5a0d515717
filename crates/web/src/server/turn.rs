//! Whose turn it is on a connection, and by when it must have been taken.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::limits::{Limits, WRITE_DEADLINE};

use super::crowd::{Admission, Place};

/// What a connection's reader and writer, its requests and their answers know of each other.
#[derive(Clone)]
pub(super) struct Turn {
    place: Arc<Place>,
    state: Arc<Mutex<State>>,
}

struct State {
    phase: Phase,
    /// Since when.
    since: Instant,
    /// Since when the browser reads nothing of what is written; `None` while it reads.
    unread: Option<Instant>,
    /// Whether anything was answered yet.
    answered: bool,
}

/// Where in the exchange of a request and its answer a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The browser says nothing.
    Silent,
    /// A head is on its way.
    Head,
    /// A request is worked on, or its answer still grows.
    Answering,
    /// The answer is complete, but not all of it has left.
    Leaving,
}

impl Turn {
    pub(super) fn new(place: Arc<Place>) -> Self {
        let (phase, since) = (Phase::Silent, Instant::now());
        let state = State { phase, since, unread: None, answered: false };
        Self { place, state: Arc::new(Mutex::new(state)) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of a head have come.
    pub(super) fn head_begun(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Silent {
            state.enter(Phase::Head);
        }
    }

    /// A head is complete and its request is worked on.
    pub(super) fn request_begun(&self) -> Admission {
        self.lock().enter(Phase::Answering);
        self.place.begin_work()
    }

    /// The last of the answer was handed to the connection.
    pub(super) fn answer_complete(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Answering {
            state.enter(Phase::Leaving);
        }
    }

    /// The browser takes nothing more for now.
    pub(super) fn unread(&self) {
        let mut state = self.lock();
        state.unread.get_or_insert_with(Instant::now);
    }

    /// The browser has taken some.
    pub(super) fn read(&self) {
        self.lock().unread = None;
    }

    /// All that was written has left. `head` when bytes of the next one are here already.
    pub(super) fn all_left(&self, head: bool) {
        let mut state = self.lock();
        state.unread = None;
        if state.phase == Phase::Leaving {
            state.answered = true;
            state.enter(if head { Phase::Head } else { Phase::Silent });
            drop(state);
            self.place.end_work();
        }
    }

    /// Whether nothing is worked on or on its way out.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.lock().phase, Phase::Silent | Phase::Head)
    }

    /// By when the browser must have done something; `None` when it is not the browser's turn.
    pub(super) fn due(&self, limits: &Limits) -> Option<Instant> {
        let state = self.lock();
        if let Some(since) = state.unread {
            return Some(since + WRITE_DEADLINE);
        }
        match state.phase {
            Phase::Silent if state.answered => Some(state.since + limits.idle_deadline),
            Phase::Silent | Phase::Head => Some(state.since + limits.head_deadline),
            Phase::Answering | Phase::Leaving => None,
        }
    }
}

impl State {
    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Instant::now();
    }
}
