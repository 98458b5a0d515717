//! What a visitor is told when something is not done: in plain words, with what to do next.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use center::No;
use domain::Refusal;

use crate::language::Words;
use crate::page::{Frame, go_to, show_with};

/// Why a visitor does not get the page that was asked for.
pub(crate) struct Problem {
    words: Words,
    kind: Kind,
}

enum Kind {
    /// The log-in comes first.
    LogInFirst {
        /// Whether there was one.
        over: bool,
    },
    /// What was asked for is refused, or not known.
    No(No),
    /// A form was filled in in a way that no page of ours offers.
    NotUnderstood,
    /// There is no such page.
    NotFound,
    /// No page was asked: the request was refused before.
    Status(StatusCode),
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: Frame,
    /// What happened.
    what: String,
    /// What to do next.
    next: String,
}

impl Problem {
    pub(crate) fn of(words: Words, no: No) -> Self {
        Self { words, kind: Kind::No(no) }
    }

    pub(crate) fn log_in_first(words: Words, over: bool) -> Self {
        Self { words, kind: Kind::LogInFirst { over } }
    }

    pub(crate) fn not_understood(words: Words) -> Self {
        Self { words, kind: Kind::NotUnderstood }
    }

    pub(crate) fn of_status(words: Words, status: StatusCode) -> Self {
        Self { words, kind: Kind::Status(status) }
    }

    pub(crate) fn not_found(words: Words) -> Self {
        Self { words, kind: Kind::NotFound }
    }
}

/// A refusal in words, for pages that show it beside what was asked.
pub(crate) fn in_words(words: &Words, no: No) -> (String, String) {
    let name = match no {
        No::Unknown => "unknown",
        No::Refused(refusal) => name_of(refusal),
    };
    (words.say(&format!("no-{name}")), words.say(&format!("no-{name}-next")))
}

fn name_of(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::WrongCredentials => "wrong-credentials",
        Refusal::Throttled => "throttled",
        Refusal::WeakPassword => "weak-password",
        Refusal::NotAllowed => "not-allowed",
        Refusal::SessionEnded | Refusal::NotLoggedIn | Refusal::AlreadyLoggedIn => "session-ended",
        Refusal::SlotTaken => "slot-taken",
        Refusal::NoSuchSlot => "no-such-slot",
        Refusal::NoSlotsLeft => "no-slots-left",
        Refusal::NoSuchAppointment => "no-such-appointment",
        Refusal::AppointmentClosed => "appointment-closed",
        Refusal::TooManyAppointments => "too-many-appointments",
        Refusal::TooManyHolds => "too-many-holds",
        Refusal::InvitationOver => "invitation-over",
        Refusal::UserNameTaken => "user-name-taken",
        Refusal::SlotsOverlap => "slots-overlap",
        Refusal::TimeBlocked => "time-blocked",
        Refusal::VisitNotBegun => "visit-not-begun",
        Refusal::RequestIdReused => "request-id-reused",
        Refusal::NoSuchDoctor => "no-such-doctor",
        Refusal::NoSuchPatient => "no-such-patient",
        Refusal::PlanNotCovered => "plan-not-covered",
        Refusal::Busy => "busy",
        Refusal::TlsRequired
        | Refusal::AddressTaken
        | Refusal::Unavailable
        | Refusal::NotUnderstood
        | Refusal::TooLong
        | Refusal::TooSlow
        | Refusal::UnknownVersion => "unavailable",
    }
}

/// The status of a "no" (RFC 9110 §15).
pub(crate) fn status_of(no: No) -> StatusCode {
    match no {
        No::Unknown => StatusCode::SERVICE_UNAVAILABLE,
        No::Refused(refusal) => match refusal {
            Refusal::WrongCredentials | Refusal::SessionEnded | Refusal::NotLoggedIn => {
                StatusCode::UNAUTHORIZED
            }
            Refusal::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Refusal::NotAllowed => StatusCode::FORBIDDEN,
            Refusal::NoSuchSlot
            | Refusal::NoSuchAppointment
            | Refusal::NoSuchDoctor
            | Refusal::NoSuchPatient
            | Refusal::InvitationOver => StatusCode::NOT_FOUND,
            Refusal::Busy | Refusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::WeakPassword | Refusal::NotUnderstood => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::CONFLICT,
        },
    }
}

/// What a refusal that no page has made means to whoever reads it.
fn name_of_status(status: StatusCode) -> &'static str {
    match status {
        StatusCode::FORBIDDEN => "form-from-elsewhere",
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => "such-page",
        StatusCode::REQUEST_TIMEOUT => "too-slow",
        StatusCode::PAYLOAD_TOO_LARGE => "too-long",
        StatusCode::SERVICE_UNAVAILABLE => "busy",
        // It may have been done.
        StatusCode::GATEWAY_TIMEOUT => "unknown",
        status if status.is_server_error() => "unavailable",
        _ => "not-understood",
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let words = self.words;
        let (status, (what, next)) = match self.kind {
            Kind::LogInFirst { over: false } => return go_to("/log-in"),
            Kind::LogInFirst { over: true } => return go_to("/log-in?over"),
            Kind::No(no) => (status_of(no), in_words(&words, no)),
            Kind::NotUnderstood => {
                let said = (words.say("no-not-understood"), words.say("no-not-understood-next"));
                (StatusCode::UNPROCESSABLE_ENTITY, said)
            }
            Kind::NotFound => {
                let said = (words.say("no-such-page"), words.say("no-such-page-next"));
                (StatusCode::NOT_FOUND, said)
            }
            Kind::Status(status) => {
                let name = name_of_status(status);
                (status, (words.say(&format!("no-{name}")), words.say(&format!("no-{name}-next"))))
            }
        };
        let frame = Frame::bare(words, what.clone());
        show_with(status, &ProblemPage { frame, what, next })
    }
}
