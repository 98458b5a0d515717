//! Who gets in, and who goes for it.

use super::*;

const LIMITS: fn() -> Limits = || Limits {
    connections_max: 6,
    connections_per_source_max: 4,
    strangers_max: 5,
    strangers_per_source_max: 3,
    refusals_at_once_max: 2,
    ..Limits::default()
};

fn source(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

fn come(crowd: &Crowd, last: u8) -> Place {
    crowd.enter(source(last)).unwrap()
}

/// Comes and logs in.
fn log_in(crowd: &Crowd, last: u8) -> Place {
    let place = come(crowd, last);
    assert_eq!(place.begin_work(Known::Stranger), Admission::Served);
    place.end_work(Known::LoggedIn);
    place
}

/// Whether the place was given to somebody else.
fn is_gone(place: &Place) -> bool {
    let seat = place.seat.as_ref().unwrap();
    !place.crowd.lock().served.contains_key(&seat.number)
}

fn gone(places: &[Place]) -> Vec<bool> {
    places.iter().map(is_gone).collect()
}

#[test]
fn the_oldest_silent_stranger_of_the_same_source_goes_first() {
    let crowd = Crowd::new(LIMITS());
    let elsewhere = come(&crowd, 9);
    let mut places: Vec<Place> = (0..3).map(|_| come(&crowd, 1)).collect();
    assert_eq!(places[0].begin_work(Known::Stranger), Admission::Served);
    places.push(come(&crowd, 1));
    assert_eq!(gone(&places), [false, true, false, false]);
    places[0].end_work(Known::Stranger);
    places.push(come(&crowd, 1));
    assert_eq!(gone(&places), [true, true, false, false, false]);
    assert!(!is_gone(&elsewhere));
}

#[tokio::test]
async fn whoever_goes_is_told_and_begins_no_work() {
    let crowd = Crowd::new(LIMITS());
    let places: Vec<Place> = (0..4).map(|_| come(&crowd, 1)).collect();
    places[0].dismissed().await;
    assert_eq!(places[0].begin_work(Known::Stranger), Admission::Refused);
    assert_eq!(places[3].begin_work(Known::Stranger), Admission::Served);
}

#[test]
fn the_oldest_of_all_goes_when_the_house_is_full() {
    let crowd = Crowd::new(LIMITS());
    let mut places: Vec<Place> = (0..5).map(|source| come(&crowd, source)).collect();
    places.push(come(&crowd, 5));
    assert_eq!(gone(&places), [true, false, false, false, false, false]);
}

#[test]
fn nobody_logged_in_is_ever_cut() {
    let crowd = Crowd::new(LIMITS());
    let regulars: Vec<Place> = (0..4).map(|_| log_in(&crowd, 1)).collect();
    assert_eq!(come(&crowd, 1).admission(), Admission::Refused);
    let others: Vec<Place> = (0..2).map(|_| log_in(&crowd, 2)).collect();
    let refused: Vec<Place> = (0..2).map(|_| come(&crowd, 3)).collect();
    assert!(refused.iter().all(|place| place.admission() == Admission::Refused));
    assert!(crowd.enter(source(4)).is_none(), "not even told");
    assert_eq!(crowd.let_go(10), 0);
    assert_eq!(gone(&regulars), [false; 4]);
    assert_eq!(gone(&others), [false; 2]);
    drop(others);
    assert_eq!(come(&crowd, 4).admission(), Admission::Served);
}

#[test]
fn strangers_at_work_are_not_cut_and_those_who_logged_out_are_strangers_again() {
    let crowd = Crowd::new(LIMITS());
    let places: Vec<Place> = (0..3).map(|_| come(&crowd, 1)).collect();
    for place in &places {
        assert_eq!(place.begin_work(Known::Stranger), Admission::Served);
    }
    assert_eq!(come(&crowd, 1).admission(), Admission::Refused);
    places[1].end_work(Known::LoggedIn);
    let newcomer = come(&crowd, 1);
    assert_eq!(newcomer.admission(), Admission::Served);
    places[1].end_work(Known::Stranger);
    assert_eq!(crowd.let_go(1), 1);
    assert_eq!(gone(&places), [false, true, false]);
}

#[test]
fn the_counts_are_right_when_all_have_left() {
    let crowd = Crowd::new(LIMITS());
    let mut places: Vec<Option<Place>> = (0..40).map(|n| crowd.enter(source(n % 3))).collect();
    for place in places.iter().flatten().step_by(2) {
        place.begin_work(Known::Stranger);
        place.end_work(Known::LoggedIn);
    }
    places.extend((0..10).map(|n| crowd.enter(source(n))));
    drop(places);
    let people = crowd.lock();
    assert!(people.served.is_empty() && people.silent.is_empty() && people.by_source.is_empty());
    assert_eq!((people.strangers, people.refused), (0, 0));
}
