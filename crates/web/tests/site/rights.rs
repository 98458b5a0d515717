//! Every right times every form: whoever has not the right is refused alike, and nothing is changed.
//!
//! The forms are those of the program text itself, so that one that is added is tried, too.

use std::fs;
use std::path::Path;

use domain::{AccountId, DoctorName, EnrolmentCode, Entropy, Right, Role};
use jiff::{SignedDuration, Timestamp};
use store::{
    Actor, Answer, AuditRecord, CodeHash, Command, Enrol, OfferEnrolment, Outcome, Query,
    Store as _,
};

use crate::browser::{Browser, Page};
use crate::clinic::{Clinic, PASSWORD};

/// Every address that takes a form, in the order of the program text.
fn forms() -> Vec<String> {
    let mut forms = Vec::new();
    look_through(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages"), &mut forms);
    forms.sort();
    forms
}

fn look_through(place: &Path, forms: &mut Vec<String>) {
    let mut entries: Vec<_> = fs::read_dir(place).unwrap().map(|it| it.unwrap().path()).collect();
    entries.push(place.with_extension("rs"));
    for path in entries {
        if path.is_dir() {
            look_through(&path, forms);
        } else if path.is_file() && path.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for route in text.split(".route(").skip(1) {
                let address = route.split('"').nth(1).unwrap().to_owned();
                let handlers = route.split(';').next().unwrap_or(route);
                if handlers.contains("post(") && !forms.contains(&address) {
                    forms.push(address);
                }
            }
        }
    }
}

/// The right that a form needs; `None` for what everybody may send.
fn right(address: &str) -> Option<Right> {
    let below = |root: &str| address == root || address.starts_with(&format!("{root}/"));
    if ["/log-in", "/log-out", "/language", "/password"].into_iter().any(below) {
        None
    } else if below("/admin") {
        Some(Right::Oversee)
    } else if below("/schedule") {
        Some(Right::Schedule)
    } else if below("/desk") {
        Some(Right::RunDesk)
    } else {
        Some(Right::TendOwn)
    }
}

/// Everything that a form could have changed.
fn everything(clinic: &Clinic) -> Vec<Answer> {
    let mut reader = clinic.store.reader().unwrap();
    let now = Timestamp::now();
    let queries = [
        Query::Appointments { closed_too: true },
        Query::Slots,
        Query::Doctors,
        Query::Patients,
        Query::Clinic { now },
    ];
    let mut everything: Vec<Answer> =
        queries.iter().map(|query| reader.read(query).unwrap()).collect();
    for user in ["ann", "bob", "frank", "adam", "doc1", "stella"] {
        let user = domain::UserName::new(user).unwrap();
        everything.push(reader.read(&Query::Account(user)).unwrap());
    }
    everything
}

/// Sends what the form of a page would hold, whichever it is.
async fn send(browser: &mut Browser, address: &str) -> Page {
    let path = address
        .replace("{id}", "01890a5d-ac96-774b-bcce-b302099a8057")
        .replace("{patient}", "01890a5d-ac96-774b-bcce-b302099a8057")
        .replace("{code}", "0123-4567-89AB-CDEF");
    let form = [
        ("user", "stella"),
        ("name", "Stella"),
        ("role", "administrator"),
        ("doctor", "doc1"),
        ("shown_name", "Dr Eve"),
        ("specialty", "Lies"),
        ("plans", "gold"),
        ("session", "0123456789abcdef"),
    ];
    browser.post(&path, &form).await
}

/// Enrols doc1, so that there is a doctor's account.
async fn enrol(clinic: &Clinic) {
    let (now, doctor) = (Timestamp::now(), DoctorName::new("doc1").unwrap());
    let code = CodeHash::of(&EnrolmentCode::fresh(&Entropy([5; 32])));
    let expires = now + SignedDuration::from_hours(1);
    let actor = Actor::Operator;
    let offer = OfferEnrolment { doctor: doctor.clone(), code, expires, actor };
    let password = runtime::password::hash_cheaply(
        &domain::Password::new(PASSWORD).unwrap(),
        &mut runtime::password::Workspace::default(),
    );
    let account = AccountId::fresh(now, &Entropy([6; 32]));
    let enrol = Enrol { doctor, code, account, password, source: None };
    clinic.runtime.commit(Command::OfferEnrolment(offer)).await;
    let enrolled = clinic.runtime.commit(Command::Enrol(enrol)).await;
    assert!(matches!(enrolled, center::Settled::Decided(Outcome::Enrolled(_))), "{enrolled:?}");
}

