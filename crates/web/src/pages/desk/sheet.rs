//! A day's sheet: who comes to whom, when, and where it stands.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use center::errand::{BlockRecord, PersonRecord, Place, Sheet, SheetRow};
use center::{Desk, No};
use domain::{AppointmentStatus, DoctorName, Refusal};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use std::sync::Arc;

use super::at_work::AtDesk;
use super::calendar::{DoctorChoice, Doctors, bounds, day_of, days_after, path_of};
use crate::Site;
use crate::language::Words;
use crate::live::Watching;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;

/// Which sheet an address asks for.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct SheetWanted {
    #[serde(default)]
    pub(crate) day: Option<String>,
    /// The key of a doctor; none or an empty one for everybody.
    #[serde(default)]
    pub(crate) doctor: Option<String>,
}

#[derive(Template)]
#[template(path = "desk/sheet.html")]
struct SheetPage {
    frame: Frame,
    controls: Controls,
    view: SheetView,
}

#[derive(Template)]
#[template(path = "desk/rows.html")]
struct Rows {
    view: SheetView,
}

/// What chooses another sheet.
pub(crate) struct Controls {
    pub(crate) day: Date,
    pub(crate) previous: String,
    pub(crate) today: String,
    pub(crate) next: String,
    /// The same day as a week, or the other way round.
    pub(crate) other: String,
    pub(crate) reload: String,
    pub(crate) doctors: Vec<DoctorChoice>,
    /// The key of the doctor who is chosen; empty for everybody.
    pub(crate) doctor: String,
}

/// The sheet itself.
struct SheetView {
    words: Words,
    /// Where the rows alone are.
    live: String,
    /// Where to come back to.
    back: String,
    day: String,
    date: Date,
    summary: Vec<String>,
    doctors: Vec<DoctorSheet>,
    /// Whether the clinic has any doctor.
    has_doctors: bool,
}

/// One doctor's part.
struct DoctorSheet {
    choice: DoctorChoice,
    rows: Vec<Row>,
    blocks: Vec<String>,
}

/// A slot of the sheet, in words.
pub(super) struct Row {
    pub(super) slot: i64,
    pub(super) time: String,
    pub(super) service: Option<String>,
    /// The class of the badge, which is the state's word.
    pub(super) badge: &'static str,
    pub(super) state: String,
    pub(super) who: Option<Who>,
    /// The booked appointment's id; empty where there is none.
    pub(super) appointment: String,
    pub(super) can: Can,
}

/// What may be done with a row now.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Can {
    pub(super) book: bool,
    pub(super) arrive: bool,
    pub(super) finish: bool,
    pub(super) undo: bool,
    pub(super) change: bool,
}

/// A person, in words.
pub(crate) struct Who {
    pub(crate) patient: String,
    pub(crate) name: String,
    /// Empty where it is not known.
    pub(crate) born: String,
    /// Empty where it is not known.
    pub(crate) contact: String,
    /// Empty where there is no account.
    pub(crate) user: String,
    /// Empty where none was chosen.
    pub(crate) plan: String,
}

impl Who {
    pub(crate) fn of(words: &Words, record: &PersonRecord) -> Self {
        let user = record.user.as_ref().map(ToString::to_string).unwrap_or_default();
        let named = record.person.name.as_ref().map(ToString::to_string);
        let unnamed = || if user.is_empty() { words.say("desk-nameless") } else { user.clone() };
        Self {
            patient: record.patient.to_string(),
            name: named.unwrap_or_else(unnamed),
            born: record.person.birth_date.map(|it| birth(words, it.date())).unwrap_or_default(),
            contact: record.person.contact.as_ref().map(ToString::to_string).unwrap_or_default(),
            plan: record.plan.as_ref().map(ToString::to_string).unwrap_or_default(),
            user,
        }
    }
}

/// A birth date: `28 Feb 1971`.
fn birth(words: &Words, date: Date) -> String {
    let month = words.say(&format!("month-short-{}", date.month()));
    let (day, year) = (date.day().to_string(), date.year().to_string());
    let with = [("day", day.into()), ("month", month.into()), ("year", year.into())];
    words.tell("desk-birth-date", &with)
}

