//! A connection to a center in memory, and what holds of every connection.

use std::time::{Duration, Instant};

use domain::{DoctorName, Refusal, SlotIndex, WeekTime};
use protocol::limits::{BOARD_ROWS_MAX, MISTAKES_MAX, WAITING_BYTES_MAX};
use protocol::{
    Conversation, ConversationSettings, LoggedIn, Offer, Offers, Referral, Reply, Request,
    SlotNamed,
};

use crate::script::Step;

/// How many deadlines a silent peer can still meet: a grace, a reply, and the last one.
const LAST_DEADLINES_MAX: usize = 8;
/// Nothing that is answered here is longer than this, with what it repeats, in bytes: a list, or a
/// refusal with an id and a detail of which JSON writes one byte as at most six.
const REPLY_BYTES: usize = 2_304;
/// A flood comes in pieces of about so many bytes.
const FLOOD_PIECE_BYTES: usize = 1_024;
/// A flood that nobody has to answer is over after so many bytes.
const FLOOD_BYTES: usize = 2 * WAITING_BYTES_MAX;
/// After a flood, so many requests are answered.
const FLOOD_ANSWERS: usize = 16;

/// A patient's program at the center's door.
pub(crate) struct Visitor {
    conversation: Conversation,
    now: Instant,
    /// All that was answered.
    pub(crate) output: Vec<u8>,
    /// All that was asked and understood.
    pub(crate) requests: Vec<Request>,
    /// Bytes that came in.
    received: usize,
}

impl Visitor {
    /// A connection that was just accepted.
    pub(crate) fn enter() -> Self {
        let now = Instant::now();
        Self {
            conversation: Conversation::new(ConversationSettings::default(), now),
            now,
            output: Vec::new(),
            requests: Vec::new(),
            received: 0,
        }
    }

