//! Prices that real doctors name on real sockets.

use center::tickets::TicketKey;
use center::{Rules, Tending, TicketOffice};
use domain::{Appointment, PlanName, Refusal, Service};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::EstimateFile;
use protocol::ticket::SigningKey;
use runtime::Settings;
use runtime::estimates::{Estimates, NoEstimate, QUESTIONS_AT_ONCE, Question, Quote, QuoteState};
use store::{Command, EndSessions, Outcome, SessionChoice};

use crate::clinic::{Clinic, name};
use crate::practice::{Doctor, Manner, PATIENCE, gold_price, ticket_key};

fn rules() -> Rules {
    let identity = SigningKey::from_seed([9; 32]).unwrap();
    let key = TicketKey { key: ticket_key(), signs_from: Timestamp::UNIX_EPOCH };
    let office = TicketOffice::new(identity, vec![key]).unwrap();
    Rules { zone: TimeZone::UTC, appointments_max: None, tickets: Some(office) }
}

fn open(patients: u32) -> (Clinic, Estimates) {
    let clinic = Clinic::with(&Settings::default(), patients);
    let estimates = Estimates::new(clinic.runtime.clone(), rules());
    (clinic, estimates)
}

fn plan(text: &str) -> PlanName {
    PlanName::new(text).unwrap()
}

fn visit(doctor: &str) -> Question {
    Question { doctor: doctor.parse().unwrap(), service: Service::visit() }
}

fn states(quotes: &[Quote]) -> Vec<QuoteState> {
    quotes.iter().map(|quote| quote.state).collect()
}

/// How many tickets were asked for, granted or not.
fn tickets(clinic: &Clinic) -> usize {
    clinic.audit().iter().filter(|record| record.verb == "ticket").count()
}

async fn ask(estimates: &Estimates, tending: &Tending, question: &Question) -> QuoteState {
    let questions = std::slice::from_ref(question);
    estimates.wait(tending, &plan("gold"), questions, PATIENCE).await[0].state
}

