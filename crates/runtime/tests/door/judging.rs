//! Who is let in.

use std::sync::Arc;

use center::{Effect, Fed, NewPassword, Verdict};
use domain::{DoctorName, OneTimePassword, Password};
use runtime::Settings;
use runtime::throttle::ThrottleSettings;

use crate::clinic::{Attempt, Clinic, HOME, RIGHT, attempt, franks_code, right, said};

fn wrong_code() -> OneTimePassword {
    let wrong = if franks_code().expose() == "000000" { "000001" } else { "000000" };
    OneTimePassword::try_from(wrong.to_owned()).unwrap()
}

#[tokio::test]
async fn whatever_is_wrong_is_told_alike() {
    let clinic = Clinic::open();
    for wrong in [
        attempt("p0", "wrong horse"),
        attempt("nobody", RIGHT),
        attempt("frank", RIGHT),
        Attempt { one_time: Some(wrong_code()), ..attempt("frank", RIGHT) },
        Attempt { one_time: Some(franks_code()), ..attempt("frank", "wrong horse") },
        Attempt { one_time: Some(franks_code()), ..attempt("nobody", RIGHT) },
    ] {
        assert_eq!(said(&clinic.log_in(wrong).await), "wrong");
    }
}

#[tokio::test]
async fn staff_come_in_with_password_and_code_and_patients_with_the_password() {
    let clinic = Clinic::open();
    for _ in 0..2 {
        let with_code = Attempt { one_time: Some(franks_code()), ..attempt("frank", RIGHT) };
        let frank = right(clinic.log_in(with_code).await);
        let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap() / 30;
        let step = frank.one_time_step.expect("a step");
        assert!(step.abs_diff(now) <= 1, "{step} {now}");
        assert_eq!(right(clinic.log_in(attempt("p0", RIGHT)).await).one_time_step, None);
    }
    // The second time it is not from memory: a wrong code costs a hash again, and counts.
    let with_wrong = Attempt { one_time: Some(wrong_code()), ..attempt("frank", RIGHT) };
    for _ in 0..10 {
        assert_eq!(said(&clinic.log_in(with_wrong.clone()).await), "wrong");
    }
    assert_eq!(said(&clinic.log_in(with_wrong).await), "throttled");
}