pub(super) async fn show(
    at_desk: AtDesk,
    Query(wanted): Query<SheetWanted>,
) -> Result<Response, Problem> {
    let words = at_desk.words();
    let doctors = Doctors::of(&at_desk.site, words).await?;
    let zone = at_desk.site.zone();
    let day = day_of(wanted.day.as_deref(), at_desk.now(), zone);
    let doctor = wanted.doctor.as_deref().and_then(|key| doctors.by_key(key));
    let key = doctor.map(|doctor| doctor.key.as_str());
    let controls = Controls {
        day,
        previous: path_of("/desk", days_after(day, -1), key),
        today: path_of("/desk", day_of(None, at_desk.now(), zone), key),
        next: path_of("/desk", days_after(day, 1), key),
        other: path_of("/desk/week", day, key),
        reload: path_of("/desk", day, key),
        doctors: doctors.all().to_vec(),
        doctor: key.unwrap_or_default().to_owned(),
    };
    let asked = Asked { site: &at_desk.site, words, desk: at_desk.desk, now: at_desk.now() };
    let view = asked.view(&doctors, day, doctor).await;
    let view = view.map_err(|no| at_desk.problem(no))?;
    let frame = at_desk.frame("desk-title", Section::Desk);
    Ok(page::show(&SheetPage { frame, controls, view }))
}

/// The rows alone, for a page that is live: whoever looks at it need not be sitting there.
pub(super) async fn rows(
    State(site): State<Arc<Site>>,
    watching: Watching,
    Query(wanted): Query<SheetWanted>,
) -> Response {
    let Ok(doctors) = Doctors::of(&site, &watching.words).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let day = day_of(wanted.day.as_deref(), watching.now, site.zone());
    let doctor = wanted.doctor.as_deref().and_then(|key| doctors.by_key(key));
    let asked =
        Asked { site: &site, words: &watching.words, desk: watching.desk, now: watching.now };
    match asked.view(&doctors, day, doctor).await {
        Ok(view) => page::show(&Rows { view }),
        Err(no) => crate::problem::status_of(no).into_response(),
    }
}

/// Who asks for a sheet, and when.
pub(super) struct Asked<'a> {
    pub(super) site: &'a Site,
    pub(super) words: &'a Words,
    pub(super) desk: Desk,
    pub(super) now: Timestamp,
}

impl Asked<'_> {
    pub(super) async fn sheet(
        &self,
        (day, days): (Date, i32),
        doctor: Option<&DoctorName>,
    ) -> Result<Sheet, No> {
        let bounds = bounds(day, days, self.site.zone());
        self.site.runtime.run(self.desk.sheet(self.now, doctor.cloned(), bounds)).await
    }

    async fn view(
        &self,
        doctors: &Doctors,
        day: Date,
        doctor: Option<&DoctorChoice>,
    ) -> Result<SheetView, No> {
        let sheet = self.sheet((day, 1), doctor.map(|doctor| &doctor.name)).await?;
        let key = doctor.map(|doctor| doctor.key.as_str());
        Ok(SheetView {
            words: self.words.clone(),
            live: path_of("/desk/rows", day, key),
            back: path_of("/desk", day, key),
            day: self.words.date(day),
            date: day,
            summary: summary(self.words, &sheet),
            has_doctors: !doctors.all().is_empty() || !sheet.rows.is_empty(),
            doctors: by_doctor(self.words, doctors, &sheet, self.now),
        })
    }
}

/// How many are booked, have arrived, and are free.
fn summary(words: &Words, sheet: &Sheet) -> Vec<String> {
    let count =
        |counted: fn(&Place) -> bool| sheet.rows.iter().filter(|row| counted(&row.place)).count();
    let booked = count(|place| matches!(place, Place::Booked { .. }));
    let arrived = count(|place| match place {
        Place::Booked { appointment, .. } => {
            matches!(appointment.status, AppointmentStatus::Arrived | AppointmentStatus::Done)
        }
        Place::Free | Place::Held { .. } => false,
    });
    let free = count(|place| matches!(place, Place::Free));
    vec![
        words.count("desk-count-booked", booked),
        words.count("desk-count-arrived", arrived),
        words.count("desk-count-free", free),
    ]
}

