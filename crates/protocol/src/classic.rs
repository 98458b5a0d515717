//! The classic dialects, message by message: what the words mean and how answers are worded.
//!
//! The exercise has no framing: one write was meant to be one message. [`read`] says of the bytes
//! that are there whether they are a message, may still grow into one, or would be one if nothing
//! more came. What is not here: buffers and timers, which are [`crate::Conversation`]'s.

use domain::{Password, Refusal, SlotIndex, UserName};

use crate::limits::{BOARD_BYTES, BOARD_ROWS_MAX};
use crate::message::{KeepSession, LogInWith, Offer, Referral, Request, SlotNamed};

/// Whose words are used towards a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// The exercise's: `success`, `doc2 42000`.
    Spec,
    /// The seed's: `Success`, `42000 `, `Invalid`.
    Seed,
}

/// Who the peer is by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Not logged in.
    Stranger,
    /// Logged in, in this style.
    Patient(Style),
}

/// What a message asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Something for the center to do; a log-in says in which style it was worded.
    Request(Request, Style),
    /// Nothing that can be done.
    Refused(Refusal, Style),
}

/// How far a message has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Not a message yet.
    More,
    /// A message, if not another byte comes for a while.
    IfNothingFollows(Meaning),
    /// A message.
    Whole(Meaning),
}

/// Whether the end of a message was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A NUL or LF stands behind it.
    Terminated,
    /// Nothing stands behind it, yet.
    Open,
}

const AUTHENTICATE: &str = "authenticate";
const AVAILABLE: &str = "available";
const SELECTION: &str = "selection";

/// Reads one message, without padding and terminator.
pub(crate) fn read(message: &[u8], ending: Ending, peer: Peer) -> Reading {
    let Ok(text) = std::str::from_utf8(message) else {
        return settle(ending, not_text(peer));
    };
    let text = text.trim_matches(is_blank);
    let (word, rest) = split_word(text);
    match peer {
        Peer::Stranger => read_log_in(text, word, rest, ending),
        Peer::Patient(style) => read_choice(text, word, rest, ending, style),
    }
}

fn not_text(peer: Peer) -> Meaning {
    match peer {
        // In the seed's dialect any message but a choice asks for the list.
        Peer::Patient(Style::Seed) => Meaning::Request(Request::Board, Style::Seed),
        Peer::Stranger | Peer::Patient(Style::Spec) => refused(Refusal::NotUnderstood, peer),
    }
}

fn refused(refusal: Refusal, peer: Peer) -> Meaning {
    match peer {
        Peer::Stranger => Meaning::Refused(refusal, Style::Spec),
        Peer::Patient(style) => Meaning::Refused(refusal, style),
    }
}

/// A message that ends in an argument: whole with its terminator, else only after the grace.
fn settle(ending: Ending, meaning: Meaning) -> Reading {
    match ending {
        Ending::Terminated => Reading::Whole(meaning),
        Ending::Open => Reading::IfNothingFollows(meaning),
    }
}

fn read_log_in(text: &str, word: &str, rest: &str, ending: Ending) -> Reading {
    if word.eq_ignore_ascii_case(AVAILABLE) {
        return Reading::Whole(refused(Refusal::NotLoggedIn, Peer::Stranger));
    }
    let (style, user, password) = if word.eq_ignore_ascii_case(AUTHENTICATE) {
        let (user, password) = split_word(rest);
        (Style::Spec, user, password)
    } else if word.eq_ignore_ascii_case(SELECTION) && is_number(rest) {
        return settle(ending, refused(Refusal::NotLoggedIn, Peer::Stranger));
    } else {
        (Style::Seed, word, rest)
    };
    if text.is_empty() || user.is_empty() || password.is_empty() {
        // A word is missing: it may still come, until the deadline.
        return Reading::More;
    }
    let meaning = match (UserName::new(user), Password::new(password)) {
        (Ok(user), Ok(password)) => {
            let session = KeepSession::No;
            Meaning::Request(
                Request::LogIn { user, password, session, with: LogInWith::default() },
                style,
            )
        }
        _ => Meaning::Refused(Refusal::WrongCredentials, style),
    };
    settle(ending, meaning)
}