fn amount(state: QuoteState) -> String {
    match state {
        QuoteState::Price { amount, .. } => amount.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_price_is_asked_for_once_for_all_who_look_and_remembered() {
    let (clinic, estimates) = open(2);
    let doctor = Doctor::enrol(&clinic, "doc1", Manner::Silent).await;
    let (first, second) = (clinic.tend(0).await, clinic.tend(1).await);
    for _ in 0..10 {
        for tending in [&first, &second] {
            let quotes = estimates.look(tending, &plan("gold"), &[visit("doc1")]);
            assert_eq!(states(&quotes), [QuoteState::Asking]);
        }
    }
    doctor.becomes(Manner::Answers);
    let price = ask(&estimates, &second, &visit("doc1")).await;
    assert_eq!(amount(price), "30.50");
    for tending in [&first, &second] {
        let quotes = estimates.look(tending, &plan("gold"), &[visit("doc1")]);
        assert_eq!(states(&quotes), [price]);
    }
    assert_eq!((doctor.questions(), tickets(&clinic)), (1, 1));
    let health = estimates.health()[&doctor.name];
    let QuoteState::Price { asked, .. } = price else { panic!("{price:?}") };
    assert!(health.last_asked.unwrap() <= asked && health.last_answer.unwrap() <= asked);
    assert!(health.answer_time.is_some());
    assert_eq!(health.silent, 0);
}

#[tokio::test]
async fn that_a_plan_is_not_covered_or_a_doctor_not_enrolled_is_remembered_too() {
    let (clinic, estimates) = open(1);
    let _doctor = Doctor::enrol(&clinic, "doc1", Manner::Answers).await;
    let tending = clinic.tend(0).await;
    let questions = [visit("doc1"), visit("doc2"), visit("nobody")];
    let silver = plan("silver");
    let first = states(&estimates.wait(&tending, &silver, &questions, PATIENCE).await);
    assert!(matches!(first[0], QuoteState::NotCovered { .. }), "{first:?}");
    assert_eq!(first[1..], [QuoteState::NotEnrolled, QuoteState::NotEnrolled]);
    assert_eq!(tickets(&clinic), 3);
    let again = states(&estimates.wait(&tending, &silver, &questions, PATIENCE).await);
    assert_eq!(again, first);
    assert_eq!(tickets(&clinic), 3);
    // Who was never asked has no health.
    assert_eq!(estimates.health().len(), 1);
}

#[tokio::test]
async fn a_silent_doctor_holds_up_nobody_and_is_left_alone_for_a_while() {
    let (clinic, estimates) = open(1);
    let silent = Doctor::enrol(&clinic, "doc1", Manner::Silent).await;
    let _other = Doctor::enrol(&clinic, "doc2", Manner::Answers).await;
    let tending = clinic.tend(0).await;
    let both = [visit("doc1"), visit("doc2")];
    let at_first = estimates.look(&tending, &plan("gold"), &both);
    assert_eq!(states(&at_first), [QuoteState::Asking, QuoteState::Asking]);
    assert_eq!(amount(ask(&estimates, &tending, &visit("doc2")).await), "30.50");
    // The other one's price is there while this one is still being asked.
    let meanwhile = estimates.look(&tending, &plan("gold"), &both);
    assert_eq!(meanwhile[0].state, QuoteState::Asking);
    let quotes = estimates.wait(&tending, &plan("gold"), &both, PATIENCE).await;
    assert!(matches!(quotes[0].state, QuoteState::Silent { .. }), "{quotes:?}");
    for _ in 0..10 {
        assert_eq!(estimates.look(&tending, &plan("gold"), &both), quotes);
        let another = estimates.look(&tending, &plan("silver"), &[visit("doc1")]);
        assert_eq!(another[0].state, quotes[0].state);
    }
    assert_eq!((silent.questions(), tickets(&clinic)), (1, 2));
    assert_eq!(estimates.health()[&silent.name].silent, 1);
}

#[tokio::test]
async fn what_is_not_the_doctors_own_answer_is_passed_over() {
    let (clinic, estimates) = open(1);
    let doctor = Doctor::enrol(&clinic, "doc1", Manner::Forged).await;
    let tending = clinic.tend(0).await;
    assert_eq!(amount(ask(&estimates, &tending, &visit("doc1")).await), "30.50");
    assert_eq!(doctor.questions(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_questions_are_under_way_at_once_and_the_others_have_their_turn() {
    let (clinic, estimates) = open(1);
    let mut doctor = Doctor::enrol(&clinic, "doc1", Manner::Silent).await;
    let tending = clinic.tend(0).await;
    let service = |number| Service::new(&format!("visit{number}")).unwrap();
    let questions: Vec<Question> = (0..QUESTIONS_AT_ONCE + 16)
        .map(|number| Question { service: service(number), ..visit("doc1") })
        .collect();
    let _ = estimates.look(&tending, &plan("gold"), &questions);
    // All that are under way were sent twice, and no other one once.
    doctor.hears(QUESTIONS_AT_ONCE, 2).await;
    assert_eq!(doctor.questions(), QUESTIONS_AT_ONCE);
    doctor.becomes(Manner::Answers);
    let quotes = estimates.wait(&tending, &plan("gold"), &questions, PATIENCE).await;
    for quote in &quotes {
        assert_eq!(amount(quote.state), "30.50");
    }
    assert_eq!(doctor.questions(), questions.len());
}

#[tokio::test]
async fn a_session_that_has_ended_says_nothing_about_the_doctor() {
    let (clinic, estimates) = open(1);
    let doctor = Doctor::enrol(&clinic, "doc1", Manner::Answers).await;
    let ended = clinic.tend(0).await;
    let end =
        EndSessions { whose: SessionChoice::User(name("frank")), actor: store::Actor::Operator };
    clinic.decided(Command::EndSessions(end)).await;
    // It does not wait for what nobody asks any more.
    assert_eq!(ask(&estimates, &ended, &visit("doc1")).await, QuoteState::Asking);
    assert_eq!((doctor.questions(), tickets(&clinic)), (0, 1));
    let tending = clinic.tend(0).await;
    assert_eq!(amount(ask(&estimates, &tending, &visit("doc1")).await), "30.50");
}

async fn book(clinic: &Clinic, number: u32, index: u32) -> Appointment {
    match clinic.decided(clinic.booking(number, index)).await {
        Outcome::Booked(appointment) => appointment,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_appointments_estimate_is_signed_and_asked_for_once() {
    let (clinic, estimates) = open(2);
    let doctor = Doctor::enrol(&clinic, "doc1", Manner::Answers).await;
    let (own, anothers) = (clinic.tend(0).await, clinic.tend(1).await);
    let appointment = book(&clinic, 0, 1).await;
    let gold = plan("gold");
    let both = tokio::join!(
        estimates.of_appointment(&own, &appointment, &gold),
        estimates.of_appointment(&own, &appointment, &gold)
    );
    let signed = both.0.unwrap();
    assert_eq!(both.1.as_ref(), Ok(&signed));
    assert_eq!((doctor.questions(), tickets(&clinic)), (1, 1));
    let center_key = rules().tickets.unwrap().center_key();
    let claims = EstimateFile::from_text(&signed.file).unwrap().verify(&center_key).unwrap();
    assert_eq!((claims.price, claims.price), (signed.price, gold_price()));
    assert_eq!((claims.issued, claims.valid_until), (signed.issued, signed.valid_until));
    assert_eq!((claims.appointment, claims.patient), (Some(appointment.id), own.patient()));
    let silver = estimates.of_appointment(&own, &appointment, &plan("silver")).await;
    assert_eq!(silver, Err(NoEstimate::NotCovered));
    let not_theirs = estimates.of_appointment(&anothers, &appointment, &gold).await;
    assert_eq!(not_theirs, Err(NoEstimate::Refused(Refusal::NoSuchAppointment)));
}
