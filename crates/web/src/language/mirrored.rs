//! A language for tests alone, written from the right: pages must stand in it, too.

use std::sync::LazyLock;

use jiff::tz::TimeZone;

use super::{ENGLISH, Language, Words};

/// English in the other direction.
static MIRRORED: LazyLock<Language> = LazyLock::new(|| {
    let mirrored =
        |file: &str| file.replace("language-direction = ltr", "language-direction = rtl");
    let files = ENGLISH.map(mirrored);
    Language::read("ar", &files.each_ref().map(String::as_str))
});

/// What is said to somebody who reads from the right.
pub(crate) fn words() -> Words {
    Words { language: &MIRRORED, zone: TimeZone::UTC }
}

#[test]
fn what_is_typed_by_people_is_kept_apart_from_what_is_said_around_it() {
    let said = words().tell("zone", &[("name", "שעון".into()), ("place", "Asia/Jerusalem".into())]);
    assert_eq!(said, "\u{2068}שעון\u{2069} (\u{2068}Asia/Jerusalem\u{2069})");
}