fn read_choice(text: &str, word: &str, rest: &str, ending: Ending, style: Style) -> Reading {
    let list = || Meaning::Request(Request::Board, style);
    if word.eq_ignore_ascii_case(AVAILABLE) {
        return Reading::Whole(list());
    }
    let number = if word.eq_ignore_ascii_case(SELECTION) { rest } else { text };
    if is_number(number) {
        return settle(ending, choose(number, style));
    }
    let grows = [AVAILABLE, SELECTION].iter().any(|known| starts_with(known, text));
    match (ending, style) {
        (Ending::Open, Style::Spec) if grows || matches!(number, "" | "-" | "+") => Reading::More,
        (Ending::Open, Style::Seed) if grows => Reading::More,
        (_, Style::Spec) if word.eq_ignore_ascii_case(AUTHENTICATE) => {
            settle(ending, Meaning::Refused(Refusal::AlreadyLoggedIn, style))
        }
        (_, Style::Spec) => settle(ending, Meaning::Refused(Refusal::NotUnderstood, style)),
        // The seed's patients ask for the list in any words they like.
        (_, Style::Seed) => settle(ending, list()),
    }
}

fn choose(number: &str, style: Style) -> Meaning {
    match number.parse::<SlotIndex>() {
        Ok(index) => {
            let slot = SlotNamed::Index(index);
            Meaning::Request(Request::Book { slot, request_id: None }, style)
        }
        // 0, -1 or 10^30: a number, but nothing that a slot could be called by.
        Err(_) => Meaning::Refused(Refusal::NoSuchSlot, style),
    }
}

/// Digits, with a sign or not.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

fn starts_with(known: &str, beginning: &str) -> bool {
    known.get(..beginning.len()).is_some_and(|head| head.eq_ignore_ascii_case(beginning))
}

fn split_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(is_blank).unwrap_or((text, ""));
    (word, rest.trim_start_matches(is_blank))
}

pub(crate) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r')
}

/// The answer to a log-in.
pub(crate) fn log_in_word(accepted: bool, style: Style) -> &'static str {
    match (accepted, style) {
        (true, Style::Spec) => "success",
        (true, Style::Seed) => "Success",
        (false, Style::Spec) => "failure",
        (false, Style::Seed) => "Failure",
    }
}

/// The answer to whatever cannot be had after the log-in.
pub(crate) const NOT_AVAILABLE: &str = "notavailable";
/// The seed's answer to an index that does not exist.
pub(crate) const INVALID: &str = "Invalid";

/// The rows of a list: whole rows, at most [`BOARD_ROWS_MAX`], and with a terminator still shorter
/// than [`BOARD_BYTES`].
pub(crate) fn board(offers: &[Offer]) -> String {
    let mut rows = String::new();
    for offer in offers.iter().take(BOARD_ROWS_MAX) {
        let row = format!("{} {}\n", offer.index, offer.when);
        if rows.len() + row.len() + 1 >= BOARD_BYTES {
            break;
        }
        rows.push_str(&row);
    }
    rows
}

