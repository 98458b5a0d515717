//! JSON lines: one object a line, each request with an `id` that its reply repeats.
//!
//! A line is read twice: first who it is (`version`, `id`, `request`), then the fields of that
//! request, so that a mistake in a field is still answered under its id. Unknown fields are passed
//! over: a newer client may say more.

use domain::{
    Appointment, AppointmentId, AppointmentStatus, Doctor, DoctorAddress, DoctorName, Password,
    Reason, Refusal, RequestId, Service, SessionToken, Slot, SlotId, SlotIndex, UserName, Version,
    WeekTime,
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::{MESSAGE_ID_BYTES_MAX, PAGE_SLOTS_MAX};
use crate::message::{
    AppointmentView, Cursor, KeepSession, LogInWith, LoggedIn, Offer, OfferDetails, Offers,
    Referral, Referred, Reply, Request, SlotNamed, SlotsWanted,
};

/// The version of the JSON dialect that is spoken here.
pub(crate) const VERSION: u32 = 1;

/// A client's id of one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "the id is neither a whole number nor a text of at most 64 bytes")]
pub(crate) enum MessageId {
    Number(u64),
    Text(ShortText),
}

/// The text of an id, not longer than [`MESSAGE_ID_BYTES_MAX`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct ShortText(String);

impl TryFrom<String> for ShortText {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text.len() > MESSAGE_ID_BYTES_MAX {
            return Err(format!("an id has at most {MESSAGE_ID_BYTES_MAX} bytes"));
        }
        Ok(Self(text))
    }
}

/// A line that asks for nothing that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadLine {
    /// `None` when not even that could be read.
    pub(crate) id: Option<MessageId>,
    pub(crate) refusal: Refusal,
    /// What exactly was wrong; `None` when the refusal says it all.
    pub(crate) detail: Option<String>,
}

/// A reply that is no reply of this version.
#[derive(Debug, Error)]
#[error("not a reply of this protocol: {0}")]
pub(crate) struct NotAReply(pub(crate) String);

/// The fields of all requests. `None` where the request has no such field or leaves it out.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, expecting = "an object with the fields of the request")]
struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<Password>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<SessionToken>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doctor: Option<DoctorName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<SlotIndex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot_id: Option<SlotId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<RequestId>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with id and request")]
struct Envelope {
    #[serde(default)]
    version: Option<u32>,
    id: MessageId,
    request: String,
}

#[derive(Serialize)]
struct RequestLine<'a> {
    version: u32,
    id: MessageId,
    request: &'a str,
    #[serde(flatten)]
    fields: Fields,
}

/// Reads one request.
pub(crate) fn read_request(line: &[u8]) -> Result<(MessageId, Request), BadLine> {
    let envelope: Envelope = parse(line).map_err(|detail| {
        #[derive(Deserialize)]
        struct OnlyId {
            id: MessageId,
        }
        let id = parse::<OnlyId>(line).ok().map(|only| only.id);
        BadLine { id, refusal: Refusal::NotUnderstood, detail: Some(detail) }
    })?;
    let id = envelope.id;
    if envelope.version.is_some_and(|version| version != VERSION) {
        return Err(BadLine { id: Some(id), refusal: Refusal::UnknownVersion, detail: None });
    }
    // A message of serde's may repeat the value it stumbled over: not where that is a secret.
    let fields = parse(line).map_err(|detail| match envelope.request.as_str() {
        "slots" | "book" | "cancel" | "reschedule" => detail,
        _ => "a field has a value of the wrong kind".to_owned(),
    });
    match fields.and_then(|fields| fields_to_request(&envelope.request, fields)) {
        Ok(request) => Ok((id, request)),
        Err(detail) => {
            Err(BadLine { id: Some(id), refusal: Refusal::NotUnderstood, detail: Some(detail) })
        }
    }
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|error| error.to_string())
}

