//! What came of a crowd, as tables.

use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use simulator::crowd::Numbers;
use simulator::record::Phase;

/// The shares of visits whose latency is told.
const SHARES: [f64; 4] = [0.5, 0.9, 0.99, 1.0];

/// Outcomes, latencies and tries, without a line break at the end.
pub(super) fn table(numbers: &Numbers) -> String {
    let tables = [outcomes(numbers), latencies(numbers), tries(numbers)];
    tables.map(|table| table.to_string()).join("\n")
}

fn outcomes(numbers: &Numbers) -> Table {
    let mut table = titled(["outcome", "visits"]);
    let mut row = |what: String, count: u64| {
        table.add_row([what, count.to_string()]);
    };
    row("served".to_owned(), numbers.served);
    if numbers.without_price > 0 {
        row("booked, without a price".to_owned(), numbers.without_price);
    }
    for (why, count) in &numbers.refused {
        row(format!("refused: {why}"), *count);
    }
    for (why, count) in &numbers.failed {
        row(format!("failed: {why}"), *count);
    }
    row("all".to_owned(), numbers.over);
    aligned(table)
}

/// From the planned arrival on, however late somebody was served.
fn latencies(numbers: &Numbers) -> Table {
    let mut table = titled(["latency", "visits", "p50", "p90", "p99", "longest"]);
    for phase in Phase::ALL {
        let row = SHARES.map(|share| numbers.latency_of(phase, share).map(shown));
        let [p50, p90, p99, longest] = row.map(|cell| cell.unwrap_or_else(|| "-".to_owned()));
        let count = numbers.count_of(phase).to_string();
        table.add_row([phase.as_str().to_owned(), count, p50, p90, p99, longest]);
    }
    let [p50, p90, p99, longest] = SHARES.map(|share| shown(numbers.latency(share)));
    table.add_row(["whole visit".to_owned(), numbers.over.to_string(), p50, p90, p99, longest]);
    aligned(table)
}

fn tries(numbers: &Numbers) -> Table {
    let mut table = titled(["prices after so many tries", "visits"]);
    for (tries, count) in &numbers.tries {
        table.add_row([tries.to_string(), count.to_string()]);
    }
    aligned(table)
}

fn titled<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_header(header);
    table
}

/// Numbers to the right.
fn aligned(mut table: Table) -> Table {
    for column in 1..6 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// `3.1 ms`, `12.4 s`.
pub(super) fn shown(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1_000.0;
    if ms < 1_000.0 { format!("{ms:.1} ms") } else { format!("{:.1} s", ms / 1_000.0) }
}

#[cfg(test)]
mod tests {
    use domain::Refusal;
    use simulator::record::{VisitEnd, VisitRecord};

    use super::*;

    fn visit(ended: VisitEnd, ms: u64, tries: Option<u32>) -> VisitRecord {
        let took = Duration::from_millis(ms);
        VisitRecord {
            patient: "p1".to_owned(),
            planned: Duration::from_secs(1),
            phases: vec![(Phase::LogIn, took)],
            ended,
            left: Duration::from_secs(1) + took,
            booking: None,
            price: None,
            tries,
            connections: 1,
            exchanges: Vec::new(),
        }
    }

    #[test]
    fn a_crowd_is_told_in_outcomes_latencies_and_tries() {
        let mut numbers = Numbers::new();
        numbers.count(&visit(VisitEnd::Served, 10, Some(1)));
        numbers.count(&visit(VisitEnd::Served, 2_000, Some(3)));
        numbers.count(&visit(VisitEnd::Refused(Refusal::NoSlotsLeft), 10, None));
        assert_eq!(
            table(&numbers),
            "\
┌───────────────────────────────┬────────┐
│ outcome                       ┆ visits │
╞═══════════════════════════════╪════════╡
│ served                        ┆      2 │
│ refused: no slot is available ┆      1 │
│ all                           ┆      3 │
└───────────────────────────────┴────────┘
┌─────────────┬────────┬─────────┬───────┬───────┬─────────┐
│ latency     ┆ visits ┆     p50 ┆   p90 ┆   p99 ┆ longest │
╞═════════════╪════════╪═════════╪═══════╪═══════╪═════════╡
│ log in      ┆      3 ┆ 10.0 ms ┆ 2.0 s ┆ 2.0 s ┆   2.0 s │
│ list        ┆      0 ┆       - ┆     - ┆     - ┆       - │
│ book        ┆      0 ┆       - ┆     - ┆     - ┆       - │
│ estimate    ┆      0 ┆       - ┆     - ┆     - ┆       - │
│ whole visit ┆      3 ┆ 10.0 ms ┆ 2.0 s ┆ 2.0 s ┆   2.0 s │
└─────────────┴────────┴─────────┴───────┴───────┴─────────┘
┌────────────────────────────┬────────┐
│ prices after so many tries ┆ visits │
╞════════════════════════════╪════════╡
│ 1                          ┆      1 │
│ 3                          ┆      1 │
└────────────────────────────┴────────┘"
        );
    }
}
