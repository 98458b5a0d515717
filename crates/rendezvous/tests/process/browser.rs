//! The pages in a real browser: Debian's chromium, driven as a person would.
//!
//! Each test starts the demonstration, as the README's third command does. Where no browser is, the
//! tests say that they skipped.

mod clinic;
mod looks;
mod window;

use self::clinic::Demo;
use self::window::{Way, Window, is_here};

/// The patients of the exercise.
const FIRST: (&str, &str) = ("patient1", "password111");
const SECOND: (&str, &str) = ("patient2", "password222");
const DESK: (&str, &str) = ("desk", "demo-front-desk");
const ADMIN: (&str, &str) = ("admin", "demo-administrator");

/// A patient's way from the first page to a cancelled appointment.
async fn find_hold_book_move_and_cancel(way: Way) {
    if !is_here() {
        return;
    }
    let demo = Demo::start();
    let window = Window::open(&demo.url, way).await;
    window.log_in(FIRST.0, FIRST.1).await;
    window.go("/slots").await;
    window.wait_for(".price").await;
    let price = window.text_of(".price").await;
    assert!(price.contains("USD") || price.contains('$'), "{way:?}: {price}");
    window.press("form[action='/slots/hold'] button").await;
    window.wait_for("form[action='/book']").await;
    assert_eq!(window.path().await, "/deciding");
    window.press("form[action='/book'] button").await;
    window.wait_for("a[href$='/move']").await;
    let appointment = window.path().await;
    assert!(appointment.starts_with("/appointments/"), "{appointment}");
    window.press("a[href$='/move']").await;
    window.press("form[method='post'][action$='/move'] button").await;
    window.wait_for("a[href$='/cancel']").await;
    assert_eq!(window.path().await, appointment, "it is the same appointment");
    window.press("a[href$='/cancel']").await;
    window.press("form[action$='/cancel'] button").await;
    window.wait_for(".badge.cancelled").await;
    window.close().await;
}

#[tokio::test]
async fn a_patient_sees_prices_holds_books_moves_and_cancels() {
    find_hold_book_move_and_cancel(Way::Desktop).await;
}

#[tokio::test]
async fn the_same_with_javascript_off() {
    find_hold_book_move_and_cancel(Way::WithoutScript).await;
}

#[tokio::test]
async fn the_same_on_a_phone() {
    find_hold_book_move_and_cancel(Way::Phone).await;
}

#[tokio::test]
async fn the_same_by_keyboard_alone() {
    find_hold_book_move_and_cancel(Way::Keyboard).await;
}

#[test]
fn a_demonstration_says_who_can_log_in_and_leaves_nothing_behind() {
    let demo = Demo::start();
    let said = demo.said.join("\n");
    for (user, password) in [FIRST, SECOND, DESK, ADMIN] {
        assert!(said.contains(user) && said.contains(password), "{said}");
    }
    assert_eq!(demo.stop(), Vec::<std::path::PathBuf>::new());
}

/// Two patients want one slot; the front desk looks on.
#[tokio::test]
async fn who_comes_second_is_refused_with_alternatives_and_the_front_desk_sees_it_live() {
    if !is_here() {
        return;
    }
    let demo = Demo::start();
    let first = Window::open(&demo.url, Way::Desktop).await;
    first.log_in(FIRST.0, FIRST.1).await;
    let second = Window::open(&demo.url, Way::Desktop).await;
    second.log_in(SECOND.0, SECOND.1).await;
    first.go("/slots").await;
    second.go("/slots").await;
    let wanted = first.attribute("form[action='/slots/hold'] input[name=slot]", "value").await;
    let begin = first.attribute("li.slot time[datetime]", "datetime").await.unwrap();
    let day = begin.split('T').next().unwrap();
    let desk = Window::open(&demo.url, Way::Desktop).await;
    desk.log_in(DESK.0, DESK.1).await;
    desk.go(&format!("/desk?day={day}")).await;
    desk.wait_for("[data-live]").await;
    let before = desk.text().await.matches("Carla Ortega").count();

    first.press("form[action='/slots/hold'] button").await;
    first.wait_for("form[action='/book']").await;
    // The second one's page still shows it.
    let wanted = wanted.unwrap();
    let its_form = format!("li.slot:has(input[name=slot][value='{wanted}']) form button");
    second.press(&its_form).await;
    second.wait_for("[role=alert]").await;
    second.wait_for_text("Someone has just taken").await;
    second.wait_for("form[action='/slots/hold'] button").await;

    let booked = std::time::Instant::now();
    first.press("form[action='/book'] button").await;
    first.wait_for("a[href$='/move']").await;
    while desk.text().await.matches("Carla Ortega").count() == before {
        assert!(booked.elapsed() < std::time::Duration::from_secs(10), "{}", desk.text().await);
    }
    // A click, a page and a look at the whole of another one are in it, too.
    assert!(booked.elapsed() < std::time::Duration::from_secs(4), "{:?}", booked.elapsed());
    for window in [first, second, desk] {
        window.close().await;
    }
}