#[tokio::test]
async fn after_ten_wrong_guesses_a_stranger_learns_nothing_and_a_known_device_comes_in() {
    let clinic = Clinic::open();
    let first = right(clinic.log_in(attempt("p0", RIGHT)).await);
    for user in ["p0", "nobody"] {
        for _ in 0..10 {
            assert_eq!(said(&clinic.log_in(attempt(user, "wrong horse")).await), "wrong");
        }
        // Neither with the right password, although that is remembered.
        for password in ["wrong horse", RIGHT] {
            assert_eq!(said(&clinic.log_in(attempt(user, password)).await), "throttled", "{user}");
        }
    }
    let device = Some(first.device);
    let known = Attempt { device: device.clone(), ..attempt("p0", RIGHT) };
    let again = right(clinic.log_in(known).await);
    assert_eq!(Some(again.device), device, "a device keeps its cookie");
    // Another's cookie is no cookie.
    let anothers = Attempt { device, ..attempt("nobody", RIGHT) };
    assert_eq!(said(&clinic.log_in(anothers).await), "throttled");
    assert_eq!(
        said(&clinic.log_in(Attempt { from: "192.0.2.2", ..attempt("p0", RIGHT) }).await),
        "right"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_guesses_at_once_ten_are_compared_and_of_right_ones_all() {
    let clinic = Arc::new(Clinic::open());
    for (password, expected) in [(RIGHT, (1_000, 0, 0)), ("wrong horse", (0, 10, 990))] {
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..1_000 {
            let clinic = Arc::clone(&clinic);
            tries.spawn(async move { said(&clinic.log_in(attempt("p0", password)).await) });
        }
        let said = tries.join_all().await;
        let count = |word| said.iter().filter(|said| **said == word).count();
        assert_eq!((count("right"), count("wrong"), count("throttled")), expected);
    }
}

#[tokio::test]
async fn a_full_line_is_busy_and_costs_no_guess() {
    let throttle = ThrottleSettings::default();
    let settings = Settings { hashes_per_source_max: 0, throttle, ..Settings::default() };
    let clinic = Clinic::with(&settings, 1);
    for _ in 0..30 {
        assert_eq!(said(&clinic.log_in(attempt("p0", "wrong horse")).await), "busy");
    }
}

#[tokio::test]
async fn a_doctors_new_password_is_one_that_is_taken_and_tried_ten_times() {
    let clinic = Clinic::open();
    let hash = async |password: &str| {
        let effect = Effect::HashNewPassword {
            doctor: DoctorName::new("doctor-one").unwrap(),
            password: Password::new(password).unwrap(),
            source: HOME.parse().unwrap(),
        };
        match clinic.runtime.carry_out(effect).await {
            Fed::Hashed(NewPassword::Hashed(hash)) => hash.expose().to_owned(),
            Fed::Hashed(refused) => format!("{refused:?}"),
            other => panic!("{other:?}"),
        }
    };
    // Not one that is weak, which costs nothing and counts for nothing.
    for weak in ["short", "password1", "Doctor-One"].repeat(10) {
        assert_eq!(hash(weak).await, "Weak");
    }
    for _ in 0..10 {
        assert!(hash(RIGHT).await.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    }
    assert_eq!(hash(RIGHT).await, "Throttled");
}

#[tokio::test]
async fn a_password_chosen_with_a_link_is_treated_as_a_doctors_first_one() {
    let clinic = Clinic::open();
    let user = crate::clinic::name("p0");
    let hash = async |password: &str, from: &str| {
        let password = Password::new(password).unwrap();
        match clinic.runtime.hash_password(&user, password, from.parse().unwrap()).await {
            NewPassword::Hashed(hash) => hash.expose().to_owned(),
            refused => format!("{refused:?}"),
        }
    };
    for weak in ["short", "password1", "P0"].repeat(10) {
        assert_eq!(hash(weak, HOME).await, "Weak");
    }
    for _ in 0..10 {
        assert!(hash(RIGHT, HOME).await.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    }
    assert_eq!(hash(RIGHT, HOME).await, "Throttled");
    assert!(hash(RIGHT, "192.0.2.2").await.starts_with("$argon2id$"), "another source may");
}

#[tokio::test]
async fn an_unusable_password_is_another_each_time_and_nobodys_guess() {
    let clinic = Clinic::open();
    let first = clinic.runtime.unusable_password().await.unwrap();
    let second = clinic.runtime.unusable_password().await.unwrap();
    assert!(first.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_ne!(first.expose(), second.expose());
    let change = store::SetPassword {
        user: crate::clinic::name("p0"),
        password: first,
        actor: store::Actor::Operator,
    };
    clinic.runtime.commit(store::Command::SetPassword(change)).await;
    assert!(matches!(clinic.log_in(attempt("p0", RIGHT)).await, Verdict::Wrong));
    let full = Settings { hashes_waiting_max: 0, ..Settings::default() };
    let busy = Clinic::with(&full, 1).runtime.unusable_password().await;
    assert_eq!(busy.map(|hash| hash.expose().to_owned()), Err(domain::Refusal::Busy));
}

#[tokio::test]
async fn a_password_that_was_changed_is_not_remembered() {
    let clinic = Clinic::open();
    right(clinic.log_in(attempt("p0", RIGHT)).await);
    let mut workspace = runtime::password::Workspace::default();
    let new = Password::new("another horse").unwrap();
    let change = store::SetPassword {
        user: crate::clinic::name("p0"),
        password: runtime::password::hash(&new, &mut workspace),
        actor: store::Actor::Operator,
    };
    clinic.runtime.commit(store::Command::SetPassword(change)).await;
    assert!(matches!(clinic.log_in(attempt("p0", RIGHT)).await, Verdict::Wrong));
    right(clinic.log_in(attempt("p0", "another horse")).await);
}
