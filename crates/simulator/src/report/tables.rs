//! Which tables a report has, and what is in them.

use super::compare::Comparison;
use super::numbers::{count, long_time, percent, time};
use super::table::{Column, Table};
use super::values::{Diagram, Report, TryCount};

/// What stands where nobody knows.
const NOTHING: &str = "–";

impl Report {
    /// What a terminal shows: all tables but those that are as long as the run was.
    #[must_use]
    pub fn tables(&self) -> Vec<Table> {
        let all = [
            self.outcomes_table(),
            self.refusals_table(),
            self.latency_table(),
            self.tries_table(),
            self.waits_table(),
            self.doctors_table(),
            self.comparison_table(),
        ];
        all.into_iter().filter(|table| !table.rows.is_empty()).collect()
    }

    /// This run and another side by side; without a row when it is by itself.
    pub(super) fn comparison_table(&self) -> Table {
        let compared = self.comparison.as_ref().map(Comparison::table);
        compared.unwrap_or_else(|| Table::new("Side by side", []))
    }

    /// How visits ended.
    pub(super) fn outcomes_table(&self) -> Table {
        let columns =
            [Column::words("outcome"), Column::numbers("visits"), Column::numbers("share")];
        let mut table = Table::new("Visits and how they ended", columns);
        for counted in &self.outcomes {
            let outcome = counted.outcome.as_str().to_owned();
            table.row([outcome, count(counted.visits), percent(counted.share)]);
        }
        table.row([
            "all".to_owned(),
            count(self.visits),
            percent(if self.visits > 0 { 1.0 } else { 0.0 }),
        ]);
        table
    }

    /// Why patients got less than they came for.
    pub(super) fn refusals_table(&self) -> Table {
        let columns = [
            Column::words("what"),
            Column::words("reason"),
            Column::numbers("visits"),
            Column::numbers("share"),
        ];
        let mut table = Table::new("Why not everybody was served", columns);
        for refusal in &self.refusals {
            let words = ["refused".to_owned(), refusal.words.clone()];
            let [what, reason] = words;
            table.row([what, reason, count(refusal.visits), percent(refusal.share)]);
        }
        let others = [("no price", &self.without_price), ("failed", &self.failures)];
        for (what, reasons) in others {
            for reason in reasons {
                let words = reason.words.clone();
                table.row([what.to_owned(), words, count(reason.visits), percent(reason.share)]);
            }
        }
        table
    }

    /// How long each phase took.
    pub(super) fn latency_table(&self) -> Table {
        let heads = ["times", "mean", "p50", "p90", "p99", "p99.9", "max"].map(Column::numbers);
        let [times, mean, p50, p90, p99, p99_9, max] = heads;
        let columns = [Column::words("phase"), times, mean, p50, p90, p99, p99_9, max];
        let mut table = Table::new("How long each phase took", columns);
        for latency in &self.latency {
            let told = |ms: f64| if latency.count > 0 { time(ms) } else { NOTHING.to_owned() };
            table.row([
                latency.phase.as_str().to_owned(),
                count(latency.count),
                told(latency.mean_ms),
                told(latency.p50_ms),
                told(latency.p90_ms),
                told(latency.p99_ms),
                told(latency.p99_9_ms),
                told(latency.max_ms),
            ]);
        }
        table
    }

    /// Arrivals and bookings over time.
    pub(super) fn over_time_table(&self) -> Table {
        let columns =
            [Column::words("from"), Column::numbers("arrivals"), Column::numbers("bookings")];
        let each = long_time_or_less(self.over_time.bin_s);
        let caption = format!("Arrivals and bookings, every {each}");
        let mut table = Table::new(&caption, columns);
        for bin in &self.over_time.bins {
            table.row([long_time_or_less(bin.from_s), count(bin.arrivals), count(bin.bookings)]);
        }
        table
    }

    /// How each doctor's time was used.
    pub(super) fn doctors_table(&self) -> Table {
        let heads = ["slots", "booked", "missed", "full"].map(Column::numbers);
        let [slots, booked, missed, full] = heads;
        let columns = [Column::words("doctor"), slots, booked, missed, full];
        let mut table = Table::new("How full each doctor was", columns);
        for doctor in &self.doctors {
            let number = |number: usize| count(u64::try_from(number).unwrap_or(u64::MAX));
            table.row([
                doctor.doctor.clone(),
                number(doctor.slots),
                number(doctor.booked),
                number(doctor.missed),
                percent(doctor.booked_share),
            ]);
        }
        table
    }

