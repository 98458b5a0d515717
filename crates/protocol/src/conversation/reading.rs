//! Cutting the bytes that wait into messages, in either dialect. Whether and when a message is asked
//! for, and how it is answered, is the conversation's.

use domain::Refusal;

use super::{Conversation, Frame, Trailing};
use crate::classic::{self, Ending, Meaning, Reading};
use crate::json::{self, BadLine};
use crate::message::Request;

/// What tells the words of the protocol from others.
const HEADS: [&[u8; 3]; 3] = [b"sel", b"ava", b"aut"];

/// What was read: a request or what is wrong with it, and how to answer.
pub(super) struct Message {
    pub(super) asked: Result<Request, (Refusal, Option<String>)>,
    pub(super) frame: Frame,
}

/// Reading.
impl Conversation {
    pub(super) fn read_json(&mut self) -> Option<Message> {
        let line_max = self.settings.lines.json_bytes_max;
        loop {
            let end = self.buffer.end(is_line_feed);
            let whole = end.is_some() || self.ended;
            let line = &self.buffer.bytes()[..end.unwrap_or(self.buffer.len())];
            if line.len() > line_max {
                let detail = format!("a line has at most {line_max} bytes");
                self.buffer.clear();
                return Some(Message {
                    asked: Err((Refusal::TooLong, Some(detail))),
                    frame: Frame::Json { id: None },
                });
            }
            if !whole || self.buffer.is_empty() {
                return None;
            }
            let message = (!line.trim_ascii().is_empty()).then(|| read_json_line(line));
            let taken = end.map_or(self.buffer.len(), |end| end + 1);
            self.buffer.take(taken);
            if message.is_some() {
                return message;
            }
        }
    }

    pub(super) fn read_classic(&mut self) -> Option<Message> {
        self.drop_trailing();
        let padding = self.buffer.bytes().iter().take_while(|&&b| is_padding(b)).count();
        self.buffer.take(padding);
        if self.buffer.is_empty() {
            self.message_began = None;
            self.came_coalesced = false;
            return None;
        }
        let end = self.buffer.end(is_terminator);
        let ending = if end.is_some() { Ending::Terminated } else { Ending::Open };
        let message = &self.buffer.bytes()[..end.unwrap_or(self.buffer.len())];
        if message.len() > self.settings.lines.classic_bytes_max {
            let frame = self.plain_frame();
            self.buffer.clear();
            return Some(Message { asked: Err((Refusal::TooLong, None)), frame });
        }
        let meaning = match classic::read(message, ending, self.peer) {
            Reading::Whole(meaning) => {
                // Whole though nothing ends it: an `available`, whose rest may still come.
                if end.is_none() {
                    self.trailing = Trailing::Maybe;
                }
                meaning
            }
            Reading::IfNothingFollows(meaning) if self.nothing_followed || self.ended => meaning,
            Reading::More if self.ended => {
                let frame = self.plain_frame();
                self.buffer.clear();
                return Some(Message { asked: Err((Refusal::NotUnderstood, None)), frame });
            }
            Reading::IfNothingFollows(_) | Reading::More => return None,
        };
        let line_feed = self.take_classic(end);
        let (asked, style) = match meaning {
            Meaning::Request(request, style) => (Ok(request), style),
            Meaning::Refused(refusal, style) => (Err((refusal, None)), style),
        };
        Some(Message { asked, frame: Frame::Classic { style, line_feed } })
    }

    /// Takes the message in front out of the buffer, up to its terminator at `end` (`None` for an
    /// open one: all there is). Gives whether its reply ends in a line feed: when it came in one
    /// piece with another, parted by LF.
    fn take_classic(&mut self, end: Option<usize>) -> bool {
        let Some(end) = end else {
            self.buffer.clear();
            return std::mem::take(&mut self.came_coalesced);
        };
        let line_feed = self.buffer.bytes()[end] == b'\n';
        self.buffer.take(end + 1);
        let more = line_feed && self.buffer.bytes().iter().any(|&b| !is_padding(b));
        std::mem::replace(&mut self.came_coalesced, more) || more
    }

    /// Drops what belongs to an `available …` that was answered before it was all there.
    fn drop_trailing(&mut self) {
        if self.trailing == Trailing::No || self.buffer.is_empty() {
            return;
        }
        let text = self.buffer.bytes().trim_ascii_start();
        let seen = text.len().min(3);
        let is_word = HEADS.iter().any(|head| text[..seen].eq_ignore_ascii_case(&head[..seen]));
        let is_number = text.first().is_some_and(|b| b.is_ascii_digit() || b"+-".contains(b));
        let next_request = match self.trailing {
            // Half a word is the beginning of the next request, or of the rest: the next it is.
            Trailing::Maybe => is_terminator(self.buffer.bytes()[0]) || (is_word && seen > 0),
            _ => is_word && seen == 3,
        };
        if next_request || is_number {
            self.trailing = Trailing::No;
            return;
        }
        let end = self.buffer.end(is_terminator);
        self.trailing = if end.is_some() { Trailing::No } else { Trailing::Yes };
        self.buffer.take(end.unwrap_or(self.buffer.len()));
    }
}

fn read_json_line(line: &[u8]) -> Message {
    match json::read_request(line) {
        Ok((id, request)) => Message { asked: Ok(request), frame: Frame::Json { id: Some(id) } },
        Err(BadLine { id, refusal, detail }) => {
            Message { asked: Err((refusal, detail)), frame: Frame::Json { id } }
        }
    }
}

fn is_line_feed(byte: u8) -> bool {
    byte == b'\n'
}

fn is_terminator(byte: u8) -> bool {
    matches!(byte, 0 | b'\n')
}

pub(super) fn is_padding(byte: u8) -> bool {
    is_terminator(byte) || classic::is_blank(char::from(byte))
}