#[tokio::test]
async fn who_has_not_the_right_to_a_form_is_refused_alike_and_changes_nothing() {
    let clinic = Clinic::open().await;
    enrol(&clinic).await;
    let forms = forms();
    assert!(forms.iter().any(|form| form == "/admin/accounts/add"), "{forms:?}");
    assert!(forms.iter().any(|form| form == "/log-in"), "{forms:?}");
    let before = everything(&clinic);
    let mut tried = 0;
    for (user, role) in [
        ("ann", Role::Patient),
        ("frank", Role::FrontDesk),
        ("adam", Role::Administrator),
        ("doc1", Role::Doctor),
    ] {
        let mut browser = clinic.logged_in(user).await;
        let mut refused: Option<Page> = None;
        for form in &forms {
            let Some(right) = right(form).filter(|right| !role.may(*right)) else { continue };
            // The front desk has the patients' pages for each patient.
            if right == Right::TendOwn && role.may(Right::TendAny) {
                continue;
            }
            let page = send(&mut browser, form).await;
            tried += 1;
            if right == Right::TendOwn {
                // Nobody's patient: told as a form that is wrong, or as what is not there.
                assert!((400..500).contains(&page.status), "{user} {form} {page:?}");
                continue;
            }
            assert_eq!(page.status, 403, "{user} {form} {page:?}");
            let alike = refused.get_or_insert_with(|| Page {
                status: page.status,
                headers: Vec::new(),
                body: page.body.clone(),
            });
            assert_eq!(page.body, alike.body, "{user} {form}");
        }
    }
    assert!(tried >= 30, "ten forms of the administrator, three others: {tried}");
    // The audit hears of it, with one of the next batches.
    clinic.runtime.stop();
    let trail = Query::AuditTrail { since: None, patient: None, after: None, limit: 1_000 };
    let Answer::AuditTrail(records) = clinic.store.reader().unwrap().read(&trail).unwrap() else {
        panic!("no trail")
    };
    for verb in ["run_desk", "schedule", "oversee"] {
        let noted = |record: &AuditRecord| record.verb == verb && record.outcome == "not_allowed";
        assert!(records.iter().any(noted), "{verb}");
    }
    assert_eq!(everything(&clinic), before);
}

#[tokio::test]
async fn strangers_are_sent_to_log_in_whatever_they_send() {
    let clinic = Clinic::open().await;
    let before = everything(&clinic);
    let mut stranger = clinic.browser();
    for form in forms().iter().filter(|form| right(form).is_some()) {
        let page = send(&mut stranger, form).await;
        if form == "/slots/hold" {
            // A stranger may wish for a slot; none was named.
            assert!((400..500).contains(&page.status), "{page:?}");
            continue;
        }
        let location = page.header("location").unwrap_or_default();
        assert_eq!((page.status, location), (303, "/log-in"), "{form} {page:?}");
    }
    assert_eq!(everything(&clinic), before);
}

#[tokio::test]
async fn what_another_site_sends_in_the_name_of_somebody_is_refused() {
    let clinic = Clinic::open().await;
    let before = everything(&clinic);
    let mut adam = clinic.logged_in("adam").await;
    for form in forms() {
        let body = Some("user=stella&role=administrator&doctor=doc1&plans=gold".to_owned());
        let headers = [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")];
        let page = adam.ask("POST", &form.replace(['{', '}'], ""), body, &headers).await;
        assert_eq!(page.status, 403, "{form} {page:?}");
    }
    assert_eq!(everything(&clinic), before);
}