fn fields_to_request(request: &str, fields: Fields) -> Result<Request, String> {
    fn needed<T>(field: Option<T>, name: &str) -> Result<T, String> {
        field.ok_or_else(|| format!("the field `{name}` is missing"))
    }
    let slot_named = match (fields.slot, fields.slot_id) {
        (index, Some(id)) => Some(SlotNamed::Id { id, index }),
        (Some(index), None) => Some(SlotNamed::Index(index)),
        (None, None) => None,
    };
    let appointment = fields
        .appointment
        .map(|text| text.parse::<AppointmentId>())
        .transpose()
        .map_err(|_| "`appointment` is not the id of an appointment".to_owned());
    Ok(match request {
        "log_in" => Request::LogIn {
            user: needed(fields.user, "user")?,
            password: needed(fields.password, "password")?,
            session: match fields.session {
                Some(false) => KeepSession::No,
                Some(true) | None => KeepSession::Yes,
            },
            with: LogInWith::default(),
        },
        "resume" => Request::Resume { token: needed(fields.token, "token")? },
        "log_out" => Request::LogOut,
        "slots" => Request::Slots(SlotsWanted {
            doctor: fields.doctor,
            from: fields.from,
            until: fields.until,
            after: fields
                .after
                .map(|text| text.parse().map_err(|error| format!("`after` {error}")))
                .transpose()?,
            limit: fields.limit.map(page_limit).transpose()?,
        }),
        "book" => Request::Book {
            slot: needed(slot_named, "slot")?,
            request_id: Some(needed(fields.request_id, "request_id")?),
        },
        "cancel" => Request::Cancel {
            appointment: needed(appointment?, "appointment")?,
            reason: fields.reason,
            request_id: needed(fields.request_id, "request_id")?,
        },
        "reschedule" => Request::Reschedule {
            appointment: needed(appointment?, "appointment")?,
            slot: needed(slot_named, "slot")?,
            request_id: needed(fields.request_id, "request_id")?,
        },
        "appointments" => Request::Appointments,
        unknown => return Err(format!("there is no request `{}`", unknown.escape_debug())),
    })
}

fn page_limit(limit: u32) -> Result<u32, String> {
    let right = (1..=PAGE_SLOTS_MAX).contains(&(limit as usize));
    if right { Ok(limit) } else { Err(format!("`limit` is not from 1 to {PAGE_SLOTS_MAX}")) }
}

/// Writes one request with its line break; `None` for the classic list, which JSON has not.
pub(crate) fn write_request(id: u64, request: &Request) -> Option<Vec<u8>> {
    let mut fields = Fields::default();
    let name_slot = |fields: &mut Fields, slot: &SlotNamed| match *slot {
        SlotNamed::Index(index) => fields.slot = Some(index),
        SlotNamed::Id { id, index } => (fields.slot_id, fields.slot) = (Some(id), index),
    };
    let verb = match request {
        Request::Board => return None,
        Request::LogIn { user, password, session, with: _ } => {
            fields.session = (*session == KeepSession::No).then_some(false);
            fields.user = Some(user.clone());
            fields.password = Some(password.clone());
            "log_in"
        }
        Request::Resume { token } => {
            fields.token = Some(token.clone());
            "resume"
        }
        Request::LogOut => "log_out",
        Request::Slots(wanted) => {
            fields.doctor.clone_from(&wanted.doctor);
            fields.from = wanted.from;
            fields.until = wanted.until;
            fields.after = wanted.after.map(|cursor| cursor.to_string());
            fields.limit = wanted.limit;
            "slots"
        }
        Request::Book { slot, request_id } => {
            name_slot(&mut fields, slot);
            fields.request_id.clone_from(request_id);
            "book"
        }
        Request::Cancel { appointment, reason, request_id } => {
            fields.appointment = Some(appointment.to_string());
            fields.reason.clone_from(reason);
            fields.request_id = Some(request_id.clone());
            "cancel"
        }
        Request::Reschedule { appointment, slot, request_id } => {
            fields.appointment = Some(appointment.to_string());
            name_slot(&mut fields, slot);
            fields.request_id = Some(request_id.clone());
            "reschedule"
        }
        Request::Appointments => "appointments",
        Request::For { .. }
        | Request::Enrol { .. }
        | Request::Register(_)
        | Request::News { .. }
        | Request::Ticket(_)
        | Request::Accesses => return None,
    };
    let id = MessageId::Number(id);
    Some(to_line(&RequestLine { version: VERSION, id, request: verb, fields }))
}

