//! Somebody who works at the front desk, and what every page there does alike.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use center::{Desk, Errand, No, Present};
use domain::{BirthDate, Contact, Person, PersonName, Refusal, Right};
use jiff::Timestamp;
use serde::Deserialize;

use crate::Site;
use crate::language::Words;
use crate::page::{Frame, Section};
use crate::problem::Problem;
use crate::visitor::LoggedIn;

/// Somebody at the front desk; nobody else gets further than this.
pub(crate) struct AtDesk {
    pub(crate) site: Arc<Site>,
    pub(crate) logged_in: LoggedIn,
    pub(crate) desk: Desk,
}

impl AtDesk {
    pub(crate) fn words(&self) -> &Words {
        &self.logged_in.visitor.words
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.logged_in.visitor.now()
    }

    pub(crate) fn present(&self) -> &Present {
        &self.logged_in.visitor.present
    }

    pub(crate) fn frame(&self, title: &str, section: Section) -> Frame {
        Frame::of_logged_in(&self.logged_in, title, section)
    }

    /// Does an errand; what is refused becomes a page of its own.
    pub(crate) async fn ask<T: Send + 'static>(&self, errand: Errand<T>) -> Result<T, Problem> {
        self.site.runtime.run(errand).await.map_err(|no| self.problem(no))
    }

    /// Does an errand whose refusal is shown beside what was asked.
    pub(crate) async fn attempt<T: Send + 'static>(&self, errand: Errand<T>) -> Result<T, No> {
        self.site.runtime.run(errand).await
    }

    pub(crate) fn problem(&self, no: No) -> Problem {
        Problem::of(self.words().clone(), no)
    }

    pub(crate) fn refused(&self, refusal: Refusal) -> Problem {
        self.problem(No::Refused(refusal))
    }
}

impl FromRequestParts<Arc<Site>> for AtDesk {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Problem> {
        let logged_in = LoggedIn::from_request_parts(parts, site).await?;
        let refused = |refusal| logged_in.without(site, Right::RunDesk, refusal);
        let desk = logged_in.account.desk().map_err(refused)?;
        Ok(Self { site: site.clone(), logged_in, desk })
    }
}

/// What is typed about a person, kept as it was typed.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct PersonForm {
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) birth_date: String,
    #[serde(default)]
    pub(crate) contact: String,
}

/// Which field of a [`PersonForm`] is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WrongField {
    Name,
    BirthDate,
    Contact,
}

impl WrongField {
    /// The message that says what is wrong.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Name => "desk-person-name-wrong",
            Self::BirthDate => "desk-person-birth-date-wrong",
            Self::Contact => "desk-person-contact-wrong",
        }
    }
}

impl PersonForm {
    /// What is known of somebody, as it is typed.
    pub(crate) fn of(person: &Person) -> Self {
        Self {
            name: person.name.as_ref().map(ToString::to_string).unwrap_or_default(),
            birth_date: person.birth_date.map(|date| date.to_string()).unwrap_or_default(),
            contact: person.contact.as_ref().map(ToString::to_string).unwrap_or_default(),
        }
    }

    /// The person it says; a name is needed, and nobody is born after `today`.
    pub(crate) fn person(&self, today: jiff::civil::Date) -> Result<Person, WrongField> {
        let name = PersonName::new(self.name.trim()).map_err(|_| WrongField::Name)?;
        let birth_date = match self.birth_date.trim() {
            "" => None,
            text => Some(text.parse::<BirthDate>().map_err(|_| WrongField::BirthDate)?),
        };
        if birth_date.is_some_and(|born| born.date() > today) {
            return Err(WrongField::BirthDate);
        }
        let contact = match self.contact.trim() {
            "" => None,
            text => Some(Contact::new(text).map_err(|_| WrongField::Contact)?),
        };
        Ok(Person { name: Some(name), birth_date, contact })
    }
}

/// A path of the desk's to go back to, as a form of ours brought it; never anywhere else.
pub(crate) fn back_of(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/?=&-".contains(&byte);
    let ours = ["/desk", "/schedule"].iter().any(|start| text.starts_with(start));
    let back = if ours && text.bytes().all(plain) { text } else { "/desk" };
    back.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_anywhere_else() {
        assert_eq!(
            back_of("/desk?day=2026-11-23&doctor=0a1b2c3d"),
            "/desk?day=2026-11-23&doctor=0a1b2c3d"
        );
        assert_eq!(back_of("/desk/week"), "/desk/week");
        for wrong in ["", "https://elsewhere.example", "//elsewhere.example", "/desk\r\nX: y"] {
            assert_eq!(back_of(wrong), "/desk");
        }
    }

    #[test]
    fn a_person_has_a_name_and_is_born() {
        let today = jiff::civil::date(2026, 11, 23);
        let form = |name: &str, born: &str, contact: &str| PersonForm {
            name: name.to_owned(),
            birth_date: born.to_owned(),
            contact: contact.to_owned(),
        };
        let person = form(" Ann Example ", "1971-02-28", "").person(today).unwrap();
        assert_eq!(person.name.unwrap().as_str(), "Ann Example");
        assert_eq!(person.contact, None);
        assert_eq!(form(" ", "", "").person(today), Err(WrongField::Name));
        assert_eq!(form("Ann", "2026-11-24", "").person(today), Err(WrongField::BirthDate));
        assert_eq!(form("Ann", "yesterday", "").person(today), Err(WrongField::BirthDate));
        assert_eq!(form("Ann", "", &"x".repeat(300)).person(today), Err(WrongField::Contact));
    }
}
