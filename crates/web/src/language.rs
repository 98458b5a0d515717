//! The words of each language (Project Fluent, <https://projectfluent.org>); below it its way of
//! writing days and times ([`time`]) and money ([`money`]).
//!
//! Patterns of dates and numbers are messages, too: a translator has everything in one place, and the
//! binary carries no table of all the world's locales.

mod money;
mod time;

#[cfg(test)]
mod catalogues;
#[cfg(test)]
pub(crate) mod mirrored;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_langneg::{
    NegotiationStrategy, convert_vec_str_to_langids_lossy, negotiate_languages,
    parse_accepted_languages,
};
use jiff::tz::TimeZone;
use unic_langid::LanguageIdentifier;

use crate::{Site, cookies};

/// A language and everything that is said in it.
pub(crate) struct Language {
    /// Its name (BCP 47).
    pub(crate) tag: &'static str,
    messages: FluentBundle<FluentResource>,
}

/// The files of one language.
macro_rules! files {
    ($tag:literal) => {
        [
            include_str!(concat!("../locales/", $tag, "/common.ftl")),
            include_str!(concat!("../locales/", $tag, "/anyone.ftl")),
            include_str!(concat!("../locales/", $tag, "/patient.ftl")),
            include_str!(concat!("../locales/", $tag, "/desk.ftl")),
            include_str!(concat!("../locales/", $tag, "/admin.ftl")),
        ]
    };
}

/// What those read who read none of our languages.
const ENGLISH: [&str; 5] = files!("en");

/// Every language there is; the first one is for those who read none of them.
static LANGUAGES: LazyLock<Vec<Language>> = LazyLock::new(|| {
    vec![
        Language::read("en", &ENGLISH),
        Language::read("es", &files!("es")),
        Language::read("de", &files!("de")),
    ]
});

/// The names of all languages, as `Accept-Language` is negotiated with.
static TAGS: LazyLock<Vec<LanguageIdentifier>> =
    LazyLock::new(|| convert_vec_str_to_langids_lossy(LANGUAGES.iter().map(|it| it.tag)));

impl Language {
    /// # Panics
    /// When a file is not Fluent, or says the same thing twice: a test reads them all.
    fn read(tag: &'static str, files: &[&str]) -> Self {
        let id: LanguageIdentifier = tag.parse().expect("a tag of ours is a language");
        let mut messages = FluentBundle::new_concurrent(vec![id]);
        for file in files {
            let resource = FluentResource::try_new((*file).to_owned())
                .unwrap_or_else(|(_, errors)| panic!("{tag}: {errors:?}"));
            messages.add_resource(resource).unwrap_or_else(|errors| panic!("{tag}: {errors:?}"));
        }
        Self { tag, messages }
    }

    /// What it is called in itself.
    pub(crate) fn own_name(&self) -> String {
        self.say("language-own-name", None)
    }

    fn say(&self, id: &str, arguments: Option<&FluentArgs<'_>>) -> String {
        let Some(pattern) = self.messages.get_message(id).and_then(|message| message.value())
        else {
            debug_assert!(false, "{}: nothing is said of {id}", self.tag);
            return id.to_owned();
        };
        let mut errors = Vec::new();
        let said = self.messages.format_pattern(pattern, arguments, &mut errors);
        debug_assert!(errors.is_empty(), "{}: {id}: {errors:?}", self.tag);
        said.into_owned()
    }
}

/// All languages, for the choice at the foot of each page.
pub(crate) fn languages() -> &'static [Language] {
    &LANGUAGES
}

/// What is said to one visitor: a language, and the zone of the center's clocks.
#[derive(Clone)]
pub(crate) struct Words {
    language: &'static Language,
    zone: TimeZone,
}

/// What a message is said with.
pub(crate) type With<'a> = [(&'a str, Cow<'a, str>)];

impl Words {
    /// In the language that was chosen, else in the one that the browser asks for first.
    pub(crate) fn asked_for(headers: &HeaderMap, site: &Arc<Site>) -> Self {
        let chosen = cookies::read(headers, cookies::LANGUAGE)
            .and_then(|tag| LANGUAGES.iter().find(|language| language.tag == tag));
        let language = chosen.unwrap_or_else(|| negotiated(headers));
        Self { language, zone: site.zone().clone() }
    }

    /// The language's name (BCP 47).
    pub(crate) fn tag(&self) -> &'static str {
        self.language.tag
    }

    /// The direction in which it is written: `ltr` or `rtl`.
    pub(crate) fn direction(&self) -> String {
        self.say("language-direction")
    }

    /// A message.
    pub(crate) fn say(&self, id: &str) -> String {
        self.language.say(id, None)
    }

    /// Whether there is such a message.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.language.messages.has_message(id)
    }

    /// A message about something.
    pub(crate) fn tell(&self, id: &str, with: &With<'_>) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in with {
            arguments.set(*name, FluentValue::from(value.as_ref()));
        }
        self.language.say(id, Some(&arguments))
    }

    /// A message about a number, in the form that the number takes: `$count` is how often.
    pub(crate) fn count(&self, id: &str, count: usize) -> String {
        let mut arguments = FluentArgs::new();
        arguments.set("count", FluentValue::from(count));
        self.language.say(id, Some(&arguments))
    }

    /// The zone of the center's clocks.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

fn negotiated(headers: &HeaderMap) -> &'static Language {
    let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let asked = asked.map(parse_accepted_languages).unwrap_or_default();
    let first = &LANGUAGES[0];
    let agreed = negotiate_languages(&asked, &TAGS, Some(&TAGS[0]), NegotiationStrategy::Lookup);
    let agreed = agreed.first().and_then(|id| TAGS.iter().position(|tag| tag == *id));
    agreed.map_or(first, |at| &LANGUAGES[at])
}
