//! The patient's side of one TCP connection, as a state machine: requests out as bytes, replies in.
//!
//! In the classic dialects a reply has no end of its own: it is whole with a NUL, when the center
//! closes, when a word is unmistakable, or when nothing more has come for [`REPLY_GRACE`].

use std::collections::VecDeque;
use std::time::Instant;

use domain::{DoctorName, Refusal, SlotIndex, WeekTime};
use thiserror::Error;

use crate::Dialect;
use crate::json::{self, MessageId};
use crate::limits::{REPLY_BYTES_MAX, REPLY_GRACE};
use crate::message::{LoggedIn, Offer, Offers, Referral, Reply, Request, SlotNamed};

/// The dialect has no words for the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the dialect {0} has no words for this, use --dialect json")]
pub struct NotSpoken(pub Dialect);

/// What came is no reply of this dialect.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadReply {
    /// It was not understood.
    #[error("the center's reply was not understood: {0}")]
    NotUnderstood(String),
    /// The center closed the connection instead of answering: nobody knows what came of it.
    #[error("the center closed the connection without an answer")]
    NoAnswer,
    /// More than any reply may have.
    #[error("the center's reply is longer than {REPLY_BYTES_MAX} bytes")]
    TooLong,
}

/// One connection to a center.
#[derive(Debug)]
pub struct Call {
    dialect: Dialect,
    next_id: u64,
    /// What was asked and not answered yet, oldest first.
    expected: VecDeque<Expected>,
    buffer: Vec<u8>,
    /// So many bytes of the buffer were looked through for the end of a line: a long one in small
    /// pieces would else be looked through again for each.
    searched: usize,
    last_byte: Option<Instant>,
    nothing_followed: bool,
    ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    LogIn,
    Board,
    Choice,
    Line(u64),
}

impl Call {
    /// A connection on which nothing was said yet.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            next_id: 1,
            expected: VecDeque::new(),
            buffer: Vec::new(),
            searched: 0,
            last_byte: None,
            nothing_followed: false,
            ended: false,
        }
    }

    /// The bytes that ask for `request`, to be written to the socket.
    ///
    /// # Errors
    /// When the dialect cannot say it.
    pub fn ask(&mut self, request: &Request) -> Result<Vec<u8>, NotSpoken> {
        if self.dialect == Dialect::Json {
            let id = self.next_id;
            let line = json::write_request(id, request).ok_or(NotSpoken(self.dialect))?;
            self.next_id += 1;
            self.expected.push_back(Expected::Line(id));
            return Ok(line);
        }
        let (expected, text) = match request {
            Request::LogIn { user, password, session: _, with: _ } => {
                let word = if self.dialect == Dialect::Seed { "" } else { "authenticate " };
                (Expected::LogIn, format!("{word}{user} {}", password.expose()))
            }
            Request::Board => (Expected::Board, "available".to_owned()),
            Request::Book { slot: SlotNamed::Index(index), .. } => {
                (Expected::Choice, format!("selection {index}"))
            }
            _ => return Err(NotSpoken(self.dialect)),
        };
        self.expected.push_back(expected);
        let mut bytes = text.into_bytes();
        if self.dialect == Dialect::Nul {
            bytes.push(0);
        }
        Ok(bytes)
    }

    /// Takes bytes from the socket.
    ///
    /// # Errors
    /// When more came than any reply may have.
    pub fn receive(&mut self, now: Instant, bytes: &[u8]) -> Result<(), BadReply> {
        self.buffer.extend_from_slice(bytes);
        self.last_byte = Some(now);
        self.nothing_followed = false;
        if self.buffer.len() > REPLY_BYTES_MAX { Err(BadReply::TooLong) } else { Ok(()) }
    }

    /// The center has closed its side.
    pub fn end_of_input(&mut self) {
        self.ended = true;
    }

    /// When [`Self::handle_timeout`] wants to be called; `None` for not at all.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let waits = !self.nothing_followed && !self.buffer.is_empty() && !self.expected.is_empty();
        self.last_byte.filter(|_| waits).map(|last| last + REPLY_GRACE)
    }

    /// Time has passed. Ask [`Self::next_reply`] afterwards.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.next_timeout().is_some_and(|due| now >= due) {
            self.nothing_followed = true;
        }
    }

    /// The next reply; `None` when it is not whole yet.
    ///
    /// # Errors
    /// When what came is no reply, or the center closed without one.
    pub fn next_reply(&mut self) -> Result<Option<Reply>, BadReply> {
        let Some(&expected) = self.expected.front() else { return Ok(None) };
        let reply = match expected {
            Expected::Line(id) => self.read_line(id)?,
            _ => self.read_words(expected)?,
        };
        match reply {
            Some(reply) => {
                self.expected.pop_front();
                Ok(Some(reply))
            }
            None if self.ended => Err(BadReply::NoAnswer),
            None => Ok(None),
        }
    }

    fn read_line(&mut self, expected: u64) -> Result<Option<Reply>, BadReply> {
        let fresh = &self.buffer[self.searched..];
        let Some(end) = fresh.iter().position(|&b| b == b'\n') else {
            self.searched = self.buffer.len();
            return Ok(None);
        };
        let line: Vec<u8> = self.buffer.drain(..=self.searched + end).collect();
        self.searched = 0;
        let (id, reply) =
            json::read_reply(&line).map_err(|error| BadReply::NotUnderstood(error.to_string()))?;
        // A refusal without an id is about the connection, and so about this request too.
        if id.is_some_and(|id| id != MessageId::Number(expected)) {
            return Err(BadReply::NotUnderstood("it answers another request".to_owned()));
        }
        Ok(Some(reply))
    }

    fn read_words(&mut self, expected: Expected) -> Result<Option<Reply>, BadReply> {
        let padding = |b: &u8| b.is_ascii_whitespace() || *b == 0;
        let skipped = self.buffer.iter().take_while(|b| padding(b)).count();
        self.buffer.drain(..skipped);
        let end = self.buffer.iter().position(|&b| b == 0);
        let whole = end.is_some() || self.ended || self.nothing_followed;
        let message = &self.buffer[..end.unwrap_or(self.buffer.len())];
        let text = std::str::from_utf8(message)
            .map_err(|_| BadReply::NotUnderstood("it is not UTF-8".to_owned()))?;
        let reply = match expected {
            Expected::LogIn => read_log_in(text, whole)?,
            Expected::Board => read_board(text, whole)?,
            Expected::Choice | Expected::Line(_) => {
                // A blank behind the port is the seed's way to end it. In the others' words one stands
                // behind the doctor's name, where a piece may end.
                let blank = text.ends_with(|c: char| c.is_whitespace());
                read_choice(text, whole || (blank && self.dialect == Dialect::Seed))?
            }
        };
        if reply.is_some() {
            let taken = end.map_or(self.buffer.len(), |end| end + 1);
            self.buffer.drain(..taken);
        }
        Ok(reply)
    }
}

