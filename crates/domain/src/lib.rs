//! The rules of the clinic, as types that are right once they are built.
//!
//! What is here: names and secrets, money, the slots of a week and of the calendar, appointments,
//! tariffs, and [`Refusal`], every polite "no" that the system can give. What is deliberately not
//! here: IO, a clock, randomness, async. A moment (`now`) is an argument wherever a rule needs one.

mod appointment;
mod codes;
mod doctor;
mod hexadecimal;
mod ids;
mod keys;
mod money;
mod name;
mod person;
mod refusal;
mod role;
mod secret;
mod slot;
mod source;
mod tariff;
mod week;

pub use appointment::{Appointment, AppointmentStatus, Version};
pub use codes::{
    DeviceCookie, DeviceCookieError, EnrolmentCode, EnrolmentCodeError, OneTimePassword,
    OneTimePasswordError,
};
pub use doctor::{Doctor, DoctorAddress};
pub use hexadecimal::{from_hexadecimal, to_hexadecimal};
pub use ids::{AccountId, AppointmentId, BlockId, CenterId, Entropy, PatientId};
pub use keys::{DoctorKeys, KeyError, SealingKey, VerifyingKey};
pub use money::{Currency, CurrencyError, Money, MoneyError};
pub use name::{
    Contact, DoctorName, NameError, PersonName, PersonTextError, PlanName, Reason, ReasonError,
    RequestId, Service, Specialty, SpecialtyError, UserName,
};
pub use person::{BirthDate, BirthDateError, Person, Relation};
pub use refusal::Refusal;
pub use role::{Right, Role, UnknownRole};
pub use secret::{Password, PasswordError, SessionToken, SessionTokenError};
pub use slot::{Slot, SlotId, SlotIndex, SlotIndexError};
pub use source::SourcePrefix;
pub use tariff::Tariff;
pub use week::{WeekTime, WeekTimeError, first_overlap};