/// The answer to a booking.
pub(crate) fn referral(referral: &Referral, style: Style) -> String {
    let port = referral.port();
    match (style, referral.doctor()) {
        (Style::Spec, Some(doctor)) => format!("{doctor} {port}"),
        (Style::Spec | Style::Seed, _) => format!("{port} "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_in(user: &str, password: &str, style: Style) -> Meaning {
        let user = UserName::new(user).unwrap();
        let password = Password::new(password).unwrap();
        let session = KeepSession::No;
        Meaning::Request(
            Request::LogIn { user, password, session, with: LogInWith::default() },
            style,
        )
    }

    fn book(index: u32, style: Style) -> Meaning {
        let slot = SlotNamed::Index(SlotIndex::new(index).unwrap());
        Meaning::Request(Request::Book { slot, request_id: None }, style)
    }

    fn check(message: &str, peer: Peer, open: &Reading, terminated: &Reading) {
        assert_eq!(&read(message.as_bytes(), Ending::Open, peer), open, "{message}");
        assert_eq!(&read(message.as_bytes(), Ending::Terminated, peer), terminated, "{message}");
    }

    fn check_argument(message: &str, peer: Peer, meaning: &Meaning) {
        let open = Reading::IfNothingFollows(meaning.clone());
        check(message, peer, &open, &Reading::Whole(meaning.clone()));
    }

    #[test]
    fn log_ins_of_both_styles_are_understood() {
        for message in
            ["authenticate ann pass", "AUTHENTICATE  ann \t pass ", " Authenticate ann pass\r"]
        {
            check_argument(message, Peer::Stranger, &log_in("ann", "pass", Style::Spec));
        }
        check_argument("ann my pass", Peer::Stranger, &log_in("ann", "my pass", Style::Seed));
        check_argument("selection x", Peer::Stranger, &log_in("selection", "x", Style::Seed));
        let too_long = format!("ann {}", "x".repeat(600));
        let wrong = Meaning::Refused(Refusal::WrongCredentials, Style::Seed);
        check_argument(&too_long, Peer::Stranger, &wrong);
    }

    #[test]
    fn a_log_in_with_a_word_missing_waits() {
        for message in ["", "a", "ann", "authenticate", "authenticate ann", "authenticate ann "] {
            check(message, Peer::Stranger, &Reading::More, &Reading::More);
        }
    }

    #[test]
    fn a_stranger_is_shown_and_sold_nothing() {
        let meaning = Meaning::Refused(Refusal::NotLoggedIn, Style::Spec);
        let whole = Reading::Whole(meaning.clone());
        check("available", Peer::Stranger, &whole, &whole);
        check_argument("selection 2", Peer::Stranger, &meaning);
    }

    #[test]
    fn the_list_is_asked_for_as_soon_as_the_word_is_there() {
        for style in [Style::Spec, Style::Seed] {
            let list = Reading::Whole(Meaning::Request(Request::Board, style));
            for message in ["available", "AVAILABLE", "available please", " available"] {
                check(message, Peer::Patient(style), &list, &list);
            }
        }
        let seed = Meaning::Request(Request::Board, Style::Seed);
        check_argument("which are free?", Peer::Patient(Style::Seed), &seed);
        check_argument("authenticate ann pass", Peer::Patient(Style::Seed), &seed);
    }

    #[test]
    fn a_choice_is_a_number_with_or_without_its_word() {
        for style in [Style::Spec, Style::Seed] {
            for message in ["selection 12", "12", "SELECTION  012 "] {
                check_argument(message, Peer::Patient(style), &book(12, style));
            }
            let none = Meaning::Refused(Refusal::NoSuchSlot, style);
            for message in ["0", "selection 0", "-1", "selection -1", &"9".repeat(31)] {
                check_argument(message, Peer::Patient(style), &none);
            }
        }
    }

    #[test]
    fn half_a_word_waits_and_an_unknown_one_is_refused() {
        let spec = Peer::Patient(Style::Spec);
        let unknown = Meaning::Refused(Refusal::NotUnderstood, Style::Spec);
        for message in ["avail", "s", "selection", "selection -"] {
            check(message, spec, &Reading::More, &Reading::Whole(unknown.clone()));
        }
        for message in ["hello", "selection two", "2x", "1.5", "{\"id\":1}"] {
            check_argument(message, spec, &unknown);
        }
        let again = Meaning::Refused(Refusal::AlreadyLoggedIn, Style::Spec);
        check_argument("authenticate ann pass", spec, &again);
        assert_eq!(read(b"\xff\xfe", Ending::Open, spec), Reading::IfNothingFollows(unknown));
    }

    #[test]
    fn a_list_ends_with_a_whole_row_under_the_limit() {
        use domain::WeekTime;
        let offer = |number| Offer {
            index: SlotIndex::new(number).unwrap(),
            when: WeekTime::parse("Tue", "01:30pm").unwrap(),
            details: None,
        };
        let many: Vec<Offer> = (1..=100).map(offer).collect();
        assert_eq!(board(&many[..2]), "1 Tue 01:30pm\n2 Tue 01:30pm\n");
        assert_eq!(board(&many).lines().count(), 64);
        let long: Vec<Offer> = (1_000_000..1_000_100).map(offer).collect();
        let rows = board(&long);
        assert!(rows.len() < BOARD_BYTES && rows.len() > BOARD_BYTES - 24, "{}", rows.len());
        assert!(rows.ends_with("pm\n"));
    }
}
