//! Finding a slot: by doctor, specialty, kind of visit, day and time of day; earliest first, or as a
//! week. Whoever has logged in and chosen a plan sees what each visit would cost.

mod drawing;
mod filters;
mod finding;
mod kept;
mod prices;
mod windows;

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use center::No;
use center::errand::{self, ClinicRecord, Window};
use domain::{Refusal, Slot};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use runtime::estimates::Question;

use self::drawing::{Choices, Day, DoctorWeek, Drawing, WEEK_DAYS};
use self::filters::{Asked, Filters, TimeOfDay, View};
use self::finding::{DOCTORS_PER_PAGE, Wanted, WeekAsked};
use self::kept::KeptPages;
use self::prices::{Patient, Price, Prices, Whose};
use self::windows::{DAYS_LOOKED_AT, windows};
use crate::Site;
use crate::cookies;
use crate::page::{self, Frame, NOTICE, Section};
use crate::problem::Problem;
use crate::visitor::{LoggedIn, Visitor};

/// Strangers' pages, by what is looked for and in which language.
pub(crate) type Kept = KeptPages<(Filters, &'static str)>;

#[derive(Template)]
#[template(path = "anyone/slots.html")]
struct SlotsPage {
    frame: Frame,
    choices: Choices,
    /// Whether something that was asked for is no longer there to be chosen.
    gone: bool,
    /// Whether the visitor may keep a slot.
    may_keep: bool,
    /// Whether logging in would show prices.
    is_stranger: bool,
    /// The patient for whom is looked; `None` for those who look for nobody of theirs.
    patient: Option<PatientShown>,
    list_address: String,
    week_address: String,
    found: Results,
}

struct PatientShown {
    /// The plan; `None` when none was chosen.
    plan: Option<String>,
    /// The name, where there are several to choose from; `None` else.
    name: Option<String>,
    of_several: bool,
}

/// What was found.
enum Results {
    /// Slots, earliest first.
    List {
        days: Vec<Day>,
        /// Where there are more; `None` at the end.
        later: Option<String>,
        /// Where the first page is; `None` on it.
        first: Option<String>,
    },
    /// Weeks, doctor by doctor.
    Weeks {
        title: String,
        weeks: Vec<DoctorWeek>,
        earlier: Option<String>,
        later: String,
        more_doctors: Option<String>,
        first_doctors: Option<String>,
    },
    /// Nothing, and what there is instead.
    Nothing { same_doctors: Vec<Day>, anybody: Vec<Day>, everything: String },
}

pub(crate) async fn show(
    State(site): State<Arc<Site>>,
    Extension(kept): Extension<Arc<Kept>>,
    visitor: Visitor,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let asked = asked.map_or_else(|_| Asked::default(), |Query(asked)| asked);
    let filters = Filters::of(&asked, today(&site, visitor.now()));
    let problem = |no| Problem::of(visitor.words.clone(), no);
    if !is_unknown(&visitor) {
        return Ok(html(draw(&site, &visitor, &filters).await.map_err(problem)?));
    }
    let key = (filters.clone(), visitor.words.tag());
    let drawn = draw(&site, &visitor, &filters);
    Ok(html(kept.page(key, &site.runtime.changes(), drawn).await.map_err(problem)?))
}

/// One price again, for a page that was shown while the doctor was being asked.
pub(crate) async fn price(
    State(site): State<Arc<Site>>,
    logged_in: LoggedIn,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let visitor = Visitor { account: Some(logged_in.account), ..logged_in.visitor };
    let problem = |no| Problem::of(visitor.words.clone(), no);
    let asked = asked.map_or_else(|_| Asked::default(), |Query(asked)| asked);
    let filters = Filters::of(&asked, today(&site, visitor.now()));
    let clinic = site.runtime.run(errand::clinic(visitor.now())).await.map_err(problem)?;
    let wanted = Wanted::of(&filters, &clinic);
    let whose = Whose::of(&site, &visitor).await.map_err(problem)?;
    let doctor = wanted.doctors.as_ref().and_then(|doctors| doctors.first());
    let (Some(doctor), Some(service)) = (doctor, wanted.service) else {
        return Err(problem(No::Refused(Refusal::NoSuchDoctor)));
    };
    let Whose::Patients(Patient { tending, plan: Some(plan), .. }) = whose else {
        return Err(problem(No::Refused(Refusal::NotAllowed)));
    };
    let question = Question { doctor: doctor.doctor.name.clone(), service };
    let quotes = site.estimates.look(&tending, &plan, &[question]);
    let [quote] = quotes.as_slice() else { unreachable!("one question has one quote") };
    Ok(page::show(&Price::of(&visitor.words, visitor.now(), quote)))
}

/// Whether nobody is known by the request: what such a visitor sees, all such visitors see.
fn is_unknown(visitor: &Visitor) -> bool {
    let brings = |name| cookies::read(&visitor.headers, name).is_some();
    visitor.account.is_none() && !brings(cookies::SESSION) && !brings(NOTICE)
}

fn html(page: impl Into<Bytes>) -> Response {
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], page.into()).into_response()
}

fn today(site: &Site, now: Timestamp) -> Date {
    now.to_zoned(site.zone().clone()).date()
}

