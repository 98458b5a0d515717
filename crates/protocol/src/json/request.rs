//! Requests as lines of JSON, both ways.

use std::net::IpAddr;

use domain::{
    AppointmentId, DeviceCookie, DoctorAddress, DoctorKeys, DoctorName, EnrolmentCode,
    OneTimePassword, Password, Reason, Refusal, RequestId, SealingKey, Service, SessionToken,
    SlotId, SlotIndex, UserName, VerifyingKey,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BadLine, MessageId, VERSION, parse, secret, to_line};
use crate::limits::PAGE_SLOTS_MAX;
use crate::message::{
    KeepSession, LogInWith, Registration, Request, SlotNamed, SlotsWanted, TicketWanted,
};

/// The fields of all requests. `None` where the request has no such field or leaves it out.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, expecting = "an object with the fields of the request")]
struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserName>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "secret")]
    password: Option<Password>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "secret")]
    one_time: Option<OneTimePassword>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "secret")]
    device: Option<DeviceCookie>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "secret")]
    token: Option<SessionToken>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "secret")]
    code: Option<EnrolmentCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patient: Option<String>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<Service>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealing_key: Option<SealingKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verifying_key: Option<VerifyingKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
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
        "slots" | "book" | "cancel" | "reschedule" | "ticket" | "register" | "news" => detail,
        _ => "a field has a value of the wrong kind".to_owned(),
    });
    match fields.and_then(|fields| fields_to_request(&envelope.request, fields)) {
        Ok(request) => Ok((id, request)),
        Err(detail) => {
            Err(BadLine { id: Some(id), refusal: Refusal::NotUnderstood, detail: Some(detail) })
        }
    }
}

fn needed<T>(field: Option<T>, name: &str) -> Result<T, String> {
    field.ok_or_else(|| format!("the field `{name}` is missing"))
}

/// Turns the fields into the request of this name, for another patient where one is named.
fn fields_to_request(request: &str, mut fields: Fields) -> Result<Request, String> {
    let patient = fields.patient.take();
    match request {
        "book" | "cancel" | "reschedule" | "appointments" | "ticket" => {
            let request = patient_request(request, fields)?;
            let Some(patient) = patient else { return Ok(request) };
            let patient =
                patient.parse().map_err(|_| "`patient` is not the id of a patient".to_owned())?;
            Ok(Request::For { patient, request: Box::new(request) })
        }
        "accesses" => match patient {
            None => Ok(Request::Accesses),
            Some(_) => Err("`patient` does not go with this request".to_owned()),
        },
        _ => other_request(request, fields),
    }
}

/// What a patient asks about appointments.
fn patient_request(request: &str, fields: Fields) -> Result<Request, String> {
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
        "ticket" => Request::Ticket(match (appointment?, fields.doctor) {
            (Some(appointment), None) => TicketWanted::Visit(appointment),
            (None, Some(doctor)) => {
                let service = fields.service.unwrap_or_else(Service::visit);
                TicketWanted::Quote { doctor, service }
            }
            (Some(_), Some(_)) => return Err("`appointment` or `doctor`, not both".to_owned()),
            (None, None) => return Err("the field `appointment` or `doctor` is missing".to_owned()),
        }),
        _ => Request::Appointments,
    })
}

/// Everything else: sessions, lists, and what doctors ask.
fn other_request(request: &str, fields: Fields) -> Result<Request, String> {
    Ok(match request {
        "log_in" => Request::LogIn {
            user: needed(fields.user, "user")?,
            password: needed(fields.password, "password")?,
            session: match fields.session {
                Some(false) => KeepSession::No,
                Some(true) | None => KeepSession::Yes,
            },
            with: LogInWith { one_time: fields.one_time, device: fields.device },
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
        "enrol" => Request::Enrol {
            doctor: needed(fields.doctor, "doctor")?,
            code: needed(fields.code, "code")?,
            password: needed(fields.password, "password")?,
        },
        "register" => Request::Register(Registration {
            address: DoctorAddress {
                host: fields.host,
                port: needed(fields.port, "port").and_then(port)?,
            },
            keys: DoctorKeys {
                sealing: needed(fields.sealing_key, "sealing_key")?,
                verifying: needed(fields.verifying_key, "verifying_key")?,
            },
        }),
        "news" => Request::News { since: fields.since },
        unknown => return Err(format!("there is no request `{}`", unknown.escape_debug())),
    })
}

fn port(number: u16) -> Result<u16, String> {
    if number == 0 { Err("`port` is not from 1 to 65535".to_owned()) } else { Ok(number) }
}

fn page_limit(limit: u32) -> Result<u32, String> {
    let right = (1..=PAGE_SLOTS_MAX).contains(&(limit as usize));
    if right { Ok(limit) } else { Err(format!("`limit` is not from 1 to {PAGE_SLOTS_MAX}")) }
}

/// Writes one request with its line break; `None` for what JSON has no words for: the classic list,
/// and a verb for another patient that is none of a patient's.
pub(crate) fn write_request(id: u64, request: &Request) -> Option<Vec<u8>> {
    let (verb, fields) = match request {
        Request::For { patient, request } => {
            let (verb, fields) = write_patient_request(request)?;
            (verb, Fields { patient: Some(patient.to_string()), ..fields })
        }
        other => write_patient_request(other).or_else(|| write_other_request(other))?,
    };
    let id = MessageId::Number(id);
    Some(to_line(&RequestLine { version: VERSION, id, request: verb, fields }))
}

fn write_patient_request(request: &Request) -> Option<(&'static str, Fields)> {
    let mut fields = Fields::default();
    let name_slot = |fields: &mut Fields, slot: &SlotNamed| match *slot {
        SlotNamed::Index(index) => fields.slot = Some(index),
        SlotNamed::Id { id, index } => (fields.slot_id, fields.slot) = (Some(id), index),
    };
    let verb = match request {
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
        Request::Ticket(TicketWanted::Visit(appointment)) => {
            fields.appointment = Some(appointment.to_string());
            "ticket"
        }
        Request::Ticket(TicketWanted::Quote { doctor, service }) => {
            fields.doctor = Some(doctor.clone());
            fields.service = Some(service.clone());
            "ticket"
        }
        _ => return None,
    };
    Some((verb, fields))
}

fn write_other_request(request: &Request) -> Option<(&'static str, Fields)> {
    let mut fields = Fields::default();
    let verb = match request {
        Request::LogIn { user, password, session, with } => {
            fields.session = (*session == KeepSession::No).then_some(false);
            fields.user = Some(user.clone());
            fields.password = Some(password.clone());
            fields.one_time.clone_from(&with.one_time);
            fields.device.clone_from(&with.device);
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
        Request::Accesses => "accesses",
        Request::Enrol { doctor, code, password } => {
            fields.doctor = Some(doctor.clone());
            fields.code = Some(code.clone());
            fields.password = Some(password.clone());
            "enrol"
        }
        Request::Register(Registration { address, keys }) => {
            fields.host = address.host;
            fields.port = Some(address.port);
            fields.sealing_key = Some(keys.sealing);
            fields.verifying_key = Some(keys.verifying);
            "register"
        }
        Request::News { since } => {
            fields.since = *since;
            "news"
        }
        _ => return None,
    };
    Some((verb, fields))
}
