//! Replies as lines of JSON, both ways.

use std::net::IpAddr;

use domain::{
    Appointment, AppointmentId, AppointmentStatus, DeviceCookie, Doctor, DoctorAddress, DoctorKeys,
    DoctorName, Refusal, Role, SealingKey, Service, SessionToken, Slot, SlotId, SlotIndex,
    VerifyingKey, Version, WeekTime,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{MessageId, NotAReply, parse, secret, to_line};
use crate::limits::DETAIL_BYTES_MAX;
use crate::message::{
    Access, Admission, AppointmentView, Cursor, LoggedIn, News, Offer, OfferDetails, Offers,
    Referral, Referred, Registered, Reply, TicketReply, TicketsOver,
};
use crate::ticket::{DoctorCertificate, Ticket};

/// An appointment, flat.
#[derive(Debug, Serialize, Deserialize)]
struct AppointmentFields {
    appointment: String,
    version: u32,
    status: AppointmentStatus,
    #[serde(flatten)]
    slot: SlotFields,
    doctor_host: Option<IpAddr>,
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

/// An appointment, and what its doctor is asked with.
#[derive(Debug, Serialize, Deserialize)]
struct BookedFields {
    #[serde(flatten)]
    appointment: AppointmentFields,
    #[serde(flatten)]
    admission: AdmissionFields,
}

/// An admission, flat: all five fields, or none where the doctor has not enrolled.
#[derive(Debug, Default, Serialize, Deserialize)]
struct AdmissionFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    doctor_sealing_key: Option<SealingKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doctor_verifying_key: Option<VerifyingKey>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<Ticket>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doctor_certificate: Option<DoctorCertificate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    center_key: Option<VerifyingKey>,
}

/// A doctor, and what to ask with.
#[derive(Debug, Serialize, Deserialize)]
struct TicketFields {
    doctor: DoctorName,
    doctor_host: Option<IpAddr>,
    doctor_port: u16,
    #[serde(flatten)]
    admission: AdmissionFields,
}

#[derive(Debug, Serialize, Deserialize)]
struct AccessFields {
    at: Timestamp,
    /// `None` for the operator of the center.
    role: Option<Role>,
    verb: String,
    /// `None` for the patient as a whole.
    appointment: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct OverFields {
    appointment: String,
    below: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
enum ReplyBody {
    LoggedIn {
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "secret")]
        token: Option<SessionToken>,
        #[serde(skip_serializing_if = "Option::is_none")]
        expires: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "secret")]
        device: Option<DeviceCookie>,
    },
    LoggedOut,
    Slots {
        slots: Vec<SlotFields>,
        next: Option<String>,
    },
    Booked(BookedFields),
    AlreadyHeld(BookedFields),
    Cancelled(AppointmentFields),
    Rescheduled(AppointmentFields),
    Appointments {
        appointments: Vec<AppointmentFields>,
    },
    Accesses {
        accesses: Vec<AccessFields>,
    },
    Ticket(TicketFields),
    Registered {
        doctor_host: Option<IpAddr>,
        doctor_port: u16,
        doctor_certificate: DoctorCertificate,
        center_key: VerifyingKey,
    },
    News {
        ticket_keys: Vec<VerifyingKey>,
        over: Vec<OverFields>,
        until: Timestamp,
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
        Reply::LoggedIn(LoggedIn { token, expires, device }) => {
            ReplyBody::LoggedIn { token: token.clone(), expires: *expires, device: device.clone() }
        }
        Reply::LoggedOut => ReplyBody::LoggedOut,
        Reply::Slots(offers) => ReplyBody::Slots {
            slots: offers.offers.iter().filter_map(offer_fields).collect(),
            next: offers.next.map(|cursor| cursor.to_string()),
        },
        Reply::Booked(Referral::Full(referred)) => ReplyBody::Booked((&**referred).into()),
        Reply::AlreadyHeld(Referral::Full(referred)) => {
            ReplyBody::AlreadyHeld((&**referred).into())
        }
        // A port is what a classic reply carries; it never comes to be written here.
        Reply::Booked(Referral::Port { .. }) | Reply::AlreadyHeld(Referral::Port { .. }) => {
            unknown_body()
        }
        Reply::Cancelled(view) => ReplyBody::Cancelled(view.into()),
        Reply::Rescheduled(view) => ReplyBody::Rescheduled(view.into()),
        Reply::Appointments(views) => {
            ReplyBody::Appointments { appointments: views.iter().map(Into::into).collect() }
        }
        Reply::Accesses(accesses) => {
            ReplyBody::Accesses { accesses: accesses.iter().map(Into::into).collect() }
        }
        Reply::Ticket(reply) => ReplyBody::Ticket(TicketFields {
            doctor: reply.doctor.name.clone(),
            doctor_host: reply.doctor.address.host,
            doctor_port: reply.doctor.address.port,
            admission: Some(&reply.admission).into(),
        }),
        Reply::Registered(registered) => ReplyBody::Registered {
            doctor_host: registered.address.host,
            doctor_port: registered.address.port,
            doctor_certificate: registered.certificate.clone(),
            center_key: registered.center_key,
        },
        Reply::News(news) => ReplyBody::News {
            ticket_keys: news.ticket_keys.clone(),
            over: news.over.iter().map(over_fields).collect(),
            until: news.until,
        },
        Reply::Refused(refusal) => ReplyBody::Refused {
            refusal: *refusal,
            message: match detail {
                // It may repeat what came, and that may be a whole line.
                Some(detail) => {
                    let told = &detail[..detail.floor_char_boundary(DETAIL_BYTES_MAX)];
                    format!("{refusal}: {told}")
                }
                None => refusal.to_string(),
            },
        },
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
    Ok((id, read_body(body)?))
}

