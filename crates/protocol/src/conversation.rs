//! The center's side of one TCP connection, as a state machine: bytes in, requests out; replies in,
//! bytes out.
//!
//! One request is outstanding at a time; what comes meanwhile waits in the buffer, so that replies
//! keep their order. The first byte tells the dialect: `{` is JSON lines, 0x16 a TLS hello, anything
//! else the classic words. TLS itself is not here: whoever owns the socket takes it off. A hello
//! that still arrives is one too many (no certificate, or TLS within TLS) and is refused in TLS's
//! own words. PROTOCOL.md has the reading and the answering rule in prose.

use std::time::Instant;

use domain::Refusal;

use crate::classic::{self, Peer, Style};
use crate::json::{self, MessageId};
use crate::limits::{AVAILABLE_REST, MISTAKES_MAX, STRANGER_REFUSALS_MAX};
use crate::message::{Reply, Request};

use self::reading::{Message, is_padding};
pub use self::settings::{ConversationSettings, WirePolicy};
use self::waiting::Waiting;

mod reading;
mod settings;
mod waiting;

/// The first byte of a TLS record with a handshake message (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;
/// A fatal alert, `handshake_failure` (RFC 8446 §6.2), in a record of TLS 1.2's version.
const TLS_REFUSAL: [u8; 7] = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28];

/// One connection to the center.
#[derive(Debug)]
pub struct Conversation {
    settings: ConversationSettings,
    wire: Wire,
    peer: Peer,
    /// What came and was not read yet.
    buffer: Waiting,
    /// How the request that is outstanding wants its answer; `None` when there is none.
    outstanding: Option<Frame>,
    output: Vec<u8>,
    /// When the message in the buffer began; `None` when there is none, or it waits for its turn.
    message_began: Option<Instant>,
    last_byte: Instant,
    /// When the peer was last answered, or else connected.
    quiet_since: Instant,
    /// When a stranger must have logged in; the center's own time is added as it passes.
    log_in_due: Instant,
    /// Since when the center has worked on the outstanding request.
    asked_at: Instant,
    /// The open message in the buffer is to be taken as it is.
    nothing_followed: bool,
    /// The peer will send nothing more.
    ended: bool,
    /// The last word was said.
    over: bool,
    /// A NUL came: answers carry one too.
    nul: bool,
    /// The message in front of the buffer came in one piece with the one before it.
    came_coalesced: bool,
    /// Whether the rest of an unterminated `available …` is still to be passed over.
    trailing: Trailing,
    /// In a row, before the log-in.
    refusals: u32,
    /// Messages in a row that were refused here, without asking anybody.
    mistakes: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wire {
    Unknown,
    Classic,
    Json,
}

/// What the bytes after an unterminated `available` may be, which is answered as soon as the word
/// is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trailing {
    /// A message of their own.
    No,
    /// The next piece will tell.
    Maybe,
    /// The rest of it, up to a terminator or the next request.
    Yes,
}

/// How a reply is to be worded and framed.
#[derive(Debug, Clone)]
enum Frame {
    Classic { style: Style, line_feed: bool },
    Json { id: Option<MessageId> },
}

impl Conversation {
    /// A connection that was accepted at `now`.
    #[must_use]
    pub fn new(settings: ConversationSettings, now: Instant) -> Self {
        Self {
            settings,
            wire: Wire::Unknown,
            peer: Peer::Stranger,
            buffer: Waiting::default(),
            outstanding: None,
            output: Vec::new(),
            message_began: None,
            last_byte: now,
            quiet_since: now,
            log_in_due: now + settings.deadlines.log_in,
            asked_at: now,
            nothing_followed: false,
            ended: false,
            over: false,
            nul: false,
            came_coalesced: false,
            trailing: Trailing::No,
            refusals: 0,
            mistakes: 0,
        }
    }

