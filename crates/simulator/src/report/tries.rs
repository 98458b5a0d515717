//! How often the doctors had to be asked, and what the network's losses predict for that.

use domain::Refusal;
use protocol::limits::ESTIMATE_TRIES;

use super::Loss;
use super::numbers::{rounded, share};
use super::values::{Tries, TryCount};
use crate::record::{VisitEnd, VisitRecord};

/// One place for each try.
const TRIES: usize = ESTIMATE_TRIES as usize;

/// Counts by the try that was answered.
#[derive(Debug, Default)]
pub(super) struct TryCounts {
    answered: [u64; TRIES],
    unanswered: u64,
}

impl TryCounts {
    /// Counts a visit, if it asked a doctor.
    pub(super) fn visit(&mut self, record: &VisitRecord) {
        let Some(tries) = record.tries.and_then(|tries| usize::try_from(tries).ok()) else {
            return;
        };
        if tries == 0 {
            return;
        }
        if was_answered(record) {
            self.answered[tries.min(TRIES) - 1] += 1;
        } else {
            self.unanswered += 1;
        }
    }

    /// What is to be told, when this is how much was lost.
    pub(super) fn told(&self, loss: Option<Loss>) -> Tries {
        let answered: u64 = self.answered.iter().sum();
        let asked = answered + self.unanswered;
        let predicted = loss.map(predicted);
        let at = |place: usize| predicted.map(|shares| rounded(shares[place], 6));
        let mut by_try: Vec<TryCount> = (1..)
            .zip(self.answered.iter().enumerate())
            .map(|(tried, (place, &visits))| TryCount {
                tried: Some(tried),
                visits,
                share: share(visits, asked),
                predicted_share: at(place),
            })
            .collect();
        by_try.push(TryCount {
            tried: None,
            visits: self.unanswered,
            share: share(self.unanswered, asked),
            predicted_share: at(TRIES),
        });
        Tries {
            loss_there: loss.map(|loss| loss.there),
            loss_back: loss.map(|loss| loss.back),
            asked,
            answered,
            answered_share: share(answered, asked),
            predicted_share: predicted.map(|shares| rounded(1.0 - shares[TRIES], 6)),
            by_try,
        }
    }
}

/// A price is an answer, and a "no" of the doctor's is one.
fn was_answered(record: &VisitRecord) -> bool {
    let is_no = |why: &str| why == Refusal::PlanNotCovered.to_string();
    record.price.is_some()
        || match &record.ended {
            VisitEnd::Served | VisitEnd::Refused(_) => true,
            VisitEnd::WithoutPrice(why) => is_no(why),
            VisitEnd::CalledOff | VisitEnd::WalkedAway | VisitEnd::Failed(_) => false,
        }
}

/// The shares of visits that are answered at each try, and at last of those that are not: a try fails
/// when its question is lost or its answer is.
fn predicted(loss: Loss) -> [f64; TRIES + 1] {
    let fails = 1.0 - (1.0 - loss.there) * (1.0 - loss.back);
    let mut shares = [0.0; TRIES + 1];
    let mut still_asking = 1.0;
    for share in &mut shares[..TRIES] {
        *share = still_asking * (1.0 - fails);
        still_asking *= fails;
    }
    shares[TRIES] = still_asking;
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_tries_reach_what_the_losses_predict() {
        for (loss, expected) in [(0.0, 1.0), (0.1, 0.9998), (0.2, 0.9940), (0.3, 0.9655)] {
            let shares = predicted(Loss { there: loss, back: loss });
            let reached = 1.0 - shares[TRIES];
            assert!((reached - expected).abs() < 0.0001, "{loss}: {reached}");
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}