    /// How often the doctors had to be asked.
    pub(super) fn tries_table(&self) -> Table {
        let heads = ["visits", "measured", "predicted"].map(Column::numbers);
        let [visits, measured, predicted] = heads;
        let columns = [Column::words("answered at"), visits, measured, predicted];
        let mut table = Table::new("How often the doctor was asked", columns);
        if self.tries.asked == 0 {
            return table;
        }
        let told = |share: Option<f64>| share.map_or_else(|| NOTHING.to_owned(), percent);
        for counted in &self.tries.by_try {
            let at = tried(counted);
            table.row([
                at,
                count(counted.visits),
                percent(counted.share),
                told(counted.predicted_share),
            ]);
        }
        table.row([
            "any try".to_owned(),
            count(self.tries.answered),
            percent(self.tries.answered_share),
            told(self.tries.predicted_share),
        ]);
        table
    }

    /// How long it was from the booking to the visit.
    pub(super) fn waits_table(&self) -> Table {
        let heads = ["bookings", "mean", "p50", "p90", "p99", "max"].map(Column::numbers);
        let [bookings, mean, p50, p90, p99, max] = heads;
        let columns = [Column::words("from"), bookings, mean, p50, p90, p99, max];
        let mut table = Table::new("How long people waited for their slot", columns);
        if let Some(waits) = &self.waits {
            let hours = |hours: f64| long_time(hours * 3_600.0);
            table.row([
                "booking to visit".to_owned(),
                count(waits.bookings),
                hours(waits.mean_h),
                hours(waits.p50_h),
                hours(waits.p90_h),
                hours(waits.p99_h),
                hours(waits.max_h),
            ]);
        }
        table
    }

    /// How many waited how long.
    pub(super) fn wait_bars_table(&self) -> Table {
        let columns =
            [Column::words("from"), Column::words("to below"), Column::numbers("bookings")];
        let mut table = Table::new("How many waited how long", columns);
        for bar in self.waits.iter().flat_map(|waits| &waits.bars) {
            let hours = |hours: f64| long_time(hours * 3_600.0);
            table.row([hours(bar.from_h), hours(bar.to_h), count(bar.bookings)]);
        }
        table
    }

    /// How often patients connected.
    pub(super) fn connections_table(&self) -> Table {
        let columns = [Column::words("connections"), Column::numbers("visits")];
        let mut table = Table::new("Connections to the center in one visit", columns);
        for counted in &self.connections {
            let or_more = usize::try_from(counted.connections) == Ok(super::CONNECTIONS_MAX);
            let connections = counted.connections.to_string();
            let connections = if or_more { connections + " or more" } else { connections };
            table.row([connections, count(counted.visits)]);
        }
        table
    }
}

impl Diagram {
    /// Everything that was said, a row each.
    pub(super) fn table(&self) -> Table {
        let columns = [
            Column::numbers("after"),
            Column::words("from"),
            Column::words("to"),
            Column::words("what"),
            Column::words("arrived"),
        ];
        let mut table =
            Table::new(&format!("What was said in the visit of {}", self.patient), columns);
        for said in &self.exchanges {
            let arrived = if said.arrived { "yes" } else { "no, lost or late" };
            table.row([
                time((said.at_ms - self.planned_ms).max(0.0)),
                said.from.clone(),
                said.to.clone(),
                said.what.clone(),
                arrived.to_owned(),
            ]);
        }
        table
    }
}

/// At which try a doctor answered.
pub(super) fn tried(counted: &TryCount) -> String {
    counted.tried.map_or_else(|| "no answer".to_owned(), |tried| format!("try {tried}"))
}

/// A time that may be a fraction of a second.
pub(super) fn long_time_or_less(seconds: f64) -> String {
    if seconds < 120.0 { trimmed(seconds) } else { long_time(seconds) }
}

/// Seconds without needless zeros.
fn trimmed(seconds: f64) -> String {
    format!("{} s", super::numbers::rounded(seconds, 2))
}
