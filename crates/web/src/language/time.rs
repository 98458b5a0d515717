//! Days, times and zones as each language writes them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::Words;

/// Zones that have a name in every language: the abbreviation, which others may share, the hours
/// east of UTC, which tell them apart, and the message.
const ZONES: [(&str, i8, &str); 17] = [
    ("UTC", 0, "zone-utc"),
    ("GMT", 0, "zone-gmt"),
    ("BST", 1, "zone-bst"),
    ("WET", 0, "zone-wet"),
    ("WEST", 1, "zone-west"),
    ("CET", 1, "zone-cet"),
    ("CEST", 2, "zone-cest"),
    ("EET", 2, "zone-eet"),
    ("EEST", 3, "zone-eest"),
    ("EST", -5, "zone-est"),
    ("EDT", -4, "zone-edt"),
    ("CST", -6, "zone-cst"),
    ("CDT", -5, "zone-cdt"),
    ("MST", -7, "zone-mst"),
    ("MDT", -6, "zone-mdt"),
    ("PST", -8, "zone-pst"),
    ("PDT", -7, "zone-pdt"),
];

impl Words {
    /// The day of a moment: `Tuesday, 24 November 2026`.
    pub(crate) fn day(&self, moment: Timestamp) -> String {
        self.date(moment.to_zoned(self.zone.clone()).date())
    }

    /// A day of the calendar: `Tuesday, 24 November 2026`.
    pub(crate) fn date(&self, date: Date) -> String {
        let weekday = self.say(&format!("weekday-{}", date.weekday().to_monday_one_offset()));
        let month = self.say(&format!("month-{}", date.month()));
        let with = [
            ("weekday", weekday.into()),
            ("day", date.day().to_string().into()),
            ("month", month.into()),
            ("year", date.year().to_string().into()),
        ];
        self.tell("date-long", &with)
    }

    /// A day without its year, short: `Tue 24 Nov`.
    pub(crate) fn short_date(&self, date: Date) -> String {
        let weekday = self.say(&format!("weekday-short-{}", date.weekday().to_monday_one_offset()));
        let month = self.say(&format!("month-short-{}", date.month()));
        let day = date.day().to_string();
        let with = [("weekday", weekday.into()), ("day", day.into()), ("month", month.into())];
        self.tell("date-short", &with)
    }

    /// The time of a moment: `10:00 am`, `10:00`, `10:00 Uhr`.
    pub(crate) fn time(&self, moment: Timestamp) -> String {
        let time = moment.to_zoned(self.zone.clone()).time();
        let (hour, minute) = (time.hour(), time.minute());
        let half = if hour < 12 { "time-am" } else { "time-pm" };
        let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
        let with = [
            ("hour", format!("{hour:02}").into()),
            ("hour12", twelve.to_string().into()),
            ("minute", format!("{minute:02}").into()),
            ("half", self.say(half).into()),
        ];
        self.tell("time", &with)
    }

    /// The name of the zone, as it is at a moment: `Central European Time (Europe/Madrid)`; where it
    /// has no name in words, `-03, America/Sao_Paulo`.
    pub(crate) fn zone_name(&self, moment: Timestamp) -> String {
        let zoned = moment.to_zoned(self.zone.clone());
        let short = zoned.strftime("%Z").to_string();
        let place = self.zone.iana_name().unwrap_or(&short).to_owned();
        let named = ZONES.iter().find(|(abbreviation, hours, _)| {
            *abbreviation == short && Offset::constant(*hours) == zoned.offset()
        });
        match named {
            Some((_, _, message)) => {
                self.tell("zone", &[("name", self.say(message).into()), ("place", place.into())])
            }
            None if short == place => short,
            None => format!("{short}, {place}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::LANGUAGES;
    use super::*;

    /// What each language says, without the marks that keep directions of writing apart.
    fn said(zone: &str, say: impl Fn(&Words) -> String) -> Vec<String> {
        let zone = TimeZone::get(zone).unwrap();
        let plain = |said: String| said.replace(['\u{2068}', '\u{2069}'], "");
        let words = |language| Words { language, zone: zone.clone() };
        LANGUAGES.iter().map(|language| plain(say(&words(language)))).collect()
    }

    #[test]
    fn a_day_is_written_as_people_write_it() {
        let moment: Timestamp = "2026-11-24T23:30:00Z".parse().unwrap();
        let expected = [
            "Wednesday, 25 November 2026",
            "miércoles, 25 de noviembre de 2026",
            "Mittwoch, 25. November 2026",
        ];
        assert_eq!(said("Europe/Madrid", |words| words.day(moment)), expected);
        let date = jiff::civil::date(2026, 3, 1);
        let expected = ["Sun 1 Mar", "dom, 1 mar", "So, 1. März"];
        assert_eq!(said("UTC", |words| words.short_date(date)), expected);
    }

    #[test]
    fn a_time_is_written_as_people_write_it() {
        for (time, expected) in [
            ("2026-11-24T00:05:00Z", ["12:05 am", "00:05", "00:05 Uhr"]),
            ("2026-11-24T09:00:00Z", ["9:00 am", "09:00", "09:00 Uhr"]),
            ("2026-11-24T12:00:00Z", ["12:00 pm", "12:00", "12:00 Uhr"]),
            ("2026-11-24T17:30:00Z", ["5:30 pm", "17:30", "17:30 Uhr"]),
        ] {
            let moment: Timestamp = time.parse().unwrap();
            assert_eq!(said("UTC", |words| words.time(moment)), expected);
        }
    }

    #[test]
    fn a_zone_is_named_in_words_in_winter_and_in_summer() {
        for (zone, moment, expected) in [
            (
                "Europe/Madrid",
                "2026-11-24T10:00:00Z",
                [
                    "Central European Time (Europe/Madrid)",
                    "hora de Europa central (Europe/Madrid)",
                    "Mitteleuropäische Zeit (Europe/Madrid)",
                ],
            ),
            (
                "Europe/Madrid",
                "2026-07-01T10:00:00Z",
                [
                    "Central European Summer Time (Europe/Madrid)",
                    "hora de verano de Europa central (Europe/Madrid)",
                    "Mitteleuropäische Sommerzeit (Europe/Madrid)",
                ],
            ),
            // China's CST is not America's.
            ("Asia/Shanghai", "2026-07-01T10:00:00Z", ["CST, Asia/Shanghai"; 3]),
            ("America/Sao_Paulo", "2026-07-01T10:00:00Z", ["-03, America/Sao_Paulo"; 3]),
        ] {
            let moment: Timestamp = moment.parse().unwrap();
            assert_eq!(said(zone, |words| words.zone_name(moment)), expected);
        }
    }
}
