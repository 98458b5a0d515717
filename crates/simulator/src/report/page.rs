//! The report as one page for people.

use super::values::Report;

impl Report {
    /// As one page that needs nothing else: no script, nothing loaded.
    #[must_use]
    pub fn to_html(&self) -> String {
        format!("<!DOCTYPE html><title>{}</title>", self.visits)
    }
}
