//! What a patient takes along of an appointment: an entry for a calendar, the doctor's signed estimate.

use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use domain::AppointmentStatus;
use runtime::estimates::NoEstimate;

use super::acting::Acting;
use super::appointment::Found;
use crate::calendar::{Entry, Standing, calendar as calendar_of};
use crate::page::{Frame, Section, show_with};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "patient/no_estimate.html")]
struct NoEstimatePage {
    frame: Frame,
    what: String,
    next: String,
    path: String,
    /// Whether to try again may help.
    again: bool,
}

/// A file for the browser to keep.
pub(super) fn attachment(kind: &'static str, name: &'static str, content: String) -> Response {
    let name = HeaderValue::from_static(name);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, name),
    ];
    (headers, content).into_response()
}

pub(crate) async fn calendar(acting: Acting, Path(id): Path<String>) -> Result<Response, Problem> {
    let found = Found::of(acting, &id).await?;
    let doctors = found.acting.doctors().await?;
    let (words, appointment) = (found.acting.words(), found.appointment());
    let slot = &appointment.slot;
    let doctor = doctors.name(&slot.doctor.name);
    let site = &found.acting.site.url;
    let changed = found.data.history.last().map_or(found.data.booked, |step| step.at);
    let entry = Entry {
        uid: &format!("{}@{}", appointment.id, host_of(site)),
        sequence: appointment.version.0.saturating_sub(1),
        made: found.acting.now(),
        changed,
        start: slot.start,
        end: slot.end,
        standing: match appointment.status {
            AppointmentStatus::Cancelled => Standing::Cancelled,
            _ => Standing::Confirmed,
        },
        summary: &words.tell("my-calendar-summary", &[("doctor", doctor.into())]),
        location: &words.say("my-calendar-location"),
        url: &format!("{site}{}", found.path()),
    };
    let kind = "text/calendar; charset=utf-8; method=PUBLISH";
    let name = "attachment; filename=\"appointment.ics\"";
    Ok(attachment(kind, name, calendar_of(&entry, words.zone())))
}

/// The host of the pages, without a port.
fn host_of(url: &str) -> &str {
    let behind = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = behind.split('/').next().unwrap_or(behind);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// The doctor's signed estimate, as `rendezvous patient --verify` takes it.
pub(crate) async fn estimate(acting: Acting, Path(id): Path<String>) -> Result<Response, Problem> {
    let found = Found::of(acting, &id).await?;
    let acting = &found.acting;
    let Some(plan) = acting.plan() else {
        return Ok(no_estimate(&found, StatusCode::CONFLICT, "no-plan"));
    };
    let asked = acting.site.estimates.of_appointment(&acting.tending, found.appointment(), plan);
    match asked.await {
        Ok(signed) => {
            let name = "attachment; filename=\"estimate.json\"";
            Ok(attachment("application/json", name, signed.file))
        }
        Err(NoEstimate::Refused(refusal)) => Err(acting.refused(refusal)),
        Err(NoEstimate::NotCovered) => Ok(no_estimate(&found, StatusCode::CONFLICT, "not-covered")),
        Err(NoEstimate::NotEnrolled) => {
            Ok(no_estimate(&found, StatusCode::NOT_FOUND, "not-enrolled"))
        }
        Err(NoEstimate::Silent) => {
            Ok(no_estimate(&found, StatusCode::SERVICE_UNAVAILABLE, "silent"))
        }
    }
}

fn no_estimate(found: &Found, status: StatusCode, why: &str) -> Response {
    let words = found.acting.words();
    let page = NoEstimatePage {
        frame: found.acting.frame("my-estimate-title", Section::Appointments),
        what: words.say(&format!("my-estimate-{why}")),
        next: words.say(&format!("my-estimate-{why}-next")),
        path: found.path(),
        again: why == "silent",
    };
    show_with(status, &page)
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn a_host_has_no_port() {
        assert_eq!(host_of("https://clinic.example"), "clinic.example");
        assert_eq!(host_of("http://127.0.0.1:8080"), "127.0.0.1");
        assert_eq!(host_of("https://[::1]:8443"), "[::1]");
        assert_eq!(host_of("https://[::1]"), "[::1]");
    }
}