fn read_body(body: ReplyBody) -> Result<Reply, NotAReply> {
    Ok(match body {
        ReplyBody::LoggedIn { token, expires, device } => {
            Reply::LoggedIn(LoggedIn { token, expires, device })
        }
        ReplyBody::LoggedOut => Reply::LoggedOut,
        ReplyBody::Slots { slots, next } => Reply::Slots(Offers {
            offers: slots.into_iter().map(Offer::try_from).collect::<Result<_, _>>()?,
            next: next
                .map(|text| text.parse::<Cursor>())
                .transpose()
                .map_err(|error| NotAReply(format!("`next` {error}")))?,
        }),
        ReplyBody::Booked(fields) => Reply::Booked(fields.try_into()?),
        ReplyBody::AlreadyHeld(fields) => Reply::AlreadyHeld(fields.try_into()?),
        ReplyBody::Cancelled(fields) => Reply::Cancelled(fields.try_into()?),
        ReplyBody::Rescheduled(fields) => Reply::Rescheduled(fields.try_into()?),
        ReplyBody::Appointments { appointments } => Reply::Appointments(
            appointments.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
        ),
        ReplyBody::Accesses { accesses } => {
            Reply::Accesses(accesses.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?)
        }
        ReplyBody::Ticket(fields) => Reply::Ticket(Box::new(fields.try_into()?)),
        ReplyBody::Registered { doctor_host, doctor_port, doctor_certificate, center_key } => {
            Reply::Registered(Registered {
                address: DoctorAddress { host: doctor_host, port: doctor_port },
                certificate: doctor_certificate,
                center_key,
            })
        }
        ReplyBody::News { ticket_keys, over, until } => {
            let over = over.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
            Reply::News(News { ticket_keys, over, until })
        }
        ReplyBody::Refused { refusal, .. } => Reply::Refused(refusal),
        ReplyBody::Unknown { .. } => Reply::Unknown,
    })
}

fn read_appointment(text: &str) -> Result<AppointmentId, NotAReply> {
    text.parse().map_err(|_| NotAReply("`appointment` is not the id of one".to_owned()))
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
        let id = read_appointment(&fields.appointment)?;
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

impl From<&Referred> for BookedFields {
    fn from(referred: &Referred) -> Self {
        Self { appointment: (&referred.view).into(), admission: referred.admission.as_ref().into() }
    }
}

/// The doctor's keys come with the admission, and only there.
impl TryFrom<BookedFields> for Referral {
    type Error = NotAReply;
    fn try_from(fields: BookedFields) -> Result<Self, NotAReply> {
        let mut view = AppointmentView::try_from(fields.appointment)?;
        let admission = Option::<Admission>::try_from(fields.admission)?;
        view.appointment.slot.doctor.keys = admission.as_ref().map(|admission| admission.keys);
        Ok(Self::Full(Box::new(Referred { view, admission })))
    }
}

impl From<Option<&Admission>> for AdmissionFields {
    fn from(admission: Option<&Admission>) -> Self {
        let Some(admission) = admission else { return Self::default() };
        Self {
            doctor_sealing_key: Some(admission.keys.sealing),
            doctor_verifying_key: Some(admission.keys.verifying),
            ticket: Some(admission.ticket.clone()),
            doctor_certificate: Some(admission.certificate.clone()),
            center_key: Some(admission.center_key),
        }
    }
}

impl TryFrom<AdmissionFields> for Option<Admission> {
    type Error = NotAReply;
    fn try_from(fields: AdmissionFields) -> Result<Self, NotAReply> {
        match fields {
            AdmissionFields {
                doctor_sealing_key: Some(sealing),
                doctor_verifying_key: Some(verifying),
                ticket: Some(ticket),
                doctor_certificate: Some(certificate),
                center_key: Some(center_key),
            } => {
                let keys = DoctorKeys { sealing, verifying };
                Ok(Some(Admission { ticket, keys, certificate, center_key }))
            }
            AdmissionFields {
                doctor_sealing_key: None,
                doctor_verifying_key: None,
                ticket: None,
                doctor_certificate: None,
                center_key: None,
            } => Ok(None),
            _ => Err(NotAReply("a part of the ticket and its keys is missing".to_owned())),
        }
    }
}

impl TryFrom<TicketFields> for TicketReply {
    type Error = NotAReply;
    fn try_from(fields: TicketFields) -> Result<Self, NotAReply> {
        let admission = Option::<Admission>::try_from(fields.admission)?
            .ok_or_else(|| NotAReply("the ticket and its keys are missing".to_owned()))?;
        let address = DoctorAddress { host: fields.doctor_host, port: fields.doctor_port };
        let doctor = Doctor { name: fields.doctor, address, keys: Some(admission.keys) };
        Ok(Self { doctor, admission })
    }
}

impl From<&Access> for AccessFields {
    fn from(access: &Access) -> Self {
        Self {
            at: access.at,
            role: access.role,
            verb: access.verb.clone(),
            appointment: access.appointment.map(|id| id.to_string()),
        }
    }
}

impl TryFrom<AccessFields> for Access {
    type Error = NotAReply;
    fn try_from(fields: AccessFields) -> Result<Self, NotAReply> {
        let appointment = fields.appointment.as_deref().map(read_appointment).transpose()?;
        Ok(Self { at: fields.at, role: fields.role, verb: fields.verb, appointment })
    }
}

fn over_fields(over: &TicketsOver) -> OverFields {
    OverFields { appointment: over.appointment.to_string(), below: over.below.0 }
}

impl TryFrom<OverFields> for TicketsOver {
    type Error = NotAReply;
    fn try_from(fields: OverFields) -> Result<Self, NotAReply> {
        let appointment = read_appointment(&fields.appointment)?;
        Ok(Self { appointment, below: Version(fields.below) })
    }
}