async fn draw(site: &Site, visitor: &Visitor, filters: &Filters) -> Result<String, No> {
    let clinic = site.runtime.run(errand::clinic(visitor.now())).await?;
    let whose = Whose::of(site, visitor).await?;
    let wanted = Wanted::of(filters, &clinic);
    let looking = Looking { site, visitor, filters, clinic: &clinic, wanted: &wanted };
    let found = match filters.view {
        View::List => looking.list(&whose).await?,
        View::Week => looking.weeks(&whose).await?,
    };
    let frame = Frame::of(visitor, None, "slots-title", Section::Slots);
    let page = SlotsPage {
        choices: Choices::of(&visitor.words, filters, &clinic, looking.today()),
        gone: wanted.gone,
        may_keep: !matches!(whose, Whose::Nobodys),
        is_stranger: matches!(whose, Whose::Strangers),
        patient: match whose {
            Whose::Patients(patient) => Some(PatientShown {
                plan: patient.plan.map(|plan| plan.to_string()),
                name: patient.name.map(|name| name.to_string()),
                of_several: patient.of_several,
            }),
            Whose::Strangers | Whose::Nobodys => None,
        },
        list_address: filters.in_view(View::List).address(),
        week_address: filters.in_view(View::Week).address(),
        found,
        frame,
    };
    page.render().map_err(|error| {
        tracing::error!(%error, "a page could not be drawn");
        No::Refused(Refusal::Unavailable)
    })
}

/// Somebody looking for something.
struct Looking<'a> {
    site: &'a Site,
    visitor: &'a Visitor,
    filters: &'a Filters,
    clinic: &'a ClinicRecord,
    wanted: &'a Wanted<'a>,
}

impl Looking<'_> {
    async fn list(&self, whose: &Whose) -> Result<Results, No> {
        let (site, now, filters) = (self.site, self.visitor.now(), self.filters);
        let windows = windows(self.zone(), self.first_day(), DAYS_LOOKED_AT, filters.time);
        let found = finding::list(site, now, self.wanted, windows, filters.read_to).await?;
        if found.slots.is_empty() && filters.read_to.is_none() {
            return self.nothing(whose).await;
        }
        let prices = Prices::of(site, whose, found.slots.iter()).await;
        Ok(Results::List {
            days: self.drawing(&prices).days(&found.slots),
            later: found.next.map(|read_to| filters.after(read_to).address()),
            first: filters.read_to.map(|_| filters.in_view(View::List).address()),
        })
    }

    async fn nothing(&self, whose: &Whose) -> Result<Results, No> {
        let now = self.visitor.now();
        let ahead = windows(self.zone(), self.today(), DAYS_LOOKED_AT, TimeOfDay::Any);
        let instead = finding::instead(self.site, now, self.wanted, ahead).await?;
        let all: Vec<&Slot> = instead.same_doctors.iter().chain(&instead.anybody).collect();
        let prices = Prices::of(self.site, whose, all.into_iter()).await;
        let drawing = self.drawing(&prices);
        Ok(Results::Nothing {
            same_doctors: drawing.days(&instead.same_doctors),
            anybody: drawing.days(&instead.anybody),
            everything: Filters::default().address(),
        })
    }

    async fn weeks(&self, whose: &Whose) -> Result<Results, No> {
        let (filters, first) = (self.filters, self.first_day());
        let all: Vec<_> = match &self.wanted.doctors {
            Some(doctors) => doctors.clone(),
            None => self.clinic.doctors.iter().collect(),
        };
        if all.is_empty() {
            return self.nothing(whose).await;
        }
        // An old address may pass over everybody.
        let passed = if filters.doctors_passed < all.len() { filters.doctors_passed } else { 0 };
        let shown = &all[passed..all.len().min(passed + DOCTORS_PER_PAGE)];
        let asked = WeekAsked {
            service: self.wanted.service.as_ref(),
            windows: &windows(self.zone(), first, WEEK_DAYS, filters.time),
            later: &self.after_week(),
        };
        let weeks = finding::weeks(self.site, self.visitor.now(), shown, &asked).await?;
        let slots = weeks.iter().flat_map(|week| &week.slots);
        let prices = Prices::of(self.site, whose, slots).await;
        let drawing = self.drawing(&prices);
        let words = &self.visitor.words;
        let with = [("from", words.date(first).into()), ("until", words.date(self.plus(6)).into())];
        let of_doctors = |passed| Filters { doctors_passed: passed, ..filters.clone() }.address();
        let next = passed + shown.len();
        let earlier = (first > self.today()).then(|| self.plus(-WEEK_DAYS));
        Ok(Results::Weeks {
            title: words.tell("slots-week-title", &with),
            weeks: weeks.iter().map(|week| drawing.week(week, filters, first)).collect(),
            earlier: earlier.map(|day| match day > self.today() {
                true => filters.on_day(day).address(),
                false => Filters { day: None, ..filters.in_view(View::Week) }.address(),
            }),
            later: filters.on_day(self.plus(WEEK_DAYS)).address(),
            more_doctors: (next < all.len()).then(|| of_doctors(next)),
            first_doctors: (passed > 0).then(|| of_doctors(0)),
        })
    }

    fn after_week(&self) -> Vec<Window> {
        let days = DAYS_LOOKED_AT - WEEK_DAYS;
        windows(self.zone(), self.plus(WEEK_DAYS), days, self.filters.time)
    }

    fn drawing<'d>(&'d self, prices: &'d Prices) -> Drawing<'d> {
        let (words, now) = (&self.visitor.words, self.visitor.now());
        Drawing { words, now, clinic: self.clinic, prices }
    }

    fn zone(&self) -> &TimeZone {
        self.site.zone()
    }

    fn today(&self) -> Date {
        today(self.site, self.visitor.now())
    }

    fn first_day(&self) -> Date {
        self.filters.day.unwrap_or_else(|| self.today())
    }

    /// So many days after the first one.
    fn plus(&self, days: i32) -> Date {
        let first = self.first_day();
        first.checked_add(Span::new().days(days)).unwrap_or(first)
    }
}