/// Everybody with something on the sheet, by the name that is shown.
fn by_doctor(words: &Words, doctors: &Doctors, sheet: &Sheet, now: Timestamp) -> Vec<DoctorSheet> {
    let mut parts: Vec<DoctorSheet> = Vec::new();
    let mut part_of = |name: &DoctorName| match parts.iter().position(|it| it.choice.name == *name)
    {
        Some(at) => at,
        None => {
            let choice = doctors.choice(name);
            parts.push(DoctorSheet { choice, rows: Vec::new(), blocks: Vec::new() });
            parts.len() - 1
        }
    };
    let places: Vec<usize> = sheet.rows.iter().map(|row| part_of(&row.slot.doctor.name)).collect();
    let blocked: Vec<usize> = sheet.blocks.iter().map(|block| part_of(&block.doctor)).collect();
    for (row, at) in sheet.rows.iter().zip(places) {
        parts[at].rows.push(Row::of(words, row, now));
    }
    for (block, at) in sheet.blocks.iter().zip(blocked) {
        parts[at].blocks.push(block_line(words, block));
    }
    parts.sort_by(|a, b| a.choice.shown.cmp(&b.choice.shown));
    parts
}

/// A stretch that is blocked: `Blocked from … to …: holidays`.
pub(crate) fn block_line(words: &Words, block: &BlockRecord) -> String {
    let moment = |moment: Timestamp| {
        let date = moment.to_zoned(words.zone().clone()).date();
        format!("{} {}", words.short_date(date), words.time(moment))
    };
    let (from, until) = (moment(block.from), moment(block.until));
    let line = words.tell("desk-blocked", &[("from", from.into()), ("until", until.into())]);
    match &block.reason {
        Some(reason) => format!("{line}: {reason}"),
        None => line,
    }
}

impl Row {
    pub(super) fn of(words: &Words, row: &SheetRow, now: Timestamp) -> Self {
        let slot = &row.slot;
        let begun = slot.start <= now;
        let usual = slot.service == domain::Service::visit();
        let free = Self {
            slot: slot.id.0,
            time: words.time(slot.start),
            service: (!usual).then(|| slot.service.to_string()),
            badge: "free",
            state: words.say("desk-state-free"),
            who: None,
            appointment: String::new(),
            can: Can { book: slot.end > now, ..Can::default() },
        };
        match &row.place {
            Place::Free => free,
            Place::Held { who, expires } => Self {
                badge: "held",
                state: words.tell("desk-state-held", &[("until", words.time(*expires).into())]),
                who: Some(Who::of(words, who)),
                ..free
            },
            Place::Booked { appointment, who } => {
                use AppointmentStatus::{Arrived, Booked, Cancelled, Done, NoShow};
                let status = appointment.status;
                let can = Can {
                    book: false,
                    arrive: matches!(status, Booked | NoShow),
                    finish: begun && matches!(status, Booked | Arrived),
                    undo: matches!(status, Arrived | Done | NoShow),
                    change: matches!(status, Booked),
                };
                let badge = match status {
                    Booked => "booked",
                    Arrived => "arrived",
                    Done => "done",
                    NoShow => "no-show",
                    Cancelled => "cancelled",
                };
                Self {
                    badge,
                    state: words.say(&format!("desk-state-{badge}")),
                    who: Some(Who::of(words, who)),
                    appointment: appointment.id.to_string(),
                    can,
                    ..free
                }
            }
        }
    }
}

/// Where in time and with whom a row is, for pages about one slot; refused where it is no more.
pub(super) async fn row_at(
    at_desk: &AtDesk,
    (day, doctor): (Date, &DoctorName),
    slot: domain::SlotId,
) -> Result<SheetRow, No> {
    let asked = Asked {
        site: &at_desk.site,
        words: at_desk.words(),
        desk: at_desk.desk,
        now: at_desk.now(),
    };
    let sheet = asked.sheet((day, 1), Some(doctor)).await?;
    let found = sheet.rows.into_iter().find(|row| row.slot.id == slot);
    found.ok_or(No::Refused(Refusal::NoSuchSlot))
}