fn not_understood(text: &str) -> BadReply {
    let shown: String = text.chars().take(60).collect();
    BadReply::NotUnderstood(format!("`{}`", shown.escape_debug()))
}

fn read_log_in(text: &str, whole: bool) -> Result<Option<Reply>, BadReply> {
    let word = text.trim();
    if word.eq_ignore_ascii_case("success") {
        return Ok(Some(Reply::LoggedIn(LoggedIn::default())));
    }
    if word.eq_ignore_ascii_case("failure") {
        return Ok(Some(Reply::Refused(Refusal::WrongCredentials)));
    }
    if whole && !word.is_empty() { Err(not_understood(text)) } else { Ok(None) }
}

fn read_board(text: &str, whole: bool) -> Result<Option<Reply>, BadReply> {
    if text.trim().eq_ignore_ascii_case("notavailable") {
        return Ok(Some(Reply::Refused(Refusal::NoSlotsLeft)));
    }
    if !whole || text.trim().is_empty() {
        return Ok(None);
    }
    let read_row = |row: &str| {
        let mut columns = row.split_whitespace();
        let index: SlotIndex = columns.next()?.parse().ok()?;
        let when = WeekTime::parse(columns.next()?, columns.next()?).ok()?;
        Some(Offer { index, when, details: None })
    };
    let rows = text.lines().filter(|row| !row.trim().is_empty());
    let offers = rows
        .map(|row| read_row(row).ok_or_else(|| not_understood(row)))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Some(Reply::Slots(Offers { offers, next: None })))
}

fn read_choice(text: &str, whole: bool) -> Result<Option<Reply>, BadReply> {
    let word = text.trim();
    if word.eq_ignore_ascii_case("notavailable") {
        return Ok(Some(Reply::Refused(Refusal::SlotTaken)));
    }
    if word.eq_ignore_ascii_case("invalid") {
        return Ok(Some(Reply::Refused(Refusal::NoSuchSlot)));
    }
    let (doctor, port) = match word.split_once(' ') {
        Some((doctor, port)) => (DoctorName::new(doctor).ok(), port.trim()),
        None => (None, word),
    };
    if !whole || word.is_empty() || (doctor.is_some() && port.is_empty()) {
        return Ok(None);
    }
    let port = port.parse().map_err(|_| not_understood(text))?;
    Ok(Some(Reply::Booked(Referral::Port { doctor, port })))
}

#[cfg(test)]
mod tests;