    /// Takes bytes from the socket. Ask [`Self::next_request`] afterwards.
    pub fn receive(&mut self, now: Instant, bytes: &[u8]) {
        let Some(&first) = bytes.first() else { return };
        if self.over {
            return;
        }
        if self.wire == Wire::Unknown {
            self.wire = match first {
                b'{' => Wire::Json,
                TLS_HANDSHAKE => {
                    self.output.extend_from_slice(&TLS_REFUSAL);
                    self.over = true;
                    return;
                }
                _ => Wire::Classic,
            };
            if self.settings.wire == WirePolicy::TlsRequired {
                self.nul = bytes.contains(&0);
                self.refuse_and_end(now, Refusal::TlsRequired);
                return;
            }
        }
        // After a pause it is no longer the rest of anything, unless it begins like one.
        let paused = now >= self.last_byte + AVAILABLE_REST;
        if paused && !classic::is_blank(char::from(first)) {
            self.trailing = Trailing::No;
        }
        self.nul |= bytes.contains(&0);
        self.nothing_followed = false;
        self.last_byte = now;
        // Padding begins no message: whoever sends nothing else is silent.
        if self.wire == Wire::Json || bytes.iter().any(|&b| !is_padding(b)) {
            self.message_began.get_or_insert(now);
        }
        self.buffer.push(bytes);
    }

    /// The peer has closed its side: what is here is all there will be.
    pub fn end_of_input(&mut self) {
        self.ended = true;
    }

