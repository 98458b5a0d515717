//! What all pages share.

use std::time::Duration;

use center::Rules;
use jiff::tz::TimeZone;
use runtime::Runtime;
use runtime::estimates::Estimates;

/// What the pages are about, and how they ask for it.
#[derive(Clone)]
pub struct Site {
    /// Carries errands out.
    pub runtime: Runtime,
    /// What the center has settled for everybody.
    pub rules: Rules,
    /// What doctors ask for a visit.
    pub estimates: Estimates,
    /// Where the pages are, for links that leave them, without a slash at the end:
    /// `https://clinic.example`.
    pub url: String,
    /// A demonstration's log-ins, shown to everybody; `None` for a real center.
    pub demo: Option<Demo>,
}

/// What a demonstration tells everybody who comes.
#[derive(Debug, Clone)]
pub struct Demo {
    /// Who can log in.
    pub log_ins: Vec<DemoLogIn>,
}

/// Somebody of a demonstration.
#[derive(Clone)]
pub struct DemoLogIn {
    /// What to log in with.
    pub user: String,
    /// The password.
    pub password: String,
    /// What the person is, as `domain::Role` calls it.
    pub role: domain::Role,
    /// Gives the one-time password of a moment; `None` for an account that needs none.
    pub one_time: Option<fn(jiff::Timestamp) -> String>,
}

impl std::fmt::Debug for DemoLogIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DemoLogIn").field("user", &self.user).finish_non_exhaustive()
    }
}

/// The longest that a page waits for prices before it is shown without them.
pub(crate) const PRICES_PATIENCE: Duration = Duration::from_millis(350);

impl Site {
    /// The zone in which the center's clocks show time.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.rules.zone
    }
}
