//! Who looked at a patient's data, and all of it to take along (Regulation (EU) 2016/679, Articles 15
//! and 20).

use askama::Template;
use axum::response::Response;
use center::errand::AccessRecord;
use domain::Refusal;

use super::acting::Acting;
use super::appointment::{moment, who};
use super::files::attachment;
use crate::language::Words;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "patient/accesses.html")]
struct AccessesPage {
    frame: Frame,
    /// Whose data; `None` where it can be one patient's only.
    whose: Option<String>,
    accesses: Vec<Access>,
}

struct Access {
    when: String,
    who: String,
    what: String,
    /// The page of the appointment that it was about; empty when about none.
    path: String,
}

pub(crate) async fn accesses(acting: Acting) -> Result<Response, Problem> {
    let errand = acting.tending.accesses(acting.now());
    let accesses = acting.run(errand.map_err(|refusal| acting.refused(refusal))?).await?;
    Ok(page::show(&AccessesPage {
        frame: acting.frame("access-title", Section::Me),
        whose: acting.whose(),
        accesses: accesses.iter().map(|access| shown(acting.words(), access)).collect(),
    }))
}

fn shown(words: &Words, access: &AccessRecord) -> Access {
    let id = format!("access-{}", access.verb.replace('_', "-"));
    let path = access.appointment.map_or_else(String::new, |id| format!("/appointments/{id}"));
    Access {
        when: moment(words, access.at),
        who: who(words, access.role),
        what: words.say(if words.knows(&id) { &id } else { "access-other" }),
        path,
    }
}

/// Everything that is held about the patient, as JSON.
pub(crate) async fn export(acting: Acting) -> Result<Response, Problem> {
    let errand = acting.tending.data().map_err(|refusal| acting.refused(refusal))?;
    let data = acting.run(errand).await?;
    let data = data.ok_or_else(|| acting.refused(Refusal::NoSuchPatient))?;
    let json = serde_json::to_string_pretty(&data);
    let json = json.map_err(|_| acting.refused(Refusal::Unavailable))?;
    Ok(attachment("application/json", "attachment; filename=\"my-data.json\"", json))
}
