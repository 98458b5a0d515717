//! Sealed datagrams and their answers, altered.

use std::sync::LazyLock;
use std::time::Instant;

use domain::{Entropy, PlanName};
use protocol::{Arrival, Inquiry, InquiryStep, Practice};

use crate::clinic;

/// The first byte of a sealed request.
pub(crate) const REQUEST: u8 = 0x01;

/// A patient's question, and its datagram.
static ASKED: LazyLock<(Inquiry, Vec<u8>)> = LazyLock::new(|| {
    let plan = PlanName::new("insurance2").expect("a plan's name");
    let now = Instant::now();
    let entropy = Entropy([6; 32]);
    let mut inquiry =
        Inquiry::sealed(&clinic::admission(), &clinic::doctor(), &plan, &entropy, now)
            .expect("all of it is certified");
    let InquiryStep::Send(datagrams) = inquiry.step(now) else { panic!("it is the first try") };
    let [datagram] = <[Vec<u8>; 1]>::try_from(datagrams).expect("one datagram each way");
    (inquiry, datagram)
});

/// The bytes of `original` with those of `change` laid over them (exclusive or), from the place
/// that its first two bytes name.
pub(crate) fn changed(original: &[u8], change: &[u8]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    let [high, low, over @ ..] = change else {
        return bytes;
    };
    let place = usize::from(u16::from_be_bytes([*high, *low])) % original.len().max(1);
    for (byte, over) in bytes[place..].iter_mut().zip(over) {
        *byte ^= over;
    }
    bytes
}

/// The true request is answered, the altered one is met with silence; the true answer is taken, the
/// altered one is not, and spoils nothing.
///
/// # Panics
/// When it is not so.
pub(crate) fn check_change(practice: &mut Practice, arrival: &Arrival, change: &[u8]) {
    let (inquiry, request) = &*ASKED;
    let altered = changed(request, change);
    if altered != *request {
        let seen = practice.answer(arrival, &altered);
        assert_eq!(seen.answer, None, "an altered request is answered");
    }
    let answer = practice.answer(arrival, request).answer.expect("a true request is answered");
    assert!(answer.len() <= request.len(), "an answer is larger than its request");
    let altered = changed(&answer, change);
    if altered != answer {
        assert!(inquiry.receive(&altered).is_none(), "an altered answer is taken");
    }
    let estimate = inquiry.receive(&answer).expect("the true answer").expect("a price");
    assert_eq!(estimate.price.to_string(), "20.50");
}