    /// Whether the socket should be read: not while too much waits, nor after the last word.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        let lines = &self.settings.lines;
        // What must be seen whole, and the byte that shows it is too long, is always read.
        let line = lines.json_bytes_max.max(lines.classic_bytes_max) + 1;
        !self.over && !self.ended && self.buffer.len() < lines.waiting_bytes_max.max(line)
    }

    /// The next request, when it is there and the one before it was answered. What can be refused
    /// without asking anybody is refused here.
    pub fn next_request(&mut self, now: Instant) -> Option<Request> {
        while self.outstanding.is_none() && !self.over {
            let message = match self.wire {
                Wire::Unknown => None,
                Wire::Classic => self.read_classic(),
                Wire::Json => self.read_json(),
            };
            let Some(Message { asked, frame }) = message else {
                if self.ended {
                    self.over = true;
                }
                if self.buffer.is_empty() {
                    self.message_began = None;
                }
                return None;
            };
            self.nothing_followed = false;
            self.outstanding = Some(frame);
            self.asked_at = now;
            match asked {
                Ok(request) => {
                    self.message_began = None;
                    self.mistakes = 0;
                    return Some(request);
                }
                Err((refusal, detail)) => {
                    self.word(now, &Reply::Refused(refusal), detail.as_deref());
                    self.mistakes += 1;
                    self.over |= self.mistakes >= MISTAKES_MAX;
                }
            }
        }
        None
    }

    /// Answers the outstanding request.
    ///
    /// # Panics
    /// When there is none: the caller has mixed up its connections.
    pub fn answer(&mut self, now: Instant, reply: &Reply) {
        assert!(self.outstanding.is_some(), "a reply without a request");
        self.log_in_due += now.saturating_duration_since(self.asked_at);
        self.word(now, reply, None);
    }

    /// The peer's place is needed: it is told "busy" where its dialect is known, and that was all.
    /// Not while a request is outstanding.
    pub fn dismiss(&mut self, now: Instant) {
        if self.over || self.outstanding.is_some() {
            return;
        }
        match self.wire {
            Wire::Unknown => self.over = true,
            Wire::Classic | Wire::Json => self.refuse_and_end(now, Refusal::Busy),
        }
    }

    /// The bytes to write now; they are the caller's from here on.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// Whether the connection is to be closed, once the output is written.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// When [`Self::handle_timeout`] wants to be called; `None` for not at all.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.over || self.outstanding.is_some() {
            return None;
        }
        let deadlines = &self.settings.deadlines;
        let due = match (self.message_began, self.peer) {
            (None, Peer::Stranger) => self.quiet_since + deadlines.first_byte,
            (None, Peer::Patient(_)) => self.quiet_since + deadlines.idle,
            (Some(began), _) => {
                let whole = began + deadlines.whole_message;
                let open = self.wire == Wire::Classic && !self.nothing_followed;
                if open { whole.min(self.last_byte + deadlines.grace) } else { whole }
            }
        };
        Some(if self.peer == Peer::Stranger { due.min(self.log_in_due) } else { due })
    }

    /// Time has passed. Ask [`Self::next_request`] afterwards.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.next_timeout().is_none_or(|due| now < due) {
            return;
        }
        let log_in_late = self.peer == Peer::Stranger && now >= self.log_in_due;
        match self.message_began {
            Some(began) if log_in_late || now >= began + self.settings.deadlines.whole_message => {
                self.refuse_and_end(now, Refusal::TooSlow);
            }
            Some(_) => self.nothing_followed = true,
            // Whoever has talked is told why; whoever was silent all the time is closed in silence.
            None if log_in_late && self.wire != Wire::Unknown => {
                self.refuse_and_end(now, Refusal::TooSlow);
            }
            None => self.over = true,
        }
    }

    /// The last word, to whatever came or did not come.
    fn refuse_and_end(&mut self, now: Instant, refusal: Refusal) {
        self.buffer.clear();
        self.outstanding = Some(self.plain_frame());
        self.word(now, &Reply::Refused(refusal), None);
        self.over = true;
    }

    /// How to answer what never became a message.
    fn plain_frame(&self) -> Frame {
        match (self.wire, self.peer) {
            (Wire::Json, _) => Frame::Json { id: None },
            (_, Peer::Patient(style)) => Frame::Classic { style, line_feed: false },
            (_, Peer::Stranger) => Frame::Classic { style: Style::Spec, line_feed: false },
        }
    }

    fn word(&mut self, now: Instant, reply: &Reply, detail: Option<&str>) {
        self.quiet_since = now;
        self.message_began = (!self.buffer.is_empty()).then_some(now);
        // More of what waits may have come meanwhile, unread: its grace begins now.
        if self.message_began.is_some() {
            self.last_byte = now;
        }
        match self.outstanding.take() {
            Some(Frame::Classic { style, line_feed }) => self.word_classic(reply, style, line_feed),
            Some(Frame::Json { id }) => self.word_json(id, reply, detail),
            None => {}
        }
    }

    fn word_classic(&mut self, reply: &Reply, style: Style, line_feed: bool) {
        let text = match (reply, self.peer) {
            (Reply::LoggedIn(_), Peer::Stranger) => {
                self.peer = Peer::Patient(style);
                classic::log_in_word(true, style).to_owned()
            }
            (Reply::Slots(offers), Peer::Patient(_)) if !offers.offers.is_empty() => {
                classic::board(&offers.offers)
            }
            (Reply::Booked(referral) | Reply::AlreadyHeld(referral), Peer::Patient(_)) => {
                self.over = true;
                classic::referral(referral, style)
            }
            (Reply::Refused(Refusal::NoSuchSlot), Peer::Patient(Style::Seed)) => {
                classic::INVALID.to_owned()
            }
            // Silence says "ask again": neither yes nor no would be true.
            (Reply::Unknown, _) => {
                self.over = true;
                return;
            }
            (_, Peer::Stranger) => {
                self.over = true;
                classic::log_in_word(false, style).to_owned()
            }
            (_, Peer::Patient(_)) => {
                self.over = true;
                classic::NOT_AVAILABLE.to_owned()
            }
        };
        self.output.extend_from_slice(text.as_bytes());
        if self.nul {
            self.output.push(0);
        } else if line_feed {
            self.output.push(b'\n');
        }
    }

    fn word_json(&mut self, id: Option<MessageId>, reply: &Reply, detail: Option<&str>) {
        match reply {
            Reply::LoggedIn(_) => {
                self.peer = Peer::Patient(Style::Spec);
                self.refusals = 0;
            }
            Reply::LoggedOut | Reply::Refused(Refusal::SessionEnded)
                if self.peer != Peer::Stranger =>
            {
                self.peer = Peer::Stranger;
                self.log_in_due = self.quiet_since + self.settings.deadlines.log_in;
            }
            Reply::Refused(Refusal::UnknownVersion | Refusal::TooLong) => self.over = true,
            Reply::Refused(_) if self.peer == Peer::Stranger => {
                self.refusals += 1;
                self.over |= self.refusals >= STRANGER_REFUSALS_MAX;
            }
            _ => {}
        }
        self.output.extend_from_slice(&json::write_reply(id, reply, detail));
    }
}

#[cfg(test)]
mod tests;