    /// Does what the script says; a flood comes only once.
    pub(crate) fn perform<'a>(&mut self, steps: impl Iterator<Item = Step<'a>>) {
        for step in steps {
            match step {
                Step::Piece(bytes) | Step::Flood(bytes) => self.say(bytes),
                Step::Pause => self.pause(),
            }
        }
    }

    /// Does what the script says up to its first flood, and that is one: it is no longer read once
    /// enough waits.
    pub(crate) fn flood_in<'a>(steps: impl Iterator<Item = Step<'a>>) {
        let mut visitor = Self::enter();
        for step in steps {
            match step {
                Step::Piece(bytes) => visitor.say(bytes),
                Step::Pause => visitor.pause(),
                Step::Flood(bytes) => return visitor.flood(bytes),
            }
        }
    }

    /// Says `bytes` in one piece, and has all answered that can be.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        if self.conversation.wants_input() {
            self.now += Duration::from_millis(1);
            self.received += bytes.len();
            self.conversation.receive(self.now, bytes);
        }
        self.have_all_answered();
    }

    /// Says `bytes` again and again, while the center is busy with the first request among them.
    fn flood(mut self, bytes: &[u8]) {
        let piece = bytes.repeat(FLOOD_PIECE_BYTES.div_ceil(bytes.len()));
        let mut waiting = 0;
        let mut outstanding = None;
        while self.conversation.wants_input() {
            if outstanding.is_some() {
                waiting += piece.len();
                // What came before the request waits too, and is no more than a line.
                assert!(waiting < WAITING_BYTES_MAX + piece.len(), "more waits than may wait");
            }
            self.received += piece.len();
            self.conversation.receive(self.now, &piece);
            outstanding = outstanding.or_else(|| self.conversation.next_request(self.now));
            if outstanding.is_none() && self.received > FLOOD_BYTES {
                // It is read as fast as it comes, and means nothing.
                return;
            }
        }
        for _ in 0..FLOOD_ANSWERS {
            let Some(request) = outstanding else { return };
            self.answer(&request);
            outstanding = self.conversation.next_request(self.now);
        }
    }

    /// Waits for the next deadline.
    pub(crate) fn pause(&mut self) {
        let Some(due) = self.conversation.next_timeout() else {
            assert!(self.conversation.is_over(), "an open connection that no deadline ends");
            return;
        };
        self.now = self.now.max(due);
        self.conversation.handle_timeout(self.now);
        self.have_all_answered();
        let next = self.conversation.next_timeout();
        assert!(next.is_none_or(|next| next > self.now), "a deadline that does not pass");
    }

    /// Says nothing more, and is gone before long.
    pub(crate) fn fall_silent(mut self) -> Self {
        for _ in 0..LAST_DEADLINES_MAX {
            self.pause();
        }
        assert!(self.conversation.is_over(), "silence without an end");
        self
    }

    /// Closes its side.
    pub(crate) fn leave(mut self) -> Self {
        self.conversation.end_of_input();
        self.have_all_answered();
        assert!(self.conversation.is_over(), "nobody is there any more");
        assert!(!self.conversation.wants_input());
        assert_eq!(self.conversation.next_timeout(), None);
        self
    }

    fn have_all_answered(&mut self) {
        while let Some(request) = self.conversation.next_request(self.now) {
            self.answer(&request);
        }
        self.output.extend(self.conversation.take_output());
        assert!(
            self.output.len() <= self.output_max(),
            "{} bytes are answered to {}",
            self.output.len(),
            self.received
        );
        if !self.conversation.is_over() {
            assert!(self.conversation.next_timeout().is_some(), "no deadline");
        }
    }

    fn answer(&mut self, request: &Request) {
        assert_eq!(self.conversation.next_timeout(), None, "it is the center's turn");
        let shown = format!("{request:?}");
        if let Request::LogIn { password, .. } = request {
            assert!(shown.contains("********"), "a password in {}", password.expose());
        }
        self.conversation.answer(self.now, &reply(request));
        self.requests.push(request.clone());
    }

    /// The most bytes that may be answered to what was asked: of each request a reply, and before and
    /// behind each a few mistakes.
    fn output_max(&self) -> usize {
        let mistakes = usize::try_from(MISTAKES_MAX).unwrap_or(usize::MAX);
        (self.requests.len() + (self.requests.len() + 1) * mistakes) * REPLY_BYTES
    }
}

/// A center with one account, a long list, and slot 2 to give away.
fn reply(request: &Request) -> Reply {
    match request {
        Request::LogIn { user, password, .. }
            if user.as_str() == "patient1" && password.expose() == "password111" =>
        {
            Reply::LoggedIn(LoggedIn::default())
        }
        Request::LogIn { .. } => Reply::Refused(Refusal::WrongCredentials),
        Request::Resume { .. } => Reply::Refused(Refusal::SessionEnded),
        Request::LogOut => Reply::LoggedOut,
        Request::Board => Reply::Slots(board()),
        Request::Slots(_) => Reply::Slots(Offers::default()),
        Request::Book { slot: SlotNamed::Index(index), .. } => match index.number() {
            1 => Reply::Refused(Refusal::SlotTaken),
            2 => {
                Reply::Booked(Referral::Port { doctor: DoctorName::new("doc2").ok(), port: 42_000 })
            }
            3 => Reply::Unknown,
            _ => Reply::Refused(Refusal::NoSuchSlot),
        },
        Request::Appointments => Reply::Appointments(Vec::new()),
        _ => Reply::Refused(Refusal::NoSuchAppointment),
    }
}

/// More rows than a classic list may have.
fn board() -> Offers {
    let rows = u32::try_from(BOARD_ROWS_MAX).unwrap_or(0) + 2;
    let when = WeekTime::parse("Tue", "01:30pm").expect("a time of the exercise's form");
    let offers = (1..=rows)
        .filter_map(|row| SlotIndex::new(row * 1_000_000).ok())
        .map(|index| Offer { index, when, details: None })
        .collect();
    Offers { offers, next: None }
}