fn to_line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("a message has only strings for keys");
    line.push(b'\n');
    line
}

/// An appointment, flat.
#[derive(Debug, Serialize, Deserialize)]
struct AppointmentFields {
    appointment: String,
    version: u32,
    status: AppointmentStatus,
    #[serde(flatten)]
    slot: SlotFields,
    doctor_host: Option<std::net::IpAddr>,
    doctor_port: u16,
}

/// A slot, flat.
#[derive(Debug, Serialize, Deserialize)]
struct SlotFields {
    slot: SlotIndex,
    slot_id: SlotId,
    when: String,
    doctor: DoctorName,
    start: Timestamp,
    end: Timestamp,
    service: Service,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
enum ReplyBody {
    LoggedIn {
        #[serde(skip_serializing_if = "Option::is_none")]
        token: Option<SessionToken>,
        #[serde(skip_serializing_if = "Option::is_none")]
        expires: Option<Timestamp>,
    },
    LoggedOut,
    Slots {
        slots: Vec<SlotFields>,
        next: Option<String>,
    },
    Booked(AppointmentFields),
    AlreadyHeld(AppointmentFields),
    Cancelled(AppointmentFields),
    Rescheduled(AppointmentFields),
    Appointments {
        appointments: Vec<AppointmentFields>,
    },
    Refused {
        refusal: Refusal,
        message: String,
    },
    Unknown {
        message: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct ReplyLine {
    id: Option<MessageId>,
    #[serde(flatten)]
    body: ReplyBody,
}

/// Writes one reply with its line break. `id` is `None` when the request's could not be read.
pub(crate) fn write_reply(id: Option<MessageId>, reply: &Reply, detail: Option<&str>) -> Vec<u8> {
    let body = match reply {
        Reply::LoggedIn(LoggedIn { token, expires, device: _ }) => {
            ReplyBody::LoggedIn { token: token.clone(), expires: *expires }
        }
        Reply::LoggedOut => ReplyBody::LoggedOut,
        Reply::Slots(offers) => ReplyBody::Slots {
            slots: offers.offers.iter().filter_map(offer_fields).collect(),
            next: offers.next.map(|cursor| cursor.to_string()),
        },
        Reply::Booked(referral) => match referral {
            Referral::Full(referred) => ReplyBody::Booked((&referred.view).into()),
            Referral::Port { .. } => unknown_body(),
        },
        Reply::AlreadyHeld(referral) => match referral {
            Referral::Full(referred) => ReplyBody::AlreadyHeld((&referred.view).into()),
            Referral::Port { .. } => unknown_body(),
        },
        Reply::Cancelled(view) => ReplyBody::Cancelled(view.into()),
        Reply::Rescheduled(view) => ReplyBody::Rescheduled(view.into()),
        Reply::Appointments(views) => {
            ReplyBody::Appointments { appointments: views.iter().map(Into::into).collect() }
        }
        Reply::Refused(refusal) => ReplyBody::Refused {
            refusal: *refusal,
            message: match detail {
                Some(detail) => format!("{refusal}: {detail}"),
                None => refusal.to_string(),
            },
        },
        Reply::Registered(_) | Reply::News(_) | Reply::Ticket(_) | Reply::Accesses(_) => {
            unknown_body()
        }
        Reply::Unknown => unknown_body(),
    };
    to_line(&ReplyLine { id, body })
}

fn unknown_body() -> ReplyBody {
    let message = "the outcome is not known, ask again with the same request_id".to_owned();
    ReplyBody::Unknown { message }
}

/// Reads one reply.
pub(crate) fn read_reply(line: &[u8]) -> Result<(Option<MessageId>, Reply), NotAReply> {
    let ReplyLine { id, body } = parse(line).map_err(NotAReply)?;
    let full = |fields: AppointmentFields| {
        let view = AppointmentView::try_from(fields)?;
        Ok::<_, NotAReply>(Referral::Full(Box::new(Referred { view, admission: None })))
    };
    let reply = match body {
        ReplyBody::LoggedIn { token, expires } => {
            Reply::LoggedIn(LoggedIn { token, expires, device: None })
        }
        ReplyBody::LoggedOut => Reply::LoggedOut,
        ReplyBody::Slots { slots, next } => Reply::Slots(Offers {
            offers: slots.into_iter().map(Offer::try_from).collect::<Result<_, _>>()?,
            next: next
                .map(|text| text.parse::<Cursor>())
                .transpose()
                .map_err(|error| NotAReply(format!("`next` {error}")))?,
        }),
        ReplyBody::Booked(fields) => Reply::Booked(full(fields)?),
        ReplyBody::AlreadyHeld(fields) => Reply::AlreadyHeld(full(fields)?),
        ReplyBody::Cancelled(fields) => Reply::Cancelled(fields.try_into()?),
        ReplyBody::Rescheduled(fields) => Reply::Rescheduled(fields.try_into()?),
        ReplyBody::Appointments { appointments } => Reply::Appointments(
            appointments.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
        ),
        ReplyBody::Refused { refusal, .. } => Reply::Refused(refusal),
        ReplyBody::Unknown { .. } => Reply::Unknown,
    };
    Ok((id, reply))
}

fn read_when(text: &str) -> Result<WeekTime, NotAReply> {
    let (day, time) = text.split_once(' ').unwrap_or((text, ""));
    WeekTime::parse(day, time).map_err(|error| NotAReply(format!("`when` {error}")))
}

fn offer_fields(offer: &Offer) -> Option<SlotFields> {
    let details = offer.details.as_ref()?;
    Some(SlotFields {
        slot: offer.index,
        slot_id: details.id,
        when: offer.when.to_string(),
        doctor: details.doctor.clone(),
        start: details.start,
        end: details.end,
        service: details.service.clone(),
    })
}

impl TryFrom<SlotFields> for Offer {
    type Error = NotAReply;
    fn try_from(fields: SlotFields) -> Result<Self, NotAReply> {
        Ok(Self {
            index: fields.slot,
            when: read_when(&fields.when)?,
            details: Some(OfferDetails {
                id: fields.slot_id,
                doctor: fields.doctor,
                start: fields.start,
                end: fields.end,
                service: fields.service,
            }),
        })
    }
}

impl From<&AppointmentView> for AppointmentFields {
    fn from(view: &AppointmentView) -> Self {
        let appointment = &view.appointment;
        let slot = &appointment.slot;
        Self {
            appointment: appointment.id.to_string(),
            version: appointment.version.0,
            status: appointment.status,
            slot: SlotFields {
                slot: slot.index,
                slot_id: slot.id,
                when: view.when.to_string(),
                doctor: slot.doctor.name.clone(),
                start: slot.start,
                end: slot.end,
                service: slot.service.clone(),
            },
            doctor_host: slot.doctor.address.host,
            doctor_port: slot.doctor.address.port,
        }
    }
}

impl TryFrom<AppointmentFields> for AppointmentView {
    type Error = NotAReply;
    fn try_from(fields: AppointmentFields) -> Result<Self, NotAReply> {
        let address = DoctorAddress { host: fields.doctor_host, port: fields.doctor_port };
        let id = fields
            .appointment
            .parse()
            .map_err(|_| NotAReply("`appointment` is not the id of one".to_owned()))?;
        let slot = fields.slot;
        Ok(Self {
            when: read_when(&slot.when)?,
            appointment: Appointment {
                id,
                version: Version(fields.version),
                status: fields.status,
                slot: Slot {
                    id: slot.slot_id,
                    index: slot.slot,
                    doctor: Doctor { name: slot.doctor, address, keys: None },
                    start: slot.start,
                    end: slot.end,
                    service: slot.service,
                },
            },
        })
    }
}

#[cfg(test)]
mod tests;
